"""The charts of a report, from its figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from edge_agent.fleet.figures import Figures, Footfall, Period
from edge_agent.fleet.figures.dwell import Zone
from edge_agent.fleet.figures.footfall import Key, summed
from edge_agent.fleet.figures.visitors import Visitors
from edge_agent.fleet.report import numbers
from edge_agent.fleet.report.charts import Series, chart, intervals
from edge_agent.fleet.report.numbers import TO, Language
from edge_agent.fleet.report.words import WORDS
from edge_agent.message import DWELL_EDGES_S
from edge_agent.terms import Sex

_BY_WEEK: Final = 62  # days above which the trend is shown by week
_SITES: Final = 15


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One point of the trend: what it is called, then and now."""

    label: str
    short: str
    now: Footfall
    before: Footfall
    year: Footfall


def trend_step(period: Period) -> str:
    """By what the trend goes: hour, day or week."""
    if len(period.days) == 1:
        return "hour"
    return "day" if len(period.days) <= _BY_WEEK else "week"


def trend(figures: Figures, language: Language) -> list[TrendRow]:
    """The period, the one before and a year ago, point by point."""
    step = trend_step(figures.period)
    periods = (
        (figures.period, figures.hours if step == "hour" else figures.days),
        (figures.before.then.period, figures.before.then.hours if step == "hour" else figures.before.then.days),
        (figures.year.then.period, figures.year.then.hours if step == "hour" else figures.year.then.days),
    )
    sums = [_by_point(period, of, step) for period, of in periods]
    points = range(24) if step == "hour" else range(-(-len(figures.period.days) // (7 if step == "week" else 1)))
    return [
        TrendRow(
            *_point(figures.period.first, point, step, language), *(each.get((point,), Footfall()) for each in sums)
        )
        for point in points
        if step != "hour" or any((point,) in each for each in sums)
    ]


def trend_chart(figures: Figures, language: Language) -> Markup:
    """Footfall now, before and a year ago."""
    words, rows = WORDS[language], trend(figures, language)
    series = [Series(words["this_period"], [_seen(row.now) for row in rows], "now")]
    for look, label, values in (
        ("before", "before", [_seen(row.before) for row in rows]),
        ("year", "year_ago", [_seen(row.year) for row in rows]),
    ):
        if any(value is not None for value in values):
            series.append(Series(words[label], values, look))
    return chart(
        "line",
        "trend",
        f"{words['trend']}: {words[f'trend_by_{trend_step(figures.period)}']}",
        [row.short for row in rows],
        series,
        number=_whole(language),
    )


def women_chart(of_hours: Mapping[int, Visitors], language: Language) -> Markup | None:
    """Share of women by hour with its interval; None where no hour tells one."""
    shares = {hour: each.women.share() for hour, each in of_hours.items()}
    told = [hour for hour, share in shares.items() if share is not None]
    if not told:
        return None
    hours = range(min(told), max(told) + 1)
    triples = [
        (share.low_milli / 10, share.share_milli / 10, share.high_milli / 10) if (share := shares.get(hour)) else None
        for hour in hours
    ]
    return chart(
        "stacked",
        "women",
        WORDS[language]["women_share_note"],
        [str(hour) for hour in hours],
        intervals(triples, "women"),
        number=lambda value: numbers.percent(value / 100, language),
        top=100,
    )


def read_chart(of_hours: Mapping[int, Visitors], language: Language) -> Markup:
    """Women, men, not readable and hidden visitors by hour."""
    words = WORDS[language]
    busy = [hour for hour, each in of_hours.items() if each.visitors]
    hours = range(min(busy), max(busy) + 1) if busy else range(0)
    rows = [of_hours.get(hour, Visitors()) for hour in hours]
    series = [
        Series(words["women"], [row.sexes[Sex.FEMALE] for row in rows], "women"),
        Series(words["men"], [row.sexes[Sex.MALE] for row in rows], "men"),
        Series(words["unknown"], [row.sexes[Sex.UNKNOWN] for row in rows], "unknown"),
        Series(words["hidden"], [row.hidden_sex for row in rows], "hidden"),
    ]
    labels = [str(hour) for hour in hours]
    return chart("stacked", "read", words["by_hour_read"], labels, series, number=_whole(language))


def inside_chart(by_hour: Mapping[int, float], language: Language) -> Markup:
    """Mean people inside by hour."""
    words = WORDS[language]
    values = list(by_hour.values())
    series = [Series(words["occupancy"], values, "now")]
    labels = [str(hour) for hour in by_hour]
    places = 1 if max(values, default=0) < 5 else 0
    return chart(
        "bar", "inside", words["occupancy_note"], labels, series, number=lambda v: numbers.number(v, language, places)
    )


def dwell_chart(zone: Zone, number: int, language: Language) -> Markup:
    """Visits to a zone by how long they lasted."""
    words = WORDS[language]
    used = [place for place, count in enumerate(zone.bins) if count]
    places = range(min(used), max(used) + 1) if used else range(0)
    labels = [bin_label(place, language) for place in places]
    series = [Series(zone.name, [zone.bins[place] for place in places], "now")]
    return chart(
        "bar", f"dwell{number}", words["stays_of"].format(zone=zone.name), labels, series, number=_whole(language)
    )


def capture_chart(figures: Figures, language: Language) -> Markup | None:
    """Capture rate along the trend; None where there is nothing to see."""
    rows = trend(figures, language)
    if sum(row.now.capture_rate is not None for row in rows) < 2:
        return None
    values = [None if row.now.capture_rate is None else 100 * row.now.capture_rate for row in rows]
    words = WORDS[language]
    return chart(
        "line",
        "capture",
        words["capture_note"],
        [row.short for row in rows],
        [Series(words["capture_rate"], values, "now")],
        number=lambda value: numbers.percent(value / 100, language),
    )


def sites_chart(figures: Figures, language: Language) -> Markup:
    """The busiest sites."""
    words = WORDS[language]
    rows = figures.by_site[:_SITES]
    series = [
        Series(words["this_period"], [row.now.entered for row in rows], "now"),
        Series(words["before"], [row.before.entered for row in rows], "before"),
    ]
    labels = [str(place) for place in range(1, len(rows) + 1)]
    return chart("bar", "sites", words["compare_note"], labels, series, number=_whole(language))


def bin_label(place: int, language: Language) -> str:
    """A dwell bin: 30–45 s."""
    low = DWELL_EDGES_S[place - 1] if place else 0
    unit, divisor = ("s", 1) if low < 60 else ("min", 60)
    begin = numbers.number(low / divisor, language, 1 if low % divisor else 0)
    if place == len(DWELL_EDGES_S):
        return f">{begin} {unit}"
    end = DWELL_EDGES_S[place]
    return f"{begin}{TO}{numbers.number(end / divisor, language, 1 if end % divisor else 0)} {unit}"


def _by_point(period: Period, of: Mapping[Key, Footfall], step: str) -> dict[Key, Footfall]:
    if step == "hour":
        return summed(((hour,), each) for (_, hour), each in of.items())
    width = 7 if step == "week" else 1
    return summed((((day - period.first).days // width,), each) for (day,), each in of.items())


def _point(first: date, point: int, step: str, language: Language) -> tuple[str, str]:
    if step == "hour":
        return numbers.hours(point, point + 1), str(point)
    day = first + timedelta(days=point * (7 if step == "week" else 1))
    return numbers.day(day, language), numbers.day_short(day, language)


def _seen(each: Footfall) -> float | None:
    """Nothing seen is no zero."""
    return each.entered if each.observed_s else None


def _whole(language: Language) -> Callable[[float], str]:
    return lambda value: numbers.number(value, language)
