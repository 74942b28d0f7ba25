"""Which detection belongs to which track: stages from the surest pairs to the least sure.

The first three stages are ByteTrack's (Zhang et al. 2022): confident detections go to confirmed tracks, doubtful
detections to the confirmed tracks that are left (a person half hidden has a low score, noise has no track), and
confident detections to tracks that are not confirmed yet.

Departures from the paper:

- A doubtful detection may continue a track that was lost some frames ago, not only one seen in the last frame:
  what "the last frame" allows depends on the frame rate, and on our data a limit cost identities.
- A doubtful detection may also keep an unconfirmed track alive, without confirming it: else somebody who stands
  half hidden, whose score wavers about the threshold, is never followed.
- A stage follows for people who moved further than their box is wide, which at 5 fps a brisk walker does: the
  detection must lie where the filter's own uncertainty expects it (Mahalanobis distance of the centre, as in
  DeepSORT) and be of about the same size. At 30 fps that leaves little room. However long a track was lost, it
  never reaches beyond 0.75 heights: the next visitor must not be taken for the one who left, across a line.
- Classes never mix.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.records import Detections
from edge_agent.tracker.assignment import assign

Floats = NDArray[np.float64]

# From the data that benchmarks/tracker.py names.
_NEAR: Final = 0.2  # least IoU times score of a confident pair, as ByteTrack
_NEAR_DOUBTFUL: Final = 0.5  # least IoU of a doubtful pair, as ByteTrack: nothing else speaks for it
_REACH: Final = 6.0  # squared distance in standard deviations: the 95 % region of a plane
_FAR: Final = 0.75  # and never further than this in heights of the box: 1.3 m for a person
_ALIKE: Final = 0.6  # least ratio of the widths and of the heights within reach


class Expected(NamedTuple):
    """Where n tracks are expected in this frame.

    Attributes:
        xyxy: (n, 4) predicted boxes, x1 y1 x2 y2.
        uncertainty: asked only if needed, gives the variance (n,) in px² of the predicted centres.
        confirmed: (n,)
        class_id: (n,)
    """

    xyxy: Floats
    uncertainty: Callable[[], Floats]
    confirmed: NDArray[np.bool_]
    class_id: NDArray[np.int64]


def pair(expected: Expected, found: Detections, *, high_score: float) -> NDArray[np.intp]:
    """Give each of n tracks a detection or none; no detection goes to two.

    Args:
        expected: the tracks.
        found: the detections, of positive size.
        high_score: from which a detection is confident.

    Returns:
        (n,) index of the detection of each track, -1 for none.
    """
    partner = np.full(len(expected.xyxy), -1)
    if not partner.size or not len(found):
        return partner
    xyxy = found.xyxy.astype(np.float64)
    same = expected.class_id[:, None] == found.class_id
    overlap = iou(expected.xyxy, xyxy) * same
    near = overlap * found.score
    near[near <= _NEAR] = 0.0
    open_ = _Open(expected.confirmed, found.score >= high_score, partner)
    doubtful = near  # asked for only if there are doubtful detections
    if open_.has(high=False):
        doubtful = np.where(overlap > _NEAR_DOUBTFUL, overlap, 0.0)
    open_.match(near, confirmed=True, high=True)
    open_.match(doubtful, confirmed=True, high=False)
    open_.match(near, confirmed=False, high=True)
    open_.match(doubtful, confirmed=False, high=False)
    if open_.has(high=True):
        close = within_reach(expected.xyxy, expected.uncertainty(), xyxy) * same
        open_.match(close, confirmed=True, high=True)
        open_.match(close, confirmed=False, high=True)
    return partner


class _Open:
    """The tracks and detections that no stage has paired yet; `partner` is filled as the stages go."""

    def __init__(self, confirmed: NDArray[np.bool_], high: NDArray[np.bool_], partner: NDArray[np.intp]) -> None:
        self._tracks: dict[bool, list[int]] = {True: [], False: []}
        for i, is_confirmed in enumerate(confirmed.tolist()):
            self._tracks[is_confirmed].append(i)
        self._found: dict[bool, list[int]] = {True: [], False: []}
        for j, is_high in enumerate(high.tolist()):
            self._found[is_high].append(j)
        self._partner = partner

    def has(self, *, high: bool) -> bool:
        """Whether there is a detection of this kind, and a track that could have it."""
        return bool(self._found[high] and (self._tracks[True] or self._tracks[False]))

    def match(self, weight: Floats, *, confirmed: bool, high: bool) -> None:
        """Pair what is left of both sides for the greatest total of `weight` (n, m); 0 forbids a pair."""
        if not self._tracks[confirmed] or not self._found[high]:
            return
        rows, columns = self._tracks[confirmed], self._found[high]
        if (len(rows), len(columns)) != weight.shape:
            weight = weight[rows][:, columns]
        pairs = [(rows[i], columns[j]) for i, j in assign(weight)]
        for i, j in pairs:
            self._partner[i] = j
            rows.remove(i)
            columns.remove(j)


def iou(a: Floats, b: Floats) -> Floats:
    """Intersection over union (n, m) of boxes x1 y1 x2 y2 (n, 4) and (m, 4), all of positive size."""
    p, q = a.T[:, :, None], b.T[:, None, :]
    sides = np.minimum(p[2:], q[2:]) - np.maximum(p[:2], q[:2])
    np.maximum(sides, 0.0, out=sides)
    shared = sides[0] * sides[1]
    size_p, size_q = p[2:] - p[:2], q[2:] - q[:2]
    return np.asarray(shared / (size_p[0] * size_p[1] + size_q[0] * size_q[1] - shared))


def within_reach(expected: Floats, uncertainty: Floats, found: Floats) -> Floats:
    """How well detections (m, 4) fit where tracks (n, 4) may have got to, (n, m) in 0..1, 0 out of reach.

    The likelihood of the distance between the centres, times the poorer ratio of the two widths and heights.
    """
    p, q = expected.T[:, :, None], found.T[:, None, :]
    offset = ((q[:2] + q[2:]) - (p[:2] + p[2:])) * 0.5
    offset2 = (offset * offset).sum(axis=0)
    distance2 = offset2 / uncertainty[:, None]
    size_p, size_q = p[2:] - p[:2], q[2:] - q[:2]
    alike = (np.minimum(size_p, size_q) / np.maximum(size_p, size_q)).min(axis=0)
    allowed = (distance2 < _REACH) & (offset2 < (_FAR * size_p[1]) ** 2) & (alike > _ALIKE)
    return np.where(allowed, np.exp(-0.5 * distance2) * alike, 0.0)
