"""Sums over a stretch of time that can be merged, saved and restored: no instant and no person is left in them."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, Field

from edge_agent.message import DWELL_EDGES_S
from edge_agent.terms import Direction, GapCause


class Level(BaseModel):
    """A count that changes over time: its extremes and its integral over the observed seconds."""

    low: int | None = None
    high: int | None = None
    integral_s: float = 0.0

    def hold(self, value: int, seconds: float) -> None:
        """Keep `value` for some observed seconds."""
        self.low = value if self.low is None else min(self.low, value)
        self.high = value if self.high is None else max(self.high, value)
        self.integral_s += value * seconds

    def merge(self, other: Self) -> None:
        """Add another stretch of time."""
        self.low = min((v for v in (self.low, other.low) if v is not None), default=None)
        self.high = max((v for v in (self.high, other.high) if v is not None), default=None)
        self.integral_s += other.integral_s


class ZoneTally(BaseModel):
    """Presence and finished stays of one zone."""

    level: Level = Field(default_factory=Level)
    dwell: list[int] = Field(default_factory=lambda: [0] * (len(DWELL_EDGES_S) + 1))

    def merge(self, other: Self) -> None:
        """Add another stretch of time."""
        self.level.merge(other.level)
        self.dwell = [a + b for a, b in zip(self.dwell, other.dwell, strict=True)]


class LineTally(BaseModel):
    """Crossings of one line."""

    in_: int = 0
    out: int = 0

    def add(self, direction: Direction) -> None:
        """Count one crossing."""
        if direction is Direction.IN:
            self.in_ += 1
        else:
            self.out += 1

    def merge(self, other: Self) -> None:
        """Add another stretch of time."""
        self.in_ += other.in_
        self.out += other.out


class Tally(BaseModel):
    """Everything that one camera counted over a stretch of time, and how much of it was observed."""

    lines: dict[str, LineTally]
    zones: dict[str, ZoneTally]
    inside: Level = Field(default_factory=Level)
    observed_s: float = 0.0
    gaps_s: dict[GapCause, float] = Field(default_factory=dict)
    frames: int = 0

    @classmethod
    def empty(cls, lines: Iterable[str], zones: Iterable[str]) -> Self:
        """Return a tally of nothing, with a zero for everything that could be counted."""
        return cls(lines={name: LineTally() for name in lines}, zones={name: ZoneTally() for name in zones})

    def observe(self, seconds: float, occupancy: dict[str, int], inside: int) -> None:
        """Add observed seconds during which occupancy stood still."""
        self.observed_s += seconds
        for name, zone in self.zones.items():
            zone.level.hold(occupancy.get(name, 0), seconds)
        self.inside.hold(inside, seconds)

    def miss(self, seconds: float, cause: GapCause) -> None:
        """Add seconds that were not observed."""
        if seconds > 0:
            self.gaps_s[cause] = self.gaps_s.get(cause, 0.0) + seconds

    def stay(self, zone: str, seconds: float) -> None:
        """Count a finished stay."""
        self.zones[zone].dwell[bisect_right(DWELL_EDGES_S, seconds)] += 1

    def merge(self, other: Self) -> None:
        """Add another stretch of time. What this tally does not count (a line since removed) is dropped."""
        for name, line in self.lines.items():
            if name in other.lines:
                line.merge(other.lines[name])
        for name, zone in self.zones.items():
            if name in other.zones:
                zone.merge(other.zones[name])
        self.inside.merge(other.inside)
        self.observed_s += other.observed_s
        for cause, seconds in other.gaps_s.items():
            self.miss(seconds, cause)
        self.frames += other.frames
