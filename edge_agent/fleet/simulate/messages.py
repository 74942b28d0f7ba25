"""The messages that a shop's device would have sent: four buckets and a sealed hour per camera, in one chain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any, Final, Literal, NamedTuple

from edge_agent.fleet.simulate.calendar import HOUR_S, within
from edge_agent.fleet.simulate.chance import digits, dither, split
from edge_agent.fleet.simulate.day import (
    BUCKET_S,
    CameraHour,
    Day,
    Presence,
    Seen,
    clock_state,
    inside,
    seen,
    simulate,
    zone_presence,
    zone_stays,
)
from edge_agent.fleet.simulate.shop import CONFIG, Camera, Shop, Zone
from edge_agent.message import (
    GENESIS,
    Counts,
    DayBalance,
    GapSeconds,
    Hour,
    LineCounts,
    PassBy,
    ZoneCounts,
    ZoneHour,
    base_topic,
    instant,
    payload_hash,
)
from edge_agent.message import Presence as PresenceMessage
from edge_agent.terms import ClockState, LineRole, Quality

_DEGRADED_BELOW: Final = 0.95
_SENT_AFTER_S: Final = 2


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message as it goes out.

    Attributes:
        leaf: of its topic.
        topic: whole.
        model, payload: the same twice.
        due_s: when the device had a broker to send it to.
    """

    leaf: Literal["counts", "hours"]
    topic: str
    model: Counts | Hour
    payload: bytes
    due_s: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the messages of one slot stand in the chain, or that they were lost with the outbox.

    Attributes:
        epoch: theirs.
        first_seq: of the first of them.
        lost_messages: what the first of them has to report.
        sent: False where they were lost.
    """

    epoch: str
    first_seq: int
    lost_messages: int
    sent: bool


def days(first: date, last: date) -> Iterator[date]:
    """Give the days from the first to the last, both included."""
    return (first + timedelta(days=i) for i in range((last - first).days + 1))


def edges(start_s: int, end_s: int) -> list[tuple[int, int]]:
    """Return the buckets of a window; a piece of an hour may begin or end within one."""
    starts = [start_s, *range(start_s - start_s % BUCKET_S + BUCKET_S, end_s, BUCKET_S)]
    return list(zip(starts, [*starts[1:], end_s], strict=True))


def hour_offset(buckets: int, cameras: int, camera: int) -> int:
    """Return how many messages of a slot go before a camera's hour: buckets in turn, the last right before the hour."""
    return (buckets - 1) * cameras + 2 * camera + 1


class Chain:
    """Gives each slot its numbers; a lost outbox begins a new epoch."""

    def __init__(self, shop: Shop, first: date) -> None:
        self._shop = shop
        self._epoch = digits(shop.seed, shop.number, "epoch", first.toordinal())
        self._next_seq = 1
        self._lost = 0

    @property
    def epoch(self) -> str:
        """The running epoch."""
        return self._epoch

    @property
    def last_seq(self) -> int:
        """The last number given out in it."""
        return self._next_seq - 1

    def place(self, day: Day, start_s: int, end_s: int) -> Place:
        """Return the place of a slot's messages; slots come in order."""
        cameras = len(self._shop.cameras)
        count = cameras * 5 if end_s - start_s == HOUR_S else cameras * (len(edges(start_s, end_s)) + 1)
        lost = day.trouble.lost
        if lost is not None:
            if lost.start_s <= start_s < lost.end_s:
                self._lost += count
                return Place(self._epoch, 0, 0, sent=False)
            if self._lost and start_s >= lost.end_s:
                self._epoch = digits(self._shop.seed, self._shop.number, "epoch", day.date.toordinal(), "lost")
                self._next_seq = 1
        place = Place(self._epoch, self._next_seq, self._lost, sent=True)
        self._next_seq += count
        self._lost = 0
        return place


def sealed(shop: Shop, first: date, last: date) -> Iterator[Sealed]:
    """Give the messages of a shop's local days in the order of their numbers, beginning with the first of an epoch."""
    chain, epoch, prev_hash = Chain(shop, first), "", GENESIS
    base = base_topic(shop.tenant, shop.site, shop.device)
    for day in days(first, last):
        simulated = simulate(shop, day)
        for hours in simulated.hours:
            place = chain.place(simulated, hours[0].slot.start_s, hours[0].slot.end_s)
            if not place.sent:
                continue
            if place.epoch != epoch:
                epoch, prev_hash = place.epoch, GENESIS
            lost = place.lost_messages
            for seq, draft in enumerate(_slot(simulated, hours), start=place.first_seq):
                model = Hour if draft.leaf == "hours" else Counts
                key: dict[str, Any] = {"epoch": epoch, "seq": seq, "prev_hash": prev_hash, "lost_messages": lost}
                message = model(**draft.fields, **key)
                payload, lost = message.payload(), 0
                prev_hash = payload_hash(payload)
                yield Sealed(draft.leaf, f"{base}/{draft.leaf}", message, payload, _due_s(simulated, draft.end_s))


class _Draft(NamedTuple):
    leaf: Literal["counts", "hours"]
    end_s: int
    fields: dict[str, Any]


def _due_s(day: Day, end_s: int) -> int:
    offline = day.trouble.offline
    if offline is not None and offline.start_s <= end_s < offline.end_s:
        return offline.end_s + _SENT_AFTER_S
    return end_s + _SENT_AFTER_S


def _slot(day: Day, hours: Sequence[CameraHour]) -> Iterator[_Draft]:
    """Give the messages of one slot: all cameras' buckets in turn; the last of each is followed by its hour."""
    slot = hours[0].slot
    windows = edges(slot.start_s, slot.end_s)
    columns = [_buckets(day, place, hour, windows) for place, hour in enumerate(hours)]
    for row in zip(*[column[:-1] for column in columns], strict=True):
        yield from row
    for place, hour in enumerate(hours):
        yield columns[place][-1]
        yield _Draft("hours", slot.end_s, _hour(day, place, hour))


def _buckets(day: Day, place: int, hour: CameraHour, windows: Sequence[tuple[int, int]]) -> list[_Draft]:
    shop, camera, u = day.shop, day.shop.cameras[place], dither(hour.slot.start_s, 3 * place)
    parts = [_seen(day, place, start_s, end_s) for start_s, end_s in windows]
    active, observed = [part.active_s for part in parts], [part.observed_s for part in parts]
    came, went = split(hour.entered, active, u), split(hour.left, active, 1 - u)
    front_in, front_out = split(hour.front_in, observed, u), split(hour.front_out, observed, u)
    looked = split(frames(shop, hour), observed, 0.5)
    zones = [_zone_buckets(zone, hour, parts, u) for zone in camera.zones]
    drafts = []
    for i, (start_s, end_s) in enumerate(windows):
        common = _common(day, place, (start_s, end_s), parts[i], BUCKET_S)
        lines = _lines(camera, came[i], went[i], front_in[i], front_out[i])
        bucket = {"frames": looked[i], "lines": lines, "zones": tuple(zone[i] for zone in zones)}
        drafts.append(_Draft("counts", end_s, common | bucket))
    return drafts


def _seen(day: Day, place: int, start_s: int, end_s: int) -> Seen:
    if not day.trouble.blind:
        return Seen(end_s - start_s, within(day.opening, start_s, end_s), ())
    return seen(day.trouble.blind, day.opening, start_s, end_s, place)


def _zone_buckets(zone: Zone, hour: CameraHour, parts: Sequence[Seen], offset: float) -> list[ZoneCounts]:
    stays = zone_stays(zone, hour)
    whole = zone_presence(zone, stays, hour)
    active = [part.active_s for part in parts]
    share = split(whole.presence_s, active, offset)
    most = [min(whole.max, ceil(1.2 * s / part.observed_s)) if s else 0 for s, part in zip(share, parts, strict=True)]
    if whole.max:
        most[max(range(len(share)), key=lambda i: share[i])] = whole.max
    return [
        ZoneCounts(name=zone.name, occupancy=_presence(Presence(share[i], most[i]), part.observed_s), stays=count)
        for i, (part, count) in enumerate(zip(parts, split(stays, active, offset), strict=True))
    ]


def _hour(day: Day, place: int, hour: CameraHour) -> dict[str, Any]:
    camera, slot = day.shop.cameras[place], hour.slot
    part = Seen(hour.observed_s, hour.active_s, hour.gaps)
    zones = []
    for zone in camera.zones:
        stays = zone_stays(zone, hour)
        zones.append(
            ZoneHour(
                name=zone.name,
                occupancy=_presence(zone_presence(zone, stays, hour), hour.observed_s),
                stays=stays,
                dwell=tuple(dwell(zone, stays, hour)),
            )
        )
    passed, door = hour.front_in + hour.front_out, camera.door is not None
    came, went = hour.day_in, hour.day_out
    return _common(day, place, (slot.start_s, slot.end_s), part, HOUR_S) | {
        "frames": frames(day.shop, hour),
        "lines": _lines(camera, hour.entered, hour.left, hour.front_in, hour.front_out),
        "zones": tuple(zones),
        "inside": _presence(inside(day.shop, hour), hour.observed_s) if door else None,
        "pass_by": PassBy(passed=passed, entered=hour.entered if door else 0) if camera.pavement else None,
        "day": DayBalance(date=hour.local_day, in_=came, out=went, imbalance=came - went) if door else None,
        "demographics": hour.told and hour.told.message(),
        "day_demographics": hour.day_told and hour.day_told.message(),
    }


def _common(day: Day, place: int, window: tuple[int, int], part: Seen, nominal_s: int) -> dict[str, Any]:
    start_s, end_s = window
    shop, camera, open_s = day.shop, day.shop.cameras[place], within(day.opening, start_s, end_s)
    clock = clock_state(day.trouble, start_s, end_s)
    return {
        "tenant": shop.tenant,
        "site": shop.site,
        "device": shop.device,
        "camera": camera.name,
        "start": instant(start_s),
        "end": instant(end_s),
        "tz": shop.tz,
        "open": open_s > 0,
        "open_s": open_s,
        "expected_s": end_s - start_s,
        "observed_s": part.observed_s,
        "gaps": tuple(GapSeconds(cause=cause, s=s) for cause, s in part.gaps),
        "clock": clock,
        "quality": quality(end_s - start_s, part.observed_s, nominal_s, clock),
        "model": camera.model,
        "geometry": camera.geometry,
        "config": CONFIG,
    }


def quality(expected_s: int, observed_s: int, nominal_s: int, clock: ClockState) -> tuple[Quality, ...]:
    """Return what a reader must know of a window; nobody has audited a simulated device."""
    words = [Quality.UNAUDITED]
    if observed_s < _DEGRADED_BELOW * expected_s:
        words.append(Quality.DEGRADED)
    if observed_s == 0:
        words.append(Quality.BLIND)
    if clock is not ClockState.SYNCED:
        words.append(Quality.CLOCK)
    if expected_s != nominal_s:
        words.append(Quality.PARTIAL)
    return tuple(words)


def frames(shop: Shop, hour: CameraHour) -> int:
    """Return how many frames one camera looked at; now and then one is dropped."""
    return int(shop.fps * hour.observed_s * (1 - 0.02 * dither(hour.slot.start_s, shop.number)))


def dwell(zone: Zone, stays: int, hour: CameraHour) -> list[int]:
    """Return the stays of an hour in the bins of their length."""
    return split(stays, zone.bins, dither(hour.slot.start_s, zone.salt + 1))


def _lines(camera: Camera, came: int, went: int, front_in: int, front_out: int) -> tuple[LineCounts, ...]:
    lines = []
    if camera.door is not None:
        lines.append(LineCounts(name=camera.door, role=LineRole.DOOR, in_=came, out=went))
    if camera.pavement is not None:
        lines.append(LineCounts(name=camera.pavement, role=LineRole.PASS_BY, in_=front_in, out=front_out))
    return tuple(lines)


def _presence(found: Presence, observed_s: int) -> PresenceMessage:
    if not observed_s:
        return PresenceMessage(min=None, mean_milli=None, max=None, presence_s=0)
    mean_milli = round(1000 * found.presence_s / observed_s)
    return PresenceMessage(min=0, mean_milli=mean_milli, max=found.max, presence_s=found.presence_s)
