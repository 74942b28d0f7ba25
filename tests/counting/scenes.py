"""Scenes for tests: tracks written as points where the feet are, in a picture of 1000 x 1000 pixels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge_agent.config import CameraConfig, LineConfig, ZoneConfig
from edge_agent.counting import SceneCounter
from edge_agent.records import Crossing, Events, Occupancy, Stay, Tracks
from edge_agent.terms import Direction

SIZE: Final = 1000
CLASSES: Final = ("person", "bottle")
IN, OUT = Direction.IN, Direction.OUT

DOOR: Final[Mapping[str, object]] = {
    # From top to bottom in the middle of the picture; inside is on the right.
    "name": "door",
    "from": (0.5, 0.2),
    "to": (0.5, 0.8),
    "inside": (0.9, 0.5),
}
TABLE: Final[Mapping[str, object]] = {
    "name": "table",
    "polygon": ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)),
}


@dataclass(frozen=True)
class Seen:
    """One track in one frame; x and y are where the feet are."""

    x: float
    y: float = 500.0
    track_id: int = 1
    confirmed: bool = True
    seen: bool = True
    class_id: int = 0
    height: float = 100.0
    width: float = 40.0


def frame(t_s: float, *people: Seen, ended: tuple[int, ...] = ()) -> Tracks:
    """Return what a tracker says of these people."""
    boxes = [(p.x - p.width / 2, p.y - p.height, p.x + p.width / 2, p.y) for p in people]
    return Tracks(
        t_s=t_s,
        track_id=np.array([p.track_id for p in people], np.int64),
        xyxy=np.array(boxes, np.float32).reshape(-1, 4),
        class_id=np.array([p.class_id for p in people], np.int64),
        score=np.full(len(people), 0.9, np.float32),
        confirmed=np.array([p.confirmed for p in people], np.bool_),
        seen=np.array([p.seen for p in people], np.bool_),
        ended=ended,
    )


Line = LineConfig | Mapping[str, object]
Zone = ZoneConfig | Mapping[str, object]


def camera(*, lines: Iterable[Line] = (), zones: Iterable[Zone] = (), name: str = "entrance") -> CameraConfig:
    """Return a camera with these lines and zones."""
    return CameraConfig.model_validate({"name": name, "source": "clip.mp4", "line": tuple(lines), "zone": tuple(zones)})


def counter(
    *,
    lines: Iterable[Line] = (),
    zones: Iterable[Zone] = (),
    width: int = SIZE,
    height: int = SIZE,
) -> SceneCounter:
    """Return a counter for a picture with these lines and zones."""
    return SceneCounter(camera(lines=lines, zones=zones), class_names=CLASSES, width=width, height=height)


@dataclass
class Outcome:
    """All that a counter said."""

    events: list[Events]

    @property
    def crossings(self) -> list[Crossing]:
        """Every crossing, in the order of the reports."""
        return [crossing for events in self.events for crossing in events.crossings]

    @property
    def directions(self) -> list[Direction]:
        """Every crossing's direction, in the order of the reports."""
        return [crossing.direction for crossing in self.crossings]

    @property
    def stays(self) -> list[Stay]:
        """Every stay, in the order of the reports."""
        return [stay for events in self.events for stay in events.stays]

    @property
    def occupancy(self) -> list[Occupancy]:
        """Every change of occupancy, in the order of the reports."""
        return [change for events in self.events for change in events.occupancy]


def play(counter: SceneCounter, frames: Iterable[Tracks], *, close: bool = True) -> Outcome:
    """Show the frames to the counter; `close` ends everything at the time of the last one."""
    events = []
    t_s = 0.0
    for tracks in frames:
        t_s = tracks.t_s
        events.append(counter.update(tracks))
    if close:
        events.append(counter.close(t_s))
    return Outcome(events)


def walk(points: Sequence[tuple[float, float]], *, every_s: float = 0.1, track_id: int = 1) -> list[Tracks]:
    """Return the frames of one confirmed track that is seen at these points."""
    return [frame(i * every_s, Seen(x, y, track_id)) for i, (x, y) in enumerate(points)]
