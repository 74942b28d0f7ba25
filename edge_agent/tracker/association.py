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

import math
from collections.abc import Sequence
from typing import Final

from edge_agent.tracker.assignment import Link, Pairs, best_pairs
from edge_agent.tracker.motion import Box
from edge_agent.tracker.track import Found, Track

# From the data that benchmarks/tracker.py names.
_NEAR: Final = 0.2  # least IoU times score of a confident pair, as ByteTrack
_NEAR_DOUBTFUL: Final = 0.5  # least IoU of a doubtful pair, as ByteTrack: nothing else speaks for it
_REACH: Final = 6.0  # squared distance in standard deviations: the 95 % region of a plane
_FAR: Final = 0.75  # and never further than this in heights of the box: 1.3 m for a person
_ALIKE: Final = 0.6  # least ratio of the widths and of the heights within reach

_STAGES: Final = ((True, True), (True, False), (False, True), (False, False))
"""(track is confirmed, detection is confident), the surest first."""


def pair(tracks: Sequence[Track], found: Sequence[Found], *, high_score: float) -> dict[int, int]:
    """Give each track a detection or none; no detection goes to two.

    Args:
        tracks: where they are expected in this frame.
        found: the detections, of positive size.
        high_score: from which a detection is confident.

    Returns:
        The index of the detection of each track that has one, by the index of the track.
    """
    if not tracks or not found:
        return {}
    links = _near(tracks, found, high_score)
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for stage in _STAGES:
        if links[stage]:
            _enter(best_pairs(_open(links[stage], partner, taken)), partner, taken)
    if len(partner) == len(tracks) or len(taken) == len(found):
        return partner
    reach = _reach(tracks, found, high_score, partner, taken)
    for confirmed in (True, False):
        _enter(best_pairs(_open(reach[confirmed], partner, taken)), partner, taken)
    return partner


def _near(tracks: Sequence[Track], found: Sequence[Found], high_score: float) -> dict[tuple[bool, bool], list[Link]]:
    """The pairs of each stage that overlap well enough."""
    links: dict[tuple[bool, bool], list[Link]] = {stage: [] for stage in _STAGES}
    for i, track in enumerate(tracks):
        x1, y1, x2, y2 = track.box
        for j, (box, score, class_id) in enumerate(found):
            # In a crowd most pairs end here, at a third of the cost of a call.
            if box[0] >= x2 or box[2] <= x1 or box[1] >= y2 or box[3] <= y1 or class_id != track.class_id:
                continue
            overlap = iou(track.box, box)
            if score >= high_score:
                if overlap * score > _NEAR:
                    links[track.confirmed, True].append((i, j, overlap * score))
            elif overlap > _NEAR_DOUBTFUL:
                links[track.confirmed, False].append((i, j, overlap))
    return links


def _reach(
    tracks: Sequence[Track], found: Sequence[Found], high_score: float, partner: dict[int, int], taken: set[int]
) -> dict[bool, list[Link]]:
    """The pairs within reach of what is left, of confirmed tracks and of the others."""
    links: dict[bool, list[Link]] = {True: [], False: []}
    left = [(j, seen) for j, seen in enumerate(found) if j not in taken and seen.score >= high_score]
    for i, track in enumerate(tracks):
        if i in partner:
            continue
        for j, seen in left:
            if seen.class_id == track.class_id:
                fit = within_reach(track.box, track.motion.uncertainty(), seen.box)
                if fit > 0.0:
                    links[track.confirmed].append((i, j, fit))
    return links


def _open(links: list[Link], partner: dict[int, int], taken: set[int]) -> list[Link]:
    """Those between a track and a detection that no earlier stage has paired."""
    if not taken:
        return links
    return [link for link in links if link[0] not in partner and link[1] not in taken]


def _enter(pairs: Pairs, partner: dict[int, int], taken: set[int]) -> None:
    for i, j in pairs:
        partner[i] = j
        taken.add(j)


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes that overlap."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def within_reach(expected: Box, uncertainty: float, found: Box) -> float:
    """How well a detection fits where a track may have got to, in 0..1; 0 if it is out of reach.

    The likelihood of the distance between the centres, times the poorer ratio of the two widths and heights.
    """
    width, height = expected[2] - expected[0], expected[3] - expected[1]
    found_width, found_height = found[2] - found[0], found[3] - found[1]
    x = (found[0] + found[2] - expected[0] - expected[2]) * 0.5
    y = (found[1] + found[3] - expected[1] - expected[3]) * 0.5
    offset2 = x * x + y * y
    distance2 = offset2 / uncertainty
    if distance2 >= _REACH or offset2 >= (_FAR * height) ** 2:
        return 0.0
    alike = min(
        min(width, found_width) / max(width, found_width), min(height, found_height) / max(height, found_height)
    )
    return math.exp(-0.5 * distance2) * alike if alike > _ALIKE else 0.0
