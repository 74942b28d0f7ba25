"""The public networks as users would add them, and frames on which they find something."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from edge_agent.detector.presets import DecoderName
from edge_agent.records import Image


class Net(NamedTuple):
    """What a user says about a public network, and a clip's frame on which it finds something.

    Attributes:
        decoder: for --decoder.
        classes: for --classes.
        clip: of the shared material.
        frame: number within the clip.
    """

    decoder: DecoderName
    classes: str
    clip: str
    frame: int


NETS = {
    "yolox_nano": Net("yolox", "coco", "one-by-one.mp4", 150),
    "yolox_person_192": Net("yolox", "person", "one-by-one.mp4", 150),
    "nanodet_m_320": Net("nanodet", "coco", "one-by-one.mp4", 150),
    "fastestdet": Net("fastestdet", "coco", "one-by-one.mp4", 150),
    "yunet_n_320_320": Net("yunet", "face", "two-faces.gif", 20),
    "yunet_n_640_640": Net("yunet", "face", "two-faces.gif", 20),
}
"""By the file's name without .onnx."""


def frame_of(shared: Path, net: Net) -> Image:
    """The frame on which the network finds something."""
    capture = cv2.VideoCapture(str(shared / "clips" / net.clip))
    try:
        for _ in range(net.frame):
            assert capture.grab()
        ok, picture = capture.read()
    finally:
        capture.release()
    assert ok
    return np.ascontiguousarray(picture, np.uint8)
