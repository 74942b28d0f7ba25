"""deploy/dashboards, judged without the programs that it is for: names, topics and fields are those of the product."""

import json
import re
import threading
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from paho.mqtt.client import topic_matches_sub
from support.broker import free_port

from edge_agent.health import health_server
from edge_agent.message import TOPICS, Health, base_topic

REPO = Path(__file__).resolve().parents[3]
DASHBOARDS = REPO / "deploy" / "dashboards"
GOLDEN = REPO / "tests" / "contract" / "golden"
RULES = yaml.safe_load((DASHBOARDS / "prometheus" / "rules.yml").read_text(encoding="utf-8"))["groups"]
RULE_TESTS = yaml.safe_load((DASHBOARDS / "prometheus" / "rules.test.yml").read_text(encoding="utf-8"))["tests"]
ALERTS = {rule["alert"]: rule for group in RULES for rule in group["rules"]}
FLOWS = json.loads((DASHBOARDS / "node-red" / "flows.json").read_text(encoding="utf-8"))
TELEGRAF = tomllib.loads((DASHBOARDS / "telegraf" / "telegraf.conf").read_text(encoding="utf-8"))

CORE_NODES = {"tab", "mqtt-broker", "mqtt in", "function", "debug", "http in", "http response", "template"}
CONSUMER_KEYS = {
    # of Telegraf 1.33's documentation of inputs.mqtt_consumer
    *("servers", "topics", "topic_tag", "qos", "connection_timeout", "keepalive", "ping_timeout"),
    *("max_undelivered_messages", "persistent_session", "client_id", "username", "password", "tls_ca", "tls_cert"),
    *("tls_key", "insecure_skip_verify", "client_trace", "data_format", "topic_parsing"),
    *("name_override", "data_type", "json_v2"),  # of every input, and of its parsers
}


def some_topics() -> list[str]:
    """A topic of each kind that a device publishes on."""
    base = base_topic("acme", "milano-01", "door-1")
    return [f"{base}/{topic.leaf.replace('{', '').replace('}', '')}" for topic in TOPICS]


def heard(subscription: str) -> list[str]:
    """Which kinds of topics a subscription hears."""
    return [
        topic.leaf for topic, name in zip(TOPICS, some_topics(), strict=True) if topic_matches_sub(subscription, name)
    ]


# --- Prometheus -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_each_alert_is_tested_both_ways(alert: str) -> None:
    """The tests for promtool have for each alert one series on which it fires and one on which it does not."""
    expected = [
        bool(each["exp_alerts"])
        for test in RULE_TESTS
        for each in test["alert_rule_test"]
        if each["alertname"] == alert
    ]
    assert sorted(expected) == [False, True]


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_each_alert_says_what_and_how_urgent(alert: str) -> None:
    """Who is woken reads what it is about; every alert is for now or for the next working day."""
    assert ALERTS[alert]["labels"]["severity"] in ("page", "ticket")
    assert ALERTS[alert]["annotations"]["summary"]


@pytest.fixture(scope="module")
def device_metrics() -> set[str]:
    """Names of the metrics that a device really serves."""
    health = Health.model_validate_json((GOLDEN / "health.json").read_bytes())
    server = health_server(f"127.0.0.1:{free_port()}", lambda: health, list)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    thread.join()
    server.server_close()
    return set(re.findall(r"^(\w+)[{ ]", text, re.MULTILINE))


@pytest.fixture(scope="module")
def fleet_metrics() -> set[str]:
    """Names of the metrics of the fleet's pages, as docs/ops.md lists them."""
    return set(
        re.findall(r"^\| `(footfall_fleet_\w+)`", (REPO / "docs" / "ops.md").read_text(encoding="utf-8"), re.MULTILINE)
    )


def test_each_alert_reads_metrics_that_exist(device_metrics: set[str], fleet_metrics: set[str]) -> None:
    """Every metric in a rule is one that a device serves or that the pages are documented to serve."""
    used = {name for rule in ALERTS.values() for name in re.findall(r"(?:footfall|edge_agent)_\w+", rule["expr"])}
    assert len(used) >= 18
    assert used - device_metrics - fleet_metrics == set()


# --- Node-RED ---------------------------------------------------------------------------------------------------------


def test_the_flow_needs_nothing_but_node_red() -> None:
    """The flow has core nodes only, every wire leads somewhere, and it holds no secret."""
    ids = {node["id"] for node in FLOWS}
    assert {node["type"] for node in FLOWS} == CORE_NODES
    assert {wire for node in FLOWS for port in node.get("wires", []) for wire in port} <= ids
    assert [node["id"] for node in FLOWS if "credentials" in node] == []


def test_the_flow_listens_to_topics_that_there_are() -> None:
    """The flow's subscriptions hear all live leaves and the sealed hours, and nothing else."""
    found = {leaf for node in FLOWS if node["type"] == "mqtt in" for leaf in heard(node["topic"])}
    assert found == {"hours", *(topic.leaf for topic in TOPICS if topic.leaf.startswith("live/"))}


# --- Telegraf ---------------------------------------------------------------------------------------------------------

CONSUMERS = TELEGRAF["inputs"]["mqtt_consumer"]


def golden_of(consumer: dict[str, Any]) -> dict[str, Any]:
    """The golden message of the topic that a consumer hears."""
    (topic,) = consumer["topics"]
    (leaf,) = heard(topic)
    message: dict[str, Any] = json.loads((GOLDEN / f"{leaf}.json").read_bytes())
    return message


def test_telegraf_is_told_only_what_it_knows() -> None:
    """Every key of the consumers is in Telegraf's documentation, and each has a session name of its own."""
    assert set().union(*CONSUMERS) <= CONSUMER_KEYS
    assert len({consumer["client_id"] for consumer in CONSUMERS}) == len(CONSUMERS) == 3


def test_nothing_that_counts_is_heard_without_a_session() -> None:
    """Hours are taken with QoS 1 and a kept session, so that Telegraf's restart loses none."""
    for consumer in CONSUMERS:
        if any("hours" in heard(topic) for topic in consumer["topics"]):
            assert (consumer["qos"], consumer["persistent_session"]) == (1, True)


def fields() -> Iterator[tuple[dict[str, Any], str, str | None]]:
    """(object of a golden message, key, type) of everything that Telegraf picks out of one."""
    for consumer in CONSUMERS:
        for table in consumer.get("json_v2", ()):
            message = golden_of(consumer)
            for each in (*table.get("field", ()), *table.get("tag", ())):
                yield message, each["path"], each.get("type")
            if "timestamp_path" in table:
                yield message, table["timestamp_path"], "string"
            for each in table.get("object", ()):
                for key in each["included_keys"]:
                    yield message[each["path"]][0], key, each.get("fields", {}).get(key)


@pytest.mark.parametrize(
    ("part", "key", "kind"), list(fields()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_telegraf_picks_fields_that_a_message_has(part: dict[str, Any], key: str, kind: str | None) -> None:
    """Each path leads to something in the golden message, of the type that is claimed."""
    types: dict[str | None, type] = {"int": int, "bool": bool, "string": str, None: str}
    assert isinstance(part[key], types[kind])


@pytest.mark.parametrize(
    ("payload", "told"),
    [("0", {"known": True, "value": 0}), ("17", {"known": True, "value": 17}), ("unknown", {"known": False})],
)
def test_blind_is_neither_zero_nor_the_last_number(payload: str, told: dict[str, object]) -> None:
    """The processor's function, which is plain Python too, gives no value where the camera does not see."""
    (processor,) = TELEGRAF["processors"]["starlark"]
    scope: dict[str, Callable[[SimpleNamespace], SimpleNamespace]] = {}
    exec(processor["source"], scope)  # noqa: S102 - our own file
    topic = "footfall/v1/acme/milano-01/door-1/live/entrance/till/occupancy"
    metric = scope["apply"](SimpleNamespace(tags={"topic": topic}, fields={"value": payload}))
    assert metric.fields == told
    assert metric.tags == {
        "tenant": "acme",
        "site": "milano-01",
        "device": "door-1",
        "leaf": "entrance/till/occupancy",
    }
