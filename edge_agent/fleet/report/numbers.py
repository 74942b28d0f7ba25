"""Numbers, dates and times as people write them in English and Italian."""

from datetime import date
from typing import Final, Literal

from edge_agent.fleet.report.words import WORDS

Language = Literal["en", "it"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "it")

NBSP: Final = "\N{NO-BREAK SPACE}"
TO: Final = "\N{EN DASH}"
MINUS: Final = "\N{MINUS SIGN}"
NONE: Final = TO

_POINTS: Final = {"en": (",", "."), "it": (".", ",")}


def number(value: float, language: Language, places: int = 0) -> str:
    """1,234.5 or 1.234,5."""
    thousands, point = _POINTS[language]
    text = f"{abs(value):,.{places}f}"
    text = text.translate({ord(","): thousands, ord("."): point})
    return MINUS + text if value < 0 and text.strip("0.,") else text


def percent(part: float | None, language: Language, places: int = 0) -> str:
    """A part of one as 12 %. Less than all is never rounded up to 100 %, more than nothing never down to 0 %."""
    if part is None:
        return NONE
    least = 10.0**-places
    value = 100 * part
    if 0 < value < least / 2:
        return f"<{NBSP}{number(least, language, places)}{NBSP}%"
    if 100 - least / 2 <= value < 100:
        return f">{NBSP}{number(100 - least, language, places)}{NBSP}%"
    return f"{number(value, language, places)}{NBSP}%"


def change(part: float | None, language: Language) -> str:
    """A change with its sign: +4.2 %."""
    if part is None:
        return NONE
    text = number(100 * abs(part), language, 1)
    sign = "" if not text.strip("0.,") else "+" if part > 0 else MINUS
    return f"{sign}{text}{NBSP}%"


def share(milli: int, low_milli: int, high_milli: int) -> str:
    """A share in thousandths with its interval: 62 % (58 to 66 %), with a dash."""
    whole, low, high = ((each + 5) // 10 for each in (milli, low_milli, high_milli))
    return f"{whole}{NBSP}% ({low}{TO}{high}{NBSP}%)"


def duration(seconds: float, language: Language) -> str:
    """Hours and minutes, or minutes, or seconds: the two largest that say anything."""
    whole = round(seconds)
    if whole < 120:
        return f"{number(whole, language)}{NBSP}s"
    minutes = round(whole / 60)
    if minutes < 120:
        return f"{number(minutes, language)}{NBSP}min"
    hours, minutes = divmod(minutes, 60)
    text = f"{number(hours, language)}{NBSP}h"
    return f"{text} {minutes}{NBSP}min" if minutes and hours < 100 else text


def dwell(seconds: float, language: Language) -> str:
    """How long a visit lasted: seconds, or minutes with one place."""
    if seconds < 100:
        return f"{number(seconds, language)}{NBSP}s"
    return f"{number(seconds / 60, language, 1 if seconds < 600 else 0)}{NBSP}min"


def weekday(number_of: int, language: Language) -> str:
    """Monday, from 0."""
    return WORDS[language]["days"].split()[number_of]


def weekday_short(number_of: int, language: Language) -> str:
    """Mon."""
    return WORDS[language]["days_short"].split()[number_of]


def month(number_of: int, language: Language) -> str:
    """January, from 1."""
    return WORDS[language]["months"].split()[number_of - 1]


def day(when: date, language: Language, *, with_year: bool = False) -> str:
    """Saturday 28 November."""
    text = f"{weekday(when.weekday(), language)} {when.day}{NBSP}{month(when.month, language)}"
    return f"{text} {when.year}" if with_year else text


def day_short(when: date, language: Language) -> str:
    """28 Nov."""
    return f"{when.day}{NBSP}{month(when.month, language)[:3]}"


def days(first: date, last: date, language: Language) -> str:
    """A period, as short as it can be said."""
    if first == last:
        return day(first, language, with_year=True)
    end = f"{last.day}{NBSP}{month(last.month, language)} {last.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{TO}{end}"
    begin = f"{first.day}{NBSP}{month(first.month, language)}"
    if first.year != last.year:
        begin += f" {first.year}"
    return f"{begin} {TO} {end}"


def hours(begin: int, end: int) -> str:
    """Between two hours of the clock."""
    return f"{begin}{TO}{end}"
