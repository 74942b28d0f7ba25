"""One camera's thread: from the next picture to the closed window in the outbox."""

import logging
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Final

from edge_agent.anonymise import Draft, Gate
from edge_agent.clock import Clock
from edge_agent.config import CameraConfig, Config
from edge_agent.detector.session import Detector
from edge_agent.health import CameraFigures
from edge_agent.message import live_payload
from edge_agent.outbox import Outbox, OutboxFull
from edge_agent.pipeline import Detect, Pipeline, Step, make_pipeline
from edge_agent.records import Events
from edge_agent.service.feed import Feed

if TYPE_CHECKING:  # nothing of demographics is loaded where no camera has them switched on
    from edge_agent.demographics import FaceModel

_log = logging.getLogger(__name__)

_RETRY_S: Final = 5.0  # how often a full outbox is tried again
_NOTHING: Final = Events(0.0)


class Worker:
    """The body of a camera's thread; `run` may be called again after it failed."""

    def __init__(
        self,
        config: Config,
        camera: CameraConfig,
        *,
        detector: Detector,
        detect: Detect,
        clock: Clock,
        outbox: Outbox,
        storing: Lock,
        feed: Callable[[], Feed],
        publish_live: Callable[[str, bytes], None],
        wake: Callable[[], None],
        alive: Callable[[], None],
        done: Callable[[], None],
        faces: "FaceModel | None" = None,
    ) -> None:
        """Prepare.

        Args:
            config: the whole configuration.
            camera: the camera of it.
            detector: the network's thresholds and classes.
            detect: how a picture gets to the network.
            clock: the machine's.
            outbox: where windows and checkpoints go.
            storing: one for all cameras of the outbox, so that a loss is reported by one of them.
            feed: opens the camera or clip.
            publish_live: takes a live leaf and its payload.
            wake: tells the uplink that there are new rows.
            alive: called at every turn.
            done: called when no more turns are to be expected.
            faces: what visitors are read with, where the camera's demographics are switched on.
        """
        self.figures = CameraFigures(camera.name)
        self.gate: Gate | None = None
        self._config = config
        self._camera = camera
        self._detector = detector
        self._detect = detect
        self._faces = faces
        self._clock = clock
        self._outbox = outbox
        self._storing = storing
        self._feed = feed
        self._publish_live = publish_live
        self._wake = wake
        self._alive = alive
        self._done = done
        self._waiting: list[Draft] = []
        self._checkpoint: bytes | None = None
        """What is open beside `waiting`; newer than the outbox's while the disk is full."""
        self._tried_s = 0.0
        self._trouble = ""
        self._saved_s = 0.0
        self._live: dict[str, int | None] = {}

    def run(self) -> None:
        """Count until the clip is over or the service stops. What is open is then in the outbox."""
        feed = self._feed()
        try:
            self._count(feed)
        except Exception:
            self.hide()
            raise
        finally:
            feed.close()
            self._done()

    def hide(self) -> None:
        """Say 'unknown' on every live leaf: nobody looks any more. Also for a thread that does not come back."""
        for leaf in self._live:
            self._publish_live(leaf, live_payload(None))
        self._live = {}

    def _count(self, feed: Feed) -> None:
        clock = feed.clock
        pipeline, gate = self._stages(clock)
        self.gate = gate
        start_s = self._saved_s = clock.monotonic()
        gate.begin(start_s)
        self._keep(Step(start_s, _NOTHING, tuple(gate.drafts())), gate)
        for step in pipeline.run(feed.items()):
            self._measure(step, clock)
            self._keep(step, gate)
            feed.report(self.figures)
            self._alive()
        last_s = clock.monotonic()
        step = pipeline.close(last_s) if feed.ended else pipeline.suspend(last_s)
        self._keep(step, gate, final=True)
        self.figures.blind = gate.blind

    def _stages(self, clock: Clock) -> tuple[Pipeline, Gate]:
        saved = self._checkpoint or self._outbox.checkpoints().get(self._camera.name)
        make = partial(
            make_pipeline, self._config, self._camera, self._detector, clock, detect=self._detect, faces=self._faces
        )
        try:
            return make(saved=saved)
        except ValueError as error:
            _log.error("camera %s: %s", self._camera.name, error)
            return make()

    def _measure(self, step: Step, clock: Clock) -> None:
        if step.look is not None:
            self.figures.frames += 1
            self.figures.latencies_s.append(clock.monotonic() - step.look.frame.t_s)

    def _keep(self, step: Step, gate: Gate, *, final: bool = False) -> None:
        """Bring closed windows and the open one onto the disk, and what changed to the dashboards."""
        changed = gate.blind is not self.figures.blind or bool(step.drafts or step.events.occupancy)
        self.figures.blind = gate.blind
        due = step.t_s - self._saved_s >= self._config.windows.checkpoint_s
        # Also when due: the day's totals change without an event when the wall clock becomes known.
        if changed or step.events.crossings or final or due:
            self._show(gate)
        self._waiting += step.drafts
        if final or due or (self._waiting and (step.drafts or self._clock.monotonic() - self._tried_s >= _RETRY_S)):
            self._store(gate)
            self._saved_s = step.t_s

    def _store(self, gate: Gate) -> None:
        """Closed windows and what is open now, all or nothing; what the disk has no room for waits in memory."""
        self._tried_s = self._clock.monotonic()
        self._checkpoint = gate.checkpoint()
        try:
            with self._storing:
                self._append(self._checkpoint)
        except OutboxFull as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                _log.error("camera %s: %s; counting goes on, closed windows wait in memory", self._camera.name, error)
            return
        if self._trouble:
            self._trouble = ""
            _log.info("camera %s: the outbox takes windows again", self._camera.name)
        if self._waiting:
            self._waiting = []
            self._wake()

    def _append(self, checkpoint: bytes) -> None:
        lost = self._outbox.stats().unreported_rows if self._waiting else 0
        drafts = [self._waiting[0].reporting(lost), *self._waiting[1:]] if lost else self._waiting
        self._outbox.append(
            [(draft.leaf, draft.seal) for draft in drafts],
            checkpoint=(self._camera.name, checkpoint),
            reported_rows=lost,
        )

    def _show(self, gate: Gate) -> None:
        live = gate.live()
        for leaf, value in live.items():
            if leaf not in self._live or self._live[leaf] != value:
                self._publish_live(leaf, live_payload(value))
        self._live = live
