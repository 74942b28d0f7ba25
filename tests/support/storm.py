"""Many devices that send what they have, all at once, from one thread: real MQTT 5 on real connections.

Each keeps its messages until the fleet's watermark has passed them, comes back when the broker throws it out, and sends
again what was not confirmed in time: what the device's own uplink does, in as few instructions as possible, so that a
thousand of them fit beside what they test.
"""

import json
import selectors
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

WINDOW: Final = 20
_PUBLISH, _PUBACK = 0x30, 0x40
_AGAIN_S: Final = 0.5


@dataclass(frozen=True)
class Load:
    """What a device has to send: its base topic, its epoch, and (seq, leaf, payload) in order."""

    base: str
    epoch: str
    messages: Sequence[tuple[int, str, bytes]]


@dataclass(eq=False)
class _Sender:
    load: Load
    sock: socket.socket | None = None
    open: bool = False
    received: bytearray = field(default_factory=bytearray)
    out: bytearray = field(default_factory=bytearray)
    todo: deque[int] = field(default_factory=deque)
    in_flight: set[int] = field(default_factory=set)
    watermark: int = 0
    moved_s: float = 0.0
    next_s: float = 0.0
    wait_s: float = 0.0

    @property
    def done(self) -> bool:
        return not self.load.messages or self.watermark >= self.load.messages[-1][0]


class Storm:
    """Sends until every device has heard that all of its messages are safe.

    Args:
        port: the broker's, on the loopback.
        loads: one per device.
        resend_s: what was not confirmed for so long is sent again; twice as long the next time, as a device does it,
            or a slow fleet would drown in what it has already.
    """

    def __init__(self, port: int, loads: Sequence[Load], *, resend_s: float = 5.0) -> None:
        self.published = 0
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._senders = [_Sender(load, wait_s=resend_s) for load in loads]

    @property
    def unsafe(self) -> int:
        """How many devices have not heard yet that all is safe."""
        return sum(not sender.done for sender in self._senders)

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Drive them all; end once all is safe, or when told to."""
        looked_s = 0.0
        try:
            while not stopped():
                now_s = time.monotonic()
                if now_s - looked_s > 0.2:
                    looked_s = now_s
                    if not self.unsafe:
                        return
                    for sender in self._senders:
                        self._tend(sender, now_s)
                for key, mask in self._selector.select(0.1):
                    self._serve(key.data, mask)
        finally:
            for sender in self._senders:
                self._drop(sender, 0.0)
            self._selector.close()

    def _tend(self, sender: _Sender, now_s: float) -> None:
        if sender.sock is None and not sender.done and now_s >= sender.next_s:
            self._connect(sender, now_s)
        elif sender.open and not sender.done and now_s - sender.moved_s > sender.wait_s:
            if not sender.in_flight and not sender.todo:
                self._refill(sender)
                sender.wait_s *= 2
            sender.moved_s = now_s
            self._pump(sender)

    def _connect(self, sender: _Sender, now_s: float) -> None:
        sock = socket.socket()
        try:
            sock.connect(("127.0.0.1", self._port))
        except OSError:
            sock.close()
            sender.next_s = now_s + _AGAIN_S
            return
        sock.setblocking(False)
        sender.sock, sender.moved_s = sock, now_s
        name = sender.load.base.encode()
        sender.out += _packet(0x10, _text(b"MQTT") + b"\x05\x02\x00\x3c\x00" + _text(name))
        sender.out += _packet(0x82, b"\x00\x01\x00" + _text(name + b"/ack") + b"\x01")
        self._selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, sender)

    def _drop(self, sender: _Sender, next_s: float) -> None:
        if sender.sock is not None:
            self._selector.unregister(sender.sock)
            sender.sock.close()
        sender.sock, sender.open, sender.next_s = None, False, next_s
        sender.received.clear()
        sender.out.clear()
        sender.in_flight.clear()
        sender.todo.clear()

    def _refill(self, sender: _Sender) -> None:
        sender.todo = deque(index for index, (seq, _, _) in enumerate(sender.load.messages) if seq > sender.watermark)

    def _serve(self, sender: _Sender, mask: int) -> None:
        try:
            if mask & selectors.EVENT_READ:
                self._read(sender)
            self._write(sender)
        except OSError:
            self._drop(sender, time.monotonic() + _AGAIN_S)

    def _read(self, sender: _Sender) -> None:
        assert sender.sock is not None
        try:
            data = sender.sock.recv(65_536)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionResetError
        sender.received += data
        while (packet := _take(sender.received)) is not None:
            self._handle(sender, *packet)
        self._pump(sender)

    def _handle(self, sender: _Sender, kind: int, body: bytes) -> None:
        if kind & 0xF0 == 0x20:
            assert body[1] == 0, f"refused: 0x{body[1]:02X}"
            sender.open = True
            self._refill(sender)
        elif kind & 0xF0 == _PUBACK:
            sender.in_flight.discard(struct.unpack_from(">H", body)[0])
        elif kind & 0xF0 == _PUBLISH:
            self._confirmed(sender, kind, body)

    def _confirmed(self, sender: _Sender, kind: int, body: bytes) -> None:
        length = struct.unpack_from(">H", body)[0]
        at = 2 + length
        if kind & 0x06:
            sender.out += _packet(_PUBACK, body[at : at + 2])
            at += 2
        told = json.loads(body[at + 1 + body[at] :])
        if told["epoch"] == sender.load.epoch and told["seq"] > sender.watermark:
            sender.watermark, sender.moved_s = told["seq"], time.monotonic()

    def _pump(self, sender: _Sender) -> None:
        while sender.open and sender.todo and len(sender.in_flight) < WINDOW:
            index = sender.todo.popleft()
            seq, leaf, payload = sender.load.messages[index]
            if seq <= sender.watermark:
                continue
            mid = index + 1
            sender.in_flight.add(mid)
            topic = f"{sender.load.base}/{leaf}".encode()
            sender.out += _packet(_PUBLISH | 0x02, _text(topic) + struct.pack(">H", mid) + b"\x00" + payload)
            self.published += 1
        if sender.out and sender.sock is not None:
            self._selector.modify(sender.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, sender)

    def _write(self, sender: _Sender) -> None:
        if sender.sock is None:
            return
        if sender.out:
            try:
                sent = sender.sock.send(sender.out)
            except BlockingIOError:
                return
            del sender.out[:sent]
        if not sender.out:
            self._selector.modify(sender.sock, selectors.EVENT_READ, sender)


def _text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def _packet(kind: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, digit = length >> 7, length & 0x7F
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([kind]) + bytes(digits) + body


def _take(buffer: bytearray) -> tuple[int, bytes] | None:
    """Take one whole packet out of the buffer."""
    length = shift = 0
    for at in range(1, min(5, len(buffer))):
        length |= (buffer[at] & 0x7F) << shift
        shift += 7
        if not buffer[at] & 0x80:
            end = at + 1 + length
            if len(buffer) < end:
                return None
            packet = buffer[0], bytes(buffer[at + 1 : end])
            del buffer[:end]
            return packet
    return None
