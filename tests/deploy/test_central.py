"""The central stack: the compose file, the units and the settings that both of them read."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from support.broker import Certificates
from support.needs import needs

from edge_agent.cli import main
from edge_agent.fleet.settings import read_settings

CENTRAL = Path(__file__).resolve().parents[2] / "deploy" / "central"
UNITS = sorted((CENTRAL / "systemd").glob("*.service"))
PROGRAM = "/opt/edge-agent/bin/edge-agent"
EXPOSURE_TENTHS = 15
"""`systemd-analyze security`, in tenths; 13 with systemd 252. Versions differ a little."""

COMPOSE: dict[str, Any] = yaml.safe_load((CENTRAL / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if each["image"].startswith("edge-agent-fleet:")}
FLEET_TOML = CENTRAL / "fleet.toml"
RUN_SECRETS = "/run/secrets"


def mounted(service: dict[str, Any]) -> dict[str, str]:
    """The secrets of a service: where they lie in it, and which they are."""
    long = [each if isinstance(each, dict) else {"source": each, "target": each} for each in service.get("secrets", ())]
    return {str(Path(RUN_SECRETS) / each["target"]): each["source"] for each in long}


def beside_the_settings() -> set[str]:
    """The files that fleet.toml names without a folder, which each program has to find beside it."""
    tables = tomllib.loads(FLEET_TOML.read_text(encoding="utf-8")).values()
    values = {value for table in tables for key, value in table.items() if key.endswith("_file")}
    return {value for value in values if "/" not in value}


def unit(path: Path) -> dict[str, list[str]]:
    """Every setting of a unit with its values, as they stand."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def commands() -> dict[str, list[str]]:
    """Each way in which the stack starts `edge-agent fleet`, with its arguments."""
    found = {path.name: unit(path)["ExecStart"][0].removeprefix(f"{PROGRAM} fleet ").split() for path in UNITS}
    for name, service in OURS.items():
        shell = service.get("entrypoint", ["", "", ""])[2]
        looped = re.search(r"edge-agent fleet ([^;]*);", shell)
        found[f"compose: {name}"] = looped[1].split() if looped else [str(each) for each in service["command"]]
    return found


def test_the_settings_are_valid_and_safe() -> None:
    """The shared settings are read as they are: TLS both ways, no password in them, pages behind HTTPS with users."""
    settings = read_settings(FLEET_TOML)
    assert settings.broker.tls
    assert settings.broker.cert_file == CENTRAL / "client.crt"
    assert settings.database.password_file == CENTRAL / "database-password"
    assert settings.pages.https
    assert settings.pages.users_file == Path("/var/lib/edge-fleet/users")


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_container_finds_what_the_settings_name(name: str) -> None:
    """Beside a container's copy of fleet.toml lie all files that it names; the certificate is the container's own."""
    files = mounted(OURS[name])
    wanted = {f"{RUN_SECRETS}/{each}" for each in (*beside_the_settings(), "fleet.toml")}
    assert wanted <= set(files)
    role = {"pages": "pages", "discover": "discovery"}.get(name, "ingest")
    assert files[f"{RUN_SECRETS}/client.key"] == f"{role}.key"
    assert files[f"{RUN_SECRETS}/client.crt"] == f"{role}.crt"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_each_unit_finds_what_the_settings_name(path: Path) -> None:
    """Beside a unit's copy of fleet.toml lie all files that it names: the same file serves compose and systemd."""
    credentials = dict(each.split(":", 1) for each in unit(path)["LoadCredential"])
    assert set(credentials) == {*beside_the_settings(), "fleet.toml"}
    assert credentials["client.key"].startswith("/etc/edge-fleet/secrets/")


@pytest.mark.parametrize("start", sorted(commands()))
def test_each_start_is_one_that_the_program_knows(start: str) -> None:
    """The command of each unit and container exists, with the options that it is given."""
    command, *arguments = commands()[start]
    done = CliRunner().invoke(main, ["fleet", command, "--help"])
    assert done.exit_code == 0, done.output
    assert [each for each in arguments if each.startswith("--") and each not in done.output] == []


def test_images_are_pinned() -> None:
    """No image moves by itself: each has a version of at least two numbers."""
    for service in SERVICES.values():
        assert re.search(r":\d+\.\d+(\.\d+)?$", service["image"]), service["image"]


def test_only_the_counters_and_people_reach_the_stack() -> None:
    """Open ports are 8883 for counters and 443 with 80 for browsers; database, pages and Grafana have none."""
    open_ports = {port for service in SERVICES.values() for port in service.get("ports", ())}
    assert open_ports == {"8883:8883", "443:443", "80:80"}
    for name in ("pages", "grafana"):
        assert SERVICES[name]["network_mode"] == "service:proxy"
    assert read_settings(FLEET_TOML).pages.host == "127.0.0.1"


def test_what_must_outlive_a_container_is_in_a_volume() -> None:
    """The broker's queues, the database, the users and Grafana's own data are in volumes that are declared."""
    named = {
        (name, volume.split(":")[0], volume.split(":")[1])
        for name, service in SERVICES.items()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert {volume for _, volume, _ in named} == set(COMPOSE["volumes"])
    assert ("broker", "broker", "/var/lib/mosquitto") in named
    assert ("postgres", "database", "/var/lib/postgresql/data") in named
    assert ("pages", "users", str(Path(read_settings(FLEET_TOML).pages.users_file or "").parent)) in named
    persistence = (CENTRAL.parent / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    assert "persistence_location /var/lib/mosquitto/\n" in persistence


def test_files_that_are_mounted_are_there() -> None:
    """Every file of the repository that a container sees exists."""
    shown = [volume for service in SERVICES.values() for volume in service.get("volumes", ()) if volume.startswith(".")]
    assert len(shown) >= 7
    assert [volume for volume in shown if not (CENTRAL / volume.split(":")[0]).exists()] == []


def test_secrets_are_files_and_none_is_spare() -> None:
    """Each secret that a service uses is declared as a file, each declared one is used, none is in the environment."""
    used = {source for service in SERVICES.values() for source in mounted(service).values()}
    assert used == set(COMPOSE["secrets"])
    assert all(set(each) == {"file"} for each in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            assert "PASSWORD" not in key or str(value).startswith(RUN_SECRETS), key


def test_what_others_wait_for_says_when_it_is_ready() -> None:
    """Every service that another one waits for, and everything that serves, has a health check."""
    waited = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert waited == {"broker", "postgres"}
    for name in (*waited, "grafana", "proxy"):
        assert "healthcheck" in SERVICES[name]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"postgres", "broker", "proxy"}))
def test_containers_have_no_rights_to_spare(name: str) -> None:
    """Programs that need none have no capability, cannot gain one, and cannot write to their own files."""
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_accepts_the_unit(path: Path, tmp_path: Path) -> None:
    """The unit has only settings and values that systemd knows."""
    installed = tmp_path / path.name.replace("@.", "@1.")
    installed.write_text(path.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true"), encoding="utf-8")
    command = [needs("systemd-analyze"), "verify", "--man=no", str(installed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_sandbox_is_tight(path: Path) -> None:
    """The sandbox of each unit is rated by systemd itself at 1.5 of 10 or better."""
    command = [needs("systemd-analyze"), "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE_TENTHS}"]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_unit_gives_up_never_and_runs_as_nobody() -> None:
    """The workers and the pages are restarted for ever, and no unit runs as root."""
    for path in UNITS:
        settings = unit(path)
        assert settings["DynamicUser"] == ["yes"]
        if settings.get("Type") != ["oneshot"]:
            assert settings["Restart"] == ["always"]
            assert settings["StartLimitIntervalSec"] == ["0"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the commands of both READMEs were run as they stand."""
    folder = Certificates(tmp_path_factory.mktemp("authority")).folder
    blocks = re.findall(r"```sh\n(.*?)```", (CENTRAL / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(["sh", "-eu"], input=blocks[0], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_readme_makes_every_secret(made: Path) -> None:
    """The commands of README leave exactly the files that the compose file wants, in a folder that only root enters."""
    wanted = {str(each["file"]) for each in COMPOSE["secrets"].values()} - {"./fleet.toml"}
    assert {f"./secrets/{path.name}" for path in (made / "secrets").iterdir()} == wanted
    assert (made / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("role", ["ingest", "pages", "discovery"])
def test_each_program_has_a_name_that_the_broker_knows(made: Path, role: str) -> None:
    """The certificates of README are signed for clients, and their names stand in the broker's access list."""
    command = [needs("openssl"), "verify", "-purpose", "sslclient", "-CAfile", "ca.crt", f"secrets/{role}.crt"]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    subject = [needs("openssl"), "x509", "-noout", "-subject", "-in", f"secrets/{role}.crt"]
    name = subprocess.run(subject, cwd=made, capture_output=True, text=True, check=True).stdout.split("=")[-1].strip()
    assert f"\nuser {name}\n" in (CENTRAL.parent / "mosquitto" / "acl").read_text(encoding="utf-8")
