"""Puts a batch of messages into the store, all of it in the caller's transaction."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import Any, Final, Self

from sqlalchemy import Connection, func, insert, literal, select

from edge_agent.fleet.ingest.reading import DeadLetter, Letter, Names, Note, Reason, Window, plain
from edge_agent.fleet.ingest.registry import Device, Registry
from edge_agent.fleet.store.bulk import add, add_new, found, update
from edge_agent.fleet.store.rows import hour_rows
from edge_agent.fleet.store.tables import (
    arrivals,
    day_visitors,
    dead_letters,
    devices,
    hour_gaps,
    hour_lines,
    hour_zones,
    hours,
    messages,
    problems,
    quarantine,
)

MOST_PAYLOAD: Final = 65_536
"""Bytes of a dead letter that are kept."""

_KEY: Final = ("device_id", "epoch", "seq")


@dataclass(slots=True)
class Tally:
    """What became of the messages, as numbers."""

    stored: int = 0
    again: int = 0
    noted: int = 0
    quarantined: int = 0
    dead: Counter[Reason] = field(default_factory=Counter)

    def __iadd__(self, other: "Tally") -> Self:
        self.stored += other.stored
        self.again += other.again
        self.noted += other.noted
        self.quarantined += other.quarantined
        self.dead += other.dead
        return self


class Batch:
    """One batch on its way into the store.

    Args:
        connection: in a transaction; nothing is committed here.
        devices: what the registry found for the names in the letters.
        letters: the messages.
        keep_quarantine: messages kept per device that is not admitted.
    """

    def __init__(
        self,
        connection: Connection,
        found_devices: Mapping[Names, Device],
        letters: Sequence[Letter],
        *,
        keep_quarantine: int,
    ) -> None:
        self.tally = Tally()
        self._connection = connection
        self._devices = found_devices
        self._keep_quarantine = keep_quarantine
        self._dead: list[tuple[Letter, DeadLetter]] = []
        self._windows: list[tuple[Device, Letter, Window]] = []
        self._notes: list[tuple[Device, Letter, Note]] = []
        self._strange: list[tuple[Device, Letter]] = []
        for letter in letters:
            self._sort(letter)

    def store(self) -> Tally:
        """Write it all."""
        self._store_windows()
        self._store_notes()
        self._store_strange()
        self._store_dead()
        return self.tally

    def _sort(self, letter: Letter) -> None:
        content = letter.content
        if isinstance(content, DeadLetter):
            self._dead.append((letter, content))
            return
        device = self._devices.get(content.names)
        if device is None:
            self._dead.append((letter, DeadLetter(Reason.UNKNOWN, "too many unknown devices wait already")))
        elif isinstance(content, Note):
            self._notes.append((device, letter, content))
        elif device.admitted:
            self._windows.append((device, letter, content))
        else:
            self._strange.append((device, letter))

    def _store_windows(self) -> None:
        """Each key once; what comes with a key that is taken is a redelivery, or a conflict."""
        if not self._windows:
            return
        first: dict[tuple[int, str, int], tuple[Device, Letter, Window]] = {}
        others = []
        # In the order of their keys, so that two workers never wait for each other.
        for device, letter, window in sorted(self._windows, key=lambda each: (each[0].id, each[2].epoch, each[2].seq)):
            key = (device.id, window.epoch, window.seq)
            if key in first:
                others.append((key, letter, window))
            else:
                first[key] = (device, letter, window)
        rows = [_message(key, letter, window) for key, (_, letter, window) in first.items()]
        new = add_new(self._connection, messages, rows, _KEY)
        self._store_hours([first[key] for key in first if key in new])
        others += [(key, letter, window) for key, (_, letter, window) in first.items() if key not in new]
        again = self._compare(others)
        self.tally.stored += len(new)
        self._announce(new, again)

    def _compare(self, others: Sequence[tuple[tuple[int, str, int], Letter, Window]]) -> set[tuple[int, str]]:
        """Tell redeliveries from conflicts; return which devices' which epochs sent something again."""
        keys = [dict(zip(_KEY, key, strict=True)) for key, _, _ in others]
        columns = [messages.c[name] for name in (*_KEY, "hash")]
        stored = {(row[0], row[1], row[2]): row[3] for row in found(self._connection, columns, messages, keys, _KEY)}
        again = set()
        for key, letter, window in others:
            if stored[key] == window.hash:
                self.tally.again += 1
                again.add(key[:2])
            else:
                told = f"{window.epoch} {window.seq} is stored with another content"
                self._dead.append((letter, DeadLetter(Reason.CONFLICT, told, window.names)))
        return again

    def _announce(self, new: set[tuple[Any, ...]], again: set[tuple[int, str]]) -> None:
        seen_s = max(letter.received_s for _, letter, _ in self._windows)
        keys = {(key[0], key[1]) for key in new} | again
        rows = [
            {"device_id": device_id, "epoch": epoch, "seen_s": seen_s, "again": int((device_id, epoch) in again)}
            for device_id, epoch in sorted(keys)
        ]
        add(self._connection, arrivals, rows)

    def _store_hours(self, new: Sequence[tuple[Device, Letter, Window]]) -> None:
        laid_out = [
            hour_rows(window.hour, device.id, device.site_id) for device, _, window in new if window.hour is not None
        ]
        if not laid_out:
            return
        add(self._connection, hours, [each.hour for each in laid_out])
        add(self._connection, hour_lines, list(chain.from_iterable(each.lines for each in laid_out)))
        add(self._connection, hour_zones, list(chain.from_iterable(each.zones for each in laid_out)))
        add(self._connection, hour_gaps, list(chain.from_iterable(each.gaps for each in laid_out)))
        add(self._connection, day_visitors, [each.day for each in laid_out if each.day is not None])

    def _store_notes(self) -> None:
        newest: dict[str, dict[int, dict[str, Any]]] = {}
        seen: dict[tuple[int, str | None, int], int] = {}
        for device, letter, note in self._notes:
            row = {"id": device.id, note.leaf: note.payload, f"{note.leaf}_s": letter.received_s}
            if note.epoch is not None:
                row["epoch"] = note.epoch
            # A device that connects is told its watermark again: the broker may have lost what it kept.
            key = (device.id, note.epoch, int(note.epoch is not None))
            seen[key] = max(letter.received_s, seen.get(key, 0))
            newest.setdefault(note.leaf if note.epoch is None else "birth", {})[device.id] = row
        for rows in newest.values():
            update(self._connection, devices, [rows[id_] for id_ in sorted(rows)], ("id",))
        self.tally.noted += len(self._notes)
        add(
            self._connection,
            arrivals,
            [
                {"device_id": id_, "epoch": epoch, "seen_s": seen_s, "again": again}
                for (id_, epoch, again), seen_s in seen.items()
            ],
        )

    def _store_strange(self) -> None:
        """Keep what unknown devices send, up to a limit; they hear of no watermark, so they keep it as well."""
        if not self._strange:
            return
        ids = {device.id for device, _ in self._strange}
        counts = select(quarantine.c.device_id, func.count()).where(quarantine.c.device_id.in_(ids))
        held = Counter({row[0]: row[1] for row in self._connection.execute(counts.group_by(quarantine.c.device_id))})
        rows: dict[tuple[int, str, bytes], dict[str, Any]] = {}
        for device, letter in self._strange:
            key = (device.id, letter.topic, sha256(letter.payload).digest())
            if held[device.id] >= self._keep_quarantine or key in rows:
                continue
            held[device.id] += 1
            rows[key] = {
                "device_id": device.id,
                "received_s": letter.received_s,
                "topic": letter.topic,
                "hash": key[2],
                "payload": letter.payload,
            }
        add(self._connection, quarantine, [rows[key] for key in sorted(rows)])
        self.tally.quarantined += len(rows)
        seen = {device.id: letter.received_s for device, letter in self._strange}
        add(
            self._connection,
            arrivals,
            [{"device_id": id_, "epoch": None, "seen_s": seen[id_], "again": 0} for id_ in sorted(seen)],
        )

    def _store_dead(self) -> None:
        rows = {(letter.topic, row["hash"]): row for letter, dead in self._dead for row in (_dead(letter, dead),)}
        add(self._connection, dead_letters, [rows[key] for key in sorted(rows)])
        self.tally.dead.update(dead.reason for _, dead in self._dead)
        for letter, dead in self._dead:
            device = self._devices.get(dead.names) if dead.names is not None else None
            if dead.reason is Reason.FUTURE and device is not None and device.admitted:
                self._list_future(device.id, letter.received_s, dead.detail)

    def _list_future(self, device_id: int, now_s: int, detail: str) -> None:
        """One problem for as long as it lasts, not one a minute."""
        open_ = select(problems.c.id).where(
            problems.c.device_id == device_id, problems.c.kind == "future", problems.c.over_s.is_(None)
        )
        row = select(literal(device_id), literal("future"), literal(now_s), literal(detail)).where(~open_.exists())
        self._connection.execute(insert(problems).from_select(["device_id", "kind", "noticed_s", "detail"], row))


def store(
    connection: Connection, registry: Registry, letters: Sequence[Letter], *, keep_quarantine: int
) -> tuple[Tally, Mapping[Names, Device]]:
    """Write the letters; return what became of them, and what to tell the registry after the commit."""
    names = {content.names for letter in letters if (content := letter.content).names is not None and _is_of(content)}
    now_s = max((letter.received_s for letter in letters), default=0)
    known = registry.find(connection, names, now_s)
    return Batch(connection, known, letters, keep_quarantine=keep_quarantine).store(), known


def _is_of(content: Window | Note | DeadLetter) -> bool:
    """Whether a device is to be looked up for it: a window from the future is listed with the device as well."""
    return not isinstance(content, DeadLetter) or content.reason is Reason.FUTURE


def write_off(connection: Connection, letter: Letter, why: str) -> Tally:
    """Keep a message that the database does not take as what it is."""
    dead = DeadLetter(Reason.UNSTORABLE, plain(why)[:300])
    add(connection, dead_letters, [_dead(letter, dead)])
    return Tally(dead=Counter({dead.reason: 1}))


def _message(key: tuple[int, str, int], letter: Letter, window: Window) -> dict[str, Any]:
    return {
        "device_id": key[0],
        "epoch": key[1],
        "seq": key[2],
        "leaf": window.leaf,
        "received_s": letter.received_s,
        "start_s": window.start_s,
        "payload": window.payload,
        "hash": window.hash,
        "prev_hash": window.prev_hash,
        "camera": window.camera,
        "end_s": window.end_s,
        "clock": window.clock,
    }


def _dead(letter: Letter, dead: DeadLetter) -> dict[str, Any]:
    return {
        "received_s": letter.received_s,
        "topic": plain(letter.topic),
        "reason": dead.reason.value,
        "detail": plain(dead.detail),
        "bytes": len(letter.payload),
        "hash": sha256(letter.payload).digest(),
        "payload": letter.payload[:MOST_PAYLOAD],
    }
