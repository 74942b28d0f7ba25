"""kill -9 between storing, sending, acknowledging and confirming: every bucket reaches the fleet once."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from support.broker import Broker, Listener, until
from support.uplink_rig import BASE, delivered

DRIVER = Path(__file__).resolve().parents[1] / "support" / "uplink_driver.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
BUCKETS = 15


class Fleet:
    """Stores what arrives, once per key, and confirms it up to the first number that is missing."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, int], bytes] = {}

    def listen(self, client: Client) -> None:
        """Have a client pass its messages on to us."""
        client.message_callback_add(f"{BASE}/counts", self._store)
        client.message_callback_add(f"{BASE}/hours", self._store)

    def _store(self, client: Client, _data: object, message: MQTTMessage) -> None:
        body = json.loads(message.payload)
        key = (body["epoch"], body["seq"])
        assert self.stored.setdefault(key, bytes(message.payload)) == message.payload, "one key, two messages"
        seq = 0
        while (body["epoch"], seq + 1) in self.stored:
            seq += 1
        client.publish(f"{BASE}/ack", json.dumps({"epoch": body["epoch"], "seq": seq}), 1, retain=True)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def fleet(broker: Broker) -> Iterator[Fleet]:
    fleet = Fleet()
    with Listener(broker.port) as listener:
        fleet.listen(listener._client)
        yield fleet


def run(tmp_path: Path, broker: Broker, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, str(DRIVER), str(tmp_path / "outbox.sqlite"), broker.url, str(BUCKETS)]
    return subprocess.Popen([*command, *map(str, arguments)], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)


def assert_all_arrived(tmp_path: Path, broker: Broker, fleet: Fleet) -> None:
    """A last life, without a kill, ends with everything confirmed, and the fleet has each bucket once."""
    process = run(tmp_path, broker)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0, errors
    until(lambda: len(fleet.stored) >= 2 * BUCKETS)
    assert delivered(list(fleet.stored.values())) == list(range(1, 2 * BUCKETS + 1))
    assert len({epoch for epoch, _ in fleet.stored}) == 1


@pytest.mark.parametrize("nth", [1, 4])
@pytest.mark.parametrize(
    "point",
    [
        "outbox.before_commit",
        "outbox.after_commit",
        "uplink.after_publish",
        "uplink.after_puback",
        "uplink.before_watermark",
        "uplink.after_watermark",
    ],
)
def test_killed_at_each_crash_point(tmp_path: Path, broker: Broker, fleet: Fleet, point: str, nth: int) -> None:
    """Two lives in a row end at the same point; the third delivers everything once."""
    for life in range(2):
        process = run(tmp_path, broker, point, nth)
        process.communicate(timeout=60)
        # A later life may have too little left to do to come past the point so often.
        assert process.returncode in ((-9,) if life == 0 else (-9, 0))
    assert_all_arrived(tmp_path, broker, fleet)


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_random_moments(tmp_path: Path, broker: Broker, fleet: Fleet, seed: int) -> None:
    """Device and broker are killed at any moment; every bucket reaches the fleet once."""
    random_ = random.Random(seed)
    for n in range(6):
        process = run(tmp_path, broker)
        time.sleep(random_.uniform(0.2, 0.8))  # the random moment itself, not a wait for something
        process.kill()
        process.communicate()
        if n % 3 == 2:
            broker.kill()
            broker.start()
    assert_all_arrived(tmp_path, broker, fleet)
