"""The page that marketing opens on Monday: one HTML file that needs nothing else, and prints on A4."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from time import time
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Engine

from edge_agent.fleet.figures import Figures, Footfall, Period, Scope, gather
from edge_agent.fleet.figures.cells import best_and_worst
from edge_agent.fleet.figures.missing import Hole, Problem
from edge_agent.fleet.figures.pooled import shares_of
from edge_agent.fleet.report import graphs, numbers, speech
from edge_agent.fleet.report.numbers import Language
from edge_agent.fleet.report.words import WORDS
from edge_agent.fleet.store.rows import BANDS
from edge_agent.terms import Sex

_TEMPLATES: Final = Path(__file__).parent / "templates"
_LEVELS: Final = 6
_RANKED: Final = 5
_SHOWN_SITES: Final = 25
_SHOWN_HOLES: Final = 12
_SHOWN_PROBLEMS: Final = 20


def report_page(
    engine: Engine, scope: Scope, period: Period, language: Language = "en", *, now_s: int | None = None
) -> str:
    """Return the whole page.

    Raises:
        ScopeError: nothing is known under that name.
    """
    return page_of(gather(engine, scope, period, now_s=now_s or int(time())), language)


def page_of(figures: Figures, language: Language) -> str:
    """Return the whole page of figures that are there already."""
    body = body_of(figures, language)
    template = _environment(language).get_template("page.html")
    return template.render(
        body=body,
        css=Markup(report_css()),  # noqa: S704 - our own file
        title=title_of(figures, language),
        language=language,
    )


def body_of(figures: Figures, language: Language) -> Markup:
    """Return the report as an <article>, for a page that has `report_css()` in its head."""
    template = _environment(language).get_template("report.html")
    return Markup(template.render(**_view(figures, language)))  # noqa: S704 - the template escapes


@cache
def report_css() -> str:
    """Return the style sheet of a report. All of it is for what is inside of `.report`."""
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


def title_of(figures: Figures, language: Language) -> str:
    """What the report is about, and when."""
    return f"{place_of(figures, language)}, {numbers.days(figures.period.first, figures.period.last, language)}"


def place_of(figures: Figures, language: Language) -> str:
    """The site, or what sites there are."""
    scope = figures.scope
    if scope.site is not None and figures.sites:
        return figures.sites[0].name
    if scope.region is not None:
        return WORDS[language]["region"].format(name=scope.region)
    return scope.tenant or WORDS[language]["all_sites"]


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = WORDS[language]

    def say(key: str, **blanks: object) -> str:
        return words[key].format(**blanks)

    environment.globals |= {
        "say": say,
        "number": _in(numbers.number, language),
        "percent": _in(numbers.percent, language),
        "change": _in(numbers.change, language),
        "duration": _in(numbers.duration, language),
        "dwell": _in(numbers.dwell, language),
        "day": _in(numbers.day, language),
        "days": _in(numbers.days, language),
        "weekday": _in(numbers.weekday, language),
        "weekday_short": _in(numbers.weekday_short, language),
        "band": _in(speech.band, language),
        "bin": _in(graphs.bin_label, language),
        "share": numbers.share,
        "hours": numbers.hours,
        "range": range,
        "NONE": numbers.NONE,
        "Sex": Sex,
        "BANDS": BANDS,
    }
    return environment


def _in(write: Callable[..., str], language: Language) -> Callable[..., str]:
    return partial(write, language=language)


def _view(figures: Figures, language: Language) -> dict[str, Any]:
    best, worst = best_and_worst(figures.cells, _RANKED)
    inside = _inside(figures)
    ages = shares_of(figures.visitors.bands)
    rows = graphs.trend(figures, language)
    has_sexes = figures.visitors.tables > 0
    return {
        "f": figures,
        "total": figures.total,
        "place": place_of(figures, language),
        "made_on": datetime.fromtimestamp(figures.now_s, UTC).date(),
        "sentences": speech.in_short(figures, language),
        "doubts": {
            "before": speech.doubts(figures.before, figures, language),
            "year": speech.doubts(figures.year, figures, language),
        },
        "heat": _Heat(figures),
        "trend_step": graphs.trend_step(figures.period),
        "trend": rows,
        "trend_chart": graphs.trend_chart(figures, language),
        "capture_chart": graphs.capture_chart(figures, language) if figures.total.passed else None,
        "best": best,
        "worst": worst,
        "women": figures.visitors.women.share(),
        "women_chart": graphs.women_chart(figures.visitor_hours, language) if has_sexes else None,
        "read_chart": graphs.read_chart(figures.visitor_hours, language) if has_sexes else None,
        "busy_hours": {hour: each for hour, each in figures.visitor_hours.items() if each.visitors},
        "ages": ages,
        "age_hours": {
            hour: shares for hour, each in figures.visitor_hours.items() if (shares := shares_of(each.bands))
        },
        "zones": [
            (zone, graphs.dwell_chart(zone, number, language) if zone.stays else None)
            for number, zone in enumerate(figures.zones)
        ],
        "main_zone": max((zone for zone in figures.zones if zone.stays), key=lambda zone: zone.stays, default=None),
        "inside": inside,
        "inside_chart": graphs.inside_chart(inside, language) if inside else None,
        "sites_chart": graphs.sites_chart(figures, language) if figures.by_site else None,
        "shown_sites": figures.by_site[:_SHOWN_SITES],
        "more_sites": figures.by_site[_SHOWN_SITES:],
        "holes": _largest(figures.missing.holes),
        "more_holes": len(figures.missing.holes) - _SHOWN_HOLES,
        "problems": [_problem(each, language) for each in figures.missing.problems[-_SHOWN_PROBLEMS:]],
        "silent": [
            (each, _moment(each.since_s, each.tz, language)) for each in figures.missing.silent[:_SHOWN_PROBLEMS]
        ],
        "more_silent": len(figures.missing.silent) - _SHOWN_PROBLEMS,
        "opening_s": figures.total.open_s + figures.total.open_not_received_s,
        "open_missing_s": figures.total.open_missing_s + figures.total.open_not_received_s,
        "wanted_s": figures.total.expected_s + figures.total.not_received_s,
    }


class _Heat:
    """The heat map: hours of the clock down, weekdays across, so that it fits on a phone."""

    def __init__(self, figures: Figures) -> None:
        self.cells = figures.cells
        alive = [hour for (_, hour), cell in figures.cells.items() if cell.sums.open_s or cell.mean]
        self.hours = range(min(alive), max(alive) + 1) if alive else range(0)
        present = {weekday for weekday, _ in figures.cells}
        self.weekdays = [weekday for weekday in range(7) if weekday in present]
        self._most = max((cell.mean or 0.0 for cell in figures.cells.values()), default=0.0)

    def level(self, mean: float | None) -> int:
        """From 0 to `_LEVELS`, how strong the colour is; 0 is nobody."""
        if not mean or not self._most:
            return 0
        return max(1, round(_LEVELS * mean / self._most))


def _inside(figures: Figures) -> dict[int, float]:
    """Mean people inside by local hour, over the time watched."""
    sums: defaultdict[int, Footfall] = defaultdict(Footfall)
    for (_, hour), each in figures.hours.items():
        sums[hour] += each
    means = {hour: each.mean_inside for hour, each in sorted(sums.items())}
    alive = [hour for hour, mean in means.items() if mean]
    return {hour: means.get(hour) or 0.0 for hour in range(min(alive), max(alive) + 1)} if alive else {}


def _largest(holes: tuple[Hole, ...]) -> list[Hole]:
    chosen = sorted(holes, key=lambda hole: -hole.missing_s)[:_SHOWN_HOLES]
    return sorted(chosen, key=lambda hole: (hole.day, hole.begin))


def _problem(each: Problem, language: Language) -> str:
    words = WORDS[language]
    key = f"problem_{each.kind}" if f"problem_{each.kind}" in words else "problem_other"
    count = numbers.number(each.messages or 1, language)
    text = words[key].format(device=each.device, site=each.site, count=count, kind=each.kind)
    begin = _moment(each.noticed_s, "UTC", language)
    if each.over_s is None:
        return f"{text[:-1]}, {words['since'].format(when=begin)}."
    return f"{text[:-1]}, {words['from_to'].format(begin=begin, end=_moment(each.over_s, 'UTC', language))}."


def _moment(instant_s: int, tz: str, language: Language) -> str:
    at = datetime.fromtimestamp(instant_s, ZoneInfo(tz))
    zone = " UTC" if tz == "UTC" else ""
    return f"{numbers.day_short(date(at.year, at.month, at.day), language)} {at:%H:%M}{zone}"
