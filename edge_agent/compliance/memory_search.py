"""Whether a picture that went through the pipeline is still in this process's memory after the next ones.

A frame carries a pattern that is nowhere else: rows of noise, and flat blocks whose colours survive being made smaller.
The search reads every page that the process can read. To search for the pattern without holding it, only its
complement is kept, and each piece of memory is complemented in place before it is looked through.
"""

import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from edge_agent.records import Image

_PIECE: Final = 2**20
_WINDOW: Final = 32
_BLOCK: Final = 48
_BLOCKS: Final = 4
_FLAT: Final = 12
"""Pixels of one colour in a row that make a find: a block that was made four times smaller still has them."""

_MAPS: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) r(.)\S* \S+ \S+ \S+ *(.*)$")
_NOT_OURS: Final = ("[vvar", "[vsyscall", "/dev/")


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search saw: how many finds, in how many bytes, and how many it could not read."""

    finds: int
    bytes_read: int
    bytes_unread: int


class Canary:
    """A pattern that can be drawn once, and be looked for afterwards."""

    def __init__(self, seed: int) -> None:
        """Make one; the same seed makes the same pattern."""
        generator = np.random.default_rng(seed)
        noise = generator.integers(0, 256, (2, 64, 3), dtype=np.uint8)
        colours = np.stack([generator.permutation(256)[:3] for _ in range(_BLOCKS)]).astype(np.uint8)
        np.invert(noise, out=noise)  # in place: a copy that is let go of would still be in memory
        self._noise = noise
        self._colours = ~colours
        self._forms = tuple(self._hidden_forms())

    def draw(self, image: Image) -> None:
        """Draw it into the upper left corner of a picture of 256 by 64 pixels or more."""
        for row, hidden in zip(image[:2, :64], self._noise, strict=True):
            np.invert(hidden, out=row)
        for i, hidden in enumerate(self._colours):
            image[8 : 8 + _BLOCK, 8 + i * (_BLOCK + 4) : 8 + i * (_BLOCK + 4) + _BLOCK] = ~hidden

    def search(self) -> Searched:
        """Look through the memory of this process.

        Raises:
            OSError: the kernel does not let us.
        """
        gc.collect()
        finds = bytes_read = unread = 0
        piece = bytearray(_PIECE + _WINDOW)
        view = np.frombuffer(piece, np.uint8)
        own = (view.ctypes.data, view.ctypes.data + len(piece))
        with Path("/proc/self/mem").open("rb", buffering=0) as memory:
            for start, end in _around(own, _mappings()):
                for at in range(start, end, _PIECE):
                    size = min(len(piece), end - at)
                    try:
                        memory.seek(at)
                        got = memory.readinto(memoryview(piece)[:size]) or 0
                    except (OSError, OverflowError, ValueError):
                        unread += size
                        continue
                    bytes_read += got
                    if not view[:got].any():
                        continue  # never written
                    np.invert(view[:got], out=view[:got])
                    finds += sum(piece.find(form, 0, got) >= 0 for form in self._forms)
        view[:] = 0
        return Searched(finds, bytes_read, unread)

    def _hidden_forms(self) -> Iterator[bytes]:
        for row in self._noise:
            raw = row.tobytes()
            yield from (raw[at : at + _WINDOW] for at in range(0, len(raw) - _WINDOW + 1, 2 * _WINDOW))
        for colour in self._colours:
            yield bytes(colour) * _FLAT


def _around(own: tuple[int, int], spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans without the piece that is read into: exactly that, or what lies beside it would not be seen."""
    for start, end in spans:
        for part in ((start, min(end, own[0])), (max(start, own[1]), end)):
            if part[0] < part[1]:
                yield part


def _mappings() -> Iterator[tuple[int, int]]:
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        match = _MAPS.match(line)
        # A file that is mapped without being writable holds what the file holds.
        if match is not None and not match[4].startswith(_NOT_OURS) and (match[3] == "w" or match[4][:1] != "/"):
            yield int(match[1], 16), int(match[2], 16)
