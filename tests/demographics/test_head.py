"""Where the head is in a person's box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.demographics.head import (
    Box,
    Place,
    Square,
    face_square,
    first_places,
    head_region,
    place_of,
    places_around,
)

HEIGHT = 1000

# Boxes as detectors draw them, and the face in them: middle and the square's side, by a detector of faces or by eye.
BODIES: dict[str, tuple[Box, tuple[float, float], float]] = {
    "standing": ((400.0, 100.0, 540.0, 500.0), (465.0, 137.0), 49.0),
    "standing in a loose box": ((400.0, 90.0, 540.0, 510.0), (478.0, 140.0), 50.0),
    "walking out below": ((300.0, 700.0, 425.0, 1000.0), (362.0, 736.0), 45.0),
    "seated": ((286.0, 143.0, 349.0, 239.0), (312.0, 164.0), 31.0),
    "close to the camera": ((250.0, 780.0, 446.0, 1000.0), (346.0, 841.0), 88.0),
    "leaning, one shoulder out of the box": ((33.0, 814.0, 150.0, 1000.0), (67.0, 862.0), 74.0),
    "leaning, both shoulders in the box": ((26.0, 806.0, 214.0, 1000.0), (69.0, 858.0), 77.0),
}


def is_at(square: Square, middle: tuple[float, float], side: float, *, off: float) -> bool:
    """Whether a square is where a face is, give or take a share of its side."""
    x, y = middle
    near = abs(square.x - x) < off * side and abs(square.y - y) < off * side
    return near and 0.76 < square.side / side < 1.32


@pytest.mark.parametrize(("box", "middle", "side"), BODIES.values(), ids=BODIES.keys())
def test_one_of_the_places_is_the_face(box: Box, middle: tuple[float, float], side: float) -> None:
    """Some first place is within a third of the face, and a place around that one within a sixth."""
    first = [
        place for place in first_places(box, picture_height=HEIGHT) if is_at(place.square(box), middle, side, off=0.34)
    ]
    assert first
    closer = [place for start in first for place in (start, *places_around(start, box))]
    assert any(is_at(place.square(box), middle, side, off=0.17) for place in closer)


boxes = st.tuples(st.floats(0, 900), st.floats(0, 900), st.floats(4, 800), st.floats(4, 800)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@given(boxes)
def test_every_place_is_in_the_upper_part_of_its_box(box: Box) -> None:
    """The face's middle is never outside of the box, at its feet or at its knees."""
    for place in first_places(box, picture_height=HEIGHT):
        square = place.square(box)
        assert square.side > 0.0
        assert box[0] <= square.x <= box[2]
        assert box[1] < square.y <= box[1] + 0.4 * (box[3] - box[1])


@given(boxes, st.floats(1.1, 8.0))
def test_places_grow_with_the_box(box: Box, factor: float) -> None:
    """A person twice as near has a face twice as large, at the same place of the box."""
    x1, y1, x2, y2 = box
    near = (factor * x1, factor * y1, factor * x2, factor * y2)
    for place in first_places(box, picture_height=1_000_000):
        small, large = place.square(box), place.square(near)
        expected = (factor * small.x, factor * small.y, factor * small.side)
        assert (large.x, large.y, large.side) == pytest.approx(expected)


@given(boxes)
def test_around_a_place_are_others(box: Box) -> None:
    """Each is another one, less than a third of the face away, and both ways of leaning are among them."""
    for place in first_places(box, picture_height=HEIGHT):
        around = places_around(place, box)
        assert len({place, *around}) == len(around) + 1
        start = place.square(box)
        for other in around:
            square = other.square(box)
            assert abs(square.x - start.x) < start.side / 3
            assert abs(square.y - start.y) < start.side / 3
        assert {other.lean_deg for other in (place, *around)} == {-25.0, 0.0, 25.0}


def test_a_head_to_the_left_leans_to_the_left_first() -> None:
    """The likelier lean is the first that is tried."""
    box = (0.0, 0.0, 200.0, 200.0)
    assert places_around(Place(2.6, 0.3, 0.68), box)[0].lean_deg > 0
    assert places_around(Place(2.6, 0.7, 0.68), box)[0].lean_deg < 0


@given(boxes, st.floats(0, 900), st.floats(0, 900), st.floats(5, 300))
def test_a_square_and_its_place_are_the_same(box: Box, x: float, y: float, side: float) -> None:
    """A face that was found is found again by its place, for as long as the box stays as it is."""
    square = place_of(Square(x, y, side), box).square(box)
    assert (square.x, square.y, square.side) == pytest.approx((x, y, side), abs=1e-6)


def test_a_found_face_gets_a_margin() -> None:
    """The square around a detector's box is larger than it, with the same middle."""
    square = face_square((100.0, 100.0, 140.0, 140.0))
    assert (square.x, square.y, square.side) == pytest.approx((120.0, 120.0, 52.0))


@pytest.mark.parametrize("box", [body[0] for body in BODIES.values()], ids=BODIES.keys())
def test_the_region_for_a_face_detector_holds_all_places(box: Box) -> None:
    """Wherever the head may be, a detector of faces is shown it."""
    region = head_region(box)
    for place in first_places(box, picture_height=HEIGHT):
        square = place.square(box)
        assert abs(square.x - region.x) <= region.side / 2
        assert abs(square.y - region.y) <= region.side / 2
