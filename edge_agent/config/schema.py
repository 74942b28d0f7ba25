"""The settings as pydantic models: one class per table of the TOML file, one field per key.

The descriptions are the reference: the JSON Schema for editors and docs/configuration.md are generated from them.
"""

from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from edge_agent.terms import LineRole

Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
        description="1 to 63 letters, digits, '-' or '_': it becomes one level of an MQTT topic.",
    ),
]

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]

Point = tuple[Fraction, Fraction]
"""(x, y) as fractions of the picture's width and height, from the top left corner."""


class _Table(BaseModel):
    """A table of the configuration: closed, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=False)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("unknown time zone; use an IANA name such as 'Europe/Rome'") from None
    return name


def _is_span(text: str) -> str:
    opens, _, closes = text.partition("-")
    try:
        start = time.fromisoformat(opens.strip())
        end = time(23, 59, 59) if closes.strip() == "24:00" else time.fromisoformat(closes.strip())
    except ValueError:
        raise ValueError("not a span of hours; write it as '09:00-19:30', at the latest '24:00'") from None
    if start >= end:
        raise ValueError("closes before it opens; write a night as two spans, '20:00-24:00' and '00:00-02:00'")
    return text


Span = Annotated[str, AfterValidator(_is_span)]


class OpeningHours(_Table):
    """Local opening hours; a day left out is closed. Without the table the shop is taken to be always open."""

    mon: tuple[Span, ...] = ()
    tue: tuple[Span, ...] = ()
    wed: tuple[Span, ...] = ()
    thu: tuple[Span, ...] = ()
    fri: tuple[Span, ...] = ()
    sat: tuple[Span, ...] = ()
    sun: tuple[Span, ...] = ()
    closed_on: tuple[date, ...] = Field(default=(), description="Days on which the shop stays closed, such as 2026-12-25.")


class SiteConfig(_Table):
    """Who and where this device is; `tenant/site/device` are levels of every topic."""

    tenant: Name = Field(description="The company; the first level of the fleet.")
    site: Name = Field(description="The shop.")
    device: Name = Field(description="This device; unique within the site. With TLS, the CN of its certificate.")
    time_zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        description="IANA name of the shop's time zone, such as 'Europe/Rome'; windows are sent in UTC beside it.",
    )
    opening_hours: OpeningHours | None = Field(default=None, description="When the shop is open; absent: always.")


class BrokerConfig(_Table):
    """The MQTT broker and how to be recognised by it."""

    url: str = Field(description="mqtt://host[:1883] or mqtts://host[:8883]; credentials never stand in the address.")
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        default="auto",
        description="MQTT version; 'auto' tries 5 and falls back to 3.1.1 where the broker refuses it.",
    )
    username: str | None = Field(default=None, description="User name at the broker, if it asks for one.")
    password_file: Path | None = Field(default=None, description="File that holds the password and nothing else.")
    ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed the broker's certificate; absent: the system's."
    )
    cert_file: Path | None = Field(default=None, description="PEM file of this device's client certificate.")
    key_file: Path | None = Field(default=None, description="PEM file of its private key.")
    keepalive_s: int = Field(default=20, ge=5, le=600, description="Silence after which the connection is probed.")
    trim: Literal["watermark", "puback"] = Field(
        default="watermark",
        description="When a row leaves the outbox: once the fleet's watermark has passed it, or, for consumers that send "
        "none, 48 h after the broker acknowledged it.",
    )
    live: bool = Field(default=True, description="Publish the retained live/… integers.")
    drain_per_s: int = Field(
        default=50, ge=1, le=1000, description="Upper limit of backlog messages per second after an outage."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError("url must be mqtt://host[:port] or mqtts://host[:port]")
        if parts.username or parts.password:
            raise ValueError("url must not hold credentials; use username and password_file")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("url ends after the port; the topics follow from [site]")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("url has no valid port; allowed are 1 to 65535") from None
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both or neither")
        if parts.scheme == "mqtt" and (self.ca_file or self.cert_file):
            raise ValueError("certificates need TLS: use mqtts:// in url")
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file needs username")
        return self

    @property
    def host(self) -> str:
        """Host name or address of the broker."""
        return urlsplit(self.url).hostname or ""

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.url).scheme == "mqtts"

    @property
    def port(self) -> int:
        """TCP port of the broker."""
        return urlsplit(self.url).port or (8883 if self.tls else 1883)


class Anchor(StrEnum):
    """The point of a box that stands for its person or thing."""

    BOTTOM_CENTER = "bottom_center"  # where the feet are: right for people seen at an angle
    CENTER = "center"  # right for a camera that looks straight down, and for goods
    TOP_CENTER = "top_center"  # where the feet are hidden by a counter


Classes = Annotated[tuple[str, ...], Field(min_length=1)]


class LineConfig(_Table):
    """A directed line segment across a passage."""

    name: Name = Field(description="Unique on this device.")
    from_: Point = Field(alias="from", description="One end, [x, y] as fractions of the picture.")
    to: Point = Field(description="The other end.")
    inside: Point = Field(description="Any point on the side that people enter to.")
    classes: Classes = Field(default=("person",), description="Classes of the detector that count here.")
    role: LineRole = Field(
        default=LineRole.DOOR,
        description="'door' feeds the occupancy estimate, 'pass_by' is the denominator of the capture rate, 'passage' is neither.",
    )
    anchor: Anchor = Field(default=Anchor.BOTTOM_CENTER, description="The point of the box that must cross.")
    hysteresis: float = Field(
        default=0.015,
        ge=0.0,
        le=0.5,
        description="How far from the line the anchor must get, on both sides, as a fraction of the picture's height.",
    )
    settle_s: float = Field(
        default=0.25, ge=0.0, le=10.0, description="How long it must stay on the new side before the crossing counts."
    )
    min_travel: float = Field(
        default=0.04,
        ge=0.0,
        le=1.0,
        description="How far the anchor must have moved since the track began, as a fraction of the picture's height.",
    )

    @model_validator(mode="after")
    def _has_sides(self) -> Self:
        (x1, y1), (x2, y2), (px, py) = self.from_, self.to, self.inside
        if (x1, y1) == (x2, y2):
            raise ValueError("from and to are the same point; a line needs two")
        if (x2 - x1) * (py - y1) == (y2 - y1) * (px - x1):
            raise ValueError("inside lies on the line; choose a point clearly on one side")
        return self


class ZoneConfig(_Table):
    """A polygon in which presence is measured."""

    name: Name = Field(description="Unique within its camera.")
    polygon: Annotated[tuple[Point, ...], Field(min_length=3, max_length=64)] = Field(
        description="Corners in order, [x, y] as fractions of the picture; edges must not cross each other."
    )
    classes: Classes = Field(default=("person",), description="Classes of the detector that count here.")
    anchor: Anchor = Field(default=Anchor.BOTTOM_CENTER, description="The point of the box that must be inside.")
    min_stay_s: float = Field(
        default=1.0, ge=0.0, le=3600.0, description="A shorter visit is somebody walking through: seen in the occupancy, but not a stay."
    )
    grace_s: float = Field(
        default=2.0,
        ge=0.0,
        le=60.0,
        description="An absence shorter than this (occlusion, flicker) does not end a stay.",
    )

    @model_validator(mode="after")
    def _is_simple(self) -> Self:
        corners = self.polygon
        n = len(corners)

        def turn(a: Point, b: Point, c: Point) -> float:
            return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

        if len(set(corners)) != n:
            raise ValueError("polygon names a corner twice; leave the closing corner out")
        if sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, (*corners[1:], corners[0]), strict=True)) == 0:
            raise ValueError("polygon has no area")
        for i in range(n):
            for j in range(i + 2, n - (i == 0)):
                a, b, c, d = corners[i], corners[i + 1], corners[j], corners[(j + 1) % n]
                if turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0:
                    raise ValueError(f"polygon crosses itself: edges {i + 1} and {j + 1}; list the corners in order")
        return self


class CameraConfig(_Table):
    """One camera and what is counted in its picture."""

    name: Name = Field(description="Unique on this device.")
    source: str = Field(
        min_length=1,
        description="A path, /dev/video0, rtsp://…, http://…, or exec:COMMAND for raw frames from a child process.",
    )
    credentials_file: Path | None = Field(
        default=None, description="File with 'user:password' for the rtsp:// or http:// source."
    )
    width: int | None = Field(default=None, ge=16, le=8192, description="Wanted width; needed for exec:.")
    height: int | None = Field(default=None, ge=16, le=8192, description="Wanted height; needed for exec:.")
    fps: float | None = Field(default=None, gt=0.0, le=240.0, description="Wanted pictures per second; paces exec: sources.")
    pixel_format: Literal["bgr24", "rgb24", "yuv420p", "nv12", "gray8"] = Field(
        default="bgr24", description="Layout of the raw frames of an exec: source."
    )
    max_fps: float = Field(
        default=15.0, gt=0.0, le=120.0, description="Live pictures beyond this rate are dropped before the detector."
    )
    open_timeout_s: float = Field(default=5.0, gt=0.0, le=120.0, description="Time to open the source.")
    read_timeout_s: float = Field(default=5.0, gt=0.0, le=120.0, description="Silence after which it is reopened.")
    frozen_after_s: float = Field(default=30.0, gt=0.0, le=3600.0, description="The same picture for longer is a fault.")
    line: tuple[LineConfig, ...] = Field(default=(), description="Lines to count crossings of, as [[camera.line]].")
    zone: tuple[ZoneConfig, ...] = Field(default=(), description="Zones to measure presence in, as [[camera.zone]].")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        parts = urlsplit(self.source) if "://" in self.source else None
        if parts is not None and (parts.username or parts.password):
            raise ValueError("source must not hold credentials; put 'user:password' into a file, name it in credentials_file")
        if self.source.startswith("exec:") and (self.width is None or self.height is None):
            raise ValueError("an exec: source needs width and height: raw frames do not say their size")
        names = [zone.name for zone in self.zone]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two zones are named '{name}'; names are unique within a camera")
        return self


class DetectorConfig(_Table):
    """Which network looks at the pictures, and how."""

    bundle: str = Field(default="person-s", description="Name of an installed bundle, or the path of its folder.")
    precision: Literal["auto", "fp32", "int8"] = Field(
        default="auto",
        description="Which file of the bundle runs. 'auto': the winner of `edge-agent bench` on this device, else int8 if there is one.",
    )
    provider: Literal["cpu", "cuda", "tensorrt", "openvino", "coreml"] = Field(
        default="cpu", description="ONNX Runtime execution provider. It must be the one that runs; see allow_fallback."
    )
    allow_fallback: bool = Field(
        default=False, description="Start on the CPU when the provider is not available, and say so in the health message."
    )
    threads: int = Field(default=1, ge=1, le=64, description="Threads of one inference.")
    min_score: float | None = Field(
        default=None, ge=0.0, le=1.0, description="Overrides the operating threshold of the model card."
    )


class TrackerConfig(_Table):
    """How detections are joined into tracks. Times are seconds, so that 5 and 30 fps behave alike."""

    confirm_s: float = Field(default=0.3, ge=0.0, le=10.0, description="A track must be seen this long before it counts.")
    confirm_hits: int = Field(default=3, ge=1, le=100, description="… and at least this many times.")
    lost_s: float = Field(default=2.0, gt=0.0, le=60.0, description="A track unseen for longer ends.")
    max_tracks: int = Field(default=256, ge=1, le=4096, description="Bound on live tracks per camera.")


class WindowsConfig(_Table):
    """The windows into which counts are summed."""

    bucket_min: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60] = Field(
        default=15, description="Length of a bucket; a divisor of 60."
    )
    checkpoint_s: float = Field(
        default=10.0,
        ge=1.0,
        le=600.0,
        description="How often the open bucket is saved: what a power cut can cost. Longer spares the SD card.",
    )
    max_frame_gap_s: float = Field(
        default=2.0, gt=0.0, le=60.0, description="Two frames further apart leave a gap between them."
    )


class StorageConfig(_Table):
    """Where the outbox is kept."""

    folder: Path | None = Field(
        default=None,
        description="Writable folder for the outbox. Absent: systemd's state directory, else ~/.local/state/edge-agent/DEVICE.",
    )
    max_mb: int = Field(default=64, ge=1, le=65536, description="Quota of the outbox; beyond it the oldest rows go, counted.")


class ClockConfig(_Table):
    """What to do before the wall clock is synchronised."""

    hold_min: float = Field(
        default=10.0,
        ge=0.0,
        le=1440.0,
        description="How long counts wait for the first synchronisation; after that they go out marked 'unsynced'.",
    )


class HealthConfig(_Table):
    """What the device tells about itself."""

    interval_s: float = Field(default=60.0, ge=1.0, le=3600.0, description="How often base/health is published.")
    listen: str | None = Field(
        default=None,
        pattern=r"^(127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$",
        description="Loopback address for /metrics and /healthz, such as '127.0.0.1:9108'. Absent: no port is opened.",
    )


class Config(_Table):
    """The whole file."""

    site: SiteConfig
    broker: BrokerConfig
    camera: Annotated[tuple[CameraConfig, ...], Field(min_length=1)] = Field(description="The cameras, as [[camera]].")
    detector: DetectorConfig = DetectorConfig()
    tracker: TrackerConfig = TrackerConfig()
    windows: WindowsConfig = WindowsConfig()
    storage: StorageConfig = StorageConfig()
    clock: ClockConfig = ClockConfig()
    health: HealthConfig = HealthConfig()

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        cameras = [camera.name for camera in self.camera]
        lines = [line.name for camera in self.camera for line in camera.line]
        for kind, names in (("camera", cameras), ("line", lines)):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"two {kind}s are named '{name}'; names are unique on a device")
        return self
