"""One look at a head: the crop as the network wants it, and how good it is. A crop lives until the function returns."""

from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.demographics.head import Square
from edge_agent.records import Image

LEAST_PX: Final = 16
"""A square with a smaller side in the picture is not looked at: under the faces that the network has learned from."""

_FULL_PX: Final = 64.0  # from here on a larger face tells no more: the network's input is no larger
_SHARP: Final = 0.3  # detail over contrast: the median of the training pictures at 64 px is 0.29
_COARSE_PX: Final = 16
_SHIFTS: Final = (-2, -1, 0, 1, 2)  # of 16: how far the face may be off the middle and still be judged as frontal
_DIAGONAL: Final = 1.35  # side of the upright square around one that leans 25 degrees, over its side
_FLAT: Final = 4.0  # grey levels of standard deviation: less is a wall, or black


class Part(NamedTuple):
    """A square of whole pixels that lies in the picture."""

    left: int
    top: int
    side: int

    def of(self, image: Image) -> Image:
        """That part of a picture; a view, not a copy."""
        return image[self.top : self.top + self.side, self.left : self.left + self.side]


def part_of(square: Square, image: Image) -> Part | None:
    """A square, upright, moved as far as it takes to lie in the picture; None if it is too small to be looked at."""
    height, width = image.shape[:2]
    side = min(round(square.side), width, height)
    if side < LEAST_PX:
        return None
    left = min(max(0, round(square.x - side / 2)), width - side)
    top = min(max(0, round(square.y - side / 2)), height - side)
    return Part(left, top, side)


def crop_of(square: Square, image: Image, side_px: int) -> Image | None:
    """A square of the picture, turned upright, in the size of the network's input; None if it is too small."""
    if square.lean_deg == 0.0:
        part = part_of(square, image)
        return None if part is None else fit(part.of(image), side_px)
    if square.side < LEAST_PX:
        return None
    around = part_of(Square(square.x, square.y, square.side * _DIAGONAL), image)
    if around is None:
        return None
    scale = side_px / square.side
    scaled = fit(around.of(image), max(1, round(around.side * scale)))
    middle = ((square.x - around.left) * scale, (square.y - around.top) * scale)
    turn: NDArray[Any] = np.asarray(cv2.getRotationMatrix2D(middle, -square.lean_deg, 1.0))
    turn[:, 2] += side_px / 2 - np.array(middle)
    turned = cv2.warpAffine(scaled, turn, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return turned.astype(np.uint8, copy=False)


def fit(image: Image, side_px: int) -> Image:
    """The middle square of a picture in the size of the network's input."""
    height, width = image.shape[:2]
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    how = cv2.INTER_AREA if side > side_px else cv2.INTER_LINEAR
    middle = image[top : top + side, left : left + side]
    return cv2.resize(middle, (side_px, side_px), interpolation=how).astype(np.uint8, copy=False)


def quality(crop: Image, *, taken_px: float) -> float:
    """How much a look promises, 0 to 1: the product of its size, its sharpness and how frontal it is.

    Args:
        crop: as `fit` returns it.
        taken_px: side of the square in the camera's picture.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    contrast = float(grey.std())
    if contrast < _FLAT:
        return 0.0
    detail = float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean())
    return min(1.0, taken_px / _FULL_PX) * min(1.0, detail / contrast / _SHARP) * _frontality(grey)


def _frontality(grey: NDArray[Any]) -> float:
    """How much the left half mirrors the right one: 1 from the front, about a half from the side."""
    small = cv2.resize(grey, (_COARSE_PX, _COARSE_PX), interpolation=cv2.INTER_AREA)
    best = max(_likeness(_middle(small, shift), _middle(small, shift)[:, ::-1]) for shift in _SHIFTS)
    return (1.0 + best) / 2.0


def _middle(small: NDArray[Any], shift: int) -> NDArray[Any]:
    edge = max(_SHIFTS)
    return small[:, edge + shift : _COARSE_PX - edge + shift]


def _likeness(one: NDArray[Any], two: NDArray[Any]) -> float:
    """Correlation, -1 to 1; 0 where there is nothing to compare."""
    a, b = one - one.mean(), two - two.mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / spread if spread > 1e-6 else 0.0
