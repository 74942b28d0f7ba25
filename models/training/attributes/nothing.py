"""Pictures of nothing to read: rooms and goods, bodies and hands without a head, and heads from behind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from training.attributes.backs import Set, heads_from_behind
from training.attributes.crops import Square, cut
from training.attributes.data import Pixels, Split, split_of
from training.places.backdrops import Panorama, load_panoramas, seen
from training.samples import People, Shard
from training.scene import Camera

Cut = tuple[Pixels, str, Split]
"""A picture, its kind, and its split."""

_BACKS_SHARE: Final = {Split.TRAIN: 0.8, Split.VALIDATION: 0.05, Split.CALIBRATION: 0.05, Split.TEST: 0.1}
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pictures of each kind."""

    goods: int = 6000
    rooms: int = 2500
    bodies: int = 6000
    around: int = 3500
    backs: int = 6000

    @property
    def total(self) -> int:
        """All of them."""
        return self.goods + self.rooms + self.bodies + self.around + self.backs


def photographs(folder: Path) -> dict[str, Pixels]:
    """All photographs of a folder by name, BGR."""
    found = {}
    for path in sorted(folder.glob("*.jpg")):
        picture = cv2.imread(str(path))
        if picture is None:
            raise ValueError(f"{path}: not a picture; copy the shared data again")
        found[path.name] = np.asarray(picture, np.uint8)
    if not found:
        raise ValueError(f"{folder}: no photographs (*.jpg) there; give the folder of the shared data")
    return found


def goods(pictures: dict[str, Pixels], rng: np.random.Generator) -> Iterator[Cut]:
    """Squares of photographs of shelves, for ever."""
    names = list(pictures)
    while True:
        name = names[int(rng.integers(len(names)))]
        yield cut(pictures[name], _anywhere(pictures[name], rng)), "goods", split_of(name)


def rooms(panoramas: Sequence[Panorama], rng: np.random.Generator) -> Iterator[Cut]:
    """Squares of panoramas seen by some camera, for ever; the longitude decides on the split."""
    while True:
        panorama = panoramas[int(rng.integers(len(panoramas)))]
        sector = int(rng.integers(24))
        yaw = (sector + float(rng.uniform(0.2, 0.8))) / 24 * 2 * np.pi
        view = Camera(2.0, float(rng.uniform(-0.3, 0.6)), 0.0, float(rng.uniform(0.15, 0.25)))
        shown = seen(panorama, view, yaw, float(rng.uniform(0.6, 2.5)), (128, 128))
        picture = np.ascontiguousarray(shown[..., ::-1])
        yield cut(picture, _anywhere(picture, rng)), "rooms", split_of(f"{panorama.name}-{sector}")


def bodies(shards: Sequence[Path], rng: np.random.Generator) -> Iterator[Cut]:
    """Squares of rendered people without their heads: hands, arms, chests, legs, for ever."""
    for path, picture, people in _samples(shards, rng):
        for row in people[~people["ignore"]]:
            square = _on_body(row, people, rng)
            if square is not None:
                yield cut(picture, square), "bodies", split_of(path.name)


def around(shards: Sequence[Path], rng: np.random.Generator) -> Iterator[Cut]:
    """Squares of rendered shops that touch nobody's head, for ever."""
    for path, picture, people in _samples(shards, rng):
        for _ in range(_TRIES):
            square = _anywhere(picture, rng, most=0.5)
            if not touches_head(square, people):
                yield cut(picture, square), "around", split_of(path.name)
                break


def backs(scene: Set, rng: np.random.Generator) -> Iterator[Cut]:
    """Rendered heads from behind, for ever; each is of a split by lot, as every one is new."""
    splits, shares = list(_BACKS_SHARE), list(_BACKS_SHARE.values())
    for picture in heads_from_behind(scene, rng):
        yield picture, "backs", splits[int(rng.choice(len(splits), p=shares))]


@dataclass(frozen=True, slots=True)
class Material:
    """What the pictures are made of: the shared data, shards of rendered people, and a library of figures."""

    data: Path
    shards: tuple[Path, ...]
    figures: Path


def everything(material: Material, counts: Counts, seed: int) -> Iterator[Cut]:
    """All pictures of nothing to read; the same seed gives the same ones."""
    shown = photographs(material.data / "shelves")
    panoramas = load_panoramas(material.data / "panoramas")
    yield from islice(goods(shown, np.random.default_rng([seed, 1])), counts.goods)
    yield from islice(rooms(panoramas, np.random.default_rng([seed, 2])), counts.rooms)
    if counts.bodies or counts.around:
        yield from islice(bodies(material.shards, np.random.default_rng([seed, 3])), counts.bodies)
        yield from islice(around(material.shards, np.random.default_rng([seed, 4])), counts.around)
    if counts.backs:
        scene = Set.of(material.figures, material.data, list(shown.values()))
        yield from islice(backs(scene, np.random.default_rng([seed, 5])), counts.backs)


def _anywhere(picture: Pixels, rng: np.random.Generator, most: float = 0.9) -> Square:
    height, width = picture.shape[:2]
    least = min(24.0, min(height, width) * most)
    side = float(np.exp(rng.uniform(np.log(least), np.log(min(height, width) * most))))
    return Square(float(rng.uniform(side / 2, width - side / 2)), float(rng.uniform(side / 2, height - side / 2)), side)


def _samples(shards: Sequence[Path], rng: np.random.Generator) -> Iterator[tuple[Path, Pixels, People]]:
    """Pictures of the shards, for ever, in some order."""
    if not shards:
        raise ValueError("no shards (*.npz) of rendered people; render some with `python -m training.generate` first")
    while True:
        for number in rng.permutation(len(shards)):
            path = shards[int(number)]
            shard = Shard(path)
            for index in rng.permutation(len(shard))[: max(1, len(shard) // 2)]:
                yield path, shard.picture(int(index)), shard.people(int(index))


def _on_body(row: People, people: People, rng: np.random.Generator) -> Square | None:
    """A square on a person below the head, that touches nobody's head; None: no such."""
    x0, y0, x1, y1 = (float(v) for v in row["box"])
    wide, tall = x1 - x0, y1 - y0
    if min(wide, tall) < 16:
        return None
    for _ in range(_TRIES):
        side = float(rng.uniform(0.5, 1.3)) * min(wide, tall * 0.5)
        middle = Square(float(rng.uniform(x0, x1)), float(rng.uniform(y0 + tall * 0.2, y1)), max(side, 14.0))
        if not touches_head(middle, people):
            return middle
    return None


def touches_head(square: Square, people: People) -> bool:
    """Whether a square overlaps a head that is seen."""
    heads = people["head"]
    heads = heads[heads[:, 2] > heads[:, 0]]
    half = square.side / 2
    apart = (
        (heads[:, 0] > square.x + half)
        | (heads[:, 2] < square.x - half)
        | (heads[:, 1] > square.y + half)
        | (heads[:, 3] < square.y - half)
    )
    return not bool(apart.all())
