"""What goes wrong on a day: cameras that do not see, devices that are off, clocks that jump, messages that are lost."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Final, NamedTuple

from edge_agent.fleet.simulate.calendar import HOUR_S, Slot
from edge_agent.terms import ClockState, GapCause


class Blind(NamedTuple):
    """A stretch of time without sight; `camera` None: of all of them."""

    start_s: int
    end_s: int
    cause: GapCause
    camera: int | None = None


class Stretch(NamedTuple):
    """From when to when."""

    start_s: int
    end_s: int


class Trouble(NamedTuple):
    """What goes wrong on one day; on most days nothing.

    Attributes:
        blind: without sight, and why.
        clock: how far the clock can be trusted meanwhile, if not wholly.
        cut_s: where a step of the clock cuts the windows.
        offline: no broker was reached; what was counted waits for the end of it.
        lost: messages of the hours that begin then were lost with the outbox; a new epoch follows.
    """

    blind: tuple[Blind, ...] = ()
    clock: tuple[Stretch, ClockState] | None = None
    cut_s: int | None = None
    offline: Stretch | None = None
    lost: Stretch | None = None


NONE: Final = Trouble()


def trouble(chance: Random, grid: Sequence[Slot], cameras: int) -> Trouble:
    """Return what goes wrong on a day; at most one thing does."""
    luck = chance.random()
    for often, what in _TABLE:
        if luck < often:
            return what(chance, grid, cameras)
        luck -= often
    return NONE


def _camera(chance: Random, grid: Sequence[Slot], cameras: int) -> Trouble:
    cause = chance.choice(_CAUSES)
    span = _span(chance, grid, (6, 21), 20 + chance.expovariate(1 / 2400))
    return Trouble(blind=(Blind(*span, cause, chance.randrange(cameras)),))


def _reboot(chance: Random, grid: Sequence[Slot], _: int) -> Trouble:
    off = _span(chance, grid, (0, 22), chance.uniform(40, 400))
    ready_s = min(off.end_s + chance.randint(5, 15), grid[-1].end_s)
    blind = [Blind(*off, GapCause.OFF)]
    if ready_s > off.end_s:
        blind.append(Blind(off.end_s, ready_s, GapCause.CONNECTING))
    stamped_later = chance.random() < 0.5
    return Trouble(tuple(blind), clock=(off, ClockState.RECOVERED) if stamped_later else None)


def _power(chance: Random, grid: Sequence[Slot], _: int) -> Trouble:
    return Trouble(blind=(Blind(*_span(chance, grid, (0, 20), chance.uniform(1, 9) * HOUR_S), GapCause.OFF),))


def _dark(_: Random, grid: Sequence[Slot], __: int) -> Trouble:
    return Trouble(blind=(Blind(grid[0].start_s, grid[-1].end_s, GapCause.OFF),))


def _overload(chance: Random, grid: Sequence[Slot], cameras: int) -> Trouble:
    span = _span(chance, grid, (11, 19), chance.uniform(30, 900))
    return Trouble(blind=(Blind(*span, GapCause.OVERLOAD, chance.randrange(cameras)),))


def _offline(chance: Random, grid: Sequence[Slot], _: int) -> Trouble:
    return Trouble(offline=_span(chance, grid, (0, 20), chance.uniform(1, 20) * HOUR_S))


def _unsynced(chance: Random, grid: Sequence[Slot], _: int) -> Trouble:
    off = _span(chance, grid, (4, 18), chance.uniform(40, 400))
    until_s = min(off.end_s + chance.randint(1, 5) * HOUR_S, grid[-1].end_s)
    return Trouble((Blind(*off, GapCause.OFF),), clock=(Stretch(off.start_s, until_s), ClockState.UNSYNCED))


def _jump(chance: Random, grid: Sequence[Slot], _: int) -> Trouble:
    """A jump forwards within one quarter of an hour: what it skips is a gap, and the windows are cut."""
    slot = grid[chance.randrange(len(grid))]
    cut_s = slot.start_s + 900 * chance.randrange(4) + chance.randint(60, 500)
    blind = Blind(cut_s, cut_s + chance.randint(3, 300), GapCause.CLOCK)
    return Trouble((blind,), clock=(Stretch(cut_s - 1, cut_s), ClockState.STEPPED), cut_s=cut_s)


def _lost(chance: Random, grid: Sequence[Slot], _: int) -> Trouble:
    first = chance.randint(4, 16)
    return Trouble(lost=Stretch(grid[first].start_s, grid[first + chance.randint(1, 6)].start_s))


def _span(chance: Random, grid: Sequence[Slot], hours: tuple[int, int], length_s: float) -> Stretch:
    """A stretch that begins between two hours of the day, and ends with the day at the latest."""
    start_s = grid[0].start_s + chance.randrange(hours[0] * HOUR_S, hours[1] * HOUR_S)
    return Stretch(start_s, min(start_s + max(1, int(length_s)), grid[-1].end_s))


_CAUSES: Final = (
    *[GapCause.DISCONNECTED] * 4,
    *[GapCause.STALLED] * 2,
    *[GapCause.COVERED] * 2,
    GapCause.FROZEN,
    GapCause.CORRUPT,
)
_TABLE: Final[tuple[tuple[float, Callable[[Random, Sequence[Slot], int], Trouble]], ...]] = (
    (0.020, _camera),
    (0.012, _reboot),
    (0.0025, _power),
    (0.001, _dark),
    (0.006, _overload),
    (0.010, _offline),
    (0.003, _unsynced),
    (0.003, _jump),
    (0.001, _lost),
)
"""How often a day each thing happens to a device."""
