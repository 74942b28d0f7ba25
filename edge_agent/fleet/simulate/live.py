"""What the live leaves of a simulated device show at an instant."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from edge_agent.fleet.simulate.day import CameraHour, Day, simulate, zone_presence, zone_stays
from edge_agent.fleet.simulate.shop import Camera, Shop


def local_day(shop: Shop, at_s: float) -> date:
    """Return what day it is in a shop."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(shop.tz)).date()


def live(shop: Shop, at_s: float) -> Mapping[str, int | None]:
    """Return the leaves under `live/` with their values; None where the camera does not see."""
    values: dict[str, int | None] = {}
    for hours in _today(shop, local_day(shop, at_s)).hours:
        start_s, end_s, _ = hours[0].slot
        if start_s <= at_s < end_s:
            for camera, hour in zip(shop.cameras, hours, strict=True):
                values |= _leaves(shop, camera, hour, (at_s - start_s) / (end_s - start_s))
    return values


def _leaves(shop: Shop, camera: Camera, hour: CameraHour, part: float) -> dict[str, int | None]:
    blind = hour.observed_s == 0
    found: dict[str, int | None] = {}
    if camera.door is not None:
        came = hour.day_in - hour.entered + int(hour.entered * part)
        went = hour.day_out - hour.left + int(hour.left * part)
        found[f"live/{camera.door}/in"], found[f"live/{camera.door}/out"] = came, went
        found[f"live/{camera.name}/inside"] = min(max(0, came - went), shop.capacity)
    for zone in camera.zones:
        presence_s, _ = zone_presence(zone, zone_stays(zone, hour), hour)
        found[f"live/{camera.name}/{zone.name}/occupancy"] = round(presence_s / max(1, hour.active_s))
    return dict.fromkeys(found) if blind else found


@lru_cache(maxsize=2048)
def _today(shop: Shop, day: date) -> Day:
    return simulate(shop, day)
