"""How much room sums leave to the numbers that they are sums of.

Rows are hours, columns are cells of the table. Known are the sum of each row's hidden cells, the sum of some columns,
and that some cells are small. What is hidden is then a flow from rows to columns, and the least and the most that a
cell can be is found by looking for ways around it (Kelly, Golden and Assad, Cell suppression: disclosure protection for
sensitive tabular data, Networks 22, 1992). All numbers are whole, so whatever the flow allows is a table that could be.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_Net = list[dict[int, int]]
"""Per node, how much more can go to each neighbour; what went there is what can come back."""


@dataclass(frozen=True, slots=True)
class Row:
    """The hidden cells of one row.

    Attributes:
        total: what they add up to.
        cells: their columns.
        small: sets of them of which at least one, it is not known which, holds `at_most` together.
        at_most: as said.
        room: how far the least and the most that each of them can be must lie apart.
    """

    total: int
    cells: frozenset[int]
    small: tuple[frozenset[int], ...]
    at_most: int
    room: int


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of the columns.

    Attributes:
        told: sums of columns that are published, over the rows.
        free: columns whose sum is not; what they hold together follows.
        room: of the sum of a free column, or as much as the rows hold that hide it where that is less.
    """

    told: Mapping[int, int]
    free: frozenset[int]
    room: int


def has_room(rows: Sequence[Row], columns: Columns) -> bool:
    """Tell whether every hidden cell, and the sum of every free column, keeps its room. What passes does.

    Which set of a row is the small one is guessed from what is told, in more than one way, and not looked up in the
    true numbers: the answer itself would then tell something about them. A guess that is wrong can only say no.
    """
    if not rows:
        return True
    if sum(row.total for row in rows) < sum(columns.told.values()):
        return False  # sums that no table has: not ours
    for order in (list(rows), sorted(rows, key=lambda row: row.total), sorted(rows, key=lambda row: -row.total)):
        small = _small_ones(order, columns)
        if small and _every_cell_has_room(order, small, columns):
            return True
    return False


def _small_ones(rows: Sequence[Row], columns: Columns) -> list[frozenset[int]]:
    """Return a guess of each row's small set, from one table that the sums allow; nothing if they allow none."""
    net, filled = _filled(rows, [frozenset()] * len(rows), columns)
    if not filled:
        return []
    held = [{column: net[len(rows) + column][number] for column in row.cells} for number, row in enumerate(rows)]
    return [
        min(row.small, key=lambda cells: sum(count[cell] for cell in cells))
        for row, count in zip(rows, held, strict=True)
    ]


def _every_cell_has_room(rows: Sequence[Row], small: Sequence[frozenset[int]], columns: Columns) -> bool:
    net, filled = _filled(rows, small, columns)
    if not filled:
        return False
    first_group, pool = len(net) - 3 - len(rows), len(net) - 1
    for node in (pool - 2, pool - 1):  # what enters and leaves is known; only ways between rows and columns are open
        for neighbour in net[node]:
            del net[neighbour][node]
        net[node].clear()
    wanted = [
        (first_group + number if column in group else number, len(rows) + column, row.room)
        for number, (row, group) in enumerate(zip(rows, small, strict=True))
        for column in row.cells
    ]
    for column in columns.free:
        held = sum(row.total for row in rows if column in row.cells)
        wanted.append((len(rows) + column, pool, min(columns.room, held)))
    return all(_room(net, tail, head, enough) >= enough for tail, head, enough in wanted)


def _filled(rows: Sequence[Row], small: Sequence[frozenset[int]], columns: Columns) -> tuple[_Net, bool]:
    """Return the net with some table in it, and whether there is one that the sums allow.

    Nodes are rows, columns, a group of small cells per row, and last the source, the sink and the free columns'
    pool. The arc of a cell goes from its row to its column, or from the row's group where it is in it.
    """
    first_group = len(rows) + max([*columns.told, *columns.free]) + 1
    source = first_group + len(rows)
    sink, pool = source + 1, source + 2
    total = sum(row.total for row in rows)
    net: _Net = [{} for _ in range(source + 3)]
    for number, (row, group) in enumerate(zip(rows, small, strict=True)):
        _join(net, source, number, row.total)
        if group:
            _join(net, number, first_group + number, min(row.at_most, row.total))
        for column in sorted(row.cells):
            _join(net, first_group + number if column in group else number, len(rows) + column, row.total)
    for column, amount in columns.told.items():
        _join(net, len(rows) + column, sink, amount)
    for column in columns.free:
        _join(net, len(rows) + column, pool, total)
    _join(net, pool, sink, total - sum(columns.told.values()))
    return net, _push(net, source, sink, total) == total


def _join(net: _Net, tail: int, head: int, room: int) -> None:
    net[tail][head] = room
    net[head][tail] = 0


def _room(net: _Net, tail: int, head: int, enough: int) -> int:
    """Return how far apart the least and the most are that an arc can carry, looking no further than `enough`."""
    ways = [dict(way) for way in net]
    ways[tail][head] = ways[head][tail] = 0
    back = [dict(way) for way in ways]
    more = _push(ways, head, tail, min(enough, net[tail][head]))
    if more >= enough:
        return more
    return more + _push(back, tail, head, min(enough - more, net[head][tail]))


def _push(net: _Net, source: int, sink: int, limit: int) -> int:
    """Send up to `limit` from one node to another, along shortest ways that still have room (Edmonds and Karp)."""
    sent = 0
    while sent < limit:
        way = _way(net, source, sink)
        if not way:
            break
        amount = min(limit - sent, *(net[a][b] for a, b in way))
        for a, b in way:
            net[a][b] -= amount
            net[b][a] += amount
        sent += amount
    return sent


def _way(net: _Net, source: int, sink: int) -> list[tuple[int, int]]:
    came = {source: source}
    waiting = deque([source])
    while waiting and sink not in came:
        here = waiting.popleft()
        for there, room in net[here].items():
            if room > 0 and there not in came:
                came[there] = here
                waiting.append(there)
    if sink not in came:
        return []
    way = [(came[sink], sink)]
    while way[-1][0] != source:
        way.append((came[way[-1][0]], way[-1][0]))
    return way
