"""Plane geometry in pixels, with exact answers where a wrong one would be a wrong count.

x runs to the right, y downwards. Plain floats: for the handful of people in a picture they are faster than arrays.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

Point = tuple[float, float]
"""(x, y) in pixels."""

_ROUNDING: Final = 2.0**-53
_ERROR_BOUND: Final = (3.0 + 16.0 * _ROUNDING) * _ROUNDING
_UNDERFLOW: Final = 1e-300
_SMALLEST: Final = 5e-324


def turn(a: Point, b: Point, p: Point) -> float:
    """Twice the area of the triangle a, b, p; its sign is exact.

    Positive, negative and zero say on which side of the directed line a → b the point lies; divided by the distance of
    a and b the value is the point's distance from that line. The float result is taken where its error bound shows
    that the sign is right, else the triangle is computed in fractions (the filter of Shewchuk, "Adaptive Precision
    Floating-Point Arithmetic and Fast Robust Geometric Predicates", 1997).
    """
    left = (a[0] - p[0]) * (b[1] - p[1])
    right = (a[1] - p[1]) * (b[0] - p[0])
    area = left - right
    # The bound is relative and fails where a product underflows, hence the absolute term.
    if abs(area) > _ERROR_BOUND * (abs(left) + abs(right)) + _UNDERFLOW:
        return area
    return _exact_turn(a, b, p)


def _exact_turn(a: Point, b: Point, p: Point) -> float:
    ax, ay, bx, by, px, py = map(Fraction, (*a, *b, *p))
    area = (ax - px) * (by - py) - (ay - py) * (bx - px)
    if area == 0:
        return 0.0
    return float(area) or (_SMALLEST if area > 0 else -_SMALLEST)


def straddles(p: Point, q: Point, a: Point, b: Point) -> bool:
    """Whether the line through p and q meets the segment a, b, ends included; exact."""
    at_a, at_b = turn(p, q, a), turn(p, q, b)
    return (at_a <= 0 <= at_b) or (at_b <= 0 <= at_a)


def between(p: Point, q: Point, share: float) -> Point:
    """The point at `share` (0..1) of the way from p to q."""
    return (p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share)


def overlap(box: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes x1 y1 x2 y2."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    areas = (box[2] - box[0]) * (box[3] - box[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return common / (areas - common)


class Polygon:
    """A simple polygon; its boundary belongs to it."""

    def __init__(self, corners: Sequence[Point]) -> None:
        """Take the corners in order, at least three, the closing one left out."""
        self.corners = tuple(corners)
        self._edges = tuple(zip(self.corners, (*self.corners[1:], self.corners[0]), strict=True))
        xs, ys = zip(*self.corners, strict=True)
        self._left, self._right, self._top, self._bottom = min(xs), max(xs), min(ys), max(ys)
        turns = [turn(a, b, c) for (a, b), (_, c) in pairwise((*self._edges, self._edges[0]))]
        self._convex = all(value >= 0 for value in turns) or all(value <= 0 for value in turns)

    def contains(self, p: Point) -> bool:
        """Whether p lies inside or on the boundary; exact.

        Counts the edges that a ray from p to the left passes (Shimrat 1962); every edge includes its upper end and not
        its lower one, so that a ray through a corner is counted once.
        """
        x, y = p
        if not (self._left <= x <= self._right and self._top <= y <= self._bottom):
            return False
        inside = False
        for a, b in self._edges:
            if (a[1] > y) != (b[1] > y):
                side = turn(a, b, p)
                if side == 0:
                    return True
                inside ^= (side > 0) == (b[1] > a[1])
            elif a[1] == y and (p == a or (b[1] == y and min(a[0], b[0]) <= x <= max(a[0], b[0]))):
                return True
        return inside

    def spans(self, p: Point, q: Point) -> list[tuple[float, float]]:
        """The parts of the straight way from p to q that run inside, as shares 0..1 of it, in order.

        A way that merely touches the boundary from outside has no part inside, except that an end point on the boundary
        is a part of length zero.
        """
        if max(p[0], q[0]) < self._left or min(p[0], q[0]) > self._right:
            return []
        if max(p[1], q[1]) < self._top or min(p[1], q[1]) > self._bottom:
            return []
        starts, ends = self.contains(p), self.contains(q)
        if starts and ends and (self._convex or p == q):
            return [(0.0, 1.0)]
        found: list[tuple[float, float]] = []
        for since, until in pairwise(sorted({0.0, 1.0, *self._cuts(p, q)})):
            if not self.contains(between(p, q, (since + until) / 2)):
                continue
            if found and found[-1][1] == since:
                found[-1] = (found[-1][0], until)
            else:
                found.append((since, until))
        if starts and (not found or found[0][0] > 0.0):
            found.insert(0, (0.0, 0.0))
        if ends and (not found or found[-1][1] < 1.0):
            found.append((1.0, 1.0))
        return found

    def _cuts(self, p: Point, q: Point) -> list[float]:
        """Where, as shares of it, the way from p to q meets the boundary."""
        cuts = []
        for a, b in self._edges:
            at_p, at_q = turn(a, b, p), turn(a, b, q)
            if at_p == at_q or (at_p > 0 and at_q > 0) or (at_p < 0 and at_q < 0) or not straddles(p, q, a, b):
                continue
            cuts.append(at_p / (at_p - at_q))
        return cuts
