"""Where a camera's thread gets its items from: a live reader, or a clip in its own time."""

import threading
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Final, Protocol

from edge_agent.camera import ClipShape, Reader, clip_shape, is_live, limits_of, open_clip, open_source, replay
from edge_agent.clock import Clock, ManualClock
from edge_agent.config import CameraConfig, Config
from edge_agent.health import CameraFigures
from edge_agent.pipeline import Tick, in_media_time
from edge_agent.records import Frame, Gap
from edge_agent.service.threads import spawn

_TURN_S: Final = 1.0


class Feed(Protocol):
    """One camera's items, from its start to its end."""

    @property
    def clock(self) -> Clock:
        """The clock that the items are stamped with: the machine's, or the clip's own."""

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come: a clip that is over."""

    def items(self) -> Iterator[Frame | Gap | Tick]:
        """Frames, gaps and ticks in order, until the clip is over or the service stops."""

    def report(self, figures: CameraFigures) -> None:
        """Bring the camera's figures up to date."""

    def close(self) -> None:
        """Let go of the camera."""


def feed_maker(
    config: Config, camera: CameraConfig, folder: Path, clock: Clock, *, realtime: bool, stop: threading.Event
) -> Callable[[], Feed]:
    """Return what opens a camera's source, again after every failure of its thread.

    Raises:
        SourceError: a clip is missing, empty or unreadable, or there is no such kind of source. A live camera that is
            away is none of these: it may come back.
    """
    if is_live(camera):
        open_source(camera, folder).close()
        return lambda: LiveFeed(config, camera, folder, clock, stop)
    shape = clip_shape(camera.source, folder)
    return lambda: ClipFeed(config, camera, folder, clock, shape=shape, realtime=realtime, stop=stop)


class LiveFeed:
    """A reader thread's newest frames, and the time that passes between them."""

    ended = False

    def __init__(self, config: Config, camera: CameraConfig, folder: Path, clock: Clock, stop: threading.Event) -> None:
        self.clock = clock
        self._stop = stop
        self._reader = Reader(
            camera.name,
            lambda: open_source(camera, folder),
            clock=clock,
            spawn=spawn,
            limits=limits_of(camera),
            blind_after_s=config.windows.max_frame_gap_s,
        )

    def items(self) -> Iterator[Frame | Gap | Tick]:
        """See `Feed`."""
        self._reader.start()
        while not self._stop.is_set():
            item = self._reader.next(_TURN_S)
            yield Tick(self.clock.monotonic()) if item is None else item

    def report(self, figures: CameraFigures) -> None:
        """See `Feed`."""
        stats = self._reader.stats()
        figures.dropped = stats.dropped
        figures.reconnects = max(0, stats.opened - 1)

    def close(self) -> None:
        """See `Feed`."""
        self._reader.stop()


class ClipFeed:
    """A clip: every frame of it, on a clock that its time moves. It ends now, unless it plays in real time."""

    def __init__(
        self,
        config: Config,
        camera: CameraConfig,
        folder: Path,
        clock: Clock,
        *,
        shape: ClipShape,
        realtime: bool,
        stop: threading.Event,
    ) -> None:
        start_s = clock.utc() - (0.0 if realtime else shape.duration_s)
        self.clock = ManualClock(0.0, start_s)
        self.ended = False
        self._stop = stop
        self._frame_s = 1.0 / shape.fps
        self._items = replay(
            open_clip(camera.source, folder),
            frozen_after_s=camera.frozen_after_s,
            blind_after_s=config.windows.max_frame_gap_s,
            wait=stop.wait if realtime else None,
        )

    def items(self) -> Iterator[Frame | Gap | Tick]:
        """See `Feed`."""
        yield from in_media_time(takewhile(lambda _: not self._stop.is_set(), self._items), self.clock)
        if not self._stop.is_set():
            self.clock.advance(self._frame_s)
            self.ended = True

    def report(self, figures: CameraFigures) -> None:
        """See `Feed`. A clip drops nothing and is opened once."""

    def close(self) -> None:
        """See `Feed`."""
        self._items.close()
