"""What follows from a configuration: hashes, hours, folders, what systemd wants, the reference and the schema."""

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from edge_agent.config import (
    CameraConfig,
    Config,
    ConfigError,
    SiteConfig,
    closed_dates,
    config_hash,
    crash_point,
    geometry_hash,
    json_schema,
    machine_folder,
    notify_socket,
    opening_week,
    state_folder,
    watchdog_s,
)
from edge_agent.config.reference import reference

ROOT = Path(__file__).resolve().parents[2]


def a_config(**changes: Any) -> Config:
    """A configuration with some settings other than usual, given by their path with '__' for '.'."""
    data: dict[str, Any] = {
        "site": {"tenant": "demo", "site": "milano-01", "device": "door-1", "time_zone": "Europe/Rome"},
        "broker": {"url": "mqtts://broker.example"},
        "camera": [
            {
                "name": "entrance",
                "source": "clips/a.mp4",
                "line": [
                    {"name": "b", "from": [0.5, 0.0], "to": [0.5, 1.0], "inside": [0.0, 0.5]},
                    {"name": "a", "from": [0.2, 0.0], "to": [0.2, 1.0], "inside": [0.0, 0.5]},
                ],
                "zone": [{"name": "z", "polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]}],
            }
        ],
    }
    for path, value in changes.items():
        *outer, key = (int(part) if part.isdecimal() else part for part in path.split("__"))
        table: Any = data
        for part in outer:
            table = table.setdefault(part, {}) if isinstance(table, dict) else table[part]
        table[key] = value
    return Config.model_validate(data)


def a_camera(**changes: Any) -> CameraConfig:
    """The camera of `a_config`, with some settings other than usual."""
    return a_config(**{f"camera__0__{path}": value for path, value in changes.items()}).camera[0]


def test_the_geometry_hash_is_the_same_on_every_machine_and_version() -> None:
    """Counts of years are tied together by it: a change of this value is a change of the contract."""
    assert geometry_hash(a_camera()) == "d7e9778d6078bf0a"
    assert re.fullmatch("[0-9a-f]{16}", config_hash(a_config()))


@pytest.mark.parametrize(
    "change",
    [
        {"line__0__from": [0.5, 0.1]},
        {"line__0__to": [0.5, 0.9]},
        {"line__0__inside": [1.0, 0.5]},
        {"line__0__anchor": "center"},
        {"line__0__hysteresis": 0.02},
        {"line__0__name": "c"},
        {"line": []},
        {"zone": []},
        {"zone__0__polygon": [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]},
        {"zone__0__anchor": "center"},
        {"zone__0__name": "y"},
    ],
    ids=str,
)
def test_a_moved_line_or_zone_changes_both_hashes(change: dict[str, Any]) -> None:
    """Every part of the geometry is in the geometry hash, and so in the configuration's."""
    assert geometry_hash(a_camera(**change)) != geometry_hash(a_camera())
    changed = a_config(**{f"camera__0__{path}": value for path, value in change.items()})
    assert config_hash(changed) != config_hash(a_config())


@pytest.mark.parametrize(
    "change",
    [
        {"site__device": "door-2"},
        {"broker__protocol": "5"},
        {"broker__url": "mqtts://other.example"},
        {"camera__0__line__0__classes": ["bottle"]},
        {"camera__0__line__0__role": "passage"},
        {"camera__0__line__0__settle_s": 0.5},
        {"camera__0__source": "clips/b.mp4"},
        {"camera__0__source": "rtsp://10.0.0.9/1"},
        {"detector__bundle": "other"},
        {"tracker__lost_s": 3.0},
        {"windows__bucket_min": 5},
        {"site__opening_hours": {"mon": ["09:00-19:00"]}},
    ],
    ids=str,
)
def test_other_settings_change_the_hash_of_the_configuration_alone(change: dict[str, Any]) -> None:
    """What is counted, how and where it goes is in the configuration's hash; only geometry is in the other."""
    assert config_hash(a_config(**change)) != config_hash(a_config())
    assert geometry_hash(a_config(**change).camera[0]) == geometry_hash(a_camera())


@pytest.mark.parametrize(
    "change",
    [
        {"storage__folder": "/data"},
        {"storage__max_mb": 1},
        {"broker__ca_file": "/etc/ca.pem"},
        {"broker__cert_file": "/etc/c.pem", "broker__key_file": "/etc/k.pem"},
        {"camera__0__credentials_file": "/etc/login"},
        {"camera__0__source": "/elsewhere/a.mp4"},
        {"detector__bundle": "/elsewhere/person-s"},
        {"detector__threads": 1},
    ],
    ids=str,
)
def test_a_device_whose_files_moved_is_the_same_device(change: dict[str, Any]) -> None:
    """Neither hash changes with where things lie, nor when a default is written out."""
    assert config_hash(a_config(**change)) == config_hash(a_config())
    assert geometry_hash(a_config(**change).camera[0]) == geometry_hash(a_camera())


def test_a_password_in_an_address_is_not_in_the_hash() -> None:
    """A published hash must not let anybody try passwords against it."""
    one, other = ("http://10.0.0.9/mjpg?user=a&pwd=" + word for word in ("x", "y"))
    assert config_hash(a_config(camera__0__source=one)) == config_hash(a_config(camera__0__source=other))


def test_the_order_of_lines_and_the_sign_of_zero_are_not_geometry() -> None:
    """Lines listed in another order, and -0.0 for 0.0, are the same geometry."""
    camera = a_camera()
    turned = camera.model_copy(update={"line": camera.line[::-1]})
    assert geometry_hash(turned) == geometry_hash(camera)
    assert geometry_hash(a_camera(zone__0__polygon=[[-0.0, 0.0], [1.0, -0.0], [1.0, 1.0]])) == geometry_hash(camera)


def test_opening_hours_are_minutes_from_monday() -> None:
    """Spans become minutes after midnight, in order; 24:00 is 1440; a day left out is closed."""
    site = SiteConfig.model_validate(
        {
            **a_config().site.model_dump(),
            "opening_hours": {
                "mon": ["15:00-24:00", "00:00-01:30"],
                "sun": ["10:00 - 11:00"],
                "closed_on": [date(2026, 12, 25)],
            },
        }
    )
    assert opening_week(site) == (((0, 90), (900, 1440)), (), (), (), (), (), ((600, 660),))
    assert closed_dates(site) == {date(2026, 12, 25)}


def test_a_shop_without_hours_is_always_open() -> None:
    """No table means no closing time, which differs from a table without days."""
    assert opening_week(a_config().site) is None
    assert closed_dates(a_config().site) == frozenset()
    assert opening_week(a_config(site__opening_hours={}).site) == ((),) * 7


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which none of the variables that matter is set, and the home folder is /home/me."""
    names = "STATE_DIRECTORY XDG_STATE_HOME NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID EDGE_AGENT_CRASH_POINT"
    for name in names.split():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    return monkeypatch


def test_the_state_folder_is_the_configured_one_first(bare: pytest.MonkeyPatch) -> None:
    """Configured beats systemd, systemd beats XDG, XDG beats the home folder; only the user's is named by device."""
    config = a_config()
    assert state_folder(config) == Path("/home/me/.local/state/edge-agent/door-1")
    assert machine_folder() == Path("/home/me/.local/state/edge-agent")
    bare.setenv("XDG_STATE_HOME", "/xdg")
    assert state_folder(config) == Path("/xdg/edge-agent/door-1")
    assert machine_folder() == Path("/xdg/edge-agent")
    bare.setenv("STATE_DIRECTORY", "/var/lib/edge-agent:/var/lib/other")
    assert state_folder(config) == machine_folder() == Path("/var/lib/edge-agent")
    assert state_folder(a_config(storage__folder="/data")) == Path("/data")


def test_relative_folders_in_the_environment_are_ignored(bare: pytest.MonkeyPatch) -> None:
    """The XDG specification says so, and systemd never sets one."""
    bare.setenv("XDG_STATE_HOME", "state")
    bare.setenv("STATE_DIRECTORY", "state")
    assert machine_folder() == Path("/home/me/.local/state/edge-agent")


def test_a_user_without_a_home_is_told_what_to_set(bare: pytest.MonkeyPatch) -> None:
    """A container's user may have neither."""
    bare.delenv("HOME")
    bare.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    with pytest.raises(ConfigError, match="this user has no home folder; set storage"):
        state_folder(a_config())


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_obeyed_by_the_process_it_is_meant_for(
    bare: pytest.MonkeyPatch, environment: dict[str, str], seconds: float | None
) -> None:
    """As sd_watchdog_enabled(3): a number above 0, and either no process id or this one's."""
    for name, value in environment.items():
        bare.setenv(name, value)
    assert watchdog_s() == seconds


def test_the_notification_socket_is_a_path_or_abstract(bare: pytest.MonkeyPatch) -> None:
    """Anything else is not a socket of systemd's."""
    assert notify_socket() is None
    for address, expected in (("/run/systemd/notify", "/run/systemd/notify"), ("@abc", "@abc"), ("vsock:2:1", None)):
        bare.setenv("NOTIFY_SOCKET", address)
        assert notify_socket() == expected


def test_the_crash_point_is_off_unless_named(bare: pytest.MonkeyPatch) -> None:
    """An empty variable names nothing."""
    assert crash_point() is None
    bare.setenv("EDGE_AGENT_CRASH_POINT", "")
    assert crash_point() is None
    bare.setenv("EDGE_AGENT_CRASH_POINT", "outbox.before_commit")
    assert crash_point() == "outbox.before_commit"


def test_the_reference_is_up_to_date() -> None:
    """docs/configuration.md is what `python -m edge_agent.config.reference` prints."""
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == reference()


def test_every_setting_has_a_meaning_in_the_reference() -> None:
    """No row of the reference lacks its last column."""
    rows = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert all(row.count(" | ") == 3 and not row.endswith("|  |") for row in rows)


def test_the_schema_for_editors_knows_toml() -> None:
    """TOML has no null, so the schema offers none, and our own words stay out of it."""
    text = json_schema()
    schema = json.loads(text)
    assert '"null"' not in text
    assert '"allowed"' not in text
    assert schema["properties"]["site"] == {"$ref": "#/$defs/SiteConfig"}
    assert schema["$defs"]["LineConfig"]["required"] == ["name", "from", "to", "inside"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["BrokerConfig"]["properties"]["password_file"]["type"] == "string"
