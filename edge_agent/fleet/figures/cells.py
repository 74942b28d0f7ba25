"""The usual Saturday at five: what the heat map shows, and the best and the worst hours."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.fleet.figures.footfall import Footfall, Key, total

_HOUR_S: Final = 3600
_FULL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Cell:
    """A weekday and a local hour.

    Attributes:
        weekday, hour: from Monday = 0, and 0 to 23.
        sums: over all such hours of the period.
        mean: people who came in during such an hour: over those that were seen fully, or if there are none over what
            was seen at all; None where nothing was.
        is_full: whether all such hours were seen fully (95 %).
    """

    weekday: int
    hour: int
    sums: Footfall
    mean: float | None
    is_full: bool

    @property
    def is_open(self) -> bool:
        """Whether the shop is open for most of it."""
        return 2 * self.sums.open_s >= self.sums.expected_s > 0


def cells_of(by_hours: Mapping[Key, Footfall], cameras: int) -> dict[tuple[int, int], Cell]:
    """The cells of a period."""
    lists: defaultdict[tuple[int, int], list[Footfall]] = defaultdict(list)
    for (day, hour), each in by_hours.items():
        lists[day.weekday(), hour].append(each)
    return {key: _cell(*key, lists[key], cameras) for key in sorted(lists)}


def best_and_worst(cells: Mapping[tuple[int, int], Cell], many: int) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """The busiest and the quietest cells of the opening hours; no cell is in both."""
    ranked = sorted(
        (cell for cell in cells.values() if cell.is_open and cell.mean is not None),
        key=lambda cell: (-(cell.mean or 0.0), cell.weekday, cell.hour),
    )
    many = min(many, len(ranked) // 2)
    return tuple(ranked[:many]), tuple(reversed(ranked[len(ranked) - many :]))


def _cell(weekday: int, hour: int, of: list[Footfall], cameras: int) -> Cell:
    full = [each for each in of if _seen(each) >= _FULL]
    # On the day that the clock goes back the hour that comes twice is two.
    clock_hours = sum(max(1, round(_wanted_s(each) / (_HOUR_S * max(1, cameras)))) for each in full)
    sums = total(of)
    mean = None
    if full:
        mean = sum(each.entered for each in full) / clock_hours
    elif sums.observed_s:
        mean = sums.entered / len(of)
    return Cell(weekday, hour, sums, mean, len(full) == len(of))


def _wanted_s(each: Footfall) -> int:
    return each.expected_s + each.not_received_s


def _seen(each: Footfall) -> float:
    return each.coverage or 0.0
