"""Many rows into a table at once: COPY where the store is PostgreSQL, one prepared statement where it is SQLite."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Table

Row = Sequence[Any]
Columns = Sequence[str]

_AT_ONCE: Final = 20_000


class Loader:
    """Collects rows per table, and writes them when they are many; call `flush` at the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[str, tuple[Table, Columns, list[Row]]] = {}
        postgres = connection.dialect.name == "postgresql"
        self._write: Callable[[Table, Columns, list[Row]], None] = self._copy if postgres else self._insert

    def add(self, table: Table, rows: Iterable[Row], columns: Columns | None = None) -> None:
        """Add rows with these columns, always the same for a table; without any named: all of the table's."""
        if table.name not in self._waiting:
            self._waiting[table.name] = (table, columns or table.columns.keys(), [])
        _, named, waiting = self._waiting[table.name]
        waiting.extend(rows)
        if len(waiting) >= _AT_ONCE:
            self._write(table, named, waiting)
            waiting.clear()

    def flush(self) -> None:
        """Write what is left."""
        for table, columns, waiting in self._waiting.values():
            if waiting:
                self._write(table, columns, waiting)
                waiting.clear()

    def _insert(self, table: Table, columns: Columns, rows: list[Row]) -> None:
        quote = self._connection.dialect.identifier_preparer.quote
        names, places = ", ".join(map(quote, columns)), ", ".join("?" for _ in columns)
        statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({places})"  # noqa: S608 - names of our own tables
        self._connection.exec_driver_sql(statement, [tuple(row) for row in rows])

    def _copy(self, table: Table, columns: Columns, rows: list[Row]) -> None:
        raw = self._connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)  # noqa: S101 - for the type checker
        names = SQL(", ").join(map(Identifier, columns))
        statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table.name), names)
        with raw.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(map(_line, rows)))


def _line(row: Row) -> str:
    return "\t".join([_text(value) for value in row]) + "\n"


def _text(value: object) -> str:
    """Return a value as COPY wants it. No text of ours holds a tab, a line's end or a backslash."""
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value)
