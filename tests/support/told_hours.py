"""Hours made by hand in a store: each is a golden message with changes, laid out by the fleet's own code."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Table, event, insert, select

from edge_agent.fleet.store import hour_rows
from edge_agent.fleet.store.tables import day_visitors, devices, hour_gaps, hour_lines, hour_zones, hours, sites
from edge_agent.message import Hour, instant

GOLDEN: Final = json.loads(
    (Path(__file__).resolve().parents[1] / "contract" / "golden" / "hours.json").read_text(encoding="utf-8")
)
_PLAIN: Final[Mapping[str, Any]] = {
    "gaps": [],
    "observed_s": 3600,
    "quality": [],
    "zones": [],
    "pass_by": None,
    "demographics": None,
    "day_demographics": None,
}


def hurried(engine: Engine) -> Engine:
    """Return a SQLite store that does not wait for the disk: nobody pulls the plug of a test."""

    def hurry(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", hurry)
    engine.dispose()
    return engine


class Store:
    """A store that is filled hour by hour."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._seq = count(1)

    def device(self, site: str = "milano-01", device: str = "door-1", **more: Any) -> int:
        """Return the number of an admitted device, made where it is not there yet."""
        names = {"tenant": more.pop("tenant", "demo"), "site": site}
        with self.engine.begin() as connection:
            site_id = connection.scalar(select(sites.c.id).filter_by(**names))
            if site_id is None:
                values = {**names, "name": more.pop("name", None), "region": more.pop("region", None)}
                site_id = _made(connection, sites, values)
            found = connection.scalar(select(devices.c.id).filter_by(**names, device=device))
            if found is not None:
                return int(found)
            row = {**names, "site_id": site_id, "device": device, "admitted_s": more.pop("admitted_s", 0)}
            return _made(connection, devices, row)

    def hour(self, when: str, *, entered: int = 0, tz: str = "Europe/Rome", fold: int = 0, **more: Any) -> Hour:
        """Add an hour that begins `when` on the shop's clock: 2026-11-28T17.

        `site`, `device`, `camera` and any field of the message may be given. A `blind_s` is a gap, cause `covered`.
        """
        device = self.device(more.pop("site", "milano-01"), more.pop("device", "door-1"))
        at = datetime.fromisoformat(f"{when}:00").replace(tzinfo=ZoneInfo(tz), fold=fold)
        start_s = int(at.timestamp())
        blind_s = more.pop("blind_s", 0)
        line = {"name": "door", "role": "door", "in": entered, "out": more.pop("left", entered)}
        fields = {
            **GOLDEN,
            **_PLAIN,
            "seq": next(self._seq),
            "start": instant(start_s),
            "end": instant(start_s + 3600),
            "tz": tz,
            "lines": [{**line, "in_interval": None, "out_interval": None}],
            **more,
        }
        if blind_s:
            fields |= {"gaps": [{"cause": "covered", "s": blind_s}], "observed_s": 3600 - blind_s}
        hour = Hour.model_validate_json(json.dumps(fields))
        with self.engine.begin() as connection:
            site_id = connection.scalar(select(devices.c.site_id).where(devices.c.id == device))
            assert site_id is not None
            rows = hour_rows(hour, device, site_id)
            for table, of in (
                (hours, (rows.hour,)),
                (hour_lines, rows.lines),
                (hour_zones, rows.zones),
                (hour_gaps, rows.gaps),
                (day_visitors, (rows.day,) if rows.day else ()),
            ):
                if of:
                    connection.execute(insert(table), list(of))
        return hour


def _made(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Add a row, and return its number."""
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def visitors(female: int, male: int, unknown: int, share: tuple[int, int, int] | None, **more: Any) -> dict[str, Any]:
    """The part of a message that tells of visitors; without a share, the cells that make it are hidden."""
    golden = GOLDEN["day_demographics"]
    told: dict[str, Any] = json.loads(json.dumps(golden))
    told["visitors"] = female + male + unknown
    hidden = share is None
    told["sex"] = {
        "female": None if hidden else female,
        "male": None if hidden else male,
        "unknown": None if hidden else unknown,
        "left_out": 0,
        "female_share": None
        if share is None
        else dict(zip(("share_milli", "low_milli", "high_milli"), share, strict=True)),
        "mostly": None,
    }
    told["age"] |= dict.fromkeys(("under_20", "20_29", "30_39", "40_49", "50_59", "60_over", "unknown"))
    told["age"] |= {"left_out": 0, "shares": None}
    return {**told, "suppressed": 10 if hidden else 7, **more}
