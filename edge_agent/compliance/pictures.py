"""Finds pictures and videos in any bytes by what they begin with: whole files, and what hides inside of others.

A raw array of pixels without a header begins with nothing; no search of this kind can find it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CHUNK: Final = 4 * 2**20
_OVERLAP: Final = 4096
"""How much of a chunk is looked at again with the next one; what a kind is recognised by is shorter."""

_BRANDS: Final = rb"(?:isom|iso[2-9]|mp4[12]|avc1|qt  |M4V |MSNV|heic|heix|mif1|avif|3gp[4-9]|dash|f4v )"


@dataclass(frozen=True, slots=True)
class Found:
    """A picture or video: of which kind, and at which byte it begins."""

    kind: str
    at: int


def _is_jpeg(data: bytes, at: int) -> bool:
    """Whether the segments after the beginning follow on each other; three bytes alone are found in any noise."""
    at += 2
    for _ in range(3):
        if at + 4 > len(data):
            return at + 4 <= len(data) + 4  # cut off here: what there is of it fits
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at] != 0xFF or marker < 0xC0 or marker == 0xFF or length < 2:
            return False
        if marker == 0xDA:  # the picture itself begins
            return True
        at += 2 + length
    return True


def _always(_data: bytes, _at: int) -> bool:
    return True


_KINDS: Final[tuple[tuple[str, re.Pattern[bytes], Callable[[bytes, int], bool]], ...]] = (
    ("JPEG", re.compile(rb"\xff\xd8\xff[\xc0-\xfe]"), _is_jpeg),
    ("PNG", re.compile(rb"\x89PNG\r\n\x1a\n"), _always),
    ("GIF", re.compile(rb"GIF8[79]a"), _always),
    ("WebP", re.compile(rb"RIFF....WEBPVP8", re.DOTALL), _always),
    ("AVI", re.compile(rb"RIFF....AVI LIST", re.DOTALL), _always),
    ("BMP", re.compile(rb"BM.{4}\0{4}.{2}\0\0[\x28\x6c\x7c]\0{3}", re.DOTALL), _always),
    ("TIFF", re.compile(rb"II\*\0\x08\0{3}|MM\0\*\0{3}\x08"), _always),
    ("PNM", re.compile(rb"P[56]\s\d{1,5}\s\d{1,5}\s(?:255|65535)\s"), _always),
    ("MP4", re.compile(rb"ftyp" + _BRANDS), _always),
    ("Matroska", re.compile(rb"\x1a\x45\xdf\xa3.{1,64}?\x42\x82.(?:matroska|webm)", re.DOTALL), _always),
    ("H.264", re.compile(rb"\0{3}\x01[\x27\x47\x67].{3,256}?\0{3}\x01[\x28\x48\x68]", re.DOTALL), _always),
    ("NumPy", re.compile(rb"\x93NUMPY[\x01-\x03]\0"), _always),
    ("NumPy archive", re.compile(rb"PK\x03\x04.{26}[^\0/]{1,64}\.npy", re.DOTALL), _always),
)

_MARKS: Final = {
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*"),
    "PNM": (b"P5", b"P6"),
    "MP4": (b"ftyp",),
    "H.264": (b"\0\0\0\1",),
}
"""What must be in the bytes at all: looked for first, because a pattern is slow over empty pages."""

KINDS: Final = tuple(kind for kind, _, _ in _KINDS)
"""What can be found."""


def pictures_in(data: bytes) -> Iterator[Found]:
    """Give every picture and video that begins somewhere in the bytes."""
    for kind, pattern, holds in _KINDS:
        if kind in _MARKS and not any(mark in data for mark in _MARKS[kind]):
            continue
        for match in pattern.finditer(data):
            if holds(data, match.start()):
                yield Found(kind, match.start())


def pictures_in_file(path: Path) -> Iterator[Found]:
    """Give the same for a file of any size; a database's pages, used and free, are part of the file.

    Raises:
        OSError: it cannot be read.
    """
    seen: set[Found] = set()
    with path.open("rb") as file:
        start, data = 0, b""
        while chunk := file.read(_CHUNK):
            data += chunk
            for found in pictures_in(data):
                placed = Found(found.kind, start + found.at)
                if placed not in seen:
                    seen.add(placed)
                    yield placed
            start += max(0, len(data) - _OVERLAP)
            data = data[-_OVERLAP:]
