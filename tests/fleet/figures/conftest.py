"""A store per test, and one of simulated shops that all may read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.postgres import Postgres, postgres
from support.told_hours import Store, hurried

from edge_agent.fleet.store import open_store

__all__ = ["postgres"]

TODAY_S = 1_795_946_400  # 2026-11-29 10:00 UTC


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in SQLite."""
    engine = hurried(open_store(f"sqlite:///{tmp_path}/fleet.db"))
    yield Store(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty store in each database."""
    if request.param == "sqlite":
        opened = hurried(open_store(f"sqlite:///{tmp_path}/fleet.db"))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        opened = open_store(server.database("figures"))
    yield opened
    opened.dispose()
