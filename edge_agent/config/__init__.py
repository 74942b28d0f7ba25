"""Every setting of the agent, typed, with units in the names; the only reader of the environment."""

from edge_agent.config.allowed import json_schema
from edge_agent.config.environment import (
    crash_point,
    machine_folder,
    notify_socket,
    state_folder,
    watchdog_s,
)
from edge_agent.config.fields import Point
from edge_agent.config.fingerprint import config_hash, geometry_hash
from edge_agent.config.hours import Week, closed_dates, opening_week
from edge_agent.config.load import load
from edge_agent.config.problem import ConfigError, Problem
from edge_agent.config.schema import (
    Anchor,
    BrokerConfig,
    CameraConfig,
    ClockConfig,
    Config,
    DemographicsConfig,
    DetectorConfig,
    HealthConfig,
    LineConfig,
    OpeningHours,
    PrivacyConfig,
    SiteConfig,
    StorageConfig,
    TrackerConfig,
    WindowsConfig,
    ZoneConfig,
)
from edge_agent.config.verify import Verified, verify
from edge_agent.config.write import as_toml

__all__ = [
    "Anchor",
    "BrokerConfig",
    "CameraConfig",
    "ClockConfig",
    "Config",
    "ConfigError",
    "DemographicsConfig",
    "DetectorConfig",
    "HealthConfig",
    "LineConfig",
    "OpeningHours",
    "Point",
    "PrivacyConfig",
    "Problem",
    "SiteConfig",
    "StorageConfig",
    "TrackerConfig",
    "Verified",
    "Week",
    "WindowsConfig",
    "ZoneConfig",
    "as_toml",
    "closed_dates",
    "config_hash",
    "crash_point",
    "geometry_hash",
    "json_schema",
    "load",
    "machine_folder",
    "notify_socket",
    "opening_week",
    "state_folder",
    "verify",
    "watchdog_s",
]
