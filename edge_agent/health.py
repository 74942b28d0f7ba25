"""What the device tells about itself: progress stamps, the health message, /metrics, /healthz, systemd.

The watchdog is fed by progress and by nothing else: every stage that has been seen alive once must have moved since the
last time, or systemd is left to restart the service.
"""

import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Final, NamedTuple, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import psutil
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edge_agent.clock import Clock
from edge_agent.message import CameraHealth, Health
from edge_agent.terms import GapCause

_log = logging.getLogger(__name__)

_PATIENCE_S: Final = 2.0  # with a client that has connected and says nothing
_LATENCIES = 1024
_MIB = 2**20


class Progress:
    """Who was last seen moving, and when. Stages stamp, the watchdog reads.

    A stage is expected to move from its first stamp on, so that a slow start is not taken for a stop.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._late_after: dict[str, float] = {}

    def stamp(self, stage: str, *, within_s: float, at_s: float | None = None) -> None:
        """Say that a stage moved (now, or at `at_s`), and within what time it will again."""
        with self._lock:
            self._late_after[stage] = (self._clock.monotonic() if at_s is None else at_s) + within_s

    def forget(self, stage: str) -> None:
        """Expect nothing more of a stage that has finished or is being restarted."""
        with self._lock:
            self._late_after.pop(stage, None)

    def stuck(self) -> list[str]:
        """Return the stages that should have moved by now."""
        now_s = self._clock.monotonic()
        with self._lock:
            return sorted(name for name, late_s in self._late_after.items() if now_s > late_s)


@dataclass
class CameraFigures:
    """Running figures of one camera; written by its thread, read by the health thread."""

    name: str
    frames: int = 0
    dropped: int = 0
    reconnects: int = 0
    blind: GapCause | None = GapCause.CONNECTING
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=_LATENCIES))
    _reported: tuple[int, float] | None = None

    def report(self, now_s: float) -> CameraHealth:
        """Return the figures since the last report, rates over that time."""
        frames_then, then_s = self._reported or (0, now_s)
        self._reported = (self.frames, now_s)
        elapsed_s = now_s - then_s
        latencies = sorted(self.latencies_s.popleft() for _ in range(len(self.latencies_s)))
        return CameraHealth(
            name=self.name,
            seeing=self.blind is None,
            cause=self.blind,
            fps_milli=round(1000 * (self.frames - frames_then) / elapsed_s) if elapsed_s > 0 else 0,
            latency_ms=max(0, round(1000 * _percentile_95(latencies))) if latencies else None,
            frames=self.frames,
            dropped=self.dropped,
            reconnects=self.reconnects,
        )


def _percentile_95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


class MachineFigures(NamedTuple):
    """CPU of the process since the last look, its memory, the hottest sensor (None without one), free disk space."""

    cpu_percent: int
    rss_mb: int
    temperature_c: int | None
    disk_free_mb: int


class Machine:
    """Figures of the process and of the machine below it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call only sets the reference

    def figures(self) -> MachineFigures:
        """Look at the process and the machine."""
        return MachineFigures(
            cpu_percent=round(self._process.cpu_percent()),
            rss_mb=round(self._process.memory_info().rss / _MIB),
            temperature_c=_temperature_c(),
            disk_free_mb=_disk_free_mb(self._folder),
        )


def _disk_free_mb(folder: Path) -> int:
    try:
        return round(psutil.disk_usage(str(folder)).free / _MIB)
    except OSError:  # removed, or the disk fails: nothing can be stored there, and ops must hear it
        return 0


def _temperature_c() -> int | None:
    if not hasattr(psutil, "sensors_temperatures"):  # there is none outside of Linux and FreeBSD
        return None
    sensors = psutil.sensors_temperatures()
    readings = [reading.current for group in sensors.values() for reading in group if reading.current]
    return round(max(readings)) if readings else None


def notify_systemd(address: str | None, *states: str) -> None:
    """Tell systemd about READY=1, WATCHDOG=1, STATUS=…; nothing happens outside of systemd (sd_notify(3)).

    The socket may be a leftover of somebody else, or its queue full: that is no reason to wait or to stop counting.
    """
    if not address:
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.settimeout(0.0)  # not to wait at all
        try:
            channel.sendto("\n".join(states).encode(), target)
        except OSError as error:
            _log.debug("systemd does not hear %s: %s", ", ".join(states), error)


class _Families(Collector):
    """The health message as Prometheus metrics, one family per field."""

    def __init__(self, latest: Callable[[], Health | None]) -> None:
        self._latest = latest

    def collect(self) -> Iterable[Metric]:
        health = self._latest()
        if health is None:
            return
        counters = {"outbox_dropped", "outbox_quarantined", "publish_refused"}
        skip = {"schema_", "device", "session", "cameras", "clock", "provider", "precision"}
        for name, value in health.model_dump(exclude=skip).items():
            if value is None:
                continue
            family = CounterMetricFamily if name in counters else GaugeMetricFamily
            yield family(f"edge_agent_{name}", f"See {name} in the health message.", value=int(value))
        yield from _camera_families(health)


def _camera_families(health: Health) -> Iterable[Metric]:
    for name in ("frames", "dropped", "reconnects"):
        counter = CounterMetricFamily(f"edge_agent_camera_{name}", f"{name} since the start.", labels=["camera"])
        for camera in health.cameras:
            counter.add_metric([camera.name], getattr(camera, name))
        yield counter
    for name in ("seeing", "fps_milli", "latency_ms"):
        gauge = GaugeMetricFamily(f"edge_agent_camera_{name}", f"{name}, as in the health message.", labels=["camera"])
        for camera in health.cameras:
            if getattr(camera, name) is not None:
                gauge.add_metric([camera.name], int(getattr(camera, name)))
        yield gauge


class _Quiet(WSGIRequestHandler):
    timeout = _PATIENCE_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Keep requests out of the log."""


class _Server(WSGIServer):
    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - socketserver's signature
        """Keep a client that went away or said nothing out of the log."""
        _log.debug("a request to the health server failed", exc_info=True)


def health_server(listen: str, latest: Callable[[], Health | None], stuck: Callable[[], list[str]]) -> WSGIServer:
    """Return a server for /metrics and /healthz on a loopback address; the caller serves and closes it.

    Raises:
        OSError: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(_Families(latest))
    metrics = make_wsgi_app(registry)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return cast("Iterable[bytes]", metrics(environ, start_response))
        if path != "/healthz":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"there are /metrics and /healthz\n"]
        late = stuck()
        start_response("503 Service Unavailable" if late else "200 OK", [("Content-Type", "text/plain")])
        return [(f"stuck: {', '.join(late)}\n" if late else "ok\n").encode()]

    host, _, port = listen.rpartition(":")
    return make_server(host.strip("[]"), int(port), app, server_class=_Server, handler_class=_Quiet)
