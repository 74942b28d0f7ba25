"""The quick measures: presence on indoor cameras, agreement on clips, false boxes, and errors of the count."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from training.evaluation.matching import Matched, Seen, Tally, match, tally
from training.evaluation.networks import Network
from training.evaluation.pictures import Clip, Indoor, read
from training.evaluation.statistics import Interval, Scores, auc, auc_interval, best_accuracy, paired_loss, recall_at

FALSE_ALARMS: Final = 0.05
SURE: Final = 0.40
"""Boxes of the reference network at or above this score are people; what lies between DOUBTFUL and it may be."""
DOUBTFUL: Final = 0.15
THRESHOLDS: Final = tuple(round(0.05 + 0.025 * step, 3) for step in range(37))

_SQUARE: Final = (256, 256)
_TRANSITION: Final = 6  # frames around a visitor's coming and going in which either count is right


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether anybody is in a picture, judged by the highest score in it.

    Attributes:
        people: pictures with somebody.
        empty: pictures without.
        auc: area under the ROC curve with its bootstrap interval.
        recall: share of `people` found at a share of FALSE_ALARMS on `empty`.
        at: the score where that is.
        accuracy: best share judged rightly, at the threshold that suits these pictures best.
        auc_square: of the pictures of 256x256; None without any on either side.
        auc_other: of all others, likewise.
        preset_recall: share of `people` found at the card's threshold.
        preset_alarms: share of `empty` with a false box there.
    """

    people: int
    empty: int
    auc: Interval
    recall: float
    at: float
    accuracy: float
    auc_square: float | None
    auc_other: float | None
    preset_recall: float
    preset_alarms: float


def presence_scores(network: Network, indoor: Indoor, cache: Path | None) -> tuple[Scores, Scores]:
    """The highest score in each picture: of those with people, of the empty ones."""
    best = np.array([seen.best for seen in network.over(indoor.key, indoor.images(), cache)], np.float64)
    return best[: indoor.people], best[indoor.people :]


def presence(network: Network, indoor: Indoor, cache: Path | None = None) -> Presence:
    """Measure a network on pictures of indoor cameras."""
    people, empty = presence_scores(network, indoor, cache)
    square = np.array(_are_square(indoor))
    of_people, of_empty = square[: indoor.people], square[indoor.people :]
    recall, at = recall_at(people, empty, FALSE_ALARMS)
    return Presence(
        people=len(people),
        empty=len(empty),
        auc=auc_interval(people, empty),
        recall=recall,
        at=at,
        accuracy=best_accuracy(people, empty),
        auc_square=_auc_of(people[of_people], empty[of_empty]),
        auc_other=_auc_of(people[~of_people], empty[~of_empty]),
        preset_recall=float((people >= network.threshold).mean()),
        preset_alarms=float((empty >= network.threshold).mean()),
    )


@functools.cache
def _are_square(indoor: Indoor) -> list[bool]:
    return [read(file).shape[:2] == _SQUARE for file in indoor.files]


def _auc_of(people: Scores, empty: Scores) -> float | None:
    return auc(people, empty) if len(people) and len(empty) else None


def int8_loss(fp32: Network, int8: Network, indoor: Indoor) -> Interval:
    """AUC that int8 costs, on the same pictures."""
    return paired_loss(presence_scores(fp32, indoor, None), presence_scores(int8, indoor, None))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a network's boxes are those of the reference network, at the card's threshold and at an IoU of 0.5.

    Attributes:
        clips: hits, false boxes and misses by clip.
        trained_on: the clips among them that trained the network under test; they are not in `pooled`.
        pooled: over the others.
        curve: F1 pooled at each of THRESHOLDS; shown, never used to choose.
    """

    clips: dict[str, Tally]
    trained_on: tuple[str, ...]
    pooled: Tally
    curve: tuple[float, ...]


def matched_clip(network: Network, reference: Network, clip: Clip, cache: Path, own: Path | None) -> list[Matched]:
    """Hold each frame of a clip against the reference network's boxes; `own` is the cache of `network`."""
    seen, wanted = network.over(clip.key, clip.images(), own), reference.over(clip.key, clip.images(), cache)
    return [_matched(mine, theirs) for mine, theirs in zip(seen, wanted, strict=True)]


def _matched(mine: Seen, theirs: Seen) -> Matched:
    sure = theirs.score >= SURE
    doubtful = ~sure & (theirs.score >= DOUBTFUL)
    return match(mine, theirs.xyxy[sure], theirs.xyxy[doubtful])


def agreement(
    network: Network,
    reference: Network,
    clips: Sequence[Clip],
    *,
    trained_on: Sequence[str],
    cache: Path,
    own: Path | None = None,
) -> Agreement:
    """Measure a network against the reference network on clips.

    Args:
        network: to be measured.
        reference: what it sees is taken for true.
        clips: the clips.
        trained_on: names of those that trained the network under test: reported apart, for others as well.
        cache: where the reference network's boxes are kept.
        own: where those of `network` are; None: nowhere.
    """
    matched = {clip.name: matched_clip(network, reference, clip, cache, own) for clip in clips}
    held_out = [frame for name, frames in matched.items() if name not in trained_on for frame in frames]
    return Agreement(
        clips={name: tally(frames, network.threshold) for name, frames in matched.items()},
        trained_on=tuple(name for name in matched if name in trained_on),
        pooled=tally(held_out, network.threshold),
        curve=tuple(tally(held_out, threshold).f1 for threshold in THRESHOLDS),
    )


@dataclass(frozen=True, slots=True)
class FalseBoxes:
    """Boxes at the card's threshold in a clip that shows nobody.

    Attributes:
        frames: looked at.
        boxes: in all of them.
        frames_with: frames with at least one.
        highest: the highest score in the clip.
    """

    frames: int
    boxes: int
    frames_with: int
    highest: float

    @property
    def per_frame(self) -> float:
        """Boxes per frame."""
        return self.boxes / self.frames


def false_boxes(network: Network, clip: Clip, cache: Path | None = None) -> FalseBoxes:
    """Count the boxes in a clip without people."""
    seen = network.over(clip.key, clip.images(), cache)
    counts = [len(each.at(network.threshold)) for each in seen]
    return FalseBoxes(
        frames=len(counts),
        boxes=sum(counts),
        frames_with=sum(count > 0 for count in counts),
        highest=max(each.best for each in seen),
    )


@dataclass(frozen=True, slots=True)
class CountError:
    """Boxes at the card's threshold against people in the picture.

    Attributes:
        frames: compared.
        mean: mean of |boxes - people|.
        right: share of the frames where both are equal.
    """

    frames: int
    mean: float
    right: float


def count_error(counts: Sequence[int], truth: Sequence[int]) -> CountError:
    """Compare counts with the truth, frame by frame."""
    off = np.abs(np.array(counts, np.int64) - np.array(truth, np.int64))
    return CountError(len(off), float(off.mean()), float((off == 0).mean()))


def visit_error(
    network: Network, clip: Clip, visits: Sequence[tuple[int, int]], cache: Path | None = None
) -> CountError:
    """The error on a clip with one visitor after the other; frames near a coming or going are left out.

    Args:
        network: to be measured.
        clip: the clip.
        visits: first and last frame of each visit.
        cache: of the network's boxes.
    """
    counts, truth = [], []
    for number, seen in enumerate(network.over(clip.key, clip.images(), cache)):
        frame = number * clip.step
        if all(min(abs(frame - first), abs(frame - last)) > _TRANSITION for first, last in visits):
            counts.append(len(seen.at(network.threshold)))
            truth.append(sum(first <= frame <= last for first, last in visits))
    return count_error(counts, truth)
