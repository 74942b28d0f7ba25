"""Batches without end for the training: read from shards that may grow in number meanwhile, made beside it.

Batch k depends on the seed, on k and on the shards that are there, so a training that continues goes on as it would
have gone on.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.assignment import Targets
from training.augment import Chances, Scene, augment
from training.samples import People, Shard

RESCAN: Final = 200  # batches between two looks for new shards
NEGATIVE_SIDE: Final = 512  # pixels, longer side at which negatives are kept
KINDS: Final = ("person", "head")
LEAST_VISIBLE: Final = 0.2  # of a person: from less, boxes of an arm or a leg are learned, also on people seen whole


@dataclass(frozen=True, slots=True)
class Sources:
    """Where pictures come from. `negatives`: folders of photographs with nobody to count in them."""

    shards: Path
    negatives: Sequence[Path] = ()
    negative_share: float = 0.06
    real: Path | None = None  # shards of clips that a teacher labelled
    real_share: float = 0.0
    hard: Path | None = None  # what training.mining listed of the shards
    hard_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Batch:
    """pictures: (n, h, w, 3) uint8 BGR."""

    pictures: torch.Tensor
    targets: Targets


@dataclass(slots=True)
class Pool:
    """All shards of a folder; `refresh` takes in what has come since."""

    folder: Path
    shards: dict[Path, Shard] = field(default_factory=dict)
    ends: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def refresh(self) -> None:
        """Look for shards that are new or gone."""
        there = sorted(self.folder.glob("*.npz"))
        self.shards = {path: self.shards.get(path) or Shard(path) for path in there}
        self.ends = np.cumsum([len(shard) for shard in self.shards.values()], dtype=np.int64)

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    def place(self, index: int) -> tuple[str, int]:
        """The name of a sample's shard and its number there."""
        which = int(np.searchsorted(self.ends, index, side="right"))
        return list(self.shards)[which].name, index - (int(self.ends[which - 1]) if which else 0)

    def listed(self, chosen: Mapping[str, Sequence[int]]) -> NDArray[np.int64]:
        """The samples that a list names by shard and number there; those of shards that are gone are left out."""
        starts = dict(zip((path.name for path in self.shards), [0, *self.ends.tolist()], strict=False))
        indices = [starts[name] + inner for name in sorted(chosen) if name in starts for inner in chosen[name]]
        return np.array(indices, np.int64)

    def scene(self, index: int, *, owner: bool) -> Scene:
        """One sample; its map of owners only where it is needed."""
        name, inner = self.place(index)
        shard = self.shards[self.folder / name]
        if not owner:
            return Scene(shard.picture(inner), shard.people(inner))
        sample = shard.sample(inner)
        return Scene(sample.picture, sample.people, sample.owner)


@dataclass(frozen=True, slots=True)
class Material:
    """What samples are drawn from: two pools, JPEG data of negatives, and which samples of `rendered` are hard."""

    rendered: Pool
    real: Pool | None
    negatives: Sequence[NDArray[np.uint8]]
    hard: NDArray[np.int64]


class Batches(IterableDataset[Batch]):
    """Batches number `first`, `first` + `step`, … of pictures of `size` (width, height)."""

    def __init__(
        self,
        sources: Sources,
        *,
        count: int,
        size: tuple[int, int],
        seed: int,
        first: int = 0,
        step: int = 1,
        classes: int = 1,
        chances: Chances | None = None,
    ) -> None:
        self.sources, self.count, self.size, self.seed = sources, count, size, seed
        self.first, self.step, self.classes, self.chances = first, step, classes, chances or Chances()

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        info = get_worker_info()
        mine, of = (info.id, info.num_workers) if info is not None else (0, 1)
        rendered, real = Pool(self.sources.shards), None
        if self.sources.real is not None and self.sources.real_share > 0:
            real = Pool(self.sources.real)
        negatives = [data for folder in self.sources.negatives for data in _photographs(folder)]
        chosen = json.loads(self.sources.hard.read_text(encoding="utf-8")) if self.sources.hard else {}
        hard = np.zeros(0, np.int64)
        for turn, number in enumerate(_count_from(self.first + mine * self.step, of * self.step)):
            if turn % RESCAN == 0:
                for pool in (rendered, real):
                    if pool is not None:
                        pool.refresh()
                if not len(rendered):
                    raise ValueError(f"{self.sources.shards}: no shards (*.npz); generate some first")
                hard = rendered.listed(chosen)
            yield self._batch(number, Material(rendered, real, negatives, hard))

    def _batch(self, number: int, material: Material) -> Batch:
        rng = np.random.default_rng([self.seed, number])
        scenes = [self._scene(material, rng) for _ in range(self.count)]
        pictures, everybody = augment(scenes, self.size, rng, self.chances)
        return Batch(torch.from_numpy(pictures), targets_of(everybody, self.classes))

    def _scene(self, material: Material, rng: np.random.Generator) -> Scene:
        dice, sources = rng.random(), self.sources
        if material.negatives and dice < sources.negative_share:
            data = material.negatives[int(rng.integers(len(material.negatives)))]
            return Scene(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8))
        owner = bool(rng.random() < self.chances.owners)
        if material.real is not None and len(material.real) and dice > 1 - sources.real_share:
            return material.real.scene(int(rng.integers(len(material.real))), owner=False)
        if len(material.hard) and dice < sources.negative_share + sources.hard_share:
            return material.rendered.scene(int(rng.choice(material.hard)), owner=owner)
        return material.rendered.scene(int(rng.integers(len(material.rendered))), owner=owner)


def _count_from(first: int, step: int) -> Iterator[int]:
    while True:
        yield first
        first += step


def _photographs(folder: Path) -> list[NDArray[np.uint8]]:
    """All photographs of a folder as JPEG data, not larger than a network needs."""
    kept = []
    for path in sorted(folder.glob("*.jpg")):
        picture = cv2.imread(str(path))
        if picture is None:
            raise ValueError(f"{path}: not a picture; remove it from the negatives")
        scale = min(1.0, NEGATIVE_SIDE / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        kept.append(np.asarray(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 92])[1], np.uint8))
    return kept


def targets_of(everybody: Sequence[People], classes: int = 1) -> Targets:
    """The truth of a batch's pictures; with two classes heads are boxes too."""
    boxes, picture, kind, ignored, ignored_picture = [], [], [], [], []
    for number, people in enumerate(everybody):
        skip = people["ignore"] | (people["visible"] < LEAST_VISIBLE)
        ignored.append(people["box"][skip])
        ignored_picture += [number] * int(skip.sum())
        for name, which in zip(("box", "head")[:classes], range(classes), strict=True):
            found = people[name][~skip]
            found = found[(found[:, 2] > found[:, 0]) & (found[:, 3] > found[:, 1])]
            boxes.append(found)
            picture += [number] * len(found)
            kind += [which] * len(found)
    return Targets(
        torch.from_numpy(np.concatenate([np.zeros((0, 4), np.float32), *boxes])),
        torch.tensor(picture, dtype=torch.int64),
        torch.tensor(kind, dtype=torch.int64),
        torch.from_numpy(np.concatenate([np.zeros((0, 4), np.float32), *ignored])),
        torch.tensor(ignored_picture, dtype=torch.int64),
    )


def loader(batches: Batches, workers: int) -> Iterator[Batch]:
    """The same batches in the same order, made by `workers` processes (0: in this one)."""
    ahead = 4 if workers else None
    return iter(DataLoader(batches, batch_size=None, num_workers=workers, prefetch_factor=ahead))
