"""A plan for tests (one door, one passer-by line, one zone, in Rome), and a camera that is driven with its clock."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

from edge_agent.anonymise import Calendar, Face, Gate, Plan, Reading
from edge_agent.anonymise.calendar import Week
from edge_agent.clock import ManualClock
from edge_agent.message import GENESIS, Counts, Hour
from edge_agent.records import Crossing, Events, Gap, Occupancy, Stay, Visitor
from edge_agent.terms import AgeBand, Direction, GapCause, LineRole, Sex

FACE = Face(
    lines=(("door", LineRole.DOOR), ("street", LineRole.PASS_BY)),
    zones=("table",),
    model="0" * 16,
    geometry="1" * 16,
    config="2" * 16,
)


SEX_CONFUSION = ((1380, 120), (110, 1390))
AGE_CONFUSION = (
    (410, 130, 40, 15, 4, 1),
    (80, 390, 100, 22, 6, 2),
    (20, 110, 350, 90, 24, 6),
    (8, 30, 110, 330, 100, 22),
    (4, 10, 30, 120, 330, 106),
    (2, 6, 12, 30, 120, 430),
)
READING = Reading(k=5, model="3" * 16, sex=SEX_CONFUSION, age=AGE_CONFUSION)


def plan(
    *,
    zone: str = "Europe/Rome",
    week: Week | None = None,
    face: Face = FACE,
    hold_s: float = 600.0,
    reading: Reading | None = None,
) -> Plan:
    """Return the plan of a small shop with buckets of 15 minutes."""
    return Plan(
        tenant="t",
        site="s",
        device="d",
        camera="c",
        calendar=Calendar(ZoneInfo(zone), week),
        face=face,
        bucket_s=900,
        hold_s=hold_s,
        reading=reading,
    )


def visitors(t_s: float, sex: Sequence[int], age: Sequence[int]) -> Events:
    """Return a frame at which people left sight: so many of each sex, so many of each age, paired at random."""
    sexes = [word for word, count in zip(Sex, sex, strict=True) for _ in range(count)]
    ages = [word for word, count in zip(AgeBand, age, strict=True) for _ in range(count)]
    Random(len(ages)).shuffle(ages)
    return Events(t_s, visitors=tuple(Visitor(t_s, *pair) for pair in zip(sexes, ages, strict=True)))


def crossed(t_s: float, *directions: Direction, line: str = "door") -> Events:
    """Return a frame at which somebody crossed."""
    return Events(t_s, crossings=tuple(Crossing(line, direction, t_s) for direction in directions))


def occupied(t_s: float, count: int) -> Events:
    """Return a frame at which the zone's occupancy changed."""
    return Events(t_s, occupancy=(Occupancy("table", t_s, count),))


def stayed(t_s: float, seconds: float) -> Events:
    """Return a frame at which a stay ended."""
    return Events(t_s, stays=(Stay("table", t_s - seconds, t_s),))


def checked(message: Counts | Hour) -> Counts | Hour:
    """Return a window after checking what holds for every window."""
    assert message.expected_s == message.observed_s + sum(gap.s for gap in message.gaps)
    assert all(gap.s > 0 for gap in message.gaps)
    assert 0 <= message.observed_s <= message.expected_s
    return message


IN, OUT = Direction.IN, Direction.OUT
T0 = datetime(2026, 6, 10, 10, 0, tzinfo=UTC).timestamp()  # noon in Rome


def clock_at(seconds_after_ten: float, *, synced: bool = True) -> ManualClock:
    """Return a clock whose monotonic side shows 1000."""
    return ManualClock(1000.0, T0 + seconds_after_ten, synced=synced)


class Camera:
    """A gate and its clock, driven together."""

    def __init__(self, clock: ManualClock, gate: Gate) -> None:
        self.clock, self.gate = clock, gate
        self.windows: list[Counts | Hour] = []
        gate.begin(clock.monotonic())
        self.collect()

    def collect(self) -> None:
        """Take over what closed."""
        for draft in self.gate.drafts():
            self.windows.append(checked(draft.message("a" * 16, len(self.windows) + 1, GENESIS)))

    def look(self, seconds: float, every_s: float = 1.0) -> None:
        """Look at uneventful frames for a while."""
        for _ in range(round(seconds / every_s)):
            self.clock.advance(every_s)
            self.gate.frame(Events(self.clock.monotonic()))
        self.collect()

    def see(self, *directions: Direction, line: str = "door") -> None:
        """See people cross, now."""
        self.gate.frame(crossed(self.clock.monotonic(), *directions, line=line))
        self.collect()

    def miss(self, seconds: float, cause: GapCause) -> None:
        """Lose sight for a while."""
        start = self.clock.monotonic()
        self.clock.advance(seconds)
        self.gate.gap(Gap(start, self.clock.monotonic(), cause))
        self.collect()

    def end(self) -> None:
        """Come to the end of the clip."""
        self.gate.end()
        self.collect()

    @property
    def counts(self) -> list[Counts]:
        """The buckets so far."""
        return [window for window in self.windows if isinstance(window, Counts)]

    @property
    def hours(self) -> list[Hour]:
        """The hours so far."""
        return [window for window in self.windows if isinstance(window, Hour)]


def camera(
    clock: ManualClock,
    saved: bytes | None = None,
    *,
    face: Face = FACE,
    hold_s: float = 600.0,
    zone: str = "Europe/Rome",
    reading: Reading | None = None,
) -> Camera:
    """Return a camera that begins now."""
    return Camera(clock, Gate(plan(face=face, hold_s=hold_s, zone=zone, reading=reading), clock, saved))
