"""Rooms: a floor, walls with doors, windows and pictures on them, a ceiling with lamps; and grounds outdoors."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.places import materials, shapes
from training.places.materials import BODY
from training.places.stage import Stage
from training.scene import Mesh

Rectangle = tuple[float, float, float, float]  # x0, y0, x1, y1 on the plan
_TILES: Final = (1.0, 1.6, 2.5)
_SIZES: Final = ((4, 14), (4, 34), (8, 8), (14, 14), (24, 24), (36, 36))
_STANDING: Final = ("door", "glass front", "radiator", "extinguisher", "coats")
_WALL: Final = 3.0  # metres, the height of the panels that are stretched to walls


@dataclass(frozen=True, slots=True)
class Room:
    """The rectangle of a room on the plan and its height."""

    x0: float
    y0: float
    x1: float
    y1: float
    height: float

    @property
    def sides(self) -> tuple[tuple[float, float, float, float], ...]:
        """Far, left, right and near wall: the middle (x, y), the length, and the turn of what looks into the room."""
        x, y = (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2
        wide, deep = self.x1 - self.x0, self.y1 - self.y0
        quarter = np.pi / 2
        return (
            (x, self.y1, wide, 0.0),
            (self.x0, y, deep, quarter),
            (self.x1, y, deep, -quarter),
            (x, self.y0, wide, np.pi),
        )


class Grounds:
    """Floors and walls in the sizes that rooms need, made once."""

    def __init__(self) -> None:
        self._floors = {(w, d, t): shapes.floor(w, d, 0.7, t) for w, d in _SIZES for t in _TILES}
        self._ceilings = {key: shapes.moved(mesh, shapes.tilted(np.pi)) for key, mesh in self._floors.items()}
        self._walls = {(n, t): shapes.panel(n, _WALL, 0.75, t) for n in range(1, 41) for t in _TILES}
        self._lawns = {
            (w, d, t): shapes.floor(w, d, 0.7 if d < 10 else 1.2, t)
            for w, d in ((1, 4), (2, 12), (3, 40), (6, 40), (16, 40), (0.12, 5))
            for t in _TILES
        }
        self._far = {
            tile: shapes.sheet(np.arange(-26, 26.2, 0.49), np.arange(-4, 42.2, 0.49), tile)
            for tile in (1.6, 2.5, 4.0, 8.0, 12.0)
        }

    def floor(self, room: Room, tile: float, *, ceiling: bool = False) -> Mesh:
        """The smallest that covers the room."""
        wide, deep = room.x1 - room.x0, room.y1 - room.y0
        for width, depth in _SIZES:
            if width >= wide and depth >= deep:
                return (self._ceilings if ceiling else self._floors)[(width, depth, tile)]
        return (self._ceilings if ceiling else self._floors)[(*_SIZES[-1], tile)]

    def wall(self, length: float, tile: float) -> Mesh:
        """An upright panel of about that length."""
        return self._walls[int(np.clip(round(length), 1, 40)), tile]

    def strip(self, width: float, depth: float, tile: float) -> tuple[Mesh, shapes.Point]:
        """A path, road or lawn, and the scale that brings it to that size."""
        sizes = [key[:2] for key in self._lawns if key[2] == tile]
        best = min(sizes, key=lambda size: abs(np.log(size[0] / width)) + abs(np.log(size[1] / depth)))
        return self._lawns[(*best, tile)], (width / best[0], depth / best[1], 1.0)

    def far(self, tile: float) -> Mesh:
        """The ground before the camera."""
        return self._far[tile]


def shell(stage: Stage, grounds: Grounds, room: Room, floors: tuple[str, ...], walls: tuple[str, ...]) -> None:
    """Floor, walls and ceiling of a room, with lamps."""
    rng, layers = stage.rng, stage.layers
    middle = ((room.x0 + room.x1) / 2, (room.y0 + room.y1) / 2)
    tile = float(rng.choice(_TILES))
    ground = materials.textured(
        layers.one(rng, str(rng.choice(floors))), materials.shade(rng, 0.55, 1.3), float(rng.beta(1.5, 3))
    )
    stage.add(grounds.floor(room, tile), {BODY: ground}, (*middle, 0.0))
    cover = materials.textured(layers.one(rng, str(rng.choice(walls))), wall_tint(rng))
    other = materials.textured(layers.one(rng, str(rng.choice(walls))), wall_tint(rng))
    for number, (x, y, length, turn) in enumerate(room.sides):
        mesh = grounds.wall(length, tile)
        scale = (length / max(1, min(40, round(length))), 1.0, room.height / _WALL)
        stage.add(mesh, {BODY: other if number == 0 and rng.random() < 0.4 else cover}, (x, y, 0.0), turn, scale)
    top = materials.textured(
        layers.one(rng, str(rng.choice(["ceiling", "plaster", "panelling"]))), materials.shade(rng, 0.5, 1.0, 0.03)
    )
    stage.add(grounds.floor(room, tile, ceiling=True), {BODY: top}, (*middle, room.height))
    lamps(stage, room)


def wall_tint(rng: np.random.Generator) -> materials.Colour:
    """Walls are mostly light, some dark, some in a colour."""
    return materials.shade(rng, 0.6, 1.1, 0.05) if rng.random() < 0.75 else materials.any_colour(rng)


def lamps(stage: Stage, room: Room) -> None:
    """Rows of lamps under the ceiling."""
    rng = stage.rng
    lamp = stage.any("ceiling lamp")
    look = lamp.dress(rng, stage.layers)
    gap = float(rng.uniform(1.8, 4.0))
    for x in np.arange(room.x0 + gap / 2, room.x1, gap):
        for y in np.arange(room.y0 + gap / 2, room.y1, gap):
            if rng.random() < 0.9:
                stage.put(lamp, float(x), float(y), z=room.height, surfaces=look)


def decorate(stage: Stage, room: Room, names: tuple[str, ...], share: float = 0.5) -> None:
    """Things of these names on the far, left and right walls; share: of places along the walls that are used."""
    rng = stage.rng
    for x, y, length, turn in room.sides[:3]:
        for along in np.arange(-length / 2 + 1.2, length / 2 - 1.0, 2.4):
            if rng.random() < share:
                name = str(rng.choice(names))
                cos, sin = np.cos(turn), np.sin(turn)
                offset = float(along + rng.uniform(-0.3, 0.3))
                what = stage.any(name)
                hung = room.height - 0.1 - float(what.mesh.position[:, 2].max())
                low = 0.0 if name in _STANDING else max(0.1, min(hung, float(rng.uniform(0.9, 1.6))))
                stage.put(what, x + cos * offset + sin * 0.02, y + sin * offset - cos * 0.02, turn, z=low)
