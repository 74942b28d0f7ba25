"""Which boxes count: the operating score of a new bundle, chosen on pictures of which none tests it.

The rule: of all scores at which at least LEAST_PRECISION of the boxes are somebody, the one with the best F1; where two
are equal the higher, because a shop that sees nobody counted as somebody trusts nothing any more. The overlap above
which two boxes are one person is chosen with it: the lowest of OVERLAPS unless another gains NOTICEABLE F1. A network
that never gets that precise has the score of its best F1.

`low`, above which a box may still carry a track on, is the lowest score at which boxes are somebody as often as not:
with a lower one the tracks run after noise.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision, Thresholds
from training.evaluation.holdout import CLEAR, CLEAR_PX, Holdout
from training.evaluation.matching import Matched, Tally, match, tally
from training.evaluation.networks import Network

LEAST_PRECISION: Final = 0.85
"""What yolox_nano has on such pictures at its publisher's score: a network that is known to be usable there."""
SCORES: Final = tuple(round(0.05 + 0.01 * step, 2) for step in range(91))
OVERLAPS: Final = (0.45, 0.55, 0.65)
"""IoU of two boxes above which the weaker goes: the lower, the fewer doubles, and the fewer people behind others."""

NOTICEABLE: Final = 0.005
LEAST_LOW_PRECISION: Final = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """The thresholds of a card and what they gave on the pictures that they were chosen on."""

    thresholds: Thresholds
    tally: Tally


def choose(bundle: Path, precision: Precision, holdout: Holdout) -> Choice:
    """The thresholds for one file of a bundle.

    Args:
        bundle: its folder; the thresholds that its card has do not matter.
        precision: which file.
        holdout: rendered pictures that did not train it.

    Raises:
        DetectorError: the bundle cannot be run.
    """
    loaded = Bundle.load(bundle)
    choices = [_at_best(_with(loaded, overlap), precision, holdout) for overlap in OVERLAPS]
    chosen = choices[0]
    for other in choices[1:]:
        (mine, my_f1), (theirs, their_f1) = _rank(chosen.tally), _rank(other.tally)
        if theirs > mine or (theirs == mine and their_f1 > my_f1 + NOTICEABLE):
            chosen = other
    return chosen


def best_score(matched: Sequence[Matched]) -> tuple[float, Tally]:
    """The score of SCORES that the rule names, and the tally there."""
    scored = [(score, tally(matched, score)) for score in SCORES]
    return max(scored, key=lambda pair: (*_rank(pair[1]), pair[0]))


def lowest_score(matched: Sequence[Matched], score: float) -> float:
    """The lowest score of SCORES, up to `score`, at which boxes are somebody as often as not; else `score`."""
    precise = (low for low in SCORES if low < score and tally(matched, low).precision >= LEAST_LOW_PRECISION)
    return min(precise, default=score)


def _rank(found: Tally) -> tuple[bool, float]:
    return found.precision >= LEAST_PRECISION and found.hits > 0, found.f1


def _at_best(bundle: Bundle, precision: Precision, holdout: Holdout) -> Choice:
    network = Network.load(bundle, precision)
    matched = list(_matched(network, holdout))
    score, found = best_score(matched)
    low = lowest_score(matched, score)
    chosen = (
        f"best F1 among scores with a precision of at least {LEAST_PRECISION:g}, for people visible to {CLEAR:g} and "
        f"{CLEAR_PX:g} network pixels high, on {len(matched)} rendered pictures of the hold-out; no real picture had a "
        f"say: recall {found.recall:.3f}, precision {found.precision:.3f}"
    )
    return Choice(Thresholds(score=score, low=low, nms_iou=bundle.card.thresholds.nms_iou, chosen=chosen), found)


def _matched(network: Network, holdout: Holdout) -> Iterator[Matched]:
    """Boxes against clear people; whoever is small or hidden may be found or not."""
    asked = network.bundle.card.input
    for image, people in zip(holdout.images(), holdout.people(), strict=True):
        scale = min(asked.width / image.shape[1], asked.height / image.shape[0])
        tall = (people["box"][:, 3] - people["box"][:, 1]) * scale
        clear = ~people["ignore"] & (people["visible"] >= CLEAR) & (tall >= CLEAR_PX)
        boxes = people["box"].astype(np.float32)
        yield match(network.look(image), boxes[clear], boxes[~clear])


def _with(bundle: Bundle, overlap: float) -> Bundle:
    """The bundle with the lowest scores that are looked at and another overlap."""
    thresholds = Thresholds(score=SCORES[0], low=SCORES[0], nms_iou=overlap)
    return Bundle(bundle.folder, bundle.card.model_copy(update={"thresholds": thresholds}))
