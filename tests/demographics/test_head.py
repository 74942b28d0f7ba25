"""Where the head is in a person's box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.demographics.head import SLOTS, face_square, head_region, head_square

HEIGHT = 1000

# Boxes as the detector draws them, and the face in them: middle and the square's side, measured by eye.
BODIES = {
    # somebody who stands, 7.5 heads high
    "standing": ((400.0, 100.0, 540.0, 500.0), (470.0, 132.0), 58.0),
    # the same, in a stride
    "striding": ((380.0, 100.0, 580.0, 500.0), (470.0, 132.0), 58.0),
    # at a table: head, chest and arms
    "seated": ((286.0, 143.0, 349.0, 239.0), (316.0, 161.0), 32.0),
    # head and shoulders, cut by the picture's lower edge
    "close": ((250.0, 730.0, 452.0, 1000.0), (328.0, 788.0), 100.0),
    # the same, one shoulder out of the box, the head leans out of its middle
    "leaning": ((35.0, 790.0, 151.0, 1000.0), (77.0, 845.0), 85.0),
    # walks out of the picture below: cut at the hip
    "leaving": ((300.0, 700.0, 470.0, 1000.0), (385.0, 745.0), 78.0),
}


@pytest.mark.parametrize(("box", "middle", "side"), BODIES.values(), ids=BODIES.keys())
def test_one_of_the_places_is_the_face(
    box: tuple[float, float, float, float], middle: tuple[float, float], side: float
) -> None:
    """Some place has the face within a fifth of its side and is a third larger or smaller at most."""
    squares = [head_square(box, slot, picture_height=HEIGHT) for slot in range(SLOTS)]
    assert any(
        abs(square.x - middle[0]) < 0.2 * side
        and abs(square.y - middle[1]) < 0.2 * side
        and 0.75 < square.side / side < 1.34
        for square in squares
    ), squares


@pytest.mark.parametrize("name", ["standing", "seated", "leaving"])
def test_the_first_place_is_right_for_the_usual_cases(name: str) -> None:
    """Who stands, sits or leaves upright is found at once, without a search."""
    box, middle, side = BODIES[name]
    first = head_square(box, 0, picture_height=HEIGHT)
    assert (first.x, first.y) == pytest.approx(middle, abs=0.25 * side)
    assert 0.75 < first.side / side < 1.34


@given(st.floats(0, 900), st.floats(0, 900), st.floats(2, 800), st.floats(2, 800), st.integers(0, SLOTS - 1))
def test_every_place_is_in_the_upper_part_of_its_box(
    left: float, top: float, width: float, height: float, slot: int
) -> None:
    """The face's middle is never outside of the box, at its feet or at its knees."""
    square = head_square((left, top, left + width, top + height), slot, picture_height=HEIGHT)
    assert square.side > 0.0
    assert left <= square.x <= left + width
    assert top < square.y <= top + 0.6 * max(height, width)


@given(st.floats(1.1, 8.0))
def test_places_grow_with_the_box(factor: float) -> None:
    """A person twice as near has a face twice as large, in the same place of the box."""
    box = (0.0, 0.0, 40.0, 110.0)
    near = tuple(factor * edge for edge in box)
    for slot in range(SLOTS):
        small = head_square(box, slot, picture_height=10_000)
        large = head_square(near, slot, picture_height=10_000)  # type: ignore[arg-type]
        assert (large.x, large.y, large.side) == pytest.approx(
            (factor * small.x, factor * small.y, factor * small.side)
        )


def test_a_found_face_gets_a_quarter_of_it_on_each_side() -> None:
    """The square around a detector's box is that of the training's pictures."""
    square = face_square((100.0, 100.0, 140.0, 140.0))
    assert (square.x, square.y, square.side) == (120.0, 120.0, pytest.approx(60.0))


@pytest.mark.parametrize("box", [body[0] for body in BODIES.values()], ids=BODIES.keys())
def test_the_region_for_a_face_detector_holds_all_places(box: tuple[float, float, float, float]) -> None:
    """Wherever the head may be, a detector of faces is shown it."""
    region = head_region(box, picture_height=HEIGHT)
    for slot in range(SLOTS):
        square = head_square(box, slot, picture_height=HEIGHT)
        assert abs(square.x - region.x) <= region.side / 2
        assert abs(square.y - region.y) <= region.side / 2
