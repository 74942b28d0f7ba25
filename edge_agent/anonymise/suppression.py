"""Which cells of a table are hidden, so that what is published tells nothing about few people.

A cell that holds fewer than k of the visitors is hidden, zero included: "no woman came" tells about everybody who
came. The number of visitors is published, so one hidden cell alone would follow from it; others are hidden beside it
(complementary suppression; Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001).

Which ones is no choice that looks at the numbers, because such a choice gives them away to whoever knows the rule
(Wong, Fu, Wang and Pei, Minimality attack in privacy preserving data publishing, 2007). A table has a ladder of sets,
each within the next, and the lowest rung is taken that hides every small cell and holds at least k together, or
everything. Whoever sees a rung knows that the one below did not do. That is so because of the one or the other of the
cells that the rung adds, or because those below hold fewer than k together, and nobody can tell which. Hence, with
nothing else known, a hidden cell can be anything from 0 up to k-1, or up to all that is hidden where that is less;
and the largest number that it can be is always all that is hidden.

The day's table and those of its hours are knotted by their sums. It is written once, when the day is over and its hours
are out, and what it tells leaves every hidden cell its room, as `transport` works out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from pydantic import BaseModel, Field

from edge_agent.anonymise.transport import Columns, Row, has_room
from edge_agent.terms import AgeBand, Sex

Ladder = tuple[frozenset[int], ...]
"""Sets of hidden cells, by their place in the table: nothing first, everything last, each within the next."""


def _ladder(words: Sequence[str], *added: Sequence[str]) -> Ladder:
    rungs = [frozenset[int]()]
    for rung in added:
        rungs.append(rungs[-1] | {words.index(word) for word in rung})
    return tuple(rungs)


SEX_LADDER: Final = _ladder(list(Sex), (Sex.FEMALE, Sex.MALE), (Sex.UNKNOWN,))
"""How many could not be read is said as long as possible."""

AGE_LADDER: Final = _ladder(
    list(AgeBand),
    (AgeBand.UNDER_20, AgeBand.FROM_60),
    (AgeBand.FROM_20, AgeBand.FROM_50),
    (AgeBand.FROM_30, AgeBand.FROM_40),
    (AgeBand.UNKNOWN,),
)
"""From the outside in: the outer bands are the small ones in most shops."""


_MOST_ROWS: Final = 64  # hours of a day; only a clock that jumps to and fro makes more


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it goes out.

    Attributes:
        cells: the counts, hidden ones too.
        ladder: which sets of cells may be hidden.
        rung: which one is.
        left_out: visitors that are not in the cells.
    """

    cells: Sequence[int]
    ladder: Ladder
    rung: int
    left_out: int = 0

    @classmethod
    def of(cls, cells: Sequence[int], ladder: Ladder, k: int) -> Self:
        """Return a table that stands alone."""
        return cls(cells, ladder, rung_for(cells, ladder, k))

    @property
    def whole(self) -> bool:
        """Whether nothing of it is hidden."""
        return self.rung == 0

    @property
    def shown(self) -> list[int | None]:
        """The counts, with None for what is hidden."""
        return [None if cell in self.ladder[self.rung] else count for cell, count in enumerate(self.cells)]


class HiddenRow(BaseModel):
    """What the day must remember of an hour with hidden cells: which, by the rung, and what they add up to."""

    rung: int
    hidden: int


class Knots(BaseModel):
    """What ties a table of the day to those of its hours.

    Attributes:
        rows: the hours with hidden cells.
        hidden: per cell, the sum of what those hours hid.
        whole: per cell, the sum of the hours that hid nothing.
    """

    rows: list[HiddenRow] = Field(default_factory=list)
    hidden: list[int]
    whole: list[int]

    @classmethod
    def of(cls, cells: int) -> Self:
        """Return those of a day without hours."""
        return cls(hidden=[0] * cells, whole=[0] * cells)

    def add(self, table: Table) -> None:
        """Note how an hour's table goes out."""
        if table.whole:
            self.whole = [a + b for a, b in zip(self.whole, table.cells, strict=True)]
            return
        within = table.ladder[table.rung]
        self.rows.append(HiddenRow(rung=table.rung, hidden=sum(table.cells[cell] for cell in within)))
        for cell in within:
            self.hidden[cell] += table.cells[cell]

    def table(self, cells: Sequence[int], ladder: Ladder, k: int) -> Table:
        """Return the day's table: everything if it can be; else, if most visitors are in them, of the whole hours.

        The latter says nothing that these hours have not said. Where they are few, the lowest rung is taken with which
        every hidden cell of the day and its hours keeps its room. The highest rung of the hours always is one: the day
        then says nothing about a cell that is hidden anywhere.

        Args:
            cells: sums over all hours.
            ladder: of the table.
            k: cells that hold fewer are hidden.
        """
        if not any(cells) or self._leaves_room(cells, ladder, 0, k):
            return Table(cells, ladder, 0)
        left_out = sum(cells) - sum(self.whole)
        if left_out <= sum(self.whole):
            return Table(self.whole, ladder, 0, left_out)
        last = len(ladder) - 1
        return Table(
            cells, ladder, next((rung for rung in range(1, last) if self._leaves_room(cells, ladder, rung, k)), last)
        )

    def _leaves_room(self, cells: Sequence[int], ladder: Ladder, rung: int, k: int) -> bool:
        if len(self.rows) > _MOST_ROWS or not _covers(cells, ladder, rung, k):
            return False
        rows = [
            Row(row.hidden, ladder[row.rung], _reasons(ladder, row.rung), at_most=k - 1, room=min(row.hidden, k - 1))
            for row in self.rows
        ]
        told = {cell: total for cell, total in enumerate(self.hidden) if cell not in ladder[rung]}
        return has_room(rows, Columns(told, free=ladder[rung], room=k - 1))


def rung_for(cells: Sequence[int], ladder: Ladder, k: int) -> int:
    """Return the lowest rung that hides every cell under k, and holds at least k together or everything."""
    if not any(cells):
        return 0
    return next((rung for rung in range(len(ladder) - 1) if _covers(cells, ladder, rung, k)), len(ladder) - 1)


def _covers(cells: Sequence[int], ladder: Ladder, rung: int, k: int) -> bool:
    under = ladder[rung]
    if any(count < k for cell, count in enumerate(cells) if cell not in under):
        return False
    return not under or sum(cells[cell] for cell in under) >= k


def _reasons(ladder: Ladder, rung: int) -> tuple[frozenset[int], ...]:
    """Return the sets of cells of which at least one holds fewer than k together, or a lower rung would have done."""
    added = tuple(frozenset({cell}) for cell in sorted(ladder[rung] - ladder[rung - 1]))
    return added if rung == 1 else (*added, ladder[rung - 1])
