"""What the configuration says that a document must say: what is on is told, what is off is not claimed."""

from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address

from edge_agent import __version__
from edge_agent.config import CameraConfig, Config, config_hash
from edge_agent.terms import LineRole


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """One camera: what is measured in its picture."""

    name: str
    doors: tuple[str, ...]
    pass_by: tuple[str, ...]
    passages: tuple[str, ...]
    zones: tuple[str, ...]
    demographics: bool
    notice_date: date | None

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines."""
        return (*self.doors, *self.pass_by, *self.passages)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the documents say about one device.

    Attributes:
        demographics: whether any camera estimates sex and age.
        k: the smallest demographic cell that is published.
        epsilon: the noise's budget for a day; None without noise.
        bucket_min: length of a window.
        live: whether counters are sent as they change.
        host: the broker.
        encrypted, here: whether the connection is encrypted, or does not leave the machine.
        certificate: whether the device proves who it is by a certificate of its own.
        until_watermark: whether messages stay on the device until the centre says that it has them.
    """

    tenant: str
    site: str
    device: str
    time_zone: str
    cameras: tuple[CameraFacts, ...]
    demographics: bool
    k: int
    epsilon: float | None
    bucket_min: int
    live: bool
    host: str
    encrypted: bool
    here: bool
    certificate: bool
    until_watermark: bool
    max_mb: int
    config: str
    version: str

    @property
    def has_lines(self) -> bool:
        """Whether crossings are counted anywhere."""
        return any(camera.lines for camera in self.cameras)

    @property
    def has_doors(self) -> bool:
        """Whether people inside are estimated."""
        return any(camera.doors for camera in self.cameras)

    @property
    def has_pass_by(self) -> bool:
        """Whether passers-by are counted."""
        return any(camera.pass_by for camera in self.cameras)

    @property
    def has_zones(self) -> bool:
        """Whether presence and dwell are measured anywhere."""
        return any(camera.zones for camera in self.cameras)


def facts(config: Config) -> Facts:
    """Read them off a configuration."""
    broker = config.broker
    return Facts(
        tenant=config.site.tenant,
        site=config.site.site,
        device=config.site.device,
        time_zone=config.site.time_zone,
        cameras=tuple(_camera(camera) for camera in config.camera),
        demographics=any(camera.demographics for camera in config.camera),
        k=config.privacy.k,
        epsilon=config.privacy.epsilon_per_day,
        bucket_min=config.windows.bucket_min,
        live=broker.live,
        host=broker.host,
        encrypted=broker.tls,
        here=_is_here(broker.host),
        certificate=broker.cert_file is not None,
        until_watermark=broker.trim == "watermark",
        max_mb=config.storage.max_mb,
        config=config_hash(config),
        version=__version__,
    )


def _camera(camera: CameraConfig) -> CameraFacts:
    def named(role: LineRole) -> tuple[str, ...]:
        return tuple(line.name for line in camera.line if line.role is role)

    return CameraFacts(
        name=camera.name,
        doors=named(LineRole.DOOR),
        pass_by=named(LineRole.PASS_BY),
        passages=named(LineRole.PASSAGE),
        zones=tuple(zone.name for zone in camera.zone),
        demographics=camera.demographics,
        notice_date=camera.notice_date,
    )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
