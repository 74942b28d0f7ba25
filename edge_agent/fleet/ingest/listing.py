"""What `edge-agent fleet devices` lists, as rows of words."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, func, select

from edge_agent.fleet.store.tables import devices, problems, quarantine, watermarks

MOST_PROBLEMS: Final = 1_000
"""Of the list; the newest."""

_NAMES: Final = (devices.c.tenant, devices.c.site, devices.c.device)


def list_devices(connection: Connection) -> Iterator[tuple[str, ...]]:
    """Device, status, when last seen, epoch and watermark of its outbox, kinds of its open problems."""
    of_epoch = (watermarks.c.device_id == devices.c.id) & (watermarks.c.epoch == devices.c.epoch)
    rows = select(*_NAMES, devices, watermarks.c.seq).outerjoin(watermarks, of_epoch).order_by(*_NAMES)
    open_ = select(problems.c.device_id, problems.c.kind).where(problems.c.over_s.is_(None)).distinct()
    kinds: dict[int, list[str]] = {}
    for device_id, kind in connection.execute(open_.order_by(problems.c.kind)):
        kinds.setdefault(device_id, []).append(kind)
    for row in connection.execute(rows):
        found = kinds.get(row.id, [])
        status = "silent" if "silent" in found else json.loads(row.state)["status"] if row.state else "unknown"
        yield (
            f"{row.tenant}/{row.site}/{row.device}",
            status if row.admitted_s is not None else "quarantine",
            _instant(row.last_seen_s),
            row.epoch or "-",
            "-" if row.seq is None else str(row.seq),
            " ".join(found) or "-",
        )


def list_quarantine(connection: Connection) -> Iterator[tuple[str, ...]]:
    """Devices that are not admitted, when first and last seen, and how many of their messages wait."""
    waiting = select(quarantine.c.device_id, func.count().label("messages")).group_by(quarantine.c.device_id).subquery()
    rows = (
        select(*_NAMES, devices.c.first_seen_s, devices.c.last_seen_s, func.coalesce(waiting.c.messages, 0))
        .outerjoin(waiting, waiting.c.device_id == devices.c.id)
        .where(devices.c.admitted_s.is_(None))
        .order_by(*_NAMES)
    )
    for tenant, site, device, first_s, last_s, messages in connection.execute(rows):
        yield f"{tenant}/{site}/{device}", _instant(first_s), _instant(last_s), str(messages)


def list_problems(connection: Connection, *, past_too: bool) -> Iterator[tuple[str, ...]]:
    """Problems, newest first."""
    rows = select(*_NAMES, problems).join(devices, devices.c.id == problems.c.device_id)
    if not past_too:
        rows = rows.where(problems.c.over_s.is_(None))
    for row in connection.execute(
        rows.order_by(problems.c.noticed_s.desc(), problems.c.id.desc()).limit(MOST_PROBLEMS)
    ):
        first, last = row.first_seq, row.last_seq
        yield (
            _instant(row.noticed_s),
            _instant(row.over_s),
            f"{row.tenant}/{row.site}/{row.device}",
            row.kind,
            row.epoch or "-",
            "-" if first is None else str(first) if first == last else f"{first} to {last}",
            row.detail,
        )


def _instant(seconds: int | None) -> str:
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
