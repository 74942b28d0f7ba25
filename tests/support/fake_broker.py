"""A broker for faults that a real one cannot be made to have. It speaks just enough MQTT 3.1.1 and 5."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP = 1, 2, 3, 4, 8, 9, 12, 13
FIVE = 5


@dataclass
class Packet:
    """An MQTT packet as it came."""

    kind: int
    flags: int
    body: bytes
    raw: bytes


@dataclass
class Behaviour:
    """What is wrong with this broker. Everything may be changed while it runs.

    Attributes:
        refuse: protocol level to the answer to CONNECT: raw bytes, or b'' to hang up without a word.
        connack_properties: of an MQTT 5 CONNACK, encoded.
        answer: (topic, how many were published so far) to the reason code of the PUBACK; None for no PUBACK.
        drop_every: hang up after so many packets of a connection; 0 for never.
        ack_when_full: hold PUBACKs back until so many messages wait for theirs, or nothing comes any more.
        mute: neither read nor answer, and do not close either.
        relay_to: port of a real broker to which accepted connections are passed on.
    """

    refuse: dict[int, bytes] = field(default_factory=dict)
    connack_properties: bytes = b""
    answer: Callable[[str, int], int | None] = lambda _topic, _nth: 0
    drop_every: int = 0
    ack_when_full: int = 0
    mute: bool = False
    relay_to: int = 0


class FakeBroker:
    """Listens on the loopback until the `with` block ends."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.published: list[tuple[str, bytes]] = []
        self.levels: list[int] = []
        self.most_unacked = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = [self._server]
        self._closing = False

    @property
    def url(self) -> str:
        """Its address."""
        return f"mqtt://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(10)

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._closing:
                sock, _ = self._server.accept()
                self._sockets.append(sock)
                self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError, EOFError), sock:
            packets = _packets(sock)
            connect = next(packets)
            level = connect.body[6]
            self.levels.append(level)
            if level in self.behaviour.refuse:
                sock.sendall(self.behaviour.refuse[level])
                sock.shutdown(socket.SHUT_WR)
                return
            if self.behaviour.relay_to:
                self._relay(sock, connect)
                return
            properties = self.behaviour.connack_properties
            tail = bytes([0, 0, len(properties)]) + properties if level == FIVE else b"\0\0"
            sock.sendall(_packet(CONNACK, tail))
            self._talk(sock, packets, level)

    def _talk(self, sock: socket.socket, packets: Iterator[Packet], level: int) -> None:
        waiting: list[bytes] = []
        sock.settimeout(0.1 if self.behaviour.ack_when_full else None)
        count = 0
        while True:
            try:
                packet = next(packets)
            except TimeoutError:
                packets = _packets(sock)
                _flush(sock, waiting)
                continue
            except StopIteration:
                return
            count += 1
            if self.behaviour.drop_every and count >= self.behaviour.drop_every:
                return
            while self.behaviour.mute:
                if self._closing:
                    return
                threading.Event().wait(0.05)
            self._take(sock, packet, level, waiting)
            self.most_unacked = max(self.most_unacked, len(waiting))
            if len(waiting) >= self.behaviour.ack_when_full:
                _flush(sock, waiting)

    def _take(self, sock: socket.socket, packet: Packet, level: int, waiting: list[bytes]) -> None:
        if packet.kind == PINGREQ:
            sock.sendall(_packet(PINGRESP, b""))
        elif packet.kind == SUBSCRIBE:
            sock.sendall(_packet(SUBACK, packet.body[:2] + (b"\0" if level == FIVE else b"") + b"\1\1"))
        elif packet.kind == PUBLISH:
            topic, mid, payload = _publish(packet, level)
            self.published.append((topic, payload))
            code = self.behaviour.answer(topic, len(self.published))
            if mid is not None and code is not None:
                waiting.append(_packet(PUBACK, mid + (bytes([code]) if level == FIVE and code else b"")))

    def _relay(self, sock: socket.socket, connect: Packet) -> None:
        with socket.create_connection(("127.0.0.1", self.behaviour.relay_to)) as real:
            self._sockets.append(real)
            real.sendall(connect.raw)
            self._spawn(_copy, real, sock)
            _copy(sock, real)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for sock in (source, sink):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _flush(sock: socket.socket, waiting: list[bytes]) -> None:
    for packet in waiting:
        sock.sendall(packet)
    waiting.clear()


def _packet(kind: int, body: bytes) -> bytes:
    assert len(body) < 128
    return bytes([kind << 4, len(body)]) + body


def _read(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        try:
            piece = sock.recv(count - len(data))
        except TimeoutError:
            if not data:
                raise
            continue
        if not piece:
            raise EOFError
        data += piece
    return data


def _packets(sock: socket.socket) -> Iterator[Packet]:
    while True:
        try:
            first = _read(sock, 1)
        except EOFError:
            return
        raw, length, shift = first, 0, 0
        while True:
            byte = _read(sock, 1)
            raw += byte
            length |= (byte[0] & 127) << shift
            shift += 7
            if byte[0] < 128:
                break
        body = _read(sock, length)
        yield Packet(first[0] >> 4, first[0] & 15, body, raw + body)


def _publish(packet: Packet, level: int) -> tuple[str, bytes | None, bytes]:
    (length,) = struct.unpack("!H", packet.body[:2])
    topic, rest = packet.body[2 : 2 + length].decode(), packet.body[2 + length :]
    mid = None
    if packet.flags & 6:
        mid, rest = rest[:2], rest[2:]
    if level == FIVE:
        rest = rest[1 + rest[0] :]
    return topic, mid, rest
