"""A made-up store of devices in every state, and the pages served over it by the real command."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Engine, insert, select

from edge_agent.fleet.store import hour_rows, open_store
from edge_agent.fleet.store.tables import (
    dead_letters,
    devices,
    hour_gaps,
    hour_lines,
    hour_zones,
    hours,
    messages,
    problems,
    quarantine,
    sites,
)
from edge_agent.message import GENESIS, Hour, instant

_GOLDEN = Path(__file__).resolve().parents[1] / "contract" / "golden"
EPOCH = "5f3a9c1e77d0b246"
PATIENCE_S = 20.0
T = TypeVar("T")


def in_a_loop(story: Coroutine[Any, Any, T]) -> T:
    """Run a story of asyncio, in a thread of its own: Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, story).result()


def golden(name: str, **changes: object) -> dict[str, Any]:
    """A golden message with other values."""
    told: dict[str, Any] = json.loads((_GOLDEN / f"{name}.json").read_text())
    return told | changes


def state_message(tenant: str, site: str, device: str, **changes: object) -> str:
    """A birth."""
    return json.dumps(golden("state", tenant=tenant, site=site, device=device, **changes))


def health_message(device: str, **changes: object) -> str:
    """A health message of one camera."""
    return json.dumps(golden("health", device=device, **changes))


class Store:
    """Puts rows into a store, as ingest would."""

    def __init__(self, engine: Engine, now_s: int) -> None:
        self.engine = engine
        self.now_s = now_s
        self._sites: dict[tuple[str, str], int] = {}

    def site(self, tenant: str, site: str, name: str | None = None, region: str | None = None) -> int:
        """A site; the id of it."""
        key = (tenant, site)
        if key not in self._sites:
            with self.engine.begin() as connection:
                made = connection.execute(
                    insert(sites).values(tenant=tenant, site=site, name=name, region=region).returning(sites.c.id)
                )
                self._sites[key] = int(made.scalar_one())
        return self._sites[key]

    def device(
        self,
        path: str,
        *,
        name: str | None = None,
        region: str | None = None,
        seen_ago_s: int | None = 20,
        admitted: bool = True,
        status: str = "online",
        health: Mapping[str, object] | None = None,
        **birth: object,
    ) -> int:
        """A device; the id of it. `seen_ago_s` None: it has never spoken."""
        tenant, site, device = path.split("/")
        site_id = self.site(tenant, site, name, region)
        spoke = seen_ago_s is not None
        seen_s = self.now_s - (seen_ago_s or 0)
        row = {
            "site_id": site_id,
            "tenant": tenant,
            "site": site,
            "device": device,
            "admitted_s": self.now_s - 30 * 86_400 if admitted else None,
            "first_seen_s": self.now_s - 30 * 86_400 if spoke else None,
            "last_seen_s": seen_s if spoke else None,
            "state": state_message(tenant, site, device, status=status, **birth) if spoke else None,
            "state_s": seen_s if spoke else None,
            "health": health_message(device, **(health or {})) if spoke else None,
            "health_s": seen_s - (5 if status == "offline" else 0) if spoke else None,
            "privacy": json.dumps(golden("privacy", tenant=tenant, site=site, device=device)) if spoke else None,
            "privacy_s": seen_s if spoke else None,
        }
        with self.engine.begin() as connection:
            return int(connection.execute(insert(devices).values(row).returning(devices.c.id)).scalar_one())

    def hours(
        self, device_id: int, path: str, count: int, *, observed_s: int = 3600, entered: int = 12, begins_min: int = 0
    ) -> None:
        """The last `count` whole hours of one camera."""
        tenant, site, device = path.split("/")
        site_id = self.site(tenant, site)
        last_s = (self.now_s - 300 - begins_min * 60) // 3600 * 3600 + begins_min * 60
        rows: dict[Any, list[Any]] = {table: [] for table in (hours, hour_lines, hour_zones, hour_gaps, messages)}
        for number in range(count):
            start_s = last_s - (count - number) * 3600
            gaps = [{"cause": "disconnected", "s": 3600 - observed_s}] if observed_s < 3600 else []
            told = golden("hours", tenant=tenant, site=site, device=device, seq=number, gaps=gaps)
            told |= {"start": instant(start_s), "end": instant(start_s + 3600), "observed_s": observed_s}
            told |= {"day_demographics": None, "quality": ["unaudited"] + (["degraded"] if observed_s < 3420 else [])}
            told["lines"][0] |= {"in": entered, "out": max(0, entered - 1)}
            payload = json.dumps(told)
            laid = hour_rows(Hour.model_validate_json(payload), device_id, site_id)
            rows[hours].append(laid.hour)
            rows[hour_lines] += laid.lines
            rows[hour_zones] += laid.zones
            rows[hour_gaps] += laid.gaps
            rows[messages].append(
                {
                    "device_id": device_id,
                    "epoch": told["epoch"],
                    "seq": number,
                    "leaf": "hours",
                    "received_s": start_s + 3605,
                    "start_s": start_s,
                    "payload": payload,
                    "hash": sha256(payload.encode()).digest(),
                    "prev_hash": bytes.fromhex(GENESIS),
                }
            )
        with self.engine.begin() as connection:
            for table, made in rows.items():
                if made:
                    connection.execute(insert(table), made)

    def many(self, count: int) -> None:
        """So many devices at once, each with a day of hours."""
        first = self.device("many/site-0/door-0")
        self.hours(first, "many/site-0/door-0", 24)
        with self.engine.begin() as connection:
            row = connection.execute(select(devices).where(devices.c.id == first)).mappings().one()
            laid = connection.execute(select(hours).where(hours.c.device_id == first)).mappings().all()
            made, places = [], []
            for number in range(1, count):
                names = {"site": f"site-{number}", "device": f"door-{number}"}
                places.append(
                    {"id": 10_000 + number, "tenant": "many", "site": names["site"], "region": f"R{number % 9}"}
                )
                row_of = {**row, "id": 10_000 + number, "site_id": 10_000 + number, **names}
                row_of["state"] = state_message("many", names["site"], names["device"])
                row_of["health"] = health_message(names["device"], temperature_c=30 + number % 40)
                made.append(row_of)
            connection.execute(insert(sites), places)
            connection.execute(insert(devices), made)
            key = [{"device_id": each["id"], "site_id": each["site_id"]} for each in made]
            connection.execute(insert(hours), [{**hour, **of} for of in key for hour in laid])

    def problem(
        self, device_id: int, kind: str, detail: str, *, ago_s: int = 600, over_ago_s: int | None = None
    ) -> None:
        """Something that ingest noticed."""
        row = {
            "device_id": device_id,
            "kind": kind,
            "noticed_s": self.now_s - ago_s,
            "over_s": None if over_ago_s is None else self.now_s - over_ago_s,
            "epoch": EPOCH,
            "first_seq": 3,
            "last_seq": 7,
            "detail": detail,
        }
        with self.engine.begin() as connection:
            connection.execute(insert(problems).values(row))

    def dead_letter(self, topic: str, reason: str, detail: str, payload: bytes) -> None:
        """A message that could not be stored."""
        row = {"received_s": self.now_s - 60, "topic": topic, "reason": reason, "bytes": len(payload)}
        row |= {"detail": detail, "hash": sha256(payload).digest(), "payload": payload[:65_536]}
        with self.engine.begin() as connection:
            connection.execute(insert(dead_letters).values(row))

    def waiting(self, device_id: int, topic: str, payload: bytes) -> None:
        """A message in quarantine."""
        row = {"device_id": device_id, "received_s": self.now_s - 30, "topic": topic}
        row |= {"hash": sha256(payload).digest(), "payload": payload}
        with self.engine.begin() as connection:
            connection.execute(insert(quarantine).values(row))


PATIENT = "[ingest]\nsilent_after_min = 600"
"""So that nobody falls silent while slow tests look at `every_state`."""

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def every_state(store: Store) -> None:
    """A small fleet with a device in each state, problems, a dead letter, and names that try to be markup."""
    fine = store.device("shop/milano-01/door-1", name="Milano Centrale", region="Lombardia")
    store.hours(fine, "shop/milano-01/door-1", 60)
    store.problem(fine, "chain", "prev_hash of 41 is not that of 40", over_ago_s=60)
    hot = store.device(
        "shop/torino-02/door-1",
        name="Torino <b>bold</b>",
        region=XSS,
        health={"temperature_c": 84, "clock": "unsynced", "outbox_rows": 1234, "outbox_dropped": 2},
        agent="0.10.0",
    )
    store.hours(hot, "shop/torino-02/door-1", 20, observed_s=1800)
    store.problem(hot, "missing", f"messages have not come {XSS}")
    gone = store.device("shop/roma-03/door-1", region="Lazio", seen_ago_s=7200, status="offline", agent="0.9.0")
    store.hours(gone, "shop/roma-03/door-1", 5)
    silent = store.device("shop/bari-04/door-1", region="Puglia", seen_ago_s=86_400)
    store.problem(silent, "silent", "nothing for 30 min")
    store.device("shop/pisa-05/door-1", region="Toscana", seen_ago_s=None)
    stranger = store.device("other/nowhere/door-9", admitted=False)
    store.waiting(stranger, "footfall/v1/other/nowhere/door-9/hours", b"{}")
    store.dead_letter(
        f"footfall/v1/shop/{XSS}/x/hours", "schema", f"not JSON: {XSS}", XSS.encode() + b"\nsecond\n" + b"x" * 5000
    )
    store.dead_letter("footfall/v1/shop/a/b/hours", "schema", "not text", bytes(range(200, 256)) * 20)


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: str

    def cookie(self) -> str:
        """The cookies it set, to be sent back."""
        return self.headers.get("set-cookie", "").partition(";")[0]


class Pages:
    """`edge-agent fleet serve` as a process of its own, on a free port."""

    def __init__(
        self, folder: Path, *, settings: str = "", broker: str = "mqtt://127.0.0.1:1", database: str | None = None
    ) -> None:
        self.folder = folder
        config = folder / "fleet.toml"
        text = settings if "[pages]" in settings else f"[pages]\n{settings}"
        database = database or f"sqlite:///{folder / 'fleet.db'}"
        config.write_text(f'[database]\nurl = "{database}"\n[broker]\nurl = "{broker}"\n{text}\n')
        self._command = [sys.executable, "-m", "edge_agent", "fleet", "serve", "--config", str(config), "--port", "0"]
        self.log: list[str] = []
        self.url = ""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.url = self.process.stdout.readline().strip()
        assert self.url, "".join(self.log)
        return self

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.log.extend(self.process.stderr)

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> tuple[int, str]:
        """End it as systemd would; its exit status and what else it printed."""
        assert self.process.stdout is not None
        if self.process.stdout.closed:
            return self.process.wait(), ""
        self.process.terminate()
        assert self.process.stderr is not None
        rest = self.process.stdout.read()
        status = self.process.wait(PATIENCE_S)
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status, rest

    @contextmanager
    def connection(self) -> Iterator[HTTPConnection]:
        """A connection to it."""
        made = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE_S)
        try:
            yield made
        finally:
            made.close()

    def get(self, path: str, **headers: str) -> Answer:
        """GET; headers with `_` for `-`."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """POST a form."""
        return self._ask(
            "POST", path, urlencode(form), {"content_type": "application/x-www-form-urlencoded", **headers}
        )

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        with self.connection() as connection:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            told = connection.getresponse()
            return Answer(told.status, {name.lower(): value for name, value in told.getheaders()}, told.read().decode())


def open_folder(folder: Path) -> Engine:
    """The store that `Pages` of the same folder reads."""
    return open_store(f"sqlite:///{folder / 'fleet.db'}")
