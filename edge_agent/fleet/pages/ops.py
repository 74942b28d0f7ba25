"""The pages of the ops team: all devices, one device, problems, quarantine, dead letters.

These functions are not async: Starlette runs each in its pool of threads, so that a query of a second, on a store of
millions of hours, holds up neither the event streams nor other pages.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from edge_agent.fleet.devices import LITTLE_COVERAGE, Device, DeviceState, by_state, read_device, read_devices
from edge_agent.fleet.pages import history
from edge_agent.fleet.pages.desk import desk_of, key_of, page
from edge_agent.fleet.store.tables import dead_letters, devices, quarantine

PAGE: Final = 100
NEWEST: Final = 200  # of problems, dead letters
_FIRST_BYTES: Final = 400


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list that it can be sorted by."""

    key: str
    value: Callable[[Device], Any]
    number: bool = False


_STATES: Final = {state: place for place, state in enumerate(DeviceState)}

COLUMNS: Final = (
    Column("device", lambda device: (device.tenant, device.site, device.device)),
    Column("state", lambda device: _STATES[device.state]),
    Column("seen", lambda device: device.last_seen_s, number=True),
    Column("fps", lambda device: device.fps, number=True),
    Column("outbox", lambda device: device.outbox_rows, number=True),
    Column("temperature", lambda device: device.temperature_c, number=True),
    Column("coverage", lambda device: device.coverage.share, number=True),
    Column("clock", lambda device: device.clock and str(device.clock)),
    Column("version", lambda device: device.version and _natural(device.version)),
    Column("worries", lambda device: device.worries, number=True),
)


def _natural(version: str) -> tuple[tuple[int, int | str], ...]:
    """0.10.0 is after 0.9.0."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in version.split("."))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the list asks for; what it cannot mean is left aside."""

    sort: Column
    descending: bool
    state: DeviceState | None
    site: str
    region: str
    text: str
    number: int


def asked_of(request: Request) -> Asked:
    """Read the address."""
    query = request.query_params
    columns = {column.key: column for column in COLUMNS}
    states = {str(state): state for state in DeviceState}
    number = query.get("page", "")
    return Asked(
        sort=columns.get(query.get("sort", ""), columns["state"]),
        descending=query.get("order") == "desc",
        state=states.get(query.get("state", "")),
        site=query.get("site", "")[:200],
        region=query.get("region", "")[:200],
        text=query.get("q", "")[:200].strip().lower(),
        number=int(number) if number.isdecimal() and len(number) < 7 else 1,
    )


def chosen(found: Sequence[Device], asked: Asked) -> list[Device]:
    """Those that match, in order; what is not known comes last either way."""
    matching = [
        device
        for device in found
        if (asked.state is None or device.state is asked.state)
        and (not asked.site or f"{device.tenant}/{device.site}" == asked.site)
        and (not asked.region or device.region == asked.region)
        and (not asked.text or asked.text in f"{device.path} {device.name or ''} {device.region or ''}".lower())
    ]
    value = asked.sort.value
    known = [device for device in matching if value(device) is not None]
    known.sort(key=value, reverse=asked.descending)
    return known + [device for device in matching if value(device) is None]


def list_devices(request: Request) -> Response:
    """`/`: all devices."""
    desk, asked = desk_of(request), asked_of(request)
    with desk.engine.connect() as connection:
        found = read_devices(connection, int(desk.now()), desk.silent_after_min)
    matching = chosen(found, asked)
    last_page = max(1, -(-len(matching) // PAGE))
    number = min(max(1, asked.number), last_page)
    return page(
        request,
        "devices.html",
        asked=asked,
        columns=COLUMNS,
        counts=by_state(found),
        total=len(found),
        matching=len(matching),
        first=(number - 1) * PAGE,
        shown=matching[(number - 1) * PAGE : number * PAGE],
        number=number,
        last_page=last_page,
        sites=sorted({f"{device.tenant}/{device.site}" for device in found}),
        regions=sorted({device.region for device in found if device.region}),
        little=LITTLE_COVERAGE,
    )


def show_device(request: Request) -> Response:
    """`/devices/{tenant}/{site}/{device}`: all that is known of one."""
    desk, key, now_s = desk_of(request), key_of(request), int(desk_of(request).now())
    with desk.engine.connect() as connection:
        device = read_device(connection, key, now_s, desk.silent_after_min)
        if device is None:
            raise HTTPException(404)
        cameras = history.cameras(device)
        return page(
            request,
            "device.html",
            device=device,
            cameras=cameras,
            week=history.week(connection, device.id, now_s),
            hours=history.last_hours(connection, device.id, len(cameras)),
            problems=history.problems_of(connection, device_id=device.id, limit=50),
            little=LITTLE_COVERAGE,
        )


def list_problems(request: Request) -> Response:
    """`/problems`: what ingest noticed; those that last, or all."""
    everything = request.query_params.get("all") == "1"
    with desk_of(request).engine.connect() as connection:
        found = history.problems_of(connection, only_open=not everything, limit=NEWEST)
    return page(request, "problems.html", problems=found, everything=everything, newest=NEWEST)


def list_quarantine(request: Request) -> Response:
    """`/quarantine`: who speaks without having been admitted."""
    query = (
        select(
            devices.c.tenant,
            devices.c.site,
            devices.c.device,
            devices.c.first_seen_s,
            devices.c.last_seen_s,
            func.count(quarantine.c.id).label("waiting"),
        )
        .outerjoin(quarantine, quarantine.c.device_id == devices.c.id)
        .where(devices.c.admitted_s.is_(None))
        .group_by(devices.c.id)
        .order_by(devices.c.tenant, devices.c.site, devices.c.device)
    )
    with desk_of(request).engine.connect() as connection:
        found = connection.execute(query.limit(NEWEST)).all()
    return page(request, "quarantine.html", found=found, newest=NEWEST)


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it is shown: never more than the beginning of its payload."""

    received_s: int
    topic: str
    reason: str
    detail: str | None
    bytes: int
    beginning: str | None
    more: int


def list_dead_letters(request: Request) -> Response:
    """`/dead-letters`: what could not be stored, and why."""
    query = select(
        dead_letters.c.received_s,
        dead_letters.c.topic,
        dead_letters.c.reason,
        dead_letters.c.detail,
        dead_letters.c.bytes,
        func.substr(dead_letters.c.payload, 1, _FIRST_BYTES).label("beginning"),
    ).order_by(dead_letters.c.received_s.desc(), dead_letters.c.id.desc())
    with desk_of(request).engine.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(dead_letters))
        rows = connection.execute(query.limit(NEWEST)).all()
    letters = [
        Letter(
            row.received_s,
            row.topic,
            row.reason,
            row.detail,
            row.bytes,
            *_beginning(bytes(row.beginning), row.bytes),
        )
        for row in rows
    ]
    return page(request, "dead-letters.html", letters=letters, total=total, newest=NEWEST)


def _beginning(payload: bytes, size: int) -> tuple[str | None, int]:
    """The first lines, as text if it is text; and how many bytes are not shown."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        if error.start < len(payload) - 3:  # not just a letter that was cut in two
            return None, size
        text = payload[: error.start].decode()
    text = "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
    text = "\n".join(text.splitlines()[:6])
    return text, max(0, size - len(text.encode()))
