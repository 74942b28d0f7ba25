"""How the pages write numbers, durations and instants."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge_agent.fleet.pages.words import say
from edge_agent.sentence import Language

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def duration(seconds: float) -> str:
    """A length of time in its largest unit, and the next one where that still says something."""
    whole = max(0, int(seconds))
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h" + (f" {rest} min" if (rest := whole % _HOUR_S // _MINUTE_S) else "")
    return f"{whole // _DAY_S} d" + (f" {rest} h" if (rest := whole % _DAY_S // _HOUR_S) else "")


def age(instant_s: int | None, now_s: int, language: Language) -> str:
    """How long ago that was."""
    if instant_s is None:
        return say(language, "never")
    return say(language, "now") if now_s - instant_s < 2 else say(language, "ago", age=duration(now_s - instant_s))


def utc(instant_s: int) -> str:
    """The instant for people, in UTC."""
    return datetime.fromtimestamp(instant_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(instant_s: int) -> str:
    """The instant for machines."""
    return datetime.fromtimestamp(instant_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_of(instant_s: int, tz: str) -> str:
    """What the clock of a shop showed; UTC where its time zone is not known here."""
    try:
        return datetime.fromtimestamp(instant_s, ZoneInfo(tz)).strftime("%Y-%m-%d %H:%M")
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.fromtimestamp(instant_s, UTC).strftime("%Y-%m-%d %H:%M UTC")


def percent(share: float) -> str:
    """A share as whole percent, cut and not rounded: 99.9 % seen is not all."""
    return f"{int(share * 100 + 1e-9)} %"


def decimal(number: float, language: Language) -> str:
    """A number with one digit behind the language's own mark."""
    text = f"{number:.1f}"
    return text.replace(".", ",") if language == "it" else text


def whole(number: int, language: Language) -> str:
    """An integer with its thousands apart."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}" if language == "it" else ",")
