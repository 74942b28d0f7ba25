"""How long reports take with a year of a thousand sites in PostgreSQL, or of a hundred in SQLite.

    PYTHONPATH=.:tests .venv/bin/python benchmarks/report.py
    PYTHONPATH=.:tests .venv/bin/python benchmarks/report.py --sqlite --sites 100

Two weeks are the simulator's, the others copies of them, which is faster; of the last six weeks lines and zones are
there too. Loading takes most of the time.
A PostgreSQL of its own runs in a temporary folder, with Debian's settings but for 128 MB of shared memory, and is gone
afterwards. Each question is asked `--times` times; the first is told apart, because nothing is in memory then.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Date, Engine, Table, cast, func, insert, literal, select, text
from support.postgres import Postgres

from edge_agent.fleet.figures import By, Period, Scope, footfall, gather
from edge_agent.fleet.report import page_of
from edge_agent.fleet.simulate import Shop, fill, shops
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import day_visitors, hour_gaps, hour_lines, hour_zones, hours

LAST: Final = date(2026, 11, 28)
PART: Final = timedelta(days=14)
DETAILED: Final = 3  # of the last so many parts, lines and zones are there too
NOW_S: Final = 1_795_946_400  # the morning after


@contextmanager
def store(*, sqlite: bool, database: str | None) -> Iterator[str]:
    """Give the address of a store: the one that is there, or an empty one."""
    if database is not None:
        yield database
    elif sqlite:
        with TemporaryDirectory(prefix="fleet-benchmark-") as folder:
            yield f"sqlite:///{folder}/fleet.db"
    else:
        with Postgres() as server:
            yield server.url


def load(engine: Engine, wanted: list[Shop], days: int) -> None:
    """Fill the store, where it is empty: two weeks from the simulator, and copies of them, two weeks earlier each."""
    with engine.connect() as connection:
        if connection.scalar(select(hours.c.seq).limit(1)) is not None:
            return
    begin_s = time.perf_counter()
    fill(engine, wanted, LAST - PART + timedelta(days=1), LAST, payloads=False)
    print(f"simulated in {time.perf_counter() - begin_s:.0f} s", flush=True)
    for n in range(1, -(-days // PART.days)):
        with engine.begin() as connection:
            for table in (hours, hour_gaps, day_visitors, *((hour_lines, hour_zones) if n < DETAILED else ())):
                _copy(connection, table, n)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    print(f"loaded in {time.perf_counter() - begin_s:.0f} s", flush=True)


def _copy(connection: Connection, table: Table, n: int) -> None:
    """Copy the rows of the last two weeks to n times two weeks before."""
    days = n * PART.days
    changed: dict[str, ColumnElement[Any]] = {"epoch": literal(f"{n:016x}")}
    if "local_day" in table.c and connection.dialect.name == "sqlite":
        changed["local_day"] = func.date(table.c.local_day, f"-{days} days")
    elif "local_day" in table.c:
        changed["local_day"] = func.to_char(cast(table.c.local_day, Date) - days, "YYYY-MM-DD")
    changed |= {name: table.c[name] - days * 86_400 for name in ("start_s", "end_s") if name in table.c}
    first = (LAST - PART + timedelta(days=1)).isoformat()
    newest = table.c.local_day >= first if "local_day" in table.c else table.c.start_s >= NOW_S - PART.total_seconds()
    source = select(*(changed.get(column.name, column) for column in table.c)).where(newest)
    connection.execute(insert(table).from_select([column.name for column in table.c], source))


def measure(name: str, ask: Callable[[], object], times: int) -> None:
    """Print how long a question takes: the first time, and the median of the others."""
    took = []
    for _ in range(times):
        begin_s = time.perf_counter()
        ask()
        took.append(time.perf_counter() - begin_s)
    rest = sorted(took[1:]) or took
    print(f"{name:<44}{took[0]:>9.2f} s{rest[len(rest) // 2]:>9.2f} s", flush=True)


def main() -> int:
    """Load, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sqlite", action="store_true", help="a file instead of PostgreSQL")
    parser.add_argument("--database", help="a store that has been filled before, or is empty")
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--days", type=int, default=366)
    parser.add_argument("--times", type=int, default=6)
    given = parser.parse_args()
    wanted = shops(given.sites, seed=7)
    with store(sqlite=given.sqlite, database=given.database) as address:
        engine = open_store(address)
        load(engine, wanted, given.days)
        with engine.connect() as connection:
            print(f"{connection.scalar(select(func.count()).select_from(hours)):,} hours, {engine.dialect.name}")
        month, day = Period(date(2026, 11, 1), LAST), Period(LAST, LAST)
        # One that reads visitors and has a pass-by line, so that nothing of a report is left out.
        rich = next(shop for shop in wanted if any(c.reading for c in shop.cameras) and shop.cameras[0].pavement)
        site = Scope(site=f"{rich.tenant}/{rich.site}")
        region = Scope(region=rich.region)

        def page(scope: Scope, period: Period) -> Callable[[], object]:
            return lambda: page_of(gather(engine, scope, period, now_s=NOW_S), "it")

        print(f"{'':<44}{'first':>11}{'median':>11}")
        measure("a site's month, whole page", page(site, month), given.times)
        measure("a site's month, figures only", lambda: gather(engine, site, month, now_s=NOW_S), given.times)
        measure("all sites' day, whole page", page(Scope(), day), given.times)
        measure("all sites' day, footfall by site", lambda: footfall(engine, Scope(), day, By.SITE, now_s=NOW_S), 3)
        measure("a region's month, whole page", page(region, month), 2)
        measure("all sites' month, whole page", page(Scope(), month), 2)
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
