"""What is told of visitors: the tables of an hour, and of the day in the hour that ends it.

Nothing but sums is kept from one hour to the next, and of hidden cells only what they add up to over the day.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pydantic import BaseModel, Field

from edge_agent.anonymise.budget import Accountant, milli, table_share
from edge_agent.anonymise.noise import Draw, discrete_laplace, variance
from edge_agent.anonymise.shares import Matrix, class_shares, female_share, mostly
from edge_agent.anonymise.suppression import AGE_LADDER, SEX_LADDER, Knots, Ladder, Table
from edge_agent.anonymise.tally import DemographicTally
from edge_agent.message import AgeCounts, AgeShares, Demographics, SexCounts
from edge_agent.terms import AgeBand, Sex

_BANDS: Final = tuple(band for band in AgeBand if band is not AgeBand.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Reading:
    """How visitors are read, and what keeps the published numbers from telling about anybody.

    Attributes:
        k: cells that hold fewer visitors are hidden.
        model: hash of the network that reads, 16 hex digits.
        sex, age: visitors taken for what, counts of its model card without the unknown; () gives no shares.
        epsilon_per_day: budget of the noise for one visit; None for no noise.
        draw: where chance comes from.
    """

    k: int
    model: str
    sex: Matrix = ()
    age: Matrix = ()
    epsilon_per_day: Fraction | None = None
    draw: Draw = secrets.randbelow

    @property
    def regime(self) -> str:
        """What must be the same for all hours of a day's table."""
        return f"{self.k} {self.epsilon_per_day} {self.model}"

    @property
    def table_cost(self) -> int:
        """What one table costs a visit, in millionths; 0 without noise."""
        return table_share(self.epsilon_per_day) if self.epsilon_per_day is not None else 0


@dataclass(frozen=True, slots=True)
class Window:
    """The hour that is sealed: its number since 1970, the local day it began in, and whether that ends with it."""

    hour: int
    date: str
    ends_day: bool


class Day(BaseModel):
    """The hours of one local day so far, as sums."""

    date: str
    regime: str
    sums: DemographicTally = Field(default_factory=DemographicTally)
    sex: Knots = Field(default_factory=lambda: Knots.of(len(Sex)))
    age: Knots = Field(default_factory=lambda: Knots.of(len(AgeBand)))


class Releases(BaseModel):
    """What has been told of the running day, and what noise has cost; kept in the checkpoint."""

    day: Day | None = None
    accountant: Accountant = Field(default_factory=Accountant)

    def seal(
        self, reading: Reading, tally: DemographicTally, window: Window
    ) -> tuple[Demographics, Demographics | None]:
        """Return the tables of an hour, and those of the day if the hour ends it."""
        if self.day is None or (self.day.date, self.day.regime) != (window.date, reading.regime):
            self.day = Day(date=window.date, regime=reading.regime)
        day = self.day
        day.sums.merge(tally)
        hour = self._noisy_hour(reading, tally, window) if reading.epsilon_per_day else _hour(reading, tally, day)
        if not window.ends_day:
            return hour, None
        self.day = None
        return hour, self._noisy_day(reading, day) if reading.epsilon_per_day else _day(reading, day)

    def _noisy_hour(self, reading: Reading, tally: DemographicTally, window: Window) -> Demographics:
        cost = 2 * reading.table_cost
        return _noisy(
            reading, tally, paid=self.accountant.allow_hour(window.date, window.hour, cost, 2 * cost), cost=cost
        )

    def _noisy_day(self, reading: Reading, day: Day) -> Demographics:
        cost = 2 * reading.table_cost
        return _noisy(reading, day.sums, paid=self.accountant.allow_day(day.date, cost, 2 * cost), cost=cost)


def _hour(reading: Reading, tally: DemographicTally, day: Day) -> Demographics:
    sex = Table.of(tally.sexes, SEX_LADDER, reading.k)
    age = Table.of(tally.ages, AGE_LADDER, reading.k)
    day.sex.add(sex)
    day.age.add(age)
    return _message(reading, tally.visitors, sex, age)


def _day(reading: Reading, day: Day) -> Demographics:
    return _message(
        reading,
        day.sums.visitors,
        day.sex.table(day.sums.sexes, SEX_LADDER, reading.k),
        day.age.table(day.sums.ages, AGE_LADDER, reading.k),
    )


def _noisy(reading: Reading, tally: DemographicTally, *, paid: bool, cost: int) -> Demographics:
    """Return the tables with noise; all of them hidden, the number of visitors included, where it was not paid for.

    Cells are hidden by their noisy counts, which needs no budget: it tells nothing that these do not tell.
    """
    if not paid:
        nothing = (Table([0] * len(words), ladder, len(ladder) - 1) for words, ladder in _TABLES)
        return _message(reading, None, *nothing, epsilon_micro=0)
    epsilon = Fraction(reading.table_cost, 1_000_000)
    counts = (tally.sexes, tally.ages)
    noisy = [[max(0, count + discrete_laplace(epsilon, reading.draw)) for count in cells] for cells in counts]
    tables = (Table.of(cells, ladder, reading.k) for cells, (_, ladder) in zip(noisy, _TABLES, strict=True))
    return _message(reading, sum(noisy[0]), *tables, epsilon_micro=cost, noise_variance=variance(epsilon))


_TABLES: Final[tuple[tuple[Sequence[str], Ladder], ...]] = ((list(Sex), SEX_LADDER), (list(AgeBand), AGE_LADDER))


def _message(
    reading: Reading,
    visitors: int | None,
    sex: Table,
    age: Table,
    *,
    epsilon_micro: int | None = None,
    noise_variance: float = 0.0,
) -> Demographics:
    shown_sex, shown_age = sex.shown, age.shown
    women = female_share(sex.cells[0], sex.cells[1], reading.sex, noise_variance=noise_variance) if sex.whole else None
    bands = class_shares(age.cells[:-1], reading.age, noise_variance=noise_variance) if age.whole else None
    return Demographics(
        visitors=visitors,
        sex=SexCounts(
            female=shown_sex[0],
            male=shown_sex[1],
            unknown=shown_sex[2],
            left_out=sex.left_out,
            female_share=women,
            mostly=None if women is None else mostly(women),
        ),
        age=AgeCounts.model_validate(
            {
                **dict(zip(AgeBand, shown_age, strict=True)),
                "left_out": age.left_out,
                "shares": None if bands is None else AgeShares.model_validate(dict(zip(_BANDS, bands, strict=True))),
            }
        ),
        k=reading.k,
        epsilon_milli=None if epsilon_micro is None else milli(epsilon_micro),
        suppressed=shown_sex.count(None) + shown_age.count(None),
        model=reading.model,
    )
