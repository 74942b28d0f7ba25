"""A store of each kind, and shorthands for what the tests look at in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select
from support.postgres import Postgres, postgres

from edge_agent.fleet.ingest.advance import Advance
from edge_agent.fleet.ingest.batch import Tally, store
from edge_agent.fleet.ingest.reading import read
from edge_agent.fleet.ingest.registry import Registry
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.bulk import writing
from edge_agent.fleet.store.tables import dead_letters

__all__ = ["postgres"]

NOW_S = 1_800_000_000
"""The fleet's clock in these tests: later than all windows of `maker`."""


@dataclass
class Fleet:
    """A store, and what a worker and the leader do with it."""

    engine: Engine
    registry: Registry

    def take(self, *messages: tuple[str, bytes], now_s: int = NOW_S, keep_quarantine: int = 100) -> Tally:
        """Store messages, as (topic, payload), in one commit."""
        letters = [
            read(topic, payload, received_s=now_s, max_bytes=65_536, max_ahead_s=300) for topic, payload in messages
        ]
        with writing(self.engine) as connection:
            tally, devices = store(connection, self.registry, letters, keep_quarantine=keep_quarantine)
        self.registry.keep(devices)
        return tally

    def advance(self, now_s: int = NOW_S, advance: Advance | None = None) -> None:
        """Advance the watermarks, as a leader that has just begun."""
        advance = advance or Advance()
        with writing(self.engine) as connection:
            advance.begin(connection)
            advance.round(connection, now_s)

    def rows(self, table: Table, *names: str) -> list[Any]:
        """All rows of a table, or some of its columns, in their order."""
        columns = [table.c[name] for name in names] or list(table.c)
        with self.engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(select(*columns).order_by(*columns))]
        return [row[0] for row in found] if len(names) == 1 else found

    def reasons(self) -> list[str]:
        """Why the dead letters are that."""
        return self.rows(dead_letters, "reason")


@pytest.fixture(params=["sqlite", "postgresql"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    """A fleet that admits all devices of the tenant `acme`."""
    url = f"sqlite:///{tmp_path / 'fleet.db'}"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.database("ingest")
    engine = open_store(url)
    yield Fleet(engine, Registry(["acme/*/*"]))
    engine.dispose()


def split(messages: Sequence[tuple[str, bytes]], size: int) -> Iterator[Sequence[tuple[str, bytes]]]:
    """Pieces of a sequence."""
    for start in range(0, len(messages), size):
        yield messages[start : start + size]
