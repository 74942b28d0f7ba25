"""What lies around the tables: views for dashboards, TimescaleDB, retention, locks."""

import subprocess
import sys
from pathlib import Path

import pytest
from fleet.ingest.conftest import NOW_S, Fleet
from fleet.ingest.maker import Door, health, state
from sqlalchemy import text
from support.postgres import Postgres

from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.bulk import writing
from edge_agent.fleet.store.locks import Lock
from edge_agent.fleet.store.retention import DAY_S, Retention
from edge_agent.fleet.store.tables import hour_lines, hours, messages


def test_the_views_show_hours_and_devices_in_words(fleet: Fleet) -> None:
    """A dashboard needs no knowledge of the tables: instants, names and numbers stand side by side."""
    door = Door()
    told = health(door, 1, oldest_seq=None)
    fleet.take(*door.messages(5), (f"{door.base}/state", state(door, 1)), (f"{door.base}/health", told))
    fleet.take(*Door(tenant="other").messages(1))
    fleet.advance()
    with fleet.engine.connect() as connection:
        [hour] = connection.execute(text("SELECT * FROM footfall_hours")).mappings().all()
        rows = connection.execute(text("SELECT * FROM fleet_devices ORDER BY tenant")).mappings().all()
    assert str(hour["time"]).startswith("2026-11-01 08:00:00")
    assert (hour["tenant"], hour["site"], hour["device"], hour["camera"]) == ("acme", "rome", "door-1", "entrance")
    assert (hour["entered"], hour["went_out"], hour["passed"], hour["local_hour"]) == (5, 4, 50, 9)
    ours, other = rows
    assert (ours["status"], float(ours["fps"]), ours["temperature_c"], ours["clock"]) == ("online", 9.5, 55, "synced")
    assert (other["status"], other["fps"], other["problems"]) == ("quarantine", None, 0)


def test_hours_become_a_hypertable_where_timescaledb_is(postgres: Postgres) -> None:
    """Its function is called once, when the tables are made. A stand-in notes the call: TimescaleDB is not here."""
    url = postgres.database("timescale")
    postgres.sql(
        "CREATE TABLE called (relation text, time_column text, chunk bigint, again boolean, move boolean);"
        "CREATE FUNCTION create_hypertable(relation regclass, time_column_name name, chunk_time_interval anyelement,"
        " if_not_exists boolean DEFAULT false, migrate_data boolean DEFAULT false) RETURNS void LANGUAGE sql AS"
        " 'INSERT INTO called VALUES"
        " (relation::text, time_column_name, chunk_time_interval, if_not_exists, migrate_data)'",
        "timescale",
    )
    for _ in range(2):
        open_store(url).dispose()
    assert postgres.sql("SELECT * FROM called", "timescale") == "hours|start_s|2592000|t|t"


def test_retention_forgets_texts_then_hours_and_keeps_the_keys(fleet: Fleet) -> None:
    """A message that comes again after years is still known; what is younger is not touched."""
    old, young = Door(), Door("door-2")
    later_s = NOW_S + 500 * DAY_S
    fleet.take(*old.messages(10))
    young.now_s = later_s - DAY_S
    fleet.take(*young.messages(10), now_s=later_s)
    keep = Retention(payloads_days=400, hours_days=100)
    for _ in range(5):
        with writing(fleet.engine) as connection:
            keep.apply(connection, later_s)
    texts = fleet.rows(messages, "device_id", "payload")
    assert [payload is None for _, payload in texts] == [True] * 10 + [False] * 10
    assert len(fleet.rows(hours)) == 2
    assert len(fleet.rows(hour_lines)) == 4
    assert fleet.take(*Door().messages(10)).again == 10


def test_a_lock_is_held_by_one_and_let_go(fleet: Fleet) -> None:
    """A second process does not get it until the first has let go of it or is gone."""
    first, second = Lock(fleet.engine, "leader"), Lock(fleet.engine, "leader")
    assert first.take()
    assert first.take()
    assert not second.take()
    assert Lock(fleet.engine, "another").take()
    first.release()
    assert second.take()
    second.release()


def test_a_store_that_cannot_lock_says_so(tmp_path: Path) -> None:
    """A folder that one may not write to is an error of the system, which the worker waits out."""
    engine = open_store(f"sqlite:///{tmp_path / 'fleet.db'}")
    (tmp_path / "fleet.db.leader.lock").mkdir()
    with pytest.raises(OSError, match="leader"):
        Lock(engine, "leader").take()
    engine.dispose()


def test_programs_that_start_together_make_the_tables_once(tmp_path: Path) -> None:
    """Five at once open a new file: each gets its store, and none finds the work of another half done."""
    code = f"from edge_agent.fleet.store import open_store; open_store('sqlite:///{tmp_path}/fleet.db')"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(5)]
    assert [each.wait(60) for each in started] == [0] * 5
