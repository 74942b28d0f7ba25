"""Loading simulated shops into a store: the fast way gives what the messages give."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from support.postgres import Postgres

from edge_agent.fleet.simulate import fill, sealed, shops, truth
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.rows import seconds
from edge_agent.fleet.store.tables import day_visitors, devices, hours, messages, metadata, watermarks
from edge_agent.message import payload_hash

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


@pytest.mark.parametrize(
    ("number", "first", "last"),
    [
        (1, date(2026, 10, 24), date(2026, 10, 26)),
        (3, date(2026, 10, 24), date(2026, 10, 26)),
        (4, date(2018, 2, 16), date(2018, 2, 19)),
        (4, date(2018, 11, 3), date(2018, 11, 5)),
    ],
    ids=["Rome", "London", "Sao Paulo back", "Sao Paulo forward"],
)
def test_days_of_the_clock_change_are_whole(
    engines: tuple[Engine, Engine], number: int, first: date, last: date
) -> None:
    """Where the clock is put back or forward, rows, messages and truth agree on every local day and hour."""
    shop = shops(number, 5)[-1]
    fill(engines[0], [shop], first, last)
    fill(engines[1], [shop], first, last, payloads=False)
    by_hour = select(hours.c.local_day, hours.c.local_hour, func.sum(hours.c.entered), func.sum(hours.c.expected_s))
    by_hour = by_hour.group_by(hours.c.local_day, hours.c.local_hour)
    true: dict[tuple[str, int], list[int]] = {}
    for hour in truth(shop, first, last):
        if not hour.lost:
            sums = true.setdefault((hour.local_day, hour.local_hour), [0, 0])
            sums[0], sums[1] = sums[0] + hour.counted, sums[1] + hour.expected_s
    for engine in engines:
        with engine.connect() as connection:
            found = {(row[0], row[1]): [row[2], row[3]] for row in connection.execute(by_hour)}
        assert found == true


def test_postgresql_takes_the_same_rows(engines: tuple[Engine, Engine], postgres: Postgres) -> None:
    """COPY brings into PostgreSQL, null for null and byte for byte, what SQLite gets."""
    fleet = shops(6, 11)
    server = open_store(postgres.database("simulated"))
    for engine in (engines[0], server):
        fill(engine, fleet, FIRST, FIRST)
    with engines[0].connect() as small, server.connect() as large:
        for table in metadata.tables.values():
            rows = [sorted(connection.execute(select(table)), key=repr) for connection in (small, large)]
            assert rows[0] == rows[1], table.name
    server.dispose()


def test_messages_are_kept_as_they_were_sealed(engines: tuple[Engine, Engine]) -> None:
    """Every message stands in the store with its own payload, hash, window and place in the chain."""
    fleet = shops(2, 11)
    fill(engines[0], fleet, FIRST, FIRST)
    expected = [sent for shop in fleet for sent in sealed(shop, FIRST, FIRST)]
    with engines[0].connect() as connection:
        rows = connection.execute(select(messages).order_by(messages.c.device_id, messages.c.seq)).all()
        marks = connection.execute(select(watermarks.c.hash, devices.c.epoch).join(devices)).all()
    assert [row.payload.encode() for row in rows] == [sent.payload for sent in expected]
    for row, sent in zip(rows, expected, strict=True):
        model = sent.model
        assert (row.epoch, row.seq, row.leaf, row.camera) == (model.epoch, model.seq, sent.leaf, model.camera)
        assert (row.start_s, row.end_s, row.clock) == (seconds(model.start), seconds(model.end), model.clock)
        assert (row.hash.hex(), row.prev_hash.hex()) == (payload_hash(sent.payload), model.prev_hash)
        assert row.received_s == sent.due_s
    assert {(mark.hash, mark.epoch) for mark in marks} == {
        (rows[i].hash, rows[i].epoch) for i in range(len(rows)) if i + 1 == len(rows) or rows[i + 1].seq == 1
    }


def test_the_store_holds_the_truth(engines: tuple[Engine, Engine]) -> None:
    """The sums over a filled store are those of the truth, to the last visitor."""
    fleet = shops(4, 5)
    fill(engines[0], fleet, FIRST, LAST, payloads=False, details=False)
    counted = {shop.site: sum(hour.counted for hour in truth(shop, FIRST, LAST)) for shop in fleet}
    with engines[0].connect() as connection:
        sums = select(devices.c.site, func.sum(hours.c.entered)).join(devices, devices.c.id == hours.c.device_id)
        assert dict(connection.execute(sums.group_by(devices.c.site)).all()) == counted
