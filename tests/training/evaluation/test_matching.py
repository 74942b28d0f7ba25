import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.evaluation.matching import Seen, Tally, iou, match, tally

_ANN = (0.0, 0.0, 10.0, 20.0)
_BOB = (30.0, 0.0, 40.0, 20.0)
_NEAR_ANN = (1.0, 0.0, 11.0, 20.0)


def _boxes(*boxes: tuple[float, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array(boxes, np.float32).reshape(-1, 4)


def _seen(*boxes: tuple[tuple[float, ...], float]) -> Seen:
    return Seen(_boxes(*(box for box, _ in boxes)), np.array([score for _, score in boxes], np.float32))


def test_overlap_of_known_boxes() -> None:
    """Overlap is shared area over covered area."""
    overlap = iou(_boxes(_ANN), _boxes(_ANN, _BOB, (0.0, 10.0, 10.0, 30.0)))
    assert overlap[0].tolist() == pytest.approx([1.0, 0.0, 1 / 3])


def test_a_person_is_found_once() -> None:
    """Of two boxes on one person the better one is the hit and the other is false."""
    matched = match(_seen((_ANN, 0.9), (_NEAR_ANN, 0.8)), _boxes(_ANN), _boxes())
    assert matched.hit.tolist() == [True, False]
    assert tally([matched], 0.5) == Tally(hits=1, false=1, missed=0)


def test_who_may_be_found_or_not_changes_nothing() -> None:
    """A doubtful person is neither missed nor, where found, a false alarm."""
    assert tally([match(_seen(), _boxes(), _boxes(_BOB))], 0.5) == Tally(0, 0, 0)
    assert tally([match(_seen((_BOB, 0.9)), _boxes(), _boxes(_BOB))], 0.5) == Tally(0, 0, 0)


def test_people_come_before_the_doubtful() -> None:
    """A box that fits both a person and a doubtful one is a hit."""
    assert tally([match(_seen((_ANN, 0.9)), _boxes(_ANN), _boxes(_NEAR_ANN))], 0.5).hits == 1


def test_a_threshold_counts_what_lies_at_it() -> None:
    """A box with exactly the threshold's score counts; one below it leaves its person missed."""
    matched = match(_seen((_ANN, 0.5), (_BOB, 0.25)), _boxes(_ANN, _BOB), _boxes())
    assert tally([matched], 0.5) == Tally(hits=1, false=0, missed=1)


def test_figures_of_a_tally() -> None:
    """Recall, precision and F1 follow from the counts; of nothing, all is right."""
    some = Tally(hits=6, false=2, missed=4)
    assert (some.recall, some.precision) == (0.6, 0.75)
    assert some.f1 == pytest.approx(2 * 0.6 * 0.75 / (0.6 + 0.75))
    assert (Tally(0, 0, 0).f1, Tally(0, 0, 5).f1, Tally(0, 5, 0).f1) == (1.0, 0.0, 0.0)


_box = st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 12)] * 2).map(
    lambda b: (float(b[0]), float(b[1]), float(b[0] + b[2]), float(b[1] + b[3]))
)


@given(st.lists(st.tuples(_box, st.sampled_from([0.2, 0.4, 0.6, 0.8])), max_size=6), st.lists(_box, max_size=4))
def test_one_matching_serves_every_threshold(
    boxes: list[tuple[tuple[float, ...], float]], people: list[tuple[float, ...]]
) -> None:
    """Counting at a threshold gives the same as matching only the boxes that reach it."""
    seen = _seen(*sorted(boxes, key=lambda each: -each[1]))
    matched = match(seen, _boxes(*people), _boxes())
    for threshold in (0.2, 0.4, 0.6, 0.8):
        alone = match(seen.at(threshold), _boxes(*people), _boxes())
        assert tally([matched], threshold) == tally([alone], 0.0001)
