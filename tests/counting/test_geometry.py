"""Plane geometry: sides and insides are exact, for any float and on every boundary."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge_agent.counting.geometry import Point, Polygon, between, overlap, straddles, turn

floats = st.floats(-1e6, 1e6)
points = st.tuples(floats, floats)
grid = st.integers(-3, 3).map(float)
grid_points = st.tuples(grid, grid)
shares = st.floats(0.0, 1.0)

U_SHAPE = ((0.0, 0.0), (6.0, 0.0), (6.0, 4.0), (4.0, 4.0), (4.0, 2.0), (2.0, 2.0), (2.0, 4.0), (0.0, 4.0))
STAR = ((0.0, -3.0), (0.7, -0.7), (3.0, 0.0), (0.7, 0.7), (0.0, 3.0), (-0.7, 0.7), (-3.0, 0.0), (-0.7, -0.7))
SQUARE = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
SLANT = ((-2.0, 1.0), (1.0, -2.0), (2.0, 2.0))


def exact(a: Point, b: Point, p: Point) -> Fraction:
    """Return the triangle's doubled area without rounding."""
    ax, ay, bx, by, px, py = map(Fraction, (*a, *b, *p))
    return (ax - px) * (by - py) - (ay - py) * (bx - px)


def sign(value: float | Fraction) -> int:
    return (value > 0) - (value < 0)


@settings(deadline=None)
@given(points, points, points, st.sampled_from([1.0, 1e-159, 1e-162, 1e-165]))
def test_turn_has_the_sign_of_exact_arithmetic(a: Point, b: Point, p: Point, scale: float) -> None:
    """The side of a point is never a matter of rounding, nor of products too small for a float."""
    a, b, p = ((x * scale, y * scale) for x, y in (a, b, p))
    assert sign(turn(a, b, p)) == sign(exact(a, b, p))


@settings(deadline=None)
@given(points, points, shares, st.integers(-4, 4), st.integers(-4, 4))
def test_turn_is_exact_within_rounding_of_the_line(a: Point, b: Point, share: float, up: int, right: int) -> None:
    """Points a few units in the last place beside the line are put on the right side of it."""
    x, y = between(a, b, share)
    p = (x + right * 1e-12 * abs(x), y + up * 1e-12 * abs(y))
    assert sign(turn(a, b, p)) == sign(exact(a, b, p))


def test_turn_where_floats_get_the_sign_wrong() -> None:
    """A case in which rounding says that the point lies on the line, and it does not."""
    a, b, p = (0.1, 0.1), (0.3, 0.3), (0.2, 0.2)
    rounded = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    assert rounded == 0 == exact(a, b, p) == turn(a, b, p)
    c = (0.5 + 2**-53, 0.5)
    d, e = (12.0, 12.0), (24.0, 24.0)
    naive = (d[0] - c[0]) * (e[1] - c[1]) - (d[1] - c[1]) * (e[0] - c[0])
    assert sign(naive) != sign(exact(d, e, c))
    assert sign(turn(d, e, c)) == sign(exact(d, e, c))


@pytest.mark.parametrize("tiny", [5e-324, 1e-200, 1e-160])
def test_turn_survives_underflow(tiny: float) -> None:
    """Products too small for a float do not turn a side into 'on the line'."""
    assert turn((0.0, 0.0), (tiny, 0.0), (0.0, tiny)) > 0
    assert turn((0.0, 0.0), (0.0, tiny), (tiny, 0.0)) < 0


@settings(deadline=None)
@given(points, points, points)
def test_turn_changes_sign_when_two_points_are_swapped(a: Point, b: Point, p: Point) -> None:
    """Walking the line the other way swaps the sides."""
    assert sign(turn(a, b, p)) == -sign(turn(b, a, p)) == sign(turn(b, p, a))


def test_turn_is_positive_to_the_right_of_the_way() -> None:
    """With y downwards, going right has its positive side below."""
    assert turn((0.0, 0.0), (1.0, 0.0), (0.5, 2.0)) == 2.0


@pytest.mark.parametrize(
    ("q", "met"),
    [
        ((1.0, 0.5), True),
        ((1.0, 1.0), True),  # through the very end
        ((1.0, 1.0 + 1e-15), False),  # past the end by less than one could draw
        ((1.0, -1.0), True),
        ((1.0, -3.0), False),
    ],
)
def test_straddles_includes_the_ends_and_nothing_beyond(q: Point, *, met: bool) -> None:
    """A segment has two ends, and both belong to it."""
    assert straddles((-1.0, q[1]), q, (0.0, -1.0), (0.0, 1.0)) is met


def inside_exactly(corners: tuple[Point, ...], p: Point) -> bool:
    """Return whether p is in the polygon by its winding number, without rounding; the boundary is inside."""
    winding = 0
    for a, b in zip(corners, (*corners[1:], corners[0]), strict=True):
        side = exact(a, b, p)
        dot = (Fraction(a[0]) - Fraction(p[0])) * (Fraction(b[0]) - Fraction(p[0])) + (
            Fraction(a[1]) - Fraction(p[1])
        ) * (Fraction(b[1]) - Fraction(p[1]))
        if side == 0 and dot <= 0:
            return True
        if a[1] <= p[1] < b[1] and side > 0:
            winding += 1
        if b[1] <= p[1] < a[1] and side < 0:
            winding -= 1
    return winding != 0


shapes = st.sampled_from([U_SHAPE, STAR, SQUARE, SLANT])
half_grid = st.integers(-12, 14).map(lambda n: n / 2)


@settings(deadline=None)
@given(shapes, st.tuples(half_grid, half_grid))
def test_contains_agrees_with_the_winding_number(corners: tuple[Point, ...], p: Point) -> None:
    """Inside, outside, edges and corners of convex and other polygons are told apart exactly."""
    assert Polygon(corners).contains(p) is inside_exactly(corners, p)


@settings(deadline=None)
@given(shapes, points)
def test_contains_does_not_depend_on_the_order_of_the_corners(corners: tuple[Point, ...], p: Point) -> None:
    """A polygon drawn the other way round, or from another corner, is the same polygon."""
    p = (p[0] / 2e5, p[1] / 2e5)
    turned = (*corners[1:], corners[0])
    assert Polygon(corners).contains(p) == Polygon(corners[::-1]).contains(p) == Polygon(turned).contains(p)


@settings(deadline=None)
@given(shapes, shares, st.integers(0, 7))
def test_the_boundary_is_inside(corners: tuple[Point, ...], share: float, edge: int) -> None:
    """Whoever stands on an edge that runs along the picture is inside, whatever the rounding."""
    a, b = (corners[edge % len(corners)], corners[(edge + 1) % len(corners)])
    assume(a[0] == b[0] or a[1] == b[1])
    assert Polygon(corners).contains(between(a, b, share))
    assert Polygon(corners).contains(a)


def test_spans_of_a_way_through_both_arms_of_a_u() -> None:
    """A way through a hollow shape is inside twice."""
    first, second = Polygon(U_SHAPE).spans((-1.0, 3.0), (9.0, 3.0))
    assert first == pytest.approx((0.1, 0.3))
    assert second == pytest.approx((0.5, 0.7))


@pytest.mark.parametrize(
    ("p", "q", "spans"),
    [
        ((0.0, 0.0), (0.5, 0.5), [(0.0, 1.0)]),
        ((0.0, 0.0), (0.0, 0.0), [(0.0, 1.0)]),
        ((5.0, 0.0), (5.0, 0.0), []),
        ((-2.0, 0.0), (0.0, 0.0), [(0.5, 1.0)]),
        ((0.0, 0.0), (2.0, 0.0), [(0.0, 0.5)]),
        ((-2.0, 0.0), (2.0, 0.0), [(0.25, 0.75)]),
        ((1.0, 0.0), (2.0, 0.0), [(0.0, 0.0)]),
        ((2.0, 0.0), (1.0, 0.0), [(1.0, 1.0)]),
        ((-2.0, 2.0), (2.0, 2.0), []),
        ((0.0, 2.0), (2.0, 0.0), []),  # touches a corner from outside
    ],
    ids=[
        "within",
        "rests inside",
        "rests outside",
        "enters",
        "leaves",
        "passes",
        "off the edge",
        "onto it",
        "by",
        "at",
    ],
)
def test_spans_of_ways_about_a_square(p: Point, q: Point, spans: list[tuple[float, float]]) -> None:
    """The parts inside are those that a pencil would draw."""
    assert Polygon(SQUARE).spans(p, q) == spans


@settings(deadline=None)
@given(shapes, st.tuples(half_grid, half_grid), st.tuples(half_grid, half_grid), shares)
def test_spans_agree_with_contains(corners: tuple[Point, ...], p: Point, q: Point, share: float) -> None:
    """Every point of the way is inside if and only if it lies in a span, rounding at their ends aside."""
    polygon = Polygon(corners)
    spans = polygon.spans(p, q)
    assert all(0.0 <= since <= until <= 1.0 for since, until in spans)
    assert all(left[1] < right[0] for left, right in pairwise(spans))
    assume(all(abs(share - end) > 1e-9 for span in spans for end in span))
    at = between(p, q, share)
    assume(all(abs(exact(a, b, at)) > 1e-9 for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)))
    assert polygon.contains(at) is any(since < share < until for since, until in spans)


@settings(deadline=None)
@given(shapes, st.tuples(half_grid, half_grid), st.tuples(half_grid, half_grid))
def test_spans_hold_the_ends_that_are_inside(corners: tuple[Point, ...], p: Point, q: Point) -> None:
    """A span begins at 0 if the start is inside and ends at 1 if the end is."""
    polygon = Polygon(corners)
    spans = polygon.spans(p, q)
    assert polygon.contains(p) is bool(spans and spans[0][0] == 0.0)
    assert polygon.contains(q) is bool(spans and spans[-1][1] == 1.0)


def test_overlap_is_intersection_over_union() -> None:
    """Equal boxes give 1, boxes that touch or lie apart 0, and a half-covered one its share."""
    box = (0.0, 0.0, 2.0, 2.0)
    assert overlap(box, box) == 1.0
    assert overlap(box, (2.0, 0.0, 4.0, 2.0)) == 0.0
    assert overlap(box, (5.0, 5.0, 6.0, 6.0)) == 0.0
    assert overlap(box, (1.0, 0.0, 3.0, 2.0)) == pytest.approx(1 / 3)
