"""The shorter way through paho's client: it is the one that is taken, and it reads what paho would read."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from edge_agent.fleet.quick_client import Arrived, QuickClient


def client(kind: type[Client], version: MQTTProtocolVersion) -> Any:
    """A client of either kind that is connected to nothing."""
    return kind(CallbackAPIVersion.VERSION2, client_id="x", protocol=version, manual_ack=True)


@pytest.mark.parametrize("name", ["_sock_recv", "_handle_publish", "_packet_queue"])
def test_what_is_replaced_is_still_there_to_be_replaced(name: str) -> None:
    """Where paho renames one of these, its own way is taken again, and the ingest is slower than it should be."""
    assert callable(getattr(Client, name))


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=40),
    st.binary(max_size=300),
    st.sampled_from([0x30, 0x31, 0x32, 0x33]),
    st.binary(max_size=200),
    st.sampled_from([MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311]),
)
def test_a_message_is_what_paho_makes_of_it(
    topic: str, payload: bytes, command: int, data: bytes, version: MQTTProtocolVersion
) -> None:
    """Topic, bytes, quality of service, number and the mark of a retained message, in both versions."""
    name = topic.encode()
    packet = struct.pack(">H", len(name)) + name + (b"\x00\x07" if command & 0x02 else b"")
    if version == MQTTProtocolVersion.MQTTv5:  # correlation data, as long as it likes
        properties = b"\x09" + struct.pack(">H", len(data)) + data if data else b""
        length = len(properties)
        packet += bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
        packet += properties
    packet += payload
    theirs, ours, seen = client(Client, version), client(QuickClient, version), []
    theirs.on_message = lambda _c, _u, each: seen.append(
        Arrived(each.topic, bytes(each.payload), each.qos, each.mid, each.retain)
    )
    for each in (theirs, ours):
        each._in_packet |= {"command": command, "packet": bytearray(packet)}
        each._in_packet |= {"remaining_length": len(packet), "pos": 0}
        assert each._handle_publish() == MQTTErrorCode.MQTT_ERR_SUCCESS
    assert list(ours.inbox) == seen


@given(st.binary(max_size=12))
def test_a_broken_packet_ends_the_connection_and_nothing_else(packet: bytes) -> None:
    """What is cut off or makes no sense is a protocol error, or some message; it never raises."""
    ours = client(QuickClient, MQTTProtocolVersion.MQTTv5)
    ours._in_packet |= {"command": 0x32, "packet": bytearray(packet)}
    assert ours._handle_publish() in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_PROTOCOL)
