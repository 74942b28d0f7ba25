"""Where the head may be in a person's box: a few places, the likeliest first, and what lies around each of them.

A box says little. It is as loose as the detector; of somebody who stands it is eight squares high, of somebody at a
table or close to the camera less than three; the picture's edge cuts it, and heads lean. So there are several places,
and `search` tries them. Their figures come from 79 people in pictures of fixed indoor cameras whose faces a detector of
faces had found. A square is that of the training: the face and a quarter of it on each side, from the chin to the hair.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""

_WIDE: Final = 0.45  # width over height of a box: from here on it may hold only the upper part of a body
_EDGE_PX: Final = 3.0
_LEAN_DEG: Final = 25.0


@dataclass(frozen=True, slots=True)
class Square:
    """A square in the picture.

    Attributes:
        x: its middle, in pixels.
        y: …
        side: in pixels.
        lean_deg: how far the head leans to the left of the picture; negative to the right.
    """

    x: float
    y: float
    side: float
    lean_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """A square by its relation to a box.

    Attributes:
        heads: height of the box over the square's side.
        across: middle of the square, as a share of the box's width.
        down: … below the box's upper edge, in sides of the square.
        lean_deg: see `Square`.
    """

    heads: float
    across: float
    down: float
    lean_deg: float = 0.0

    def square(self, box: Box) -> Square:
        """The place in a box."""
        x1, y1, x2, y2 = box
        side = (y2 - y1) / self.heads
        return Square(x1 + self.across * (x2 - x1), y1 + self.down * side, side, self.lean_deg)


_STANDING: Final = (
    Place(8.0, 0.45, 0.70),
    Place(8.5, 0.55, 0.95),
    Place(8.0, 0.35, 0.90),
    Place(8.0, 0.65, 0.75),
)
_STANDING_CUT: Final = (
    Place(6.5, 0.50, 0.75),
    Place(6.5, 0.40, 1.10),
    Place(6.5, 0.63, 0.75),
    Place(4.5, 0.48, 0.60),
)
_UPPER_BODY: Final = (
    Place(2.6, 0.50, 0.68),
    Place(2.6, 0.36, 0.68),
    Place(2.6, 0.64, 0.68),
    Place(2.6, 0.24, 0.68, _LEAN_DEG),
    Place(2.6, 0.76, 0.68, -_LEAN_DEG),
)
_WIDE_PLACES: Final = (
    *_UPPER_BODY,
    Place(5.5, 0.50, 0.75),
    Place(5.5, 0.35, 0.90),
    Place(5.5, 0.70, 0.65),
)
_WIDE_CUT: Final = (
    *_UPPER_BODY,
    Place(4.2, 0.55, 0.68),
    Place(4.5, 0.36, 0.75),
    Place(4.5, 0.68, 0.65),
)


def first_places(box: Box, *, picture_height: int) -> tuple[Place, ...]:
    """Where to look first.

    Args:
        box: the person's.
        picture_height: tells whether the picture cuts the body off below.
    """
    x1, y1, x2, y2 = box
    is_cut = y2 >= picture_height - _EDGE_PX
    if x2 - x1 < _WIDE * (y2 - y1):
        return _STANDING_CUT if is_cut else _STANDING
    return _WIDE_CUT if is_cut else _WIDE_PLACES


def places_around(place: Place, box: Box) -> tuple[Place, ...]:
    """Where to look once a place nearly was a face: leaning, smaller, larger, and a little to each side.

    A head that is left of the box's middle leans to the left more often than to the right.
    """
    x1, y1, x2, y2 = box
    aside = 0.2 * (y2 - y1) / place.heads / max(x2 - x1, 1.0)
    heads, across, down, lean = place.heads, place.across, place.down, place.lean_deg
    left_first = _LEAN_DEG if across <= 0.5 else -_LEAN_DEG
    likely, unlikely = (left_first, -left_first) if lean == 0.0 else (0.0, -lean)
    return (
        Place(heads, across, down, likely),
        Place(1.2 * heads, across, 1.2 * down, lean),
        Place(heads, across - aside, down, lean),
        Place(heads, across + aside, down, lean),
        Place(heads, across, down + 0.2, lean),
        Place(heads, across, down - 0.2, lean),
        Place(heads / 1.2, across, down / 1.2, lean),
        Place(heads, across, down, unlikely),
    )


def face_square(face: Box) -> Square:
    """The square around a face that a detector found: its boxes reach up to the hair, the training's to the brows."""
    x1, y1, x2, y2 = face
    return Square((x1 + x2) / 2, (y1 + y2) / 2, 1.3 * sqrt((x2 - x1) * (y2 - y1)))


def place_of(square: Square, box: Box) -> Place:
    """A square by its relation to a box that has an extent."""
    x1, y1, x2, y2 = box
    return Place((y2 - y1) / square.side, (square.x - x1) / (x2 - x1), (square.y - y1) / square.side, square.lean_deg)


def head_region(box: Box) -> Square:
    """The part of a box in which a detector of faces finds the person's own, and seldom a neighbour's."""
    x1, y1, x2, y2 = box
    side = max(1.2 * (x2 - x1), 0.4 * (y2 - y1))
    return Square((x1 + x2) / 2, y1 - 0.1 * side + side / 2, side)
