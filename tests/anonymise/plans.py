"""A plan for tests: one door, one passer-by line, one zone, in Rome."""

from zoneinfo import ZoneInfo

from edge_agent.anonymise import Calendar, Face, Plan
from edge_agent.anonymise.calendar import Week
from edge_agent.message import Counts, Hour
from edge_agent.records import Crossing, Events, Occupancy, Stay
from edge_agent.terms import Direction, LineRole

FACE = Face(
    lines=(("door", LineRole.DOOR), ("street", LineRole.PASS_BY)),
    zones=("table",),
    model="0" * 16,
    geometry="1" * 16,
    config="2" * 16,
)


def plan(*, zone: str = "Europe/Rome", week: Week | None = None, face: Face = FACE, hold_s: float = 600.0) -> Plan:
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
    )


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
