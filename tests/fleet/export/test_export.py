"""Exports: columns that stay as they are, every hour exactly as it came, and harmless in a spreadsheet."""

import csv
import io
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from support.told_hours import GOLDEN, Store

from edge_agent.fleet.export import TABLES, VERSION, document, harmless, rows_of, write_csv, write_parquet
from edge_agent.fleet.export.contract import DWELL_COLUMNS
from edge_agent.fleet.figures import Period, Scope
from edge_agent.fleet.simulate import fill, sealed, shops
from edge_agent.fleet.store.tables import sites
from edge_agent.message import Hour

GOLDEN_FILES = Path(__file__).parent / "golden"
DAY = Period(date(2026, 6, 10), date(2026, 6, 10))
LATER_S = 1_798_761_600  # 2027-01-01


def exported(store: Store, table: str, period: Period = DAY) -> list[dict[str, Any]]:
    """The rows by the names of their columns."""
    names = [column.name for column in TABLES[table]]
    rows = rows_of(store.engine, table, Scope(), period, now_s=LATER_S)
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.fixture
def golden(store: Store) -> Store:
    """A store with the golden message, in an hour that ends its day, and one more."""
    store.device("milano-01", name="Milano, Duomo", region="Nord")
    whole = {name: GOLDEN[name] for name in ("zones", "pass_by", "demographics", "day_demographics", "lines", "gaps")}
    store.hour("2026-06-10T23", observed_s=3250, quality=["unaudited", "degraded"], **whole)
    store.hour("2026-06-10T22", entered=4)
    return store


@pytest.mark.parametrize("table", TABLES)
def test_the_golden_files(golden: Store, table: str) -> None:
    """What is written today is, byte for byte, what was written when the version was made."""
    text = io.StringIO()
    write_csv(table, rows_of(golden.engine, table, Scope(), DAY, now_s=LATER_S), text)
    assert text.getvalue() == (GOLDEN_FILES / f"{table}.csv").read_text(encoding="utf-8")


def test_the_document_is_up_to_date() -> None:
    """docs/fleet-export.md is what the contract says."""
    page = Path(__file__).resolve().parents[3] / "docs" / "fleet-export.md"
    assert page.read_text(encoding="utf-8") == document()


def test_parquet_has_the_same_cells_with_their_types(golden: Store, tmp_path: Path) -> None:
    """Whole numbers are 64 bit, texts are texts, nothing told is null, and the file names its version."""
    for table, columns in TABLES.items():
        path = tmp_path / f"{table}.parquet"
        count = write_parquet(table, rows_of(golden.engine, table, Scope(), DAY, now_s=LATER_S), path)
        read = pq.read_table(path)
        assert read.num_rows == count > 0
        assert read.schema.metadata[b"edge-agent"].decode() == f"{VERSION} {table}"
        assert read.schema.names == [column.name for column in columns]
        assert [str(field.type) for field in read.schema] == [
            {"text": "string", "integer": "int64"}[column.kind] for column in columns
        ]
        assert [field.nullable for field in read.schema] == [column.may_be_empty for column in columns]
        assert read.to_pylist() == exported(golden, table)


def test_an_export_of_nothing_has_its_head(store: Store, tmp_path: Path) -> None:
    """No rows are a file all the same."""
    assert write_parquet("hours", iter(()), tmp_path / "none.parquet") == 0
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
    text = io.StringIO()
    assert write_csv("hours", rows_of(store.engine, "hours", Scope(), DAY, now_s=LATER_S), text) == 0
    assert text.getvalue().startswith("tenant,site,site_name,")


def test_every_hour_comes_out_as_it_went_in(store: Store) -> None:
    """Of simulated shops with all their troubles, each sealed hour is one row with its own numbers, and once."""
    fleet, first, last = shops(3, 11), date(2026, 10, 24), date(2026, 10, 26)
    fill(store.engine, fleet, first, last)
    sent = {
        (hour.device, hour.site, hour.epoch, hour.seq): hour
        for shop in fleet
        for each in sealed(shop, first, last)
        if isinstance(hour := each.model, Hour)
    }
    rows = exported(store, "hours", Period(first, last))
    assert len(rows) == len(sent)
    for row in rows:
        hour = sent[row["device"], row["site"], row["epoch"], row["seq"]]
        assert (row["start_utc"], row["end_utc"], row["camera"], row["tz"]) == (
            hour.start,
            hour.end,
            hour.camera,
            hour.tz,
        )
        assert (row["expected_s"], row["observed_s"], row["open_s"]) == (hour.expected_s, hour.observed_s, hour.open_s)
        assert {gap.cause: gap.s for gap in hour.gaps} == {
            name.removeprefix("gap_").removesuffix("_s"): s for name, s in row.items() if name.startswith("gap_") and s
        }
    lines = exported(store, "lines", Period(first, last))
    assert sum(row["in"] for row in lines) == sum(line.in_ for hour in sent.values() for line in hour.lines)
    zones = exported(store, "zones", Period(first, last))
    assert sum(row[name] for row in zones for name in DWELL_COLUMNS) == sum(row["stays"] for row in zones)
    assert len(zones) == sum(len(hour.zones) for hour in sent.values())
    days = exported(store, "days", Period(first, last))
    assert sum(row["entered"] for row in days) == sum(row["entered"] for row in rows)
    assert sum(row["hours"] for row in days) == len(rows)


def test_rows_are_sorted(store: Store) -> None:
    """By local day, tenant, site, device, camera and begin, so that two exports can be compared."""
    fill(store.engine, shops(4, 3), date(2026, 10, 24), date(2026, 10, 26))
    rows = exported(store, "hours", Period(date(2026, 10, 24), date(2026, 10, 26)))
    order = [(r["local_day"], r["tenant"], r["site"], r["device"], r["camera"], r["start_utc"]) for r in rows]
    assert order == sorted(order)


def test_a_year_does_not_lie_in_memory(store: Store) -> None:
    """Three times the days take no more memory: only one local day is held at a time."""
    fill(store.engine, shops(2, 3), date(2026, 9, 1), date(2026, 9, 30), payloads=False)
    peaks = []
    for last in (10, 30):
        tracemalloc.start()
        period = Period(date(2026, 9, 1), date(2026, 9, last))
        assert sum(1 for _ in rows_of(store.engine, "hours", Scope(), period, now_s=LATER_S)) >= 2 * 24 * last - 48
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


@given(st.text(max_size=20))
def test_no_text_is_a_formula(text: str) -> None:
    """Whatever a site is called, its cell does not begin with what a spreadsheet calculates."""
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert harmless(text).removeprefix("'") == text.removeprefix("'")


def test_a_region_that_is_a_formula(golden: Store) -> None:
    """The name is whole, with an apostrophe before it in CSV."""
    with golden.engine.begin() as connection:
        connection.execute(update(sites).values(region='=HYPERLINK("http://x","y")', name="+1"))
    text = io.StringIO()
    write_csv("days", rows_of(golden.engine, "days", Scope(), DAY, now_s=LATER_S), text)
    (row,) = csv.DictReader(io.StringIO(text.getvalue()))
    assert row["region"] == '\'=HYPERLINK("http://x","y")'
    assert row["site_name"] == "'+1"
