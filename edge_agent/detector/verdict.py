"""What the measurements of a bench mean: ratios with an interval, agreement of boxes, and which file to use."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.detector.card import Measured, Precision
from edge_agent.records import Boxes, Detections

MATCH_IOU: Final = 0.5
"""Two boxes of one class that overlap at least so much are the same thing."""

NOTICEABLE: Final = 1.03
"""A speed ratio nearer to 1 than this is not worth a change of file, however surely it was measured."""

ENOUGH_AGREEMENT: Final = 0.9
"""Share of boxes with a partner from which on int8 may stand in for fp32."""

ENOUGH_BOXES: Final = 10
"""With fewer boxes than this the agreement is not judged."""

TRUSTED_DIFFERENCE: Final = 0.02
"""Where too few boxes are seen here, int8 is trusted if no figure of the card differs by more from fp32's."""

_CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one file takes as another: median over rounds and its 95 % interval."""

    median: float
    low: float
    high: float

    @property
    def is_noise(self) -> bool:
        """Whether the two may as well be equally fast."""
        return self.low <= 1.0 <= self.high or 1.0 / NOTICEABLE < self.median < NOTICEABLE

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the boxes of two files coincide on the same pictures, at the operating threshold.

    Attributes:
        boxes: boxes of the reference, of all pictures together.
        other_boxes: boxes of the other file.
        matched: pairs of the same class that overlap by `MATCH_IOU`.
    """

    boxes: int
    other_boxes: int
    matched: int

    @property
    def share(self) -> float | None:
        """Share of all boxes that have a partner; None where neither file found enough to judge."""
        if max(self.boxes, self.other_boxes) < ENOUGH_BOXES:
            return None
        return 2.0 * self.matched / (self.boxes + self.other_boxes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which file to use on this device, and why in one sentence."""

    precision: Precision
    reason: str


def ratio_of(numerator: Sequence[float], denominator: Sequence[float]) -> Ratio:
    """Ratio of two files' times that were measured in the same rounds.

    The interval is that of the sign test: the median lies between two order statistics whatever the noise looks
    like (Conover 1999, section 3.2). With fewer than 6 rounds it is narrower than its name: measure longer.

    Args:
        numerator: a time per round.
        denominator: the other file's time in the same rounds.
    """
    ratios = sorted(a / b for a, b in zip(numerator, denominator, strict=True))
    rank = _rank(len(ratios))
    return Ratio(median(ratios), ratios[rank], ratios[-1 - rank])


def agreement_of(reference: Sequence[Detections], other: Sequence[Detections], threshold: float) -> Agreement:
    """Compare what two files saw in the same pictures.

    Args:
        reference: one entry per picture.
        other: the same pictures' detections by the other file.
        threshold: boxes below it do not count.
    """
    boxes = other_boxes = matched = 0
    for one, two in zip(reference, other, strict=True):
        mine, theirs = _above(one, threshold), _above(two, threshold)
        boxes += len(mine)
        other_boxes += len(theirs)
        matched += _pairs(mine, theirs)
    return Agreement(boxes, other_boxes, matched)


def stated_difference(measured: Measured) -> float | None:
    """The largest difference between int8 and fp32 in a share that a card gives of both; None where there is none."""
    figures = {
        (each.dataset, each.metric, each.precision): each.value for each in measured.accuracy if each.unit == "share"
    }
    differences = [
        abs(value - figures[dataset, metric, Precision.FP32])
        for (dataset, metric, precision), value in figures.items()
        if precision is Precision.INT8 and (dataset, metric, Precision.FP32) in figures
    ]
    return max(differences, default=None)


def judge(int8_to_fp32: Ratio, agreement: Agreement, stated: float | None = None) -> Verdict:
    """Choose between a bundle's two files: int8 must be faster beyond noise, and see the same.

    Args:
        int8_to_fp32: int8's time over fp32's.
        agreement: fp32 is the reference.
        stated: `stated_difference` of the card, which has to do where too few boxes are seen here.
    """
    share = agreement.share
    if int8_to_fp32.is_noise:
        why = (
            f"int8 and fp32 are equally fast here within noise (time ratio {int8_to_fp32}), and fp32 is the more exact"
        )
        return Verdict(Precision.FP32, f"fp32: {why}.")
    if int8_to_fp32.median > 1.0:
        return Verdict(Precision.FP32, f"fp32: int8 takes {int8_to_fp32} times as long on this device.")
    gain = f"int8 takes only {int8_to_fp32} of fp32's time"
    if share is None and stated is not None and stated <= TRUSTED_DIFFERENCE:
        return Verdict(
            Precision.INT8,
            f"int8: it takes {int8_to_fp32} of fp32's time; {agreement.boxes} boxes are too few to compare here, "
            f"but no figure of the card differs by more than {stated:.3f} between the two.",
        )
    if share is None:
        return Verdict(
            Precision.FP32,
            f"fp32: {gain}, but {agreement.boxes} boxes are too few to tell whether it sees the same; "
            "measure again with --clip or --images of this place.",
        )
    if share < ENOUGH_AGREEMENT:
        return Verdict(
            Precision.FP32,
            f"fp32: {gain}, but only {share:.0%} of the boxes agree; {ENOUGH_AGREEMENT:.0%} are asked for.",
        )
    return Verdict(Precision.INT8, f"int8: it takes {int8_to_fp32} of fp32's time, and {share:.0%} of the boxes agree.")


def _rank(rounds: int) -> int:
    """How many of the smallest and of the largest values the interval of the median leaves out on each side."""
    outside, rank = 0.0, 0
    while rank < (rounds - 1) // 2:
        outside += 2.0 * comb(rounds, rank) * 0.5**rounds
        if outside > 1.0 - _CONFIDENCE:
            break
        rank += 1
    return max(0, rank - 1)


def _above(found: Detections, threshold: float) -> Detections:
    keep = found.score >= threshold
    return Detections(found.xyxy[keep], found.score[keep], found.class_id[keep])


def _pairs(one: Detections, two: Detections) -> int:
    """Number of pairs, best overlap first, each box used once."""
    overlap = _iou(one.xyxy, two.xyxy)
    overlap[one.class_id[:, None] != two.class_id[None, :]] = 0.0
    count = 0
    while overlap.size and overlap.max() >= MATCH_IOU:
        row, column = np.unravel_index(int(overlap.argmax()), overlap.shape)
        overlap[row, :] = 0.0
        overlap[:, column] = 0.0
        count += 1
    return count


def _iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """(n, m) intersection over union."""
    first, second = a.astype(np.float64)[:, None, :], b.astype(np.float64)[None, :, :]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=-1)
    areas = [np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (first, second)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-9), np.float64)
