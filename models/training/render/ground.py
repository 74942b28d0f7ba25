"""The dimness of the floor around what stands on it, as a picture from above (contact shadows)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.scene import Floats

CELLS: Final = 256
SIDE: Final = 18.0  # metres
_METRE: Final = CELLS / SIDE


@dataclass(frozen=True, slots=True)
class Ground:
    """light: (CELLS, CELLS) uint8, what is left of the ambient light; scale and offset take world x, y to 0..1."""

    light: NDArray[np.uint8]
    scale: tuple[float, float]
    offset: tuple[float, float]


def ground(footprints: Sequence[Floats], feet: Sequence[Floats]) -> Ground:
    """The floor from the corners (4, 2) of what stands on it, and from where feet are (n, 2)."""
    dim = np.zeros((CELLS, CELLS), np.float32)
    corner = np.array([-SIDE / 2, -3.0], np.float32)
    for print_ in footprints:
        _fill(dim, (print_ - corner) * _METRE, 1.0)
    wide = cv2.GaussianBlur(dim, (0, 0), 0.22 * _METRE)
    near = np.zeros_like(dim)
    for foot in feet:
        for x, y in (foot - corner) * _METRE:
            cv2.circle(near, (round(float(x) * 16), round(float(y) * 16)), round(0.13 * _METRE * 16), 1.0, -1, shift=4)
    near = cv2.GaussianBlur(near, (0, 0), 0.09 * _METRE) * 0.75 + cv2.GaussianBlur(near, (0, 0), 0.35 * _METRE) * 0.6
    left = (1.0 - 0.75 * np.minimum(wide, 1.0)) * (1.0 - np.minimum(near, 0.75))
    scale = 1.0 / SIDE
    return Ground((left * 255).astype(np.uint8), (scale, scale), (0.5, 3.0 / SIDE))


def _fill(target: NDArray[np.float32], corners: Floats, value: float) -> None:
    cv2.fillConvexPoly(target, np.rint(corners * 16).astype(np.int32), value, shift=4)
