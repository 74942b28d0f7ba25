"""All figures of a report, asked once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Engine

from edge_agent.fleet.figures.cells import Cell, cells_of
from edge_agent.fleet.figures.dwell import Zone, zones_of
from edge_agent.fleet.figures.footfall import By, Footfall, Key, by_camera, by_hour, folded, total
from edge_agent.fleet.figures.missing import Missing, missing_of
from edge_agent.fleet.figures.scope import Period, Question, Scope, SiteRow
from edge_agent.fleet.figures.spans import Span, spans_of
from edge_agent.fleet.figures.visitors import Visitors, grouped, limited, visitors_of_days, visitors_of_hours

FULL: Final = 0.95  # with less of the opening time seen, a number is not to be compared without a word
_AGES_OF: Final = 50_000  # hours whose age shares are read one by one; of more, the days' tables must do


@dataclass(frozen=True, slots=True)
class Then:
    """Another period, to be set beside the one that is asked about.

    Attributes:
        period: which days.
        total, hours, days: its footfall, in all, by (day, hour) and by day. Beside a period that is not over, the total
            is of the same hours; `hours` and `days` are whole.
        cameras: who told of it.
    """

    period: Period
    total: Footfall
    hours: Mapping[Key, Footfall]
    days: Mapping[Key, Footfall]
    cameras: frozenset[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the footfall changed since then, and what speaks against comparing.

    Attributes:
        then: the other period.
        change: as a part of then; None where nobody came then, or nothing was told.
        doubts: `coverage`: one of the two was seen for less than 95 % of its opening time; `cameras`: not the same
            cameras; `unfinished`: the period is not over, so it is set beside the same hours of then; `nothing`: there
            is nothing to compare with.
    """

    then: Then
    change: float | None
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """One site among several: its footfall now and in the period before."""

    site: SiteRow
    now: Footfall
    before: Footfall


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that a report shows.

    Attributes:
        scope, period, now_s: what was asked, and when.
        sites: in the scope.
        cameras: how many were expected to tell of the period.
        total, hours, days: footfall in all, by (day, hour) and by day.
        cells: the usual hour of each (weekday, hour).
        before, year: the period before and a year ago.
        by_site: several sites side by side, the busiest first; empty for one.
        visitors: women, men and age of the days.
        visitor_cells, visitor_hours: the same by (weekday, hour), and by hour.
        zones: dwell and occupancy.
        missing: what is missing and why.
    """

    scope: Scope
    period: Period
    now_s: int
    sites: tuple[SiteRow, ...]
    cameras: int
    total: Footfall
    hours: Mapping[Key, Footfall]
    days: Mapping[Key, Footfall]
    cells: Mapping[tuple[int, int], Cell]
    before: Comparison
    year: Comparison
    by_site: tuple[SiteFigures, ...]
    visitors: Visitors
    visitor_cells: Mapping[tuple[int, int], Visitors]
    visitor_hours: Mapping[int, Visitors]
    zones: tuple[Zone, ...]
    missing: Missing


def gather(engine: Engine, scope: Scope, period: Period, *, now_s: int) -> Figures:
    """Ask the store for everything that a report shows, in one transaction.

    Raises:
        ScopeError: nothing is known under that name.
    """
    with engine.connect() as connection:
        ask = Question.of(connection, scope, period, now_s)
        spans = spans_of(ask)
        hours = by_hour(ask, spans)
        unfinished = datetime.fromtimestamp(now_s, UTC).date() <= period.last
        before, before_spans = _then(ask.about(period.before()), ask, hours if unfinished else None)
        year, _ = _then(ask.about(period.a_year_ago()), ask, hours if unfinished else None)
        now = Then(period, total(hours.values()), hours, folded(hours, By.DAY), _cameras(spans))
        of_days = visitors_of_days(ask)
        of_hours = {}
        if of_days:
            ages = now.total.hours <= _AGES_OF
            of_hours = visitors_of_hours(ask, ages=ages)
            limited(of_days.values(), of_hours.values())
        return Figures(
            scope=scope,
            period=period,
            now_s=now_s,
            sites=ask.sites,
            cameras=len(spans),
            total=now.total,
            hours=hours,
            days=now.days,
            cells=cells_of(hours, len(spans)),
            before=_compared(now, before, unfinished=unfinished),
            year=_compared(now, year, unfinished=unfinished),
            by_site=_by_site((ask, spans), (ask.about(before.period), before_spans)),
            visitors=grouped(((), each) for each in of_days.values()).get((), Visitors()),
            visitor_cells=grouped(((day.weekday(), hour), each) for (day, hour), each in of_hours.items()),
            visitor_hours=grouped((hour, each) for (_, hour), each in of_hours.items()),
            zones=zones_of(ask),
            missing=missing_of(ask, spans, hours),
        )


def _then(ask: Question, now: Question, so_far: Mapping[Key, Footfall] | None) -> tuple[Then, tuple[Span, ...]]:
    """The figures of another period; of the hours that there are `so_far`, where it is compared with a running one."""
    spans = spans_of(ask)
    hours = by_hour(ask, spans)
    same = hours
    if so_far is not None:
        moved = now.period.first - ask.period.first
        same = {(day, hour): each for (day, hour), each in hours.items() if (day + moved, hour) in so_far}
    return Then(ask.period, total(same.values()), hours, folded(hours, By.DAY), _cameras(spans)), spans


def _cameras(spans: tuple[Span, ...]) -> frozenset[tuple[int, str]]:
    return frozenset((span.device_id, span.camera) for span in spans if span.told_s)


def _compared(now: Then, then: Then, *, unfinished: bool) -> Comparison:
    if not now.total.observed_s or not then.total.observed_s:
        return Comparison(then, None, ("nothing",))
    seen = [each.total.open_coverage for each in (now, then)]
    doubts = ["unfinished"] if unfinished else []
    if any(part is not None and part < FULL for part in seen):
        doubts.append("coverage")
    if now.cameras != then.cameras:
        doubts.append("cameras")
    change = now.total.entered / then.total.entered - 1 if then.total.entered else None
    return Comparison(then, change, tuple(doubts))


def _by_site(
    now: tuple[Question, tuple[Span, ...]], before: tuple[Question, tuple[Span, ...]]
) -> tuple[SiteFigures, ...]:
    sites = now[0].sites
    if len(sites) < 2:
        return ()
    sums: list[dict[int, Footfall]] = []
    for ask, spans in (now, before):
        of: dict[int, list[Footfall]] = {site.id: [] for site in sites}
        for (site_id, *_), each in by_camera(ask, spans).items():
            of[site_id].append(each)
        sums.append({site_id: total(each) for site_id, each in of.items()})
    rows = (SiteFigures(site, sums[0][site.id], sums[1][site.id]) for site in sites)
    return tuple(sorted(rows, key=lambda row: -row.now.entered))
