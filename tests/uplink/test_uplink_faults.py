"""The uplink against a broker with faults that Mosquitto does not have."""

import itertools
import json
import logging
import socket
import struct
import time
from pathlib import Path

import pytest
from support.broker import Broker, Listener, until
from support.fake_broker import Behaviour, FakeBroker
from support.uplink_rig import BASE, Rig, delivered

UNSUPPORTED_311 = b"\x20\x02\x00\x01"
UNSUPPORTED_5 = b"\x20\x03\x00\x84\x00"


def counts(broker: FakeBroker) -> list[bytes]:
    return [payload for topic, payload in list(broker.published) if topic == f"{BASE}/counts"]


@pytest.mark.parametrize("refusal", [UNSUPPORTED_311, UNSUPPORTED_5, b""], ids=["0x01", "0x84", "hang-up"])
def test_a_broker_without_mqtt_5_gets_3_1_1(tmp_path: Path, refusal: bytes) -> None:
    """Whichever way a broker refuses version 5, the counts arrive over 3.1.1."""
    with (
        Broker(tmp_path / "broker") as real,
        Listener(real.port) as listener,
        FakeBroker(Behaviour(refuse={5: refusal}, relay_to=real.port)) as old,
        Rig(tmp_path, {"url": old.url}) as rig,
    ):
        rig.add(*range(20))
        rig.wait_drained()
        until(lambda: len(listener.payloads("counts")) == 20)
        assert rig.uplink.protocol_in_use == "3.1.1"
        assert old.levels == [5, 4]
        real.kill()
        until(lambda: not rig.uplink.connected)
        real.start()
        rig.wait_connected()
        # A clear refusal is remembered; a broker that hung up may have been restarting, and is asked again.
        assert (5 in old.levels[2:]) == (refusal == b"")


def test_a_version_that_was_asked_for_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With `protocol = "5"` there is no falling back in silence; the log says what to change."""
    with FakeBroker(Behaviour(refuse={5: UNSUPPORTED_311})) as old, Rig(tmp_path, {"url": old.url, "protocol": "5"}):
        until(lambda: len(old.levels) >= 2)
    assert set(old.levels) == {5}
    assert "set broker.protocol to 'auto'" in caplog.text


def test_the_brokers_window_is_honoured(tmp_path: Path) -> None:
    """A Receive Maximum of 3 means three unacknowledged messages, birth included; the client library sends twenty."""
    behaviour = Behaviour(connack_properties=b"\x21" + struct.pack("!H", 3), ack_when_full=50)
    with FakeBroker(behaviour) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.add(*range(12))
        rig.wait_drained()
        assert delivered(counts(broker)) == list(range(12))
    assert broker.most_unacked == 3


def test_a_window_of_one_still_moves(tmp_path: Path) -> None:
    """The smallest window the standard allows delivers birth, rows and goodbye one after the other."""
    behaviour = Behaviour(connack_properties=b"\x21\x00\x01")
    with FakeBroker(behaviour) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.add(*range(5))
        rig.wait_drained()
    assert delivered(counts(broker)) == list(range(5))
    states = [json.loads(payload)["status"] for topic, payload in broker.published if topic.endswith("/state")]
    assert states == ["online", "offline"]


@pytest.mark.parametrize("code", [0x87, 0x97])
def test_a_refused_row_is_kept_and_nothing_spins(tmp_path: Path, code: int, caplog: pytest.LogCaptureFixture) -> None:
    """A PUBACK with a failure is no delivery: rows stay, one try a second at most, one line in the log; then all go."""
    behaviour = Behaviour(answer=lambda topic, _: code if topic.endswith("counts") else 0)
    with FakeBroker(behaviour) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.wait_connected()
        start_s = time.monotonic()
        rig.add(*range(100))
        until(lambda: rig.uplink.counters.refused >= 21)  # one window, then the first single try
        assert rig.uplink.counters.refused <= 20 + (time.monotonic() - start_s)
        assert rig.outbox.stats().unsent == 100
        assert rig.uplink.counters.alarm is not None
        assert f"0x{code:02X}" in rig.uplink.counters.alarm
        behaviour.answer = lambda _topic, _nth: 0
        until(lambda: rig.uplink.counters.alarm is None)
        rig.wait_drained()
    assert sum("refuses messages" in record.message for record in caplog.records) == 1
    assert rig.outbox.stats().dropped_rows == 0


def test_one_row_that_is_always_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    """A poisoned row waits; those behind it go out."""
    behaviour = Behaviour()
    poisoned: list[bytes] = []

    def answer(topic: str, _nth: int) -> int:
        if not topic.endswith("counts"):
            return 0
        payload = broker.published[-1][1]
        if json.loads(payload)["content"] == 0:
            poisoned.append(payload)
            return 0x99
        return 0

    behaviour.answer = answer
    with FakeBroker(behaviour) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.add(*range(30))
        until(lambda: rig.outbox.stats().unsent == 1)
        assert [row.seq for row in rig.outbox.pending(0, 99)] == [1]
    assert len(poisoned) <= 2


def test_a_row_larger_than_the_broker_takes_is_not_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A packet over the announced maximum would end the connection each time; it is held back, the others go."""
    behaviour = Behaviour(connack_properties=b"\x27" + struct.pack("!I", 2000))
    with FakeBroker(behaviour) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.add("large", padding=3000)
        rig.add("small")
        until(lambda: rig.outbox.stats().unsent == 1)
        assert delivered(counts(broker)) == ["small"]
        assert rig.uplink.counters.refused >= 1
    assert broker.levels == [5], "one connection, never broken off"
    assert caplog.text.count("raise the broker's max_packet_size") == 1


@pytest.mark.parametrize("every", [1, 2, 3, 5, 9, 20, 50])
def test_a_line_that_breaks_all_the_time_loses_nothing(tmp_path: Path, every: int) -> None:
    """Whatever the rhythm of the breaks, every row arrives; with a break at each packet none does, and all are kept."""
    behaviour = Behaviour(drop_every=every)
    with FakeBroker(behaviour) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.uplink._backoff.next_s = lambda: 0.01  # type: ignore[method-assign] # the waits are not what is tested
        rig.add(*range(40))
        if every <= 3:  # birth, subscription and then nothing: no row can get through until it is mended
            until(lambda: rig.uplink.counters.connects >= 5)
            behaviour.drop_every = 0
        rig.wait_drained()
        assert delivered(counts(broker)) == list(range(40))
    assert rig.crashes == []


def test_a_lost_acknowledgement_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that swallows PUBACKs while the connection lives is connected to anew, and gets the row again."""
    from edge_agent.uplink import uplink  # noqa: PLC0415 - patched here only

    monkeypatch.setattr(uplink, "_SILENT_ACK_S", 0.5)
    nth = itertools.count()
    behaviour = Behaviour(answer=lambda topic, _: None if topic.endswith("counts") and next(nth) < 3 else 0)
    with FakeBroker(behaviour) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.add(*range(10))
        rig.wait_drained()
        assert delivered(counts(broker)) == list(range(10))
        assert rig.uplink.counters.connects == 2


def test_a_broker_that_accepts_and_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A port that takes connections and never answers is left after a while, with a line that says so."""
    from edge_agent.uplink import uplink  # noqa: PLC0415 - patched here only

    monkeypatch.setattr(uplink, "_CONNACK_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system accepts, nobody reads
        url = f"mqtt://127.0.0.1:{silent.getsockname()[1]}"
        with Rig(tmp_path, {"url": url, "protocol": "5"}):
            until(lambda: "does not answer; check that it is an MQTT broker" in caplog.text)


def test_stop_is_quick_while_nobody_answers(tmp_path: Path) -> None:
    """SIGTERM is obeyed at once in a pause, however long the pause is."""
    with Rig(tmp_path, {"url": "mqtt://127.0.0.1:9"}) as rig:
        rig.uplink._backoff.next_s = lambda: 3600.0  # type: ignore[method-assign] # a long pause
        start_s = time.monotonic()
        rig.stop()
    assert time.monotonic() - start_s < 15


def test_a_full_disk_does_not_stop_the_uplink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While the outbox cannot be written, connection and live values go on; acknowledgements are noted later."""
    from edge_agent.outbox import OutboxFull  # noqa: PLC0415 - used here only
    from edge_agent.uplink import uplink  # noqa: PLC0415 - patched here only

    monkeypatch.setattr(uplink, "_OUTBOX_AGAIN_S", 0.1)
    caplog.set_level(logging.WARNING)
    with FakeBroker(Behaviour()) as broker, Rig(tmp_path, {"url": broker.url, "protocol": "5"}) as rig:
        rig.wait_connected()
        real, failures = rig.outbox.acked, itertools.count()

        def acked(seqs: list[int]) -> None:
            if next(failures) < 3:
                raise OutboxFull("no room; free space")
            real(seqs)

        monkeypatch.setattr(rig.outbox, "acked", acked)
        rig.add(*range(5))
        rig.uplink.publish_live("live/x", b"1")
        rig.wait_drained()
        until(lambda: any(topic.endswith("live/x") for topic, _ in broker.published))
        assert delivered(counts(broker)) == list(range(5))
    assert rig.crashes == []
    assert sum("no room" in record.message for record in caplog.records) == 1
