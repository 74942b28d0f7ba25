import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from training.labels import LEAST_HEIGHT, LEAST_PIXELS, LEAST_VISIBLE, Person, box_around, label
from training.render import Whole

masks = arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)))
SIZE = (60, 80)


def somebody(number: int) -> Person:
    return Person(number, female=True, age=30.0, skin=0.5, wheelchair=False, pose="stand")


def whole(box: tuple[float, ...], area: float) -> Whole:
    return Whole(np.array(box, np.float32), area)


def labelled(mask: NDArray[np.bool_], of: Whole) -> np.void:
    owner = mask.astype(np.uint8)
    row: np.void = label(owner, np.zeros_like(mask), {1: of}, [somebody(1)])[1][0]
    return row


@settings(max_examples=200, deadline=None)
@given(masks)
def test_a_box_is_tight_where_no_speck_is_left_out(mask: NDArray[np.bool_]) -> None:
    """With fewer than a hundred pixels nothing is a speck: the box touches the mask on all sides."""
    if mask.sum() >= 100:
        mask = np.zeros_like(mask)
    box = box_around(mask)
    if not mask.any():
        assert not box.any()
        return
    rows, columns = np.nonzero(mask)
    assert box.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


@settings(max_examples=100, deadline=None)
@given(masks)
def test_a_box_lies_in_the_picture_and_holds_nearly_all(mask: NDArray[np.bool_]) -> None:
    """The box never leaves the picture, and specks outside of it are less than a tenth of the pixels."""
    x0, y0, x1, y1 = (int(v) for v in box_around(mask))
    assert 0 <= x0 <= x1 <= mask.shape[1]
    assert 0 <= y0 <= y1 <= mask.shape[0]
    if mask.any():
        assert mask[y0:y1, x0:x1].sum() > 0.9 * mask.sum()


def test_a_speck_does_not_widen_the_box() -> None:
    """One pixel that shows through a shelf far from a person of hundreds is not part of the box."""
    mask = np.zeros(SIZE, bool)
    mask[10:40, 20:30] = True
    mask[55, 70] = True
    assert box_around(mask).tolist() == [20, 10, 30, 40]
    mask[50:58, 60:70] = True  # a leg is not a speck
    assert box_around(mask).tolist() == [20, 10, 71, 58]


def test_visible_is_the_share_of_what_nothing_would_hide() -> None:
    """Three hundred of six hundred pixels are a half, and more than all is all."""
    mask = np.zeros(SIZE, bool)
    mask[10:40, 20:30] = True
    assert labelled(mask, whole((20, 10, 40, 40), 600))["visible"] == 0.5
    assert labelled(mask, whole((20, 10, 40, 40), 290))["visible"] == 1.0


def test_the_whole_holds_the_visible_box() -> None:
    """Where the whole was measured too small it is widened."""
    mask = np.zeros(SIZE, bool)
    mask[10:40, 20:30] = True
    assert labelled(mask, whole((21, 5, 40, 39), 600))["whole"].tolist() == [20, 5, 40, 40]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.floats(1, 4000))
def test_too_little_is_ignored(height: int, width: int, area: float) -> None:
    """Whoever is low, of few pixels or nearly hidden is neither a hit nor a miss; everybody else counts."""
    mask = np.zeros(SIZE, bool)
    mask[5 : 5 + height, 6 : 6 + width] = True
    row = labelled(mask, whole((6, 5, 6 + width, 5 + height), area))
    seen = min(1.0, height * width / area)
    assert row["ignore"] == (height < LEAST_HEIGHT or height * width < LEAST_PIXELS or seen < LEAST_VISIBLE)


def test_people_out_of_sight_have_no_row_and_numbers_close_up() -> None:
    """Of three people the second is not seen: the third becomes number two, with their own sex and age."""
    owner = np.zeros(SIZE, np.uint8)
    owner[0:20, 0:10], owner[0:30, 40:50] = 1, 3
    head = np.zeros(SIZE, bool)
    head[0:5, 40:50] = True
    every = {number: whole((0, 0, 10, 30), 300) for number in (1, 2, 3)}
    people = [somebody(1), somebody(2), Person(3, female=False, age=8.0, skin=0.9, wheelchair=True, pose="sit")]
    renumbered, table = label(owner, head, every, people)
    assert np.unique(renumbered).tolist() == [0, 1, 2]
    assert (renumbered[0:30, 40:50] == 2).all()
    assert table["head"].tolist() == [[0, 0, 0, 0], [40, 0, 50, 5]]
    assert table["female"].tolist() == [1, 0]
    assert table["age"].tolist() == [30.0, 8.0]
    assert table["wheelchair"].tolist() == [False, True]
    assert table["pose"].tolist() == ["stand", "sit"]
