"""What the surroundings of the process say: the only place that reads the environment."""

import os
from pathlib import Path
from typing import Final

from edge_agent.config.problem import ConfigError, Problem
from edge_agent.config.schema import Config

_APP: Final = "edge-agent"


def state_folder(config: Config) -> Path:
    """Where this device keeps its outbox: storage.folder, else systemd's state directory, else the user's.

    The folder need not exist yet.

    Raises:
        ConfigError: the user has no home folder.
    """
    if config.storage.folder is not None:
        return config.storage.folder
    return _systemd_folder() or _user_folder() / config.site.device


def machine_folder() -> Path:
    """Where bundles and the results of `bench` are kept, for all devices of this machine: as above, without DEVICE.

    Raises:
        ConfigError: the user has no home folder.
    """
    return _systemd_folder() or _user_folder()


def _systemd_folder() -> Path | None:
    """The first of systemd's StateDirectory= (systemd.exec(5)); it separates several with colons."""
    first = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(first) if first.startswith("/") else None


def _user_folder() -> Path:
    """See the XDG Base Directory Specification 0.8: a relative XDG_STATE_HOME is to be ignored."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if base.startswith("/"):
        return Path(base) / _APP
    try:
        return Path.home() / ".local" / "state" / _APP
    except RuntimeError:
        problem = Problem("environment", None, "HOME", None, "this user has no home folder", "set storage.folder")
        raise ConfigError([problem]) from None


def notify_socket() -> str | None:
    """Address of systemd's notification socket (sd_notify(3)); None outside systemd. A leading '@' is abstract."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    return address if address.startswith(("/", "@")) else None


def watchdog_s() -> float | None:
    """Seconds within which systemd wants a sign of life (sd_watchdog_enabled(3)); None if it wants none."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for another process, and inherited
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not (microseconds.isascii() and microseconds.isdigit()):
        return None
    return int(microseconds) / 1e6 or None


def crash_point() -> str | None:
    """Name of the point at which this process is to kill itself: for the fault tests only."""
    return os.environ.get("EDGE_AGENT_CRASH_POINT") or None
