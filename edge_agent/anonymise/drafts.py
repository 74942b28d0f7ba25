"""From a finished tally to a message that only lacks its place in the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from edge_agent.anonymise.calendar import Calendar
from edge_agent.anonymise.release import Reading
from edge_agent.anonymise.tally import Level, Tally
from edge_agent.message import (
    Counts,
    DayBalance,
    Demographics,
    GapSeconds,
    Hour,
    LineCounts,
    PassBy,
    Presence,
    ZoneCounts,
    ZoneHour,
    instant,
)
from edge_agent.terms import ClockState, GapCause, LineRole, Quality

_DEGRADED_BELOW = 0.95


@dataclass(frozen=True, slots=True)
class Face:
    """What gave a window its numbers; when it changes, the open window is closed under the old one.

    Attributes:
        lines: (name, role) of each line.
        zones: names of the zones.
        model, geometry, config: hashes, 16 hex digits.
    """

    lines: tuple[tuple[str, LineRole], ...]
    zones: tuple[str, ...]
    model: str
    geometry: str
    config: str

    def named(self, role: LineRole) -> frozenset[str]:
        """Return the names of the lines with a role."""
        return frozenset(name for name, has in self.lines if has is role)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that does not change while one camera is counted.

    Attributes:
        tenant, site, device, camera: names.
        calendar: time zone and opening hours.
        face: lines, zones and hashes.
        bucket_s: length of a bucket; a divisor of 3600.
        max_frame_gap_s: two frames further apart leave a gap.
        hold_s: how long to wait for the first synchronisation of the wall clock.
        reading: how visitors are read; None while demographics are switched off.
    """

    tenant: str
    site: str
    device: str
    camera: str
    calendar: Calendar
    face: Face
    bucket_s: int = 900
    max_frame_gap_s: float = 2.0
    hold_s: float = 600.0
    reading: Reading | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A closed window: its bounds in UTC seconds, what was counted in it, and what is to be said about it."""

    start_s: float
    end_s: float
    nominal_s: int
    clock: ClockState
    tally: Tally


@dataclass(frozen=True, slots=True)
class Draft:
    """A message without its key. `leaf` is its topic under `base`."""

    leaf: Literal["counts", "hours"]
    fields: Mapping[str, Any]

    def reporting(self, lost_messages: int) -> "Draft":
        """Return the draft with the number of messages that were lost and not reported before."""
        return Draft(self.leaf, {**self.fields, "lost_messages": lost_messages})

    def seal(self, epoch: str, seq: int, prev_hash: str) -> bytes:
        """Give the message its key and its link to the one before, and return the payload."""
        return self.message(epoch, seq, prev_hash).payload()

    def message(self, epoch: str, seq: int, prev_hash: str) -> Counts | Hour:
        """Return the message itself."""
        model = Counts if self.leaf == "counts" else Hour
        return model(**self.fields, epoch=epoch, seq=seq, prev_hash=prev_hash)


def bucket_draft(plan: Plan, face: Face, span: Span) -> Draft:
    """Return the message of a closed bucket."""
    zones = tuple(
        ZoneCounts(name=name, occupancy=_presence(zone.level, span.tally.observed_s), stays=sum(zone.dwell))
        for name, zone in span.tally.zones.items()
    )
    return Draft("counts", {**_common(plan, face, span), "zones": zones})


def hour_draft(
    plan: Plan,
    face: Face,
    span: Span,
    day: DayBalance | None,
    demographics: tuple[Demographics | None, Demographics | None] = (None, None),
) -> Draft:
    """Return the message of a sealed hour; `demographics` are those of the hour and, if it ends it, of the day."""
    tally = span.tally
    zones = tuple(
        ZoneHour(
            name=name,
            occupancy=_presence(zone.level, tally.observed_s),
            stays=sum(zone.dwell),
            dwell=tuple(zone.dwell),
        )
        for name, zone in tally.zones.items()
    )
    doors, fronts = face.named(LineRole.DOOR), face.named(LineRole.PASS_BY)
    passed = sum(tally.lines[name].in_ + tally.lines[name].out for name in fronts)
    entered = sum(tally.lines[name].in_ for name in doors)
    return Draft(
        "hours",
        {
            **_common(plan, face, span),
            "zones": zones,
            "inside": _presence(tally.inside, tally.observed_s) if doors else None,
            "pass_by": PassBy(passed=passed, entered=entered) if fronts else None,
            "day": day,
            "demographics": demographics[0],
            "day_demographics": demographics[1],
        },
    )


def _common(plan: Plan, face: Face, span: Span) -> dict[str, Any]:
    expected_s = round(span.end_s) - round(span.start_s)
    observed_s, gaps = _whole_seconds(span.tally, expected_s)
    open_s = plan.calendar.open_s(span.start_s, span.end_s)
    roles = dict(face.lines)
    return {
        "tenant": plan.tenant,
        "site": plan.site,
        "device": plan.device,
        "camera": plan.camera,
        "start": instant(span.start_s),
        "end": instant(span.end_s),
        "tz": plan.calendar.zone.key,
        "open": open_s > 0,
        "open_s": open_s,
        "expected_s": expected_s,
        "observed_s": observed_s,
        "gaps": gaps,
        "frames": span.tally.frames,
        "clock": span.clock,
        "quality": _quality(span, expected_s, observed_s),
        "lines": tuple(
            LineCounts(name=name, role=roles[name], in_=line.in_, out=line.out)
            for name, line in span.tally.lines.items()
        ),
        "model": face.model,
        "geometry": face.geometry,
        "config": face.config,
    }


def _whole_seconds(tally: Tally, expected_s: int) -> tuple[int, tuple[GapSeconds, ...]]:
    """Return observed seconds and gaps in whole seconds that add up to the window, each within one of the truth.

    The method of the largest remainder (Hamilton). Nothing observed stays nothing. What slew of the wall clock adds to
    a window or takes from it, less than two seconds, falls to the longest part.
    """
    parts: dict[GapCause | None, float] = {cause: seconds for cause, seconds in tally.gaps_s.items() if seconds > 0}
    if tally.observed_s > 0 or not parts:
        parts[None] = tally.observed_s
    whole = {part: int(seconds) for part, seconds in parts.items()}
    left = expected_s - sum(whole.values())
    for part in sorted(parts, key=lambda part: parts[part] - whole[part], reverse=True):
        if left <= 0:
            break
        whole[part] += 1
        left -= 1
    if left:
        whole[max(whole, key=lambda part: whole[part])] += left
    gaps = tuple(GapSeconds(cause=cause, s=whole[cause]) for cause in GapCause if whole.get(cause, 0) > 0)
    return whole.get(None, 0), gaps


def _quality(span: Span, expected_s: int, observed_s: int) -> tuple[Quality, ...]:
    # No device can be audited yet, so every window says so; the walk test will take the word away.
    found = {Quality.UNAUDITED}
    if observed_s == 0:
        found.add(Quality.BLIND)
    if observed_s < _DEGRADED_BELOW * expected_s:
        found.add(Quality.DEGRADED)
    if span.clock is not ClockState.SYNCED:
        found.add(Quality.CLOCK)
    if expected_s != span.nominal_s:
        found.add(Quality.PARTIAL)
    return tuple(word for word in Quality if word in found)


def _presence(level: Level, observed_s: float) -> Presence:
    mean = None if level.low is None or observed_s <= 0 else round(1000 * level.integral_s / observed_s)
    return Presence(min=level.low, mean_milli=mean, max=level.high, presence_s=round(level.integral_s))
