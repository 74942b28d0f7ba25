"""Who is who: the pairing of rows with columns that has the greatest total weight."""

import numpy as np
from numpy.typing import NDArray

Pairs = list[tuple[int, int]]

Link = tuple[int, int, float]
"""A row, a column, and the positive weight of pairing them."""


def best_pairs(links: list[Link]) -> Pairs:
    """Pair rows with columns along links so that the sum of weights is as great as it can be.

    Frames in which nobody competes for a detection, nearly all of them in a shop, are read off; else see `assign`.
    """
    rows, columns = {row for row, _, _ in links}, {column for _, column, _ in links}
    if len(rows) == len(columns) == len(links):
        return [(row, column) for row, column, _ in links]
    row_of, column_of = sorted(rows), sorted(columns)
    row_at, column_at = ({index: at for at, index in enumerate(side)} for side in (row_of, column_of))
    weight = np.zeros((len(row_of), len(column_of)))
    for row, column, value in links:
        weight[row_at[row], column_at[column]] = value
    return [(row_of[i], column_of[j]) for i, j in assign(weight)]


def assign(weight: NDArray[np.float64]) -> Pairs:
    """Pair rows with columns, each at most once, so that the sum of weights is as great as it can be.

    The exact optimum, by shortest augmenting paths with prices (Jonker and Volgenant 1987, after Kuhn and Munkres):
    O(n² m) for n <= m, the innermost loop one numpy pass.

    Args:
        weight: (n, m) finite; a pair whose weight is not positive is never made.

    Returns:
        (row, column) of each pair, rows ascending.
    """
    profit = np.maximum(weight, 0.0)
    rows, columns = weight.shape
    if rows <= columns:
        chosen = list(enumerate(_cheapest(-profit)))
    else:
        chosen = sorted((row, column) for column, row in enumerate(_cheapest(-profit.T)))
    return [(i, j) for i, j in chosen if profit[i, j] > 0]


def _cheapest(cost: NDArray[np.float64]) -> list[int]:
    """The column of each row in the cheapest complete assignment of an (n, m) matrix, n <= m."""
    n, m = cost.shape
    row_price = np.zeros(n)
    column_price = np.zeros(m + 1)
    owner = np.full(m + 1, -1)  # the row that holds each column; the extra column is where each path begins
    for row in range(n):
        owner[m] = row
        column = m
        distance = np.full(m, np.inf)
        came_from = np.full(m, m)
        closed = np.zeros(m + 1, dtype=np.bool_)
        while owner[column] >= 0:
            closed[column] = True
            reduced = cost[owner[column]] - row_price[owner[column]] - column_price[:m]
            shorter = ~closed[:m] & (reduced < distance)
            distance[shorter] = reduced[shorter]
            came_from[shorter] = column
            nearest = int(np.where(closed[:m], np.inf, distance).argmin())
            step = distance[nearest]
            row_price[owner[closed]] += step
            column_price[closed] -= step
            distance[~closed[:m]] -= step
            column = nearest
        while column != m:  # hand the columns along the path over, back to its beginning
            owner[column] = owner[came_from[column]]
            column = int(came_from[column])
    held = {int(row): column for column, row in enumerate(owner[:m]) if row >= 0}
    return [held[row] for row in range(n)]
