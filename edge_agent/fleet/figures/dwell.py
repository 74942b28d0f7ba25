"""How long people stayed in a zone, and how many were in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import and_, select

from edge_agent.fleet.figures.scope import Question
from edge_agent.fleet.store.tables import hour_zones, hours
from edge_agent.message import DWELL_EDGES_S

_BINS: Final = len(DWELL_EDGES_S) + 1


@dataclass(slots=True)
class Zone:
    """A zone over a period; zones of the same name at several sites are one.

    Attributes:
        name: the zone's.
        bins: stays per dwell bin (`message.DWELL_EDGES_S`).
        presence_s, observed_s: people in it times seconds, and the seconds that it was watched.
        most: at once, where anything was seen.
    """

    name: str
    bins: list[int] = field(default_factory=lambda: [0] * _BINS)
    presence_s: int = 0
    observed_s: int = 0
    most: int | None = None

    @property
    def stays(self) -> int:
        """Visits that ended in the period."""
        return sum(self.bins)

    @property
    def mean(self) -> float | None:
        """People in it, over the time that was watched."""
        return self.presence_s / self.observed_s if self.observed_s else None

    @property
    def median_s(self) -> float | None:
        """Half of the stays were longer, as far as bins can tell; None without stays."""
        return median_s(self.bins)


def median_s(bins: Sequence[int]) -> float | None:
    """The median of binned stays, taken as evenly spread within its bin. Of the open last bin its lower edge."""
    half = sum(bins) / 2
    if not half:
        return None
    below = 0.0
    for edge, count in enumerate(bins):
        if count and below + count >= half:
            low = DWELL_EDGES_S[edge - 1] if edge else 0
            high = DWELL_EDGES_S[edge] if edge < len(DWELL_EDGES_S) else low
            return low + (high - low) * (half - below) / count
        below += count
    return None


def zones_of(ask: Question) -> tuple[Zone, ...]:
    """The zones of the scope, by name."""
    same = and_(
        *(hour_zones.c[name] == hours.c[name] for name in ("device_id", "epoch", "seq", "start_s")),
    )
    cells = (hour_zones.c.zone, hour_zones.c.presence_s, hour_zones.c.max, hour_zones.c.stays, hour_zones.c.dwell)
    asked = (
        select(*cells, hours.c.observed_s).join(hours, same).where(ask.of_hours, ask.of_instants(hour_zones.c.start_s))
    )
    found: dict[str, Zone] = {}
    for name, presence_s, most, stays, dwell, observed_s in ask.connection.execute(asked):
        zone = found.get(name) or found.setdefault(name, Zone(name))
        zone.presence_s += presence_s
        zone.observed_s += observed_s
        if most is not None and (zone.most is None or most > zone.most):
            zone.most = most
        if stays:
            for number, count in enumerate(dwell.split()):
                zone.bins[number] += int(count)
    return tuple(found[name] for name in sorted(found))
