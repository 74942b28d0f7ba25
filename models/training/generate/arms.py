"""Arms that reach into the picture, often with goods in the hand: somebody is there, but nobody to be counted yet."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.figures import dress
from training.figures.solids import Solid, rounded
from training.places import profiles
from training.render import projection
from training.scene import Camera, Figure, Floats, Instance, Mesh, Part, Surface

_ARM_PARTS: Final = (Part.ARM, Part.HAND, Part.SLEEVE, Part.COAT, Part.TOP)
_SHOULDER: Final = 0.125  # of the body's height: in the resting body what is farther from the middle is arm
_NEAR: Final = (0.3, 1.1)  # metres from the camera's plane to the hand
_LEAST_TRIANGLES: Final = 60
BOTTLES: Final = 0.5  # share of what is held
_Basis = NDArray[np.float64]


def reaching(figure: Figure, camera: Camera, rng: np.random.Generator) -> list[Instance]:
    """One arm of the figure, its hand somewhere in the picture, its shoulder towards the edge; nobody's pixels."""
    found = _arm(figure, float(rng.choice([-1.0, 1.0])))
    if found is None:
        return []
    mesh, hand = found
    basis = projection.axes(camera)
    away = rng.uniform(*_NEAR)
    wide, high = np.tan(camera.fov / 2) * away * rng.uniform(-0.85, 0.85, 2) * [1.0, 9 / 16]
    at = basis.T @ [wide, high, away] + [0.0, 0.0, camera.height]
    place = _placed(mesh, hand, at, basis, rng)
    surfaces = dress(figure, rng).surfaces
    grown: list[Instance] = [Instance(mesh, place, surfaces)]
    return [*grown, _goods(place, hand, rng)] if rng.random() < 0.7 else grown


def _arm(figure: Figure, side: float) -> tuple[Mesh, _Basis] | None:
    """The arm's own mesh and the middle of its hand; None where the figure's arms are not to be told apart."""
    mesh = figure.mesh
    arm = np.isin(mesh.part, _ARM_PARTS) & (side * mesh.rest[:, 0] > _SHOULDER * figure.height)
    faces = mesh.faces[arm[mesh.faces].all(axis=1)]
    hand = mesh.position[arm & (mesh.part == Part.HAND)]
    if len(faces) < _LEAST_TRIANGLES or len(hand) == 0:
        return None
    kept, small = np.unique(faces, return_inverse=True)
    cut = Mesh(
        mesh.position[kept],
        mesh.normal[kept],
        mesh.uv[kept],
        mesh.rest[kept],
        mesh.part[kept],
        small.reshape(-1, 3).astype(np.int32),
    )
    return cut, hand.mean(axis=0).astype(np.float64)


def _placed(mesh: Mesh, hand: _Basis, at: _Basis, basis: _Basis, rng: np.random.Generator) -> Floats:
    """The placement (4, 4) with the hand at `at` and the arm's length towards the picture's edge and the camera."""
    right, up, forward = basis
    angle = rng.uniform(-np.pi, np.pi)
    wanted = _unit(right * np.cos(angle) + up * np.sin(angle) - forward * rng.uniform(-0.1, 0.7))
    shoulder = mesh.position[np.argmax(np.linalg.norm(mesh.position - hand, axis=1))]
    own = _frame(_unit(shoulder - hand), np.array([0.0, 0.0, 1.0]))
    world = _frame(wanted, _unit(rng.normal(size=3)))
    turn = world @ own.T
    place = np.eye(4, dtype=np.float32)
    place[:3, :3] = turn
    place[:3, 3] = at - turn @ hand
    return place


def _goods(place: Floats, hand: _Basis, rng: np.random.Generator) -> Instance:
    """A bottle, a packet or a fruit where the hand is; a bottle hangs from it by the neck or stands in it."""
    held = np.eye(4, dtype=np.float32)
    held[:3, 3] = place[:3, :3] @ hand + place[:3, 3]
    if rng.random() < BOTTLES:
        tall = float(rng.uniform(0.15, 0.34))
        held[2, 3] -= tall * float(rng.uniform(0.3, 0.95))
        grey = float(rng.uniform(0.1, 0.9))
        look = profiles.glassy(rng, (grey, grey, grey)) if rng.random() < 0.5 else profiles.look(rng)
        return Instance(profiles.turned(profiles.bottle(rng, tall)), held, look)
    size = rng.uniform((0.06, 0.06, 0.07), (0.13, 0.11, 0.28))
    solid = rounded((size[0], size[1], size[2]), (0.0, 0.0, 0.0), Part.THING, sharp=float(rng.choice([2.0, 4.0, 8.0])))
    red, green, blue = rng.uniform(0.02, 0.9, 3)
    surface = Surface((red, green, blue), gloss=float(rng.uniform(0, 0.8)))
    return Instance(_mesh_of(solid), held, {Part.THING: surface})


def _mesh_of(solid: Solid) -> Mesh:
    position = np.asarray(solid.vertices, np.float32)
    length = np.maximum(np.linalg.norm(position, axis=1, keepdims=True), 1e-6)
    normal = (position / length).astype(np.float32)
    part = np.full(len(position), Part.THING, np.uint8)
    return Mesh(position, normal, position[:, :2].copy(), position, part, np.asarray(solid.faces, np.int32))


def _unit(vector: _Basis) -> _Basis:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float64)


def _frame(along: _Basis, hint: _Basis) -> _Basis:
    """A right-handed frame (3, 3) in columns whose first is `along`."""
    across = np.cross(hint, along)
    if np.linalg.norm(across) < 1e-3:
        across = np.cross(np.roll(hint, 1), along)
    across = _unit(across)
    return np.stack([along, across, np.cross(along, across)], axis=1)
