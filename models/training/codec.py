"""What compression leaves of a picture: JPEG, and the blocks of a video coded with few bits."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
_BLOCK: Final = 16


def transmit(frame: Bytes, rng: np.random.Generator) -> Bytes:
    """The frame (h, w, 3) as it arrives: video blocks, JPEG or both."""
    if rng.random() < 0.35:
        frame = video(frame, rng)
    if rng.random() < 0.65:
        frame = jpeg(frame, int(rng.integers(30, 96)))
    return frame


def jpeg(frame: Bytes, quality: int) -> Bytes:
    """Coded and decoded as JPEG, with half the colour resolution."""
    coded = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def video(frame: Bytes, rng: np.random.Generator) -> Bytes:
    """Two coarse quantisations whose blocks do not agree, as of a key frame and of a moved prediction.

    Transform blocks of 16 come from coding a picture of half the size; a deblocking filter softens the last step.
    """
    height, width = frame.shape[:2]
    first = jpeg(frame, int(rng.integers(18, 60)))
    x, y = (int(v) for v in rng.integers(0, _BLOCK, 2))
    padded = cv2.copyMakeBorder(first, y, _BLOCK - y, x, _BLOCK - x, cv2.BORDER_REPLICATE)
    if rng.random() < 0.5:
        size = padded.shape[1] // 2, padded.shape[0] // 2
        half = np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), np.uint8)
        coarse = cv2.resize(jpeg(half, int(rng.integers(30, 75))), (padded.shape[1], padded.shape[0]))
        share = rng.uniform(0.15, 0.45)
        padded = cv2.addWeighted(np.asarray(coarse, np.uint8), share, padded, 1 - share, 0)
    second = jpeg(np.asarray(padded, np.uint8), int(rng.integers(25, 80)))[y : y + height, x : x + width]
    if rng.random() < 0.6:
        second = np.asarray(cv2.GaussianBlur(second, (3, 3), rng.uniform(0.3, 0.6)), np.uint8)
    return np.ascontiguousarray(second)
