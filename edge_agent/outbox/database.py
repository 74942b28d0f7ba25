"""The outbox's file: opened, checked, migrated, and set aside when it is broken.

Flash cards lose power in the middle of a write, so nothing read back is taken on trust: SQLite's own check runs at
every start, and each value that this package depends on carries a digest, because SQLite has no checksums of its own.
"""

import json
import logging
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge_agent.outbox.errors import Damage, OutboxInUse, OutboxTooNew, primary_code

GENESIS: Final = "0" * 64
PAGE_BYTES: Final = 4096
LOG_PAGES: Final = 64
"""Length of the write-ahead log: 256 KB of the quota. It is kept at that length, so that the next write finds room."""

_SIGNATURE: Final = 0x466F6F74  # "Foot": tells an outbox from any other SQLite file
_QUARANTINED_KEPT: Final = 3
_SIDE_FILES: Final = ("", "-wal", "-shm", "-journal")
_BUSY_S: Final = 5.0  # a predecessor that is being killed lets go within this

_log = logging.getLogger(__name__)

_MIGRATIONS: Final = (
    # 0 to 1: the first schema. `acked_age_s` stands before the payload, so that a scan skips the long column.
    """
    CREATE TABLE message (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        acked_age_s REAL,
        leaf TEXT NOT NULL,
        digest BLOB NOT NULL,
        payload BLOB NOT NULL
    );
    CREATE TABLE checkpoint (key TEXT PRIMARY KEY, digest BLOB NOT NULL, blob BLOB NOT NULL);
    CREATE TABLE meta (key TEXT PRIMARY KEY, digest BLOB NOT NULL, value TEXT NOT NULL);
    """,
)
SCHEMA_VERSION: Final = len(_MIGRATIONS)


@dataclass(slots=True)
class Books:
    """What the outbox knows about itself; stored in the same transaction as what it speaks of.

    Attributes:
        epoch: 16 hex digits, drawn at random for every new file: with `seq` the key of a message.
        last_seq: highest number given out so far; numbers are never given out twice in an epoch.
        chain: SHA-256 of the last payload of this epoch, 64 zeros before the first.
        age_s: seconds that this file has been open, over all processes; measures 48 h without a wall clock.
        session: number of the last connection to a broker.
        dropped_rows: messages that were stored and lost, as far as known: quota, damage, quarantine.
        unreported_rows: those that no later message has spoken of yet; a quarantined file counts as one at least.
        quarantined: files set aside so far.
        rows: messages stored now.
        unsent: those of them that no broker has acknowledged yet.
    """

    epoch: str
    last_seq: int = 0
    chain: str = GENESIS
    age_s: float = 0.0
    session: int = 0
    dropped_rows: int = 0
    unreported_rows: int = 0
    quarantined: int = 0
    rows: int = 0
    unsent: int = 0


def new_epoch() -> str:
    """Return a random 64-bit number as 16 hex digits."""
    return secrets.token_hex(8)


def digest(*parts: object) -> bytes:
    """Return a short fingerprint of values, their types included: a damaged cell may come back as another type."""
    return sha256(repr(parts).encode()).digest()[:16]


def open_file(path: Path, *, max_pages: int, expired: Callable[[], bool]) -> tuple[sqlite3.Connection, Books]:
    """Open or create the file, check it, bring it to this schema, and count it as written to.

    Args:
        path: the file; its folder is created.
        max_pages: quota in pages; a file that is larger already keeps its size until rows are dropped.
        expired: asked now and then during the check; true ends it early, because counting must begin.

    Raises:
        Damage: the file is not an intact outbox.
        OutboxInUse: another process has it open.
        OutboxTooNew: a newer agent wrote it.
        sqlite3.Error, OSError: the disk does not let us.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))  # SQLite would let everybody read it
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.text_factory = _decode
        _configure(connection, path)
        _check(connection, path, expired)
        _migrate(connection)
        books = _read_books(connection)
        connection.execute(f"PRAGMA max_page_count = {max_pages}")
        _probe(connection, books, path)
    except BaseException:
        connection.close()
        raise
    return connection, books


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")  # damage must fail its digest, not the whole query


def _configure(connection: sqlite3.Connection, path: Path) -> None:
    try:
        # EXCLUSIVE keeps a second agent out, and needs no shared-memory file that a full disk could break.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise Damage("it cannot be switched to write-ahead logging")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_PAGES * (PAGE_BYTES + 24) + 32}")
    except sqlite3.OperationalError as error:
        if primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise OutboxInUse(f"{path}: in use by another process; stop the other edge-agent") from error
        raise


def _check(connection: sqlite3.Connection, path: Path, expired: Callable[[], bool]) -> None:
    signature = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if signature != (_SIGNATURE if tables else 0):
        raise Damage("it is no outbox")
    connection.set_progress_handler(expired, 10_000)
    try:
        finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if primary_code(error) != sqlite3.SQLITE_INTERRUPT:
            raise
        _log.warning("%s: too large to be checked in full within the time allowed; opened all the same", path)
    else:
        if finding != "ok":
            raise Damage(str(finding).splitlines()[-1])
    finally:
        connection.set_progress_handler(None, 0)


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != 0:
        _believe_version(connection, version)
    for step, script in enumerate(_MIGRATIONS[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
            write_meta(connection, "schema", step)
            if step == 1:
                write_books(connection, Books(epoch=new_epoch()))
            connection.execute(f"PRAGMA application_id = {_SIGNATURE}")
            connection.execute(f"PRAGMA user_version = {step}")
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise


def _believe_version(connection: sqlite3.Connection, version: int) -> None:
    # A flipped bit in the header must not look like a newer agent, which would stop this one for good.
    # Every future schema keeps the table `meta` and its row 'schema' for this comparison.
    if read_meta(connection, "schema") != version:
        raise Damage("its schema version was altered")
    if version > SCHEMA_VERSION:
        raise OutboxTooNew(
            f"the outbox has schema {version}, this edge-agent knows {SCHEMA_VERSION}: "
            "install the newer edge-agent again, or move the file away to begin a new one"
        )


def _probe(connection: sqlite3.Connection, books: Books, path: Path) -> None:
    """Write once: a damaged header can make a file read-only, which must not pass for a write-protected disk."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        write_books(connection, books)
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        if primary_code(error) == sqlite3.SQLITE_READONLY and os.access(path, os.W_OK):
            raise Damage("its header was altered") from error
        if primary_code(error) != sqlite3.SQLITE_FULL:  # full is no obstacle to opening: rows will leave
            raise


def _read_books(connection: sqlite3.Connection) -> Books:
    value = read_meta(connection, "books")
    if not isinstance(value, dict):
        raise Damage("its books are missing")
    try:
        books = Books(**value)
    except TypeError:
        raise Damage("its books have other columns") from None
    given_out = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
    if (given_out[0] if given_out else 0) != books.last_seq:
        raise Damage("its numbering was altered")
    books.rows, books.unsent = connection.execute(
        "SELECT count(*), count(*) - count(acked_age_s) FROM message"
    ).fetchone()
    return books


def write_books(connection: sqlite3.Connection, books: Books) -> None:
    """Store the books; part of the caller's transaction."""
    write_meta(connection, "books", asdict(books))


def write_meta(connection: sqlite3.Connection, key: str, value: object) -> None:
    """Store a value as JSON with its digest; part of the caller's transaction."""
    text = json.dumps(value)
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (key, digest(key, text), text))


def read_meta(connection: sqlite3.Connection, key: str) -> object:
    """Return a stored value.

    Raises:
        Damage: it is missing or was altered.
    """
    row = connection.execute("SELECT digest, value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None or row[0] != digest(key, row[1]):
        raise Damage(f"its entry '{key}' is missing or was altered")
    value: object = json.loads(row[1])
    return value


def quarantine(path: Path) -> int:
    """Move the file and its side files out of the way, keep the newest few, and return the number it was given.

    The main file goes first: SQLite discards a log that it finds beside no database, so that a crash in the
    middle cannot replay the old log into the new file.

    Raises:
        OSError: the folder does not let us.
    """
    taken = _quarantined(path)
    number = max(taken, default=0) + 1
    aside = path.with_name(f"{path.name}.corrupt-{number:04d}")
    for suffix in _SIDE_FILES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    for old in sorted(taken)[: max(0, len(taken) + 1 - _QUARANTINED_KEPT)]:
        for suffix in _SIDE_FILES:
            path.with_name(f"{path.name}.corrupt-{old:04d}{suffix}").unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return number


def _quarantined(path: Path) -> list[int]:
    prefix = f"{path.name}.corrupt-"
    numbers = (entry.name.removeprefix(prefix) for entry in path.parent.glob(f"{prefix}*"))
    return [int(number) for number in numbers if number.isdigit()]
