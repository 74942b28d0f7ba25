"""A store per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.told_hours import Store, hurried

from edge_agent.fleet.store import open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store in SQLite."""
    engine = hurried(open_store(f"sqlite:///{tmp_path}/fleet.db"))
    yield Store(engine)
    engine.dispose()
