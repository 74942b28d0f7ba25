"""Upright things that are easily taken for people, among the people: training.places.profiles turns them."""

import numpy as np

from training.generate.compose import Floor, Stand
from training.places.profiles import look, turned, upright
from training.scene import Floats, Instance


def things(floor: Floor, rng: np.random.Generator) -> list[Instance]:
    """One to five of a kind where nobody stands: on the floor, or near the camera as on a shelf."""
    mesh, surfaces = turned(upright(rng)), look(rng)
    found: list[Instance] = []
    near = rng.random() < 0.5
    tall = float(mesh.position[:, 2].max())
    row: Stand | None = None
    for _ in range(int(rng.choice([1, 2, 3, 5], p=[0.5, 0.2, 0.2, 0.1]))):
        stand = _next(row, rng) if row is not None else (floor.close(rng, tall) if near else floor.spot(rng, tall))
        if stand is None:
            break
        row = stand
        floor.take(stand)
        found.append(Instance(mesh, _placed(stand, rng.uniform(0.0, 1.6) if near and tall < 0.8 else 0.0), surfaces))
    return found


def _next(stand: Stand, rng: np.random.Generator) -> Stand:
    """The neighbour in a row along the picture."""
    return Stand(stand.x + float(rng.uniform(0.25, 0.6)), stand.y + float(rng.normal(0, 0.03)), stand.heading)


def _placed(stand: Stand, lift: float) -> Floats:
    place = np.eye(4, dtype=np.float32)
    place[:3, 3] = stand.x, stand.y, lift
    return place
