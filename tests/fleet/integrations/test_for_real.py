"""What other people's programs make of our files: started here, fed through a real broker, looked at from outside.

`scripts/check-dashboards` installs them and runs this; without it each test says what it lacks.
"""

import json
import os
import re
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from click.testing import CliRunner
from fleet.integrations.devices import birth, keep, store
from jsonschema import Draft7Validator
from support.broker import Broker, Listener, free_port, until
from support.needs import lacks, needs

from edge_agent.cli import main
from edge_agent.health import health_server
from edge_agent.message import Health, base_topic

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]

REPO = Path(__file__).resolve().parents[3]
CACHE = REPO / ".cache" / "dashboards"
DASHBOARDS = REPO / "deploy" / "dashboards"
CENTRAL = REPO / "deploy" / "central"
GOLDEN = REPO / "tests" / "contract" / "golden"
DOOR = birth("milano-01", "door-1")
BASE = base_topic("acme", "milano-01", "door-1")
PATIENCE_S = 60.0


def installed(path: Path) -> Path:
    """A program below .cache/dashboards."""
    if not path.exists():
        lacks(f"needs {path.relative_to(REPO)}: scripts/check-dashboards installs it")
    return path


@contextmanager
def running(command: list[str], folder: Path, **environment: str) -> Iterator[Path]:
    """A program in the background; its output is a file."""
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, cwd=folder, env=os.environ | environment, start_new_session=True
        )
        try:
            yield log
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def said(*command: str | Path, folder: Path | None = None, **environment: str) -> tuple[int, str]:
    """Exit status and all output."""
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, cwd=folder, env=os.environ | environment
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as broker:
        yield broker


# --- Home Assistant ---------------------------------------------------------------------------------------------------

CONFIGURATION = "homeassistant:\nmqtt_statestream:\n  base_topic: seen\nlogger:\n  default: warning\n"
PREFIX = "sensor/milano_duomo_door_1"
COUNTED = (f"{PREFIX}_door_in", f"{PREFIX}_door_out", f"{PREFIX}_entrance_inside", f"{PREFIX}_entrance_till")


def mqtt_entry(port: int) -> str:
    """What Home Assistant keeps when somebody has added MQTT in its pages."""
    entry = {
        "created_at": "2026-01-01T00:00:00+00:00",
        "modified_at": "2026-01-01T00:00:00+00:00",
        "data": {"broker": "127.0.0.1", "port": port},
        "options": {"discovery": True, "discovery_prefix": "homeassistant"},
        "domain": "mqtt",
        "entry_id": "01J0000000000000000000000A",
        "title": "mqtt",
        "source": "user",
        "version": 1,
        "minor_version": 2,
        "disabled_by": None,
        "discovery_keys": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "subentries": [],
        "unique_id": None,
    }
    return json.dumps({"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}})


@contextmanager
def home_assistant(port: int, folder: Path) -> Iterator[Path]:
    """A Home Assistant that has MQTT and tells over MQTT what its entities say."""
    debian = installed(CACHE / "home-assistant" / "made-from").parent
    config = debian / "root" / folder.parent.name
    (config / ".storage").mkdir(parents=True)
    (config / "configuration.yaml").write_text(CONFIGURATION)
    (config / ".storage" / "core.config_entries").write_text(mqtt_entry(port))
    inside = f"/{config.relative_to(debian)}"
    command = [needs("chroot"), str(debian), "/opt/ha/bin/hass", "--skip-pip", "--config", inside]
    try:
        with running(command, folder, PATH="/usr/bin:/bin", HOME="/root", LANG="C.UTF-8") as log:
            yield log
    finally:
        subprocess.run(["rm", "-rf", str(config)], check=True)


def shown(listener: Listener) -> dict[str, str]:
    """What each entity says now."""
    states = [seen for seen in list(listener.seen) if seen.topic.endswith("/state") and seen.topic.startswith("seen/")]
    return {seen.topic.removeprefix("seen/").removesuffix("/state"): seen.payload.decode() for seen in states}


def discover(folder: Path, broker: Broker, database: str) -> None:
    config = folder / "fleet.toml"
    config.write_text("[home_assistant]\nenabled = true\n")
    where = ["--config", str(config), "--database", database, "--broker", broker.url]
    done = CliRunner().invoke(main, ["fleet", "discover", *where])
    assert done.exit_code == 0, done.output


def test_home_assistant_shows_what_a_device_says(tmp_path: Path, broker: Broker) -> None:
    """A real Home Assistant makes entities of our message, follows them, says unknown and unavailable, forgets them."""
    folder = tmp_path / "home-assistant"
    folder.mkdir()
    with (
        Listener(broker.port, ("seen/#", "homeassistant/status")) as watcher,
        Listener(broker.port, ("nothing",)) as device,
        home_assistant(broker.port, folder) as log,
    ):
        keep(device, DOOR)
        until(lambda: any(seen.payload == b"online" for seen in watcher.seen), patience_s=PATIENCE_S, why="no start")
        discover(tmp_path, broker, store(tmp_path, DOOR))
        wanted = dict(zip(COUNTED, ("12", "10", "2", "unknown"), strict=True))
        until(lambda: shown(watcher).items() >= wanted.items(), patience_s=PATIENCE_S, why=log.read_text())
        device.publish(f"{BASE}/live/door/in", "0", retain=True)  # midnight
        device.publish(f"{BASE}/live/entrance/inside", "unknown", retain=True)
        device.publish(f"{BASE}/live/entrance/till/occupancy", "4", retain=True)
        device.publish(f"{BASE}/health", (GOLDEN / "health.json").read_bytes())
        wanted = dict(zip(COUNTED, ("0", "10", "unknown", "4"), strict=True))
        wanted |= {f"{PREFIX}_temperature": "58", f"{PREFIX}_messages_waiting": "2"}
        wanted |= {f"binary_{PREFIX}_entrance_sees": "on"}
        until(lambda: shown(watcher).items() >= wanted.items(), why=str(shown(watcher)))
        device.publish(f"{BASE}/state", birth("milano-01", "door-1", status="offline").payload(), retain=True)
        until(lambda: {shown(watcher)[entity] for entity in COUNTED} == {"unavailable"}, why=str(shown(watcher)))
        (tmp_path / "fleet.db").unlink()
        discover(tmp_path, broker, store(tmp_path))
        registry = CACHE / "home-assistant" / "root" / folder.parent.name / ".storage" / "core.entity_registry"
        until(lambda: registry.exists() and not entities(registry), patience_s=PATIENCE_S, why="entities stay")
        errors = [line for line in log.read_text().splitlines() if "ERROR" in line or "mqtt" in line.lower()]
        assert errors == []


def entities(registry: Path) -> list[str]:
    """The entities of MQTT that Home Assistant has written down."""
    try:
        known = json.loads(registry.read_text(encoding="utf-8"))["data"]["entities"]
    except ValueError:  # while it is written
        return ["?"]
    return [each["entity_id"] for each in known if each["platform"] == "mqtt"]


# --- Node-RED ---------------------------------------------------------------------------------------------------------


def test_the_node_red_flow_shows_what_devices_say(tmp_path: Path, broker: Broker) -> None:
    """A real Node-RED with our flow gives live numbers and hours as JSON and as a page; an hour sent twice is one."""
    program = installed(CACHE / "node-red" / "node_modules" / ".bin" / "node-red")
    folder = tmp_path / "node-red"
    folder.mkdir()
    (folder / "flows.json").write_bytes((DASHBOARDS / "node-red" / "flows.json").read_bytes())
    port = free_port()
    command = [str(program), "--userDir", str(folder), "--port", str(port), "-D", "uiHost=127.0.0.1", "flows.json"]
    hour = (GOLDEN / "hours.json").read_bytes()
    with (
        running(command, folder, MQTT_HOST="127.0.0.1", MQTT_PORT=str(broker.port)) as log,
        Listener(broker.port, ("nothing",)) as device,
    ):
        keep(device, DOOR)
        until(lambda: "Connected to broker" in log.read_text(), patience_s=PATIENCE_S, why="no start")
        for _ in range(2):
            device.publish("footfall/v1/demo/milano-01/door-1/hours", hour)
        until(lambda: len(given(port)["live"]) == 4 and given(port)["hours"], why=log.read_text())
        told = given(port)
        assert {each["leaf"]: each["value"] for each in told["live"]} == {
            "door/in": 12,
            "door/out": 10,
            "entrance/inside": 2,
            "entrance/till/occupancy": None,
        }
        (row,) = told["hours"]
        sent = json.loads(hour)
        assert row["entered"] == sum(line["in"] for line in sent["lines"] if line["role"] == "door")
        assert (row["observed_s"], row["expected_s"]) == (sent["observed_s"], sent["expected_s"])
        page = fetched(port, "/footfall").decode()
        assert re.findall(r'<td class="n">(\w+)</td></tr>', page)[:4] == ["12", "10", "2", "unknown"]
        assert "[error]" not in log.read_text()


def fetched(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        body: bytes = answer.read()
        return body


def given(port: int) -> Any:
    """What the flow's own address says now."""
    return json.loads(fetched(port, "/footfall.json"))


# --- Prometheus -------------------------------------------------------------------------------------------------------


_QUICK = "scrape_interval: 1s\n  scrape_timeout: 1s\n  evaluation_interval: 1s"


@contextmanager
def health_of_a_device(port: int) -> Iterator[None]:
    """A device's /metrics, with the golden health message."""
    health = Health.model_validate_json((GOLDEN / "health.json").read_bytes())
    server = health_server(f"127.0.0.1:{port}", lambda: health, list)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_prometheus_takes_the_rules_and_each_alert_fires_when_it_should(tmp_path: Path) -> None:
    """Promtool accepts configuration and rules; each alert fires on its series and stays quiet on those alike."""
    promtool = needs("promtool")
    folder = DASHBOARDS / "prometheus"
    assert said(promtool, "check", "rules", "rules.yml", folder=folder)[0] == 0
    assert said(promtool, "test", "rules", "rules.test.yml", folder=folder)[0] == 0
    (tmp_path / "token").write_text("x")
    (tmp_path / "rules.yml").write_bytes((folder / "rules.yml").read_bytes())
    text = (folder / "prometheus.yml").read_text(encoding="utf-8")
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/edge-fleet.token", str(tmp_path / "token")))
    status, output = said(promtool, "check", "config", "prometheus.yml", folder=tmp_path)
    assert status == 0, output


def test_prometheus_reads_a_device(tmp_path: Path) -> None:
    """A real Prometheus scrapes a device's metrics with our rules loaded, and an alert of them goes off."""
    port, device = free_port(), free_port()
    (tmp_path / "rules.yml").write_bytes((DASHBOARDS / "prometheus" / "rules.yml").read_bytes())
    (tmp_path / "agents.yml").write_text(f"- targets: ['127.0.0.1:{device}']\n")
    (tmp_path / "token").write_text("x")
    text = (DASHBOARDS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    for shipped, here in (
        ("/etc/prometheus/edge-agents/*.yml", str(tmp_path / "agents.yml")),
        ("/etc/prometheus/edge-fleet.token", str(tmp_path / "token")),
        ("scrape_interval: 60s\n  scrape_timeout: 30s\n  evaluation_interval: 60s", _QUICK),
    ):
        assert shipped in text
        text = text.replace(shipped, here)
    (tmp_path / "prometheus.yml").write_text(text)
    prometheus = [needs("prometheus"), f"--web.listen-address=127.0.0.1:{port}"]
    prometheus += [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    (tmp_path / "prometheus").mkdir()
    with health_of_a_device(device), running(prometheus, tmp_path / "prometheus") as log:
        until(lambda: value(port, "edge_agent_temperature_c") == "58", patience_s=PATIENCE_S, why=log.read_text())
        assert value(port, 'edge_agent_camera_fps_milli{camera="entrance"}') == "9987"
        assert value(port, 'up{job="edge-agent"}') == "1"
        until(lambda: "FootfallPagesDown" in alerts(port), patience_s=PATIENCE_S)  # nobody answers at the pages' name
        rules = json.loads(fetched(port, "/api/v1/rules"))["data"]["groups"]
        assert [rule["name"] for group in rules for rule in group["rules"] if rule["health"] == "err"] == []


def value(port: int, query: str) -> str | None:
    """What Prometheus answers; None for nothing."""
    try:
        answer = json.loads(fetched(port, f"/api/v1/query?{urlencode({'query': query})}"))
    except OSError:
        return None
    found = answer["data"]["result"]
    return str(found[0]["value"][1]) if found else None


def alerts(port: int) -> set[str]:
    """Names of the alerts that are pending or fire."""
    return {each["labels"]["alertname"] for each in json.loads(fetched(port, "/api/v1/alerts"))["data"]["alerts"]}


# --- Grafana ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["footfall", "devices"])
def test_grafanas_own_models_read_the_dashboards(name: str) -> None:
    """Grafana's published models take a dashboard and give it back with every key: none is unknown to them."""
    readers = installed(CACHE / "readers" / "bin" / "python")
    path = DASHBOARDS / "grafana" / "dashboards" / f"{name}.json"
    status, output = said(readers, "-c", _READ_DASHBOARD, str(path))
    assert status == 0, output
    assert lost(json.loads(path.read_text(encoding="utf-8")), json.loads(output)) == []


def lost(sent: Any, back: Any, where: str = "") -> list[str]:
    """What is not there any more, or is another value."""
    if isinstance(sent, dict) and isinstance(back, dict):
        return [each for key in sent for each in lost(sent[key], back.get(key), f"{where}.{key}")]
    if isinstance(sent, list) and isinstance(back, list) and len(sent) == len(back):
        return [each for at, value in enumerate(sent) for each in lost(value, back[at], f"{where}[{at}]")]
    return [] if sent in (back, {}, []) else [f"{where}: {sent!r}, not {back!r}"]


_READ_DASHBOARD = """
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
register_default_plugins()
print(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(json.load(open(sys.argv[1])))))
"""

# --- the central stack ------------------------------------------------------------------------------------------------


def test_the_compose_file_is_one() -> None:
    """compose.yaml is valid by the published Compose specification: two readers of it, neither of them ours."""
    text = (CENTRAL / "compose.yaml").read_text(encoding="utf-8")
    readers = installed(CACHE / "readers" / "bin" / "python")
    assert said(readers, "-c", _READ_COMPOSE, str(CENTRAL / "compose.yaml")) == (0, "")
    debians = (
        json.loads(Path(_DEBIANS_SCHEMA).read_text()) if Path(_DEBIANS_SCHEMA).exists() else lacks("no docker-compose")
    )
    document = yaml.safe_load(text)
    del document["name"]  # younger than that schema
    assert [error.message for error in Draft7Validator(debians).iter_errors(document)] == []
    document["services"]["pages"]["prots"] = document["services"]["pages"].pop("image")
    assert list(Draft7Validator(debians).iter_errors(document)) != []


def test_caddy_takes_the_proxys_file() -> None:
    """The proxy's configuration is one that Caddy accepts."""
    command = [needs("caddy"), "adapt", "--validate", "--config", str(CENTRAL / "Caddyfile")]
    status, output = said(*command, PAGES_NAME="footfall.example.com")
    assert status == 0, output
    assert '"127.0.0.1:8800"' in output


_DEBIANS_SCHEMA = Path("/usr/lib/python3/dist-packages/compose/config/compose_spec.json")
_READ_COMPOSE = """
import re, sys, yaml, compose_spec
text = re.sub(r"\\$\\{[^}]*\\}", "name.example.com", open(sys.argv[1]).read())
compose_spec.PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(text))).validate()
"""
