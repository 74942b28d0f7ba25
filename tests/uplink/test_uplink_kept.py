"""Messages that the broker keeps beside the live numbers, such as the ledger: there for whoever comes later."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.broker import Broker, Listener, until
from support.uplink_rig import BASE, Rig

from edge_agent.uplink.latest import Latest


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as running:
        yield running


def test_the_ledger_is_retained_and_comes_at_every_connection(tmp_path: Path, broker: Broker) -> None:
    """At QoS 1 and retained, once when it changes, and again to a broker that has forgotten it; also without live."""
    with Listener(broker.port) as listener, Rig(tmp_path, {"url": broker.url, "live": False}) as rig:
        for payload in (b"one", b"one", b"two"):
            rig.uplink.publish_kept("privacy", payload)
        until(lambda: listener.payloads("privacy")[-1:] == [b"two"])
        rig.uplink.publish_kept("privacy", b"two")
        assert {seen.qos for seen in listener.seen if seen.topic == f"{BASE}/privacy"} == {1}
        broker.kill()
        broker.start()
        with Listener(broker.port) as late:
            until(lambda: late.payloads("privacy") == [b"two"])
        assert rig.crashes == []


def test_the_same_again_is_nothing_new() -> None:
    """Nothing is sent while nothing changes, and everything after a new connection."""
    latest = Latest()
    assert latest.put_kept("privacy", b"a")
    assert latest.waiting()
    assert latest.take_kept() == {"privacy": b"a"}
    assert not latest.put_kept("privacy", b"a")
    assert not latest.waiting()
    assert latest.take_kept() == {}
    latest.begin()
    assert latest.take_kept() == {"privacy": b"a"}
