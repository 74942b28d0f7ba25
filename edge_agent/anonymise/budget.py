"""What noise has cost the visitors of a local day, and the promise that it never costs more than the budget.

The unit is one visit. It is in one cell of the sex table and one cell of the age table of its hour, and in the same
two of its day: four tables, a quarter of the budget each, one after the other (sequential composition). Hours hold
different visits, so that more of them cost nobody more (parallel composition). That holds for two windows of the same
hour as well, after a step of the clock; yet the second is refused, because to whoever counts by the clock it is a
second look at the same hour.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from pydantic import BaseModel, Field

MICRO: Final = 1_000_000
"""Budgets are kept in whole millionths, so that they add up exactly."""

_DAYS_KEPT: Final = 8  # a clock that jumps about visits few days; those forgotten were other visits anyway


def table_share(epsilon_per_day: Fraction) -> int:
    """Return what each of the four tables of a visit may cost, in millionths."""
    return int(epsilon_per_day * MICRO) // 4


def milli(micro: int) -> int:
    """Return millionths as thousandths, rounded up: a cost is never told smaller than it is."""
    return -(-micro // 1000)


class Spent(BaseModel):
    """What the visits of one local day have lost, in millionths: the dearest hour, and the day's tables."""

    hours: list[int] = Field(default_factory=list)
    hour: int = 0
    day: int = 0


class Accountant(BaseModel):
    """Allows what the budget of a local day still has room for, and remembers it; kept in the checkpoint."""

    days: dict[str, Spent] = Field(default_factory=dict)

    def allow_hour(self, date: str, hour: int, cost: int, budget: int) -> bool:
        """Pay for the tables of an hour, given by its number since 1970; tell whether they may go out."""
        spent = self._of(date)
        dearest = max(spent.hour, cost)
        if hour in spent.hours or cost <= 0 or dearest + spent.day > budget:
            return False
        spent.hours.append(hour)
        spent.hour = dearest
        return True

    def allow_day(self, date: str, cost: int, budget: int) -> bool:
        """Pay for the tables of a day; tell whether they may go out."""
        spent = self._of(date)
        if spent.day or cost <= 0 or spent.hour + cost > budget:
            return False
        spent.day = cost
        return True

    def spent(self, date: str) -> int:
        """Return what one visit of that day has lost at most."""
        return self.days[date].hour + self.days[date].day if date in self.days else 0

    def _of(self, date: str) -> Spent:
        spent = self.days.setdefault(date, Spent())
        for old in _oldest(self.days, but=date):
            del self.days[old]
        return spent


def _oldest(days: Iterable[str], *, but: str) -> list[str]:
    others = [day for day in days if day != but]
    return others[: max(0, len(others) + 1 - _DAYS_KEPT)]
