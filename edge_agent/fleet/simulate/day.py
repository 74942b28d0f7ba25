"""One day of one shop: for every hour and camera what really was, and what the camera saw of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from random import Random
from typing import Final, NamedTuple

from edge_agent.fleet.simulate.calendar import HOUR_S, Slot, Spans, open_seconds, open_spans, slots, within
from edge_agent.fleet.simulate.chance import binomial, dither, multinomial, poisson, source
from edge_agent.fleet.simulate.demand import age_shares, grown, wanted, women_share
from edge_agent.fleet.simulate.shop import Shop, Zone
from edge_agent.fleet.simulate.trouble import NONE, Blind, Trouble, trouble
from edge_agent.fleet.simulate.visitors import BANDS, DayTables, Read, Tables, read
from edge_agent.terms import ClockState, GapCause

BUCKET_S: Final = 900
_STREET: Final = (1, 0, 0, 0, 0, 1, 3, 6, 9, 9, 8, 9, 11, 11, 9, 9, 10, 12, 13, 11, 8, 5, 4, 2)
_STREET_SHARES: Final = tuple(weight / sum(_STREET) for weight in _STREET)
"""Of the people who walk by, per local hour; they do so when the shop is closed, too."""

Gaps = tuple[tuple[GapCause, int], ...]


class People(NamedTuple):
    """What really was in front of one camera in one hour. Women and bands are None where nobody reads visitors."""

    entered: int = 0
    left: int = 0
    passed: int = 0
    women: int | None = None
    bands: tuple[int, ...] | None = None


_NOBODY: Final = People()
_NOBODY_READ: Final = Read(sex=[0] * 3, age=[0] * (len(BANDS) + 1))


class CameraHour(NamedTuple):
    """One hour of one camera: its seconds, what really was, and what it counted.

    Attributes:
        slot, local_day: when.
        open_s, observed_s: seconds; `active_s` of them are both.
        gaps: seconds that were not observed, by cause, in the order of the causes.
        clock: how far the clock could be trusted.
        people: what really was.
        entered, left: counted at the door.
        front_in, front_out: counted in front.
        day_in, day_out: counted at the door since local midnight.
        told, day_told: of visitors, in this hour, and of the day in the one that ends it.
    """

    slot: Slot
    local_day: str
    open_s: int
    observed_s: int
    active_s: int
    gaps: Gaps
    clock: ClockState
    people: People
    entered: int
    left: int
    front_in: int
    front_out: int
    day_in: int
    day_out: int
    told: Tables | None
    day_told: Tables | None


class Presence(NamedTuple):
    """People in a place over the observed part of an hour."""

    presence_s: int
    max: int


class Seen(NamedTuple):
    """How much of a window was observed, how much of that was open, and what was not observed."""

    observed_s: int
    active_s: int
    gaps: Gaps


@dataclass(frozen=True, slots=True)
class Day:
    """A simulated day.

    Attributes:
        shop, date: whose and which.
        trouble: what went wrong.
        opening: when it was open, in seconds of UTC.
        hours: per slot one `CameraHour` for each camera.
    """

    shop: Shop
    date: date
    trouble: Trouble
    opening: Spans
    hours: tuple[tuple[CameraHour, ...], ...]


def simulate(shop: Shop, day: date) -> Day:
    """Return a day of a shop; it depends on nothing but the two."""
    chance = source(shop.seed, shop.number, day.toordinal())
    grid: Sequence[Slot] = slots(shop.tz, day)
    spans = shop.spans(day)
    opening = open_spans(shop.tz, day, spans)
    wrong = trouble(chance, grid, len(shop.cameras))
    if wrong.cut_s is None:
        opens: Sequence[int] = open_seconds(shop.tz, day, spans)
    else:
        grid = _cut(grid, wrong.cut_s)
        opens = [within(opening, slot.start_s, slot.end_s) for slot in grid]
    busy = wanted(shop.kind, shop.seed, shop.region, day) * grown(shop.growth, day) * chance.lognormvariate(0, 0.07)
    makers = [
        _CameraDay(shop, day, place, chance=chance, wrong=wrong, opening=opening) for place in range(len(shop.cameras))
    ]
    columns = [maker.hours(grid, opens, busy) for maker in makers]
    return Day(shop, day, wrong, opening, tuple(zip(*columns, strict=True)))


def _cut(grid: Sequence[Slot], at_s: int) -> list[Slot]:
    cut = []
    for slot in grid:
        if slot.start_s < at_s < slot.end_s:
            cut += [Slot(slot.start_s, at_s, slot.local_hour), Slot(at_s, slot.end_s, slot.local_hour)]
        else:
            cut.append(slot)
    return cut


class _CameraDay:
    """Goes through the hours of one camera's day."""

    def __init__(self, shop: Shop, day: date, place: int, *, chance: Random, wrong: Trouble, opening: Spans) -> None:
        self._shop = shop
        self._camera = shop.cameras[place]
        self._place = place
        self._date = day
        self._weekday = day.weekday()
        self._day = day.isoformat()
        self._chance = chance
        self._wrong = wrong
        self._opening = opening
        self._inside = 0
        self._came = self._went = 0
        self._tables = DayTables(shop.k) if self._camera.reading else None

    def hours(self, grid: Sequence[Slot], opens: Sequence[int], busy: float) -> list[CameraHour]:
        shop, camera = self._shop, self._camera
        daily = shop.visitors * camera.share * busy
        curve = shop.kind.weekend if self._weekday >= 5 else shop.kind.hours
        street = daily * (1 / camera.capture - 1) if camera.pavement else 0.0
        still = min(0.9, shop.stay_s / HOUR_S)
        found = []
        last = len(grid) - 1
        for i, slot in enumerate(grid):
            open_s = opens[i]
            share = slot.length_s / HOUR_S
            people = _NOBODY
            if open_s or street:
                closing = i == last or not opens[i + 1]
                wanted_now = daily * curve[slot.local_hour] * open_s / HOUR_S
                passing = street * _STREET_SHARES[slot.local_hour] * share
                people = self._people(slot, wanted_now, passing, 0.0 if closing else still)
            found.append(self._hour(slot, open_s, people, ends_day=i == last))
        return found

    def _people(self, slot: Slot, wanted_now: float, passing: float, still: float) -> People:
        """Draw who comes; all go home before the shop closes."""
        shop, chance = self._shop, self._chance
        room = int(shop.capacity * slot.length_s / shop.stay_s)
        entered = min(poisson(chance, wanted_now), room)
        inside = min(round(entered * still), shop.capacity)
        left, self._inside = self._inside + entered - inside, inside
        passed = entered + poisson(chance, passing) if self._camera.pavement else 0
        if self._tables is None:
            return People(entered, left, passed)
        share = women_share(shop.kind, shop.women_bias, slot.local_hour, self._weekday)
        women = binomial(chance, entered, share)
        return People(
            entered, left, passed, women, tuple(multinomial(chance, entered, age_shares(shop.kind, slot.local_hour)))
        )

    def _hour(self, slot: Slot, open_s: int, people: People, *, ends_day: bool) -> CameraHour:
        wrong = self._wrong
        if wrong is NONE or not wrong.blind:
            observed_s, active_s, gaps = Seen(slot.length_s, open_s, ())
        else:
            observed_s, active_s, gaps = seen(wrong.blind, self._opening, slot.start_s, slot.end_s, self._place)
        clock = clock_state(wrong, slot.start_s, slot.end_s)
        entered = left = front_in = front_out = 0
        if people is not _NOBODY:
            salt = 7 * self._shop.number + self._place
            kept = 1 - self._shop.missed
            part = kept * active_s / open_s if open_s else 0.0
            entered = int(people.entered * part + dither(slot.start_s, salt))
            left = int(people.left * part + dither(slot.start_s, salt + 1))
            if people.passed:
                front = int(people.passed * kept * observed_s / slot.length_s + dither(slot.start_s, salt + 2))
                front_in = front // 2
                front_out = front - front_in
        if self._camera.door is not None:
            self._came += entered
            self._went += left
        told = day_told = None
        if self._tables is not None:
            told = self._tables.hour(_NOBODY_READ if not entered else self._read(people, entered))
            day_told = self._tables.day() if ends_day else None
        return CameraHour(
            slot, self._day, open_s, observed_s, active_s, gaps, clock, people,
            entered, left, front_in, front_out, self._came, self._went, told, day_told,
        )  # fmt: skip

    def _read(self, people: People, counted: int) -> Read:
        """Read those of the visitors that were counted, who are like all of them."""
        women, bands = people.women or 0, list(people.bands or ())
        if counted < people.entered:
            women = min(
                counted, max(counted - people.entered + women, binomial(self._chance, counted, women / people.entered))
            )
            bands = _part_of(self._chance, bands, counted)
        return read(self._chance, women, counted - women, bands)


def _part_of(chance: Random, groups: Sequence[int], of: int) -> list[int]:
    """Draw so many out of groups, no more out of any than are in it."""
    left, people, drawn = of, sum(groups), []
    for size in groups:
        least, most = max(0, left - (people - size)), min(size, left)
        count = min(most, max(least, binomial(chance, left, size / people))) if people else 0
        drawn.append(count)
        left, people = left - count, people - size
    return drawn


def seen(blind: Sequence[Blind], opening: Spans, start_s: int, end_s: int, camera: int) -> Seen:
    """Return what one camera observed of a window."""
    missed: dict[GapCause, int] = {}
    active_s = within(opening, start_s, end_s)
    for gap in blind:
        if gap.camera is not None and gap.camera != camera:
            continue
        first_s, last_s = max(start_s, gap.start_s), min(end_s, gap.end_s)
        if last_s > first_s:
            missed[gap.cause] = missed.get(gap.cause, 0) + last_s - first_s
            active_s -= within(opening, first_s, last_s)
    gaps = tuple((cause, missed[cause]) for cause in GapCause if cause in missed) if missed else ()
    return Seen(end_s - start_s - sum(missed.values()), active_s, gaps)


def clock_state(wrong: Trouble, start_s: int, end_s: int) -> ClockState:
    """Return how far the clock could be trusted in a window."""
    if wrong.clock is not None and start_s < wrong.clock[0].end_s and end_s > wrong.clock[0].start_s:
        return wrong.clock[1]
    return ClockState.SYNCED


def inside(shop: Shop, hour: CameraHour) -> Presence:
    """Return the people inside, as estimated from the door of one camera."""
    return _presence(hour.entered * shop.stay_s, hour, most=shop.capacity + 4)


def zone_stays(zone: Zone, hour: CameraHour) -> int:
    """Return how many stays in a zone ended in the hour."""
    if not hour.entered:
        return 0
    return int(hour.entered * zone.stopping + dither(hour.slot.start_s, zone.salt))


def zone_presence(zone: Zone, stays: int, hour: CameraHour) -> Presence:
    """Return the people in a zone."""
    return _presence(stays * zone.mean_s, hour, most=40)


def _presence(person_s: float, hour: CameraHour, *, most: int) -> Presence:
    if person_s <= 0 or not hour.active_s:
        return Presence(0, 0)
    presence_s = min(round(person_s), most * 2 * hour.active_s // 3)
    return Presence(presence_s, ceil(1.5 * presence_s / hour.active_s))
