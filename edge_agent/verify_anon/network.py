"""Messages from a capture of the network: which connections speak MQTT, who is the client, and what was sent."""

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import IO, Final

from edge_agent.verify_anon import mqtt
from edge_agent.verify_anon.capture import Captured, Item, Missed, Remark, Seen
from edge_agent.verify_anon.packets import Segment, Skipped, segments
from edge_agent.verify_anon.tcp import Direction, Piece

_PORTS: Final = frozenset({1883, 8883})
_TRIES: Final = 64
"""Without its beginning, a connection is given up as not MQTT when so many segments did not begin with a packet."""
_FIRST_BYTES: Final = 8
_TLS_RECORDS: Final = range(0x14, 0x18)

_BY_SUBSCRIBER: Final = "capture what the broker passes on instead: `mosquitto_sub -v -t '#'`"


def read_network(file: IO[bytes]) -> Iterator[Item]:
    """Give the messages of every MQTT connection in a pcap or pcapng file.

    Raises:
        CannotReadError: it is damaged, or of a kind of network that is not known here.
    """
    connections: dict[frozenset[tuple[str, int]], _Connection] = {}
    skipped: Counter[str] = Counter()
    try:
        for segment in segments(file):
            if isinstance(segment, Skipped):
                skipped[segment.why] += 1
                if segment.matters:
                    yield Missed(f"packet {segment.packet}", segment.why, _BY_SUBSCRIBER)
                continue
            pair = frozenset({segment.source, segment.target})
            connection = connections.get(pair)
            if connection is not None and segment.syn and not segment.ack and connection.is_over(segment):
                yield from connection.end()
                connection = None
            if connection is None:
                connection = connections[pair] = _Connection(segment)
            yield from connection.take(segment)
    finally:  # a file that is cut off still holds what stands before the cut
        for connection in connections.values():
            yield from connection.end()
    others = sum(connection.speaks is _Speaks.OTHER for connection in connections.values())
    if others:
        yield Remark(f"TCP connections that are not MQTT, left alone: {others}")
    for why in ("not IP", "not TCP"):
        if skipped[why]:
            yield Remark(f"packets that are {why}, left alone: {skipped[why]}")


class _Speaks(Enum):
    UNDECIDED = "not known yet"
    MQTT = "MQTT"
    OTHER = "something else"
    UNREADABLE = "something that has been told of already"


class _Connection:
    """A TCP connection: undecided at first, then MQTT, or one of the reasons to leave it."""

    def __init__(self, first: Segment) -> None:
        self.name = f"{_end(first.source)} and {_end(first.target)}"
        self.speaks = _Speaks.UNDECIDED
        self._version: int | None = None
        self._client: tuple[str, int] | None = None
        self._syn: int | None = None
        self._tries = 0
        self._halves: dict[tuple[str, int], _Half] = {}
        if first.syn:
            self._client = first.target if first.ack else first.source
        elif (first.source[1] in _PORTS) != (first.target[1] in _PORTS):
            self._client = first.target if first.source[1] in _PORTS else first.source

    def is_over(self, segment: Segment) -> bool:
        """Whether this SYN begins another connection between the same ends, and is not the first one again."""
        return segment.sequence != self._syn

    def take(self, segment: Segment) -> Iterator[Item]:
        if segment.syn and not segment.ack:
            self._syn = segment.sequence
        if self.speaks in (_Speaks.OTHER, _Speaks.UNREADABLE):
            return
        half = self._halves.get(segment.source)
        if half is None:
            name = f"{_end(segment.source)} > {_end(segment.target)}"
            half = self._halves[segment.source] = _Half(name, segment.source)
        if segment.syn:
            if not half.direction.begun:
                half.direction.begin(segment.sequence)
                half.in_step = True
            return
        for piece in half.direction.segment(segment.sequence, segment.data, segment.packet, cut=segment.cut):
            yield from self._piece(half, piece)

    def end(self) -> Iterator[Item]:
        """Read what is left."""
        for half in self._halves.values():
            for piece in half.direction.end():
                yield from self._piece(half, piece)
        if self.speaks is _Speaks.MQTT:
            for half in self._halves.values():
                if half.frames.pending:
                    why = f"the capture ends within a message ({half.frames.pending} bytes of it are there)"
                    yield Missed(f"packet {half.packet}, {half.name}", why, "capture for longer")
        elif self.speaks is _Speaks.UNDECIDED and any(half.packet for half in self._halves.values()):
            self.speaks = _Speaks.OTHER

    def _piece(self, half: "_Half", piece: Piece) -> Iterator[Item]:
        half.packet = piece.packet
        place = f"packet {piece.packet}, {half.name}"
        if piece.lost:
            half.lose()
            if self.speaks is _Speaks.MQTT:
                why = f"{piece.lost} bytes before it were not captured; messages in them are not judged"
                yield Missed(place, why, "capture with a larger buffer, such as `tcpdump -B 16384 -s 0`")
        data = piece.data
        if half.in_step and (half.first or self.speaks is _Speaks.UNDECIDED):
            half.first += data
            data = half.first
        if self.speaks is _Speaks.UNDECIDED:
            yield from self._decide(half, data, place)
        if self.speaks is not _Speaks.MQTT:
            return
        half.first = b""
        if half.in_step or mqtt.begins_packet(data):  # else the rest of a packet whose beginning is not there
            half.in_step = True
            yield from self._read(half, data, place)

    def _decide(self, half: "_Half", data: bytes, place: str) -> Iterator[Item]:
        """Find out from the first bytes what the connection speaks."""
        if len(data) < _FIRST_BYTES and half.in_step:
            return
        if len(data) > 2 and data[0] in _TLS_RECORDS and data[1] == 3 and data[2] <= 4:
            self.speaks = _Speaks.UNREADABLE
            yield Missed(place, f"the connection between {self.name} is encrypted (TLS)", _BY_SUBSCRIBER)
        elif data.startswith(b"GET ") and b"mqtt" in data.lower():
            self.speaks = _Speaks.UNREADABLE
            yield Missed(place, f"the connection between {self.name} is MQTT over WebSocket", _BY_SUBSCRIBER)
        elif mqtt.begins_connection(data) if half.in_step else mqtt.begins_packet(data):
            self.speaks = _Speaks.MQTT
        else:
            self._tries += 1
            most = _TRIES if data.startswith(b"GET ") or not half.in_step else 0
            if self._tries > most:
                self.speaks = _Speaks.OTHER
                self._halves.clear()

    def _read(self, half: "_Half", data: bytes, place: str) -> Iterator[Item]:
        try:
            for first, body in half.frames.feed(data):
                is_client = mqtt.from_client(first)
                if is_client is not None and self._client is None:
                    others = [end for end in self._halves if end != half.source]
                    self._client = half.source if is_client else next(iter(others), None)
                yield from self._packet(half, first, body, place)
        except mqtt.MalformedError as error:
            half.lose()
            yield Missed(place, f"not MQTT ({error}); read on from the next packet that is", _BY_SUBSCRIBER)

    def _packet(self, half: "_Half", first: int, body: bytes, place: str) -> Iterator[Item]:
        kind = first >> 4
        if kind == mqtt.CONNECT:
            said = mqtt.connect(body)
            self._version, self._client = said.version, half.source
            half.aliases.clear()
            if said.password:
                yield Remark("a password crosses this network unencrypted; use TLS")
            if said.will is not None:
                yield self._captured(said.will, said.will.topic, f"{place}, last will", half.source)
        elif kind == mqtt.PUBLISH:
            found = mqtt.publication(first, body, self._version)
            topic = found.topic or half.aliases.get(found.alias)
            if topic is None:
                why = f"its topic is number {found.alias}, which was given before the capture began"
                yield Missed(place, why, "capture from the start of the connection")
                return
            if found.alias:
                half.aliases[found.alias] = topic
            yield self._captured(found, topic, place, half.source)

    def _captured(self, found: mqtt.Publication, topic: bytes, place: str, source: tuple[str, int]) -> Captured:
        seen = Seen.PUBLISHED if source == self._client else Seen.DELIVERED
        seen = Seen.SOMEWHERE if self._client is None else seen
        return Captured(
            place,
            topic.decode("utf-8", "backslashreplace"),
            found.payload,
            qos=found.qos,
            retained=found.retained,
            seen=seen,
            beside=found.beside,
            connection=self.name if seen is Seen.PUBLISHED else None,
        )


class _Half:
    """What one end of a connection sends. `in_step`: whether it is known where in a packet the next byte stands."""

    def __init__(self, name: str, source: tuple[str, int]) -> None:
        self.name = name
        self.source = source
        self.direction = Direction()
        self.frames = mqtt.Frames()
        self.aliases: dict[int, bytes] = {}
        self.first = b""
        self.packet = 0
        self.in_step = False

    def lose(self) -> None:
        """Bytes are missing: read on where a packet begins."""
        self.frames.clear()
        self.first = b""
        self.in_step = False


def _end(of: tuple[str, int]) -> str:
    return f"{of[0]}:{of[1]}"
