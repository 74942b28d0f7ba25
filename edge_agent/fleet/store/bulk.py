"""Many rows in one statement: arrays for PostgreSQL, a prepared statement run often for SQLite."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Connection,
    Engine,
    Subquery,
    Table,
    Text,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, Any]]


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes. In SQLite it waits for others at its start, instead of failing later."""
    with engine.connect() as connection:
        begin_writing(connection)
        yield connection
        connection.commit()


def begin_writing(connection: Connection) -> None:
    """Begin such a transaction on a connection that is there."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def add(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows; what is there already stays as it is."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_insert_arrays(table, names, ()), _arrays(names, rows))
    else:
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), list(rows))


def add_new(connection: Connection, table: Table, rows: Rows, key: Sequence[str]) -> set[tuple[Any, ...]]:
    """Insert rows whose keys differ; return the keys of those that were not there before."""
    if not rows:
        return set()
    columns = [table.c[name] for name in key]
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        statement = _insert_arrays(table, names, tuple(key))
        return {tuple(row) for row in connection.exec_driver_sql(statement, _arrays(names, rows))}
    # Nobody else writes between these two: SQLite has one writer, and we are it.
    known = found(connection, columns, table, rows, key)
    new = [row for row in rows if tuple(row[name] for name in key) not in known]
    add(connection, table, new)
    return {tuple(row[name] for name in key) for row in new}


def found(
    connection: Connection, wanted: Sequence[Any], table: Table, rows: Rows, key: Sequence[str]
) -> set[tuple[Any, ...]]:
    """Return the wanted columns of those rows of the table that have the key of one of `rows`."""
    if not rows:
        return set()
    keys = listed(connection, table, rows, key)
    matches = and_(*(table.c[name] == keys.c[name] for name in key))
    return {tuple(row) for row in connection.execute(select(*wanted).select_from(keys.join(table, matches)))}


def listed(connection: Connection, table: Table, rows: Rows, names: Sequence[str]) -> Subquery:
    """Rows of ours, numbers and words, as a table to join with."""
    if connection.dialect.name == "postgresql":
        arrays = [
            func.unnest(bindparam(None, [row[name] for row in rows], type_=ARRAY(table.c[name].type))).label(name)
            for name in names
        ]
        return select(*arrays).subquery()
    as_json = json.dumps([[row[name] for name in names] for row in rows])
    each = func.json_each(bindparam(None, as_json, type_=Text)).table_valued("value")
    cells = [
        func.json_extract(each.c.value, f"$[{index}]", type_=table.c[name].type).label(name)
        for index, name in enumerate(names)
    ]
    return select(*cells).subquery()


def update(connection: Connection, table: Table, rows: Rows, key: Sequence[str]) -> None:
    """Set the columns of rows that are there. They are locked in the order given."""
    if not rows:
        return
    names = [name for name in rows[0] if name not in key]
    if connection.dialect.name == "postgresql":
        keys = listed(connection, table, rows, list(rows[0]))
        statement = table.update().values({name: keys.c[name] for name in names})
        connection.execute(statement.where(*(table.c[name] == keys.c[name] for name in key)))
        return
    statement = table.update().values({name: bindparam(f"new_{name}") for name in names})
    statement = statement.where(*(table.c[name] == bindparam(f"key_{name}") for name in key))
    connection.execute(
        statement,
        [{f"{'key' if name in key else 'new'}_{name}": value for name, value in row.items()} for row in rows],
    )


@lru_cache(maxsize=64)
def _insert_arrays(table: Table, names: tuple[str, ...], key: tuple[str, ...]) -> str:
    """In psycopg's own words: its binary form of arrays, which SQLAlchemy cannot ask for, takes a third of the time."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's
    quote = dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, names))
    arrays = ", ".join(f"%({name})b::{table.c[name].type.compile(dialect)}[]" for name in names)
    statement = f"INSERT INTO {quote(table.name)} ({columns}) SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of our own tables
    return f"{statement} RETURNING {', '.join(map(quote, key))}" if key else statement


def _arrays(names: tuple[str, ...], rows: Rows) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in names}
