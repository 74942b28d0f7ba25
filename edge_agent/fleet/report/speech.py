"""The plain words on top of a report: what a manager would say who has looked at all of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from edge_agent.fleet.figures import Figures
from edge_agent.fleet.figures.cells import Cell, best_and_worst
from edge_agent.fleet.figures.gather import Comparison
from edge_agent.fleet.figures.pooled import Pooled, shares_of
from edge_agent.fleet.figures.visitors import Visitors, grouped
from edge_agent.fleet.report import numbers
from edge_agent.fleet.report.numbers import NBSP, TO, Language
from edge_agent.fleet.report.words import WORDS
from edge_agent.terms import Sex

_WINDOW_H: Final = 2  # statements about women and men are of two hours: one has few people, a day no message
_FEW: Final = 20  # read visitors under which no window is spoken of


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a weekday in which one sex is clearly more; the share is that sex's."""

    sex: Sex
    weekday: int
    begin: int
    low_milli: int
    high_milli: int
    sureness: float


def in_short(figures: Figures, language: Language) -> list[str]:
    """Sentences on what matters: footfall, the best and the worst hour, who came, what is missing."""
    words = WORDS[language]
    if not figures.cameras:
        return [words["no_device"]]
    if not figures.total.observed_s:
        return [words["nothing_seen"]]
    return [
        *_footfall(figures, language),
        *_busiest(figures, language),
        *_women_and_men(figures, language),
        *_age(figures.visitors, language),
        *_capture(figures, language),
        *_dwell(figures, language),
        *_missing(figures, language),
    ]


def band(word: str, language: Language) -> str:
    """An age band in words."""
    return WORDS[language].get(word) or word.replace("_", TO)


def then(figures: Figures, comparison: Comparison, language: Language) -> str:
    """What a period is called that another one is compared with."""
    words = WORDS[language]
    if comparison is figures.year:
        return words["then_year"]
    weeks = (figures.period.first - comparison.then.period.first).days // 7
    if weeks > 1:
        return words["then_weeks"].format(weeks=weeks)
    return words["then_day"] if len(figures.period.days) == 1 else words["then_week"]


def doubts(comparison: Comparison, figures: Figures, language: Language) -> str:
    """What speaks against comparing the two; empty where nothing does."""
    now, past = figures.total, comparison.then.total
    said = {
        "unfinished": WORDS[language]["doubt_unfinished"],
        "coverage": WORDS[language]["doubt_coverage"].format(
            now=numbers.percent(now.open_coverage, language), then=numbers.percent(past.open_coverage, language)
        ),
        "cameras": WORDS[language]["doubt_cameras"].format(
            now=numbers.number(figures.cameras, language),
            then=numbers.number(len(comparison.then.cameras), language),
        ),
    }
    return "; ".join(said[doubt] for doubt in comparison.doubts if doubt in said)


def when(cell: Cell, figures: Figures, language: Language) -> str:
    """On Saturdays between 16 and 17."""
    return _when(cell.weekday, cell.hour, cell.hour + 1, figures, language)


def clear_windows(figures: Figures) -> list[Window]:
    """Stretches in which one sex is clearly more, the surest first.

    Many are looked at, and of so many some would seem clear by chance alone. So each must be as sure as it takes for
    all of them to be right together in 95 of 100 reports (Bonferroni). What is told is the interval of that one.
    """
    windows = grouped(
        ((weekday, hour // _WINDOW_H * _WINDOW_H), each) for (weekday, hour), each in figures.visitor_cells.items()
    )
    told = [(key, share) for key, each in windows.items() if (share := each.women.share()) and share.read >= _FEW]
    if not told:
        return []
    z = NormalDist().inv_cdf(1 - 0.025 / len(told))
    found = [window for key, share in told if (window := _clear(key, share, z)) is not None]
    return sorted(found, key=lambda window: -window.sureness)


def _clear(key: tuple[int, int], share: Pooled, z: float) -> Window | None:
    weekday, begin = key
    if share.low_at(z) > 500:
        low, high = share.low_milli, share.high_milli
        return Window(Sex.FEMALE, weekday, begin, low, high, low - 500)
    if share.high_at(z) < 500:
        low, high = 1000 - share.high_milli, 1000 - share.low_milli
        return Window(Sex.MALE, weekday, begin, low, high, low - 500)
    return None


def _footfall(figures: Figures, language: Language) -> Iterator[str]:
    words, entered = WORDS[language], figures.total.entered
    sentence = {0: words["nobody"], 1: words["came_in_one"]}.get(entered)
    parts = [sentence or words["came_in"].format(count=numbers.number(entered, language))]
    for comparison in (figures.before, figures.year):
        if comparison.change is None:
            continue
        shown = numbers.number(100 * abs(comparison.change), language, 1)
        kind = "same" if not shown.strip("0.,") else "more" if comparison.change > 0 else "fewer"
        parts.append(words[kind].format(change=f"{shown}{NBSP}%", then=then(figures, comparison, language)))
        if doubt := doubts(comparison, figures, language):
            parts.append(words["take_care"].format(doubts=doubt))
    yield " ".join(parts)


def _busiest(figures: Figures, language: Language) -> Iterator[str]:
    best, worst = best_and_worst(figures.cells, 1)
    if best and worst and best[0].mean:
        yield WORDS[language]["busiest"].format(
            when=when(best[0], figures, language),
            mean=_mean(best[0].mean, language),
            quiet=when(worst[0], figures, language),
            quiet_mean=_mean(worst[0].mean or 0.0, language),
        )


def _women_and_men(figures: Figures, language: Language) -> Iterator[str]:
    words, visitors = WORDS[language], figures.visitors
    if not visitors.tables or not visitors.visitors:
        return
    windows = clear_windows(figures)
    for sex in (Sex.FEMALE, Sex.MALE):
        clearest = [window for window in windows if window.sex is sex][:1]
        for window in clearest:
            key = "mostly_women" if sex is Sex.FEMALE else "mostly_men"
            said = _when(window.weekday, window.begin, window.begin + _WINDOW_H, figures, language)
            low, high = ((milli + 5) // 10 for milli in (window.low_milli, window.high_milli))
            yield words[key].format(when=said[0].upper() + said[1:], interval=f"{low}{TO}{high}{NBSP}%")
    share = visitors.women.share()
    if share is None:
        yield words["no_share"].format(visitors=numbers.number(visitors.visitors, language))
        return
    shown = numbers.share(share.share_milli, share.low_milli, share.high_milli)
    kind = "balanced"
    if share.low_milli > 500:
        kind = "women"
    elif share.high_milli < 500:
        kind = "men"
        shown = numbers.share(1000 - share.share_milli, 1000 - share.high_milli, 1000 - share.low_milli)
    of_read = words["of_read"].format(
        read=numbers.number(share.read, language),
        unknown=numbers.number(visitors.sexes[Sex.UNKNOWN], language),
        hidden=numbers.number(visitors.hidden_sex, language),
    )
    yield f"{words[f'overall_{kind}'].format(share=shown)} {of_read}"


def _age(visitors: Visitors, language: Language) -> Iterator[str]:
    shares = shares_of(visitors.bands)
    if shares:
        word = max(shares, key=lambda each: shares[each].share_milli)
        most = shares[word]
        shown = numbers.share(most.share_milli, most.low_milli, most.high_milli)
        yield WORDS[language]["most_age"].format(band=band(word, language), share=shown)


def _capture(figures: Figures, language: Language) -> Iterator[str]:
    rate = figures.total.capture_rate
    if rate is not None:
        yield WORDS[language]["capture"].format(rate=numbers.number(100 * rate, language, 1 if rate < 0.1 else 0))


def _dwell(figures: Figures, language: Language) -> Iterator[str]:
    zone = max(figures.zones, key=lambda each: each.stays, default=None)
    if zone is not None and zone.median_s is not None:
        yield WORDS[language]["half_stayed"].format(zone=zone.name, median=numbers.dwell(zone.median_s, language))


def _missing(figures: Figures, language: Language) -> Iterator[str]:
    words, total = WORDS[language], figures.total
    if not total.missing_s:
        yield words["all_seen"]
        return
    part = numbers.percent(total.open_coverage if total.open_s else total.coverage, language, 1)
    if part.startswith(">"):
        part = words["more_than"].format(part=part.lstrip(f">{NBSP}"))
    missed = figures.missing.likely_missed
    rest = words["likely_missed"].format(count=numbers.number(missed, language)) if missed else words["none_missed"]
    yield f"{words['seen_of_open'].format(part=part)} {rest}"


def _when(weekday: int, begin: int, end: int, figures: Figures, language: Language) -> str:
    days = sum(day.weekday() == weekday for day in figures.period.days)
    key = "days" if days == 1 else "days_plural"
    day = WORDS[language][key].split()[weekday]
    return WORDS[language]["when_one" if days == 1 else "when_many"].format(day=day, begin=begin, end=end)


def _mean(value: float, language: Language) -> str:
    return numbers.number(value, language, 0 if value >= 10 or value == int(value) else 1)
