"""Opens and closes the rows of the list of problems."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from edge_agent.fleet.ingest.frontier import Finding
from edge_agent.fleet.store.tables import devices, messages, problems

OLD_EPOCH_S: Final = 24 * 3600
"""A hole in an epoch that a device has left for so long will not be filled."""


def list_findings(connection: Connection, device_id: int, epoch: str, findings: Iterable[Finding], now_s: int) -> None:
    """Note what the frontier found."""
    rows = [
        {
            "device_id": device_id,
            "kind": finding.kind,
            "noticed_s": now_s,
            "over_s": None if finding.lasts else now_s,
            "epoch": epoch,
            "first_seq": finding.first_seq,
            "last_seq": finding.last_seq,
            "detail": finding.detail,
        }
        for finding in findings
    ]
    if rows:
        connection.execute(insert(problems), rows)


def list_missing(connection: Connection, device_id: int, epoch: str, hole: tuple[int, int], now_s: int) -> None:
    """Note a hole, or how it has changed."""
    first, last = hole
    count = last - first + 1
    detail = f"{'1 message is' if count == 1 else f'{count} messages are'} missing; the device will send them again"
    open_ = _open(device_id, "missing", epoch)
    known = connection.execute(select(problems.c.id, problems.c.first_seq, problems.c.last_seq).where(*open_)).first()
    if known is None:
        finding = Finding("missing", first, last, detail, lasts=True)
        list_findings(connection, device_id, epoch, [finding], now_s)
    elif (known.first_seq, known.last_seq) != hole:
        changed = update(problems).where(problems.c.id == known.id)
        connection.execute(changed.values(first_seq=first, last_seq=last, detail=detail))


def close(connection: Connection, device_ids: Iterable[int], kind: str, now_s: int) -> None:
    """All open problems of this kind, of these devices, are over."""
    statement = update(problems).where(
        problems.c.device_id.in_(list(device_ids)), problems.c.kind == kind, problems.c.over_s.is_(None)
    )
    connection.execute(statement.values(over_s=now_s))


def close_missing(connection: Connection, device_id: int, epoch: str, now_s: int) -> None:
    """The hole of this epoch is filled, or given up."""
    connection.execute(update(problems).where(*_open(device_id, "missing", epoch)).values(over_s=now_s))


def close_clock(connection: Connection, device_id: int, epoch: str, keys: Iterable[str], now_s: int) -> None:
    """The clock is set again, for these leaves and cameras."""
    for key in keys:
        of_key = (*_open(device_id, "clock", epoch), problems.c.detail.startswith(f"{key}: ", autoescape=True))
        connection.execute(update(problems).where(*of_key).values(over_s=now_s))


def close_found(connection: Connection, now_s: int) -> None:
    """What was lost has come after all: redelivered late, by a broker that had kept it."""
    lost = select(problems).where(problems.c.kind == "lost", problems.c.over_s.is_(None))
    for row in connection.execute(lost).all():
        inside = (
            messages.c.device_id == row.device_id,
            messages.c.epoch == row.epoch,
            messages.c.seq.between(row.first_seq, row.last_seq),
        )
        if connection.scalar(select(func.count()).where(*inside)) == row.last_seq - row.first_seq + 1:
            connection.execute(update(problems).where(problems.c.id == row.id).values(over_s=now_s))


def list_silent(connection: Connection, before_s: int, now_s: int) -> None:
    """Note the admitted devices that were last heard of before this, once each."""
    open_ = select(problems.c.id).where(
        problems.c.device_id == devices.c.id, problems.c.kind == "silent", problems.c.over_s.is_(None)
    )
    silent = select(devices.c.id, devices.c.last_seen_s).where(
        devices.c.admitted_s.is_not(None), devices.c.last_seen_s < before_s, ~open_.exists()
    )
    rows = [
        {
            "device_id": row.id,
            "kind": "silent",
            "noticed_s": now_s,
            "detail": f"nothing was heard of it for {(now_s - row.last_seen_s) // 60} min",
        }
        for row in connection.execute(silent)
    ]
    if rows:
        connection.execute(insert(problems), rows)


def _open(device_id: int, kind: str, epoch: str) -> tuple[ColumnElement[bool], ...]:
    return (
        problems.c.device_id == device_id,
        problems.c.kind == kind,
        problems.c.epoch == epoch,
        problems.c.over_s.is_(None),
    )
