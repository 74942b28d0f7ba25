"""Advances the watermarks over what has arrived. One process does it, so that they only ever grow.

The workers only add: messages, and a row in `arrivals` in the same transaction. This takes the arrivals out, walks the
frontier of each, and commits both together: a kill anywhere leaves either all of it or none of it done.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, delete, func, insert, select

from edge_agent.fleet.ingest.frontier import Finding, Mark, Step, Walk, walk
from edge_agent.fleet.ingest.problems import (
    OLD_EPOCH_S,
    close,
    close_clock,
    close_found,
    close_missing,
    list_findings,
    list_missing,
)
from edge_agent.fleet.store.bulk import listed, update
from edge_agent.fleet.store.tables import arrivals, devices, messages, problems, watermarks

Key = tuple[int, str]
"""A device's number, and an epoch of its."""

MISSING_AFTER_S: Final = 60
"""A number that is missing for less is on its way, through another worker."""

_AT_ONCE: Final = 1_000
_KEY: Final = ("device_id", "epoch")
_STEP: Final = tuple(
    messages.c[name] for name in ("seq", "hash", "prev_hash", "leaf", "camera", "start_s", "end_s", "clock")
)


@dataclass(slots=True)
class Advance:
    """What is remembered from one round to the next; all of it can be found again in the store.

    Attributes:
        holes: since when, by the fleet's clock, a number is missing.
        more: where more is stored than one round looks at.
    """

    holes: dict[Key, int] = field(default_factory=dict)
    more: set[Key] = field(default_factory=set)
    _told: set[Key] = field(default_factory=set)
    _looked_s: int = 0

    def begin(self, connection: Connection) -> None:
        """Find what another process had in mind when it ended."""
        of_frontier = and_(
            messages.c.device_id == watermarks.c.device_id,
            messages.c.epoch == watermarks.c.epoch,
            messages.c.seq > watermarks.c.seq,
        )
        waiting = select(watermarks.c.device_id, watermarks.c.epoch).where(
            select(messages.c.seq).where(of_frontier).exists()
        )
        self.more = {(row.device_id, row.epoch) for row in connection.execute(waiting)}
        missing = select(problems.c.device_id, problems.c.epoch, problems.c.noticed_s).where(
            problems.c.kind == "missing", problems.c.over_s.is_(None)
        )
        for row in connection.execute(missing):
            self.holes[row.device_id, row.epoch] = row.noticed_s - MISSING_AFTER_S
            self._told.add((row.device_id, row.epoch))

    def due(self, connection: Connection, now_s: int) -> bool:
        """Whether there is something to do; asked so that SQLite does not write for nothing."""
        if self.more or (self.holes and now_s - self._looked_s >= _HOLES_EVERY_S):
            return True
        return connection.execute(select(arrivals.c.device_id).limit(1)).first() is not None

    def round(self, connection: Connection, now_s: int) -> int:
        """Take the arrivals in, and advance what they are about. Return how many watermarks moved."""
        came = connection.execute(delete(arrivals).returning(*arrivals.c)).all()
        _note_seen(connection, came, now_s)
        keys = {(row.device_id, row.epoch) for row in came if row.epoch is not None} | self.more
        if now_s - self._looked_s >= _HOLES_EVERY_S:
            keys |= self.holes.keys()
            self._looked_s = now_s
        if not keys:
            return 0
        marks = self._marks(connection, keys, now_s)
        _tell_again(connection, {(row.device_id, row.epoch) for row in came if row.again and row.epoch is not None})
        moved = self._walk(connection, marks, now_s)
        close_found(connection, now_s)
        return moved

    def _marks(self, connection: Connection, keys: set[Key], now_s: int) -> dict[Key, Mark]:
        """Where the frontiers stand; an epoch that was not seen before begins."""
        rows = [dict(zip(_KEY, key, strict=True)) for key in sorted(keys)]
        wanted = listed(connection, watermarks, rows, _KEY)
        found = connection.execute(select(watermarks).join(wanted, _same(watermarks, wanted)))
        marks = {(row.device_id, row.epoch): _mark(row) for row in found}
        new = sorted(keys - marks.keys())
        if not new:
            return marks
        ids = [key[0] for key in new]
        before = set(connection.scalars(select(watermarks.c.device_id).where(watermarks.c.device_id.in_(ids))))
        connection.execute(
            insert(watermarks),
            [{"device_id": id_, "epoch": epoch, "seq": 0, "hash": Mark().hash} for id_, epoch in new],
        )
        told = connection.execute(select(devices.c.id, devices.c.epoch).where(devices.c.id.in_(ids)))
        present = {row.id: row.epoch for row in told}
        for id_, epoch in new:
            if id_ in before:
                list_findings(connection, id_, epoch, [_NEW_EPOCH], now_s)
        update(
            connection, devices, [{"id": id_, "epoch": epoch} for id_, epoch in new if present[id_] != epoch], ("id",)
        )
        return marks | {key: Mark() for key in new}

    def _walk(self, connection: Connection, marks: Mapping[Key, Mark], now_s: int) -> int:
        steps = _steps(connection, marks)
        walks = {key: walk(mark, steps.get(key, ())) for key, mark in marks.items()}
        stuck = [key for key, each in walks.items() if each.hole is not None]
        for key, oldest_seq in self._will_not_come(connection, stuck, now_s).items():
            walks[key] = walk(marks[key], steps[key], oldest_seq)
        moved = []
        for key, each in sorted(walks.items()):
            if each.mark.seq != marks[key].seq:
                moved.append(_row(key, each.mark))
                list_findings(connection, *key, each.findings, now_s)
                close_clock(connection, *key, each.set_again, now_s)
            self._note_hole(connection, key, each, now_s, moved=each.mark.seq != marks[key].seq)
        self.more = {key for key, found in steps.items() if _is_full(found, walks[key])}
        update(connection, watermarks, moved, _KEY)
        return len(moved)

    def _note_hole(self, connection: Connection, key: Key, found: Walk, now_s: int, *, moved: bool) -> None:
        if found.hole is None or moved:
            self.holes.pop(key, None)
            if key in self._told:
                close_missing(connection, *key, now_s)
                self._told.discard(key)
        if found.hole is not None:
            since_s = self.holes.setdefault(key, now_s)
            if now_s - since_s >= MISSING_AFTER_S:
                list_missing(connection, *key, found.hole, now_s)
                self._told.add(key)

    def _will_not_come(self, connection: Connection, stuck: Sequence[Key], now_s: int) -> dict[Key, int]:
        """Below which number nothing is to be expected, where that is known.

        A health message names no epoch. It is taken to speak of the one that the device's birth named, if both are of
        one session, and believed once the number that it names is stored: one that spoke of another file could not
        be told otherwise.
        """
        if not stuck:
            return {}
        told = connection.execute(
            select(devices.c.id, devices.c.epoch, devices.c.state, devices.c.health).where(
                devices.c.id.in_({key[0] for key in stuck})
            )
        )
        rows = {row.id: row for row in told}
        result = {}
        for key in stuck:
            row = rows[key[0]]
            oldest_seq = _oldest_seq(row.state, row.health) if row.epoch == key[1] else None
            if oldest_seq is not None and _highest(connection, key) >= oldest_seq:
                result[key] = oldest_seq
            elif row.epoch != key[1] and now_s - self.holes.get(key, now_s) >= OLD_EPOCH_S:
                result[key] = _highest(connection, key)
        return result


_HOLES_EVERY_S: Final = 5
_NEW_EPOCH: Final = Finding(
    "epoch", 0, 0, "its outbox began anew: the former file was broken, lost, or went back in time", lasts=False
)


def _note_seen(connection: Connection, came: Iterable[Row[Any]], now_s: int) -> None:
    seen: dict[int, int] = {}
    sent = set()
    for row in came:
        seen[row.device_id] = max(row.seen_s, seen.get(row.device_id, 0))
        if row.epoch is not None:
            sent.add(row.device_id)
    if not seen:
        return
    update(connection, devices, [{"id": id_, "last_seen_s": seen[id_]} for id_ in sorted(seen)], ("id",))
    close(connection, seen, "silent", now_s)
    close(connection, sent, "future", now_s)


def _tell_again(connection: Connection, keys: set[Key]) -> None:
    rows = [{"device_id": id_, "epoch": epoch, "published_seq": None} for id_, epoch in sorted(keys)]
    update(connection, watermarks, rows, _KEY)


def _steps(connection: Connection, marks: Mapping[Key, Mark]) -> dict[Key, Sequence[Step]]:
    """What is stored in front of each frontier: the next thousand numbers, or from wherever there is something."""
    rows = [{"device_id": id_, "epoch": epoch, "seq": marks[id_, epoch].seq} for id_, epoch in sorted(marks)]
    wanted = listed(connection, messages, rows, (*_KEY, "seq"))
    near = and_(_same(messages, wanted), messages.c.seq > wanted.c.seq, messages.c.seq <= wanted.c.seq + _AT_ONCE)
    of_key = (messages.c.device_id, messages.c.epoch)
    found = connection.execute(
        select(*of_key, *_STEP).select_from(wanted.join(messages, near)).order_by(*of_key, messages.c.seq)
    )
    steps: dict[Key, Sequence[Step]] = {
        key: [Step(*row[2:]) for row in group] for key, group in groupby(found, key=lambda row: (row[0], row[1]))
    }
    for key in marks.keys() - steps.keys():
        further = select(*_STEP).where(
            messages.c.device_id == key[0], messages.c.epoch == key[1], messages.c.seq > marks[key].seq
        )
        if far := [Step(*row) for row in connection.execute(further.order_by(messages.c.seq).limit(_AT_ONCE))]:
            steps[key] = far
    return steps


def _is_full(found: Sequence[Step], came_of_it: Walk) -> bool:
    return len(found) >= _AT_ONCE and came_of_it.hole is None


def _highest(connection: Connection, key: Key) -> int:
    of_key = (messages.c.device_id == key[0], messages.c.epoch == key[1])
    return connection.scalar(select(func.max(messages.c.seq)).where(*of_key)) or 0


def _oldest_seq(state: str | None, health: str | None) -> int | None:
    if state is None or health is None:
        return None
    told = json.loads(health)
    oldest_seq = told["outbox_oldest_seq"]
    return oldest_seq if isinstance(oldest_seq, int) and told["session"] == json.loads(state)["session"] else None


def _same(table: Any, keys: Any) -> Any:  # noqa: ANN401 - tables and selections, which share no type
    return and_(table.c.device_id == keys.c.device_id, table.c.epoch == keys.c.epoch)


def _mark(row: Row[Any]) -> Mark:
    return Mark(row.seq, row.hash, {key: (end[0], end[1]) for key, end in json.loads(row.ends or "{}").items()})


def _row(key: Key, mark: Mark) -> dict[str, Any]:
    ends = json.dumps(mark.ends, separators=(",", ":"))
    return {"device_id": key[0], "epoch": key[1], "seq": mark.seq, "hash": mark.hash, "ends": ends}
