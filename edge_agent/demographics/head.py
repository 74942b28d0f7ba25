"""Where the head may be in a person's box: a few squares, the likeliest first.

A box says little: of somebody who stands it is seven to eight heads high, of somebody at a table or close to the camera
less than three; the picture's edge cuts it, and the head leans. So there are several places, and `search` tries them.
The squares are those of the training: the face with a quarter of it on each side, about from the chin to the hair.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""

_STANDING_HEADS: Final = 6.8  # box height over the square's side; proportion 7.5, less shoes and the camera's tilt
_SEATED_HEADS: Final = 2.4  # … of people seen down to the table, or head and shoulders
_CLOSE_HEADS: Final = 2.0
_SHOULDER_HEADS: Final = 2.2  # box width over the square's side, arms at the sides
_NARROW: Final = 0.45  # width over height: up to here the whole body is in the box
_WIDE: Final = 0.6  # … and from here only its upper part
_DOWN: Final = 0.58  # of the square's side from the box's upper edge, the hair, to the middle of the face
_EDGE_PX: Final = 2.0

_SLOTS: Final = (
    (0, 0.50), (0, 0.34), (0, 0.66),
    (1, 0.50), (2, 0.50),
    (1, 0.34), (1, 0.66), (2, 0.34), (2, 0.66),
)  # fmt: skip
"""Which of the three sizes, and how far across the box."""

SLOTS: Final = len(_SLOTS)
"""How many places there are."""


@dataclass(frozen=True, slots=True)
class Square:
    """A square in the picture: middle and side in pixels."""

    x: float
    y: float
    side: float


def head_square(box: Box, slot: int, *, picture_height: int) -> Square:
    """The square of one place.

    Args:
        box: the person's.
        slot: number of the place, from 0.
        picture_height: tells whether the picture cuts the body off below.
    """
    x1, y1, x2, y2 = box
    size, across = _SLOTS[slot]
    side = _sides(x2 - x1, y2 - y1, is_cut=y2 >= picture_height - _EDGE_PX)[size]
    return Square(x1 + across * (x2 - x1), y1 + _DOWN * side, side)


def face_square(face: Box) -> Square:
    """The square around a face that a detector found."""
    x1, y1, x2, y2 = face
    return Square((x1 + x2) / 2, (y1 + y2) / 2, 1.5 * sqrt((x2 - x1) * (y2 - y1)))


def head_region(box: Box, *, picture_height: int) -> Square:
    """The part of a box in which a detector of faces finds the person's own, and seldom a neighbour's."""
    x1, y1, x2, y2 = box
    largest = max(_sides(x2 - x1, y2 - y1, is_cut=y2 >= picture_height - _EDGE_PX))
    side = max(1.2 * (x2 - x1), 1.5 * largest)
    return Square((x1 + x2) / 2, y1 - 0.1 * side + side / 2, side)


def _sides(width: float, height: float, *, is_cut: bool) -> tuple[float, float, float]:
    """Three guesses of the square's side, the likeliest first."""
    standing, shoulders = height / _STANDING_HEADS, width / _SHOULDER_HEADS
    seated = sqrt(shoulders * height / _SEATED_HEADS)
    if width > _WIDE * height:
        return seated, height / _CLOSE_HEADS, 0.8 * seated if is_cut else standing
    if width > _NARROW * height:
        return (shoulders, seated, standing) if is_cut else (standing, seated, shoulders)
    if is_cut:
        return shoulders, standing, 1.3 * shoulders
    return standing, 1.3 * standing, 0.8 * standing
