"""paho's client with a shorter way for what comes and goes by the thousand.

For each message that arrives paho makes an object of properties, a condition variable and a line for a log that nobody
reads, and asks the system for a few bytes at a time; for each acknowledgement it asks the system once. Together that is
more than half of what the ingest would do. Its methods that are replaced here have had these names since 2010; should
one of them get another, paho's own is used again, and only the speed is lost (tests/fleet/ingest/test_quick_client.py
would say so).
"""

import struct
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

_PUBACK: Final = 0x40
_READ_BYTES: Final = 262_144


class Arrived(NamedTuple):
    """A message as it came; `topic` is text whatever its bytes were."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    retain: bool


class QuickClient(Client):
    """Puts messages into `inbox`, without a callback. Not for QoS 2."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - paho's
        super().__init__(*arguments, **options)
        self.inbox: deque[Arrived] = deque()
        self._ahead = bytearray()
        self._five = options.get("protocol") == MQTTProtocolVersion.MQTTv5
        # Only where paho's own way is taken after all.
        self.on_message = lambda _c, _u, each: self.inbox.append(
            Arrived(each.topic, bytes(each.payload), each.qos, each.mid, each.retain)
        )

    @property
    def read_ahead(self) -> bool:
        """Whether there is something to read that the system does not know of any more."""
        return bool(self._ahead)

    def ack_all(self, mids: Iterable[int]) -> None:
        """Acknowledge messages of QoS 1, in one piece."""
        acks = b"".join(struct.pack(">BBH", _PUBACK, 2, mid) for mid in mids)
        if acks:
            self._packet_queue(_PUBACK, acks, 0, 1)

    def _sock_recv(self, bufsize: int) -> bytes:
        """Read as much as there is, and give away as much as was asked for."""
        if not self._ahead:
            self._ahead += super()._sock_recv(_READ_BYTES)
        part = bytes(self._ahead[:bufsize])
        del self._ahead[:bufsize]
        return part

    def _handle_publish(self) -> MQTTErrorCode:
        """Take a PUBLISH packet apart."""
        flags, packet = self._in_packet["command"], self._in_packet["packet"]
        qos = (flags >> 1) & 0x03
        at = 2 + int.from_bytes(packet[:2], "big")
        topic = packet[2:at].decode(errors="replace")
        mid = 0
        if qos:
            mid = int.from_bytes(packet[at : at + 2], "big")
            at += 2
        if self._five:
            length, shift = 0, 0
            while True:
                if at >= len(packet) or shift > 21:
                    return MQTTErrorCode.MQTT_ERR_PROTOCOL
                digit = packet[at]
                at += 1
                length |= (digit & 0x7F) << shift
                shift += 7
                if digit < 0x80:
                    break
            at += length
        if at > len(packet) or qos > 1:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        self.inbox.append(Arrived(topic, bytes(packet[at:]), qos, mid, bool(flags & 0x01)))
        return MQTTErrorCode.MQTT_ERR_SUCCESS
