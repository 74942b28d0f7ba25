"""The shop: a door in a glass front seen from inside, shelves on the left, a till on the right, a street behind.

All textures are drawn by programs: no photograph is in the clip. The plan's axes are the world's: the camera hangs
over the origin and looks along +y; the door is in the wall at DOOR_Y.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.places import materials, prints, shapes, textures
from training.places.furniture import shop, street, vehicles, wall
from training.places.layers import Layers
from training.places.materials import BODY, SECOND, Surfaces
from training.places.rooms import Room
from training.places.stage import Stage
from training.scene import Camera, Instance, Light

ROOM: Final = Room(-4.2, -1.5, 4.2, 7.0, 3.3)
DOOR: Final = (-1.3, 1.3)  # metres, left and right post
DOOR_TOP: Final = 2.35
CAMERA: Final = Camera(
    height=3.05, pitch=float(np.radians(24)), roll=float(np.radians(0.6)), fov=float(np.radians(68)), k1=-0.06
)
LIGHT: Final = Light(
    direction=(0.25, -0.35, 0.9), colour=(0.5, 0.47, 0.43), sky=(0.8, 0.78, 0.73), floor=(0.44, 0.41, 0.36)
)
_GOODS: Final = 10
_DAY: Final = 3.4  # times as bright outside as inside


@dataclass(frozen=True, slots=True)
class Entrance:
    """What stands there, and the textures that it is drawn with, (n, h, w, 3) sRGB; `poster`: the poster's layer."""

    things: tuple[Instance, ...]
    textures: NDArray[np.uint8]
    poster: int


def build(rng: np.random.Generator) -> Entrance:
    """Furnish the shop."""
    layers = _layers(rng)
    stock = {name: made for source in (shop, wall, street, vehicles) for name, made in source.make(rng).items()}
    stage = Stage(rng, layers, stock, 0.0)
    _shell(stage)
    _front(stage)
    _shelves(stage)
    _till(stage)
    _street(stage)
    poster = layers.named["poster"].start
    _poster(stage, poster)
    return Entrance(tuple(stage.things), layers.pictures, poster)


def _layers(rng: np.random.Generator) -> Layers:
    """Textures without a photograph."""
    cells = range(prints.CELLS * prints.CELLS)
    side = textures.SIDE // prints.CELLS
    groups = {"goods": [_labels([prints.label(rng, side, side) for _ in cells]) for _ in range(_GOODS)]}
    groups |= {name: [prints.sign(rng) for _ in range(3)] for name in ("poster", "photograph", "outside")}
    for kinds in (textures.FLOORS, textures.WALLS, prints.PRINTS):
        for name, (maker, count) in kinds.items():
            groups[name] = [maker(rng) for _ in range(min(count, 4))]
    ends = np.cumsum([len(group) for group in groups.values()]).tolist()
    named = {name: range(end - len(groups[name]), end) for name, end in zip(groups, ends, strict=True)}
    return Layers(np.concatenate([np.stack(group) for group in groups.values()]), named)


def _labels(cells: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Labels of packages as one texture; neighbours in a row are the same by twos."""
    rows = [cells[n : n + prints.CELLS] for n in range(0, len(cells), prints.CELLS)]
    return np.vstack([np.hstack([row[column // 2 * 2] for column in range(prints.CELLS)]) for row in rows])


def _plain(level: float, warmth: float = 0.0, gloss: float = 0.1) -> Surfaces:
    surface = materials.plain((level * (1 + warmth), level, level * (1 - warmth)), gloss, 0.06)
    return {BODY: surface, SECOND: surface}


def _shell(stage: Stage) -> None:
    """Floor, side walls and ceiling with lamps."""
    layers, rng = stage.layers, stage.rng
    middle = ((ROOM.x0 + ROOM.x1) / 2, (ROOM.y0 + ROOM.y1) / 2)
    tiles = materials.textured(layers.one(rng, "tiles"), (1.05, 0.99, 0.9), 0.35)
    stage.add(shapes.floor(ROOM.x1 - ROOM.x0, ROOM.y1 - ROOM.y0, 0.7, 2.4), {BODY: tiles}, (*middle, 0.0))
    plaster = materials.textured(layers.one(rng, "plaster"), (0.9, 0.88, 0.83))
    for x, y, length, turn in ROOM.sides[1:3]:
        stage.add(shapes.panel(length, ROOM.height, 0.75, 2.5), {BODY: plaster}, (x, y, 0.0), turn)
    ceiling = shapes.moved(shapes.floor(ROOM.x1 - ROOM.x0, ROOM.y1 - ROOM.y0, 0.7, 1.6), shapes.tilted(np.pi))
    stage.add(ceiling, {BODY: materials.textured(layers.one(rng, "ceiling"), (0.9, 0.9, 0.9))}, (*middle, ROOM.height))
    mat = materials.plain((0.035, 0.036, 0.04), 0.02, 0.5)
    stage.add(shapes.floor(2.3, 1.1, 0.6, 1.0), {BODY: mat}, (0.0, 6.35, 0.008))


def _front(stage: Stage) -> None:
    """The wall with the door: posts and bars of shop windows left and right, the open door, a lintel."""
    steel = _plain(0.1, 0.0, 0.5)
    left, right = DOOR
    y = ROOM.y1
    for x0, x1, bars in ((ROOM.x0, left, 2), (right, ROOM.x1, 2)):
        for mesh in wall.frame(x1 - x0, DOOR_TOP, bars, 1, 0.07):
            stage.add(mesh, steel, ((x0 + x1) / 2, y, 0.0))
        sill = shapes.box((x1 - x0, 0.16, 0.32), 0.8)
        stage.add(sill, _plain(0.3, 0.03), ((x0 + x1) / 2, y, 0.0))
    for x in DOOR:  # the leaves stand open, pushed before the windows
        stage.add(shapes.box((0.1, 0.14, DOOR_TOP)), steel, (x, y, 0.0))
        outward = -1 if x < 0 else 1
        for mesh in wall.frame(1.25, DOOR_TOP - 0.1, 1, 1, 0.06):
            stage.add(mesh, steel, (x + outward * 0.66, y - 0.14, 0.0))
    above = shapes.box((ROOM.x1 - ROOM.x0, 0.2, ROOM.height - DOOR_TOP), 0.8)
    stage.add(above, _plain(1.1, 0.04), (0.0, y, DOOR_TOP))
    sign = materials.textured(stage.layers.one(stage.rng, "sign"), (0.9, 0.9, 0.9))
    stage.add(shapes.panel(1.3, 0.35), {BODY: sign}, (0.0, y - 0.12, DOOR_TOP + 0.08))


def _shelves(stage: Stage) -> None:
    """A row along the left wall, a low one on the right before the window."""
    shelves = stage.stock["shelf"]
    for number, y in enumerate(np.arange(1.4, 6.5, 1.27)):
        what = shelves[number % len(shelves)]
        stage.put(what, ROOM.x0 + what.half[1] + 0.03, float(y), np.pi / 2)
    for number, x in enumerate((2.55, 3.82)):
        what = shelves[(number + 5) % len(shelves)]
        stage.put(what, x, ROOM.y1 - 0.5, 0.0, scale=(0.95, 1.0, 0.62))


def _till(stage: Stage) -> None:
    """The counter; customers stand on its left."""
    what = stage.stock["counter"][0]
    stage.put(what, 3.05, 4.3, -np.pi / 2)
    stage.put(stage.stock["stand-up sign"][0], 3.5, 2.2, -np.pi / 2)
    stage.put(stage.stock["trolley"][0], -2.35, 6.45, np.pi / 2)


def _poster(stage: Stage, layer: int) -> None:
    """A person on a poster in the window: to be seen and not to be counted."""
    poster = materials.textured(layer, (1.0, 1.0, 1.0), 0.3)
    at = (3.15, ROOM.y1 - 0.05, 1.15)
    stage.add(shapes.box((1.06, 0.04, 1.16)), _plain(0.05), (at[0], at[1] + 0.03, at[2] - 0.03))
    stage.add(shapes.panel(1.0, 1.1), {BODY: poster}, at)


def _street(stage: Stage) -> None:
    """Pavement, road and the houses opposite, in daylight."""
    rng, layers = stage.rng, stage.layers
    for name, y0, y1, tile, level in (
        ("paving", 7.0, 10.6, 1.6, 0.75),
        ("asphalt", 10.6, 17.0, 2.5, 0.7),
        ("paving", 17.0, 19.5, 1.6, 0.7),
    ):
        surface = materials.textured(layers.one(rng, name), (level * _DAY,) * 3)
        stage.add(shapes.floor(44.0, y1 - y0, 1.2, tile), {BODY: surface}, (0.0, (y0 + y1) / 2, -0.02))
    stage.add(shapes.box((44.0, 0.15, 0.05), 2.0), _plain(0.5 * _DAY), (0.0, 10.6, -0.05))
    for number, x in enumerate(np.arange(-18.0, 19.0, 6.0)):
        front = materials.textured(layers.named["house front"][number % 4], (0.75 * _DAY,) * 3)
        stage.add(shapes.panel(6.0, 8.0, 1.5), {BODY: front}, (float(x), 19.5, -0.02))
    for number, x, y in ((0, -4.6, 15.6), (1, 3.0, 15.7)):
        car = stage.stock["car"][number]
        stage.put(car, x, y, np.pi / 2, surfaces=_daylit(car.dress(rng, layers)))


def _daylit(surfaces: Surfaces) -> Surfaces:
    """Brighter by half of what the day is brighter: cars are white and black, and neither should stand out."""
    more = _DAY / 2
    return {
        part: replace(surface, colour=(surface.colour[0] * more, surface.colour[1] * more, surface.colour[2] * more))
        for part, surface in surfaces.items()
    }
