"""Forgets what has been kept long enough, a little at a time, so that nobody waits for it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, Table, and_, delete, select, update

from edge_agent.fleet.store.tables import (
    day_visitors,
    dead_letters,
    hour_gaps,
    hour_lines,
    hour_zones,
    hours,
    messages,
    problems,
)

DAY_S: Final = 86_400
KEEP_DEAD_LETTERS_DAYS: Final = 90
KEEP_PROBLEMS_DAYS: Final = 400
AT_ONCE: Final = 1_000

_OF_HOUR: Final = ("device_id", "epoch", "seq")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept. What is over is deleted; a message keeps its key and its hash for ever.

    Attributes:
        payloads_days: the text of a message.
        hours_days: the numbers of an hour; None: for ever.
    """

    payloads_days: int
    hours_days: int | None

    def apply(self, connection: Connection, now_s: int) -> bool:
        """Forget a piece; tell whether there may be more."""
        return any(
            [
                _forget_payloads(connection, now_s - self.payloads_days * DAY_S),
                self.hours_days is not None and _delete_hours(connection, now_s - self.hours_days * DAY_S),
                _delete_old(connection, dead_letters, "received_s", now_s - KEEP_DEAD_LETTERS_DAYS * DAY_S),
                _delete_old(connection, problems, "over_s", now_s - KEEP_PROBLEMS_DAYS * DAY_S),
            ]
        )


def _forget_payloads(connection: Connection, before_s: int) -> bool:
    old = (
        select(messages.c.device_id, messages.c.epoch, messages.c.seq)
        .where(messages.c.received_s < before_s, messages.c.payload.is_not(None))
        .limit(AT_ONCE)
        .subquery()
    )
    same = and_(*(messages.c[name] == old.c[name] for name in _OF_HOUR))
    forgotten = connection.execute(update(messages).where(select(old.c.seq).where(same).exists()).values(payload=None))
    return forgotten.rowcount >= AT_ONCE


def _delete_hours(connection: Connection, before_s: int) -> bool:
    first = select(hours.c.start_s).where(hours.c.start_s < before_s).order_by(hours.c.start_s).limit(1)
    start_s: int | None = connection.scalar(first)
    if start_s is None:
        return False
    # Whole stretches of time: they lie together on the disk, and in TimescaleDB in one chunk.
    until_s = min(before_s, start_s - start_s % DAY_S + DAY_S)
    for table in (hour_lines, hour_zones, hour_gaps, hours):
        connection.execute(delete(table).where(table.c.start_s < until_s))
    day = _day_of(until_s)
    connection.execute(delete(day_visitors).where(day_visitors.c.local_day < day))
    return until_s < before_s


def _day_of(instant_s: int) -> str:
    return datetime.fromtimestamp(instant_s - DAY_S, UTC).date().isoformat()


def _delete_old(connection: Connection, table: Table, column: str, before_s: int) -> bool:
    old = select(table.c.id).where(table.c[column] < before_s).limit(AT_ONCE)
    return bool(connection.execute(delete(table).where(table.c.id.in_(old))).rowcount >= AT_ONCE)
