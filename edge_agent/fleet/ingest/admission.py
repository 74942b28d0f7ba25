"""Lets devices in: their messages leave the quarantine, and go the way that all others go."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, delete, select, update

from edge_agent.fleet.ingest.batch import Tally, store
from edge_agent.fleet.ingest.reading import Letter, Names, read
from edge_agent.fleet.ingest.registry import Registry, matches
from edge_agent.fleet.settings import Ingest
from edge_agent.fleet.store.bulk import writing
from edge_agent.fleet.store.tables import devices, quarantine

_AT_ONCE = 500


def admit(engine: Engine, patterns: Sequence[str], now_s: int) -> list[Names]:
    """Admit the devices that wait and match one of the patterns; return them."""
    with writing(engine) as connection:
        waiting = connection.execute(
            select(devices.c.id, devices.c.tenant, devices.c.site, devices.c.device).where(
                devices.c.admitted_s.is_(None)
            )
        ).all()
        chosen = {
            row.id: names
            for row in waiting
            if any(matches(pattern, names := Names(row.tenant, row.site, row.device)) for pattern in patterns)
        }
        for id_ in sorted(chosen):
            connection.execute(update(devices).where(devices.c.id == id_).values(admitted_s=now_s))
    return sorted(chosen.values())


def empty_quarantine(engine: Engine, settings: Ingest, *, most: int | None = None) -> Tally:
    """Store what admitted devices have in quarantine, in pieces; whatever ends this, the rest stays for the next time.

    Args:
        engine: the store.
        settings: what is a dead letter.
        most: pieces at most; None: all.
    """
    registry = Registry(())
    tally = Tally()
    pieces = 0
    while most is None or pieces < most:
        with writing(engine) as connection:
            letters = _take(connection, settings)
            if not letters:
                break
            done, _ = store(connection, registry, letters, keep_quarantine=settings.keep_quarantine)
        tally += done
        pieces += 1
    return tally


def _take(connection: Connection, settings: Ingest) -> list[Letter]:
    admitted = select(devices.c.id).where(devices.c.admitted_s.is_not(None))
    rows = connection.execute(
        select(quarantine).where(quarantine.c.device_id.in_(admitted)).order_by(quarantine.c.id).limit(_AT_ONCE)
    ).all()
    connection.execute(delete(quarantine).where(quarantine.c.id.in_([row.id for row in rows])))
    return [
        read(
            row.topic,
            row.payload,
            received_s=row.received_s,
            max_bytes=settings.max_payload_bytes,
            max_ahead_s=settings.max_ahead_s,
        )
        for row in rows
    ]
