"""TCP segments from a pcap or pcapng file. The formats and the headers are dpkt's; see pyproject.toml for why."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import dpkt
from dpkt import ethernet, ip, ip6, pcap, pcapng, sll, sll2, tcp

from edge_agent.verify_anon.capture import CannotReadError

PCAP: Final = (
    b"\xa1\xb2\xc3\xd4",
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\xcd\x34",
    b"\x34\xcd\xb2\xa1",
)
PCAPNG: Final = b"\x0a\x0d\x0d\x0a"

_ETHERNET: Final = 1
_RAW: Final = frozenset({12, 14, 101, 228, 229})
_LOOPBACK: Final = frozenset({0, 108})
_COOKED: Final = 113
_COOKED_2: Final = 276
_BLOCK_MAX: Final = 64 * 2**20
_ERRORS: Final = (dpkt.Error, struct.error, ValueError, IndexError, AttributeError, KeyError, TypeError)
"""What dpkt raises on headers that are not what they say."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment. `cut` bytes at its end were not captured."""

    packet: int
    source: tuple[str, int]
    target: tuple[str, int]
    sequence: int
    syn: bool
    ack: bool
    data: bytes
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A packet that is no readable TCP segment. `matters` tells whether one may have been in it."""

    packet: int
    why: str
    matters: bool


def segments(file: IO[bytes]) -> Iterator[Segment | Skipped]:
    """Give every packet of the file.

    Raises:
        CannotReadError: it is no such file, or of a kind of network that is not known here.
    """
    packet = 0
    for packet, (link, data) in enumerate(_packets(file), 1):
        try:
            yield _segment(packet, link, data)
        except _ERRORS:
            yield Skipped(packet, "its headers cannot be read", matters=True)
    if packet == 0:
        raise CannotReadError("holds no packets; capture again while the counter sends")


def _packets(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    magic = file.read(4)
    file.seek(0)
    if magic == PCAPNG:
        yield from _pcapng(file)
        return
    try:
        reader: Any = pcap.Reader(file)
        link = int(reader.datalink())
        for _time, data in reader:
            yield link, bytes(data)
    except _ERRORS:
        raise CannotReadError("is cut off or damaged; what follows cannot be read") from None


def _pcapng(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give (link type, packet). dpkt's own reader takes the first interface's type for all of them."""
    order, links = "<", list[int]()
    while head := file.read(8):
        if head[:4] == PCAPNG:
            magic = file.read(4)
            order, links = ("<" if magic == b"\x4d\x3c\x2b\x1a" else ">"), []
            head += magic
        try:
            kind, length = struct.unpack(f"{order}II", head[:8])
        except struct.error:
            length = 0
        body = file.read(length - len(head)) if len(head) + 4 <= length <= _BLOCK_MAX else b""
        if len(head) + len(body) != length or length % 4:
            raise CannotReadError("is cut off or damaged; what follows cannot be read")
        block = head + body
        try:
            yield from _block(kind, block, order, links)
        except (*_ERRORS, IndexError):
            raise CannotReadError("is damaged; what follows cannot be read") from None


def _block(kind: int, block: bytes, order: str, links: list[int]) -> Iterator[tuple[int, bytes]]:
    little = order == "<"
    if kind == pcapng.PCAPNG_BT_IDB:
        links.append(struct.unpack_from(f"{order}H", block, 8)[0])
    elif kind == pcapng.PCAPNG_BT_EPB:
        enhanced: Any = (pcapng.EnhancedPacketBlockLE if little else pcapng.EnhancedPacketBlock)(block)
        yield links[enhanced.iface_id], bytes(enhanced.pkt_data)
    elif kind == pcapng.PCAPNG_BT_SPB:  # without an interface: that of the first one
        length = struct.unpack_from(f"{order}I", block, 8)[0]
        yield links[0], block[12 : min(12 + length, len(block) - 4)]
    elif kind == pcapng.PCAPNG_BT_PB:
        older: Any = (pcapng.PacketBlockLE if little else pcapng.PacketBlock)(block)
        yield links[older.iface_id], bytes(older.pkt_data)


def _segment(packet: int, link: int, data: bytes) -> Segment | Skipped:
    found = _internet(link, data)
    if isinstance(found, str):
        return Skipped(packet, found, matters=found.startswith("a kind of network"))
    inner: Any = found.data
    if _is_fragment(found):
        return Skipped(packet, "a fragment of an IP packet, which is not put together here", matters=True)
    if not isinstance(inner, tcp.TCP):
        is_tcp = getattr(found, "p", 0) == ip.IP_PROTO_TCP
        return Skipped(packet, "its TCP header cannot be read" if is_tcp else "not TCP", matters=is_tcp)
    source, target = _address(found.src), _address(found.dst)
    flags = int(inner.flags)
    return Segment(
        packet,
        (source, int(inner.sport)),
        (target, int(inner.dport)),
        int(inner.seq),
        syn=bool(flags & tcp.TH_SYN),
        ack=bool(flags & tcp.TH_ACK),
        data=bytes(inner.data),
        cut=max(0, _announced(found) - int(inner.off) * 4 - len(inner.data)),
    )


def _internet(link: int, data: bytes) -> Any:  # noqa: ANN401 - dpkt has no types
    """Return the IP packet, or a word on why there is none."""
    if link == _ETHERNET:
        inner: Any = ethernet.Ethernet(data).data
    elif link == _COOKED:
        inner = sll.SLL(data).data
    elif link == _COOKED_2:
        inner = sll2.SLL2(data).data
    elif link in _RAW:
        inner = _by_version(data)
    elif link in _LOOPBACK:
        inner = _by_version(data[4:])
    else:
        return f"a kind of network that is not known here (link type {link})"
    return inner if isinstance(inner, ip.IP | ip6.IP6) else "not IP"


def _by_version(data: bytes) -> Any:  # noqa: ANN401 - dpkt has no types
    version = data[0] >> 4 if data else 0
    return ip.IP(data) if version == 4 else ip6.IP6(data) if version == 6 else None


def _is_fragment(found: Any) -> bool:  # noqa: ANN401 - dpkt has no types
    if isinstance(found, ip.IP):
        return bool(found.mf or found.offset)
    return any(isinstance(header, ip6.IP6FragmentHeader) for header in found.all_extension_headers)


def _announced(found: Any) -> int:  # noqa: ANN401 - dpkt has no types
    """How long the IP packet says that what it carries is; 0 where it leaves that open."""
    if isinstance(found, ip.IP):
        return max(0, int(found.len) - int(found.hl) * 4)
    return max(0, int(found.plen) - sum(len(header) for header in found.all_extension_headers))


def _address(raw: bytes) -> str:
    if len(raw) == 4:
        return ".".join(map(str, raw))
    groups = [raw[i : i + 2].hex().lstrip("0") or "0" for i in range(0, len(raw), 2)]
    return "[" + ":".join(groups) + "]"
