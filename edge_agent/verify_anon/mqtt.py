"""MQTT 3.1, 3.1.1 and 5 as far as messages need it: frames, PUBLISH, and the will in CONNECT."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CONNECT: Final = 1
CONNACK: Final = 2
PUBLISH: Final = 3
_FROM_CLIENT: Final = frozenset({CONNECT, 8, 10, 12})  # SUBSCRIBE, UNSUBSCRIBE, PINGREQ
_FROM_BROKER: Final = frozenset({CONNACK, 9, 11, 13})  # SUBACK, UNSUBACK, PINGRESP
_FLAGS_2: Final = frozenset({6, 8, 10})  # PUBREL, SUBSCRIBE, UNSUBSCRIBE
_LEAST: Final = {CONNECT: 10, CONNACK: 2, PUBLISH: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 5, 9: 3, 10: 4, 11: 2}
_MOST: Final = {12: 0, 13: 0}
_VERSIONS: Final = {b"MQIsdp": (3,), b"MQTT": (4, 5)}
V5: Final = 5

_TEXT, _BYTES, _PAIR, _VARINT = "text", "bytes", "pair", "varint"
_PROPERTIES: Final[dict[int, tuple[str, int | str]]] = {
    0x01: ("payload-format-indicator", 1),
    0x02: ("message-expiry-interval", 4),
    0x03: ("content-type", _TEXT),
    0x08: ("response-topic", _TEXT),
    0x09: ("correlation-data", _BYTES),
    0x0B: ("subscription-identifier", _VARINT),
    0x11: ("session-expiry-interval", 4),
    0x15: ("authentication-method", _TEXT),
    0x16: ("authentication-data", _BYTES),
    0x17: ("request-problem-information", 1),
    0x18: ("will-delay-interval", 4),
    0x19: ("request-response-information", 1),
    0x21: ("receive-maximum", 2),
    0x22: ("topic-alias-maximum", 2),
    0x23: ("topic-alias", 2),
    0x26: ("user-property", _PAIR),
    0x27: ("maximum-packet-size", 4),
}
"""Those that PUBLISH, CONNECT and a will may have; MQTT 5, 2.2.2.2."""

_OPEN: Final = frozenset({"content-type", "response-topic", "correlation-data", "user-property"})
"""Those of a message that can hold a text of any kind."""


class MalformedError(ValueError):
    """The bytes are not MQTT."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What PUBLISH or a will says. `alias` is 0 without one; then `topic` is not empty."""

    topic: bytes
    payload: bytes
    qos: int
    retained: bool
    alias: int = 0
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connect:
    """What CONNECT says, as far as it matters here."""

    version: int
    will: Publication | None
    password: bool


class Frames:
    """Cuts the bytes of one direction into packets."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Take bytes; give (first byte, body) of each packet that is now complete.

        Raises:
            MalformedError: what comes next is no packet.
        """
        self._buffer += data
        while True:
            head = header(self._buffer)
            if head is None or len(self._buffer) < sum(head):
                return
            start, length = head
            first, body = self._buffer[0], bytes(self._buffer[start : start + length])
            del self._buffer[: start + length]
            yield first, body

    @property
    def rest(self) -> bytes:
        """The incomplete packet."""
        return bytes(self._buffer)

    @property
    def pending(self) -> int:
        """How many bytes of an incomplete packet wait for its rest."""
        return len(self._buffer)

    def clear(self) -> None:
        """Forget them."""
        self._buffer.clear()


def header(data: bytes | bytearray) -> tuple[int, int] | None:
    """Return (length of the fixed header, length of the body); None if it is not complete yet.

    Raises:
        MalformedError: no packet begins so.
    """
    if not data:
        return None
    kind, flags = data[0] >> 4, data[0] & 0x0F
    right = flags & 6 != 6 if kind == PUBLISH else flags == (2 if kind in _FLAGS_2 else 0)
    if kind == 0 or not right:
        raise MalformedError("no packet begins so")
    found = _varint(data, 1)
    if found is None:
        return None
    length, start = found
    if not _LEAST.get(kind, 0) <= length <= _MOST.get(kind, length):
        raise MalformedError("a length that its kind of packet cannot have")
    return start, length


def begins_packet(data: bytes) -> bool:
    """Whether a packet begins here, as far as one segment can tell: whole packets to its end, or a readable topic."""
    frames = Frames()
    try:
        for first, body in frames.feed(data):
            if first >> 4 == CONNECT:
                connect(body)
            elif first >> 4 == PUBLISH:
                publication(first, body, None)
        return len(data) > 1 and (not frames.pending or _is_publish(frames.rest))
    except MalformedError:
        return False


def begins_connection(data: bytes) -> bool:
    """Whether CONNECT or CONNACK stands here: with one of them each end of a connection begins."""
    try:
        head = header(data)
    except MalformedError:
        return False
    if head is None or data[0] >> 4 not in (CONNECT, CONNACK):
        return False
    name = data[head[0] + 2 : head[0] + 6]
    return data[0] >> 4 == CONNACK or any(known.startswith(name) for known in _VERSIONS)


def _is_publish(rest: bytes) -> bool:
    """Whether an incomplete packet is a PUBLISH whose topic can be read."""
    head = header(rest)
    if head is None or rest[0] >> 4 != PUBLISH:
        return False
    topic, _ = _string(rest, head[0])
    _check_topic(topic)
    return topic.decode().isprintable()


def from_client(first: int) -> bool | None:
    """Whether only a client sends such a packet (True), only a broker (False), or both (None)."""
    kind = first >> 4
    return True if kind in _FROM_CLIENT else False if kind in _FROM_BROKER else None


def publication(first: int, body: bytes, version: int | None) -> Publication:
    """Read a PUBLISH; with an unknown version the bytes decide.

    Raises:
        MalformedError: it is none.
    """
    qos, retained = first >> 1 & 3, bool(first & 1)
    topic, at = _string(body, 0)
    at += 2 if qos else 0
    if at > len(body):
        raise MalformedError("no room for the packet's number")
    if version == V5 or (version is None and _has_properties(body, at)):
        names, alias, at = _properties(body, at)
        _check_topic(topic, may_be_empty=bool(alias))
        return Publication(topic, body[at:], qos, retained, alias, names)
    _check_topic(topic)
    return Publication(topic, body[at:], qos, retained)


def connect(body: bytes) -> Connect:
    """Read a CONNECT.

    Raises:
        MalformedError: it is none.
    """
    name, at = _string(body, 0)
    if len(body) < at + 4 or body[at] & 0x7F not in _VERSIONS.get(name, ()):
        raise MalformedError("no known version of MQTT")
    version, flags = body[at] & 0x7F, body[at + 1]
    at += 4
    if version == V5:
        _, _, at = _properties(body, at)
    _client, at = _string(body, at)
    will = None
    if flags & 4:
        beside: tuple[str, ...] = ()
        if version == V5:
            beside, _, at = _properties(body, at)
        topic, at = _string(body, at)
        _check_topic(topic)
        payload, at = _string(body, at)
        will = Publication(topic, payload, flags >> 3 & 3, bool(flags & 0x20), beside=beside)
    return Connect(version, will, bool(flags & 0x40))


def _has_properties(body: bytes, at: int) -> bool:
    """Whether properties stand here. Neither JSON nor a plain number can begin as they do."""
    try:
        _properties(body, at)
    except MalformedError:
        return False
    return True


def _properties(body: bytes, at: int) -> tuple[tuple[str, ...], int, int]:
    """Return the names of those that can hold anything, the topic alias or 0, and where they end."""
    found = _varint(body, at)
    if found is None:
        raise MalformedError("the properties are cut off")
    size, at = found
    end, alias, names = at + size, 0, []
    if end > len(body):
        raise MalformedError("the properties are longer than the packet")
    while at < end:
        name, kind = _PROPERTIES.get(body[at], ("", 0))
        if not name:
            raise MalformedError("an unknown property")
        at += 1
        if name == "topic-alias":
            alias = int.from_bytes(body[at : at + 2], "big")
        at = _after(body, at, kind)
        if at > end:
            raise MalformedError("a property reaches beyond the others")
        if name in _OPEN:
            names.append(name)
    return tuple(dict.fromkeys(names)), alias, at


def _after(body: bytes, at: int, kind: int | str) -> int:
    """Where a property's value ends."""
    if isinstance(kind, int):
        return at + kind
    if kind == _VARINT:
        found = _varint(body, at)
        if found is None:
            raise MalformedError("a property is cut off")
        return found[1]
    at = _string(body, at)[1]
    return _string(body, at)[1] if kind == _PAIR else at


def _string(body: bytes, at: int) -> tuple[bytes, int]:
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if len(body) < at + 2 or end > len(body):
        raise MalformedError("a text reaches beyond the packet")
    return body[at + 2 : end], end


def _check_topic(topic: bytes, *, may_be_empty: bool = False, whole: bool = True) -> None:
    if not topic and whole and not may_be_empty:
        raise MalformedError("an empty topic")
    if b"\0" in topic or b"#" in topic or b"+" in topic:
        raise MalformedError("a topic with a wildcard")
    try:
        topic.decode()
    except UnicodeDecodeError as error:
        if whole or error.end < len(topic):
            raise MalformedError("a topic that is no text") from None


def _varint(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Return a number of one to four bytes and where it ends; None if it is not complete."""
    value = 0
    for i in range(4):
        if at + i >= len(data):
            return None
        byte = data[at + i]
        value |= (byte & 0x7F) << 7 * i
        if byte < 0x80:
            return value, at + i + 1
    raise MalformedError("a length of more than four bytes")
