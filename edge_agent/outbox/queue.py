"""The durable queue: what was counted stays here until the fleet has said that it is stored for good."""

import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from edge_agent.clock import Clock
from edge_agent.outbox.database import GENESIS, Books, digest, new_epoch
from edge_agent.outbox.errors import OutboxError, OutboxFull
from edge_agent.outbox.store import Store, Write, drop

Seal = Callable[[str, int, str], bytes]
"""`seal(epoch, seq, prev_hash) -> payload`. May be called again when a write is retried, so it must be pure."""

Draft = tuple[str, Seal]
"""(leaf of the topic, seal)."""

_PIECE_ROWS: Final = 200  # changed in one transaction, so that the log stays short and the lock is let go

_log = logging.getLogger(__name__)


class Mark(StrEnum):
    """What became of a watermark."""

    APPLIED = "applied"  # rows were deleted
    NOTHING_NEW = "nothing new"
    OTHER_EPOCH = "other epoch"  # it speaks of a former file
    AHEAD = "ahead"  # it speaks of numbers that this file never gave out: the file went back in time


@dataclass(frozen=True, slots=True)
class Row:
    """A stored message. `seq` grows, with holes only where rows were dropped."""

    seq: int
    leaf: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Stats:
    """The state of the queue.

    Attributes:
        available: False while the file cannot be opened; the other figures are then the last known.
        epoch: '' until the file could be opened for the first time.
        rows: messages stored; `unsent` of them were not acknowledged by a broker yet.
        size_bytes: what the file and its log take on the disk.
        oldest_seq: None where nothing is stored.
        last_seq: highest number given out.
        dropped_rows: stored, then lost, as far as known.
        unreported_rows: losses that no message spoke of yet; a file that was set aside counts as one at least.
        quarantined: files set aside because they were broken.
    """

    available: bool
    epoch: str
    rows: int
    unsent: int
    size_bytes: int
    oldest_seq: int | None
    last_seq: int
    dropped_rows: int
    unreported_rows: int
    quarantined: int


def _nowhere(_: str) -> None:
    """Stand in for a crash point where nobody wants to crash."""


class Outbox:
    """Messages in the order of their numbers, and one checkpoint per open bucket. Thread-safe.

    Every change is one transaction, on the disk before the call returns. A file that turns out to be broken is set
    aside and a new one, with a new epoch, takes its place: counting never stops for it.

    Args:
        path: the SQLite file; its folder is created, readable by this user only.
        max_mb: quota in MB, the write-ahead log included; quarantined files (at most three) come on top.
        clock: only its monotonic time is used.
        at: called with the name of each crash point, for the tests that kill the process there.
        check_s: how long the check at the start may take.

    Raises:
        OutboxInUse: another process has the file open.
        OutboxTooNew: a newer agent wrote it.
    """

    def __init__(
        self,
        path: Path,
        *,
        max_mb: float,
        clock: Clock,
        at: Callable[[str], None] = _nowhere,
        check_s: float = 5.0,
    ) -> None:
        self._store = Store(path, max_mb=max_mb, clock=clock, at=at, check_s=check_s)
        self._searched = ("", 0)  # (epoch, seq): no row up to here is pending
        try:
            self._store.read(lambda _: None)
        except OutboxFull as error:  # counting begins all the same; every later call tries again
            _log.error("%s", error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(
        self, drafts: Sequence[Draft], *, checkpoint: tuple[str, bytes | None] | None = None, reported_rows: int = 0
    ) -> int:
        """Store the messages of a closed bucket and what is now open, all or nothing.

        Args:
            drafts: sealed and numbered in this order.
            checkpoint: (key, blob) replaces the key's former blob; None for the blob forgets the key.
            reported_rows: how many of `Stats.unreported_rows` these messages speak of.

        Returns:
            The number of the last message.

        Raises:
            OutboxFull: nothing was stored, and dropping old rows did not help. Keep the drafts and try again.
        """

        def write(connection: sqlite3.Connection, books: Books) -> int:
            for leaf, seal in drafts:
                _insert(connection, books, leaf, seal)
            books.unreported_rows = max(0, books.unreported_rows - reported_rows)
            if checkpoint is not None:
                _write_checkpoint(connection, *checkpoint)
            return books.last_seq

        return self._store.write(write)

    def save_checkpoint(self, key: str, blob: bytes) -> None:
        """Replace what is kept of an open bucket.

        Raises:
            OutboxFull: nothing was stored.
        """
        self.append((), checkpoint=(key, blob))

    def checkpoints(self) -> Mapping[str, bytes]:
        """Return the last blob of every key. A damaged one is left out, with a line in the log."""

        def read(connection: sqlite3.Connection) -> dict[str, bytes]:
            found = {}
            for key, mark, blob in connection.execute("SELECT key, digest, blob FROM checkpoint"):
                if mark == digest(key, blob):
                    found[key] = blob
                else:
                    _log.error("%s: a checkpoint is damaged; its open bucket is lost", self._store.path)
            return found

        return self._store.read(read)

    def pending(self, after_seq: int, limit: int) -> tuple[Row, ...]:
        """Return up to `limit` rows above `after_seq` that no broker has acknowledged, oldest first.

        A row whose content was damaged on the disk is dropped and counted, never returned.
        """

        def read(connection: sqlite3.Connection) -> tuple[Row, ...]:
            books = self._store.books
            searched = self._searched[1] if self._searched[0] == books.epoch else 0
            found = connection.execute(
                "SELECT seq, leaf, payload, digest FROM message"
                " WHERE seq > ? AND acked_age_s IS NULL ORDER BY seq LIMIT ?",
                (max(after_seq, searched), limit),
            ).fetchall()
            if after_seq <= searched:  # the next search need not walk over the acknowledged rows again
                self._searched = (books.epoch, found[0][0] - 1 if found else books.last_seq)
            bad = {seq for seq, leaf, payload, mark in found if mark != digest(seq, leaf, payload)}
            if bad:
                self._store.write(lambda connection, books: drop(connection, books, sorted(bad)))
                _log.error("%s: %d damaged messages were dropped", self._store.path, len(bad))
            return tuple(Row(seq, leaf, payload) for seq, leaf, payload, _ in found if seq not in bad)

        return self._store.read(read)

    def acked(self, seqs: Sequence[int]) -> None:
        """Note that a broker has acknowledged these rows. They stay: an acknowledgement is no proof of storage."""

        def write(connection: sqlite3.Connection, books: Books) -> None:
            for seq in seqs:
                books.unsent -= connection.execute(
                    "UPDATE message SET acked_age_s = ? WHERE seq = ? AND acked_age_s IS NULL", (books.age_s, seq)
                ).rowcount

        if seqs:
            self._store.write(write)

    def forget_acks(self, older_than_s: float) -> int:
        """Make rows pending again that were acknowledged at least so long ago and are still here; return how many."""

        def write(connection: sqlite3.Connection, books: Books) -> int:
            # Written as "all but the recent", so that an age that makes no sense errs on sending.
            count = connection.execute(
                "UPDATE message SET acked_age_s = NULL WHERE seq IN (SELECT seq FROM message"
                " WHERE acked_age_s IS NOT NULL AND NOT (acked_age_s > ? AND acked_age_s <= ?) LIMIT ?)",
                (books.age_s - older_than_s, books.age_s, _PIECE_ROWS),
            ).rowcount
            books.unsent += count
            self._searched = ("", 0)
            return count

        return self._in_pieces(write)

    def watermark(self, epoch: str, seq: int) -> Mark:
        """Delete what the fleet has stored for good: all rows up to `seq`, if the epoch is this file's.

        A watermark above all numbers given out deletes nothing. It shows that the file went back in time (a flash
        card that lost writes, a restored copy) and is about to give out numbers that the fleet has seen. So a new
        epoch begins: new rows get keys of their own, and those stored here are still sent under the old one.
        """
        with self._store.lock:
            self._store.read(lambda _: None)  # so that the books are those of an open file
            if epoch != self._store.books.epoch:
                return Mark.OTHER_EPOCH
            if seq > self._store.books.last_seq:
                self._store.write(_begin_epoch)
                _log.error(
                    "%s: the fleet knows newer rows: the file went back in time; a new epoch begins", self._store.path
                )
                return Mark.AHEAD
        return Mark.APPLIED if self._delete_where("seq <= ?", seq) else Mark.NOTHING_NEW

    def trim_acked(self, older_than_s: float) -> int:
        """Delete rows that a broker acknowledged at least so long ago, for consumers that send no watermark.

        Age is the time that the file was open, added up over restarts: the wall clock may jump, and a time
        switched off must not count, because nobody could have asked for the rows then. It errs on keeping.
        """
        return self._delete_where("acked_age_s <= ?", self._store.age_s() - older_than_s)

    def next_session(self) -> int:
        """Return a number that grows with every connection, over restarts; 1 for a new file."""

        def write(_: sqlite3.Connection, books: Books) -> int:
            books.session += 1
            return books.session

        return self._store.write(write)

    def stats(self) -> Stats:
        """Return the state of the queue; never raises for trouble with the disk."""
        with self._store.lock:
            oldest = None
            available = False
            with suppress(OutboxError):
                oldest = self._store.read(lambda c: c.execute("SELECT min(seq) FROM message").fetchone()[0])
                available = True
            books, path = self._store.books, self._store.path
            return Stats(
                available=available,
                epoch=books.epoch,
                rows=books.rows,
                unsent=books.unsent,
                size_bytes=_size(path) + _size(path.with_name(f"{path.name}-wal")),
                oldest_seq=oldest,
                last_seq=books.last_seq,
                dropped_rows=books.dropped_rows,
                unreported_rows=books.unreported_rows,
                quarantined=books.quarantined,
            )

    def close(self) -> None:
        """Bring the file into one piece and let go of it. Closing twice is allowed."""
        self._store.close()

    def _delete_where(self, condition: str, bound: float) -> int:
        """Delete rows that need no longer be kept."""

        def write(connection: sqlite3.Connection, books: Books) -> int:
            found = connection.execute(
                f"SELECT seq, acked_age_s IS NULL FROM message WHERE {condition} ORDER BY seq LIMIT ?",  # noqa: S608 - constants
                (bound, _PIECE_ROWS),
            ).fetchall()
            connection.executemany("DELETE FROM message WHERE seq = ?", [(seq,) for seq, _ in found])
            books.rows -= len(found)
            books.unsent -= sum(unsent for _, unsent in found)
            return len(found)

        total = self._in_pieces(write)
        if total:
            self._store.give_back()
        return total

    def _in_pieces(self, write: Write[int]) -> int:
        """Repeat a write of up to _PIECE_ROWS rows until it finds fewer; others may write in between."""
        total = 0
        while True:
            count = self._store.write(write)
            total += count
            if count < _PIECE_ROWS:
                return total


def _insert(connection: sqlite3.Connection, books: Books, leaf: str, seal: Seal) -> None:
    seq = books.last_seq + 1
    payload = seal(books.epoch, seq, books.chain)
    connection.execute(
        "INSERT INTO message VALUES (?, NULL, ?, ?, ?)", (seq, leaf, digest(seq, leaf, payload), payload)
    )
    books.last_seq, books.chain = seq, sha256(payload).hexdigest()
    books.rows += 1
    books.unsent += 1


def _write_checkpoint(connection: sqlite3.Connection, key: str, blob: bytes | None) -> None:
    if blob is None:
        connection.execute("DELETE FROM checkpoint WHERE key = ?", (key,))
    else:
        connection.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", (key, digest(key, blob), blob))


def _begin_epoch(_: sqlite3.Connection, books: Books) -> None:
    books.epoch, books.chain = new_epoch(), GENESIS


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
