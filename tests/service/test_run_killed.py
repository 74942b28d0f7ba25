"""`kill -9` at any moment and at every named point: no closed window is lost, none is doubled."""

import json
import random
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from support.agent import COMMAND, PATIENCE_S, Running, Site, windows
from support.broker import Broker, Listener, until

from edge_agent.message import GENESIS, payload_hash

_POINTS = (
    "outbox.before_commit:2",
    "outbox.after_commit:2",
    "outbox.before_commit:4",
    "outbox.after_commit:4",
    "uplink.after_publish",
    "uplink.after_puback",
    "uplink.before_watermark",
    "uplink.after_watermark",
)


@pytest.fixture
def short(site: Site, short_clip: Path) -> Site:
    """21 seconds of the clip in buckets of a minute, saved every second."""
    return Site(site.folder, str(short_clip), site.broker_url, site.bundle, {"windows": {"checkpoint_s": 1}})


@pytest.mark.parametrize("point", _POINTS)
def test_killed_at_a_crash_point(short: Site, broker: Broker, point: str) -> None:
    """Whatever the process was just doing when it died, the next one has every window once."""
    with Listener(broker.port, name="archive") as listener:
        if "watermark" in point:
            assert short.run().status == 0
            counts, _ = windows(listener)
            ack = json.dumps({"schema": "footfall/v1/ack", "epoch": counts[0].epoch, "seq": counts[0].seq})
            listener.publish("footfall/v1/demo/milano-01/door-1/ack", ack, retain=True)
        assert short.run(EDGE_AGENT_CRASH_POINT=point).status == -9
        assert short.run().status == 0
        _complete(listener)


def test_killed_at_random_moments(short: Site, broker: Broker) -> None:
    """Ten starts, each killed somewhere, then one that may end: the chain of windows has no hole and no twin."""
    _kill_often(short, broker, 10)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_killed_at_fifty_random_moments(short: Site, broker: Broker) -> None:
    """The same fifty times."""
    _kill_often(short, broker, 50)


def _kill_often(site: Site, broker: Broker, times: int) -> None:
    moments = random.Random(2)
    command = [*COMMAND, "run", "--config", str(site.config), "--bundle", str(site.bundle)]
    with Listener(broker.port, name="archive") as listener:
        for _ in range(times):
            process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            try:
                process.wait(moments.uniform(0.8, 3.5))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert site.run().status == 0
        _complete(listener)


def _complete(listener: Listener) -> None:
    """The sequence begins at one and has no hole, every message names the one before, no window is there twice."""
    counts, hours = windows(listener)
    messages = {json.loads(s.payload)["seq"]: s.payload for s in listener.seen if s.topic.endswith(("counts", "hours"))}
    assert sorted(messages) == list(range(1, len(messages) + 1))
    assert json.loads(messages[1])["prev_hash"] == GENESIS
    for earlier, later in pairwise(sorted(messages)):
        assert json.loads(messages[later])["prev_hash"] == payload_hash(messages[earlier])
    # Each start begins at another second, so that two windows of equal content are one window counted twice.
    contents = [window.model_dump_json(exclude={"seq", "prev_hash"}) for window in (*counts, *hours)]
    assert len(set(contents)) == len(contents)


def test_a_stop_in_the_middle_of_a_bucket_is_resumed(site: Site, broker: Broker) -> None:
    """SIGTERM ends the service with status 0 and keeps the open bucket; the next process closes it."""
    site = site.with_tables(windows={"bucket_min": 60})
    with Listener(broker.port, name="archive") as listener:
        with Running(site) as service:
            until(lambda: listener.payloads("exit/out")[-1:] == [b"2"], patience_s=PATIENCE_S)
            assert service.stop() == 0
        shown = listener.payloads("exit/out")
        assert shown[-1] == b"unknown"
        counted = max(int(payload) for payload in shown if payload.isdigit())
        assert site.run().status == 0
        counts, _ = windows(listener)
    assert sum(window.lines[0].out for window in counts) == counted + 6
