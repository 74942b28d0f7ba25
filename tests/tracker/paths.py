"""People as boxes: short ways to say who is where, for the tests of the tracker."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from edge_agent.config.schema import TrackerConfig
from edge_agent.records import Detections, Tracks
from edge_agent.tracker import Tracker

HEIGHT: Final = 100.0
WIDTH: Final = 30.0


class Seen(NamedTuple):
    """A detection of somebody 100 px tall whose centre is at (x, y)."""

    x: float
    y: float = 200.0
    score: float = 0.8
    class_id: int = 0


def frame(people: Iterable[Seen]) -> Detections:
    """Make the detections of one frame, best first as a detector gives them."""
    ordered = sorted(people, key=lambda seen: -seen.score)
    boxes = [(seen.x - WIDTH / 2, seen.y - HEIGHT / 2, seen.x + WIDTH / 2, seen.y + HEIGHT / 2) for seen in ordered]
    return Detections(
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.array([seen.score for seen in ordered], dtype=np.float32),
        np.array([seen.class_id for seen in ordered], dtype=np.int64),
    )


def make_tracker(config: TrackerConfig | None = None) -> Tracker:
    """Make a tracker with the thresholds of a usual model card."""
    return Tracker(config or TrackerConfig(), high_score=0.5, low_score=0.1)


def play(tracker: Tracker, times_s: Sequence[float], at: Callable[[float], Iterable[Seen]]) -> list[Tracks]:
    """Show the tracker who is where `at` each time."""
    return [tracker.update(frame(at(t_s)), t_s) for t_s in times_s]


def times(seconds: float, fps: float, *, start_s: float = 0.0) -> list[float]:
    """Return the times of the frames of `seconds` at an even rate."""
    return [start_s + i / fps for i in range(round(seconds * fps) + 1)]


def confirmed_ids(history: Iterable[Tracks]) -> list[int]:
    """Return the ids that were ever confirmed, in order."""
    return sorted({int(i) for tracks in history for i in tracks.track_id[tracks.confirmed]})


def centre_of(tracks: Tracks, track_id: int) -> tuple[float, float]:
    """Return the middle of a track's box."""
    x1, y1, x2, y2 = tracks.xyxy[tracks.track_id == track_id][0].tolist()
    return (x1 + x2) / 2, (y1 + y2) / 2
