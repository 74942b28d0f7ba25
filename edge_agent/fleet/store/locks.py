"""What only one process may do at a time: a lock that is let go when its holder dies, however it dies."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final
from zlib import crc32

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_OURS: Final = 7306938  # the first half of the number; PostgreSQL's locks are known by two
_KEEPALIVES: Final = {"tcp_keepalives_idle": 15, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}


class Lock:
    """A lock of the store by name. PostgreSQL: of a connection, which is kept. SQLite: of a file beside the store's.

    A lock of PostgreSQL is lost with its connection, so whatever it protects is done over `connection`.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._connection: Connection | None = None
        self._file: int | None = None

    def take(self) -> bool:
        """Take it if nobody holds it; tell whether it is ours.

        Raises:
            SQLAlchemyError: the database cannot be asked.
            OSError: the file cannot be made.
        """
        if self._connection is not None:
            return True
        if self._engine.dialect.name == "postgresql":
            return self._take_postgresql()
        return self._take_file()

    @property
    def connection(self) -> Connection | None:
        """The connection to use while the lock is held; None: it is not held."""
        return self._connection

    def release(self) -> None:
        """Let go of it; without effect where it is not held."""
        connection, self._connection = self._connection, None
        if connection is not None:
            # Said first, because the server takes a while to notice that a connection is closed; and closed, because
            # one that goes back to the pool would keep the lock if this was not heard.
            if connection.dialect.name == "postgresql":
                with suppress(SQLAlchemyError):
                    connection.rollback()
                    connection.execute(text("SELECT pg_advisory_unlock_all()"))
            with suppress(SQLAlchemyError):
                connection.invalidate()
            with suppress(SQLAlchemyError):
                connection.close()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take_postgresql(self) -> bool:
        connection = self._engine.connect()
        try:
            number = crc32(self._name.encode()) - 2**31
            taken = bool(
                connection.scalar(text("SELECT pg_try_advisory_lock(:ours, :this)"), {"ours": _OURS, "this": number})
            )
            for setting, value in _KEEPALIVES.items():  # a holder whose machine is gone is noticed within 30 s
                connection.execute(text(f"SET {setting} = {value}"))
            connection.commit()
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        if taken:
            self._connection = connection
        else:
            connection.close()
        return taken

    def _take_file(self) -> bool:
        path = self._engine.url.database
        if path and path != ":memory:":
            descriptor = os.open(Path(f"{path}.{self._name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(descriptor)
                if isinstance(error, BlockingIOError):
                    return False
                raise
            self._file = descriptor
        self._connection = self._engine.connect()
        return True
