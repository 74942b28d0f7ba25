"""A sealed hour as rows of the store."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge_agent.message import Demographics, Hour
from edge_agent.terms import AgeBand, LineRole, Sex

Row = Mapping[str, Any]

BANDS: Final = tuple(band for band in AgeBand if band is not AgeBand.UNKNOWN)


@dataclass(frozen=True, slots=True)
class HourRows:
    """Rows for `hours`, `hour_lines`, `hour_zones`, `hour_gaps` and `day_visitors`."""

    hour: Row
    lines: tuple[Row, ...]
    zones: tuple[Row, ...]
    gaps: tuple[Row, ...]
    day: Row | None


def seconds(instant: str) -> int:
    """An instant of a message as seconds since 1970."""
    return int(datetime.fromisoformat(instant).timestamp())


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(instant_s: int, tz: str) -> datetime:
    """What the clock of a shop in time zone `tz` shows.

    Raises:
        KeyError: there is no such time zone here.
    """
    return datetime.fromtimestamp(instant_s, UTC).astimezone(_zone(tz))


def hour_rows(hour: Hour, device_id: int, site_id: int) -> HourRows:
    """Lay a sealed hour out in columns.

    Raises:
        KeyError: its time zone is not known here.
    """
    start_s = seconds(hour.start)
    key = {"device_id": device_id, "epoch": hour.epoch, "seq": hour.seq, "start_s": start_s}
    return HourRows(
        hour={**key, "site_id": site_id, **_columns(hour, start_s), **_visitors(hour.demographics)},
        lines=tuple(
            {
                **key,
                "line": line.name,
                "role": str(line.role),
                "in_count": line.in_,
                "out_count": line.out,
                "in_low": line.in_interval and line.in_interval[0],
                "in_high": line.in_interval and line.in_interval[1],
                "out_low": line.out_interval and line.out_interval[0],
                "out_high": line.out_interval and line.out_interval[1],
            }
            for line in hour.lines
        ),
        zones=tuple(
            {
                **key,
                "zone": zone.name,
                "presence_s": zone.occupancy.presence_s,
                "min": zone.occupancy.min,
                "mean_milli": zone.occupancy.mean_milli,
                "max": zone.occupancy.max,
                "stays": zone.stays,
                "dwell": " ".join(map(str, zone.dwell)),
            }
            for zone in hour.zones
        ),
        gaps=tuple({**key, "cause": str(gap.cause), "s": gap.s} for gap in hour.gaps),
        day=_day(hour, device_id, site_id),
    )


def _columns(hour: Hour, start_s: int) -> Row:
    doors = [line for line in hour.lines if line.role is LineRole.DOOR]
    clock = local(start_s, hour.tz)
    return {
        "end_s": seconds(hour.end),
        "camera": hour.camera,
        "tz": hour.tz,
        "local_day": clock.date().isoformat(),
        "local_hour": clock.hour,
        "open_s": hour.open_s,
        "expected_s": hour.expected_s,
        "observed_s": hour.observed_s,
        "open_missing_s": min(hour.open_s, hour.expected_s - hour.observed_s),
        "entered": sum(line.in_ for line in doors),
        "left": sum(line.out for line in doors),
        "passed": hour.pass_by.passed if hour.pass_by else None,
        "captured": hour.pass_by.entered if hour.pass_by else None,
        "inside_presence_s": hour.inside.presence_s if hour.inside else None,
        "inside_max": hour.inside.max if hour.inside else None,
        "frames": hour.frames,
        "lost_messages": hour.lost_messages,
        "clock": str(hour.clock),
        "quality": " ".join(hour.quality),
        "model": hour.model,
        "geometry": hour.geometry,
        "config": hour.config,
    }


def _visitors(told: Demographics | None) -> Row:
    cells: dict[str, Any] = {f"sex_{word}": None for word in Sex} | {f"age_{word}": None for word in AgeBand}
    columns = "visitors female_milli female_low_milli female_high_milli age_shares reader suppressed k"
    cells |= dict.fromkeys(columns.split())
    if told is None:
        return cells
    sex, age = told.sex.model_dump(by_alias=True), told.age.model_dump(by_alias=True)
    cells |= {f"sex_{word}": sex[word] for word in Sex} | {f"age_{word}": age[word] for word in AgeBand}
    cells |= {"visitors": told.visitors, "suppressed": told.suppressed, "k": told.k, "reader": told.model}
    if (share := told.sex.female_share) is not None:
        cells |= {
            "female_milli": share.share_milli,
            "female_low_milli": share.low_milli,
            "female_high_milli": share.high_milli,
        }
    if (shares := age["shares"]) is not None:
        cells["age_shares"] = json.dumps({band: list(shares[band].values()) for band in BANDS}, separators=(",", ":"))
    return cells


def _day(hour: Hour, device_id: int, site_id: int) -> Row | None:
    """The table of the day that this hour ends: the one that it began in, also where midnight falls within it."""
    if hour.day_demographics is None:
        return None
    return {
        "device_id": device_id,
        "camera": hour.camera,
        "local_day": local(seconds(hour.start), hour.tz).date().isoformat(),
        "site_id": site_id,
        "demographics": hour.day_demographics.model_dump_json(by_alias=True),
    }
