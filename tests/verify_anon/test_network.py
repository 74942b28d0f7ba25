"""MQTT read out of captured packets: what the network does to a session must not change what is judged."""

import random
import struct
from pathlib import Path

import pytest
from dpkt import ip, tcp
from hypothesis import given
from hypothesis import strategies as st
from verify_anon.traffic import (
    BASE,
    Chunk,
    Conversation,
    as_pcap,
    as_pcapng,
    changed,
    connack,
    connect,
    from_client,
    golden,
    ip_packet,
    judged,
    packet,
    publish,
)

from edge_agent.message import payload_hash
from edge_agent.verify_anon import Report

_HOUR = changed("hours", prev_hash=payload_hash(golden("counts")))
_EXPIRY = b"\x02\0\0\0\xb4"


def _session(*more: bytes, version: int = 4) -> list[Chunk]:
    """A device's connection: birth, two windows, a live leaf, and more."""
    properties = b"" if version == 5 else None
    return from_client(
        connect(version),
        publish(f"{BASE}/state", golden("state"), retained=True, properties=properties),
        publish(f"{BASE}/counts", golden("counts"), properties=properties),
        publish(f"{BASE}/hours", _HOUR, properties=properties),
        publish(f"{BASE}/live/door/in", b"7", qos=0, retained=True, properties=properties),
        *more,
    )


def _judged(folder: Path, *conversations: Conversation, link: int = 1) -> Report:
    packets = [one for conversation in conversations for one in conversation.packets()]
    return judged(folder, as_pcap(packets, link=link))


def _reasons(report: Report) -> list[str]:
    return [str(reason) for message in report.judged for reason in message.reasons]


@pytest.mark.parametrize("version", [3, 4, 5])
@pytest.mark.parametrize("mss", [1, 7, 536, 1460])
def test_every_version_of_mqtt_is_read(tmp_path: Path, version: int, mss: int) -> None:
    """MQTT 3.1, 3.1.1 and 5, in segments of any size, hold the same messages."""
    report = _judged(tmp_path, Conversation(_session(version=version), mss=mss))
    assert report.ok, report.lines()
    assert report.messages.total() == 4


@pytest.mark.parametrize("version", [4, 5])
def test_the_last_will_is_judged(tmp_path: Path, version: int) -> None:
    """A will stands in CONNECT, and is a message like any other."""
    good = from_client(connect(version, will=(f"{BASE}/state", golden("state"), True)))
    bad = from_client(connect(version, will=(f"{BASE}/state", b"Anna was here", False)))
    assert _judged(tmp_path, Conversation(good)).messages == {"state": 1}
    assert _judged(tmp_path, Conversation(good)).ok
    report = _judged(tmp_path, Conversation(bad))
    assert "last will" in report.judged[0].place
    assert any("not JSON" in reason for reason in _reasons(report))
    assert "retained: not set; allowed: set" in _reasons(report)


def test_topic_aliases_are_followed(tmp_path: Path) -> None:
    """A topic that stands for itself once and is a number from then on is still known."""
    alias = b"\x23\0\1"
    session = from_client(
        connect(5),
        publish(f"{BASE}/live/door/in", b"7", qos=0, retained=True, properties=alias),
        publish("", b"8", qos=0, retained=True, properties=alias),
        publish("", b"nine", qos=0, retained=True, properties=alias),
    )
    report = _judged(tmp_path, Conversation(session))
    assert report.messages == {"live/{line}/in": 3}
    assert _reasons(report) == ["payload: 'nine' is no plain integer; allowed: 0 to 2147483647, or the word unknown"]


def test_an_alias_from_before_the_capture_is_told(tmp_path: Path) -> None:
    """A message whose topic nobody can know any more does not pass unnoticed."""
    late = [Chunk(True, publish("", b"8", qos=0, retained=True, properties=b"\x23\0\1"))]
    report = _judged(tmp_path, Conversation([*_session(version=5), *late]))
    assert not report.ok
    assert "its topic is number 1, which was given before the capture began" in report.lines()[-1]


def test_properties_are_judged(tmp_path: Path) -> None:
    """An expiry is a number and passes; a user property is a text beside the payload and does not."""
    user = b"\x26\0\1k\0\1v"
    session = from_client(
        connect(5),
        publish(f"{BASE}/health", golden("health"), qos=0, properties=_EXPIRY),
        publish(f"{BASE}/health", golden("health"), qos=0, properties=_EXPIRY + user),
    )
    report = _judged(tmp_path, Conversation(session))
    assert _reasons(report) == [
        "user-property: sent beside the payload, where it could hold anything; allowed: nothing"
    ]


@pytest.mark.parametrize(
    ("leaf", "qos", "retained", "words"),
    [
        ("counts", 1, True, "retained: set; allowed: not set"),
        ("state", 1, False, "retained: not set; allowed: set"),
        ("counts", 0, False, "QoS: 0; allowed: 1"),
        ("health", 1, False, "QoS: 1; allowed: 0"),
    ],
)
def test_what_a_device_publishes_has_exactly_the_flags_of_the_table(
    tmp_path: Path, leaf: str, qos: int, *, retained: bool, words: str
) -> None:
    """On the way to the broker both flags are the table's; on the way from it they may only be less."""
    message = publish(f"{BASE}/{leaf}", golden(leaf), qos=qos, retained=retained)
    assert _reasons(_judged(tmp_path, Conversation(from_client(connect(), message)))) == [words]
    delivered = _judged(tmp_path, Conversation([Chunk(True, connect()), Chunk(False, connack() + message)]))
    assert delivered.ok == (words not in ("retained: set; allowed: not set", "QoS: 1; allowed: 0")), delivered.lines()


@given(st.randoms(use_true_random=False))
def test_retransmission_and_reordering_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rng: random.Random
) -> None:
    """Segments that come twice, in pieces, overlapping or in another order give the same messages, once each."""
    segments = Conversation(_session(version=5), mss=rng.choice([50, 200, 700])).segments()
    sent = segments[:2]
    rest = segments[2:]
    for by_client, segment in list(rest):
        if rng.random() < 0.3 and len(segment.data) > 2:
            start = rng.randrange(len(segment.data))
            part = segment.data[start : start + rng.randrange(1, 300)]
            again = tcp.TCP(
                sport=segment.sport,
                dport=segment.dport,
                seq=(segment.seq + start) % 2**32,
                flags=tcp.TH_ACK,
                data=part,
            )
            rest.insert(rng.randrange(len(rest)), (by_client, again))
    shuffled = sorted(range(len(rest)), key=lambda i: i + rng.uniform(0, 6))
    sent += [rest[i] for i in shuffled]
    packets = [ip_packet(segment, by_client=by) for by, segment in sent]
    report = judged(tmp_path_factory.getbasetemp(), as_pcap(packets))
    assert report.ok, report.lines()
    assert report.messages == {"state": 1, "counts": 1, "hours": 1, "live/{line}/in": 1}


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("port", [1883, 4711])
def test_a_capture_that_began_late_is_read_from_the_next_message(tmp_path: Path, version: int, port: int) -> None:
    """Without the connection's beginning the version is found out, and nothing is blamed on what is not there."""
    counts = publish(f"{BASE}/counts", golden("counts"), properties=b"" if version == 5 else None)
    live = publish(f"{BASE}/live/door/in", b"7", qos=0, retained=True, properties=b"" if version == 5 else None)
    chunks = [Chunk(True, counts[400:]), Chunk(True, counts), Chunk(False, b"\x40\2\0\7"), Chunk(True, live)]
    report = _judged(tmp_path, Conversation(chunks, port=port, handshake=False))
    assert report.ok, report.lines()
    assert report.messages == {"counts": 1, "live/{line}/in": 1}


def test_bytes_that_the_capture_lost_are_told(tmp_path: Path) -> None:
    """A hole in the capture may have hidden a message: it is said where, and the capture does not pass."""
    packets = Conversation(_session(), mss=200).packets()
    report = judged(tmp_path, as_pcap(packets[:6] + packets[7:]))
    assert not report.ok
    assert "200 bytes before it were not captured; messages in them are not judged" in "\n".join(report.lines())
    assert report.messages["live/{line}/in"] == 1


def test_packets_cut_by_the_snapshot_length_are_told(tmp_path: Path) -> None:
    """A capture with too small a snapshot length lost the ends of packets."""
    report = judged(tmp_path, as_pcap(Conversation(_session(), mss=1400).packets(), snaplen=200))
    assert not report.ok
    assert "were not captured" in "\n".join(report.lines())


def test_a_capture_that_ends_within_a_message_is_told(tmp_path: Path) -> None:
    """Half of a message at the end is not judged, and said to be there."""
    report = judged(tmp_path, as_pcap(Conversation(_session(), mss=100).packets()[:-4]))
    assert not report.ok
    assert "the capture ends within a message" in report.lines()[-1]


def test_tls_is_told_with_what_to_do(tmp_path: Path) -> None:
    """An encrypted connection cannot be read: that is said once, with another way to capture."""
    hello = b"\x16\3\1\0\x40" + b"\1" * 64
    chunks = [Chunk(True, hello), Chunk(False, hello), Chunk(True, b"\x17\3\3\0\x10" + b"x" * 16)]
    for handshake in (True, False):
        report = _judged(tmp_path, Conversation(chunks, port=8883, handshake=handshake))
        assert not report.ok
        (line,) = report.lines()
        assert "the connection between 10.0.0.1:40000 and 10.0.0.2:8883 is encrypted (TLS)" in line
        assert "mosquitto_sub -v -t '#'" in line


def test_mqtt_over_websocket_is_told(tmp_path: Path) -> None:
    """Nor is MQTT inside of HTTP read."""
    request = b"GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
    report = _judged(tmp_path, Conversation([Chunk(True, request), Chunk(False, b"HTTP/1.1 101\r\n\r\n\x82\4")]))
    assert not report.ok
    assert "is MQTT over WebSocket" in report.lines()[0]


@pytest.mark.parametrize("handshake", [True, False])
def test_other_traffic_is_left_alone(tmp_path: Path, *, handshake: bool) -> None:
    """Connections that are not MQTT are counted and blamed for nothing."""
    web = [Chunk(True, b"GET / HTTP/1.1\r\n\r\n"), Chunk(False, b"HTTP/1.1 200 OK\r\n\r\n" + b"0" * 3000)]
    secure = [
        Chunk(False, b"SSH-2.0-OpenSSH_9.2\r\n"),
        Chunk(True, b"SSH-2.0-x\r\n"),
        Chunk(True, bytes(range(256)) * 9),
    ]
    report = _judged(
        tmp_path,
        Conversation(_session()),
        Conversation(web, port=80, client_port=40_001, handshake=handshake),
        Conversation(secure, port=22, client_port=40_002, handshake=handshake),
    )
    assert report.ok, report.lines()
    assert "TCP connections that are not MQTT, left alone: 2" in report.summary()


def test_a_device_that_publishes_elsewhere_is_found(tmp_path: Path) -> None:
    """Who publishes under the root and beside it on one connection sends something outside the contract."""
    report = _judged(tmp_path, Conversation(_session(publish("debug/door-1", b"track 17 at 0.3"))))
    assert not report.ok
    (reason,) = _reasons(report)
    assert "published by who also publishes under footfall/v1" in reason
    lamp = from_client(connect(), publish("zigbee2mqtt/lamp", b"on"))
    report = _judged(tmp_path, Conversation(_session()), Conversation(lamp, client_port=40_001))
    assert report.ok, report.lines()
    assert report.others == {"zigbee2mqtt": 1}


def test_a_password_in_plain_sight_is_remarked(tmp_path: Path) -> None:
    """A password that crosses the network unencrypted is told of, and never shown."""
    report = _judged(tmp_path, Conversation(from_client(connect(password="correct horse"), *_plain())))  # noqa: S106
    said = "\n".join([*report.lines(), *report.summary(), str(report.plain())])
    assert report.ok
    assert "a password crosses this network unencrypted" in said
    assert "correct horse" not in said


def _plain() -> list[bytes]:
    return [publish(f"{BASE}/live/door/in", b"7", qos=0, retained=True)]


def test_a_new_connection_on_the_same_ports_is_another(tmp_path: Path) -> None:
    """A SYN with another number begins anew; the same SYN again does not."""
    first, second = Conversation(_session()), Conversation(from_client(connect(5), *_plain_5()), first=99)
    packets = [*first.packets(), *second.packets()]
    assert judged(tmp_path, as_pcap(packets)).messages.total() == 5
    packets = [first.packets()[0], *first.packets()]
    assert judged(tmp_path, as_pcap(packets)).messages.total() == 4


def _plain_5() -> list[bytes]:
    return [publish(f"{BASE}/live/door/in", b"7", qos=0, retained=True, properties=b"")]


def test_a_session_that_stops_being_mqtt_is_told(tmp_path: Path) -> None:
    """Bytes that are no packet, in the middle of a connection, are told; what follows is read."""
    chunks = [*_session(), Chunk(True, b"\0\0 what is this"), *[Chunk(True, one) for one in _plain()]]
    report = _judged(tmp_path, Conversation(chunks))
    assert "not MQTT (no packet begins so)" in report.lines()[-1]
    assert report.messages["live/{line}/in"] == 2


def test_fragments_and_unknown_networks_are_told(tmp_path: Path) -> None:
    """What is not put together or not known here may hide a message, and does not pass."""
    whole = Conversation(_session()).packets()
    fragment = ip.IP(src=b"\x0a\0\0\1", dst=b"\x0a\0\0\2", p=6, data=b"x" * 24)
    fragment.mf = 1
    assert "a fragment of an IP packet" in judged(tmp_path, as_pcap([*whole, bytes(fragment)])).lines()[-1]
    data = bytearray(as_pcap(whole))
    data[20:24] = struct.pack("<I", 195)
    assert "a kind of network that is not known here (link type 195)" in judged(tmp_path, bytes(data)).lines()[0]


@pytest.mark.parametrize("write", [as_pcap, as_pcapng])
def test_a_damaged_file_is_told_and_read_up_to_there(tmp_path: Path, write: type) -> None:
    """A file that is cut off gives what stands before the cut, and does not pass."""
    data: bytes = write(Conversation(_session()).packets())
    report = judged(tmp_path, data[:-30])
    assert not report.ok
    assert report.messages["state"] == 1
    assert "is cut off or damaged" in "\n".join(report.lines()) or "ends within a message" in "\n".join(report.lines())
    assert not judged(tmp_path, data[:40]).ok


@given(st.data())
def test_damage_anywhere_in_a_capture_makes_no_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A capture with bytes changed, cut out or put in is judged without a crash."""
    packets = Conversation(_session(version=5)).packets()
    content = bytearray(data.draw(st.sampled_from([as_pcap, as_pcapng]))(packets))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["change", "cut", "put"])):
            case "change":
                content[at] = data.draw(st.integers(0, 255))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 40))]
            case _:
                content[at:at] = data.draw(st.binary(max_size=20))
        if not content:
            return
    report = judged(tmp_path_factory.getbasetemp(), bytes(content))
    assert all(line.isprintable() for line in [*report.lines(), *report.summary()])


@given(chunks=st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=80)), max_size=8), begun=st.booleans())
def test_any_bytes_on_a_connection_make_no_crash(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[bool, bytes]], *, begun: bool
) -> None:
    """Whatever two programs say to each other, after a real beginning or from nowhere, is read without a crash."""
    session = [*(_session(version=5) if begun else []), *(Chunk(by, data) for by, data in chunks)]
    report = _judged(tmp_path_factory.getbasetemp(), Conversation(session, handshake=begun))
    assert report.messages.total() >= (4 if begun else 0)


@given(st.binary(max_size=60), st.sampled_from([0x10, 0x30, 0x31, 0x32, 0x3D]))
def test_any_body_of_a_packet_makes_no_crash(tmp_path_factory: pytest.TempPathFactory, body: bytes, first: int) -> None:
    """A packet with any body is read or told of."""
    report = _judged(tmp_path_factory.getbasetemp(), Conversation(_session(packet(first, body), version=5)))
    assert report.messages.total() >= 4


def test_nothing_of_the_contract_in_a_capture_is_no_success(tmp_path: Path) -> None:
    """A capture without packets, or without a message of ours, has shown nothing."""
    assert "holds no packets" in judged(tmp_path, as_pcap([])).lines()[0]
    lamp = from_client(connect(), publish("zigbee2mqtt/lamp", b"on"))
    assert not _judged(tmp_path, Conversation(lamp)).ok


def test_the_same_key_in_two_files_is_one_message(tmp_path: Path) -> None:
    """A redelivery in another capture is the same message; another content under its key is not."""
    other = changed("counts", frames=1)
    session = from_client(connect(), publish(f"{BASE}/counts", golden("counts")), publish(f"{BASE}/counts", other))
    assert any(
        "came before with another content" in reason for reason in _reasons(_judged(tmp_path, Conversation(session)))
    )
