"""Things that must not get out, in every form in which they could, and the search for them."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.compliance.pictures import pictures_in
from edge_agent.records import Image

FIRST_TRACK_ID = 7_391_846_250_171_337_001
"""Where the ids of tracks begin in these tests: no other number looks like one of them."""

_DIGITS = 15
_WINDOW = 18
_QUALITIES = (60, 75, 80, 85, 90, 95)
_PER_READING = 4  # arrays: crops, sex, age, readable
_READABLE = 0.95
_CROPS = 20  # of a run that are searched for
_COLOURS = 8  # fewer in a stretch of pixels are a wall, or black
_FIGURES = 7  # fewer in a number are zero or one


@dataclass(frozen=True)
class Canary:
    """Something that must not get out. `forms`: the bytes of which any is a find; `known_in`: where it may stand."""

    name: str
    forms: frozenset[bytes]
    known_in: frozenset[str] = field(default=frozenset())


def secret(name: str, text: str, *, known_in: Iterable[str] = ()) -> Canary:
    """A text, also in other encodings."""
    raw = text.encode()
    forms = {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), binascii.hexlify(raw), quote(text).encode()}
    forms |= {raw[::-1], json.dumps(text)[1:-1].encode()}
    forms |= {base64.b64encode(raw[i:])[4:-4] for i in range(3)}
    return Canary(name, frozenset(forms), frozenset(known_in))


def track_ids() -> Canary:
    """Any of the first 2**16 ids, as digits, in hexadecimal, and as eight bytes."""
    digits = str(FIRST_TRACK_ID)[:_DIGITS]
    high = (FIRST_TRACK_ID >> 16).to_bytes(6, "big")
    as_float = np.array([FIRST_TRACK_ID], ">f8").tobytes()[:6]
    as_hex = high.hex().encode()
    forms = {digits.encode(), digits.encode("utf-16-le"), high, high[::-1], as_float, as_float[::-1], as_hex}
    return Canary("track id", frozenset(forms | {as_hex.upper()}))


def pixels(frames: Iterable[Image], rows: slice, columns: slice) -> Canary:
    """The rows of the pattern in any order of colours, as numbers, and the frames as pictures of common kinds."""
    forms: set[bytes] = set()
    for i, frame in enumerate(frames):
        for row in frame[rows, columns]:
            for variant in (row, row[:, ::-1], row.T):  # BGR, RGB, one plane after the other
                raw = variant.tobytes()
                forms |= {raw[at : at + _WINDOW] for at in range(0, len(raw) - _WINDOW, _WINDOW)}
            forms |= {base64.b64encode(row.tobytes()[i:])[8:40] for i in range(3)}
            forms.add(", ".join(map(str, row.ravel()[:12])).encode())
            forms.add(" ".join(map(str, row.ravel()[:12])).encode())
        if i == 0:
            forms |= set(_encoded(frame))
    return Canary("pixels", frozenset(forms))


@dataclass(frozen=True)
class Looks:
    """What the attribute network was shown and what it said.

    Attributes:
        crops: the faces, blue green red.
        said: the probabilities of sex, of age and of a face, of each of them.
    """

    crops: list[Image]
    said: list[tuple[NDArray[np.float32], ...]]

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read back what an agent that was made to write it down has written."""
        arrays = []
        with path.open("rb") as file:
            while file.peek(1):
                arrays.append(np.load(file))
        readings = list(zip(*[iter(arrays)] * _PER_READING, strict=True))
        return cls([crops[0] for crops, *_ in readings], [tuple(said) for _, *said in readings])

    @property
    def readable(self) -> int:
        """How many of them were a face to read."""
        return sum(bool(said[2][0] >= _READABLE) for said in self.said)


def faces(looks: Looks) -> list[Canary]:
    """Some rows of the crops that were read, some crops as pictures, and what the network said, as numbers."""
    crops: set[bytes] = set()
    for crop in looks.crops[:: max(1, len(looks.crops) // _CROPS)]:
        for row in crop[8::16]:
            for variant in (row, row[:, ::-1], row.T):
                raw = variant.tobytes()
                crops |= {raw[at : at + _WINDOW] for at in range(0, len(raw) - _WINDOW, _WINDOW)}
            crops.add(", ".join(map(str, row.ravel()[:12])).encode())
    for crop in looks.crops[:: max(1, len(looks.crops) // 3)]:
        crops |= set(_encoded(crop))
    numbers: set[bytes] = set()
    for sex, age, face in looks.said:
        numbers |= {repr(float(value))[:_DIGITS].encode() for part in (sex, age, face) for value in part.ravel()}
        numbers |= {part.astype(kind).tobytes() for part in (sex, age) for kind in ("<f4", "<f8")}
    return [
        Canary("a face", frozenset(form for form in crops if len(set(form)) >= _COLOURS)),
        Canary("what was read of a face", frozenset(form for form in numbers if len(set(form)) >= _FIGURES)),
    ]


def _encoded(frame: Image) -> Iterator[bytes]:
    """The middle of the frame's encodings: their headers are not unique."""
    for quality in _QUALITIES:
        yield _middle(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
    for kind in (".png", ".webp"):
        yield _middle(cv2.imencode(kind, frame)[1].tobytes())


def _middle(data: bytes) -> bytes:
    return data[len(data) // 2 :][:32]


def pattern(frames: list[Image], rows: slice, columns: slice) -> None:
    """Draw noise, other noise in every frame, over a part of the frames."""
    generator = np.random.default_rng(0xCA9A2)
    for frame in frames:
        frame[rows, columns] = generator.integers(0, 256, frame[rows, columns].shape, dtype=np.uint8)


def search(places: Mapping[str, bytes], canaries: Iterable[Canary]) -> list[str]:
    """One line per canary and place where it was found, and per picture of any kind."""
    found = []
    canaries = list(canaries)
    for place, data in places.items():
        kind = place.partition(":")[0]
        hidden = [canary for canary in canaries if kind not in canary.known_in]
        found += [f"{canary.name} in {place}" for canary in hidden if any(form in data for form in canary.forms)]
        found += [f"a picture ({picture.kind}) in {place}" for picture in pictures_in(data)]
    return found
