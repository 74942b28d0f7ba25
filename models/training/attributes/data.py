"""The labelled faces and the pictures of nothing to read, decoded once, and split by a hash of their names.

The race labels lie in a file of their own, which only `measure` opens: they can reach neither training nor outputs.
"""

import csv
import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.attributes.terms import AGES, SEXES

Pixels = NDArray[np.uint8]
STORED: Final = 96  # pixels, side of a stored picture
PICTURES, ABOUT, AUDIT = "faces.npy", "faces.npz", "audit.npz"
NOTHING, NOTHING_ABOUT = "nothing.npy", "nothing.npz"


class Split(IntEnum):
    """What a picture is for; nobody chooses."""

    TRAIN = 0
    VALIDATION = 1  # choices: thresholds, recipes
    CALIBRATION = 2  # temperatures and the ranges of int8
    TEST = 3  # looked at when everything is chosen


SHARES: Final = ((Split.TEST, 6), (Split.CALIBRATION, 9), (Split.VALIDATION, 12))
"""Split and the percent below which a name's hash falls into it; the rest trains."""


def split_of(name: str) -> Split:
    """The split of a picture, or of the file that pictures are cut from: by a hash of its name and nothing else."""
    percent = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 100
    return next((split for split, below in SHARES if percent < below), Split.TRAIN)


@dataclass(frozen=True, slots=True)
class Faces:
    """n labelled faces. pixels: (n, 96, 96, 3) BGR; sex: (n,) of SEXES; age: (n,) of AGES; rows: in the whole set."""

    pixels: Pixels
    sex: NDArray[np.int64]
    age: NDArray[np.int64]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sex)


@dataclass(frozen=True, slots=True)
class Nothing:
    """n pictures in which there is no face to read. pixels: (n, 96, 96, 3) BGR; kind: (n,) words."""

    pixels: Pixels
    kind: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.kind)


def read_faces(folder: Path, split: Split) -> Faces:
    """The faces of one split, as `prepare` left them."""
    pixels = _mapped(folder / PICTURES)
    about = np.load(folder / ABOUT)
    rows = np.flatnonzero(about["split"] == split)
    return Faces(pixels[rows], about["sex"][rows].astype(np.int64), about["age"][rows].astype(np.int64), rows)


def read_nothing(folder: Path, split: Split) -> Nothing:
    """The pictures without a face of one split."""
    pixels = _mapped(folder / NOTHING)
    about = np.load(folder / NOTHING_ABOUT)
    rows = np.flatnonzero(about["split"] == split)
    return Nothing(pixels[rows], about["kind"][rows])


def read_audit(folder: Path, faces: Faces) -> NDArray[np.str_]:
    """The race labels of some faces, for the table of errors and for nothing else."""
    labels: NDArray[np.str_] = np.load(folder / AUDIT)["race"][faces.rows]
    return labels


def _mapped(path: Path) -> Pixels:
    if not path.is_file():
        raise ValueError(f"{path}: not there; run `python -m training.attributes.prepare` first")
    pixels: Pixels = np.load(path, mmap_mode="r")
    return pixels


@dataclass(frozen=True, slots=True)
class Row:
    """One line of labels.csv."""

    file: str
    age: int
    sex: int
    race: str


def read_labels(path: Path) -> list[Row]:
    """All lines, in the file's order.

    Raises:
        ValueError: a label is none of the known words.
    """
    rows = []
    sexes = [sex.value for sex in SEXES]
    with path.open(newline="") as file:
        for number, line in enumerate(csv.DictReader(file), 2):
            if line["age"] not in AGES or line["sex"] not in sexes:
                raise ValueError(
                    f"{path}:{number}: unknown label {line['age']!r}, {line['sex']!r}; copy the data again"
                )
            rows.append(Row(line["file"], AGES.index(line["age"]), sexes.index(line["sex"]), line["race_audit_only"]))
    return rows


def decode(folder: Path, rows: list[Row]) -> Iterator[Pixels]:
    """The pictures of the rows, out of the zip files beside labels.csv."""
    archives: dict[str, zipfile.ZipFile] = {}
    try:
        for row in rows:
            name = row.file.split("/")[0]
            if name not in archives:
                archives[name] = zipfile.ZipFile(folder / f"{name}.zip")
            yield _decoded(_content(archives[name], row.file), row.file)
    finally:
        for archive in archives.values():
            archive.close()


def _content(archive: zipfile.ZipFile, file: str) -> bytes:
    try:
        return archive.read(file)
    except KeyError:
        return archive.read(file.split("/")[1])


def _decoded(content: bytes, file: str) -> Pixels:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{file}: not a picture; copy the data again")
    if picture.shape[:2] != (STORED, STORED):
        picture = cv2.resize(picture, (STORED, STORED), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)
