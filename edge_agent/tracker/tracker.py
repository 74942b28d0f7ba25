"""The life of tracks: born of a confident detection, confirmed when seen often enough, ended when unseen too long."""

import math
from typing import Final

import numpy as np

from edge_agent.config.schema import TrackerConfig
from edge_agent.records import Detections, Tracks
from edge_agent.tracker.association import pair
from edge_agent.tracker.motion import Motion
from edge_agent.tracker.track import Found, Track

_INSTANT_S: Final = 1e-6  # sums of frame times are not exact: three frames of 0.1 s must make 0.3 s


class Tracker:
    """ByteTrack (Zhang et al. 2022) with time in seconds; `motion` and `association` say where they depart from it.

    A track is born of any unpaired detection of `high_score` or more. The paper asks for 0.1 more, because it
    confirms after two frames; here `confirm_hits` confident sights over `confirm_s` stand between a detection and
    a count, and the operating threshold of a model card is chosen to mean a person. Until confirmed, a track must
    be seen in at least every other frame, which flicker is not.

    One tracker serves one camera and one thread. Ids count from 1 and are never given twice by the same tracker.

    Args:
        config: when tracks are confirmed and end, and how many there may be.
        high_score: from which a detection is confident: the operating threshold of the model.
        low_score: below which a detection is nothing; in between it may continue a track but not begin one.

    Raises:
        ValueError: the scores are not 0 <= low <= high <= 1.
    """

    def __init__(self, config: TrackerConfig, *, high_score: float, low_score: float) -> None:
        if not 0 <= low_score <= high_score <= 1:
            raise ValueError(f"low_score {low_score} and high_score {high_score}: must be 0 <= low <= high <= 1")
        self._config = config
        # Scores are float32: one of exactly the threshold must pass it.
        self._high_score = float(np.float32(high_score))
        self._low_score = float(np.float32(low_score))
        self._next_id = 1
        self._t_s = -math.inf
        self._live: list[Track] = []
        self._ended: list[int] = []

    def update(self, detections: Detections, t_s: float) -> Tracks:
        """Take the detections of the next frame; an empty frame must be given too.

        Args:
            detections: of one frame; boxes without a size are left out.
            t_s: monotonic time of the frame in seconds; frames may be unevenly spaced.

        Returns:
            All live tracks after the frame, and the ids of those that ended since the last call.

        Raises:
            ValueError: `t_s` is not finite or lies before the last frame.
        """
        if not self._t_s <= t_s < math.inf:
            raise ValueError(f"frame at {t_s} s after one at {self._t_s} s: call reset() when a source starts over")
        dt_s, self._t_s = t_s - self._t_s, t_s
        self._expire()
        for track in self._live:
            track.expect(dt_s)
        self._begin(self._continue(self._usable(detections)))
        return self._tracks()

    def reset(self) -> None:
        """End all tracks, because the source starts over; the next update reports their ids as ended."""
        self._end(self._live)
        self._t_s = -math.inf

    def _usable(self, detections: Detections) -> list[Found]:
        return [
            Found((x1, y1, x2, y2), score, class_id)
            for (x1, y1, x2, y2), score, class_id in zip(
                detections.xyxy.tolist(), detections.score.tolist(), detections.class_id.tolist(), strict=True
            )
            if x1 < x2 and y1 < y2 and score >= self._low_score
        ]

    def _expire(self) -> None:
        longest_s = self._config.lost_s + _INSTANT_S
        self._end([track for track in self._live if self._t_s - track.seen_s > longest_s])

    def _continue(self, found: list[Found]) -> list[Found]:
        """Move tracks to their detections and end flickers; returns the confident detections that found no track."""
        partner = pair(self._live, found, high_score=self._high_score)
        for i, j in partner.items():
            self._see(self._live[i], found[j])
        self._end([track for track in self._live if not track.confirmed and 2 * track.sights < track.looks])
        taken = set(partner.values())
        return [seen for j, seen in enumerate(found) if j not in taken and seen.score >= self._high_score]

    def _see(self, track: Track, found: Found) -> None:
        track.see(found, self._t_s, sure=found.score >= self._high_score)
        if not track.confirmed:
            old_enough = self._t_s - track.born_s >= self._config.confirm_s - _INSTANT_S
            track.confirmed = old_enough and track.sure_sights >= self._config.confirm_hits

    def _begin(self, fresh: list[Found]) -> None:
        if not fresh:
            return
        confirmed = self._config.confirm_hits <= 1 and self._config.confirm_s <= 0
        for box, score, class_id in fresh[: self._make_room(len(fresh))]:
            born = Track(self._next_id, class_id, score, box, self._t_s, self._t_s, confirmed, Motion(box))
            self._live.append(born)
            self._next_id += 1

    def _make_room(self, wanted: int) -> int:
        """Evict unseen tracks, the longest unseen first, for `wanted` new ones; returns how many fit."""
        surplus = len(self._live) + wanted - self._config.max_tracks
        if surplus > 0:
            unseen = [track for track in self._live if not track.seen]
            self._end(sorted(unseen, key=lambda track: track.seen_s)[:surplus])
        return min(wanted, self._config.max_tracks - len(self._live))

    def _end(self, over: list[Track]) -> None:
        if over:
            gone = {track.track_id for track in over}
            self._ended += sorted(gone)
            self._live = [track for track in self._live if track.track_id not in gone]

    def _tracks(self) -> Tracks:
        live = self._live
        ended, self._ended = tuple(self._ended), []
        return Tracks(
            t_s=self._t_s,
            track_id=np.array([track.track_id for track in live], np.int64),
            xyxy=np.array([track.box for track in live], np.float32).reshape(-1, 4),
            class_id=np.array([track.class_id for track in live], np.int64),
            score=np.array([track.score for track in live], np.float32),
            confirmed=np.array([track.confirmed for track in live], np.bool_),
            seen=np.array([track.seen for track in live], np.bool_),
            ended=ended,
        )
