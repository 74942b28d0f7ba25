"""Traffic to judge: a proxy that records real TCP sessions, pcap files made of them, and golden messages."""

import io
import json
import select
import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self

from dpkt import ethernet, ip, ip6, pcap, pcapng, sll, sll2, tcp

from edge_agent.verify_anon import Report, examine

GOLDEN: Final = Path(__file__).resolve().parents[1] / "contract" / "golden"
BASE: Final = "footfall/v1/demo/milano-01/door-1"


def golden(leaf: str) -> bytes:
    """A message of the contract."""
    return (GOLDEN / f"{leaf}.json").read_bytes().rstrip()


def changed(leaf: str, **fields: Any) -> bytes:
    """The golden message with other top-level fields, written as the agent writes."""
    return written({**json.loads(golden(leaf)), **fields})


def written(values: object) -> bytes:
    """Compact JSON."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()


def judged(folder: Path, data: bytes, name: str = "captured") -> Report:
    """What the tool says of a file with these bytes."""
    path = folder / name
    path.write_bytes(data)
    return examine([path], keep_good=True)


# -- MQTT packets --------------------------------------------------------------------------------------------------


def packet(first: int, body: bytes) -> bytes:
    """A control packet."""
    size, length = len(body), bytearray()
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes([first]) + bytes(length) + body


def text(value: bytes | str) -> bytes:
    """A string of the protocol."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(raw)) + raw


def connect(version: int = 4, will: tuple[str, bytes, bool] | None = None, password: str | None = None) -> bytes:
    """A CONNECT."""
    flags = 2 | (0x80 | 0x40 if password else 0)
    rest = text("demo.milano-01.door-1")
    properties = b"\0" if version == 5 else b""
    if will is not None:
        topic, payload, retained = will
        flags |= 4 | 8 | (0x20 if retained else 0)
        rest += properties + text(topic) + text(payload)
    if password:
        rest += text("counter") + text(password)
    name = text("MQIsdp" if version == 3 else "MQTT")
    return packet(0x10, name + bytes([version, flags]) + struct.pack(">H", 60) + properties + rest)


def connack(version: int = 4) -> bytes:
    """A CONNACK."""
    return packet(0x20, b"\0\0" + (b"\0" if version == 5 else b""))


def publish(
    topic: str | bytes,
    payload: bytes,
    *,
    qos: int = 1,
    retained: bool = False,
    properties: bytes | None = None,
) -> bytes:
    """A PUBLISH; `properties` make it one of MQTT 5."""
    body = text(topic) + (b"\0\x07" if qos else b"")
    if properties is not None:
        body += bytes([len(properties)]) + properties
    return packet(0x30 | qos << 1 | retained, body + payload)


# -- TCP and files -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chunk:
    """Bytes that one end sent."""

    by_client: bool
    data: bytes


class Link(Protocol):
    """Puts an IP packet into a frame."""

    def __call__(self, packet_: bytes, *, v6: bool) -> bytes:
        """Frame it."""


def on_ethernet(packet_: bytes, *, v6: bool) -> bytes:
    kind = ethernet.ETH_TYPE_IP6 if v6 else ethernet.ETH_TYPE_IP
    padding = b"" if len(packet_) >= 46 else b"\0" * (46 - len(packet_))
    return bytes(ethernet.Ethernet(src=b"\2" * 6, dst=b"\4" * 6, type=kind, data=packet_)) + padding


def on_cooked(packet_: bytes, *, v6: bool) -> bytes:
    return bytes(sll.SLL(type=4, hrd=1, hlen=6, hdr=b"\0" * 8, ethtype=0x86DD if v6 else 0x800)) + packet_


def on_cooked_2(packet_: bytes, *, v6: bool) -> bytes:
    return bytes(sll2.SLL2(ethtype=0x86DD if v6 else 0x800, intindex=2, hrd=1, type=4)) + packet_


def on_raw(packet_: bytes, *, v6: bool) -> bytes:
    return packet_


def on_loopback(packet_: bytes, *, v6: bool) -> bytes:
    return struct.pack("<I", 30 if v6 else 2) + packet_


LINKS: Final[dict[int, Link]] = {1: on_ethernet, 113: on_cooked, 276: on_cooked_2, 101: on_raw, 0: on_loopback}


def ip_packet(inner: tcp.TCP, *, by_client: bool, v6: bool = False) -> bytes:
    """A TCP segment in an IP packet."""
    if v6:
        ends = (b"\x20\1\x0d\xb8" + b"\0" * 11 + b"\1", b"\x20\1\x0d\xb8" + b"\0" * 11 + b"\2")
        source, target = ends if by_client else ends[::-1]
        return bytes(ip6.IP6(src=source, dst=target, nxt=6, plen=len(bytes(inner)), data=inner))
    ends = (b"\x0a\0\0\1", b"\x0a\0\0\2")
    source, target = ends if by_client else ends[::-1]
    return bytes(ip.IP(src=source, dst=target, p=6, len=20 + len(bytes(inner)), data=inner))


@dataclass(frozen=True)
class Conversation:
    """A TCP session as packets. Sequence numbers begin shortly before they wrap around."""

    chunks: Sequence[Chunk]
    port: int = 1883
    client_port: int = 40_000
    v6: bool = False
    mss: int = 600
    first: int = 2**32 - 700
    handshake: bool = True

    def segments(self) -> list[tuple[bool, tcp.TCP]]:
        """(by the client, segment) in the order in which they were sent."""
        sequence = {True: self.first, False: 5_000}
        found = []
        if self.handshake:
            found += [(True, self._segment(sequence, b"", tcp.TH_SYN, by_client=True))]
            found += [(False, self._segment(sequence, b"", tcp.TH_SYN | tcp.TH_ACK, by_client=False))]
        sequence = {end: (n + 1) % 2**32 for end, n in sequence.items()}
        for chunk in self.chunks:
            for at in range(0, len(chunk.data), self.mss):
                part = chunk.data[at : at + self.mss]
                found.append((chunk.by_client, self._segment(sequence, part, tcp.TH_ACK, by_client=chunk.by_client)))
                sequence[chunk.by_client] = (sequence[chunk.by_client] + len(part)) % 2**32
        return found

    def packets(self) -> list[bytes]:
        """The same as IP packets."""
        return [ip_packet(segment, by_client=by, v6=self.v6) for by, segment in self.segments()]

    def _segment(self, sequence: dict[bool, int], data: bytes, flags: int, *, by_client: bool) -> tcp.TCP:
        ports = (self.client_port, self.port) if by_client else (self.port, self.client_port)
        return tcp.TCP(sport=ports[0], dport=ports[1], seq=sequence[by_client], flags=flags, data=data)


def as_pcap(packets: Iterable[bytes], *, link: int = 1, v6: bool = False, snaplen: int = 65_535) -> bytes:
    """A pcap file with these IP packets."""
    file = io.BytesIO()
    writer = pcap.Writer(file, linktype=link, snaplen=snaplen)
    for i, packet_ in enumerate(packets):
        writer.writepkt(LINKS[link](packet_, v6=v6)[:snaplen], ts=1_781_000_000 + i)
    return file.getvalue()


def as_pcapng(packets: Iterable[bytes], *, link: int = 1) -> bytes:
    """A pcapng file with these IP packets."""
    file = io.BytesIO()
    writer = pcapng.Writer(file, linktype=link)
    for i, packet_ in enumerate(packets):
        writer.writepkt(LINKS[link](packet_, v6=False), ts=1_781_000_000.0 + i)
    return file.getvalue()


def from_client(*packets: bytes) -> list[Chunk]:
    """A session in which the broker only says that the client is welcome."""
    first, *rest = packets
    return [Chunk(True, first), Chunk(False, connack()), *(Chunk(True, one) for one in rest)]


class Recorder:
    """A TCP proxy on the loopback that keeps what passes, per connection."""

    def __init__(self, port: int) -> None:
        self.sessions: list[list[Chunk]] = []
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            session: list[Chunk] = []
            self.sessions.append(session)
            thread = threading.Thread(target=self._pass_on, args=(client, session))
            self._threads.append(thread)
            thread.start()

    def _pass_on(self, client: socket.socket, session: list[Chunk]) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as broker:
            for source, target in _traffic(client, broker):
                data = source.recv(65_536)
                if not data:
                    return
                session.append(Chunk(source is client, data))
                target.sendall(data)


def _traffic(client: socket.socket, broker: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    while True:
        for ready in select.select([client, broker], [], [])[0]:
            yield (client, broker) if ready is client else (broker, client)
