"""How every device does, read from the store: its state, what it measured last, how much of the day it saw.

Nothing here is kept: it is worked out from the newest messages of each device when somebody asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Row, Select, distinct, func, select

from edge_agent.fleet.store.tables import devices, hours, problems, quarantine, sites
from edge_agent.message import Health, Privacy, State
from edge_agent.terms import ClockState, GapCause

DAY_S: Final = 86_400
_HOUR_S: Final = 3600
_LATE_S: Final = 300  # so long after its end a sealed hour may still be on its way
HOT_C: Final = 80  # a Raspberry Pi slows down from here on
LITTLE_DISK_MB: Final = 500
M = TypeVar("M", bound=BaseModel)

LITTLE_COVERAGE: Final = 0.95  # as `quality` says `degraded` below it


class DeviceState(StrEnum):
    """What ops wants to know first; in the order of what needs a hand soonest."""

    SILENT = "silent"  # says nothing, and no will told why
    OFFLINE = "offline"  # its last will came, or it said goodbye
    QUARANTINED = "quarantined"  # speaks, but nobody has admitted it
    NEVER_SEEN = "never_seen"  # admitted, but has not spoken yet
    ONLINE = "online"


class DeviceWarning(StrEnum):
    """What a device's own health message says is wrong."""

    BLIND = "blind"
    CLOCK = "clock"
    HOT = "hot"
    DISK = "disk"
    DROPPED = "dropped"
    OUTBOX = "outbox"
    REFUSED = "refused"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Seconds seen of the seconds expected in the last 24 whole hours, hours that have not come included."""

    expected_s: int
    observed_s: int
    absent_s: int

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where nothing was expected yet."""
        return min(1.0, self.observed_s / self.expected_s) if self.expected_s else None


@dataclass(frozen=True, slots=True)
class Device:
    """One device as ops sees it. What it measured is None where its health message is too old to say."""

    id: int
    site_id: int
    tenant: str
    site: str
    device: str
    name: str | None
    region: str | None
    state: DeviceState
    first_seen_s: int | None
    last_seen_s: int | None
    admitted_s: int | None
    birth: State | None
    birth_s: int | None
    health: Health | None
    health_s: int | None
    fresh: bool
    privacy: Privacy | None
    privacy_s: int | None
    coverage: Coverage
    open_problems: int
    waiting: int

    @property
    def path(self) -> str:
        """Its address within the fleet."""
        return f"{self.tenant}/{self.site}/{self.device}"

    @property
    def now(self) -> Health | None:
        """Its health message while that is fresh."""
        return self.health if self.fresh else None

    @property
    def fps(self) -> float | None:
        """Frames per second of its slowest camera."""
        cameras = self.now.cameras if self.now else ()
        return min((camera.fps_milli for camera in cameras), default=0) / 1000 if cameras else None

    @property
    def outbox_rows(self) -> int | None:
        """Messages that wait on the device for the watermark."""
        return self.now.outbox_rows if self.now else None

    @property
    def temperature_c(self) -> int | None:
        """Of its processor."""
        return self.now.temperature_c if self.now else None

    @property
    def clock(self) -> ClockState | None:
        """How far its clock can be trusted."""
        return self.now.clock if self.now else None

    @property
    def version(self) -> str | None:
        """Of the agent, from its last birth."""
        return self.birth.agent if self.birth else None

    @property
    def warnings(self) -> tuple[DeviceWarning, ...]:
        """What its fresh health message says is wrong."""
        return _warnings(self.now) if self.now else ()

    @property
    def worries(self) -> int:
        """Open problems and warnings together."""
        return self.open_problems + len(self.warnings)


def read_devices(connection: Connection, now_s: int, silent_after_min: int) -> list[Device]:
    """All devices, by tenant, site and name."""
    covered = _coverage(connection, now_s)
    open_problems = _counts(connection, select(problems.c.device_id, func.count()).where(problems.c.over_s.is_(None)))
    waiting = _counts(connection, select(quarantine.c.device_id, func.count()))
    rows = connection.execute(_rows().order_by(devices.c.tenant, devices.c.site, devices.c.device))
    silent_after_s = silent_after_min * 60
    return [_device(row, now_s, silent_after_s, covered, open_problems, waiting) for row in rows]


def read_device(
    connection: Connection, tenant: str, site: str, device: str, now_s: int, silent_after_min: int
) -> Device | None:
    """One device, or None where there is none of that name."""
    row = connection.execute(
        _rows().where(devices.c.tenant == tenant, devices.c.site == site, devices.c.device == device)
    ).one_or_none()
    if row is None:
        return None
    covered = _coverage(connection, now_s, row.id)
    counted = select(problems.c.device_id, func.count()).where(
        problems.c.over_s.is_(None), problems.c.device_id == row.id
    )
    waiting = select(quarantine.c.device_id, func.count()).where(quarantine.c.device_id == row.id)
    return _device(
        row, now_s, silent_after_min * 60, covered, _counts(connection, counted), _counts(connection, waiting)
    )


def _rows() -> Select[Any]:
    return select(devices, sites.c.name, sites.c.region).join(sites, sites.c.id == devices.c.site_id)


def _counts(connection: Connection, query: Select[Any]) -> Mapping[int, int]:
    (of, _) = query.selected_columns
    return {row[0]: row[1] for row in connection.execute(query.group_by(of))}


def _coverage(connection: Connection, now_s: int, device_id: int | None = None) -> Mapping[int, Row[Any]]:
    """What came of the last day. An interval of 24 h holds 24 beginnings of an hour, whatever the time zone."""
    last_s = now_s - _LATE_S - _HOUR_S
    query = select(
        hours.c.device_id,
        func.sum(hours.c.expected_s).label("expected_s"),
        func.sum(hours.c.observed_s).label("observed_s"),
        func.count(distinct(hours.c.camera)).label("cameras"),
    ).where(hours.c.start_s > last_s - DAY_S, hours.c.start_s <= last_s)
    if device_id is not None:
        query = query.where(hours.c.device_id == device_id)
    return {row.device_id: row for row in connection.execute(query.group_by(hours.c.device_id))}


def _device(
    row: Row[Any],
    now_s: int,
    silent_after_s: int,
    covered: Mapping[int, Row[Any]],
    open_problems: Mapping[int, int],
    waiting: Mapping[int, int],
) -> Device:
    birth, health = parsed(State, row.state), parsed(Health, row.health)
    state = _state(row, birth, now_s, silent_after_s)
    return Device(
        id=row.id,
        site_id=row.site_id,
        tenant=row.tenant,
        site=row.site,
        device=row.device,
        name=row.name,
        region=row.region,
        state=state,
        first_seen_s=row.first_seen_s,
        last_seen_s=row.last_seen_s,
        admitted_s=row.admitted_s,
        birth=birth,
        birth_s=row.state_s,
        health=health,
        health_s=row.health_s,
        fresh=state is DeviceState.ONLINE and row.health_s is not None and now_s - row.health_s <= silent_after_s,
        privacy=parsed(Privacy, row.privacy),
        privacy_s=row.privacy_s,
        coverage=_share_of_day(row, covered.get(row.id), birth, now_s),
        open_problems=open_problems.get(row.id, 0),
        waiting=waiting.get(row.id, 0),
    )


def parsed(model: type[M], text: str | None) -> M | None:
    """A stored message; None where there is none, or one of a version that this program does not read."""
    if text is None:
        return None
    try:
        return model.model_validate_json(text)
    except ValidationError:
        return None


def _state(row: Row[Any], birth: State | None, now_s: int, silent_after_s: int) -> DeviceState:
    if row.admitted_s is None:
        return DeviceState.QUARANTINED
    if row.last_seen_s is None:
        return DeviceState.NEVER_SEEN
    went = birth is not None and birth.status == "offline"
    if went and (row.health_s is None or row.state_s is None or row.health_s <= row.state_s):
        return DeviceState.OFFLINE
    return DeviceState.SILENT if now_s - row.last_seen_s > silent_after_s else DeviceState.ONLINE


def _share_of_day(row: Row[Any], came: Row[Any] | None, birth: State | None, now_s: int) -> Coverage:
    """Hours that never came count as not seen: a device that was away for the day saw nothing of it."""
    if row.admitted_s is None or row.first_seen_s is None:
        return Coverage(0, 0, 0)
    last_s = now_s - _LATE_S
    first_s = max(last_s - DAY_S, row.first_seen_s)
    cameras = max(len(birth.cameras) if birth else 0, came.cameras if came else 0)
    due_s = max(0, last_s - first_s) // _HOUR_S * _HOUR_S * cameras
    told_s, observed_s = (int(came.expected_s), int(came.observed_s)) if came else (0, 0)
    return Coverage(max(due_s, told_s), observed_s, max(0, due_s - told_s))


def _warnings(health: Health) -> tuple[DeviceWarning, ...]:
    blind = any(not camera.seeing and camera.cause is not GapCause.ENDED for camera in health.cameras)
    found = (
        (DeviceWarning.BLIND, blind),
        (DeviceWarning.CLOCK, health.clock is not ClockState.SYNCED),
        (DeviceWarning.HOT, health.temperature_c is not None and health.temperature_c >= HOT_C),
        (DeviceWarning.DISK, health.disk_free_mb < LITTLE_DISK_MB),
        (DeviceWarning.DROPPED, health.outbox_dropped > 0),
        (DeviceWarning.OUTBOX, health.outbox_quarantined > 0),
        (DeviceWarning.REFUSED, health.publish_refused > 0),
        (DeviceWarning.PROVIDER, health.provider_fell_back),
    )
    return tuple(warning for warning, is_so in found if is_so)


def by_state(found: Iterable[Device]) -> Mapping[DeviceState, int]:
    """How many devices are in each state; every state is there."""
    counts = dict.fromkeys(DeviceState, 0)
    for device in found:
        counts[device.state] += 1
    return counts
