"""Loading simulated shops into a store: the fast way gives what the messages give."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from edge_agent.fleet.simulate import fill, shops, truth
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import day_visitors, devices, hours, messages, metadata, watermarks

FIRST, LAST = date(2026, 3, 20), date(2026, 4, 2)  # the clock goes forward on 29 March


@pytest.fixture
def engines(tmp_path: Path) -> Iterator[tuple[Engine, Engine]]:
    """Two empty stores."""
    pair = open_store(f"sqlite:///{tmp_path}/messages.db"), open_store(f"sqlite:///{tmp_path}/rows.db")
    yield pair
    for engine in pair:
        engine.dispose()


def test_both_ways_fill_the_same(engines: tuple[Engine, Engine]) -> None:
    """Rows made without messages are those that the store makes of the messages, in every table and column."""
    fleet = shops(12, 11)
    fill(engines[0], fleet, FIRST, LAST)
    fill(engines[1], fleet, FIRST, LAST, payloads=False)
    with engines[0].connect() as slow, engines[1].connect() as fast:
        for table in metadata.tables.values():
            if table in (messages, watermarks):
                continue
            rows = [sorted(connection.execute(select(table)), key=repr) for connection in (slow, fast)]
            assert rows[0] == rows[1], table.name
        marks = [select(watermarks.c.device_id, watermarks.c.epoch, watermarks.c.seq)] * 2
        assert set(slow.execute(marks[0])) == set(fast.execute(marks[1]))
        assert fast.scalar(select(func.count()).select_from(messages)) == 0
        assert slow.scalar(select(func.count()).select_from(day_visitors))


def test_the_store_holds_the_truth(engines: tuple[Engine, Engine]) -> None:
    """The sums over a filled store are those of the truth, to the last visitor."""
    fleet = shops(4, 5)
    fill(engines[0], fleet, FIRST, LAST, payloads=False, details=False)
    counted = {shop.site: sum(hour.counted for hour in truth(shop, FIRST, LAST)) for shop in fleet}
    with engines[0].connect() as connection:
        sums = select(devices.c.site, func.sum(hours.c.entered)).join(devices, devices.c.id == hours.c.device_id)
        assert dict(connection.execute(sums.group_by(devices.c.site)).all()) == counted
