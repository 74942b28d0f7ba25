"""Figures about scores and counts, with intervals that say how far they can be trusted."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

_Z95: Final = 1.959964  # of the normal distribution, two-sided 95 %
_BOOTSTRAPS: Final = 1000
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the 95 % interval around it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's 95 % interval (Wilson 1927); an empty share is anything between 0 and 1."""

    part: int
    whole: int

    @property
    def interval(self) -> Interval:
        """The share and how sure it is; 0 where there is nothing to share."""
        n = self.whole
        if n == 0:
            return Interval(0.0, 0.0, 1.0)
        p = self.part / n
        centre = (p + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
        half = _Z95 / (1 + _Z95**2 / n) * sqrt(p * (1 - p) / n + _Z95**2 / (4 * n * n))
        # Of 0 and of 1 the interval ends there, but for rounding.
        return Interval(p, min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half)))


def auc(positive: Scores, negative: Scores) -> float:
    """Probability that one of `positive` scores above one of `negative`; ties count half (Mann and Whitney 1947)."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / (2 * len(negative)))


def auc_interval(positive: Scores, negative: Scores) -> Interval:
    """The AUC with its percentile bootstrap: both sides are drawn again, each with its own size."""
    rng = np.random.default_rng(_SEED)
    again = [auc(rng.choice(positive, len(positive)), rng.choice(negative, len(negative))) for _ in range(_BOOTSTRAPS)]
    low, high = np.quantile(again, (0.025, 0.975))
    return Interval(auc(positive, negative), float(low), float(high))


def paired_loss(before: tuple[Scores, Scores], after: tuple[Scores, Scores]) -> Interval:
    """AUC lost from `before` to `after`, both (positive, negative) scores of the same pictures in the same order.

    The bootstrap draws pictures, so that what both find hard cancels: the interval is far narrower than the
    difference of two separate ones.
    """
    rng = np.random.default_rng(_SEED)
    sizes = [len(side) for side in before]
    losses = []
    for _ in range(_BOOTSTRAPS):
        people, empty = (rng.integers(0, size, size) for size in sizes)
        losses.append(auc(before[0][people], before[1][empty]) - auc(after[0][people], after[1][empty]))
    low, high = np.quantile(losses, (0.025, 0.975))
    return Interval(auc(*before) - auc(*after), float(low), float(high))


def roc(positive: Scores, negative: Scores) -> tuple[Scores, Scores, Scores]:
    """Thresholds from high to low, and the shares of false alarms and of hits at or above each."""
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]
    alarms = 1.0 - np.searchsorted(np.sort(negative), thresholds, side="left") / len(negative)
    hits = 1.0 - np.searchsorted(np.sort(positive), thresholds, side="left") / len(positive)
    return thresholds, alarms, hits


def recall_at(positive: Scores, negative: Scores, false_alarms: float) -> tuple[float, float]:
    """The share of `positive` found at the lowest threshold with at most that share of false alarms, and it."""
    thresholds, alarms, hits = roc(positive, negative)
    allowed = np.flatnonzero(alarms <= false_alarms)
    if not len(allowed):
        return 0.0, float(thresholds[0])
    return float(hits[allowed[-1]]), float(thresholds[allowed[-1]])


def best_accuracy(positive: Scores, negative: Scores) -> float:
    """Highest share judged rightly that any threshold reaches on these scores: an upper bound, not a promise."""
    _, alarms, hits = roc(positive, negative)
    right = hits * len(positive) + (1.0 - alarms) * len(negative)
    best = max(float(right.max()), len(negative))
    return best / (len(positive) + len(negative))
