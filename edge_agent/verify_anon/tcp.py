"""The bytes of one direction of a TCP connection in order, from segments that come twice, late, or never."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PENDING_MAX: Final = 4 * 2**20
_PENDING_SEGMENTS: Final = 1024
_FIRST_SEGMENTS: Final = 16
"""Without the connection's beginning, so many segments are looked at before it is said which of them is the first."""

_HALF: Final = 2**31
_ALL: Final = 2**32


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that follow on those given before, unless `lost` bytes were never seen in between.

    Attributes:
        data: the bytes of one segment, without what was given already.
        packet: number of the packet that brought them.
        lost: how many bytes are missing before it.
    """

    data: bytes
    packet: int
    lost: int = 0


class Direction:
    """One direction. `begun` tells whether its first byte is known."""

    def __init__(self) -> None:
        self.begun = False
        self._next: int | None = None
        self._pending: dict[int, tuple[bytes, int, int]] = {}
        """By sequence number: what was captured, the packet, how long it was on the wire."""
        self._bytes = 0

    def begin(self, sequence: int) -> None:
        """A SYN: the first byte has the next number."""
        self.begun = True
        self._next = (sequence + 1) % _ALL

    def segment(self, sequence: int, data: bytes, packet: int, *, cut: int = 0) -> Iterator[Piece]:
        """Take a segment, of whose end `cut` bytes were not captured; give what can be read now."""
        if not data and not cut:
            return
        before = self._pending.get(sequence)
        if before is None or len(before[0]) < len(data):
            self._bytes += len(data) - (len(before[0]) if before else 0)
            self._pending[sequence] = (data, packet, len(data) + cut)
        if self._next is None:
            if len(self._pending) < _FIRST_SEGMENTS:
                return
            self._start()
        yield from self._in_order()
        while self._bytes > _PENDING_MAX or len(self._pending) > _PENDING_SEGMENTS:
            yield from self._over_the_hole()

    def end(self) -> Iterator[Piece]:
        """Give the rest, holes and all."""
        if self._next is None and self._pending:
            self._start()
        yield from self._in_order()
        while self._pending:
            yield from self._over_the_hole()

    def _start(self) -> None:
        some = next(iter(self._pending))
        self._next = (some + min(_ahead(sequence, some) for sequence in self._pending)) % _ALL

    def _nearest(self) -> int:
        assert self._next is not None  # noqa: S101 - for the type checker; set before anything is read
        return min(self._pending, key=lambda sequence: _ahead(sequence, self._next or 0))

    def _in_order(self) -> Iterator[Piece]:
        while self._pending and _ahead(self._nearest(), self._next or 0) <= 0:
            yield from self._take(self._nearest(), lost=0)

    def _over_the_hole(self) -> Iterator[Piece]:
        nearest = self._nearest()
        yield from self._take(nearest, lost=_ahead(nearest, self._next or 0))
        yield from self._in_order()

    def _take(self, sequence: int, *, lost: int) -> Iterator[Piece]:
        data, packet, length = self._pending.pop(sequence)
        self._bytes -= len(data)
        known = max(0, -_ahead(sequence, self._next or 0))
        if known < length:
            self._next = (sequence + len(data)) % _ALL if known < len(data) else self._next
            if known < len(data):
                yield Piece(data[known:], packet, lost)


def _ahead(sequence: int, of: int) -> int:
    """How far a sequence number lies ahead of another; they wrap around at 2**32."""
    return (sequence - of + _HALF) % _ALL - _HALF
