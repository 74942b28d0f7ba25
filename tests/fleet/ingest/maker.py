"""Small devices that seal real messages, in a right chain, for the tests of the ingest."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from edge_agent.message import (
    DWELL_EDGES_S,
    GENESIS,
    Counts,
    DayBalance,
    Hour,
    LineCounts,
    PassBy,
    Presence,
    ZoneCounts,
    ZoneHour,
    base_topic,
    instant,
    payload_hash,
)
from edge_agent.terms import ClockState, LineRole, Quality

START_S = int(datetime(2026, 11, 1, 8, tzinfo=UTC).timestamp())
QUARTER_S = 900
_HASH = "0123456789abcdef"


@dataclass
class Door:
    """A device with one camera. It seals a bucket a quarter of an hour, and an hour after four of them."""

    device: str = "door-1"
    tenant: str = "acme"
    site: str = "rome"
    tz: str = "Europe/Rome"
    epoch: str = "a" * 16
    seq: int = 0
    prev_hash: str = GENESIS
    now_s: int = START_S
    clock: ClockState = ClockState.SYNCED
    sent: dict[int, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """What its topics begin with."""
        return base_topic(self.tenant, self.site, self.device)

    def messages(self, count: int) -> Iterator[tuple[str, bytes]]:
        """The next messages, as (topic, payload): four buckets, then the hour."""
        for _ in range(count):
            is_hour = (self.seq + 1) % 5 == 0
            message = self.hour() if is_hour else self.counts()
            yield self.seal("hours" if is_hour else "counts", message)

    def seal(self, leaf: str, message: Counts | Hour) -> tuple[str, bytes]:
        """Number and chain a message, as the outbox does."""
        self.seq += 1
        sealed = message.model_copy(update={"epoch": self.epoch, "seq": self.seq, "prev_hash": self.prev_hash})
        payload = sealed.payload()
        self.prev_hash = payload_hash(payload)
        self.sent[self.seq] = (leaf, payload)
        return f"{self.base}/{leaf}", payload

    def counts(self) -> Counts:
        """A closed bucket; time goes on."""
        start_s, self.now_s = self.now_s, self.now_s + QUARTER_S
        return Counts(**self._window(start_s, self.now_s), zones=(_zone(),))

    def hour(self) -> Hour:
        """The hour up to now."""
        return Hour(
            **self._window(self.now_s - 4 * QUARTER_S, self.now_s),
            zones=(ZoneHour(**dict(_zone()), dwell=(1,) * (len(DWELL_EDGES_S) + 1)),),
            inside=Presence(min=0, mean_milli=2500, max=9, presence_s=9000),
            pass_by=PassBy(passed=50, entered=5),
            day=DayBalance(date="2026-11-01", in_=5, out=4, imbalance=1),
        )

    def begin_anew(self, epoch: str, seq: int = 0) -> None:
        """A new epoch, of a new file or, with a number, of one that went back in time."""
        self.epoch, self.seq, self.prev_hash = epoch, seq, GENESIS

    def _window(self, start_s: int, end_s: int) -> dict[str, Any]:
        lines = (
            LineCounts(name="door", role=LineRole.DOOR, in_=self.seq % 7 + 1, out=self.seq % 5),
            LineCounts(name="street", role=LineRole.PASS_BY, in_=30, out=20),
        )
        return {
            "tenant": self.tenant,
            "site": self.site,
            "device": self.device,
            "camera": "entrance",
            "epoch": self.epoch,
            "seq": 0,
            "start": instant(start_s),
            "end": instant(end_s),
            "tz": self.tz,
            "open": True,
            "open_s": end_s - start_s,
            "expected_s": end_s - start_s,
            "observed_s": end_s - start_s,
            "gaps": (),
            "frames": 9000,
            "clock": self.clock,
            "quality": (Quality.UNAUDITED,),
            "lines": lines,
            "model": _HASH,
            "geometry": _HASH,
            "config": _HASH,
            "prev_hash": GENESIS,
        }


def _zone() -> ZoneCounts:
    return ZoneCounts(name="till", occupancy=Presence(min=0, mean_milli=100, max=2, presence_s=90), stays=18)


def state(door: Door, session: int, status: str = "online") -> bytes:
    """A birth or a last will."""
    return json.dumps(
        {
            "schema": "footfall/v1/state",
            "status": status,
            "tenant": door.tenant,
            "site": door.site,
            "device": door.device,
            "session": session,
            "boot": 1,
            "epoch": door.epoch,
            "agent": "0.1.0",
            "onnxruntime": "1.32.0",
            "opencv": "5.0.0",
            "tz": door.tz,
            "config": "0123456789abcdef",
            "cameras": [],
        }
    ).encode()


def health(door: Door, session: int, *, oldest_seq: int | None) -> bytes:
    """A health message."""
    numbers = dict.fromkeys(
        (
            "uptime_s",
            "cpu_percent",
            "rss_mb",
            "disk_free_mb",
            "outbox_rows",
            "outbox_unsent",
            "outbox_bytes",
            "outbox_dropped",
            "outbox_quarantined",
            "publish_refused",
        ),
        7,
    )
    camera = {
        "name": "entrance",
        "seeing": True,
        "cause": None,
        "fps_milli": 9_500,
        "latency_ms": 80,
        "frames": 600,
        "dropped": 0,
        "reconnects": 0,
    }
    rest = {
        "schema": "footfall/v1/health",
        "device": door.device,
        "session": session,
        "clock": "synced",
        "cameras": [camera],
        "provider": "cpu",
        "provider_fell_back": False,
        "precision": "fp32",
        "temperature_c": 55,
        "outbox_oldest_seq": oldest_seq,
    }
    return json.dumps({**numbers, **rest}).encode()
