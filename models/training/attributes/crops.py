"""Squares cut out of larger pictures, as the stored faces were."""

from dataclasses import dataclass

import cv2
import numpy as np

from training.attributes.data import STORED, Pixels


@dataclass(frozen=True, slots=True)
class Square:
    """A square in pixels of a picture: its middle and its side."""

    x: float
    y: float
    side: float


def cut(picture: Pixels, square: Square) -> Pixels:
    """The square, (STORED, STORED, 3); what lies outside of the picture repeats its edge."""
    left, top = round(square.x - square.side / 2), round(square.y - square.side / 2)
    side = max(2, round(square.side))
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"the square at {square.x:g}, {square.y:g} lies outside of the picture")
    part = picture[y0:y1, x0:x1]
    borders = (y0 - top, top + side - y1, x0 - left, left + side - x1)
    if any(borders):
        part = np.asarray(cv2.copyMakeBorder(part, *borders, cv2.BORDER_REPLICATE), np.uint8)
    how = cv2.INTER_AREA if side > STORED else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (STORED, STORED), interpolation=how), np.uint8)
