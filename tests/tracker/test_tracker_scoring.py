"""The measure that the tracker is held to, on answers whose score is known."""

import numpy as np
import pytest
from support import mot


def labelled(*ids: int) -> mot.Labelled:
    """People side by side, 100 px apart, in the order of `ids`."""
    left = 100.0 * np.arange(len(ids))
    boxes = np.stack((left, np.zeros(len(ids)), left + 40, np.full(len(ids), 100.0)), axis=1)
    return np.array(ids, dtype=np.int64), boxes.astype(np.float32)


TRUTH = [labelled(1, 2)] * 10


def test_the_right_answer_is_perfect() -> None:
    """Track ids may be any as long as they stay: no switch, all identities, full accuracy."""
    assert mot.score(TRUTH, [labelled(7, 9)] * 10) == mot.Score(0, 1.0, 1.0, people=2, tracks=2)


def test_a_swap_counts_twice_and_costs_identity() -> None:
    """Two people who swap ids after six of ten frames are two switches, and six tenths of the identity."""
    score = mot.score(TRUTH, [labelled(1, 2)] * 6 + [labelled(2, 1)] * 4)
    assert score.switches == 2
    assert score.idf1 == pytest.approx(0.6)
    assert score.mota == pytest.approx(1 - 2 / 20)


def test_what_is_missed_or_invented_costs_accuracy() -> None:
    """Ten missed and ten invented boxes of twenty true ones leave an accuracy of nothing, and no switch."""
    missing = labelled(1)
    moved = np.array([1, 3], dtype=np.int64), labelled(1, 2)[1] + np.array([[0, 0, 0, 0], [500, 0, 500, 0]], np.float32)
    assert mot.score(TRUTH, [missing] * 10).mota == pytest.approx(0.5)
    assert mot.score(TRUTH, [moved] * 10).mota == pytest.approx(0.0)
    assert mot.score(TRUTH, [moved] * 10).switches == 0


def test_a_return_under_a_new_id_is_a_switch() -> None:
    """Somebody who is lost for a while and comes back as somebody else is one switch."""
    answer = [labelled(1, 2)] * 4 + [labelled(1)] * 2 + [labelled(1, 5)] * 4
    assert mot.score(TRUTH, answer).switches == 1


def test_observation_is_repeatable_and_hides_the_hidden() -> None:
    """The same seed makes the same detections, and who stands behind somebody gets a lower score."""
    behind = np.array([[0, 0, 40, 100], [15, 20, 55, 130]], dtype=np.float32)
    truth = [(np.array([1, 2], dtype=np.int64), behind)] * 50
    first, second = mot.observe(truth, seed=3, missed=0.0), mot.observe(truth, seed=3, missed=0.0)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        np.testing.assert_array_equal(a.score, b.score)
    hidden = [float(d.score[d.xyxy[:, 3].argmin()]) for d in first if len(d) == 2]
    free = [float(d.score[d.xyxy[:, 3].argmax()]) for d in first if len(d) == 2]
    assert np.mean(hidden) < 0.65 < np.mean(free)
