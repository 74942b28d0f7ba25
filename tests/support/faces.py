"""Real faces of the shared training data, for tests; none of them is kept anywhere."""

import zipfile
from pathlib import Path

import cv2
import numpy as np

from edge_agent.records import Image


def faces_of(shared: Path, count: int) -> list[Image]:
    """The first faces of the first file, 96 x 96 BGR, with a quarter of the face on each side."""
    with zipfile.ZipFile(shared / "data" / "faces" / "faces-0.zip") as pack:
        names = sorted(name for name in pack.namelist() if name.endswith(".jpg"))[:count]
        pictures = [cv2.imdecode(np.frombuffer(pack.read(name), np.uint8), cv2.IMREAD_COLOR) for name in names]
    return [np.asarray(picture, np.uint8) for picture in pictures]
