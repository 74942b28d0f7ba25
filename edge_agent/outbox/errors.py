"""What the outbox raises, and how SQLite's errors are told apart: three kinds, three reactions."""

import sqlite3
from typing import Final


class OutboxError(Exception):
    """The outbox cannot do what was asked; the message says why and what to do."""


class OutboxFull(OutboxError):  # noqa: N818 - named after the state, as queue.Full is
    """Nothing was stored, because there is no room or the disk fails. Keep the drafts and try again."""


class OutboxInUse(OutboxError):  # noqa: N818 - likewise
    """Another process holds the file. Two agents on one outbox would send everything twice."""


class OutboxTooNew(OutboxError):  # noqa: N818 - likewise
    """The file was written by a newer agent, and this one would misread it."""


class Damage(Exception):  # noqa: N818 - a finding, caught inside this package, never seen outside
    """The file is not what this package wrote. The reaction is to set it aside and begin a new one."""


_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
    }
)
_FILE_IS_SHORT: Final = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})


def primary_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code; None where Python's module itself raised the error."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def is_full(error: sqlite3.Error) -> bool:
    """Tell whether there was no room: the quota, or the disk."""
    return primary_code(error) == sqlite3.SQLITE_FULL


def is_passing(error: sqlite3.Error) -> bool:
    """Tell trouble of the disk, which may pass, from damage to the file, which does not."""
    if getattr(error, "sqlite_errorcode", None) in _FILE_IS_SHORT:
        return False
    return primary_code(error) in _PASSING


def is_damage(error: Exception) -> bool:
    """Tell whether the file itself is broken. A misuse of the connection is a bug of ours, not damage."""
    if isinstance(error, Damage):
        return True
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    return isinstance(error, sqlite3.Error) and not is_passing(error)
