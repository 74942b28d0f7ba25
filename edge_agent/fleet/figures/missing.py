"""What is missing and why: seconds by cause, when, and what it does to the number."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import and_, func, or_, select

from edge_agent.fleet.figures.footfall import Footfall, Key
from edge_agent.fleet.figures.scope import Question
from edge_agent.fleet.figures.spans import Span, edges_s
from edge_agent.fleet.store.tables import devices, hour_gaps, hours, problems, quarantine

NOT_RECEIVED: Final = "not_received"
SILENT: Final = "silent"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the ingest noticed about a device, in the period."""

    kind: str
    site: str
    device: str
    noticed_s: int
    over_s: int | None
    messages: int | None


@dataclass(frozen=True, slots=True)
class Silent:
    """A camera of which nothing has come since, up to the end of the period."""

    site: str
    device: str
    camera: str
    since_s: int
    tz: str


@dataclass(frozen=True, slots=True)
class Hole:
    """Hours of one local day in a row in which less than 95 % was seen; it ends when `until` o'clock begins."""

    day: date
    begin: int
    until: int
    missing_s: int
    expected_s: int


@dataclass(frozen=True, slots=True)
class Missing:
    """All that a reader must know before quoting the number.

    Attributes:
        causes: seconds per cause, the largest first: of gaps, `not_received` hours between others, and `silent` ones.
        holes: when, in local time, over all cameras.
        silent: cameras that were no longer heard of.
        problems: as the ingest noticed them.
        waiting: messages of devices that nobody has admitted: not counted.
        likely_missed: people who came in meanwhile, were it as usual at these hours. They are not added to anything.
    """

    causes: Mapping[str, int]
    holes: tuple[Hole, ...]
    silent: tuple[Silent, ...]
    problems: tuple[Problem, ...]
    waiting: int
    likely_missed: int


def missing_of(
    ask: Question,
    spans: tuple[Span, ...],
    by_hours: Mapping[Key, Footfall],
) -> Missing:
    """What is missing in the scope, and why."""
    names = {site.id: site.name for site in ask.sites}
    silent = tuple(
        Silent(names[span.site_id], span.device, span.camera, span.last_s, span.tz)
        for span in spans
        if span.last_s < span.end_s
    )
    return Missing(
        causes=_causes(ask, spans),
        holes=_holes(by_hours),
        silent=silent,
        problems=_problems(ask, names),
        waiting=_waiting(ask),
        likely_missed=likely_missed(by_hours),
    )


def likely_missed(by_hours: Mapping[Key, Footfall]) -> int:
    """Who came in while nobody saw, had it been as on the other days: same weekday and hour, else the same hour."""
    seen: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
    for (day, hour), each in by_hours.items():
        for key in ((day.weekday(), hour), (hour,)):
            seen[key][0] += each.entered
            seen[key][1] += each.observed_s
    missed = 0.0
    for (day, hour), each in by_hours.items():
        for key in ((day.weekday(), hour), (hour,)):
            entered, observed_s = seen[key]
            if observed_s >= each.missing_s > 0:
                missed += each.missing_s * entered / observed_s
                break
    return round(missed)


def _causes(ask: Question, spans: tuple[Span, ...]) -> dict[str, int]:
    same = and_(*(hour_gaps.c[name] == hours.c[name] for name in ("device_id", "epoch", "seq", "start_s")))
    asked = select(hour_gaps.c.cause, func.sum(hour_gaps.c.s)).join(hours, same)
    asked = asked.where(ask.of_hours, hours.c.observed_s < hours.c.expected_s)
    seconds = {cause: int(s) for cause, s in ask.connection.execute(asked.group_by(hour_gaps.c.cause))}
    silent_s = sum(min(span.not_received_s, max(0, span.end_s - max(span.begin_s, span.last_s))) for span in spans)
    seconds[SILENT] = silent_s
    seconds[NOT_RECEIVED] = sum(span.not_received_s for span in spans) - silent_s
    return {cause: s for cause, s in sorted(seconds.items(), key=lambda each: -each[1]) if s}


def _holes(by_hours: Mapping[Key, Footfall]) -> tuple[Hole, ...]:
    found: list[Hole] = []
    for (day, hour), each in by_hours.items():
        wanted_s = each.expected_s + each.not_received_s
        if each.missing_s * 20 <= wanted_s:
            continue
        last = found[-1] if found else None
        if last is not None and (last.day, last.until) == (day, hour):
            found[-1] = Hole(day, last.begin, hour + 1, last.missing_s + each.missing_s, last.expected_s + wanted_s)
        else:
            found.append(Hole(day, hour, hour + 1, each.missing_s, wanted_s))
    return tuple(found)


def _problems(ask: Question, names: Mapping[int, str]) -> tuple[Problem, ...]:
    begin_s, end_s = edges_s(ask.period, "UTC")
    lasts = or_(problems.c.over_s.is_(None), problems.c.over_s >= begin_s)
    asked = (
        select(problems, devices.c.site_id, devices.c.device)
        .join(devices, devices.c.id == problems.c.device_id)
        .where(ask.of_sites(devices.c.site_id), problems.c.noticed_s < end_s + 86_400, lasts)
        .order_by(problems.c.noticed_s)
    )
    return tuple(
        Problem(
            row.kind,
            names[row.site_id],
            row.device,
            row.noticed_s,
            row.over_s,
            row.last_seq - row.first_seq + 1 if row.last_seq is not None and row.first_seq is not None else None,
        )
        for row in ask.connection.execute(asked)
    )


def _waiting(ask: Question) -> int:
    asked = select(func.count()).select_from(quarantine.join(devices, devices.c.id == quarantine.c.device_id))
    return ask.connection.scalar(asked.where(ask.of_sites(devices.c.site_id))) or 0
