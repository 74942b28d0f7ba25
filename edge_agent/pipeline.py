"""One camera's stages in a row: frame → detections → tracks → events → counts. No threads, no I/O.

What comes in is a stream of frames, gaps and ticks in the order of one clock; what goes out is a step for each, with
the windows that closed. Whoever drives it (the service, or a replay) decides where the frames come from and what
happens to the windows.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from edge_agent.anonymise import Calendar, Draft, Face, Gate, Plan, Reading, exact_epsilon
from edge_agent.camera import is_live
from edge_agent.clock import Clock, ManualClock
from edge_agent.config import (
    CameraConfig,
    Config,
    closed_dates,
    config_hash,
    geometry_hash,
    machine_folder,
    opening_week,
)
from edge_agent.counting import SceneCounter
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.catalogue import find_bundle
from edge_agent.detector.session import Detector
from edge_agent.records import Detections, Events, Frame, Gap, Image, Tracks
from edge_agent.tracker import Tracker

if TYPE_CHECKING:  # nothing of demographics is loaded where no camera has them switched on
    from edge_agent.demographics import FaceModel, VisitorReader
    from edge_agent.face_networks import FaceNetworks

Detect = Callable[[Image], Detections]

_PERSON: Final = "person"
"""The class that demographics are read of."""


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
        visitors: "VisitorReader | None" = None,
    ) -> None:
        """Take the stages; `lost_s` is how long a track outlives the last sight of it.

        `visitors` is the stage of demographics, None where they are switched off.
        """
        self._camera = camera
        self._detect = detect
        self._class_names = class_names
        self._tracker = tracker
        self._gate = gate
        self._lost_s = lost_s
        self._visitors = visitors
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
        """End all stays and visits and close all windows: the clip is over."""
        events = self._close(t_s)
        self._gate.settle(events)
        self._gate.end()
        return self._step(t_s, events)

    def suspend(self, t_s: float) -> Step:
        """End all stays and visits, so that they are in the checkpoint; windows stay open for the next process."""
        events = self._close(t_s)
        self._gate.settle(events)
        self._gate.leave()
        return self._step(t_s, events)

    def _frame(self, frame: Frame) -> Step:
        counter = self._counter_for(frame)
        self._seen_s = frame.t_s
        detections = self._detect(frame.image)
        tracks = self._tracker.update(detections, frame.t_s)
        events = counter.update(tracks)
        if self._visitors is not None:
            events = replace(events, visitors=self._visitors.update(frame, tracks))
        self._gate.frame(events)
        return self._step(frame.t_s, events, Look(frame, detections, tracks))

    def _gap(self, gap: Gap) -> Step:
        self._gate.gap(gap)
        events = Events(gap.end_s)
        if self._counter is not None and gap.end_s - self._seen_s > self._lost_s:
            # Nobody who was there can be followed any further: a dead camera must not freeze an occupancy.
            events = self._close(gap.end_s)
            self._gate.settle(events)
        return self._step(gap.end_s, events)

    def _close(self, t_s: float) -> Events:
        events = self._counter.close(t_s) if self._counter else Events(t_s)
        return events if self._visitors is None else replace(events, visitors=self._visitors.close(t_s))

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


def in_media_time(items: Iterable[Frame | Gap], clock: ManualClock) -> Iterator[Frame | Gap]:
    """Return the items of a clip; each moves the clip's clock to its own time before it is handed on."""
    for item in items:
        clock.advance_to(item.end_s if isinstance(item, Gap) else item.t_s)
        yield item


def make_pipeline(
    config: Config,
    camera: CameraConfig,
    detector: Detector,
    clock: Clock,
    *,
    detect: Detect,
    faces: "FaceModel | None" = None,
    saved: bytes | None = None,
) -> tuple[Pipeline, Gate]:
    """Put the stages of one camera together.

    Args:
        config: the whole configuration.
        camera: the camera of it.
        detector: what the thresholds and classes are taken from.
        clock: the one that the frames are stamped with.
        detect: how a picture gets to the detector, which cameras may share.
        faces: what visitors are read with; needed where the camera's demographics are switched on.
        saved: the checkpoint of an earlier process.

    Raises:
        ValueError: the checkpoint cannot be read.
        TypeError: demographics are switched on, and there is nothing to read them with.
    """
    gate = Gate(_plan(config, camera, detector.model_sha256, faces), clock, saved)
    pipeline = Pipeline(
        camera,
        detect=detect,
        class_names=detector.classes,
        tracker=Tracker(config.tracker, high_score=detector.threshold, low_score=detector.low),
        gate=gate,
        lost_s=config.tracker.lost_s,
        visitors=_visitors(config, detector, faces) if camera.demographics else None,
    )
    return pipeline, gate


def _visitors(config: Config, detector: Detector, faces: "FaceModel | None") -> "VisitorReader":
    from edge_agent.demographics import VisitorReader  # noqa: PLC0415 - not loaded where they are switched off

    if faces is None:
        raise TypeError("a camera with demographics needs a model for faces; see edge_agent.face_networks")
    return VisitorReader(config.demographics, faces, class_names=detector.classes)


def load_detector(config: Config, *, config_folder: Path, bundle: str | None = None) -> Detector:
    """Find the bundle, verify it, load the network and run it once; then see that it knows what is to be counted.

    Args:
        config: the whole configuration.
        config_folder: what a relative path of a bundle in it starts from.
        bundle: name or path that takes the place of the configured one; a relative path starts from here.

    Raises:
        BundleError: there is no such bundle, or it is not sound.
        ProviderError: another provider than the configured one would run.
        ValueError: a line or zone counts a class that the network does not know, or demographics have no person.
    """
    settings = config.detector
    folder = (
        find_bundle(bundle, state=machine_folder())
        if bundle is not None
        else find_bundle(settings.bundle, state=machine_folder(), relative_to=config_folder)
    )
    loaded = Bundle.load(folder)
    for camera in config.camera:
        SceneCounter(camera, class_names=loaded.card.classes, width=16, height=16)
    wanted = {name for camera in config.camera for line in camera.line for name in line.classes}
    wanted |= {name for camera in config.camera for zone in camera.zone for name in zone.classes}
    if any(camera.demographics for camera in config.camera):
        wanted.add(_PERSON)
        if _PERSON not in loaded.card.classes:
            known = ", ".join(loaded.card.classes)
            raise ValueError(f"demographics need the class '{_PERSON}'; bundle {loaded.card.name} has: {known}")
    detector = Detector(
        loaded,
        precision=settings.precision,
        provider=settings.provider,
        allow_fallback=settings.allow_fallback,
        threads=settings.threads,
        min_score=settings.min_score,
        classes_wanted=sorted(wanted) or None,
        state_folder=machine_folder(),
    )
    detector.warm_up()
    return detector


def load_faces(config: Config, *, config_folder: Path) -> "FaceNetworks | None":
    """Load what visitors are read with, as `load_detector` does; None where no camera's demographics are on.

    Raises:
        BundleError: there is no such bundle, it is not sound, or it is made for something else.
        ProviderError: another provider than the configured one would run.
    """
    if not any(camera.demographics for camera in config.camera):
        return None
    from edge_agent.face_networks import FaceNetworks  # noqa: PLC0415 - as in _visitors

    return FaceNetworks.load(config, config_folder=config_folder)


def _plan(config: Config, camera: CameraConfig, model_sha256: str, faces: "FaceModel | None") -> Plan:
    return Plan(
        tenant=config.site.tenant,
        site=config.site.site,
        device=config.site.device,
        camera=camera.name,
        calendar=Calendar(ZoneInfo(config.site.time_zone), opening_week(config.site), closed_dates(config.site)),
        face=Face(
            lines=tuple((line.name, line.role) for line in camera.line),
            zones=tuple(zone.name for zone in camera.zone),
            model=model_sha256[:16],
            geometry=geometry_hash(camera),
            config=config_hash(config),
        ),
        bucket_s=config.windows.bucket_min * 60,
        # Pictures that are asked for seldom are not late: the reader of a live camera allows them as much.
        max_frame_gap_s=max(config.windows.max_frame_gap_s, 1.5 / camera.max_fps if is_live(camera) else 0.0),
        hold_s=config.clock.hold_min * 60,
        reading=_reading(config, faces) if camera.demographics and faces is not None else None,
    )


def _reading(config: Config, faces: "FaceModel") -> Reading:
    return Reading(
        k=config.privacy.k,
        model=faces.model,
        sex=faces.errors.sex,
        age=faces.errors.age,
        epsilon_per_day=exact_epsilon(config.privacy.epsilon_per_day),
    )
