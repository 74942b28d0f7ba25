"""Which boxes are hits: one picture's boxes held against its reference, at every threshold at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.records import Boxes

MATCH_IOU: Final = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """The people that a network saw in a picture. xyxy: (n, 4) pixels of the picture; score: (n,), best first."""

    xyxy: Boxes
    score: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.score)

    def at(self, threshold: float) -> "Seen":
        """Only those at or above a threshold."""
        keep = self.score >= threshold
        return Seen(self.xyxy[keep], self.score[keep])

    @property
    def best(self) -> float:
        """The highest score, 0 where nobody was seen."""
        return float(self.score[0]) if len(self.score) else 0.0


@dataclass(frozen=True, slots=True)
class Matched:
    """What became of one picture's boxes and of its reference.

    Attributes:
        score: (n,) of the boxes.
        hit: (n,) bool: the box covers somebody whom no better box covers.
        ignored: (n,) bool: it covers only somebody who may be found or not.
        found_at: (m,) the score of the box that found each one of the reference, 0 where none did.
    """

    score: NDArray[np.float32]
    hit: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    found_at: NDArray[np.float32]


def match(seen: Seen, wanted: Boxes, either: Boxes) -> Matched:
    """Give boxes to people, best box first, each person once, at an IoU of at least MATCH_IOU (as PASCAL VOC does).

    A box is judged by better boxes only, so the result at any threshold is the part at or above it.

    Args:
        seen: the boxes, best first.
        wanted: (m, 4) people to be found.
        either: (k, 4) people who may be found or not: no miss, and a box on them no false alarm.
    """
    overlap, overlap_either = iou(seen.xyxy, wanted), iou(seen.xyxy, either)
    hit, ignored = np.zeros(len(seen), np.bool_), np.zeros(len(seen), np.bool_)
    found_at = np.zeros(len(wanted), np.float32)
    free = np.ones(len(wanted), np.bool_)
    for i in range(len(seen)):
        mine = np.where(free, overlap[i], 0.0)
        best = int(mine.argmax()) if len(mine) else -1
        if best >= 0 and mine[best] >= MATCH_IOU:
            free[best], hit[i], found_at[best] = False, True, seen.score[i]
        else:
            ignored[i] = bool((overlap_either[i] >= MATCH_IOU).any())
    return Matched(seen.score, hit, ignored, found_at)


def iou(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """(n, m) intersection over union of (n, 4) and (m, 4) boxes."""
    first, second = a.astype(np.float64)[:, None, :], b.astype(np.float64)[None, :, :]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=-1)
    areas = [np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (first, second)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-9), np.float64)


@dataclass(frozen=True, slots=True)
class Tally:
    """Hits, false alarms and misses at one threshold."""

    hits: int
    false: int
    missed: int

    @property
    def recall(self) -> float:
        """Share of the reference that was found."""
        return self.hits / max(1, self.hits + self.missed)

    @property
    def precision(self) -> float:
        """Share of the boxes that are somebody; 1 where there is no box."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of recall and precision, as 2 hits / (boxes + reference); 1 where both are empty."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else 1.0


def tally(pictures: Iterable[Matched], threshold: float) -> Tally:
    """Sum over pictures at one threshold."""
    hits = false = missed = 0
    for each in pictures:
        above = each.score >= threshold
        hits += int((above & each.hit).sum())
        false += int((above & ~each.hit & ~each.ignored).sum())
        missed += int((each.found_at < threshold).sum())
    return Tally(hits, false, missed)
