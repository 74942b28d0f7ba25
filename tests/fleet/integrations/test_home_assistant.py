"""Discovery by Home Assistant, through a real broker; scripts/check-dashboards has a real Home Assistant read it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from click.testing import CliRunner, Result
from fleet.integrations.devices import birth, keep, store
from hypothesis import given
from hypothesis import strategies as st
from support.broker import Broker, Listener, until

from edge_agent.cli import main
from edge_agent.fleet import home_assistant
from edge_agent.fleet.home_assistant import Announced, discovery
from edge_agent.message import base_topic

DOOR = birth("milano-01", "door-1")
NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,8}\Z")


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    monkeypatch.setattr(home_assistant, "QUIET_S", 0.3)  # the broker is on the loopback
    with Broker(tmp_path / "broker") as broker:
        yield broker


def discover(folder: Path, broker: Broker, database: str, *options: str, enabled: bool = True) -> Result:
    config = folder / "fleet.toml"
    config.write_text(f"[home_assistant]\nenabled = {str(enabled).lower()}\n")
    where = ["--config", str(config), "--database", database, "--broker", broker.url]
    return CliRunner().invoke(main, ["fleet", "discover", *where, *options])


def kept(broker: Broker) -> dict[str, Any]:
    """What a Home Assistant that starts now would be told: topic to message."""
    with Listener(broker.port, ("homeassistant/#", "end")) as late:
        late.publish("end", "end")
        until(lambda: any(seen.topic == "end" for seen in late.seen))
        return {seen.topic: json.loads(seen.payload) for seen in late.seen if seen.retained}


def only(broker: Broker) -> Any:
    """The one message that is kept."""
    (message,) = kept(broker).values()
    return message


def test_a_device_is_announced_with_all_that_it_counts(tmp_path: Path, broker: Broker) -> None:
    """One retained message per admitted device has an entity for each live leaf and for each camera's health."""
    with Listener(broker.port) as client:
        keep(client, DOOR)
    done = discover(tmp_path, broker, store(tmp_path, DOOR))
    assert (done.exit_code, done.output) == (0, "announced: 1, removed: 0, unchanged: 0\n")
    assert set(only(broker)["components"]) == {
        "line.door.in",
        "line.door.out",
        "camera.entrance.inside",
        "camera.entrance.zone.till",
        "camera.entrance.sees",
        "temperature",
        "outbox",
    }


def test_what_the_broker_keeps_already_is_not_written_again(tmp_path: Path, broker: Broker) -> None:
    """A second run of a timer disturbs nobody: nothing is published."""
    with Listener(broker.port) as client:
        keep(client, DOOR)
    database = store(tmp_path, DOOR)
    discover(tmp_path, broker, database)
    with Listener(broker.port, ("homeassistant/#",)) as watcher:
        done = discover(tmp_path, broker, database)
        assert done.output == "announced: 0, removed: 0, unchanged: 1\n"
        assert [seen for seen in watcher.seen if not seen.retained] == []


@pytest.mark.parametrize("how", ["forgotten", "switched off"])
def test_a_device_that_is_forgotten_disappears(tmp_path: Path, broker: Broker, how: str) -> None:
    """A device that the store has no longer, and all devices once discovery is off, are taken away."""
    with Listener(broker.port) as client:
        keep(client, DOOR)
        client.publish("homeassistant/device/of_somebody_else/config", "{}", retain=True)
    discover(tmp_path, broker, store(tmp_path, DOOR))
    if how == "forgotten":
        (tmp_path / "fleet.db").unlink()
    done = discover(tmp_path, broker, store(tmp_path), enabled=how == "forgotten")
    assert done.output == "announced: 0, removed: 1, unchanged: 0\n"
    assert list(kept(broker)) == ["homeassistant/device/of_somebody_else/config"]


def test_a_device_in_quarantine_is_not_announced(tmp_path: Path, broker: Broker) -> None:
    """Who has not been admitted is shown to nobody, whatever it publishes."""
    stranger = birth("milano-01", "stranger")
    with Listener(broker.port) as client:
        keep(client, stranger)
    done = discover(tmp_path, broker, store(tmp_path, quarantined=(stranger,)))
    assert (done.output, kept(broker)) == ("announced: 0, removed: 0, unchanged: 0\n", {})


def test_a_broker_that_has_forgotten_takes_no_entity_away(tmp_path: Path, broker: Broker) -> None:
    """A live leaf that is not there at the moment keeps its entity, until somebody asks for `--afresh`."""
    with Listener(broker.port) as client:
        keep(client, DOOR)
    database = store(tmp_path, DOOR)
    discover(tmp_path, broker, database)
    with Listener(broker.port) as client:
        client.publish(f"{base_topic('acme', 'milano-01', 'door-1')}/live/door/out", "", retain=True)
    assert discover(tmp_path, broker, database).output == "announced: 0, removed: 0, unchanged: 1\n"
    assert "state_topic" in only(broker)["components"]["line.door.out"]
    discover(tmp_path, broker, database, "--afresh")
    assert only(broker)["components"]["line.door.out"] == {"platform": "sensor"}


def test_a_broker_that_forbids_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the access list throws the message away and acknowledges it all the same, the command fails in one line."""
    monkeypatch.setattr(home_assistant, "QUIET_S", 0.1)
    monkeypatch.setattr(home_assistant, "PATIENCE_S", 0.5)
    (tmp_path / "acl").write_text("topic read #\n")
    database = store(tmp_path, DOOR)
    broker = Broker(tmp_path / "broker", None)
    config = f"listener {broker.port} 127.0.0.1\nallow_anonymous true\nacl_file {tmp_path / 'acl'}\n"
    with Broker(tmp_path / "broker", config, port=broker.port) as broker:
        done = discover(tmp_path, broker, database)
    assert done.exit_code == 1
    assert "the broker did not keep it" in done.output
    assert len(done.output.splitlines()) == 1


def test_no_broker_is_one_line(tmp_path: Path) -> None:
    """Where nobody listens the command says so with the address and fails."""
    done = CliRunner().invoke(
        main, ["fleet", "discover", "--database", store(tmp_path), "--broker", "mqtt://127.0.0.1:9"]
    )
    assert done.exit_code == 1
    assert done.output.startswith("mqtt://127.0.0.1:9: ")
    assert len(done.output.splitlines()) == 1


def test_a_camera_that_is_gone_takes_its_entities_along() -> None:
    """What was announced of a camera that the newest birth has no more is taken away; a line's entity stays."""
    device = Announced("acme", "milano-01", "door-1", None, DOOR)
    before = discovery(device, ["door/in", "entrance/inside"])["components"]
    after = Announced("acme", "milano-01", "door-1", None, birth("milano-01", "door-1", "till"))
    components = discovery(after, [], before)["components"]
    assert components["camera.entrance.inside"] == {"platform": "sensor"}
    assert components["camera.entrance.sees"] == {"platform": "binary_sensor"}
    assert components["line.door.in"] == before["line.door.in"]


@pytest.mark.parametrize(("payload", "state"), [("0", "0"), ("17", "17"), ("unknown", "None")])
def test_blind_is_unknown_and_zero_is_a_number(payload: str, state: str) -> None:
    """The template of a live leaf gives the number, and for `unknown` Home Assistant's own word for it."""
    device = Announced("acme", "milano-01", "door-1", None, DOOR)
    template = discovery(device, ["door/in"])["components"]["line.door.in"]["value_template"]
    assert jinja2.Environment(autoescape=True).from_string(template).render(value=payload) == state


@given(st.lists(st.tuples(NAMES, NAMES, NAMES), min_size=2, unique=True))
def test_no_two_devices_share_an_id(keys: list[tuple[str, str, str]]) -> None:
    """However tenants, sites and devices are called, each device has an id and entities of its own."""
    told = [discovery(Announced(*key, None, None), ["a/in", "a/b/occupancy"]) for key in keys]
    ids = [component["unique_id"] for each in told for component in each["components"].values()]
    assert len(ids) == len(set(ids))


@given(NAMES, NAMES, NAMES, NAMES)
def test_no_two_leaves_share_an_entity(a: str, b: str, c: str, d: str) -> None:
    """However lines, cameras and zones are called, each leaf has an entity of its own."""
    leaves = {f"{a}/in", f"{a}/out", f"{b}/inside", f"{b}/{c}/occupancy", f"{c}/{d}/occupancy", f"{d}/in"}
    device = Announced("t", "s", "d", None, None)
    components = discovery(device, leaves)["components"].values()
    shown = [each["state_topic"] for each in components if "/live/" in each["state_topic"]]
    assert sorted(shown) == sorted(f"footfall/v1/t/s/d/live/{leaf}" for leaf in leaves)
