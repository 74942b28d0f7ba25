"""Pictures with their truth on the disk: one shard is one .npz, written whole or not at all.

A sample is a picture as the camera would give it, a map that names for each pixel the person it shows, and a table
of these people. Training reads only this format: from the generator or from real clips labelled by a teacher.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

PICTURE_QUALITY: Final = 95

PERSON: Final = np.dtype(
    [
        ("box", np.float32, 4),  # x0 y0 x1 y1 in pixels: around the person's visible pixels
        ("head", np.float32, 4),  # around the head's visible pixels; zeros: not visible
        ("whole", np.float32, 4),  # around all of the person, also what is hidden or outside the picture
        ("visible", np.float32),  # pixels seen / pixels that nothing would hide, 0 to 1
        ("ignore", np.bool_),  # too little to learn from: neither a hit nor a false alarm
        ("female", np.int8),  # 1, 0, or -1: unknown
        ("age", np.float32),  # years; nan: unknown
        ("skin", np.float32),  # 0 lightest to 1 darkest; nan: unknown
        ("wheelchair", np.bool_),
        ("pose", "U12"),
    ],
)
People = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture and its truth. picture: (h, w, 3) uint8 BGR; owner: (h, w) uint8, 0 nobody, k the k-th of people."""

    picture: NDArray[np.uint8]
    owner: NDArray[np.uint8]
    people: People


def nobody() -> People:
    """An empty table."""
    return np.zeros(0, PERSON)


class ShardWriter:
    """Collects samples and writes them in one piece."""

    def __init__(self) -> None:
        self._pictures: list[NDArray[np.uint8]] = []
        self._owners: list[NDArray[np.uint8]] = []
        self._people: list[People] = []

    def __len__(self) -> int:
        return len(self._pictures)

    def add(self, sample: Sample) -> None:
        """Take one sample."""
        self._pictures.append(cv2.imencode(".jpg", sample.picture, [cv2.IMWRITE_JPEG_QUALITY, PICTURE_QUALITY])[1])
        self._owners.append(cv2.imencode(".png", sample.owner)[1])
        self._people.append(sample.people)

    def write(self, path: Path) -> None:
        """Write all of them to `path`; a crash leaves the old file or none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file,
                pictures=_joined(self._pictures),
                picture_ends=_ends(self._pictures),
                owners=_joined(self._owners),
                owner_ends=_ends(self._owners),
                people=np.concatenate([nobody(), *self._people]),
                people_ends=_ends(self._people),
            )
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


class Shard:
    """A written shard, held in memory as it lies on the disk; pictures are decoded when asked for."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as data:
            self._pictures, self._picture_ends = data["pictures"], data["picture_ends"]
            self._owners, self._owner_ends = data["owners"], data["owner_ends"]
            self._people, self._people_ends = data["people"], data["people_ends"]

    def __len__(self) -> int:
        return len(self._picture_ends)

    def people(self, index: int) -> People:
        """Only the truth of a sample."""
        return _item(self._people, self._people_ends, index)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Only the picture of a sample, (h, w, 3) BGR."""
        return _decoded(_item(self._pictures, self._picture_ends, index), cv2.IMREAD_COLOR)

    def sample(self, index: int) -> Sample:
        """The whole sample."""
        owner = _decoded(_item(self._owners, self._owner_ends, index), cv2.IMREAD_GRAYSCALE)
        return Sample(self.picture(index), owner, self.people(index))


def _decoded(data: NDArray[np.uint8], how: int) -> NDArray[np.uint8]:
    picture = cv2.imdecode(data, how)
    if picture is None:
        raise ValueError("a shard holds a picture that cannot be decoded; delete the shard and generate it again")
    return np.asarray(picture, np.uint8)


def _joined(parts: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.concatenate([np.zeros(0, np.uint8), *[part.reshape(-1) for part in parts]])


def _ends(parts: Sequence[NDArray[np.generic]]) -> NDArray[np.int64]:
    return np.cumsum([len(part.reshape(-1)) for part in parts], dtype=np.int64)


def _item(array: NDArray[Any], ends: NDArray[np.int64], index: int) -> NDArray[Any]:
    start = int(ends[index - 1]) if index else 0
    return array[start : int(ends[index])]
