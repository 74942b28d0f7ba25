"""Every setting of the agent, typed, with units in the names; the only reader of the environment."""

from edge_agent.config.fields import Point
from edge_agent.config.schema import (
    Anchor,
    BrokerConfig,
    CameraConfig,
    ClockConfig,
    Config,
    DetectorConfig,
    HealthConfig,
    LineConfig,
    SiteConfig,
    StorageConfig,
    TrackerConfig,
    WindowsConfig,
    ZoneConfig,
)

__all__ = [
    "Anchor",
    "BrokerConfig",
    "CameraConfig",
    "ClockConfig",
    "Config",
    "DetectorConfig",
    "HealthConfig",
    "LineConfig",
    "Point",
    "SiteConfig",
    "StorageConfig",
    "TrackerConfig",
    "WindowsConfig",
    "ZoneConfig",
]
