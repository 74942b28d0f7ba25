"""The settings as pydantic models: one class per table of the TOML file, one field per key.

The descriptions are the reference: the JSON Schema for editors and docs/configuration.md come from them.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge_agent.config.fields import (
    BrokerUrl,
    BucketLength,
    Classes,
    FilePath,
    Loopback,
    Name,
    Point,
    Source,
    Spans,
    Text,
    TimeZone,
)
from edge_agent.config.rules import SettingError, check_polygon, check_unique
from edge_agent.terms import LineRole


class _Table(BaseModel):
    """A table of the configuration: closed, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)


class OpeningHours(_Table):
    """Local opening hours; a day left out is closed. Without the table the shop is always open."""

    mon: Spans = Field(default=(), description="Monday.")
    tue: Spans = Field(default=(), description="Tuesday.")
    wed: Spans = Field(default=(), description="Wednesday.")
    thu: Spans = Field(default=(), description="Thursday.")
    fri: Spans = Field(default=(), description="Friday.")
    sat: Spans = Field(default=(), description="Saturday.")
    sun: Spans = Field(default=(), description="Sunday.")
    closed_on: tuple[date, ...] = Field(
        default=(), description="Days on which the shop stays closed, such as 2026-12-25."
    )


class SiteConfig(_Table):
    """Who and where this device is; `tenant/site/device` are levels of every topic."""

    tenant: Name = Field(description="The company; the first level of the fleet.")
    site: Name = Field(description="The shop.")
    device: Name = Field(description="This device; unique within the site. With TLS, the CN of its certificate.")
    time_zone: TimeZone = Field(description="The shop's time zone; windows are sent in UTC beside it.")
    opening_hours: OpeningHours | None = Field(default=None, description="When the shop is open; absent: always.")


class BrokerConfig(_Table):
    """The MQTT broker and how to be recognised by it."""

    url: BrokerUrl = Field(
        description="Address of the broker; the port is 1883, with TLS 8883, unless given. No credentials here."
    )
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        default="auto",
        description="MQTT version; 'auto' tries 5 and falls back to 3.1.1 where the broker refuses it.",
    )
    username: Text | None = Field(default=None, description="User name at the broker, if it asks for one.")
    password_file: FilePath | None = Field(default=None, description="File that holds the password and nothing else.")
    ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of the authority that signed the broker's certificate; absent: the system's.",
    )
    cert_file: FilePath | None = Field(default=None, description="PEM file of this device's client certificate.")
    key_file: FilePath | None = Field(default=None, description="PEM file of its private key.")
    keepalive_s: int = Field(default=20, ge=5, le=600, description="Silence after which the connection is probed.")
    trim: Literal["watermark", "puback"] = Field(
        default="watermark",
        description="When a row leaves the outbox: once the fleet's watermark has passed it, or, for "
        "consumers that send none, 48 h after the broker acknowledged it.",
    )
    live: bool = Field(default=True, description="Publish the retained live/… integers.")
    drain_per_s: int = Field(
        default=50, ge=1, le=1000, description="Upper limit of backlog messages per second after an outage."
    )
    resend_after_min: float = Field(
        default=15.0,
        ge=1.0,
        le=1440.0,
        description="Messages that the broker acknowledged but the fleet's watermark does not cover are sent again "
        "after this long; then after twice as long, up to a day.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            given, absent = ("cert_file", "key_file") if self.cert_file else ("key_file", "cert_file")
            raise SettingError(f"needed beside {given}", f"add it, or leave {given} out", at=(absent,), missing=True)
        if not self.tls and (self.ca_file or self.cert_file):
            key = "ca_file" if self.ca_file else "cert_file"
            raise SettingError("certificates need TLS", "use mqtts:// in url, or leave the file out", at=(key,))
        if self.password_file is not None and self.username is None:
            raise SettingError("needed beside password_file", "add it", at=("username",), missing=True)
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


class LineConfig(_Table):
    """A directed line segment across a passage."""

    name: Name = Field(description="Unique on this device.")
    from_: Point = Field(alias="from", description="One end, [x, y] as fractions of the picture.")
    to: Point = Field(description="The other end.")
    inside: Point = Field(description="Any point on the side that people enter to.")
    classes: Classes = Field(default=("person",), description="Classes of the detector that count here.")
    role: LineRole = Field(
        default=LineRole.DOOR,
        description="'door' feeds the occupancy estimate, 'pass_by' is the denominator of the capture rate, "
        "'passage' is neither.",
    )
    anchor: Anchor = Field(default=Anchor.BOTTOM_CENTER, description="The point of the box that must cross.")
    hysteresis: float = Field(
        default=0.015,
        ge=0.0,
        le=0.5,
        description="How far from the line the anchor must get, on both sides, as a fraction of the picture's height.",
    )
    settle_s: float = Field(
        default=0.25,
        ge=0.0,
        le=10.0,
        description="How long it must stay on the new side before the crossing counts.",
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
            raise SettingError("the same point as from; a line has two ends", "move one of them", at=("to",))
        if (x2 - x1) * (py - y1) == (y2 - y1) * (px - x1):
            raise SettingError("lies on the line", "choose a point clearly on one side of it", at=("inside",))
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
        default=1.0,
        ge=0.0,
        le=3600.0,
        description="A shorter visit is somebody walking through: seen in the occupancy, but not a stay.",
    )
    grace_s: float = Field(
        default=2.0,
        ge=0.0,
        le=60.0,
        description="An absence shorter than this (occlusion, flicker) does not end a stay.",
    )

    @model_validator(mode="after")
    def _is_simple(self) -> Self:
        check_polygon(self.polygon)
        return self


class CameraConfig(_Table):
    """One camera and what is counted in its picture."""

    name: Name = Field(description="Unique on this device.")
    source: Source = Field(
        description="Where the pictures come from; exec:COMMAND is a child process that writes raw frames, "
        "synthetic: a made-up scene to try a device with. "
        "A relative path is looked up beside this file.",
    )
    credentials_file: FilePath | None = Field(
        default=None, description="File with 'user:password' for the rtsp:// or http:// source."
    )
    width: int | None = Field(default=None, ge=16, le=8192, description="Wanted width; needed for exec:.")
    height: int | None = Field(default=None, ge=16, le=8192, description="Wanted height; needed for exec:.")
    fps: float | None = Field(
        default=None, gt=0.0, le=240.0, description="Wanted pictures per second; paces exec: sources."
    )
    pixel_format: Literal["bgr24", "rgb24", "yuv420p", "nv12", "gray8"] = Field(
        default="bgr24", description="Layout of the raw frames of an exec: source."
    )
    max_fps: float = Field(
        default=15.0,
        gt=0.0,
        le=120.0,
        description="Live pictures beyond this rate are dropped before the detector.",
    )
    open_timeout_s: float = Field(default=5.0, gt=0.0, le=120.0, description="Time to open the source.")
    read_timeout_s: float = Field(default=5.0, gt=0.0, le=120.0, description="Silence after which it is reopened.")
    frozen_after_s: float = Field(
        default=30.0, gt=0.0, le=3600.0, description="The same picture for longer is a fault."
    )
    demographics: bool = Field(
        default=False,
        description="Whether apparent sex and age band are counted here. Put the notice up first: "
        "`edge-agent compliance` writes it.",
    )
    notice_date: date | None = Field(
        default=None, description="The day on which the notice about demographics was put up in the store."
    )
    line: tuple[LineConfig, ...] = Field(default=(), description="Lines to count crossings of, as [[camera.line]].")
    zone: tuple[ZoneConfig, ...] = Field(default=(), description="Zones to measure presence in, as [[camera.zone]].")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.source.startswith("exec:"):
            for key, value in (("width", self.width), ("height", self.height)):
                if value is None:
                    wrong = "needed for an exec: source: raw frames do not say their size"
                    raise SettingError(wrong, "add it, in pixels", at=(key,), missing=True)
                if self.pixel_format in ("yuv420p", "nv12") and value % 2:
                    raise SettingError(f"{self.pixel_format} needs an even {key}", "add 1 or subtract 1", at=(key,))
        check_unique("zones of a camera", [(("zone", i, "name"), zone.name) for i, zone in enumerate(self.zone)])
        return self


class DetectorConfig(_Table):
    """Which network looks at the pictures, and how."""

    bundle: Text = Field(default="person-s", description="Name of an installed bundle, or the path of its folder.")
    precision: Literal["auto", "fp32", "int8"] = Field(
        default="auto",
        description="Which file of the bundle runs. 'auto': the winner of `edge-agent bench` on this device, "
        "else int8 if there is one.",
    )
    provider: Literal["cpu", "cuda", "tensorrt", "openvino", "coreml"] = Field(
        default="cpu",
        description="ONNX Runtime execution provider. It must be the one that runs; see allow_fallback.",
    )
    allow_fallback: bool = Field(
        default=False,
        description="Start on the CPU when the provider is not available, and say so in the health message.",
    )
    threads: int = Field(default=1, ge=1, le=64, description="Threads of one inference.")
    min_score: float | None = Field(
        default=None, ge=0.0, le=1.0, description="Overrides the operating threshold of the model card."
    )


class DemographicsConfig(_Table):
    """How visitors are read where a camera's `demographics` is true. What is read cannot be configured."""

    bundle: Text = Field(
        default="face-attributes", description="Name of an installed bundle for faces, or the path of its folder."
    )
    face_bundle: Text | None = Field(
        default=None,
        description="Detector of faces that says where in a person's box the face is, such as 'yunet_n_320'. "
        "Absent: the usual places of a head are tried.",
    )
    crops: int = Field(default=5, ge=1, le=20, description="Best looks at one visitor that are read, at most.")
    budget_ms: float = Field(
        default=6.0, gt=0.0, le=1000.0, description="Time for reading in one frame; what is left waits for the next."
    )


class PrivacyConfig(_Table):
    """What keeps published demographics from telling about anybody."""

    k: int = Field(default=5, ge=3, le=1000, description="Demographic cells that hold fewer visitors are suppressed.")
    epsilon_per_day: float | None = Field(
        default=None,
        gt=0.0,
        le=20.0,
        description="Budget of the noise on a day's demographics, for one visit. Absent: no noise.",
    )


class TrackerConfig(_Table):
    """How detections are joined into tracks. Times are seconds, so that 5 and 30 fps behave alike."""

    confirm_s: float = Field(
        default=0.3, ge=0.0, le=10.0, description="A track must be seen this long before it counts."
    )
    confirm_hits: int = Field(default=3, ge=1, le=100, description="… and at least this many times.")
    lost_s: float = Field(default=2.0, gt=0.0, le=60.0, description="A track unseen for longer ends.")
    max_tracks: int = Field(default=256, ge=1, le=4096, description="Bound on live tracks per camera.")


class WindowsConfig(_Table):
    """The windows into which counts are summed."""

    bucket_min: BucketLength = Field(default=15, description="Length of a bucket; a divisor of 60.")
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

    folder: FilePath | None = Field(
        default=None,
        description="Writable folder for the outbox. Absent: systemd's state directory, "
        "else ~/.local/state/edge-agent/DEVICE.",
    )
    max_mb: int = Field(
        default=64, ge=1, le=65536, description="Quota of the outbox; beyond it the oldest rows go, counted."
    )


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
    listen: Loopback | None = Field(
        default=None, description="Loopback address for /metrics and /healthz. Absent: no port is opened."
    )


class Config(_Table):
    """The whole file."""

    site: SiteConfig
    broker: BrokerConfig
    camera: Annotated[tuple[CameraConfig, ...], Field(min_length=1)] = Field(description="The cameras, as [[camera]].")
    detector: DetectorConfig = DetectorConfig()
    demographics: DemographicsConfig = DemographicsConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    tracker: TrackerConfig = TrackerConfig()
    windows: WindowsConfig = WindowsConfig()
    storage: StorageConfig = StorageConfig()
    clock: ClockConfig = ClockConfig()
    health: HealthConfig = HealthConfig()

    @model_validator(mode="after")
    def _unique_names(self) -> Self:
        cameras = list(enumerate(self.camera))
        check_unique("cameras", [(("camera", i, "name"), camera.name) for i, camera in cameras])
        lines = [
            (("camera", i, "line", j, "name"), line.name) for i, camera in cameras for j, line in enumerate(camera.line)
        ]
        check_unique("lines of a device", lines)
        return self
