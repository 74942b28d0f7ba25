import numpy as np
import pytest
from training.evaluation.statistics import Share, auc, auc_interval, best_accuracy, paired_loss, recall_at, roc

_RNG = np.random.default_rng(5)
_PEOPLE = _RNG.normal(0.6, 0.2, 60).round(2)  # rounded, so that there are ties
_EMPTY = _RNG.normal(0.4, 0.2, 40).round(2)


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    """The AUC is the share of pairs whose picture with people scores higher, ties counted half."""
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in _PEOPLE for b in _EMPTY]
    assert auc(_PEOPLE, _EMPTY) == pytest.approx(np.mean(pairs))


def test_the_interval_holds_the_auc_and_is_the_same_every_time() -> None:
    """The bootstrap interval encloses the AUC, and a second call gives the same one."""
    interval = auc_interval(_PEOPLE, _EMPTY)
    assert interval.low < auc(_PEOPLE, _EMPTY) == interval.value < interval.high
    assert interval == auc_interval(_PEOPLE, _EMPTY)


def test_what_both_find_hard_cancels_in_a_paired_loss() -> None:
    """A file that scores as the other one loses nothing, whichever pictures are drawn."""
    loss = paired_loss((_PEOPLE, _EMPTY), (_PEOPLE.copy(), _EMPTY.copy()))
    assert (loss.value, loss.low, loss.high) == (0.0, 0.0, 0.0)
    assert paired_loss((_PEOPLE, _EMPTY), (_PEOPLE - 0.1, _EMPTY)).value > 0.0


def test_recall_at_keeps_to_the_false_alarms_allowed() -> None:
    """The threshold lets at most that share of empty pictures through, and the next lower one would let more."""
    recall, at = recall_at(_PEOPLE, _EMPTY, 0.1)
    assert (at <= _EMPTY).mean() <= 0.1
    assert recall == pytest.approx((at <= _PEOPLE).mean())
    lower = max(score for score in (*_PEOPLE, *_EMPTY) if score < at)
    assert (lower <= _EMPTY).mean() > 0.1


def test_recall_is_nothing_where_the_surest_picture_is_empty() -> None:
    """Where every threshold raises too many false alarms, nothing is found."""
    assert recall_at(np.array([0.1]), np.array([0.9]), 0.05)[0] == 0.0


def test_a_roc_ends_where_everything_is_somebody() -> None:
    """Hits and false alarms only grow as the threshold falls, up to all of them."""
    _, alarms, hits = roc(_PEOPLE, _EMPTY)
    assert (np.diff(alarms) >= 0).all()
    assert (np.diff(hits) >= 0).all()
    assert (alarms[-1], hits[-1]) == (1.0, 1.0)


def test_best_accuracy_is_that_of_the_best_threshold() -> None:
    """No threshold judges more pictures rightly, not even one above all scores."""
    thresholds = (*_PEOPLE, *_EMPTY, 9.0)
    tried = [((at <= _PEOPLE).sum() + (at > _EMPTY).sum()) / 100 for at in thresholds]
    assert best_accuracy(_PEOPLE, _EMPTY) == pytest.approx(max(tried))
    assert best_accuracy(np.array([0.1]), np.array([0.2, 0.3])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_a_share_has_wilsons_interval(part: int, whole: int, low: float, high: float) -> None:
    """The interval is Wilson's, as tables of it have it; of nobody, anything is possible."""
    interval = Share(part, whole).interval
    assert [interval.low, interval.high] == pytest.approx([low, high], abs=1e-4)
