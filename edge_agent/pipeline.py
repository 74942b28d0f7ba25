"""One camera's stages in a row: frame → detections → tracks → events → counts. No threads, no I/O.

What comes in is a stream of frames, gaps and ticks in the order of one clock; what goes out is a step for each, with
the windows that closed. Whoever drives it (the service, or a replay) decides where the frames come from and what
happens to the windows.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from edge_agent.anonymise import Calendar, Draft, Face, Gate, Plan
from edge_agent.config import CameraConfig, Config, config_hash, geometry_hash, opening_week
from edge_agent.counting import SceneCounter
from edge_agent.records import Detections, Events, Frame, Gap, Image, Tracks
from edge_agent.tracker import Tracker

Detect = Callable[[Image], Detections]


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing came; it is now `t_s`."""

    t_s: float


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame gave, for the person who replays a clip."""

    frame: Frame
    detections: Detections
    tracks: Tracks


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one item.

    Attributes:
        t_s: up to where time has been accounted for.
        events: what was counted.
        drafts: messages of the windows that closed.
        look: the frame and what was seen in it; None for gaps and ticks.
    """

    t_s: float
    events: Events
    drafts: tuple[Draft, ...] = ()
    look: Look | None = None


class Pipeline:
    """The stages of one camera.

    The counter is built when the first frame shows how large pictures are, and anew should that change.
    """

    def __init__(
        self,
        camera: CameraConfig,
        *,
        detect: Detect,
        class_names: tuple[str, ...],
        tracker: Tracker,
        gate: Gate,
        lost_s: float,
    ) -> None:
        """Take the stages; `lost_s` is how long a track outlives the last sight of it."""
        self._camera = camera
        self._detect = detect
        self._class_names = class_names
        self._tracker = tracker
        self._gate = gate
        self._lost_s = lost_s
        self._counter: SceneCounter | None = None
        self._size = (0, 0)
        self._seen_s = 0.0

    def run(self, items: Iterable[Frame | Gap | Tick]) -> Iterator[Step]:
        """Work through a stream of items, one step for each, in order."""
        for item in items:
            match item:
                case Frame():
                    yield self._frame(item)
                case Gap():
                    yield self._gap(item)
                case Tick():
                    self._gate.tick(item.t_s)
                    yield self._step(item.t_s, Events(item.t_s))

    def close(self, t_s: float) -> Step:
        """End all stays and close all windows: the clip is over."""
        events = self._counter.close(t_s) if self._counter else Events(t_s)
        self._gate.settle(events)
        self._gate.end()
        return self._step(t_s, events)

    def suspend(self, t_s: float) -> Step:
        """End all stays, so that they are in the checkpoint; windows stay open for the next process."""
        events = self._counter.close(t_s) if self._counter else Events(t_s)
        self._gate.settle(events)
        return self._step(t_s, events)

    def _frame(self, frame: Frame) -> Step:
        counter = self._counter_for(frame)
        self._seen_s = frame.t_s
        detections = self._detect(frame.image)
        tracks = self._tracker.update(detections, frame.t_s)
        events = counter.update(tracks)
        self._gate.frame(events)
        return self._step(frame.t_s, events, Look(frame, detections, tracks))

    def _gap(self, gap: Gap) -> Step:
        self._gate.gap(gap)
        events = Events(gap.end_s)
        if self._counter is not None and gap.end_s - self._seen_s > self._lost_s:
            # Nobody who was there can be followed any further: a dead camera must not freeze an occupancy.
            events = self._counter.close(gap.end_s)
            self._gate.settle(events)
        return self._step(gap.end_s, events)

    def _step(self, t_s: float, events: Events, look: Look | None = None) -> Step:
        return Step(t_s, events, tuple(self._gate.drafts()), look)

    def _counter_for(self, frame: Frame) -> SceneCounter:
        height, width = frame.image.shape[:2]
        if self._counter is None or (width, height) != self._size:
            if self._counter is not None:
                self._gate.settle(self._counter.close(frame.t_s))
            self._size = (width, height)
            self._counter = SceneCounter(self._camera, class_names=self._class_names, width=width, height=height)
        return self._counter


def plan_for(config: Config, camera: CameraConfig, *, model_sha256: str, hold_s: float | None = None) -> Plan:
    """Return what the windows of a camera need to know of the configuration."""
    hours = config.site.opening_hours
    return Plan(
        tenant=config.site.tenant,
        site=config.site.site,
        device=config.site.device,
        camera=camera.name,
        calendar=Calendar(
            ZoneInfo(config.site.time_zone),
            opening_week(hours) if hours else None,
            frozenset(hours.closed_on) if hours else frozenset(),
        ),
        face=Face(
            lines=tuple((line.name, line.role) for line in camera.line),
            zones=tuple(zone.name for zone in camera.zone),
            model=model_sha256[:16],
            geometry=geometry_hash(camera),
            config=config_hash(config),
        ),
        bucket_s=config.windows.bucket_min * 60,
        max_frame_gap_s=config.windows.max_frame_gap_s,
        hold_s=config.clock.hold_min * 60 if hold_s is None else hold_s,
    )
