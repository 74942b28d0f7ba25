"""Which cells are hidden: what the rule promises, and that the rule itself gives nothing away."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.anonymise.suppression import AGE_LADDER, SEX_LADDER, Knots, Ladder, Table, rung_for
from edge_agent.anonymise.transport import Columns, Row, has_room
from edge_agent.terms import AgeBand, Sex

Cells = tuple[int, ...]
Told = tuple[tuple[int | None, ...], ...]
PAIRS: Ladder = (frozenset(), frozenset({0, 1}), frozenset({0, 1, 2, 3}))
"""A table of two pairs, small enough to try every one that there is."""


@pytest.mark.parametrize(("ladder", "words"), [(SEX_LADDER, list(Sex)), (AGE_LADDER, list(AgeBand))])
def test_ladders_go_from_nothing_to_everything(ladder: Ladder, words: list[str]) -> None:
    """Each rung holds the one below it, the first hides nothing and the last all; what was not read goes last."""
    assert ladder[0] == frozenset()
    assert ladder[-1] == frozenset(range(len(words)))
    assert all(low < high for low, high in pairwise(ladder))
    assert ladder[-1] - ladder[-2] == {words.index("unknown")}


@given(st.lists(st.integers(0, 60), min_size=7, max_size=7), st.integers(3, 20))
def test_no_small_cell_is_told(cells: list[int], k: int) -> None:
    """What is told holds k at least, and so does all that is hidden, unless everything is; zeros of nobody stay."""
    rung = rung_for(cells, AGE_LADDER, k)
    hidden = AGE_LADDER[rung]
    if not any(cells):
        assert rung == 0
        return
    assert all(count >= k for cell, count in enumerate(cells) if cell not in hidden)
    assert rung in (0, len(AGE_LADDER) - 1) or sum(cells[cell] for cell in hidden) >= k


@given(st.lists(st.integers(5, 60), min_size=7, max_size=7))
def test_a_table_without_small_cells_is_told_whole(cells: list[int]) -> None:
    """Nothing is hidden that need not be."""
    assert rung_for(cells, AGE_LADDER, 5) == 0


def _day(hours: Sequence[Cells], ladder: Ladder, k: int) -> Table:
    knots = Knots.of(len(hours[0]))
    for cells in hours:
        knots.add(Table.of(cells, ladder, k))
    return knots.table([sum(column) for column in zip(*hours, strict=True)], ladder, k)


def test_a_lone_hour_stays_hidden_in_the_day() -> None:
    """The day minus the hours that are told would be the one hour that is not: the day leaves it out."""
    day = _day([(3, 40, 20), (50, 60, 30), (50, 40, 30)], SEX_LADDER, 5)
    assert (day.shown, day.left_out) == ([100, 100, 60], 63)
    alone = _day([(3, 40, 20)], SEX_LADDER, 5)
    assert (alone.shown, alone.left_out) == ([None, None, 20], 0)


def test_many_hidden_hours_make_a_day_that_can_be_told() -> None:
    """A shop with a dozen visitors an hour has no hourly table, and one of the day."""
    hours = [(5, 3, 4), (2, 6, 4), (4, 4, 3), (6, 1, 5), (3, 5, 2), (4, 3, 6)]
    assert all(rung_for(hour, SEX_LADDER, 5) for hour in hours)
    assert _day(hours, SEX_LADDER, 5).shown == [24, 22, 24]


def test_room_is_that_of_the_sums() -> None:
    """Two rows of three between two columns: 3 and 3 leave all the room there is, 0 and 6 leave none."""
    row = Row(total=3, cells=frozenset({0, 1}), small=(frozenset({0}), frozenset({1})), at_most=3, room=3)
    assert has_room([row, row], Columns({0: 3, 1: 3}, free=frozenset(), room=3))
    assert not has_room([row, row], Columns({0: 0, 1: 6}, free=frozenset(), room=3))
    assert not has_room([row, row], Columns({0: 9, 1: 0}, free=frozenset(), room=3))


# -- the adversary who runs the rule on every day that there could have been ------------------------------------------


def _tables(total: int, cells: int) -> Iterator[Cells]:
    if cells == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _tables(total - first, cells - 1):
            yield (first, *rest)


def _publish(hours: Sequence[Cells], ladder: Ladder, k: int) -> Told:
    """Return the tables of the hours and, last, that of the day with what it leaves out, as they go out."""
    day = _day(hours, ladder, k)
    return (*(tuple(Table.of(cells, ladder, k).shown) for cells in hours), (*day.shown, day.left_out))


@pytest.mark.parametrize(
    ("k", "totals", "ladder"),
    [
        (3, (9,), SEX_LADDER),
        (3, (4, 4), SEX_LADDER),
        (3, (7, 8), SEX_LADDER),
        (3, (9, 9), SEX_LADDER),
        (3, (1, 12), SEX_LADDER),
        (4, (8, 9), SEX_LADDER),
        (5, (12, 11), SEX_LADDER),
        (3, (2, 2, 2, 2), SEX_LADDER),
        (3, (4, 4, 4), SEX_LADDER),
        (3, (5, 1, 4), SEX_LADDER),
        (3, (10, 3, 2), SEX_LADDER),
        (3, (5, 6), PAIRS),
        (3, (7, 4), PAIRS),
    ],
    ids=str,
)
def test_knowing_the_rule_does_not_help(k: int, totals: tuple[int, ...], ladder: Ladder) -> None:
    """Of all days that would have been published alike, hidden cells take as many values as was promised.

    This is the strongest adversary there is: he knows every visitor count and the program, tries every day that there
    could have been, and keeps those whose messages are the ones he has. So what the program decided, and did not, is
    part of what he knows.
    """
    cells = max(ladder[-1]) + 1
    possible: dict[Told, dict[tuple[int, int], set[int]]] = defaultdict(lambda: defaultdict(set))
    for hours in product(*(list(_tables(total, cells)) for total in totals)):
        told = _publish(hours, ladder, k)
        day = tuple(sum(column) for column in zip(*hours, strict=True))
        for window, (truth, row) in enumerate(zip((*hours, day), told, strict=True)):
            for cell, shown in enumerate(row[:cells]):
                if shown is None:
                    possible[told][window, cell].add(truth[cell])
    for told, found in possible.items():
        together = [total - sum(filter(None, row)) for total, row in zip(totals, told, strict=False)]
        for (window, cell), values in found.items():
            hidden = (
                together[window]
                if window < len(totals)
                else sum(left for left, row in zip(together, told, strict=False) if row[cell] is None)
            )
            assert len(values) > min(k - 1, hidden), (told, window, cell, values)
            assert max(values) - min(values) >= min(k - 1, hidden)
