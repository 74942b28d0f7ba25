"""Women, men and age bands of a period, with intervals, and always those who are in no share.

For whole days the days' own tables are taken: more people in each cell, so fewer of them hidden. For a question about
hours, and for days whose table never came, the hours are added up.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Float, cast, func, select

from edge_agent.fleet.figures.pooled import Pool, Sums, Z
from edge_agent.fleet.figures.scope import Question
from edge_agent.fleet.store.rows import BANDS
from edge_agent.fleet.store.tables import day_visitors, hours
from edge_agent.terms import AgeBand, Sex


@dataclass(slots=True)
class Visitors:
    """The visitors of many hours, or of days.

    Attributes:
        visitors: whose track ended, where that is told.
        sexes, ages: read as what, where that is told.
        hidden_sex, hidden_age: visitors who are in no cell: suppressed, or left out of a day's table. Never guessed.
        women: pooled share of women among those read.
        bands: pooled share of each age band.
        tables: how many tables are in here; `spent` of them told nothing because the privacy budget was spent.
        noisy: tables whose counts carry noise.
    """

    visitors: int = 0
    sexes: dict[Sex, int] = field(default_factory=lambda: dict.fromkeys(Sex, 0))
    ages: dict[AgeBand, int] = field(default_factory=lambda: dict.fromkeys(AgeBand, 0))
    hidden_sex: int = 0
    hidden_age: int = 0
    women: Pool = field(default_factory=Pool)
    bands: dict[AgeBand, Pool] = field(default_factory=lambda: {band: Pool() for band in BANDS})
    tables: int = 0
    spent: int = 0
    noisy: int = 0

    @property
    def read_sex(self) -> int:
        """Visitors read as a woman or a man."""
        return self.sexes[Sex.FEMALE] + self.sexes[Sex.MALE]

    @property
    def read_age(self) -> int:
        """Visitors read as of a band."""
        return sum(self.ages[band] for band in BANDS)

    def merge(self, other: "Visitors") -> None:
        """Take in others."""
        self.visitors += other.visitors
        for sex in Sex:
            self.sexes[sex] += other.sexes[sex]
        for band in AgeBand:
            self.ages[band] += other.ages[band]
        self.hidden_sex += other.hidden_sex
        self.hidden_age += other.hidden_age
        self.women.merge(other.women)
        for band in BANDS:
            self.bands[band].merge(other.bands[band])
        self.tables += other.tables
        self.spent += other.spent
        self.noisy += other.noisy


def visitors_of_days(ask: Question) -> dict[date, Visitors]:
    """Visitors per local day; days without a reading camera are absent."""
    found: defaultdict[date, Visitors] = defaultdict(Visitors)
    told: set[tuple[int, str, str]] = set()
    asked = select(day_visitors).where(
        ask.of_days(day_visitors.c.local_day),
        ask.of_sites(day_visitors.c.site_id),
    )
    for row in ask.connection.execute(asked):
        told.add((row.device_id, row.camera, row.local_day))
        _add_table(found[date.fromisoformat(row.local_day)], json.loads(row.demographics))
    for row in _reading_hours(ask):
        if (row.device_id, row.camera, row.local_day) not in told:
            _add_hours(found[date.fromisoformat(row.local_day)], row)
    return dict(sorted(found.items()))


def visitors_of_hours(ask: Question, *, ages: bool = True) -> dict[tuple[date, int], Visitors]:
    """Visitors per local day and hour. `ages` costs most of the time; without it the bands stay empty."""
    found: defaultdict[tuple[date, int], Visitors] = defaultdict(Visitors)
    for row in _reading_hours(ask, by_hour=True):
        _add_hours(found[date.fromisoformat(row.local_day), row.local_hour], row)
    if ages:
        for row in _age_hours(ask):
            here = found[date.fromisoformat(row.local_day), row.local_hour]
            read = sum(row[: len(BANDS)])
            for band, triple in zip(BANDS, json.loads(row.age_shares).values(), strict=True):
                here.bands[band].add(row.reader, read, triple)
    return dict(sorted(found.items()))


def limited(all_of: Iterable[Visitors], others: Iterable[Visitors]) -> None:
    """What the networks have in common is no larger than the surest hour or day of all shows it to be."""
    both = (tuple(all_of), tuple(others))
    everything = Visitors()
    for each in (*both[0], *both[1]):
        everything.women.merge(each.women)
        for band in BANDS:
            everything.bands[band].merge(each.bands[band])
    women = everything.women.smallest()
    bands = {band: everything.bands[band].smallest() for band in BANDS}
    for each in (*both[0], *both[1]):
        each.women.limit(women)
        for band in BANDS:
            each.bands[band].limit(bands[band])


def grouped(pairs: Iterable[tuple[Any, Visitors]]) -> dict[Any, Visitors]:
    """All with the same key as one, in the order of the keys."""
    found: defaultdict[Any, Visitors] = defaultdict(Visitors)
    for key, each in pairs:
        found[key].merge(each)
    return dict(sorted(found.items()))


def _add_table(to: Visitors, told: Mapping[str, Any]) -> None:
    """A day's own table."""
    sex, age, reader = told["sex"], told["age"], told["model"]
    to.tables += 1
    to.noisy += told["epsilon_milli"] is not None
    if told["visitors"] is None:
        to.spent += 1
        return
    to.visitors += told["visitors"]
    for word in Sex:
        to.sexes[word] += sex[word] or 0
    for band in AgeBand:
        to.ages[band] += age[band] or 0
    # With noise the cells need not add up to the visitors, so that a hidden rest is at least nobody.
    to.hidden_sex += max(0, told["visitors"] - sum(sex[word] or 0 for word in Sex))
    to.hidden_age += max(0, told["visitors"] - sum(age[band] or 0 for band in AgeBand))
    if (share := sex["female_share"]) is not None:
        to.women.add(reader, sex[Sex.FEMALE] + sex[Sex.MALE], tuple(share.values()))
    if (shares := age["shares"]) is not None:
        read = sum(age[band] for band in BANDS)
        for band in BANDS:
            to.bands[band].add(reader, read, tuple(shares[band].values()))


_READ: Final = hours.c.sex_female + hours.c.sex_male
_WIDTH: Final = cast(hours.c.female_high_milli - hours.c.female_low_milli, Float) / (2000 * Z)
_TOLD: Final = hours.c.female_milli.is_not(None)
_SEX_KNOWN: Final = tuple(func.coalesce(hours.c[f"sex_{word}"], 0) for word in Sex)
_AGE_KNOWN: Final = tuple(func.coalesce(hours.c[f"age_{band}"], 0) for band in AgeBand)


def _reading_hours(ask: Question, *, by_hour: bool = False) -> Iterator[Any]:
    """Sums over hours in which visitors were read, per day and camera or per day and hour."""
    keys = (
        (hours.c.local_day, hours.c.local_hour, hours.c.reader)
        if by_hour
        else (hours.c.local_day, hours.c.device_id, hours.c.camera, hours.c.reader)
    )
    visitors = func.coalesce(hours.c.visitors, 0)
    read = cast(_READ, Float)
    asked = select(
        *keys,
        func.count().label("tables"),
        func.sum(visitors).label("visitors"),
        (func.count() - func.count(hours.c.visitors)).label("spent"),
        *(func.sum(cell).label(f"sex_{word}") for word, cell in zip(Sex, _SEX_KNOWN, strict=True)),
        *(func.sum(cell).label(f"age_{band}") for band, cell in zip(AgeBand, _AGE_KNOWN, strict=True)),
        func.sum(visitors - sum(_SEX_KNOWN[1:], _SEX_KNOWN[0])).label("hidden_sex"),
        func.sum(visitors - sum(_AGE_KNOWN[1:], _AGE_KNOWN[0])).label("hidden_age"),
        func.sum(_READ).filter(_TOLD).label("weight"),
        func.sum(read * hours.c.female_milli / 1000).label("share"),
        func.sum(read * (hours.c.female_low_milli + hours.c.female_high_milli) / 2000).label("middle"),
        func.sum(read * read).filter(_TOLD).label("square"),
        func.sum(read * read * _WIDTH * _WIDTH).label("square_variance"),
        func.min(_WIDTH * _WIDTH).label("smallest"),
    ).where(ask.of_hours, hours.c.reader.is_not(None))
    yield from ask.connection.execute(asked.group_by(*keys))


def _age_hours(ask: Question) -> Iterator[Any]:
    cells = (hours.c[f"age_{band}"] for band in BANDS)
    asked = select(*cells, hours.c.local_day, hours.c.local_hour, hours.c.reader, hours.c.age_shares).where(
        ask.of_hours, hours.c.age_shares.is_not(None)
    )
    yield from ask.connection.execute(asked)


def _add_hours(to: Visitors, row: Any) -> None:  # noqa: ANN401 - a row of the database
    to.tables += int(row.tables)
    to.spent += int(row.spent)
    to.visitors += int(row.visitors)
    for word in Sex:
        to.sexes[word] += int(getattr(row, f"sex_{word}"))
    for band in AgeBand:
        to.ages[band] += int(getattr(row, f"age_{band}"))
    to.hidden_sex += max(0, int(row.hidden_sex))
    to.hidden_age += max(0, int(row.hidden_age))
    if row.weight:
        names = ("weight", "share", "middle", "square", "square_variance", "smallest")
        to.women.add_sums(row.reader, Sums(**{name: float(getattr(row, name)) for name in names}))
