"""Sums over a stretch of time that can be merged, saved and restored: no instant and no person is left in them."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, Field

from edge_agent.message import DWELL_EDGES_S
from edge_agent.records import Visitor
from edge_agent.terms import AgeBand, Direction, GapCause, Sex


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


class DemographicTally(BaseModel):
    """Visitors as they appeared, in two separate counts: which sex goes with which age is forgotten here."""

    visitors: int = 0
    sex: dict[Sex, int] = Field(default_factory=lambda: dict.fromkeys(Sex, 0))
    age: dict[AgeBand, int] = Field(default_factory=lambda: dict.fromkeys(AgeBand, 0))

    def add(self, visitor: Visitor) -> None:
        """Count one visitor."""
        self.visitors += 1
        self.sex[visitor.sex] += 1
        self.age[visitor.age] += 1

    def merge(self, other: Self) -> None:
        """Add another stretch of time."""
        self.visitors += other.visitors
        for sex, count in other.sex.items():
            self.sex[sex] += count
        for age, count in other.age.items():
            self.age[age] += count


class Tally(BaseModel):
    """Everything that one camera counted over a stretch of time, and how much of it was observed.

    `demographics` is None while they are switched off.
    """

    lines: dict[str, LineTally]
    zones: dict[str, ZoneTally]
    inside: Level = Field(default_factory=Level)
    observed_s: float = 0.0
    gaps_s: dict[GapCause, float] = Field(default_factory=dict)
    frames: int = 0
    demographics: DemographicTally | None = None

    @classmethod
    def empty(cls, lines: Iterable[str], zones: Iterable[str], *, demographics: bool = False) -> Self:
        """Return a tally of nothing, with a zero for everything that could be counted."""
        return cls(
            lines={name: LineTally() for name in lines},
            zones={name: ZoneTally() for name in zones},
            demographics=DemographicTally() if demographics else None,
        )

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

    def visit(self, visitor: Visitor) -> None:
        """Count a visitor, if visitors are read here."""
        if self.demographics is not None:
            self.demographics.add(visitor)

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
        if self.demographics is not None and other.demographics is not None:
            self.demographics.merge(other.demographics)
