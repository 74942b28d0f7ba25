"""The uplink against a real Mosquitto, without TLS."""

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.broker import Broker, Listener, until
from support.chain import assert_chained
from support.uplink_rig import BASE, Rig, delivered, state

from edge_agent.outbox import Row


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    with Listener(broker.port) as running:
        yield running


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
def test_everything_arrives_in_order(tmp_path: Path, broker: Broker, listener: Listener, protocol: str) -> None:
    """Rows from before and after the connection arrive once, in order, at QoS 1 and not retained."""
    rig = Rig(tmp_path, {"url": broker.url, "protocol": protocol})
    rig.add(*range(30))
    with rig:
        rig.wait_connected()
        rig.add(*range(30, 60))
        rig.wait_drained()
        until(lambda: len(listener.payloads("counts")) >= 60)
        assert rig.uplink.protocol_in_use == ("5" if protocol == "auto" else protocol)
        assert rig.outbox.stats().rows == 60, "acknowledged is not confirmed"
    seen = [seen for seen in listener.seen if seen.topic == f"{BASE}/counts"]
    assert delivered([one.payload for one in seen]) == list(range(60))
    assert {(one.qos, one.retained) for one in seen} == {(1, False)}
    assert_chained([Row(json.loads(one.payload)["seq"], "counts", one.payload) for one in seen])
    assert rig.crashes == []


def test_birth_and_goodbye(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """`online` is retained while the agent runs; a stop leaves `offline` with the same session, without a will."""
    with Rig(tmp_path, {"url": broker.url}) as rig:
        until(lambda: listener.payloads("state"))
        session = rig.uplink.session
        with Listener(broker.port) as late:
            until(lambda: late.seen)
            assert (late.seen[0].payload, late.seen[0].retained) == (state("online", session), True)
    until(lambda: len(listener.payloads("state")) == 2)
    assert listener.payloads("state") == [state("online", session), state("offline", session)]
    assert any("Received DISCONNECT from door-1" in line for line in broker.log)
    with Rig(tmp_path, {"url": broker.url}) as rig:
        rig.wait_connected()
        assert rig.uplink.session > session


def test_a_dead_agent_is_reported_by_the_broker(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """When the connection breaks without a goodbye, the will says `offline` for the session that ended."""
    with Rig(tmp_path, {"url": broker.url}, will_delay_s=0) as rig:
        until(lambda: listener.payloads("state"))
        session = rig.uplink.session
        with Listener(broker.port, name="door-1"):  # takes over the name: the broker drops our connection
            until(lambda: state("offline", session) in listener.payloads("state"))
        until(lambda: listener.payloads("state")[-1] == state("online", rig.uplink.session))
        assert rig.uplink.session > session


def test_a_late_will_cannot_bury_a_newer_birth(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """If `offline` of a former session appears while this one lives, the birth is published again."""
    with Rig(tmp_path, {"url": broker.url}) as rig:
        until(lambda: listener.payloads("state"))
        birth = state("online", rig.uplink.session)
        listener.publish(f"{BASE}/state", state("offline", rig.uplink.session - 1), retain=True)
        until(lambda: listener.payloads("state")[-1] == birth and len(listener.payloads("state")) == 3)
        with Listener(broker.port) as late:
            until(lambda: late.seen)
            assert late.seen[0].payload == birth


def test_live_values_are_retained_and_only_the_newest_counts(
    tmp_path: Path, broker: Broker, listener: Listener
) -> None:
    """Values of an outage collapse to the newest of each leaf; after a restart of the broker they are there again."""
    with Rig(tmp_path, {"url": broker.url}) as rig:
        for value in range(500):
            rig.uplink.publish_live("live/door/in", str(value).encode())
        rig.uplink.publish_live("live/door/out", b"unknown")
        until(lambda: listener.payloads("out") == [b"unknown"])
        assert listener.payloads("in")[-1] == b"499"
        assert len(listener.payloads("in")) < 100
        assert {seen.qos for seen in listener.seen if "/live/" in seen.topic} == {0}
        broker.kill()
        rig.uplink.publish_live("live/door/in", b"500")
        broker.start()
        with Listener(broker.port) as late:
            until(lambda: late.payloads("in") == [b"500"] and late.payloads("out") == [b"unknown"])


def test_the_last_live_value_before_a_stop_goes_out(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """What the agent says while it stops, such as `unknown`, is not swallowed by the pacing of live values."""
    with Rig(tmp_path, {"url": broker.url}) as rig:
        rig.uplink.publish_live("live/door/in", b"7")
        until(lambda: listener.payloads("in") == [b"7"])
        rig.uplink.publish_live("live/door/in", b"8")
        rig.uplink.publish_live("live/door/in", b"unknown")
    until(lambda: listener.payloads("state")[-1:] == [state("offline", rig.uplink.session)])
    assert listener.payloads("in")[-1] == b"unknown"


def test_live_can_be_switched_off(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """With `live = false` no live value is published; the rest is."""
    with Rig(tmp_path, {"url": broker.url, "live": False}) as rig:
        rig.uplink.publish_live("live/door/in", b"1")
        rig.add("row")
        rig.wait_drained()
        until(lambda: listener.payloads("counts"))
    assert listener.payloads("in") == []


def test_health_expires(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """Health goes out at QoS 0 and tells the broker when it is of no use any more; counts never expire."""
    with Rig(tmp_path, {"url": broker.url}) as rig:
        rig.uplink.publish_health(b"{}")
        rig.add("row")
        until(lambda: listener.payloads("health") and listener.payloads("counts"))
    (health,) = [seen for seen in listener.seen if seen.topic.endswith("/health")]
    (row,) = [seen for seen in listener.seen if seen.topic.endswith("/counts")]
    assert (health.qos, health.retained, health.expiry_s) == (0, False, 180)
    assert row.expiry_s is None


def test_the_watermark_empties_the_outbox(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """Rows leave when the fleet confirms them, also by a retained watermark from before the connection."""
    rig = Rig(tmp_path, {"url": broker.url})
    rig.add(*range(10))
    epoch = rig.outbox.stats().epoch
    listener.publish(f"{BASE}/ack", json.dumps({"epoch": epoch, "seq": 3}), retain=True)
    with rig:
        until(lambda: rig.outbox.stats().oldest_seq == 4)
        rig.wait_drained()
        listener.publish(f"{BASE}/ack", json.dumps({"epoch": epoch, "seq": 10}), retain=True)
        until(lambda: rig.outbox.stats().rows == 0)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b'{"epoch": 1, "seq": 1}',
        b'{"epoch": "EPOCH", "seq": "9"}',
        b'{"epoch": "EPOCH", "seq": true}',
        b'{"epoch": "EPOCH", "seq": -1}',
        b'{"epoch": "EPOCH", "seq": 1e0}',
        b'{"epoch": "EPOCH", "seq": 99999999999999999999}',
        b'{"epoch": "EPOCH", "seq": 1, "x": "' + b"x" * 5000 + b'"}',
        b"[" * 4000,
    ],
)
def test_a_malformed_watermark_deletes_nothing(
    tmp_path: Path, broker: Broker, listener: Listener, payload: bytes
) -> None:
    """Whatever is published on base/ack by mistake: nothing is deleted, nothing falls over, and it is counted."""
    with Rig(tmp_path, {"url": broker.url}) as rig:
        rig.add(*range(10))
        rig.wait_drained()
        listener.publish(f"{BASE}/ack", payload.replace(b"EPOCH", rig.outbox.stats().epoch.encode()))
        until(lambda: rig.uplink.counters.bad_acks == 1)
        assert rig.outbox.stats().rows == 10
    assert rig.crashes == []


def test_what_a_killed_broker_forgot_is_sent_again(tmp_path: Path) -> None:
    """Mosquitto's defaults acknowledge 40 messages and forget them when killed; the missing watermark brings them."""
    port_config = "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {folder}/\n"
    folder = tmp_path / "broker"
    broker = Broker(folder)
    broker = Broker(folder, port_config.format(port=broker.port, folder=folder), port=broker.port)
    with broker, Rig(tmp_path, {"url": broker.url}, resend_after_s=2.0) as rig:
        with Listener(broker.port, name="ingest"):
            pass  # its subscription stays, it is away
        rig.add(*range(40))
        rig.wait_drained()
        broker.kill()  # now the 40 that were acknowledged exist in the outbox only
        broker.start()
        with Listener(broker.port, name="ingest") as ingest:
            assert ingest.payloads("counts") == [], "else this broker is better than the test assumes"
            until(lambda: len(delivered(ingest.payloads("counts"))) == 40)
            assert delivered(ingest.payloads("counts")) == list(range(40))
            assert rig.uplink.counters.resent >= 40


def test_without_a_fleet_the_resends_become_rare(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """Each wait for the watermark is twice the one before, until one arrives; a watermark ends the resends."""
    with Rig(tmp_path, {"url": broker.url}, resend_after_s=0.4) as rig:
        rig.add("row")
        until(lambda: rig.uplink.counters.resent == 3)
        assert rig.uplink._fleet._wait_s == pytest.approx(0.4 * 2**3)
        listener.publish(f"{BASE}/ack", json.dumps({"epoch": rig.outbox.stats().epoch, "seq": 1}))
        until(lambda: rig.outbox.stats().rows == 0)
        until(lambda: rig.uplink._fleet._wait_s == pytest.approx(0.4))
    assert delivered(listener.payloads("counts")) == ["row"]


def test_a_reconnect_sends_only_what_was_not_acknowledged(tmp_path: Path, broker: Broker, listener: Listener) -> None:
    """A broken connection costs no redelivery of the whole backlog."""
    with Rig(tmp_path, {"url": broker.url}) as rig:
        rig.add(*range(50))
        rig.wait_drained()
        broker.kill()
        rig.add(*range(50, 60))
        broker.start()
        rig.wait_drained()
        assert rig.uplink.counters.sent <= 60 + 20, "at most one window may go twice"


def test_no_thread_is_left_by_twenty_flaps(tmp_path: Path, broker: Broker) -> None:
    """The broker dies and comes back twenty times: every row arrives, and the process has as many threads as before."""
    with Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.uplink._backoff.next_s = lambda: 0.05  # type: ignore[method-assign] # the waits are not what is tested
        rig.wait_connected()
        threads = None
        for n in range(20):
            broker.kill()
            broker.start()
            rig.add(n)
            rig.wait_drained()
            threads = threads or threading.active_count()
            assert threading.active_count() == threads
        assert rig.uplink.counters.connects == 21
    assert rig.crashes == []


@pytest.mark.parametrize("callback", ["on_connect", "on_publish", "on_subscribe", "on_message", "on_disconnect"])
def test_an_exception_in_a_callback_costs_nothing(
    tmp_path: Path, broker: Broker, listener: Listener, monkeypatch: pytest.MonkeyPatch, callback: str
) -> None:
    """A bug in what paho calls ends `run`, visibly; started again, it delivers everything."""
    from edge_agent.uplink import connection  # noqa: PLC0415 - patched here only

    real = connection.Connection._make_client
    broken: list[str] = []

    def make(self: connection.Connection, *arguments: object) -> object:
        client = real(self, *arguments)  # type: ignore[arg-type] # passed on as they are
        if not broken:
            broken.append(callback)

            def fail(*_: object) -> None:
                raise ZeroDivisionError(callback)

            setattr(client, callback, fail)
        return client

    monkeypatch.setattr(connection.Connection, "_make_client", make)
    with Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.add(*range(5))
        if callback == "on_disconnect":
            rig.wait_drained()
            broker.kill()
            broker.start()
        until(lambda: rig.crashes)
        rig.wait_drained()
        until(lambda: listener.payloads("counts") or callback == "on_disconnect")
    assert [type(error) for error in rig.crashes] == [ZeroDivisionError]


def test_a_frozen_broker_is_noticed(tmp_path: Path, broker: Broker) -> None:
    """A broker that answers nothing while the connection stands is given up within 1.5 keepalives."""
    with Rig(tmp_path, {"url": broker.url, "keepalive_s": 5}) as rig:
        rig.wait_connected()
        broker.freeze()
        until(lambda: not rig.uplink.connected, patience_s=1.5 * 5 + 3)
        progress_s = rig.uplink.progress_s
        broker.thaw()
        rig.add("after")
        rig.wait_drained()
        assert rig.uplink.progress_s > progress_s


def test_trouble_is_logged_once(tmp_path: Path, broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """A broker that is away is one line, however many attempts; its return is another."""
    caplog.set_level(logging.INFO)
    broker.kill()
    rig = Rig(tmp_path, {"url": broker.url})
    attempts: list[float] = []
    rig.uplink._backoff.next_s = lambda: attempts.append(0.01) or 0.01  # type: ignore[method-assign,func-returns-value]
    with rig:
        until(lambda: len(attempts) > 10)
        broker.start()
        rig.wait_connected()
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("edge_agent")]
    assert lines == [
        f"{broker.url}: nothing listens there; check broker.url, or start the broker",
        f"{broker.url}: connected over MQTT 5",
    ]
