"""How each family of networks wants its picture and where its scores mean something: the start of a card.

A network exported by its family's own script needs nothing else; whoever trained differently edits the card.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from edge_agent.detector.card import (
    Decoder,
    FastestdetDecoder,
    Input,
    NanodetDecoder,
    Resize,
    Thresholds,
    YoloxDecoder,
    YunetDecoder,
)

DecoderName = Literal["yolox", "nanodet", "fastestdet", "yunet"]


@dataclass(frozen=True, slots=True)
class Preset:
    """What a family's networks have in common; `Input` lacks only the size, which the ONNX file tells."""

    decoder: Decoder
    thresholds: Thresholds
    picture: dict[str, Any]

    def input_of(self, width: int, height: int) -> Input:
        """The card's [input] for a network of that size in pixels."""
        return Input(width=width, height=height, **self.picture)


PRESETS: Final[dict[DecoderName, Preset]] = {
    # Megvii-BaseDetection/YOLOX from 0.1.1 on: BGR 0 to 255, no normalisation.
    "yolox": Preset(
        decoder=YoloxDecoder(),
        thresholds=Thresholds(score=0.4, low=0.1, nms_iou=0.45),
        picture={"resize": Resize.LETTERBOX_TOP_LEFT, "pad": 114},
    ),
    # RangiLyu/nanodet, config/legacy_v0.x_configs/nanodet-m.yml: ImageNet statistics in BGR order. The publisher
    # stretches the picture; see LETTERBOX below.
    "nanodet": Preset(
        decoder=NanodetDecoder(),
        thresholds=Thresholds(score=0.4, low=0.2, nms_iou=0.5),
        picture={
            "resize": Resize.LETTERBOX_TOP_LEFT,
            "pad": 114,
            "mean": (103.53, 116.28, 123.675),
            "std": (57.375, 57.12, 58.395),
        },
    ),
    # dog-qiuqiu/FastestDet, example/onnx-runtime: BGR / 255, stretched; see LETTERBOX below.
    "fastestdet": Preset(
        decoder=FastestdetDecoder(),
        thresholds=Thresholds(score=0.65, low=0.35, nms_iou=0.45),
        picture={"resize": Resize.LETTERBOX_TOP_LEFT, "pad": 114, "std": (255.0, 255.0, 255.0)},
    ),
    # ShiqiYu/libfacedetection.train, as OpenCV's FaceDetectorYN runs it: BGR 0 to 255, black padding.
    "yunet": Preset(
        decoder=YunetDecoder(),
        thresholds=Thresholds(score=0.7, low=0.3, nms_iou=0.3),
        picture={"resize": Resize.LETTERBOX_TOP_LEFT, "pad": 0},
    ),
}
"""By decoder name: `models add` starts its cards from these.

LETTERBOX: where a publisher stretches the picture into the square input, a camera's 16:9 picture is squeezed by 1.8,
and people become thinner than any the network was trained on. Keeping the aspect measured better on the 16:9 clips
(one visitor seen from behind, 1394 frames; bottles, 8 intervals; a car park) and alike on square pictures (233 of
indoor cameras, presence): nanodet_m_320 recall at 0.40 .96 instead of .64, AUC .979 instead of .978; fastestdet at 0.66
bottles right in 8 of 8 intervals instead of 3, AUC .984 instead of .988.

Scores are the best split of those indoor pictures, checked against the clips: at them no network draws a person on the
car park, and recall is .98 (yolox_nano), .93 (yolox_person_192), .96 (nanodet_m_320), .97 (fastestdet) of the frames in
which a visitor's head and torso are visible.
"""
