"""Which time every camera should have told of, so that what never arrived is seen.

A device that sends nothing says nothing about itself. But a camera that told of an hour before the period and of none
in it is not a shop without visitors. So each camera is expected from its first hour on: to its last one where the
device went on without it (somebody took it out of the configuration), else to the end of the period or to now.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, ScalarSelect, and_, func, select, union

from edge_agent.fleet.figures.scope import Period, Question
from edge_agent.fleet.store.rows import local
from edge_agent.fleet.store.tables import devices, hours

HOUR_S: Final = 3600
LATE_S: Final = 900  # an hour that ended this recently may still be on its way


@dataclass(frozen=True, slots=True)
class Span:
    """A camera, and the time of the period that it should have told of.

    Attributes:
        site_id, device_id, device, camera, tz: which one, and its time zone.
        begin_s, end_s: the time expected, in UTC; nothing where they are the same.
        told_s: how much of it its hours cover.
        last_s: end of its last hour in the store.
    """

    site_id: int
    device_id: int
    device: str
    camera: str
    tz: str
    begin_s: int
    end_s: int
    told_s: int
    last_s: int

    @property
    def not_received_s(self) -> int:
        """Seconds of hours that never arrived."""
        return max(0, self.end_s - self.begin_s - self.told_s)


def spans_of(ask: Question) -> tuple[Span, ...]:
    """One span per camera that the store has ever heard of by the end of the period."""
    until_s = (ask.now_s - LATE_S) // HOUR_S * HOUR_S
    told = _told(ask)
    found = []
    for row in _lives(ask):
        begin_s, end_s = edges_s(ask.period, row.tz)
        # Of a device whose other cameras went on, this one was taken out; of one that fell silent, all are missing.
        was_removed = row.last_s < row.device_last_s or row.admitted_s is None
        begin_s = max(begin_s, row.first_s)
        end_s = min(end_s, row.last_s if was_removed else max(until_s, row.last_s))
        if begin_s < end_s:
            key = (row.device_id, row.camera)
            found.append(
                Span(row.site_id, row.device_id, row.device, row.camera, row.tz, begin_s, end_s, told[key], row.last_s)
            )
    return tuple(sorted(found, key=lambda span: (span.site_id, span.device, span.camera)))


def expected_by_hour(spans: tuple[Span, ...]) -> Counter[tuple[date, int]]:
    """Seconds that should have been told of, per local day and hour; the hour that comes twice has both."""
    alike = Counter((span.tz, span.begin_s, span.end_s) for span in spans)
    sums: Counter[tuple[date, int]] = Counter()
    for (tz, begin_s, end_s), cameras in alike.items():
        for day, hour, seconds in _hours(tz, begin_s, end_s):
            sums[day, hour] += cameras * seconds
    return sums


def _hours(tz: str, begin_s: int, end_s: int) -> Iterator[tuple[date, int, int]]:
    at_s = begin_s
    while at_s < end_s:
        next_s = min(end_s, (at_s // HOUR_S + 1) * HOUR_S)
        clock = local(at_s, tz)
        yield clock.date(), clock.hour, next_s - at_s
        at_s = next_s


def edges_s(period: Period, tz: str) -> tuple[int, int]:
    """Begin and end of the period in UTC; an hour belongs to the local day that it began in."""
    zone = ZoneInfo(tz)
    midnights = (datetime.combine(day, time(), zone) for day in (period.first, period.last + timedelta(days=1)))
    begin_s, end_s = (-(-int(midnight.timestamp()) // HOUR_S) * HOUR_S for midnight in midnights)
    return begin_s, end_s


def _told(ask: Question) -> Counter[tuple[int, str]]:
    """Seconds that the hours of each camera cover."""
    seconds = func.sum(hours.c.expected_s)
    asked = select(hours.c.device_id, hours.c.camera, seconds).where(ask.of_hours)
    rows = ask.connection.execute(asked.group_by(hours.c.device_id, hours.c.camera))
    return Counter({(device_id, camera): int(told_s) for device_id, camera, told_s in rows})


def _lives(ask: Question) -> list[Row[Any]]:
    """First and last hour of each camera: of those with hours in the period, and of those heard of just before it."""
    by_then_s = int(datetime.combine(ask.period.first + timedelta(days=1), time(), UTC).timestamp())
    last_of_device = (
        select(func.max(hours.c.start_s))
        .where(hours.c.device_id == devices.c.id, hours.c.start_s < by_then_s)
        .correlate(devices)
        .scalar_subquery()
    )
    silent = select(hours.c.device_id, hours.c.camera).join(
        devices, and_(devices.c.id == hours.c.device_id, hours.c.start_s == last_of_device)
    )
    silent = silent.where(ask.of_sites(devices.c.site_id))
    heard = select(hours.c.device_id, hours.c.camera).where(ask.of_hours)
    cameras = union(heard, silent).subquery()

    def edge(column: str, *, last: bool, of_device: bool = False) -> ScalarSelect[Any]:
        other = hours.alias()
        same = [other.c.device_id == cameras.c.device_id]
        if not of_device:
            same.append(other.c.camera == cameras.c.camera)
        ordered = other.c.start_s.desc() if last else other.c.start_s
        return select(other.c[column]).where(*same).order_by(ordered).limit(1).scalar_subquery()

    asked = select(
        devices.c.site_id,
        cameras.c.device_id,
        devices.c.device,
        devices.c.admitted_s,
        cameras.c.camera,
        edge("tz", last=True).label("tz"),
        edge("start_s", last=False).label("first_s"),
        edge("end_s", last=True).label("last_s"),
        edge("end_s", last=True, of_device=True).label("device_last_s"),
    ).join(devices, devices.c.id == cameras.c.device_id)
    return list(ask.connection.execute(asked))
