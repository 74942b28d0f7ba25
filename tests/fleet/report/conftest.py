"""A store per test, and one of simulated shops that all may read."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.told_hours import Store, hurried

from edge_agent.fleet.simulate import fill, shops
from edge_agent.fleet.store import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in SQLite."""
    engine = hurried(open_store(f"sqlite:///{tmp_path}/fleet.db"))
    yield Store(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Seven simulated shops over five weeks; the last of them has a pass-by line, zones and reads visitors."""
    engine = hurried(open_store(f"sqlite:///{tmp_path_factory.mktemp('fleet')}/fleet.db"))
    fill(engine, shops(7, 7), date(2026, 10, 26), date(2026, 11, 28), payloads=False)
    yield engine
    engine.dispose()
