"""The texture array that Surface.texture indexes: which layers show what, made once and kept on the disk."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.places import materials, prints, textures
from training.places.textures import SIDE, Picture

SHELF_PHOTOGRAPHS: Final = 220
GOODS: Final = 44
POSTERS: Final = 24
_SEED: Final = 20


@dataclass(frozen=True, slots=True)
class Layers:
    """pictures: (layers, SIDE, SIDE, 3) uint8 RGB, sRGB; named: the layers of each kind of texture."""

    pictures: NDArray[np.uint8]
    named: dict[str, range]

    def one(self, rng: np.random.Generator, name: str) -> int:
        """Any layer of a kind."""
        kind = self.named[name]
        return int(rng.integers(kind.start, kind.stop))


def load_layers(shelves: Path, cache: Path, more: Mapping[str, Sequence[Picture]]) -> Layers:
    """The layers, out of `cache` or made from the photographs in the folder `shelves` and a fixed seed; and `more`."""
    path = cache / f"layers-{_version()}.npz"
    if not path.exists():
        _make(shelves, path)
    with np.load(path) as data:
        counts = dict(zip(data["names"].tolist(), data["counts"].tolist(), strict=True))
        pictures = np.concatenate([data["pictures"], *(np.stack(group) for group in more.values())])
    counts.update({name: len(group) for name, group in more.items()})
    ends = np.cumsum(list(counts.values())).tolist()
    return Layers(pictures, {name: range(end - counts[name], end) for name, end in zip(counts, ends, strict=True)})


def _version() -> str:
    """Changes when the code that makes the layers changes."""
    code = b"".join(
        Path(file).read_bytes() for file in (materials.__file__, textures.__file__, prints.__file__, __file__)
    )
    return hashlib.sha256(code).hexdigest()[:12]


def _make(shelves: Path, path: Path) -> None:
    rng = np.random.default_rng(_SEED)
    photographs = _photographs(shelves)
    groups: dict[str, list[Picture]] = {"photograph": photographs[:: max(1, len(photographs) // SHELF_PHOTOGRAPHS)]}
    groups["goods"] = [prints.goods(rng, photographs) for _ in range(GOODS)]
    groups["poster"] = [prints.sign(rng) for _ in range(POSTERS)]
    for kinds in (textures.FLOORS, textures.WALLS, prints.PRINTS):
        for name, (maker, count) in kinds.items():
            groups[name] = [maker(rng) for _ in range(count)]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(
            file,
            pictures=np.concatenate([np.stack(group) for group in groups.values()]),
            names=np.array(list(groups)),
            counts=np.array([len(group) for group in groups.values()]),
        )
    for old in path.parent.glob("layers-*.npz"):
        if old != path:
            old.unlink(missing_ok=True)
    part.replace(path)


def _photographs(folder: Path) -> list[Picture]:
    """All photographs of shelves as (SIDE, SIDE, 3) RGB."""
    found = sorted(folder.glob("*.jpg"))
    if not found:
        raise FileNotFoundError(f"{folder} has no photographs of shelves (*.jpg); give the folder of the shared data")
    pictures = []
    for path in found:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"{path} is not a picture; copy the shared data again")
        small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        pictures.append(np.ascontiguousarray(small[..., ::-1], np.uint8))
    return pictures
