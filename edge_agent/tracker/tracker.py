"""The life of tracks: born of a confident detection, confirmed when seen often enough, ended when unseen too long."""

import math
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.config.schema import TrackerConfig
from edge_agent.records import Detections, Tracks
from edge_agent.tracker import motion
from edge_agent.tracker.association import Expected, pair

_LIFE: Final = np.dtype(
    [
        ("track_id", np.int64),
        ("class_id", np.int64),
        ("score", np.float32),
        ("xyxy", np.float32, (4,)),
        ("confirmed", np.bool_),
        ("seen", np.bool_),  # in the last frame
        ("looks", np.int64),  # frames since its birth
        ("sights", np.int64),  # those in which it was seen
        ("sure_sights", np.int64),  # … by a confident detection
        ("born_s", np.float64),
        ("seen_s", np.float64),
    ]
)

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
        self._high_score = high_score
        self._low_score = low_score
        self._next_id = 1
        self._t_s = -math.inf
        self._life = np.zeros(0, _LIFE)
        self._motion = motion.born(np.zeros((4, 0)))
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
        if len(self._life):
            self._expire()
            self._motion = motion.predicted(self._motion, dt_s)
        if len(self._life) or len(detections):
            found = self._usable(detections)
            unpaired = self._continue(found)
            self._drop_flicker()
            self._begin(found, unpaired)
        return self._tracks()

    def reset(self) -> None:
        """End all tracks, because the source starts over; the next update reports their ids as ended."""
        self._keep(np.zeros(len(self._life), dtype=np.bool_))
        self._t_s = -math.inf

    def _usable(self, detections: Detections) -> Detections:
        xyxy = detections.xyxy
        sized = xyxy[:, :2] < xyxy[:, 2:]
        usable = sized[:, 0] & sized[:, 1] & (detections.score >= self._low_score)
        if _all(usable):
            return detections
        return Detections(xyxy[usable], detections.score[usable], detections.class_id[usable])

    def _expire(self) -> None:
        self._keep(self._t_s - self._life["seen_s"] <= self._config.lost_s + _INSTANT_S)

    def _continue(self, found: Detections) -> NDArray[np.bool_]:
        """Pair tracks with detections and move on both; returns which detections (m,) found no track."""
        unpaired = np.ones(len(found), dtype=np.bool_)
        life = self._life
        if not len(life):
            return unpaired
        expected = Expected(
            motion.boxes(self._motion),
            partial(motion.uncertainty, self._motion),
            life["confirmed"],
            life["class_id"],
        )
        partner = pair(expected, found, high_score=self._high_score)
        life["seen"] = partner >= 0
        life["looks"] += 1
        rows = life["seen"].nonzero()[0]
        columns = partner[rows]
        unpaired[columns] = False
        if len(rows) == len(life):
            self._motion = self._see(life, self._motion, found, columns)
            return unpaired
        life["xyxy"] = expected.xyxy
        if len(rows):
            seen = life[rows]
            self._motion[:, rows] = self._see(seen, self._motion[:, rows], found, columns)
            life[rows] = seen
        return unpaired

    def _see(
        self, life: NDArray[np.void], state: motion.State, found: Detections, columns: NDArray[np.intp]
    ) -> motion.State:
        """Enter the detections `columns` into `life` (n,), in place, and return the corrected state (4, n, 6)."""
        config = self._config
        xyxy = found.xyxy[columns]
        life["xyxy"] = xyxy
        life["score"] = found.score[columns]
        life["seen_s"] = self._t_s
        life["sights"] += 1
        life["sure_sights"] += life["score"] >= self._high_score
        old_enough = self._t_s - life["born_s"] >= config.confirm_s - _INSTANT_S
        life["confirmed"] |= old_enough & (life["sure_sights"] >= config.confirm_hits)
        return motion.corrected(state, motion.measured(xyxy))

    def _drop_flicker(self) -> None:
        life = self._life
        if not _all(life["confirmed"]):
            self._keep(life["confirmed"] | (2 * life["sights"] >= life["looks"]))

    def _begin(self, found: Detections, unpaired: NDArray[np.bool_]) -> None:
        fresh = (unpaired & (found.score >= self._high_score)).nonzero()[0]
        if not len(fresh):
            return
        fresh = fresh[: self._make_room(len(fresh))]
        config = self._config
        life = np.zeros(len(fresh), _LIFE)
        life["track_id"] = np.arange(self._next_id, self._next_id + len(fresh))
        life["class_id"] = found.class_id[fresh]
        life["score"] = found.score[fresh]
        life["xyxy"] = found.xyxy[fresh]
        life["confirmed"] = config.confirm_hits <= 1 and config.confirm_s <= 0
        life["seen"] = True
        life["looks"] = life["sights"] = life["sure_sights"] = 1
        life["born_s"] = life["seen_s"] = self._t_s
        self._next_id += len(fresh)
        self._life = np.concatenate((self._life, life))
        positions = motion.measured(found.xyxy[fresh])
        self._motion = np.concatenate((self._motion, motion.born(positions)), axis=1)

    def _make_room(self, wanted: int) -> int:
        """Evict unseen tracks, the longest unseen first, for `wanted` new ones; returns how many fit."""
        life = self._life
        surplus = len(life) + wanted - self._config.max_tracks
        if surplus > 0:
            stalest = np.argsort(np.where(life["seen"], math.inf, life["seen_s"]), kind="stable")[:surplus]
            kept = life["seen"].copy()
            kept |= ~np.isin(np.arange(len(life)), stalest)
            self._keep(kept)
        return min(wanted, self._config.max_tracks - len(self._life))

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        if _all(kept):
            return
        self._ended += self._life["track_id"][~kept].tolist()
        self._life = self._life[kept]
        self._motion = self._motion[:, kept]

    def _tracks(self) -> Tracks:
        life = self._life
        ended, self._ended = tuple(self._ended), []
        return Tracks(
            t_s=self._t_s,
            track_id=life["track_id"].copy(),
            xyxy=life["xyxy"].copy(),
            class_id=life["class_id"].copy(),
            score=life["score"].copy(),
            confirmed=life["confirmed"].copy(),
            seen=life["seen"].copy(),
            ended=ended,
        )


def _all(flags: NDArray[np.bool_]) -> bool:
    return int(np.count_nonzero(flags)) == len(flags)  # a tenth of the time of flags.all()
