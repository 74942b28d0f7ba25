"""The pictures that networks are held against: fixed indoor cameras and clips. They are read, never copied."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge_agent.camera import open_clip
from edge_agent.records import Image


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip and which of its frames are looked at: every `step`-th, from frame 0."""

    path: Path
    step: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def key(self) -> str:
        """A name for these very frames; another edition of the file has another length."""
        return f"{self.path.stem}-{self.step}-{self.path.stat().st_size}"

    def images(self) -> Iterator[Image]:
        """The frames, each an array of its own.

        Raises:
            SourceError: missing or unreadable.
        """
        source = open_clip(self.path)
        source.open()
        try:
            index = 0
            while source.grab():
                if index % self.step == 0:
                    image = source.retrieve()
                    if image is None:
                        raise ValueError(f"{self.path}: frame {index} cannot be decoded; copy the clip again")
                    yield image
                index += 1
        finally:
            source.close()

    def image(self, number: int) -> Image:
        """The `number`-th of `images`."""
        return next(islice(self.images(), number, None))


AGREEMENT_CLIPS: Final = {"one-by-one.mp4": 3, "doorway.gif": 1, "classroom.gif": 1, "two-faces.gif": 1}
"""Clips with people, and every how many frames one is looked at."""

NOBODY_CLIPS: Final = {"cars-no-people.mp4": 4, "bottles-on-shelf.mp4": 8}
"""Clips without a whole person: every box in them is false."""

ONE_BY_ONE: Final = "one-by-one.mp4"


def clips(folder: Path, steps: dict[str, int]) -> list[Clip]:
    """The clips of a table above."""
    return [Clip(folder / name, step) for name, step in steps.items()]


@dataclass(frozen=True, slots=True)
class Indoor:
    """Pictures of fixed indoor cameras: `files` in order; those before `people` show somebody, the others nobody."""

    files: tuple[Path, ...]
    people: int

    @classmethod
    def of(cls, folder: Path) -> "Indoor":
        """Find the pictures.

        Raises:
            FileNotFoundError: there are none.
        """
        people, empty = (sorted((folder / kind).glob("*.jpg")) for kind in ("people", "empty"))
        if not people or not empty:
            raise FileNotFoundError(2, "no people/*.jpg and empty/*.jpg in there", str(folder))
        return cls((*people, *empty), len(people))

    @property
    def key(self) -> str:
        """A name for these very pictures."""
        return f"indoor-{len(self.files)}-{sum(file.stat().st_size for file in self.files)}"

    def images(self) -> Iterator[Image]:
        """The pictures in the order of `files`."""
        return map(read, self.files)


def read(file: Path) -> Image:
    """A picture file as BGR.

    Raises:
        ValueError: it is none.
    """
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{file}: not a picture that OpenCV can read; copy the data again")
    return np.ascontiguousarray(picture, np.uint8)


def visits(clip_folder: Path) -> list[tuple[int, int]]:
    """First and last frame of each visit of ONE_BY_ONE, labelled by hand."""
    truth = json.loads((clip_folder / "truth.json").read_text(encoding="utf-8"))
    return [(visit["first"], visit["last"]) for visit in truth[ONE_BY_ONE]["visits"]]
