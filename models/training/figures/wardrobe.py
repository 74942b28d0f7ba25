"""What hangs in the wardrobe: MakeHuman's outfits taken apart into tops, bottoms and shoes, hair and hats."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.figures.body import TYPICAL, Body, BodyModel
from training.figures.garments import Garment, pieces, read_garment
from training.figures.layers import Layer
from training.figures.simplify import coarser
from training.scene import Part

_SMALL: Final = 60  # vertices; smaller pieces are buttons, buckles and collars
_LAPEL: Final = 0.4  # metres from the collar to the button of a suit
_CELL: Final = {"clothes": 0.016, "shoes": 0.012, "hair": 0.016, "eyebrows": 0.008}  # metres, of coarser meshes


@dataclass(frozen=True, slots=True)
class Item:
    """Something to wear. `shape` says what it is to who colours it."""

    garment: Garment
    shape: str
    part: NDArray[np.uint8]  # (n,)
    keep: NDArray[np.bool_]  # (n,), the vertices that belong to it
    weights: NDArray[np.float32]  # (n, bones)

    def worn(self, body: Body) -> Layer:
        """The item on `body`."""
        faces = self.garment.faces[self.keep[self.garment.faces].all(axis=1)]
        return Layer.only(self.garment.fitted(body.vertices), self.weights, self.part, faces, self.garment.hides)


_TOPS: Final = {
    "female_casualsuit01": "tee",
    "female_casualsuit02": "tee",
    "female_elegantsuit01": "blouse",
    "male_casualsuit02": "sweater",
    "male_casualsuit03": "shirt",
    "male_casualsuit04": "tee",
    "male_casualsuit05": "jacket",
    "male_casualsuit06": "tee",
    "male_elegantsuit01": "suit",
    "male_worksuit01": "dungarees",
    "male_casualsuit01": "overall",
}
_BOTTOMS: Final = {
    "female_casualsuit01": "leggings",
    "female_casualsuit02": "shorts",
    "female_elegantsuit01": "skirt",
    "female_sportsuit01": "leggings",
    "male_casualsuit02": "trousers",
    "male_casualsuit03": "trousers",
    "male_casualsuit04": "trousers",
    "male_casualsuit05": "trousers",
    "male_casualsuit06": "trousers",
    "male_elegantsuit01": "trousers",
}


class Wardrobe:
    """Reads the assets of `folder` (MakeHuman's `base`) once.

    Raises:
        FileNotFoundError: the folder does not hold them.
    """

    def __init__(self, folder: Path, model: BodyModel) -> None:
        if not (folder / "clothes").is_dir():
            raise FileNotFoundError(f"{folder}: no MakeHuman clothes there; name the data folder with --data")
        self._model = model
        self._typical = model.body(TYPICAL)
        self.tops = [self._top(folder, name, shape) for name, shape in _TOPS.items()]
        self.bottoms = [self._bottom(folder, name, shape) for name, shape in _BOTTOMS.items()]
        self.shoes = [self._whole(path, Part.SHOE) for path in sorted((folder / "clothes").glob("shoes*/*.mhclo"))]
        self.hair = {path.stem: self._whole(path, Part.HAIR) for path in sorted((folder / "hair").glob("*/*.mhclo"))}
        self.hats = [self._whole(path, Part.HAT) for path in sorted((folder / "clothes").glob("fedora*/*.mhclo"))]
        brows = sorted((folder / "eyebrows").glob("*/*.mhclo"))
        self.brows = [self._whole(path, Part.HAIR) for path in brows]

    def _garment(self, path: Path, cell: float) -> Garment:
        """The garment of a file, no finer than `cell` metres."""
        garment = read_garment(path)
        fitted = garment.fitted(self._typical.vertices)
        return replace(garment, faces=coarser(fitted, garment.faces, cell))

    def _whole(self, path: Path, part: Part) -> Item:
        garment = self._garment(path, _CELL["shoes" if part == Part.SHOE else path.parent.parent.name])
        count = len(garment.bound)
        weights = garment.weights(self._model.weights)
        if part in {Part.HAIR, Part.HAT}:  # hair that falls on the back turns with the head only in part
            weights = self._follow_head(weights)
        return Item(garment, path.stem, np.full(count, part, np.uint8), np.ones(count, bool), weights)

    def _follow_head(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        head = self._model.rig.index("head")
        share = np.clip(weights[:, head : head + 1] * 4, 0, 1)
        return np.asarray(share * np.eye(weights.shape[1], dtype=np.float32)[head] + (1 - share) * weights, np.float32)

    def _upper(self, garment: Garment) -> tuple[NDArray[np.bool_], NDArray[np.int32], NDArray[np.float32]]:
        """Which vertices belong to the upper half's pieces, the pieces, and the weights."""
        weights = garment.weights(self._model.weights)
        names = np.array(self._model.rig.names)[weights.argmax(1)]
        high = ~(np.char.startswith(names, "upperleg") | np.char.startswith(names, "lowerleg") | (names == "root"))
        piece = pieces(garment.faces, len(garment.bound))
        share = np.bincount(piece, high) / np.bincount(piece)
        return np.asarray(share[piece] > 0.55), piece, weights

    def _split_hides(self, garment: Garment, *, upper: bool) -> Garment:
        """Each half hides its own half of the body."""
        names = np.array(self._model.rig.names)[self._model.weights[garment.hides].argmax(1)]
        low = (
            np.char.startswith(names, "upperleg")
            | np.char.startswith(names, "lowerleg")
            | np.char.startswith(names, "foot")
        )
        return replace(garment, hides=garment.hides[low != upper])

    def _top(self, folder: Path, name: str, shape: str) -> Item:
        garment = self._garment(folder / f"clothes/{name}/{name}.mhclo", _CELL["clothes"])
        upper, piece, weights = self._upper(garment)
        bones = np.array(self._model.rig.names)[weights.argmax(1)]
        sleeve = (
            np.char.startswith(bones, "upperarm")
            | np.char.startswith(bones, "lowerarm")
            | np.char.startswith(bones, "wrist")
        )
        part = np.where(sleeve, Part.SLEEVE, Part.TOP).astype(np.uint8)
        if shape in {"jacket", "suit"}:
            sizes = np.bincount(piece)
            part[piece == sizes.argmax()] = Part.COAT
            part[sizes[piece] < _SMALL] = Part.TRIM
        if shape == "suit":
            self._shirt_front(garment, part)
        if shape == "dungarees":
            part[piece != np.bincount(piece, part == Part.SLEEVE).argmax()] = Part.BOTTOM
            return Item(garment, shape, part, np.ones(len(part), bool), weights)
        if shape == "overall":
            legs = np.char.startswith(bones, "upperleg") | np.char.startswith(bones, "lowerleg") | (bones == "root")
            part[legs] = Part.BOTTOM
            return Item(garment, shape, part, np.ones(len(part), bool), weights)
        return Item(self._split_hides(garment, upper=True), shape, part, upper, weights)

    def _shirt_front(self, garment: Garment, part: NDArray[np.uint8]) -> None:
        """Marks the shirt and the tie that show between a suit's lapels: a V from the collar to the button."""
        points = garment.fitted(self._typical.vertices)
        neck = points[:, 2].max()
        depth = np.clip(1 - (neck - points[:, 2]) / _LAPEL, 0, 1)
        front = points[:, 1] < np.median(points[:, 1])
        part[front & (np.abs(points[:, 0]) < 0.078 * depth)] = Part.TOP
        part[front & (np.abs(points[:, 0]) < 0.022) & (depth > 0) & (depth < 0.85)] = Part.TRIM

    def _bottom(self, folder: Path, name: str, shape: str) -> Item:
        garment = self._garment(folder / f"clothes/{name}/{name}.mhclo", _CELL["clothes"])
        upper, _, weights = self._upper(garment)
        part = np.full(len(weights), Part.SKIRT if shape == "skirt" else Part.BOTTOM, np.uint8)
        return Item(self._split_hides(garment, upper=False), shape, part, ~upper, weights)
