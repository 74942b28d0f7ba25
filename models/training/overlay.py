"""The text that recorders write into the picture: time stamps and names of cameras."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_FONTS: Final = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX)
_NAMES: Final = ("CAM", "Camera", "CH", "IPC", "Kamera", "ENTRANCE", "SHOP", "AISLE", "Eingang", "TILL", "HALL")
_DAYS: Final = ("", " Mon", " Tue", " Wed", " Thu", " Fri", " Sat", " Sun")


def write_text(frame: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Write a time, a name or both into the corners of the frame, in place."""
    height, width = frame.shape[:2]
    font = int(rng.choice(_FONTS))
    size = rng.uniform(0.28, 0.55) * (1.7 if font == cv2.FONT_HERSHEY_PLAIN else 1.0)
    if rng.random() < 0.8:
        _put(frame, _time(rng), font, size, left=rng.random() < 0.6, top=rng.random() < 0.7)
    if rng.random() < 0.6:
        name = f"{rng.choice(_NAMES)} {int(rng.integers(1, 33)):02d}"
        _put(frame, name, font, size, left=rng.random() < 0.4, top=rng.random() < 0.3)
    if rng.random() < 0.05:
        cv2.rectangle(frame, (0, 0), (width, int(rng.integers(4, 16))), (0, 0, 0), -1)
    if rng.random() < 0.03:
        cv2.rectangle(frame, (0, height - int(rng.integers(4, 16))), (width, height), (0, 0, 0), -1)


def _time(rng: np.random.Generator) -> str:
    year, month, day = int(rng.integers(2008, 2030)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    hour, minute, second = (int(rng.integers(end)) for end in (24, 60, 60))
    date = f"{year}-{month:02d}-{day:02d}" if rng.random() < 0.6 else f"{day:02d}/{month:02d}/{year}"
    return f"{date}{rng.choice(_DAYS)} {hour:02d}:{minute:02d}:{second:02d}"


def _put(frame: NDArray[np.uint8], text: str, font: int, size: float, *, left: bool, top: bool) -> None:
    (length, tall), _ = cv2.getTextSize(text, font, size, 1)
    x = 5 if left else frame.shape[1] - length - 5
    y = 6 + tall if top else frame.shape[0] - 6
    cv2.putText(frame, text, (x + 1, y + 1), font, size, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(frame, text, (x, y), font, size, (255, 255, 255), 1, cv2.LINE_AA)
