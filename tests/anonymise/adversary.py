"""The adversary: has every message of a day, knows k and the rules, and works out what hidden cells can be.

He imports nothing of the product but the order of its words and the ladders, which are no secret. Whatever is whole
numbers and fits the messages could be the truth; what he looks for is the least and the most that each hidden cell can
be, by mixed-integer linear programming.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import LinearConstraint, milp

from edge_agent.anonymise.suppression import AGE_LADDER, SEX_LADDER, Ladder
from edge_agent.terms import AgeBand, Sex

TABLES: tuple[tuple[str, list[str], Ladder], ...] = (
    ("sex", list(Sex), SEX_LADDER),
    ("age", list(AgeBand), AGE_LADDER),
)


@dataclass(frozen=True)
class Hidden:
    """A hidden cell: where it is, what it can be, and what all hidden cells of its table hold together."""

    table: str
    window: str
    cell: str
    least: int
    most: int
    together: int


@dataclass
class _Knowledge:
    """Linear facts about numbers that are not known; every variable is a whole number from 0 to `top`."""

    top: int
    size: int = 0
    rows: list[tuple[dict[int, float], float, float]] = field(default_factory=list)
    binary: set[int] = field(default_factory=set)

    def variable(self, *, binary: bool = False) -> int:
        self.size += 1
        if binary:
            self.binary.add(self.size - 1)
        return self.size - 1

    def know(self, weights: dict[int, float], least: float, most: float) -> None:
        self.rows.append((weights, least, most))

    def bounds(self, weights: dict[int, float]) -> tuple[int, int]:
        """Return the least and the most that a sum can be."""
        matrix = np.zeros((len(self.rows), self.size))
        for number, (row, _, _) in enumerate(self.rows):
            for variable, weight in row.items():
                matrix[number, variable] = weight
        facts = LinearConstraint(matrix, [low for _, low, _ in self.rows], [high for _, _, high in self.rows])
        aim = np.zeros(self.size)
        for variable, weight in weights.items():
            aim[variable] = weight
        upper = np.array([1.0 if i in self.binary else self.top for i in range(self.size)])
        ends = []
        for sign in (1, -1):
            found = milp(sign * aim, constraints=facts, integrality=np.ones(self.size), bounds=(0, upper))
            assert found.success, found.message
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


def attack(payloads: Iterable[bytes], *, rules: bool = True) -> Iterator[Hidden]:
    """Work out every hidden cell of a day from its messages alone.

    Args:
        payloads: of the sealed hours of one day, the last of which may carry the day's tables.
        rules: whether he uses what the ladders say about who is small; False where the messages follow other rules.
    """
    hours = [json.loads(payload) for payload in payloads]
    told = [hour["demographics"] for hour in hours]
    day = hours[-1]["day_demographics"]
    for table, words, ladder in TABLES:
        yield from _attack_table(table, words, ladder if rules else None, told, day)


def _attack_table(
    table: str, words: list[str], ladder: Ladder | None, told: list[dict[str, Any]], day: dict[str, Any] | None
) -> Iterator[Hidden]:
    know = _Knowledge(top=sum(hour["visitors"] for hour in told))
    cells = [[_cell(know, hour[table][word]) for word in words] for hour in told]
    for hour, row in zip(told, cells, strict=True):
        know.know({v: 1.0 for v in row if isinstance(v, int)}, *[hour["visitors"] - _seen(row)] * 2)
        hidden = frozenset(i for i, v in enumerate(row) if isinstance(v, int))
        if ladder is not None and hidden:
            _know_why(know, row, ladder, ladder.index(hidden), hour["k"])
    if day is not None:
        _know_day(know, day[table], words, cells)
    left = [hour["visitors"] - _seen(row) for hour, row in zip(told, cells, strict=True)]
    for number, row in enumerate(cells):
        for word, variable in zip(words, row, strict=True):
            if isinstance(variable, int):
                yield Hidden(table, f"hour {number}", word, *know.bounds({variable: 1.0}), round(left[number]))
    for i, word in enumerate(words if day is not None else ()):
        if day is not None and day[table][word] is None:
            column = [row[i] for row in cells]
            least, most = know.bounds({v: 1.0 for v in column if isinstance(v, int)})
            together = sum(rest for rest, cell in zip(left, column, strict=True) if isinstance(cell, int))
            yield Hidden(table, "day", word, round(least + _seen(column)), round(most + _seen(column)), round(together))


def _know_day(know: _Knowledge, table: dict[str, Any], words: list[str], cells: list[list[int | float]]) -> None:
    """A cell of the day is the sum of those of its hours, unless some were left out."""
    for i, word in enumerate(words if table["left_out"] == 0 else ()):
        if table[word] is not None:
            column = [row[i] for row in cells]
            know.know({v: 1.0 for v in column if isinstance(v, int)}, *[table[word] - _seen(column)] * 2)


def _know_why(know: _Knowledge, row: list[int | float], ladder: Ladder, rung: int, k: int) -> None:
    """The rung below did not do: a cell that this one adds is small, or those below are, together."""
    reasons = [[cell] for cell in ladder[rung] - ladder[rung - 1]] + ([list(ladder[rung - 1])] if rung > 1 else [])
    chosen = [know.variable(binary=True) for _ in reasons]
    know.know(dict.fromkeys(chosen, 1.0), 1, len(chosen))
    for reason, choice in zip(reasons, chosen, strict=True):
        variables = {v: 1.0 for cell in reason if isinstance(v := row[cell], int)}
        know.know({**variables, choice: float(know.top)}, 0, k - 1 + know.top)


def _cell(know: _Knowledge, value: int | None) -> int | float:
    """Return a known number as a float, or the number of the variable that stands for it."""
    return know.variable() if value is None else float(value)


def _seen(cells: list[int | float]) -> float:
    return sum(cell for cell in cells if isinstance(cell, float))
