"""Simulated devices at real brokers."""

import json
import signal
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy import func, select
from support.broker import Broker, Listener, until

from edge_agent.cli import main
from edge_agent.fleet import settings
from edge_agent.fleet.simulate import sealed, shops, truth
from edge_agent.fleet.simulate.live import local_day
from edge_agent.fleet.simulate.publish import Fleet, Plan
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import hours, messages
from edge_agent.message import Ack, Counts, Health, Hour, Privacy, State

DAY = date(2026, 5, 9)


def payloads(count: int, seed: int = 1) -> set[bytes]:
    """What so many shops have to say of the day."""
    return {sent.payload for shop in shops(count, seed) for sent in sealed(shop, DAY, DAY)}


def simulate(*options: str) -> tuple[int, str]:
    """Run the command; return its exit status and what it printed."""
    result = CliRunner().invoke(main, ["fleet", "simulate", "--until", str(DAY), "--days", "1", *options])
    return result.exit_code, result.output


@pytest.mark.parametrize("options", [(), ("--backlog",), ("--rate", "2000")])
def test_every_message_arrives_as_it_was_sealed(tmp_path: Path, options: tuple[str, ...]) -> None:
    """All messages of all devices reach the broker once, in the order of each, beside birth, ledger and health."""
    with Broker(tmp_path) as broker, Listener(broker.port) as listener:
        status, output = simulate("--devices", "4", "--broker", broker.url, *options)
        assert status == 0, output
        expected = payloads(4)
        until(lambda: len(listener.payloads("hours") + listener.payloads("counts")) >= len(expected))
        arrived = [seen for seen in listener.seen if seen.topic.endswith(("/counts", "/hours"))]
        assert len(arrived) == len(expected)
        assert {seen.payload for seen in arrived} == expected
        numbers: dict[str, list[int]] = {}
        for seen in arrived:
            numbers.setdefault(seen.topic.rpartition("/")[0], []).append(json.loads(seen.payload)["seq"])
        assert all(found == sorted(found) for found in numbers.values())
        assert {State.model_validate_json(text).status for text in listener.payloads("state")} == {"online", "offline"}
        assert len({Privacy.model_validate_json(text).site for text in listener.payloads("privacy")}) == 4
        assert all(Health.model_validate_json(text).outbox_unsent >= 0 for text in listener.payloads("health"))


def test_what_a_killed_broker_forgot_is_sent_again(tmp_path: Path) -> None:
    """With `confirmed`, a broker that is killed in between and forgets what it acknowledged costs no message."""
    expected = payloads(3)
    stored: dict[str, set[bytes]] = {}
    with Broker(tmp_path) as broker:
        fleet = Fleet(
            settings.Broker(url=broker.url), shops(3, 1), DAY, DAY, plan=Plan(backlog=True, rate=300, confirmed=True)
        )
        sender = threading.Thread(target=fleet.run)
        sender.start()
        until(lambda: fleet.progress.acknowledged > 100)
        assert sender.is_alive()
        broker.kill()  # nobody had subscribed: all that it acknowledged is gone
        broker.start()
        with Listener(broker.port) as listener:
            while sender.is_alive():
                sender.join(0.1)
                confirm(listener, stored)
    assert set().union(*stored.values()) == expected


def confirm(listener: Listener, stored: dict[str, set[bytes]]) -> None:
    """Be the fleet: store what arrived, and say of each device up to where nothing is missing."""
    for seen in list(listener.seen):
        base, _, leaf = seen.topic.rpartition("/")
        if leaf in {"counts", "hours"}:
            stored.setdefault(base, set()).add(seen.payload)
    for base, kept in stored.items():
        known = {(values["epoch"], values["seq"]) for values in map(json.loads, kept)}
        for epoch in {epoch for epoch, _ in known}:
            seq = 0
            while (epoch, seq + 1) in known:
                seq += 1
            listener.publish(f"{base}/ack", Ack(epoch=epoch, seq=seq).payload(), retain=True)


def test_the_real_outbox_and_uplink_carry_them(tmp_path: Path) -> None:
    """With `--through outbox` the same numbers arrive under the outbox's own keys, in an unbroken chain."""
    with Broker(tmp_path) as broker, Listener(broker.port) as listener:
        status, output = simulate("--devices", "2", "--through", "outbox", "--broker", broker.url)
        assert status == 0, output
        sent = [each.model for shop in shops(2, 1) for each in sealed(shop, DAY, DAY)]
        until(lambda: len(listener.payloads("hours") + listener.payloads("counts")) >= len(sent))
        found = [Hour.model_validate_json(text) for text in listener.payloads("hours")]
        found_counts = [Counts.model_validate_json(text) for text in listener.payloads("counts")]
        keyless = {"epoch", "seq", "prev_hash"}
        both = [
            sorted(repr(model.model_dump(exclude=keyless)) for model in models)
            for models in (sent, [*found, *found_counts])
        ]
        assert both[0] == both[1]


def test_the_embedded_broker_serves_the_demo(tmp_path: Path) -> None:
    """Without a Mosquitto: the embedded broker says where it is, carries the messages, and ends when told."""
    command = [sys.executable, "-m", "edge_agent.fleet.demo_broker"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        arrived: list[bytes] = []
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311)
        client.on_message = lambda _c, _u, message: arrived.append(bytes(message.payload))
        client.connect("127.0.0.1", int(url.rpartition(":")[2]))
        client.loop_start()
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.subscribe([("footfall/v1/+/+/+/counts", 1), ("footfall/v1/+/+/+/hours", 1)])
        assert subscribed.wait(10)
        config = tmp_path / "fleet.toml"
        config.write_text(f'[broker]\nurl = "{url}"\nprotocol = "3.1.1"\n', encoding="utf-8")
        status, output = simulate("--devices", "1", "--config", str(config))
        assert status == 0, output
        until(lambda: set(arrived) == payloads(1))
        client.disconnect()
        client.loop_stop()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_store_is_filled_and_the_truth_written(tmp_path: Path) -> None:
    """`--database` fills a store without any broker, and `--truth` writes down what is true of it."""
    url, truth_file = f"sqlite:///{tmp_path}/fleet.db", tmp_path / "truth.json"
    status, output = simulate("--devices", "3", "--database", url, "--truth", str(truth_file))
    assert status == 0, output
    told = json.loads(truth_file.read_text(encoding="utf-8"))
    counted = sum(hour["counted"] for shop in told["shops"] for hour in shop["hours"])
    engine = open_store(url)
    with engine.connect() as connection:
        assert connection.scalar(select(func.sum(hours.c.entered))) == counted
        assert connection.scalar(select(func.count()).select_from(messages)) == len(payloads(3))
    engine.dispose()
    assert counted == sum(hour.counted for shop in shops(3, 1) for hour in truth(shop, DAY, DAY))


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--database", "sqlite:///x.db", "--backlog"), 2, "--database"),
        (("--through", "outbox", "--devices", "51"), 2, "50"),
        (("--broker", "mqtt://127.0.0.1:1"), 1, "127.0.0.1:1"),
        (("--broker", "nonsense"), 2, "--broker"),
        (("--truth", "/nowhere/truth.json", "--devices", "1"), 1, "/nowhere/truth.json"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(options: tuple[str, ...], status: int, says: str) -> None:
    """Wrong usage ends with 2, a broker that is not there or a file that cannot be written with 1, and one line."""
    found, output = simulate(*options)
    assert found == status
    assert says in output.splitlines()[-1]


def test_following_goes_on_where_the_history_ends(tmp_path: Path) -> None:
    """`follow` sends today's messages that are due, numbered after those of the days before, and live numbers."""
    shop, stop = shops(1, 1)[0], threading.Event()
    today = local_day(shop, time.time())
    yesterday = today - timedelta(days=1)
    before = list(sealed(shop, yesterday, yesterday))[-1].model
    due = [sent for sent in sealed(shop, yesterday, today, begin=today) if sent.due_s <= time.time()]
    with Broker(tmp_path) as broker, Listener(broker.port) as listener:
        fleet = Fleet(settings.Broker(url=broker.url), [shop], yesterday, yesterday, plan=Plan(follow=True))
        sender = threading.Thread(target=fleet.run, kwargs={"stopped": stop.is_set})
        sender.start()
        until(lambda: any("/live/" in seen.topic for seen in listener.seen))
        until(lambda: len(listener.payloads("hours") + listener.payloads("counts")) >= len(due))
        stop.set()
        sender.join()
    arrived = [seen.payload for seen in listener.seen if seen.topic.endswith(("/counts", "/hours"))]
    assert arrived[: len(due)] == [sent.payload for sent in due]
    for sent in due[:1]:
        assert (sent.model.epoch, sent.model.seq) in {(before.epoch, before.seq + 1), (sent.model.epoch, 1)}


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    """Ctrl-C in the middle ends the command within a moment, with one line and without a traceback."""
    with Broker(tmp_path) as broker, Listener(broker.port) as listener:
        command = [sys.executable, "-m", "edge_agent", "fleet", "simulate", "--rate", "20", "--broker", broker.url]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            until(lambda: listener.payloads("counts"))
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "stopped after" in errors
        assert "Traceback" not in errors
        until(lambda: State.model_validate_json(listener.payloads("state")[-1]).status == "offline")
