"""Footfall: what was counted, and always beside it what was not seen."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, case, func, select

from edge_agent.fleet.figures.scope import Period, Question, Scope, SiteRow
from edge_agent.fleet.figures.spans import Span, expected_by_hour, spans_of
from edge_agent.fleet.store.tables import hours
from edge_agent.terms import ClockState


class By(StrEnum):
    """What figures are summed up by, and what their keys are."""

    TOTAL = "total"  # ()
    HOUR = "hour"  # (local day, local hour)
    DAY = "day"  # (local day)
    WEEK = "week"  # (ISO year, ISO week)
    MONTH = "month"  # (year, month)
    WEEKDAY_HOUR = "weekday_hour"  # (weekday from Monday = 0, local hour)
    CAMERA = "camera"  # (tenant, site, device, camera)
    SITE = "site"  # (tenant, site)
    REGION = "region"  # (region or None)
    TENANT = "tenant"  # (tenant)


Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Footfall:
    """Sums over hours; they add up with +.

    Attributes:
        entered, left: over all door lines.
        passed, captured: in front of the shop, and who of them came in; 0 without a pass-by line.
        expected_s, observed_s: as the hours tell.
        not_received_s: of hours that never arrived.
        open_s: opening time, in the hours that arrived.
        open_missing_s: of it, what was not seen: at most, because a gap says how long it was and not when in its hour.
        open_not_received_s: opening time of the hours that never arrived, by what the others of their kind had.
        presence_s, presence_observed_s: people inside times seconds, and the seconds that this was watched.
        inside_max: most people inside at once, of one camera.
        hours: how many hours of a camera are summed up.
        unaudited, odd_clock: of these, hours that nobody has audited, and hours with a clock not to be trusted fully.
        lost_messages: that a device says it lost.
    """

    entered: int = 0
    left: int = 0
    passed: int = 0
    captured: int = 0
    expected_s: int = 0
    observed_s: int = 0
    not_received_s: int = 0
    open_s: int = 0
    open_missing_s: int = 0
    open_not_received_s: int = 0
    presence_s: int = 0
    presence_observed_s: int = 0
    inside_max: int = 0
    hours: int = 0
    unaudited: int = 0
    odd_clock: int = 0
    lost_messages: int = 0

    def __add__(self, other: "Footfall") -> "Footfall":
        """Both together."""
        return Footfall(
            *(
                max(getattr(self, name), getattr(other, name))
                if name == "inside_max"
                else getattr(self, name) + getattr(other, name)
                for name in NAMES
            )
        )

    @property
    def missing_s(self) -> int:
        """All that was not seen, whether told of or not."""
        return self.expected_s - self.observed_s + self.not_received_s

    @property
    def coverage(self) -> float | None:
        """Part of the time that was seen; None where none was expected."""
        wanted_s = self.expected_s + self.not_received_s
        return self.observed_s / wanted_s if wanted_s else None

    @property
    def open_coverage(self) -> float | None:
        """Part of the opening time that was seen, at least; None for a shop that was closed."""
        wanted_s = self.open_s + self.open_not_received_s
        return 1 - (self.open_missing_s + self.open_not_received_s) / wanted_s if wanted_s else None

    @property
    def capture_rate(self) -> float | None:
        """Part of those in front of the shop who came in; None where nobody watches them."""
        return self.captured / self.passed if self.passed else None

    @property
    def mean_inside(self) -> float | None:
        """People inside over the time watched, of one camera; None without a door line."""
        return self.presence_s / self.presence_observed_s if self.presence_observed_s else None


NAMES: Final = tuple(field.name for field in fields(Footfall))

_INSIDE_S: Final = case((hours.c.inside_presence_s.is_not(None), hours.c.observed_s), else_=0)
_SUMS: Final[Mapping[str, ColumnElement[Any]]] = {
    "entered": func.sum(hours.c.entered),
    "left": func.sum(hours.c.left),
    "passed": func.sum(hours.c.passed),
    "captured": func.sum(hours.c.captured),
    "expected_s": func.sum(hours.c.expected_s),
    "observed_s": func.sum(hours.c.observed_s),
    "open_s": func.sum(hours.c.open_s),
    "open_missing_s": func.sum(hours.c.open_missing_s),
    "presence_s": func.sum(hours.c.inside_presence_s),
    "presence_observed_s": func.sum(_INSIDE_S),
    "inside_max": func.max(hours.c.inside_max),
    "hours": func.count(),
    "unaudited": func.sum(case((hours.c.quality.contains("unaudited"), 1), else_=0)),
    "odd_clock": func.sum(case((hours.c.clock.in_([ClockState.UNSYNCED, ClockState.STEPPED]), 1), else_=0)),
    "lost_messages": func.sum(hours.c.lost_messages),
}
_BY_TIME: Final = (By.TOTAL, By.HOUR, By.DAY, By.WEEK, By.MONTH, By.WEEKDAY_HOUR)


def footfall(engine: Engine, scope: Scope, period: Period, by: By = By.TOTAL, *, now_s: int) -> dict[Key, Footfall]:
    """Footfall of the scope in the period, by what is asked.

    Args:
        engine: the store.
        scope: whose.
        period: of which local days.
        by: one entry per what; `By` says what the keys are.
        now_s: seconds since 1970: hours that are still to come are not missing.

    Raises:
        ScopeError: nothing is known under that name.
    """
    with engine.connect() as connection:
        ask = Question.of(connection, scope, period, now_s)
        spans = spans_of(ask)
        if by in _BY_TIME:
            return folded(by_hour(ask, spans), by)
        cameras = by_camera(ask, spans)
    sites = {site.id: site for site in ask.sites}
    return summed((_place(by, sites[key[0]], key), each) for key, each in cameras.items())


def by_hour(ask: Question, spans: tuple[Span, ...]) -> dict[Key, Footfall]:
    """Footfall per local day and hour. On the day that the clock goes back, the hour that comes twice holds both."""
    asked = select(hours.c.local_day, hours.c.local_hour, *_SUMS.values()).where(ask.of_hours)
    told: dict[Key, Footfall] = {
        (date.fromisoformat(day), hour): _made(sums)
        for day, hour, *sums in ask.connection.execute(asked.group_by(hours.c.local_day, hours.c.local_hour))
    }
    return _with_missing(told, spans)


def by_camera(ask: Question, spans: tuple[Span, ...]) -> dict[Key, Footfall]:
    """Footfall per (site id, device, camera)."""
    asked = select(hours.c.device_id, hours.c.camera, *_SUMS.values()).where(ask.of_hours)
    told = {
        (device_id, camera): _made(sums)
        for device_id, camera, *sums in ask.connection.execute(asked.group_by(hours.c.device_id, hours.c.camera))
    }
    found = {}
    for span in spans:
        each = told.get((span.device_id, span.camera), Footfall())
        missing_s = span.not_received_s
        open_s = round(missing_s * each.open_s / each.expected_s) if each.expected_s else missing_s
        lost = Footfall(not_received_s=missing_s, open_not_received_s=open_s)
        found[span.site_id, span.device, span.camera] = each + lost
    return found


def hours_of_sites(ask: Question, spans: tuple[Span, ...]) -> dict[int, dict[Key, Footfall]]:
    """Footfall per site id and (local day, local hour)."""
    keys = (hours.c.site_id, hours.c.local_day, hours.c.local_hour)
    told: defaultdict[int, dict[Key, Footfall]] = defaultdict(dict)
    for site_id, day, hour, *sums in ask.connection.execute(
        select(*keys, *_SUMS.values()).where(ask.of_hours).group_by(*keys)
    ):
        told[site_id][date.fromisoformat(day), hour] = _made(sums)
    of_site: defaultdict[int, list[Span]] = defaultdict(list)
    for span in spans:
        of_site[span.site_id].append(span)
    return {site_id: _with_missing(told[site_id], tuple(of_site[site_id])) for site_id in told.keys() | of_site.keys()}


def _with_missing(told: Mapping[Key, Footfall], spans: tuple[Span, ...]) -> dict[Key, Footfall]:
    wanted = expected_by_hour(spans)
    open_part = _OpenPart(told)
    return {
        key: each + open_part.missing(key, max(0, wanted[key] - each.expected_s))
        for key in sorted(told.keys() | wanted.keys())
        for each in [told.get(key, Footfall())]
    }


def folded(by_hours: Mapping[Key, Footfall], by: By) -> dict[Key, Footfall]:
    """Hours summed up by a larger time."""
    return summed((_time(by, day, hour), each) for (day, hour), each in by_hours.items())


def summed(pairs: Iterable[tuple[Key, Footfall]]) -> dict[Key, Footfall]:
    """Sum per key, in the order of the keys."""
    lists: defaultdict[Key, list[Footfall]] = defaultdict(list)
    for key, each in pairs:
        lists[key].append(each)
    return {key: total(lists[key]) for key in sorted(lists, key=_order)}


def total(all_of: Iterable[Footfall]) -> Footfall:
    """All together."""
    rows = [tuple(getattr(each, name) for name in NAMES) for each in all_of]
    if not rows:
        return Footfall()
    columns = zip(*rows, strict=True)
    return Footfall(*(max(c) if name == "inside_max" else sum(c) for name, c in zip(NAMES, columns, strict=True)))


class _OpenPart:
    """Guesses the opening time of hours that never arrived: as much as the others of that weekday and hour had."""

    def __init__(self, told: Mapping[Key, Footfall]) -> None:
        self._of: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
        for (day, hour), each in told.items():
            for key in ((day.weekday(), hour), (hour,)):
                self._of[key][0] += each.open_s
                self._of[key][1] += each.expected_s

    def missing(self, key: Key, seconds: int) -> Footfall:
        if not seconds:
            return Footfall()
        day, hour = key
        for kind in ((day.weekday(), hour), (hour,)):
            open_s, expected_s = self._of.get(kind, (0, 0))
            if expected_s:
                return Footfall(not_received_s=seconds, open_not_received_s=round(seconds * open_s / expected_s))
        return Footfall(not_received_s=seconds, open_not_received_s=seconds)


def _made(sums: Iterable[Any]) -> Footfall:
    # Sums are Decimal in PostgreSQL, and null where all are.
    return Footfall(**{name: int(value or 0) for name, value in zip(_SUMS, sums, strict=True)})


def _time(by: By, day: date, hour: int) -> Key:
    match by:
        case By.HOUR:
            return (day, hour)
        case By.DAY:
            return (day,)
        case By.WEEK:
            return tuple(day.isocalendar()[:2])
        case By.MONTH:
            return (day.year, day.month)
        case By.WEEKDAY_HOUR:
            return (day.weekday(), hour)
        case _:
            return ()


def _place(by: By, site: SiteRow, key: Key) -> Key:
    match by:
        case By.SITE:
            return (site.tenant, site.site)
        case By.REGION:
            return (site.region,)
        case By.TENANT:
            return (site.tenant,)
        case _:
            return (site.tenant, site.site, *key[1:])


def _order(key: Key) -> tuple[Hashable, ...]:
    """None last: it cannot be compared."""
    return tuple((part is None, part if part is not None else "") for part in key)
