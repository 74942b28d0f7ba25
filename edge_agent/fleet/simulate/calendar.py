"""Local days as the hours of UTC that begin in them, opening hours, and the days on which nobody opens."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

HOUR_S: Final = 3600

Spans = tuple[tuple[int, int], ...]
"""Of one weekday: (opens, closes) in minutes after local midnight; 1440 is the day's end."""

Week = tuple[Spans, ...]
"""Seven of them, from Monday."""


class Slot(NamedTuple):
    """What one sealed hour is about: an hour of UTC, or a piece of one that a step of the clock has cut."""

    start_s: int
    end_s: int
    local_hour: int

    @property
    def length_s(self) -> int:
        """Its seconds."""
        return self.end_s - self.start_s


@lru_cache(maxsize=4096)
def slots(tz: str, day: date) -> tuple[Slot, ...]:
    """Return the hours that begin in a local day: 24, or 23 or 25 where the clock is put forward or back."""
    zone = ZoneInfo(tz)
    first_s, end_s = _utc_s(zone, day, 0), _utc_s(zone, day + timedelta(days=1), 0)
    return tuple(
        Slot(start_s, start_s + HOUR_S, datetime.fromtimestamp(start_s, UTC).astimezone(zone).hour)
        for start_s in range(first_s, end_s, HOUR_S)
    )


@lru_cache(maxsize=4096)
def open_spans(tz: str, day: date, spans: Spans) -> Spans:
    """Return opening hours of a local day in seconds of UTC."""
    zone = ZoneInfo(tz)
    return tuple((_utc_s(zone, day, opens), _utc_s(zone, day, closes)) for opens, closes in spans)


@lru_cache(maxsize=4096)
def open_seconds(tz: str, day: date, spans: Spans) -> tuple[int, ...]:
    """Return for how many seconds of each hour of a local day the shop is open."""
    opening = open_spans(tz, day, spans)
    return tuple(within(opening, slot.start_s, slot.end_s) for slot in slots(tz, day))


def within(spans: Spans, start_s: int, end_s: int) -> int:
    """Return how many seconds of [start_s, end_s) lie in the spans."""
    return sum(max(0, min(end_s, closes) - max(start_s, opens)) for opens, closes in spans)


def _utc_s(zone: ZoneInfo, day: date, minute: int) -> int:
    naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - zone follows
    return int(naive.replace(tzinfo=zone).timestamp())


@lru_cache(maxsize=64)
def easter(year: int) -> date:
    """Return Easter Sunday (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    last = (32 + 2 * e + 2 * i - h - k) % 7
    month, rest = divmod(h + last - 7 * ((a + 11 * h + 22 * last) // 451) + 114, 31)
    return date(year, month, rest + 1)


@lru_cache(maxsize=512)
def holidays(country: str, year: int) -> frozenset[date]:
    """Return the days of a year on which the shops of a country stay closed."""
    fixed, after_easter = _CLOSED[country]
    days = [date(year, month, day) for month, day in fixed]
    return frozenset([*days, *(easter(year) + timedelta(days=days_after) for days_after in after_easter)])


_CLOSED: Final = {
    "it": (((1, 1), (5, 1), (8, 15), (12, 25), (12, 26)), (0,)),
    "gb": (((1, 1), (12, 25)), (0,)),
    "br": (((1, 1), (5, 1), (12, 25)), (-47,)),  # carnival's Tuesday
    "de": (((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)), (-2, 0, 1)),
    "es": (((1, 1), (1, 6), (5, 1), (12, 25)), (-2,)),
    "us": (((1, 1), (12, 25)), (0,)),
    "jp": (((1, 1),), ()),
}


def black_friday(year: int) -> date:
    """Return the Friday after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
