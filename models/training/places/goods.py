"""A camera close to goods: bottles, jars and packets on a board or table before a wall, as over a shelf or a bar."""

from typing import Final

import numpy as np

from training.places import finishes, materials, profiles, shapes
from training.places.furniture.shop import label_cell, package
from training.places.layout import HARD, PLAIN, Kind, roof, room_around, wall_row
from training.places.materials import BODY, Surfaces
from training.places.rooms import Grounds, Room, decorate, wall_tint
from training.places.stage import Stage
from training.places.views import Mount
from training.scene import Mesh

NAME: Final = "goods"
_BARE: Final = 0.5  # share of such places with nothing but an even wall behind the goods
_PITCH: Final = np.radians(8)  # of most such cameras: the goods are to be in the picture
_GLASS: Final = 0.5  # share of bottles and jars through which the wall is seen


def goods(stage: Stage, grounds: Grounds, height: float) -> float:
    """A board before the camera with one to four kinds of goods on it, each a row or a loose group."""
    rng = stage.rng
    room = room_around(stage, grounds, (2.5, 7), (2, 6), roof(stage, height), HARD, PLAIN)
    away, deep = float(np.exp(rng.uniform(np.log(0.25), np.log(1.1)))), float(rng.uniform(0.2, 0.8))
    top = height - (away + deep / 2) * (float(np.tan(_PITCH)) + float(rng.uniform(0.0, 0.4)))
    behind = _wall(stage, room, away + deep)
    _board(stage, (away, deep, top))
    for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1]))):
        _row(stage, (away, deep, top), behind)
    x, y = stage.plan_of(np.array([[0.0, away + deep / 2]]))[0]
    stage.block(float(x), float(y), 2.0, deep / 2, stage.aim)
    return room.y1


def _add(stage: Stage, mesh: Mesh, look: Surfaces, at: shapes.Point, turn: float = 0.0) -> None:
    """Draw a mesh at a point before the camera, wherever on the plan that looks."""
    x, y = stage.plan_of(np.array([at[:2]]))[0]
    stage.add(mesh, look, (float(x), float(y), at[2]), turn + stage.aim)


def _wall(stage: Stage, room: Room, board_ends: float) -> materials.Colour:
    """What is behind the goods, and about its colour."""
    rng = stage.rng
    colour = wall_tint(rng)
    if rng.random() < _BARE:
        size = (6.0, room.height)
        away = board_ends + float(rng.choice([0.02, rng.uniform(0.1, 1.5)]))
        _add(stage, shapes.panel(*size, 0.7, 2.0), {BODY: materials.plain(colour, 0.05, 0.03)}, (0.0, away, 0.0))
    else:
        decorate(stage, room, ("sign", "poster", "window", "door", "screen"), 0.4)
        wall_row(stage, room, ("shelf", "shelf", "flat shelf", "freezer"))
    return colour


def _board(stage: Stage, where: tuple[float, float, float]) -> None:
    rng = stage.rng
    away, deep, top = where
    finish = (finishes.wood, finishes.paint, finishes.grey(0.4, 0.95), finishes.steel)[int(rng.integers(4))]
    size = (float(rng.uniform(1.0, 4.0)), deep, float(rng.choice([rng.uniform(0.02, 0.1), rng.uniform(0.1, 0.9)])))
    at = (float(rng.normal(0, 0.2)), away + deep / 2, top - size[2])
    _add(stage, shapes.box(size, 0.5, 1.0), {BODY: finish(rng, stage.layers)}, at)


def _row(stage: Stage, where: tuple[float, float, float], behind: materials.Colour) -> None:
    """Some of one kind, side by side or strewn."""
    rng = stage.rng
    away, deep, top = where
    mesh, surfaces = _packet(stage) if rng.random() < 0.25 else _vessel(rng, behind)
    width = float(np.ptp(mesh.position[:, 0]))
    number, gap = int(rng.integers(1, 8)), width * float(rng.uniform(1.02, 3.5))
    y = away + deep * float(rng.uniform(0.1, 0.9))
    first = float(rng.normal(0, 0.15)) - gap * (number - 1) / 2
    loose = float(rng.choice([0.002, 0.01, 0.05]))
    for place in range(number):
        if rng.random() < 0.12:
            continue
        x = first + place * gap + float(rng.normal(0, loose))
        _add(stage, mesh, surfaces, (x, y + float(rng.normal(0, loose)), top), float(rng.normal(0, 0.1)))


def _vessel(rng: np.random.Generator, behind: materials.Colour) -> tuple[Mesh, Surfaces]:
    tall = float(rng.uniform(0.1, 0.36))
    dice = rng.random()
    made = profiles.bottle if dice < 0.65 else profiles.jar if dice < 0.9 else profiles.nameless
    look = profiles.glassy(rng, behind) if rng.random() < _GLASS else profiles.look(rng)
    return profiles.turned(made(rng, tall)), look


def _packet(stage: Stage) -> tuple[Mesh, Surfaces]:
    rng = stage.rng
    size = (float(rng.uniform(0.06, 0.25)), float(rng.uniform(0.04, 0.2)), float(rng.uniform(0.08, 0.34)))
    look = materials.textured(stage.layers.one(rng, "goods"), materials.shade(rng, 0.7, 1.1), 0.2)
    return package(size, label_cell(rng)), {BODY: look}


KINDS: Final = (Kind(NAME, 12, goods, Mount((0.9, 1.8), (0, 16))),)
