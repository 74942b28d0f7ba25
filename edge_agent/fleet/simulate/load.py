"""Many rows into a table at once: COPY where the store is PostgreSQL, one prepared statement where it is SQLite."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Table, insert

_AT_ONCE: Final = 20_000


class Loader:
    """Collects rows per table, and writes them when they are many; call `flush` at the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, tuple[Table, list[Sequence[Any]]]] = {}
        postgres = connection.dialect.name == "postgresql"
        self._write: Callable[[Table, list[Sequence[Any]]], None] = self._copy if postgres else self._insert

    def add(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, each in the order of the table's columns."""
        waiting = self._waiting.setdefault(table.name, (table, []))[1]
        waiting.extend(rows)
        if len(waiting) >= _AT_ONCE:
            self._write(table, waiting)
            waiting.clear()

    def flush(self) -> None:
        """Write what is left."""
        for table, waiting in self._waiting.values():
            if waiting:
                self._write(table, waiting)
                waiting.clear()

    def _insert(self, table: Table, rows: list[Sequence[Any]]) -> None:
        statement = str(insert(table).compile(self._connection))
        self._connection.exec_driver_sql(statement, [tuple(row) for row in rows])

    def _copy(self, table: Table, rows: list[Sequence[Any]]) -> None:
        raw = self._connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)  # noqa: S101 - for the type checker
        columns = SQL(", ").join(Identifier(column.name) for column in table.columns)
        statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table.name), columns)
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(map(_line, rows)))


def _line(row: Sequence[Any]) -> str:
    return "\t".join([_text(value) for value in row]) + "\n"


def _text(value: object) -> str:
    """Return a value as COPY wants it. No text of ours holds a tab, a line's end or a backslash."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value)
