"""`/metrics`: the fleet for Prometheus, worked out from the store when it is asked for.

The names are listed in docs/ops.md; alert rules stand on them.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from edge_agent.fleet.devices import Device, DeviceState, by_state, read_devices
from edge_agent.fleet.pages.desk import Desk, desk_of
from edge_agent.fleet.store.tables import dead_letters, messages, problems, quarantine

_PREFIX: Final = "footfall_fleet"
_DEVICE: Final = ("tenant", "site", "device")
_LATELY_S: Final = 300

_OF_DEVICE: Final = (
    ("device_last_seen_age_seconds", "Seconds since anything came from the device."),
    ("device_online", "1 while the device is online, 0 otherwise."),
    ("device_outbox_rows", "Messages that wait on the device for the watermark."),
    ("device_outbox_unsent", "Of these, those that no broker has acknowledged."),
    ("device_temperature_celsius", "Of the device's processor."),
    ("device_fps", "Frames per second of the device's slowest camera."),
    ("device_cameras_blind", "Cameras of the device that do not see now."),
    ("device_clock_synced", "1 while the device's clock can be trusted."),
    ("device_coverage_ratio", "Seconds seen of those expected in the last 24 whole hours."),
    ("device_open_problems", "Problems of the device that last."),
    ("device_messages_waiting", "Messages in quarantine because nobody has admitted the device."),
)


class _Fleet(Collector):
    """Reads the store once per scrape."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterable[Metric]:
        """All metrics. What is not known has no sample: a device that is away has no temperature."""
        desk, now_s = self._desk, int(self._desk.now())
        with desk.engine.connect() as connection:
            found = read_devices(connection, now_s, desk.silent_after_min)
            newest_s = connection.scalar(select(func.max(messages.c.received_s)))
            lately = connection.scalar(
                select(func.count()).select_from(messages).where(messages.c.received_s > now_s - _LATELY_S)
            )
            letters = connection.scalar(select(func.count()).select_from(dead_letters))
            waiting = connection.scalar(select(func.count()).select_from(quarantine))
            kinds = connection.execute(
                select(problems.c.kind, func.count()).where(problems.c.over_s.is_(None)).group_by(problems.c.kind)
            ).all()
        yield _labelled("devices", "Devices by state.", "state", by_state(found).items())
        yield _labelled("problems_open", "Problems that last, by kind.", "kind", kinds)
        yield _plain("messages_stored_5m", "Messages stored in the last five minutes.", lately)
        if newest_s is not None:
            yield _plain("message_newest_age_seconds", "Seconds since a message was stored.", max(0, now_s - newest_s))
        yield _plain("dead_letters", "Messages that could not be stored.", letters)
        yield _plain("quarantine_messages", "Messages of devices that nobody has admitted.", waiting)
        yield _plain("broker_connected", "1 while the pages hear the broker.", int(desk.live.connected))
        yield from _of_devices(found, now_s)


def _of_devices(found: list[Device], now_s: int) -> Iterator[Metric]:
    families = {name: GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=_DEVICE) for name, text in _OF_DEVICE}
    for device in found:
        labels = (device.tenant, device.site, device.device)
        for family, value in zip(families.values(), _values(device, now_s), strict=True):
            if value is not None:
                family.add_metric(labels, value)
    yield from families.values()


def _values(device: Device, now_s: int) -> tuple[float | None, ...]:
    """In the order of the table."""
    now = device.now
    return (
        None if device.last_seen_s is None else max(0, now_s - device.last_seen_s),
        int(device.state is DeviceState.ONLINE),
        device.outbox_rows,
        now.outbox_unsent if now else None,
        device.temperature_c,
        device.fps,
        sum(not camera.seeing for camera in now.cameras) if now else None,
        int(now.clock == "synced") if now else None,
        device.coverage.share,
        device.open_problems,
        device.waiting,
    )


def _plain(name: str, text: str, value: float | None) -> Metric:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", text, value=value or 0)


def _labelled(name: str, text: str, label: str, values: Iterable[tuple[str, int]]) -> Metric:
    family = GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=(label,))
    for word, count in values:
        family.add_metric((str(word),), count)
    return family


def metrics(request: Request) -> Response:
    """`/metrics`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fleet(desk_of(request)))
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")
