"""Rows of an export, a local day at a time: a year of a thousand shops never lies in memory."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Engine, RowMapping, Select, and_, func, select

from edge_agent.fleet.export.contract import BANDS, DWELL_COLUMNS, TABLES
from edge_agent.fleet.figures import Period, Scope
from edge_agent.fleet.figures.footfall import hours_of_sites
from edge_agent.fleet.figures.scope import Question, SiteRow, sites_of
from edge_agent.fleet.figures.spans import spans_of
from edge_agent.fleet.store.tables import day_visitors, devices, hour_gaps, hour_lines, hour_zones, hours
from edge_agent.message import instant
from edge_agent.terms import AgeBand, GapCause, Sex

Cells = dict[str, Any]
Row = tuple[str | int | None, ...]

_KEY: Final = ("device_id", "epoch", "seq", "start_s")
_IN_ORDER: Final = (devices.c.tenant, devices.c.site, devices.c.device, hours.c.camera, hours.c.start_s, hours.c.seq)


def rows_of(engine: Engine, table: str, scope: Scope, period: Period, *, now_s: int) -> Iterator[Row]:
    """Return the rows of a table of the contract, in the order of its columns; they are read as they are asked for.

    Raises:
        ScopeError: nothing is known under that name.
    """
    with engine.connect() as connection:
        sites_of(connection, scope)
    return _rows(engine, table, scope, period, now_s=now_s)


def _rows(engine: Engine, table: str, scope: Scope, period: Period, *, now_s: int) -> Iterator[Row]:
    names = [column.name for column in TABLES[table]]
    read = {"hours": _hours, "lines": _lines, "zones": _zones, "days": _days, "report": _report}[table]
    with engine.connect() as connection:
        whole = Question.of(connection, scope, period, now_s)
        sites = {site.id: _place(site) for site in whole.sites}
        for day in period.days:
            ask = whole.about(Period(day, day))
            for site_id, cells in read(ask):
                row = sites[site_id] | cells
                yield tuple(row[name] for name in names)


def _place(site: SiteRow) -> Cells:
    return {"tenant": site.tenant, "site": site.site, "site_name": site.name, "region": site.region}


def _of_day(asked: Select[Any], ask: Question) -> Select[Any]:
    """The rows of one day, with the name of the device, in the order of the contract."""
    whole = asked.add_columns(devices.c.device).join(devices, devices.c.id == hours.c.device_id)
    return whole.where(ask.of_hours)


def _hour(row: RowMapping) -> Cells:
    """What all tables of hours have."""
    return {
        **{name: row[name] for name in ("device", "camera", "epoch", "seq", "tz", "local_day", "local_hour")},
        **{name: row[name] for name in ("expected_s", "observed_s", "open_s", "open_missing_s")},
        "start_utc": instant(row["start_s"]),
        "end_utc": instant(row["end_s"]),
    }


def _hours(ask: Question) -> Iterator[tuple[int, Cells]]:
    same = and_(*(hour_gaps.c[name] == hours.c[name] for name in _KEY))
    seconds: defaultdict[tuple[Any, ...], dict[str, int]] = defaultdict(dict)
    asked = select(*(hour_gaps.c[name] for name in _KEY), hour_gaps.c.cause, hour_gaps.c.s).join(hours, same)
    for *key, cause, s in ask.connection.execute(asked.where(ask.of_hours)):
        seconds[tuple(key)][cause] = s
    for row in ask.connection.execute(_of_day(select(hours), ask).order_by(*_IN_ORDER)).mappings():
        gaps = seconds.get(tuple(row[name] for name in _KEY), {})
        shares = json.loads(row["age_shares"]) if row["age_shares"] is not None else {}
        yield (
            row["site_id"],
            dict(row)
            | _hour(row)
            | {f"gap_{cause}_s": gaps.get(cause, 0) for cause in GapCause}
            | _age_shares({band: shares.get(band) for band in BANDS}),
        )


def _lines(ask: Question) -> Iterator[tuple[int, Cells]]:
    same = and_(*(hour_lines.c[name] == hours.c[name] for name in _KEY))
    own = [column for column in hour_lines.c if column.name not in _KEY]
    asked = _of_day(select(hours, *own).join(hour_lines, same), ask).where(ask.of_instants(hour_lines.c.start_s))
    for row in ask.connection.execute(asked.order_by(*_IN_ORDER, hour_lines.c.line)).mappings():
        counts = {"in": row["in_count"], "out": row["out_count"]}
        yield row["site_id"], {column.name: row[column.name] for column in own} | _hour(row) | counts


def _zones(ask: Question) -> Iterator[tuple[int, Cells]]:
    same = and_(*(hour_zones.c[name] == hours.c[name] for name in _KEY))
    own = [column for column in hour_zones.c if column.name not in _KEY]
    asked = _of_day(select(hours, *own).join(hour_zones, same), ask).where(ask.of_instants(hour_zones.c.start_s))
    for row in ask.connection.execute(asked.order_by(*_IN_ORDER, hour_zones.c.zone)).mappings():
        bins = dict(zip(DWELL_COLUMNS, map(int, row["dwell"].split()), strict=True))
        yield row["site_id"], {column.name: row[column.name] for column in own} | _hour(row) | bins


def _days(ask: Question) -> Iterator[tuple[int, Cells]]:
    told = {
        (row.device_id, row.camera): json.loads(row.demographics)
        for row in ask.connection.execute(select(day_visitors).where(ask.of_days(day_visitors.c.local_day)))
    }
    keys = (hours.c.site_id, hours.c.device_id, hours.c.camera, hours.c.local_day)
    names = ("expected_s", "observed_s", "open_s", "open_missing_s", "entered", "left", "passed", "captured")
    asked = select(*keys, func.count().label("hours"), *(func.sum(hours.c[name]).label(name) for name in names))
    order = (devices.c.tenant, devices.c.site, devices.c.device)
    asked = _of_day(asked, ask).group_by(*keys, *order).order_by(*order, hours.c.camera)
    for row in ask.connection.execute(asked).mappings():
        sums = {name: int(row[name]) if row[name] is not None else None for name in names}
        yield row["site_id"], dict(row) | sums | _visitors(told.get((row["device_id"], row["camera"])))


def _report(ask: Question) -> Iterator[tuple[int, Cells]]:
    by_hour = hours_of_sites(ask, spans_of(ask))
    names = [column.name for column in TABLES["report"]]
    for site in ask.sites:
        for (local_day, hour), each in by_hour.get(site.id, {}).items():
            cells = {name: getattr(each, name) for name in names if hasattr(each, name)}
            yield site.id, cells | {"local_day": local_day.isoformat(), "local_hour": hour}


def _visitors(told: Mapping[str, Any] | None) -> Cells:
    """The day's own table of visitors; empty where there is none."""
    sex, age = (told["sex"], told["age"]) if told else ({}, {})
    share = sex.get("female_share") or {}
    shares = age.get("shares") or {}
    of_told = told or {}
    return {
        "visitors": of_told.get("visitors"),
        **{f"sex_{word}": sex.get(word) for word in Sex},
        **{f"age_{band}": age.get(band) for band in AgeBand},
        **{f"female_{end}milli": share.get(f"{end or 'share_'}milli") for end in ("", "low_", "high_")},
        **_age_shares({band: list(shares[band].values()) if band in shares else None for band in BANDS}),
        "suppressed": of_told.get("suppressed"),
        "k": of_told.get("k"),
        "reader": of_told.get("model"),
        "sex_left_out": sex.get("left_out"),
        "age_left_out": age.get("left_out"),
    }


def _age_shares(shares: Mapping[AgeBand, list[int] | None]) -> Cells:
    return {
        f"age_{band}_{end}milli": value
        for band, triple in shares.items()
        for end, value in zip(("", "low_", "high_"), triple or (None, None, None), strict=True)
    }
