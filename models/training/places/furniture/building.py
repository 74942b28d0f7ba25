"""Large things outdoors: house fronts and walls."""

import numpy as np

from training.places import finishes, shapes
from training.places.materials import BODY, SECOND, THIRD
from training.places.piece import Piece, piece

Generator = np.random.Generator


def house(rng: Generator) -> Piece:
    """A house, 6 m wide, whose front has windows, with a door and a plinth."""
    height = float(rng.uniform(3.0, 8.0))
    body = shapes.box((6.0, 6.0, height), 1.5)
    door = shapes.at(shapes.panel(1.0, 2.1, 0.7), float(rng.uniform(-2, 2)), -3.04)
    roof = shapes.moved(shapes.box((6.4, 6.4, 0.2), 1.5, 1.0), shapes.transform((0, 0, height)))
    finish = {
        BODY: finishes.layer("house front"),
        SECOND: finishes.layer("door"),
        THIRD: finishes.layer("panelling", 0.2, 0.9),
    }
    return piece({BODY: [body], SECOND: [door], THIRD: [roof]}, finish)


def garden_wall(rng: Generator) -> Piece:
    """A wall of bricks, 3 m long."""
    height = float(rng.uniform(0.6, 2.2))
    wall = shapes.box((3.0, 0.25, height), 0.7, 1.0)
    cap = shapes.at(shapes.box((3.0, 0.32, 0.08), 0.7), 0, 0, height)
    return piece({BODY: [wall], SECOND: [cap]}, {BODY: finishes.layer("brick"), SECOND: finishes.layer("concrete")})


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    return {"house": tuple(house(rng) for _ in range(4)), "brick wall": tuple(garden_wall(rng) for _ in range(3))}
