"""How each family of networks wants its picture and where its scores mean something: the start of a card.

A network exported by its family's own script needs nothing else; whoever trained differently edits the card.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from edge_agent.detector.card import (
    Decoder,
    FastestdetDecoder,
    FcosDecoder,
    Input,
    NanodetDecoder,
    Resize,
    Thresholds,
    YoloxDecoder,
    YunetDecoder,
)

DecoderName = Literal["yolox", "nanodet", "fastestdet", "yunet", "fcos"]


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
    # models/training of this repository: BGR 0 to 255 as bytes, normalised by the network itself.
    "fcos": Preset(
        decoder=FcosDecoder(),
        thresholds=Thresholds(score=0.5, low=0.15, nms_iou=0.5),
        picture={"resize": Resize.LETTERBOX_TOP_LEFT, "pad": 114, "dtype": "uint8"},
    ),
}
"""By decoder name: `models add` starts its cards from these.

LETTERBOX: where a publisher stretches the picture into the square input, a camera's 16:9 picture is squeezed by 1.8,
and people become thinner than any that the network was trained on. Keeping the aspect measured better on 16:9 clips
(six visitors seen from behind, one at a time; bottles on a shelf in 8 intervals) and alike on square pictures (233 of
fixed indoor cameras, somebody or nobody): nanodet_m_320 finds .96 of the visitors' frames at 0.40 instead of .64, AUC
.979 instead of .978; fastestdet at 0.66 counts the bottles right in every frame of 8 intervals instead of 2, AUC .984
instead of .988.

Scores are near the best split of those indoor pictures. At them no network draws a person into a clip of a car park,
and the share of frames with the visitor found is .98 (yolox_nano), .93 (yolox_person_192), .96 (nanodet_m_320) and .97
(fastestdet). Below `low` come boxes on nothing: at 0.1 nanodet draws two on three frames of the car park.
"""
