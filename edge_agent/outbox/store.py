"""How the outbox writes: whole transactions, the quota, and a broken file replaced under way."""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Final, TypeVar

from edge_agent.clock import Clock
from edge_agent.outbox import database
from edge_agent.outbox.database import LOG_PAGES, PAGE_BYTES, Books
from edge_agent.outbox.errors import OutboxError, OutboxFull, is_damage, is_full, is_passing

_T = TypeVar("_T")
Read = Callable[[sqlite3.Connection], _T]
Write = Callable[[sqlite3.Connection, Books], _T]

_LEAST_PAGES: Final = 2 * LOG_PAGES
_ROOM_BYTES: Final = 16 * 1024  # dropped at first when the quota is reached; four times as much each further time
_SLACK_PAGES: Final = 1024  # free pages that may stay in the file: giving them back costs writes

_log = logging.getLogger(__name__)


class Store:
    """The file, and what holds for every access to it: one at a time, all or nothing, on an intact file.

    `books` is what the last transaction stored. Hold `lock` to look at it together with something else.
    """

    def __init__(self, path: Path, *, max_mb: float, clock: Clock, at: Callable[[str], None], check_s: float) -> None:
        self.path = path
        self.lock = RLock()
        self.books = Books(epoch="")
        self._max_pages = max(_LEAST_PAGES, int(max_mb * 2**20) // PAGE_BYTES - LOG_PAGES)
        self._clock = clock
        self._at = at
        self._check_s = check_s
        self._aged_at_s = clock.monotonic()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def read(self, work: Read[_T]) -> _T:
        """Do the work; if the file turns out to be broken, set it aside and do it once more on a fresh one.

        Raises:
            OutboxFull: the disk does not let us.
            OutboxError: closed, or see the subclasses.
        """
        with self.lock:
            try:
                return self._attempt(work)
            except Exception as error:
                if not is_damage(error):
                    raise
                self._set_aside(error)
            try:
                return self._attempt(work)
            except Exception as error:
                if not is_damage(error):
                    raise
                # Not the file's fault: setting one after the other aside would lose what they hold.
                raise OutboxError(f"{self.path}: a new outbox fails as well: {error}") from error

    def write(self, work: Write[_T]) -> _T:
        """Do the work in one transaction that also stores the books, which it may change. May be called again.

        Raises:
            OutboxFull: nothing was stored.
        """
        return self.read(lambda connection: self._make_room_and(connection, work))

    def age_s(self) -> float:
        """Return how long the file has been open, added up over processes. Needs no wall clock, which may jump."""
        return self.books.age_s + max(0.0, self._clock.monotonic() - self._aged_at_s)

    def give_back(self) -> None:
        """Return free pages to the file system after a long outage; not every time, because it costs writes."""
        if self.read(lambda connection: _pragma(connection, "freelist_count")) > _SLACK_PAGES:
            while self.read(_vacuum_some) > _SLACK_PAGES // 4:
                pass  # in pieces, between which others may write

    def close(self) -> None:
        """Bring the file into one piece and let go of it."""
        with self.lock:
            if self._connection is not None:
                with suppress(OutboxError):  # only the age would be lost
                    self.write(lambda *_: None)
            self._closed = True
            self._let_go()

    def _attempt(self, work: Read[_T]) -> _T:
        if self._closed:
            raise OutboxError(f"{self.path}: the outbox is closed")
        try:
            return work(self._connection or self._open())
        except sqlite3.Error as error:
            if is_passing(error):
                raise OutboxFull(f"{self.path}: cannot be written: {error}; free space or check the disk") from error
            raise

    def _open(self) -> sqlite3.Connection:
        deadline_s = self._clock.monotonic() + self._check_s
        try:
            connection, books = database.open_file(
                self.path, max_pages=self._max_pages, expired=lambda: self._clock.monotonic() > deadline_s
            )
        except OSError as error:
            raise OutboxFull(f"{self.path}: cannot be opened: {error.strerror}; check the folder") from error
        self._connection, self.books, self._aged_at_s = connection, books, self._clock.monotonic()
        self._shrink(connection)
        return connection

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):  # the log then stays behind, and the next start reads it
                self._connection.close()
            self._connection = None

    def _set_aside(self, error: Exception) -> None:
        """Quarantine the file, and begin a new one that goes on numbering, so that no late answer fits two rows."""
        former = self.books
        self._let_go()
        try:
            number = database.quarantine(self.path)
        except OSError as failure:
            raise OutboxFull(f"{self.path}: broken, and cannot be set aside: {failure.strerror}") from error
        _log.error("%s: broken (%s); set aside as number %d, a new epoch begins", self.path, error, number)

        def carry_over(connection: sqlite3.Connection, books: Books) -> None:
            connection.execute("INSERT INTO sqlite_sequence VALUES ('message', ?)", (former.last_seq,))
            books.last_seq = former.last_seq
            books.session = former.session
            books.quarantined = number
            books.dropped_rows = former.dropped_rows + former.rows
            books.unreported_rows = max(1, former.unreported_rows + former.rows)

        self._attempt(lambda connection: self._make_room_and(connection, carry_over))

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection) -> Iterator[Books]:
        now_s = self._clock.monotonic()
        books = replace(self.books, age_s=self.age_s())
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield books
            database.write_books(connection, books)
            self._at("outbox.before_commit")
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        self.books, self._aged_at_s = books, now_s
        self._at("outbox.after_commit")

    def _make_room_and(self, connection: sqlite3.Connection, work: Write[_T]) -> _T:
        """Write; at the quota, drop the oldest rows in the same transaction, so that none goes for nothing."""
        room_bytes = 0
        while True:
            try:
                with self._transaction(connection) as books:
                    dropped = _drop_oldest(connection, books, room_bytes)
                    result = work(connection, books)
            except sqlite3.OperationalError as error:
                if not is_full(error) or not self._rows_would_help(room_bytes):
                    raise
                room_bytes = max(_ROOM_BYTES, 4 * room_bytes)
                continue
            self._tell_dropped(dropped)
            return result

    def _rows_would_help(self, room_bytes: int) -> bool:
        """Whether it is the quota that is full and not the disk, and there is more to drop than was tried."""
        try:
            disk = os.statvfs(self.path.parent)
        except OSError:
            return False
        return (
            disk.f_bavail * disk.f_frsize > 2 * LOG_PAGES * PAGE_BYTES
            and self.books.rows > 0
            and room_bytes < 4 * self._max_pages * PAGE_BYTES
        )

    def _shrink(self, connection: sqlite3.Connection) -> None:
        """Come down to a quota that was lowered since."""
        while _pragma(connection, "page_count") - _pragma(connection, "freelist_count") > self._max_pages:
            with self._transaction(connection) as books:
                dropped = _drop_oldest(connection, books, 16 * _ROOM_BYTES)
            self._tell_dropped(dropped)
            if not dropped:
                break
        if _pragma(connection, "page_count") > self._max_pages:
            while _vacuum_some(connection) > 0:
                pass
            connection.execute(f"PRAGMA max_page_count = {self._max_pages}")

    def _tell_dropped(self, count: int) -> None:
        if count:
            _log.warning("%s: over its quota; the %d oldest messages were dropped", self.path, count)


def drop(connection: sqlite3.Connection, books: Books, seqs: Sequence[int]) -> None:
    """Delete rows that were never delivered for certain, and count them as lost; part of a transaction."""
    for seq in seqs:
        row = connection.execute("SELECT acked_age_s IS NULL FROM message WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            continue
        connection.execute("DELETE FROM message WHERE seq = ?", (seq,))
        books.rows -= 1
        books.unsent -= row[0]
        books.dropped_rows += 1
        books.unreported_rows += 1


def _drop_oldest(connection: sqlite3.Connection, books: Books, room_bytes: int) -> int:
    """Drop the oldest rows of so many bytes, first of those that a broker has, which may be safe there."""
    going: list[int] = []
    for state in ("NOT NULL", "NULL") if room_bytes else ():
        query = f"SELECT seq, length(payload) FROM message WHERE acked_age_s IS {state} ORDER BY seq"  # noqa: S608 - two constants
        with closing(connection.execute(query)) as rows:
            while room_bytes > 0 and (row := rows.fetchone()):
                going.append(row[0])
                room_bytes -= row[1]
    drop(connection, books, going)
    return len(going)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _vacuum_some(connection: sqlite3.Connection) -> int:
    """Give some free pages back, and return how many are left."""
    connection.executescript(f"PRAGMA incremental_vacuum({LOG_PAGES})")  # `execute` would free a single page
    return _pragma(connection, "freelist_count")
