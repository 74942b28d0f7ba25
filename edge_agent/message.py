"""The closed wire schema: everything that may leave the device, and the one table of topics.

Integers, enumerations, names from the configuration, instants of window ends, hashes: nothing else has a place here.
No free text, no coordinates, no ids of persons. What is not in these models cannot be published.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge_agent.terms import AgeBand, ClockState, GapCause, LineRole, Quality, Sex

DWELL_EDGES_S: Final = (2, 3, 5, 8, 12, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600)
"""Upper edges of the dwell bins in seconds; a bin holds edge[i-1] <= dwell < edge[i], the last all that is longer."""

GENESIS: Final = "0" * 64
"""`prev_hash` of the first message of an epoch."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Balance = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Instant = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
Milli = Annotated[int, Field(ge=0, le=1000, description="Thousandths.")]
Hash16 = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Hash64 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Zone = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$")]
Version = Annotated[str, Field(pattern=r"^[0-9A-Za-z.+_-]{1,40}$")]
Epoch = Hash16
LEFT_OUT: Final = "Of a day: visitors of hours with hidden cells, whom the table leaves out so that no cell follows."
Cell = Annotated[Count | None, Field(description="Null is suppressed.")]


class _Part(BaseModel):
    """A piece of a message: closed, frozen, and strict, so that '5' or 5.0 is not an integer."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class _Message(_Part):
    """A whole message."""

    def payload(self) -> bytes:
        """Return the bytes that go out: compact JSON, keys in the order of the model."""
        return self.model_dump_json(by_alias=True).encode()


class GapSeconds(_Part):
    """Seconds of a window that were not observed, for one cause."""

    cause: GapCause
    s: Count


class LineCounts(_Part):
    """Crossings of one line. The intervals are null until somebody has audited the device."""

    name: Name
    role: LineRole
    in_: Count = Field(alias="in")
    out: Count
    in_interval: tuple[Count, Count] | None = None
    out_interval: tuple[Count, Count] | None = None


class Presence(_Part):
    """Occupancy over the observed part of a window; null where nothing was observed.

    `presence_s` is the integral (person-seconds): it adds up over windows, which a mean does not.
    """

    min: Count | None
    mean_milli: Count | None = Field(description="Mean occupancy in thousandths.")
    max: Count | None
    presence_s: Count


class ZoneCounts(_Part):
    """Presence in one zone, and the stays that ended in the window."""

    name: Name
    occupancy: Presence
    stays: Count


class ZoneHour(ZoneCounts):
    """A zone over an hour, with the dwell of the stays that ended in it."""

    dwell: Annotated[tuple[Count, ...], Field(min_length=len(DWELL_EDGES_S) + 1, max_length=len(DWELL_EDGES_S) + 1)] = (
        Field(description=f"Stays per dwell bin; upper edges in seconds: {', '.join(map(str, DWELL_EDGES_S))}.")
    )


class PassBy(_Part):
    """Capture rate as its two integers: of `passed` people in front of the shop, `entered` came in."""

    passed: Count
    entered: Count


class DayBalance(_Part):
    """In minus out since local midnight. Everybody goes home: at closing time it measures the counting error."""

    date: Day
    in_: Count = Field(alias="in")
    out: Count
    imbalance: Balance


class Share(_Part):
    """A share of the visitors that were read, corrected for what the network confuses, with its 95 % interval.

    The interval holds the error of the sample, of the network's own measurement, and of noise where there is any.
    """

    share_milli: Milli
    low_milli: Milli
    high_milli: Milli


class SexCounts(_Part):
    """Visitors by apparent sex, as read; null is suppressed. The share is null where a read cell is."""

    female: Cell
    male: Cell
    unknown: Cell
    left_out: Count = Field(description=LEFT_OUT)
    female_share: Share | None
    mostly: Literal["female", "male", "balanced"] | None = Field(
        description="'balanced' where the interval of female_share holds one half; null without a share."
    )


class AgeShares(_Part):
    """The share of each age band among the visitors that were read; together 1000 thousandths."""

    under_20: Share
    from_20: Share = Field(alias="20_29")
    from_30: Share = Field(alias="30_39")
    from_40: Share = Field(alias="40_49")
    from_50: Share = Field(alias="50_59")
    from_60: Share = Field(alias="60_over")


class AgeCounts(_Part):
    """Visitors by apparent age, as read; null is suppressed. The shares are null where a read cell is."""

    under_20: Cell
    from_20: Cell = Field(alias="20_29")
    from_30: Cell = Field(alias="30_39")
    from_40: Cell = Field(alias="40_49")
    from_50: Cell = Field(alias="50_59")
    from_60: Cell = Field(alias="60_over")
    unknown: Cell
    left_out: Count = Field(description=LEFT_OUT)
    shares: AgeShares | None


class Demographics(_Part):
    """Two one-way tables of the same visitors. Nothing crosses sex with age, here or anywhere else."""

    visitors: Cell = Field(description="People whose track ended; null where noise would overspend the budget.")
    sex: SexCounts
    age: AgeCounts
    k: Count = Field(description="Cells that hold fewer are suppressed, and others with them, so that none follows.")
    epsilon_milli: Count | None = Field(description="What one visit lost to these tables; null without noise.")
    suppressed: Count = Field(description="Number of cells that are null, of both tables.")
    model: Hash16

    @model_validator(mode="after")
    def _tells_no_small_cell(self) -> Self:
        for table, words in ((self.sex, Sex), (self.age, AgeBand)):
            told = table.model_dump(by_alias=True)
            cells = [told[word] for word in words]
            if cells.count(0) < len(cells) and any(cell is not None and cell < self.k for cell in cells):
                raise ValueError(f"a cell that holds fewer than {self.k} is suppressed")
        return self


class _Window(_Message):
    """What a bucket and a sealed hour share."""

    schema_: str = Field(alias="schema")
    tenant: Name
    site: Name
    device: Name
    camera: Name
    epoch: Epoch
    seq: Count = Field(description="With device and epoch the key: a second message with it is a redelivery.")
    rev: Count = 0
    start: Instant
    end: Instant
    tz: Zone
    open: bool = Field(description="Whether the shop was open for any part of the window.")
    open_s: Count
    expected_s: Count
    observed_s: Count = Field(description="expected_s minus the seconds of all gaps.")
    gaps: tuple[GapSeconds, ...]
    frames: Count
    lost_messages: Count = Field(
        default=0, description="Messages stored on the device, then lost to a full or broken disk, not reported before."
    )
    clock: ClockState
    quality: tuple[Quality, ...]
    lines: tuple[LineCounts, ...]
    model: Hash16
    geometry: Hash16
    config: Hash16
    prev_hash: Hash64 = Field(description="SHA-256 of the payload with the previous seq; zeros at the epoch's start.")


class Counts(_Window):
    """`base/counts`: one closed bucket of one camera."""

    schema_: Literal["footfall/v1/counts"] = Field(default="footfall/v1/counts", alias="schema")
    zones: tuple[ZoneCounts, ...]


class Hour(_Window):
    """`base/hours`: one sealed hour of one camera."""

    schema_: Literal["footfall/v1/hours"] = Field(default="footfall/v1/hours", alias="schema")
    zones: tuple[ZoneHour, ...]
    inside: Presence | None = Field(description="Estimated people inside, from the door lines; null without one.")
    pass_by: PassBy | None = Field(description="Null without a pass-by line.")
    day: DayBalance | None = Field(description="Null without a door line.")
    demographics: Demographics | None = Field(default=None, description="Null while they are switched off.")
    day_demographics: Demographics | None = Field(
        default=None, description="The local day's, in the hour that ends it; of hours that began in that day."
    )


class CameraState(_Part):
    """What ties a camera's counts to what made them."""

    name: Name
    model: Hash16
    geometry: Hash16


class State(_Message):
    """`base/state`: birth and, with status 'offline', last will. `session` grows with every connection."""

    schema_: Literal["footfall/v1/state"] = Field(default="footfall/v1/state", alias="schema")
    status: Literal["online", "offline"]
    tenant: Name
    site: Name
    device: Name
    session: Count
    boot: Count
    epoch: Epoch | None = Field(description="Null while the outbox cannot be opened.")
    agent: Version
    onnxruntime: Version
    opencv: Version
    tz: Zone
    config: Hash16
    cameras: tuple[CameraState, ...]


class CameraHealth(_Part):
    """How one camera does; rates are over the last health interval."""

    name: Name
    seeing: bool
    cause: GapCause | None = Field(description="Why it does not see.")
    fps_milli: Count
    latency_ms: Count | None = Field(description="95th percentile from capture to counted; null without frames.")
    frames: Count
    dropped: Count
    reconnects: Count


class Health(_Message):
    """`base/health`: every minute, for the ops team."""

    schema_: Literal["footfall/v1/health"] = Field(default="footfall/v1/health", alias="schema")
    device: Name
    session: Count
    uptime_s: Count
    clock: ClockState
    cameras: tuple[CameraHealth, ...]
    provider: Literal["cpu", "cuda", "tensorrt", "openvino", "coreml"]
    provider_fell_back: bool
    precision: Literal["fp32", "int8"]
    cpu_percent: Count
    rss_mb: Count
    temperature_c: Balance | None
    disk_free_mb: Count
    outbox_rows: Count
    outbox_unsent: Count = Field(description="Of the rows, those that no broker has acknowledged: the backlog.")
    outbox_oldest_seq: Count | None = Field(description="Lower numbers that the fleet has not seen will not come.")
    outbox_bytes: Count
    outbox_dropped: Count
    outbox_quarantined: Count
    publish_refused: Count


class CameraPrivacy(_Part):
    """What one camera reads of visitors, and what that has cost them today."""

    name: Name
    attributes: tuple[Literal["sex", "age"], ...] = Field(description="Empty while switched off.")
    notice: Day | None = Field(description="When the notice was put up in the store, as configured.")
    since: Day | None = Field(description="Since when demographics have been on without a break; null while off.")
    spent_milli: Count | None = Field(description="What a visit of the local day has lost so far; null without noise.")


class Privacy(_Message):
    """`base/privacy`: the ledger. What is read of visitors, and what keeps it from telling about anybody.

    The unit is one visit: somebody who comes twice, or whom two cameras see, is two of them.
    """

    schema_: Literal["footfall/v1/privacy"] = Field(default="footfall/v1/privacy", alias="schema")
    tenant: Name
    site: Name
    device: Name
    day: Day = Field(description="The local day that `spent_milli` speaks of.")
    unit: Literal["visit"]
    k: Count
    epsilon_budget_milli: Count | None = Field(description="Budget of a local day for one visit; null without noise.")
    cameras: tuple[CameraPrivacy, ...]


class Ack(_Message):
    """`base/ack`, from the fleet: everything of `epoch` up to and including `seq` is stored for good."""

    schema_: Literal["footfall/v1/ack"] = Field(default="footfall/v1/ack", alias="schema")
    epoch: Epoch
    seq: Count


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the table of topics."""

    leaf: str
    model: type[_Message] | None
    retained: bool
    qos: Literal[0, 1]
    purpose: str


TOPICS: Final = (
    Topic("state", State, retained=True, qos=1, purpose="birth and last will"),
    Topic("counts", Counts, retained=False, qos=1, purpose="one closed bucket of one camera"),
    Topic("hours", Hour, retained=False, qos=1, purpose="one sealed hour of one camera"),
    Topic("health", Health, retained=False, qos=0, purpose="how the device does, every minute"),
    Topic("privacy", Privacy, retained=True, qos=1, purpose="the ledger: what is read of visitors, k, noise spent"),
    Topic("ack", Ack, retained=True, qos=1, purpose="from the fleet: the watermark"),
    Topic("live/{line}/in", None, retained=True, qos=0, purpose="crossings inwards since local midnight"),
    Topic("live/{line}/out", None, retained=True, qos=0, purpose="crossings outwards since local midnight"),
    Topic(
        "live/{camera}/inside",
        None,
        retained=True,
        qos=0,
        purpose="estimated people inside, from the door lines",
    ),
    Topic("live/{camera}/{zone}/occupancy", None, retained=True, qos=0, purpose="people or goods in a zone now"),
)
"""Every topic under `base`; a live leaf carries a plain integer or the word 'unknown'."""

ROOT: Final = "footfall/v1"


def base_topic(tenant: str, site: str, device: str) -> str:
    """Return the `base` that all topics of a device begin with."""
    return f"{ROOT}/{tenant}/{site}/{device}"


def live_payload(value: int | None) -> bytes:
    """Return the payload of a live leaf; None, a camera that does not see, becomes 'unknown'."""
    return b"unknown" if value is None else str(value).encode()


def instant(utc_s: float) -> str:
    """Return seconds since 1970 as an ISO instant of whole seconds in UTC."""
    return datetime.fromtimestamp(round(utc_s), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def payload_hash(payload: bytes) -> str:
    """Return what the next message's `prev_hash` says of this one."""
    return sha256(payload).hexdigest()


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a message, as published in docs/schema."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
