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
        thresholds=Thresholds(score=0.5, low=0.1, nms_iou=0.45),
        picture={"resize": Resize.LETTERBOX_TOP_LEFT, "pad": 114},
    ),
    # RangiLyu/nanodet, config/legacy_v0.x_configs/nanodet-m.yml: ImageNet statistics in BGR order.
    "nanodet": Preset(
        decoder=NanodetDecoder(),
        thresholds=Thresholds(score=0.4, low=0.1, nms_iou=0.6),
        picture={"resize": Resize.STRETCH, "mean": (103.53, 116.28, 123.675), "std": (57.375, 57.12, 58.395)},
    ),
    # dog-qiuqiu/FastestDet, example/onnx-runtime: BGR / 255.
    "fastestdet": Preset(
        decoder=FastestdetDecoder(),
        thresholds=Thresholds(score=0.66, low=0.4, nms_iou=0.45),
        picture={"resize": Resize.STRETCH, "std": (255.0, 255.0, 255.0)},
    ),
    # ShiqiYu/libfacedetection.train, as OpenCV's FaceDetectorYN runs it: BGR 0 to 255, black padding.
    "yunet": Preset(
        decoder=YunetDecoder(),
        thresholds=Thresholds(score=0.7, low=0.3, nms_iou=0.3),
        picture={"resize": Resize.LETTERBOX_TOP_LEFT, "pad": 0},
    ),
}
"""By decoder name: `models add` starts its cards from these."""
