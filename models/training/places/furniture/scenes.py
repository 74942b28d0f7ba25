"""Furniture out of the modelled scenes: the bookstore's and the warehouse's cases, desks, racks and boxes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from training.places import collada, materials, shapes
from training.places.collada import Skin
from training.places.layers import Layers
from training.places.piece import Finish, Piece, Seat
from training.places.textures import SIDE, Picture
from training.scene import Surface

# The scene, the model, what it serves as, the turn (quarters) that makes it look along -y, and the distance (metres)
# within which its vertices are merged.
MODELS: Final = (
    ("bookstore/models/aws_robomaker_retail_", "BookshelfB", "bookcase", 2, 0.03),
    ("bookstore/models/aws_robomaker_retail_", "BookshelfC", "display", 0, 0.02),
    ("bookstore/models/aws_robomaker_retail_", "ChairB", "scene chair", 0, 0.02),
    ("bookstore/models/aws_robomaker_retail_", "DeskA", "long desk", 0, 0.04),
    ("bookstore/models/aws_robomaker_retail_", "DeskB", "long desk", 1, 0.03),
    ("bookstore/models/aws_robomaker_retail_", "InfoDesk", "long desk", 1, 0.03),
    ("bookstore/models/aws_robomaker_retail_", "ColumnA", "scene column", 0, 0.02),
    ("bookstore/models/aws_robomaker_retail_", "ColumnB", "scene column", 0, 0.02),
    ("warehouse/models/aws_robomaker_warehouse_", "Bucket", "storage", 0, 0.03),
    ("warehouse/models/aws_robomaker_warehouse_", "ClutteringA", "storage", 0, 0.03),
    ("warehouse/models/aws_robomaker_warehouse_", "ClutteringC", "storage", 0, 0.03),
    ("warehouse/models/aws_robomaker_warehouse_", "ClutteringD", "storage", 0, 0.03),
    ("warehouse/models/aws_robomaker_warehouse_", "DeskC", "storage", 1, 0.03),
    ("warehouse/models/aws_robomaker_warehouse_", "PalletJackB", "storage", 0, 0.03),
    ("warehouse/models/aws_robomaker_warehouse_", "TrashCanC", "storage", 0, 0.03),
    ("warehouse/models/aws_robomaker_warehouse_", "ShelfD", "rack", 1, 0.05),
    ("warehouse/models/aws_robomaker_warehouse_", "ShelfE", "rack", 1, 0.05),
)  # fmt: skip
_MANY: Final = 700  # vertices, over which a model has a simpler mesh for afar
_SEAT: Final = 0.74  # metres, of the bookstore's chair


def load(folder: Path) -> tuple[dict[str, tuple[Piece, ...]], list[Picture]]:
    """The pieces by what they serve as, and the pictures for the layers "scene" that they count in."""
    pieces: dict[str, list[Piece]] = {}
    pictures: list[Path] = []
    for place, name, role, quarters, cell in MODELS:
        path = next((folder / f"{place}{name}_01" / "meshes").glob("*_visual.DAE"), None)
        if path is None:
            raise FileNotFoundError(f"{folder}/{place}{name}_01 is missing; give the folder of the shared data")
        model = collada.read(path, cell)
        pictures += [skin.picture for skin in model.skins if skin.picture and skin.picture not in pictures]
        mesh = shapes.at(model.mesh, 0, 0, 0, quarters * np.pi / 2)
        reach = np.abs(mesh.position[:, :2]).max(axis=0)
        finish = {skin.slot: _finish(skin, pictures) for skin in model.skins}
        seats = (Seat(0.0, 0.0, _SEAT),) if role == "scene chair" else ()
        far = collada.simplified(mesh, 3 * cell) if len(mesh.position) > _MANY else None
        pieces.setdefault(role, []).append(Piece(mesh, finish, (float(reach[0]), float(reach[1])), seats, far))
    return {role: tuple(found) for role, found in pieces.items()}, [_picture(path) for path in pictures]


def _finish(skin: Skin, pictures: Sequence[Path]) -> Finish:
    """The model's own texture or colour, lighter or darker."""
    number = pictures.index(skin.picture) if skin.picture else -1

    def finish(rng: np.random.Generator, layers: Layers) -> Surface:
        tint = materials.shade(rng, 0.7, 1.2, 0.05)
        if number >= 0:
            return materials.textured(layers.named["scene"].start + number, tint, 0.15)
        red, green, blue = (float(c * t) for c, t in zip(skin.colour, tint, strict=True))
        return materials.plain((red, green, blue), 0.15)

    return finish


def _picture(path: Path) -> Picture:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path} is not a picture; copy the shared data again")
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., ::-1], np.uint8)
