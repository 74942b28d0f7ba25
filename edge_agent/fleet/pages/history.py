"""What a device did lately: its hours, what is missing of them and why, and the problems that were noticed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from edge_agent.fleet.devices import DAY_S, Device
from edge_agent.fleet.store.tables import devices, hour_gaps, hours, problems
from edge_agent.message import CameraHealth, CameraState

WEEK_S: Final = 7 * DAY_S
_HOURS: Final = 24  # of each camera, at most four


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of a device: what made its counts, and how it does."""

    name: str
    made: CameraState | None
    health: CameraHealth | None


def cameras(device: Device) -> list[Camera]:
    """Its cameras, by name; of the birth and of the fresh health message together."""
    made = {camera.name: camera for camera in device.birth.cameras} if device.birth else {}
    health = {camera.name: camera for camera in device.now.cameras} if device.now else {}
    return [Camera(name, made.get(name), health.get(name)) for name in sorted({*made, *health})]


@dataclass(frozen=True, slots=True)
class Week:
    """Of the hours of the last seven days: seconds expected, seen, and missing by cause."""

    expected_s: int
    observed_s: int
    causes: Sequence[tuple[str, int]]


def week(connection: Connection, device_id: int, now_s: int) -> Week:
    """Sum up the last seven days of a device."""
    of = (hours.c.device_id == device_id, hours.c.start_s > now_s - WEEK_S)
    expected_s, observed_s = connection.execute(
        select(
            func.coalesce(func.sum(hours.c.expected_s), 0), func.coalesce(func.sum(hours.c.observed_s), 0)
        ).where(*of)
    ).one()
    missing = func.sum(hour_gaps.c.s)
    causes = connection.execute(
        select(hour_gaps.c.cause, missing)
        .where(hour_gaps.c.device_id == device_id, hour_gaps.c.start_s > now_s - WEEK_S)
        .group_by(hour_gaps.c.cause)
        .having(missing > 0)
        .order_by(missing.desc())
    )
    return Week(int(expected_s), int(observed_s), [(cause, int(seconds)) for cause, seconds in causes])


@dataclass(frozen=True, slots=True)
class LastHour:
    """A sealed hour, with its gaps."""

    row: Row[Any]
    gaps: Sequence[tuple[str, int]]


def last_hours(connection: Connection, device_id: int, cameras: int) -> list[LastHour]:
    """The newest sealed hours of all cameras of a device."""
    rows = connection.execute(
        select(hours)
        .where(hours.c.device_id == device_id)
        .order_by(hours.c.start_s.desc(), hours.c.camera, hours.c.seq.desc())
        .limit(_HOURS * min(4, max(1, cameras)))
    ).all()
    gaps: dict[tuple[str, int], list[tuple[str, int]]] = {}
    if rows:
        query = select(hour_gaps).where(
            hour_gaps.c.device_id == device_id, hour_gaps.c.start_s >= min(row.start_s for row in rows)
        )
        for gap in connection.execute(query.order_by(hour_gaps.c.s.desc())):
            gaps.setdefault((gap.epoch, gap.seq), []).append((gap.cause, gap.s))
    return [LastHour(row, gaps.get((row.epoch, row.seq), ())) for row in rows]


def problems_of(
    connection: Connection, *, device_id: int | None = None, only_open: bool = False, limit: int
) -> Sequence[Row[Any]]:
    """What ingest noticed, newest first; what lasts before what is over."""
    query = (
        select(problems, devices.c.tenant, devices.c.site, devices.c.device)
        .join(devices, devices.c.id == problems.c.device_id)
        .order_by(problems.c.over_s.is_not(None), problems.c.noticed_s.desc(), problems.c.id.desc())
        .limit(limit)
    )
    if device_id is not None:
        query = query.where(problems.c.device_id == device_id)
    if only_open:
        query = query.where(problems.c.over_s.is_(None))
    return connection.execute(query).all()
