"""The whole device: what is started in which order, what is watched, and how it stops.

Start: outbox, uplink, cameras, health; READY=1 once the network has run. Stop, in the other order: the cameras end
their stays and save their open windows, the uplink says goodbye, the outbox is closed.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Final

import cv2
import onnxruntime

from edge_agent import __version__
from edge_agent.camera import ReaderExhausted
from edge_agent.clock import Clock
from edge_agent.config import (
    CameraConfig,
    Config,
    config_hash,
    crash_point,
    geometry_hash,
    notify_socket,
    state_folder,
    watchdog_s,
)
from edge_agent.detector.session import Detector
from edge_agent.health import Machine, Progress, health_server, notify_systemd
from edge_agent.message import CameraState, Health, State, base_topic
from edge_agent.outbox import Outbox, OutboxFull
from edge_agent.records import Detections, Image
from edge_agent.service.feed import feed_maker
from edge_agent.service.ledger import Ledger
from edge_agent.service.threads import GiveUp, Supervised, spawn
from edge_agent.service.worker import Worker
from edge_agent.terms import ClockState
from edge_agent.uplink import Uplink

_log = logging.getLogger(__name__)

_TURN_S: Final = 0.5
_CAMERA_WITHIN_S: Final = 25.0  # a turn of a camera's thread: one frame, or a second without one
_UPLINK_WITHIN_S: Final = 60.0  # a turn of the uplink, which may wait for a name server
_STUCK_FOR_S: Final = 60.0  # without systemd's watchdog: end, so that whoever started us can start us again
_STOP_S: Final = 10.0
_DRAIN_S: Final = 30.0
"""How long a clip that is over waits for the broker to take its windows."""


class Service:
    """One device with all its cameras."""

    def __init__(
        self, config: Config, detector: Detector, clock: Clock, *, config_folder: Path, realtime: bool = False
    ) -> None:
        """Open the outbox and prepare the threads.

        Raises:
            OutboxError: the outbox is in use by another process, or of a newer version.
            SourceError: a clip cannot be opened.
            OSError: the state folder cannot be written, or the port of the metrics is taken.
        """
        self._config = config
        self._detector = detector
        self._clock = clock
        self._asked_to_stop = False
        self._signal = 0
        self._stop = threading.Event()
        self._stop_uplink = threading.Event()
        self._progress = Progress(clock)
        self._started_s = clock.monotonic()
        self._detecting = threading.Lock()
        self._storing = threading.Lock()
        self._latest: Health | None = None
        folder = state_folder(config)
        crash = _crasher(crash_point())
        self._outbox = Outbox(folder / "outbox.db", max_mb=config.storage.max_mb, clock=clock, at=crash)
        self._boot = _count_boot(self._outbox)
        self._ledger = Ledger(config, folder, clock)
        self._machine = Machine(folder)
        site = config.site
        self._uplink = Uplink(
            broker=config.broker,
            outbox=self._outbox,
            base=base_topic(site.tenant, site.site, site.device),
            client_id=f"{site.tenant}.{site.site}.{site.device}",
            birth=lambda session: self._state("online", session),
            will=lambda session: self._state("offline", session),
            clock=clock,
            at=crash,
        )
        self._workers = [self._worker(camera, config_folder, realtime=realtime) for camera in config.camera]
        self._server = (
            health_server(config.health.listen, lambda: self._latest, self._progress.stuck)
            if config.health.listen
            else None
        )

    def run(self) -> bool:
        """Run until stopped by a signal, or until all clips are over; tell whether everything was handed to a broker.

        Raises:
            GiveUp: a part cannot be kept alive; the caller exits with 75.
        """
        self._catch_signals()
        uplink = Supervised("uplink", lambda: self._uplink.run(self._stop_uplink), self._clock)
        cameras = [
            Supervised(f"camera-{worker.figures.name}", worker.run, self._clock, fatal=(ReaderExhausted,))
            for worker in self._workers
        ]
        health = Supervised("health", self._report_health, self._clock)
        try:
            for part in (uplink, *cameras, health):
                part.start()
            if self._server is not None:
                spawn(self._server.serve_forever, "metrics")
            notify_systemd(notify_socket(), "READY=1")
            self._watch((uplink, *cameras, health), cameras)
        finally:
            handed_over = self._shut_down(uplink, cameras, health)
        return handed_over

    def stop(self) -> None:
        """Ask it to stop; returns at once. Safe in a signal handler: it takes no lock."""
        self._asked_to_stop = True

    # -- while it runs -----------------------------------------------------------------------------------------

    def _watch(self, parts: Iterable[Supervised], cameras: list[Supervised]) -> None:
        feed_every_s = (watchdog_s() or 0.0) / 3
        fed_s = stuck_since_s = self._clock.monotonic()
        while not self._asked_to_stop:
            time.sleep(_TURN_S)
            for part in parts:
                part.check()
            if all(camera.finished for camera in cameras):
                return
            self._progress.stamp("uplink", within_s=_UPLINK_WITHIN_S, at_s=self._uplink.progress_s)
            now_s = self._clock.monotonic()
            stuck = self._progress.stuck()
            if not stuck:
                stuck_since_s = now_s
            elif now_s - stuck_since_s > _STUCK_FOR_S:
                raise GiveUp(f"no progress for {_STUCK_FOR_S:.0f} s in {', '.join(stuck)}")
            if feed_every_s and not stuck and now_s - fed_s >= feed_every_s:
                notify_systemd(notify_socket(), "WATCHDOG=1")
                fed_s = now_s

    def _shut_down(self, uplink: Supervised, cameras: list[Supervised], health: Supervised) -> bool:
        notify_systemd(notify_socket(), "STOPPING=1")
        over = not self._asked_to_stop and all(camera.finished for camera in cameras)
        if self._signal:
            _log.info("stopping on %s", signal.Signals(self._signal).name)
        self._stop.set()
        for camera, worker in zip(cameras, self._workers, strict=True):
            if not camera.join(_STOP_S):
                _log.error("%s does not stop; its last seconds are lost", camera.name)
                worker.hide()
        handed_over = self._drain(_DRAIN_S if over else 2 * _TURN_S)
        self._stop_uplink.set()
        self._uplink.wake()
        for part in (uplink, health):
            part.join(_STOP_S)
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._outbox.close()
        return handed_over or not over

    def _drain(self, timeout_s: float) -> bool:
        """Wait until the broker has everything; a signal that comes meanwhile ends the wait."""
        asked = self._asked_to_stop
        for _ in range(round(timeout_s / _TURN_S)):
            if self._uplink.drained(_TURN_S):
                return True
            if self._asked_to_stop != asked:
                break
        return False

    def _report_health(self) -> None:
        interval_s = self._config.health.interval_s
        wait_s = min(interval_s, 5.0)  # the first one soon: ops want to see a device that was just started
        while not self._stop.wait(wait_s):
            self._latest = self._health()
            self._uplink.publish_health(self._latest.payload())
            gates = ((worker.figures.name, worker.gate) for worker in self._workers)
            self._uplink.publish_kept("privacy", self._ledger.payload(gates))
            wait_s = interval_s

    # -- what it is made of ----------------------------------------------------------------------------------------

    def _worker(self, camera: CameraConfig, config_folder: Path, *, realtime: bool) -> Worker:
        stage = f"camera-{camera.name}"
        feed = feed_maker(self._config, camera, config_folder, self._clock, realtime=realtime, stop=self._stop)
        return Worker(
            self._config,
            camera,
            detector=self._detector,
            detect=self._detect,
            clock=self._clock,
            outbox=self._outbox,
            storing=self._storing,
            feed=feed,
            publish_live=self._uplink.publish_live,
            wake=self._uplink.wake,
            alive=lambda: self._progress.stamp(stage, within_s=_CAMERA_WITHIN_S),
            done=lambda: self._progress.forget(stage),
        )

    def _detect(self, image: Image) -> Detections:
        """One network for all cameras: its buffers are used by one thread at a time."""
        with self._detecting:
            return self._detector.detect(image)

    def _state(self, status: str, session: int) -> bytes:
        site = self._config.site
        return State(
            status="online" if status == "online" else "offline",
            tenant=site.tenant,
            site=site.site,
            device=site.device,
            session=session,
            boot=self._boot,
            epoch=self._outbox.stats().epoch or None,
            agent=__version__,
            onnxruntime=onnxruntime.__version__,
            opencv=cv2.__version__,
            tz=site.time_zone,
            config=config_hash(self._config),
            cameras=tuple(
                CameraState(name=camera.name, model=self._detector.model_sha256[:16], geometry=geometry_hash(camera))
                for camera in self._config.camera
            ),
        ).payload()

    def _health(self) -> Health:
        now_s = self._clock.monotonic()
        stats = self._outbox.stats()
        states = [worker.gate.clock_state for worker in self._workers if worker.gate is not None]
        return Health(
            device=self._config.site.device,
            session=self._uplink.session,
            uptime_s=round(now_s - self._started_s),
            clock=states[0] if states else ClockState.UNSYNCED,
            cameras=tuple(worker.figures.report(now_s) for worker in self._workers),
            provider=self._detector.provider,
            provider_fell_back=self._detector.fell_back,
            precision=self._detector.precision.value,
            outbox_rows=stats.rows,
            outbox_unsent=stats.unsent,
            outbox_oldest_seq=stats.oldest_seq,
            outbox_bytes=stats.size_bytes,
            outbox_dropped=stats.dropped_rows,
            outbox_quarantined=stats.quarantined,
            publish_refused=self._uplink.counters.refused,
            **self._machine.figures()._asdict(),
        )

    def _catch_signals(self) -> None:
        def on_signal(number: int, _: FrameType | None) -> None:
            self._signal = number  # logged later: logging takes locks as well
            self.stop()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, on_signal)
            signal.signal(signal.SIGINT, on_signal)


_BOOT: Final = "@boot"  # among the checkpoints of cameras, whose names begin with a letter or digit


def _count_boot(outbox: Outbox) -> int:
    """Return how often the agent has been started with this outbox."""
    before = outbox.checkpoints().get(_BOOT, b"0")
    boot = (int(before) if before.isdigit() else 0) + 1
    try:
        outbox.save_checkpoint(_BOOT, str(boot).encode())
    except OutboxFull as error:
        _log.error("this start is not numbered: %s", error)
    return boot


def _crasher(point: str | None) -> Callable[[str], None]:
    """Return what is called at each crash point: it does nothing, except at the n-th hit of `NAME:n`, in tests."""
    name, _, hits = (point or "").partition(":")
    left = int(hits) if hits.isdigit() else 1

    def at(reached: str) -> None:
        nonlocal left
        if reached == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return at
