"""How many people want to come in: by kind of shop, season, weekday, weather and growth."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from edge_agent.fleet.simulate.calendar import Week, black_friday
from edge_agent.fleet.simulate.chance import source

_BEGINNING: Final = date(2024, 1, 1)  # growth counts from here


def _daily(text: str) -> tuple[float, ...]:
    """Weights of the 24 local hours as shares of a day."""
    weights = [float(word) for word in text.split()]
    return tuple(weight / sum(weights) for weight in weights)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of shop.

    Attributes:
        word: what it is called in the name of a shop.
        week: opening hours.
        visitors: on a common day, from and to.
        stay_min: how long somebody stays, from and to.
        hours, weekend: share of the day's visitors that each local hour has.
        weekdays: from Monday, against the mean.
        months: from January, against the mean.
        christmas: how much busier the days before Christmas are.
        rain: what is left on a rainy day.
        women: share of women.
        ages: shares of the age bands, in the morning and in the evening.
    """

    word: str
    week: Week
    visitors: tuple[int, int]
    stay_min: tuple[float, float]
    hours: tuple[float, ...]
    weekend: tuple[float, ...]
    weekdays: tuple[float, ...]
    months: tuple[float, ...]
    christmas: float
    rain: float
    women: float
    ages: tuple[tuple[float, ...], tuple[float, ...]]


_TEN_TO_HALF_SEVEN: Final = ((600, 1170),)
_TEN_TO_EIGHT: Final = ((600, 1200),)
_WITH_LUNCH: Final = ((540, 780), (930, 1170))
_EIGHT_TO_NINE: Final = ((480, 1260),)

KINDS: Final = (
    Kind(
        word="Fashion",
        week=(*[_TEN_TO_HALF_SEVEN] * 5, _TEN_TO_EIGHT, ((660, 1170),)),
        visitors=(250, 700),
        stay_min=(12, 25),
        hours=_daily("0 0 0 0 0 0 0 0 0 1 4 6 7 6 5 6 8 10 10 8 3 0 0 0"),
        weekend=_daily("0 0 0 0 0 0 0 0 0 1 4 7 7 5 6 9 12 13 11 8 3 0 0 0"),
        weekdays=(0.78, 0.8, 0.85, 0.92, 1.1, 1.65, 0.9),
        months=(1.12, 0.88, 0.94, 0.98, 1.0, 1.0, 1.1, 0.78, 1.0, 1.02, 1.05, 1.13),
        christmas=1.8,
        rain=0.86,
        women=0.62,
        ages=((0.06, 0.16, 0.22, 0.24, 0.18, 0.14), (0.16, 0.3, 0.22, 0.16, 0.1, 0.06)),
    ),
    Kind(
        word="Market",
        week=(*[_EIGHT_TO_NINE] * 6, ((540, 1200),)),
        visitors=(450, 1100),
        stay_min=(14, 28),
        hours=_daily("0 0 0 0 0 0 0 1 5 7 8 8 7 5 5 6 7 9 11 10 6 1 0 0"),
        weekend=_daily("0 0 0 0 0 0 0 0 5 9 11 12 9 5 5 7 9 10 9 6 3 0 0 0"),
        weekdays=(0.95, 0.92, 0.94, 0.97, 1.1, 1.28, 0.84),
        months=(0.98, 0.97, 1.0, 1.01, 1.0, 0.99, 0.98, 0.86, 1.0, 1.03, 1.04, 1.14),
        christmas=1.35,
        rain=0.95,
        women=0.57,
        ages=((0.03, 0.08, 0.14, 0.2, 0.23, 0.32), (0.08, 0.2, 0.24, 0.22, 0.15, 0.11)),
    ),
    Kind(
        word="Pharmacy",
        week=(*[_WITH_LUNCH] * 5, ((540, 780),), ()),
        visitors=(120, 320),
        stay_min=(5, 9),
        hours=_daily("0 0 0 0 0 0 0 0 1 8 11 11 8 1 0 4 9 11 11 6 0 0 0 0"),
        weekend=_daily("0 0 0 0 0 0 0 0 1 9 12 13 9 1 0 0 0 0 0 0 0 0 0 0"),
        weekdays=(1.12, 1.04, 1.0, 1.0, 1.04, 0.6, 0.0),
        months=(1.15, 1.1, 1.04, 1.0, 0.96, 0.92, 0.9, 0.74, 0.98, 1.05, 1.07, 1.09),
        christmas=1.1,
        rain=0.92,
        women=0.59,
        ages=((0.03, 0.07, 0.13, 0.19, 0.24, 0.34), (0.06, 0.14, 0.21, 0.23, 0.2, 0.16)),
    ),
    Kind(
        word="Home",
        week=(*[_TEN_TO_EIGHT] * 6, _TEN_TO_EIGHT),
        visitors=(180, 520),
        stay_min=(22, 38),
        hours=_daily("0 0 0 0 0 0 0 0 0 1 5 7 7 5 5 7 9 10 10 8 4 0 0 0"),
        weekend=_daily("0 0 0 0 0 0 0 0 0 1 6 9 8 5 7 11 13 12 9 6 3 0 0 0"),
        weekdays=(0.72, 0.72, 0.76, 0.82, 0.98, 1.7, 1.3),
        months=(1.05, 0.94, 1.0, 1.04, 1.02, 0.96, 0.92, 0.84, 1.06, 1.04, 1.06, 1.07),
        christmas=1.45,
        rain=1.04,
        women=0.53,
        ages=((0.05, 0.12, 0.24, 0.25, 0.19, 0.15), (0.08, 0.22, 0.28, 0.22, 0.13, 0.07)),
    ),
)


@lru_cache(maxsize=65536)
def weather(seed: int, region: str, day: date) -> float:
    """Return how bad the weather of a region's day is: 0 fine, 1 a rainy day, up to 3 a storm."""
    chance = source(seed, "weather", region, day.toordinal())
    luck = chance.random()
    if luck < 0.72:
        return 0.0
    return chance.uniform(2.0, 3.0) if luck > 0.985 else chance.uniform(0.4, 1.6)


@lru_cache(maxsize=65536)
def season(kind: Kind, day: date) -> float:
    """Return how busy a day of the year is against the mean, whatever the weather."""
    here, there, weight = _months(day)
    factor = kind.months[here] * (1 - weight) + kind.months[there] * weight
    factor *= kind.weekdays[day.weekday()]
    if day.month == 12 and day.day <= 24:
        factor *= 1 + (kind.christmas - 1) * day.day / 24
    if day == black_friday(day.year):
        factor *= kind.christmas
    return factor


def _months(day: date) -> tuple[int, int, float]:
    """Between the middles of which months a day lies, and how far: the year has no steps."""
    position = (day.day - 15.5) / 31
    here = day.month - 1
    return (here, (here + 1) % 12, position) if position >= 0 else (here, (here - 1) % 12, -position)


def wanted(kind: Kind, seed: int, region: str, day: date) -> float:
    """Return how busy a day is against the mean, weather included."""
    bad = weather(seed, region, day)
    return season(kind, day) * float(kind.rain**bad)


def grown(per_year: float, day: date) -> float:
    """Return what has become of a shop's mean by a day, growing by a share every year."""
    return float((1 + per_year) ** ((day - _BEGINNING).days / 365.25))


@lru_cache(maxsize=4096)
def women_share(kind: Kind, bias: float, local_hour: int, weekday: int) -> float:
    """Return the share of women among the clientele of an hour: higher on Saturday afternoons, lower at lunch."""
    share = kind.women + bias
    if 12 <= local_hour < 14:
        share -= 0.05
    if weekday == 5 and 15 <= local_hour < 19:
        share += 0.05
    return share


@lru_cache(maxsize=512)
def age_shares(kind: Kind, local_hour: int) -> tuple[float, ...]:
    """Return the shares of the age bands among the clientele of an hour: the later, the younger."""
    late = min(1.0, max(0.0, (local_hour - 9) / 10))
    return tuple(a * (1 - late) + b * late for a, b in zip(*kind.ages, strict=True))
