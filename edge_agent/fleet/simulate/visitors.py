"""What is told of visitors: read with a network that confuses, hidden where few, corrected, with an interval.

The rules are those of the device, in the few lines that a simulation needs: the ladders of hidden cells of its
`anonymise.suppression`, the adjusted count of its `anonymise.shares`. The confusion is known here, so the interval has
only the sample in it.
"""

from collections.abc import Sequence
from math import sqrt
from random import Random
from typing import Final, Literal, NamedTuple

from edge_agent.fleet.simulate.chance import binomial, digits, multinomial
from edge_agent.message import AgeCounts, AgeShares, Demographics, SexCounts, Share
from edge_agent.terms import AgeBand

Cells = Sequence[int | None]
Told = tuple[int, int, int]
"""A share, low and high in thousandths."""

BANDS: Final = tuple(band for band in AgeBand if band is not AgeBand.UNKNOWN)
MODEL: Final = digits("simulated", "attributes")

READ: Final = 0.72
"""Share of the visitors whose face is seen well enough."""

HIT: Final = 0.94
FALSE_ALARM: Final = 0.06
"""Of women read as women; of men read as women."""

AGE_RATES: Final = (
    (0.84, 0.16, 0.0, 0.0, 0.0, 0.0),
    (0.10, 0.78, 0.12, 0.0, 0.0, 0.0),
    (0.0, 0.12, 0.76, 0.12, 0.0, 0.0),
    (0.0, 0.0, 0.12, 0.76, 0.12, 0.0),
    (0.0, 0.0, 0.0, 0.12, 0.78, 0.10),
    (0.0, 0.0, 0.0, 0.0, 0.16, 0.84),
)
"""Per true band, how often it is read as each."""

_Z: Final = 1.959964  # the 97.5 % quantile of the normal distribution
_PRIOR: Final = 2.0  # added to each of two cells, so that an interval of few is not too short (Agresti and Coull)
_SEX_RUNGS: Final = ((), (0, 1), (0, 1, 2))
_AGE_RUNGS: Final = ((), (0, 5), (0, 1, 4, 5), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5, 6))


class Table(NamedTuple):
    """Cells as they are shown, None for a hidden one; visitors that are in none; how many cells are hidden."""

    cells: Cells
    left_out: int
    hidden: int


class Tables(NamedTuple):
    """The two tables of an hour or a day, with the shares that they allow."""

    visitors: int
    sex: Table
    age: Table
    women: Told | None
    ages: tuple[Told, ...] | None
    k: int

    @property
    def suppressed(self) -> int:
        """How many cells are hidden, of both tables."""
        return self.sex.hidden + self.age.hidden

    def message(self) -> Demographics:
        """Return the part of a message that tells this."""
        female, male, unknown = self.sex.cells
        women = None if self.women is None else _share(self.women)
        ages = self.ages and AgeShares.model_validate(dict(zip(BANDS, map(_share, self.ages), strict=True)))
        return Demographics(
            visitors=self.visitors,
            sex=SexCounts(
                female=female,
                male=male,
                unknown=unknown,
                left_out=self.sex.left_out,
                female_share=women,
                mostly=None if women is None else _mostly(women),
            ),
            age=AgeCounts.model_validate(
                {**dict(zip(AgeBand, self.age.cells, strict=True)), "left_out": self.age.left_out, "shares": ages}
            ),
            k=self.k,
            epsilon_milli=None,
            suppressed=self.suppressed,
            model=MODEL,
        )


class Read(NamedTuple):
    """Visitors as the network read them: women, men, unknown; the six bands, unknown."""

    sex: list[int]
    age: list[int]


def read(chance: Random, women: int, men: int, bands: Sequence[int]) -> Read:
    """Return what a network with the known confusion makes of visitors."""
    read_women, read_men = binomial(chance, women, READ), binomial(chance, men, READ)
    as_women = binomial(chance, read_women, HIT) + binomial(chance, read_men, FALSE_ALARM)
    seen = read_women + read_men
    age = [0] * (len(BANDS) + 1)
    for band, count in enumerate(bands):
        legible = binomial(chance, count, READ)
        age[-1] += count - legible
        if legible:
            low, high = max(0, band - 1), min(len(BANDS), band + 2)
            for place, found in enumerate(multinomial(chance, legible, AGE_RATES[band][low:high]), start=low):
                age[place] += found
    return Read(sex=[as_women, seen - as_women, women + men - seen], age=age)


class DayTables:
    """The hours of one local day so far, as sums: of all, and of those that hid nothing."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._visitors = 0
        self._sex = _Sums(_SEX_RUNGS, 3)
        self._age = _Sums(_AGE_RUNGS, len(BANDS) + 1)

    def hour(self, visitors: Read) -> Tables:
        """Return what is told of an hour, and remember it for the day."""
        count = sum(visitors.sex)
        self._visitors += count
        sex, age = self._sex.add(visitors.sex, self._k), self._age.add(visitors.age, self._k)
        return _tables(count, sex, age, self._k)

    def day(self) -> Tables:
        """Return what is told of the whole day."""
        return _tables(self._visitors, self._sex.table(self._k), self._age.table(self._k), self._k)


class _Sums:
    def __init__(self, rungs: Sequence[Sequence[int]], size: int) -> None:
        self._rungs = rungs
        self._all = [0] * size
        self._whole = [0] * size
        self._hid = False

    def add(self, cells: Sequence[int], k: int) -> Table:
        if not any(cells):
            return Table(cells, 0, 0)
        self._all = [a + b for a, b in zip(self._all, cells, strict=True)]
        hidden = _hidden(cells, self._rungs, k)
        if hidden:
            self._hid = True
        else:
            self._whole = [a + b for a, b in zip(self._whole, cells, strict=True)]
        return _table(cells, hidden)

    def table(self, k: int) -> Table:
        """Tell everything if no hour hid a cell, else only of the hours that hid none, if most visitors are in them.

        Else nothing. The device can tell more, where the hours leave every hidden cell its room.
        """
        everybody, told = sum(self._all), sum(self._whole)
        if not self._hid:
            return _table(self._all, ())
        if everybody - told <= told and all(count >= k for count in self._whole):
            return Table(self._whole, everybody - told, 0)
        return _table(self._all, self._rungs[-1])


def _hidden(cells: Sequence[int], rungs: Sequence[Sequence[int]], k: int) -> Sequence[int]:
    """The lowest rung that hides every cell under k, and holds at least k together; else the last."""
    if min(cells) >= k:
        return rungs[0]
    for rung in rungs[1:-1]:
        if sum(cells[place] for place in rung) >= k and all(
            count >= k or place in rung for place, count in enumerate(cells)
        ):
            return rung
    return rungs[-1]


def _table(cells: Sequence[int], hidden: Sequence[int]) -> Table:
    if not hidden:
        return Table(cells, 0, 0)
    return Table([None if place in hidden else count for place, count in enumerate(cells)], 0, len(hidden))


def _tables(visitors: int, sex: Table, age: Table, k: int) -> Tables:
    women = None if sex.hidden else women_share(sex.cells[0] or 0, sex.cells[1] or 0)
    ages = None if age.hidden else age_shares([count or 0 for count in age.cells[:-1]])
    return Tables(visitors, sex, age, women, ages, k)


def women_share(read_as_women: int, read_as_men: int) -> Told | None:
    """Return the share of women among those read, adjusted for the known confusion, with its 95 % interval."""
    count = read_as_women + read_as_men
    if not count:
        return None
    span = HIT - FALSE_ALARM
    share = (read_as_women / count - FALSE_ALARM) / span
    around = (read_as_women + _PRIOR) / (count + 2 * _PRIOR)
    reach = _Z * sqrt(around * (1 - around) / (count + 2 * _PRIOR)) / span
    return _told(share, (around - FALSE_ALARM) / span, reach)


def age_shares(counts: Sequence[int]) -> tuple[Told, ...] | None:
    """Return the share of each band among those read; together 1000 thousandths.

    The adjusted count is the read shares times the inverse of the confusion; its variance is that of a weighted sum of
    multinomial counts (delta method).
    """
    total = sum(counts)
    if not total:
        return None
    size = len(counts)
    prior = _PRIOR / size
    chances = [(count + prior) / (total + prior * size) for count in counts]
    straight, reaches = [], []
    for weights in _INVERSE:
        mean = sum(w * p for w, p in zip(weights, chances, strict=True))
        square = sum(w * w * p for w, p in zip(weights, chances, strict=True))
        straight.append(mean)
        reaches.append(_Z * sqrt(max(0.0, square - mean * mean) / (total + prior * size)))
    milli = _thousandths(straight)
    return tuple(
        _told(share / 1000, middle, reach) for share, middle, reach in zip(milli, straight, reaches, strict=True)
    )


def _told(share: float, middle: float, reach: float) -> Told:
    milli = round(1000 * min(1.0, max(0.0, share)))
    low, high = (round(1000 * min(1.0, max(0.0, edge))) for edge in (middle - reach, middle + reach))
    return milli, min(low, milli), max(high, milli)


def _thousandths(shares: Sequence[float]) -> list[int]:
    """Cut at zero, scale to one, and round so that they add up to 1000 (largest remainder)."""
    kept = [max(0.0, share) for share in shares]
    scaled = [1000 * share / sum(kept) for share in kept]
    whole = [int(share) for share in scaled]
    for place in sorted(range(len(whole)), key=lambda i: whole[i] - scaled[i])[: 1000 - sum(whole)]:
        whole[place] += 1
    return whole


def _inverse_columns(matrix: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    """Return per true class the weights of the read shares (Gauss and Jordan; the diagonal is strong here)."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for i in range(size):
            if i != column:
                factor = rows[i][column]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[column], strict=True)]
    return tuple(tuple(rows[j][size + i] for j in range(size)) for i in range(size))


_INVERSE: Final = _inverse_columns(AGE_RATES)


def _share(told: Told) -> Share:
    return Share(share_milli=told[0], low_milli=told[1], high_milli=told[2])


def _mostly(share: Share) -> Literal["female", "male", "balanced"]:
    if share.low_milli > 500:
        return "female"
    return "male" if share.high_milli < 500 else "balanced"
