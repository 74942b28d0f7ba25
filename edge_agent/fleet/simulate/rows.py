"""Rows of the store straight from a simulated day, without a message between: a year of a thousand shops in minutes.

They are those that `store.hour_rows` makes of the messages; a test compares them one by one.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from edge_agent.fleet.simulate.calendar import HOUR_S
from edge_agent.fleet.simulate.day import CameraHour, inside, simulate, zone_presence, zone_stays
from edge_agent.fleet.simulate.messages import Chain, days, dwell, edges, frames, hour_offset, quality
from edge_agent.fleet.simulate.shop import CONFIG, Camera, Shop
from edge_agent.fleet.simulate.visitors import BANDS, MODEL, Tables
from edge_agent.terms import ClockState, LineRole

Row = tuple[Any, ...]


class Rows(NamedTuple):
    """Rows of one or more hours, in the order of the tables' columns."""

    hours: list[Row]
    lines: list[Row]
    zones: list[Row]
    gaps: list[Row]
    days: list[Row]

    @classmethod
    def none(cls) -> "Rows":
        """Return a set without rows."""
        return cls([], [], [], [], [])


class Ids(NamedTuple):
    """Numbers of a shop in the store."""

    device: int
    site: int


def shop_rows(shop: Shop, ids: Ids, first: date, last: date, *, details: bool, chain: Chain) -> Iterator[Rows]:
    """Give the rows of a shop's local days, a day at a time.

    Args:
        shop: whose.
        ids: its numbers in the store.
        first: local day.
        last: local day; it is included.
        details: whether rows for lines and zones are wanted too.
        chain: what gives them their numbers; it must come from the same first day.
    """
    cameras = len(shop.cameras)
    for day in days(first, last):
        simulated = simulate(shop, day)
        rows = Rows.none()
        for hours in simulated.hours:
            start_s, end_s, _ = hours[0].slot
            place = chain.place(simulated, start_s, end_s)
            if not place.sent:
                continue
            buckets = 4 if end_s - start_s == HOUR_S else len(edges(start_s, end_s))
            for i, hour in enumerate(hours):
                key = (ids.device, place.epoch, place.first_seq + hour_offset(buckets, cameras, i), start_s)
                # The first message of a new epoch reports the loss: that is never an hour.
                _add(rows, (shop, shop.cameras[i]), hour, key, ids.site, details=details)
        yield rows


def _add(rows: Rows, place: tuple[Shop, Camera], hour: CameraHour, key: Row, site: int, *, details: bool) -> None:
    shop, camera = place
    rows.hours.append(_hour_row(shop, camera, hour, key, site))
    if hour.gaps:
        rows.gaps.extend((*key, cause.value, s) for cause, s in hour.gaps)
    if hour.day_told is not None:
        text = hour.day_told.message().model_dump_json(by_alias=True)
        rows.days.append((key[0], camera.name, hour.local_day, site, text))
    if not details:
        return
    none = (None, None, None, None)
    if camera.door is not None:
        rows.lines.append((*key, camera.door, LineRole.DOOR.value, hour.entered, hour.left, *none))
    if camera.pavement is not None:
        rows.lines.append((*key, camera.pavement, LineRole.PASS_BY.value, hour.front_in, hour.front_out, *none))
    for zone in camera.zones:
        stays = zone_stays(zone, hour)
        presence = zone_presence(zone, stays, hour)
        if hour.observed_s:
            level: Row = (0, round(1000 * presence.presence_s / hour.observed_s), presence.max)
        else:
            level = (None, None, None)
        bins = " ".join(map(str, dwell(zone, stays, hour))) if stays else _NO_STAYS
        rows.zones.append((*key, zone.name, presence.presence_s, *level, stays, bins))


def _hour_row(shop: Shop, camera: Camera, hour: CameraHour, key: Row, site: int) -> Row:
    start_s, end_s, local_hour = hour.slot
    expected_s = end_s - start_s
    if camera.door is not None:
        level = inside(shop, hour)
        doors: Row = (hour.entered, hour.left)
        within: Row = (level.presence_s, level.max if hour.observed_s else None)
    else:
        doors, within = (0, 0), (None, None)
    return (
        *key, end_s, site, camera.name, shop.tz, hour.local_day, local_hour, hour.open_s, expected_s, hour.observed_s,
        min(hour.open_s, expected_s - hour.observed_s), *doors,
        *((hour.front_in + hour.front_out, doors[0]) if camera.pavement is not None else (None, None)),
        *within, frames(shop, hour), 0, hour.clock.value,
        _words(expected_s, hour) if hour.gaps or expected_s != HOUR_S or hour.clock is not _SYNCED else "unaudited",
        *(_UNREAD if hour.told is None else _visitors(hour.told)),
        camera.model, camera.geometry, CONFIG,
    )  # fmt: skip


def _words(expected_s: int, hour: CameraHour) -> str:
    return " ".join(quality(expected_s, hour.observed_s, HOUR_S, hour.clock))


def _visitors(told: Tables) -> Row:
    shares = None if told.ages is None else _text(told.ages)
    women: Row = told.women or (None, None, None)
    return (told.visitors, *told.sex.cells, *told.age.cells, *women, shares, MODEL, told.suppressed, told.k)


def _text(ages: Sequence[Sequence[int]]) -> str:
    return json.dumps(dict(zip(BANDS, map(list, ages), strict=True)), separators=(",", ":"))


_SYNCED: Final = ClockState.SYNCED
_NO_STAYS: Final = " ".join("0" * 18)
_UNREAD: Final = (None,) * 18
