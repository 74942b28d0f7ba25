"""A camera close to goods: bottles, jars and packets on a board or table before a wall, as over a shelf or a bar."""

from typing import Final

import numpy as np

from training.places import finishes, materials, profiles, shapes
from training.places.furniture.shop import label_cell, package
from training.places.layout import HARD, PLAIN, Kind, roof, room_around, wall_row
from training.places.materials import BODY, Surfaces
from training.places.piece import Piece
from training.places.rooms import Grounds, Room, decorate, wall_tint
from training.places.shapes import Point
from training.places.stage import Stage
from training.places.views import Mount
from training.scene import Mesh

NAME: Final = "goods"
_BARE: Final = 0.5  # share of such places with nothing but an even wall behind the goods
_PITCH: Final = np.radians(8)  # of most such cameras: the goods are to be in the picture
_GLASS: Final = 0.5  # share of bottles and jars through which the wall is seen
_PACKETS: Final = 0.25  # share of rows that are packets
_SOLD: Final = 0.12  # share of a row's places that are empty
_AS_IT_IS: Final = (1.0, 1.0, 1.0)


def make(rng: np.random.Generator) -> dict[str, tuple[Piece, ...]]:
    """Vessels one metre tall, to be scaled, packets, a board of one metre: made once and shared by all places."""
    vessels = {
        "bottle": [profiles.bottle(rng, 1.0) for _ in range(30)],
        "jar": [profiles.jar(rng, 1.0) for _ in range(12)],
        "odd vessel": [profiles.nameless(rng, 1.0) for _ in range(10)],
    }
    stock = {name: tuple(_piece(profiles.turned(each)) for each in made) for name, made in vessels.items()}
    sizes = rng.uniform((0.06, 0.04, 0.08), (0.25, 0.2, 0.34), (16, 3)).tolist()
    packets = [package((wide, deep, tall), label_cell(rng)) for wide, deep, tall in sizes]
    return stock | {"packet": tuple(map(_piece, packets)), "goods board": (_piece(shapes.box((1, 1, 1), 0.25, 1.0)),)}


def _piece(mesh: Mesh) -> Piece:
    reach = np.abs(mesh.position[:, :2]).max(axis=0)
    return Piece(mesh, {}, (float(reach[0]), float(reach[1])))


def goods(stage: Stage, grounds: Grounds, height: float) -> float:
    """A board before the camera with one to four kinds of goods on it, each a row or a loose group."""
    rng = stage.rng
    room = room_around(stage, grounds, (4, 8), (4.5, 8), roof(stage, height), HARD, PLAIN)
    away, deep = float(np.exp(rng.uniform(np.log(0.25), np.log(1.1)))), float(rng.uniform(0.2, 0.8))
    top = height - (away + deep / 2) * (float(np.tan(_PITCH)) + float(rng.uniform(0.0, 0.4)))
    behind = _wall(stage, grounds, room, away + deep)
    _board(stage, (away, deep, top))
    for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1]))):
        _row(stage, (away, deep, top), behind)
    x, y = stage.plan_of(np.array([[0.0, away + deep / 2]]))[0]
    stage.block(float(x), float(y), 2.0, deep / 2, stage.aim)
    return room.y1


def _add(stage: Stage, mesh: Mesh, look: Surfaces, at: Point, *, turn: float = 0.0, scale: Point = _AS_IT_IS) -> None:
    """Draw a mesh at a point before the camera, wherever on the plan that looks."""
    x, y = stage.plan_of(np.array([at[:2]]))[0]
    stage.add(mesh, look, (float(x), float(y), at[2]), turn + stage.aim, scale)


def _wall(stage: Stage, grounds: Grounds, room: Room, board_ends: float) -> materials.Colour:
    """What is behind the goods, and about its colour."""
    rng = stage.rng
    colour = wall_tint(rng)
    if rng.random() < _BARE:
        away = board_ends + float(rng.choice([0.02, rng.uniform(0.1, 1.5)]))
        look = {BODY: materials.plain(colour, 0.05, 0.03)}
        _add(stage, grounds.wall(6.0, 1.0), look, (0.0, away, 0.0))
    else:
        decorate(stage, room, ("sign", "poster", "window", "door", "screen"), 0.4)
        wall_row(stage, room, ("shelf", "shelf", "flat shelf", "freezer"))
    return colour


def _board(stage: Stage, where: Point) -> None:
    rng = stage.rng
    away, deep, top = where
    finish = (finishes.wood, finishes.paint, finishes.grey(0.4, 0.95), finishes.steel)[int(rng.integers(4))]
    thick = float(rng.choice([rng.uniform(0.02, 0.1), rng.uniform(0.1, 0.9)]))
    size = (float(rng.uniform(1.0, 4.0)), deep, thick)
    at = (float(rng.normal(0, 0.2)), away + deep / 2, top - thick)
    _add(stage, stage.any("goods board").mesh, {BODY: finish(rng, stage.layers)}, at, scale=size)


def _row(stage: Stage, where: Point, behind: materials.Colour) -> None:
    """Some of one kind, side by side or strewn."""
    rng = stage.rng
    away, deep, top = where
    mesh, surfaces, size = _packet(stage) if rng.random() < _PACKETS else _vessel(stage, behind)
    width = float(np.ptp(mesh.position[:, 0])) * size
    number, gap = int(rng.integers(1, 8)), width * float(rng.uniform(1.02, 3.5))
    y = away + deep * float(rng.uniform(0.1, 0.9))
    first = float(rng.normal(0, 0.15)) - gap * (number - 1) / 2
    loose = float(rng.choice([0.002, 0.01, 0.05]))
    for place in range(number):
        if rng.random() < _SOLD:
            continue
        x = first + place * gap + float(rng.normal(0, loose))
        at, turn = (x, y + float(rng.normal(0, loose)), top), float(rng.normal(0, 0.1))
        _add(stage, mesh, surfaces, at, turn=turn, scale=(size, size, size))


def _vessel(stage: Stage, behind: materials.Colour) -> tuple[Mesh, Surfaces, float]:
    """Its mesh, its look and how tall it is in metres."""
    rng = stage.rng
    name = str(rng.choice(["bottle", "jar", "odd vessel"], p=[0.65, 0.25, 0.1]))
    look = profiles.glassy(rng, behind) if rng.random() < _GLASS else profiles.look(rng)
    return stage.any(name).mesh, look, float(rng.uniform(0.1, 0.36))


def _packet(stage: Stage) -> tuple[Mesh, Surfaces, float]:
    rng = stage.rng
    look = materials.textured(stage.layers.one(rng, "goods"), materials.shade(rng, 0.7, 1.1), 0.2)
    return stage.any("packet").mesh, {BODY: look}, 1.0


KINDS: Final = (Kind(NAME, 12, goods, Mount((0.9, 1.8), (0, 16))),)
