"""Upright things that are easily taken for people: bottles, round tables, lamps, cones, vases, and nameless ones.

Each is a turned profile, made anew: what they have in common is only that nobody is to be counted.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.generate.compose import Floor, Stand
from training.scene import Floats, Instance, Mesh, Part, Pattern, Surface

SLOTS: Final = (Part.THING, Part.TRIM, Part.SHOE)  # materials from the foot to the top
_SIDES: Final = 14
_Profile = NDArray[np.float64]  # (n, 3): radius, height, and the number of the material from there up


def things(floor: Floor, rng: np.random.Generator) -> list[Instance]:
    """One to five of a kind where nobody stands: on the floor, or near the camera as on a shelf."""
    mesh = turned(_KINDS[int(rng.choice(len(_KINDS), p=_SHARES))](rng))
    look = _look(rng)
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
        found.append(Instance(mesh, _placed(stand, rng.uniform(0.0, 1.6) if near and tall < 0.8 else 0.0), look))
    return found


def _next(stand: Stand, rng: np.random.Generator) -> Stand:
    """The neighbour in a row along the picture."""
    return Stand(stand.x + float(rng.uniform(0.25, 0.6)), stand.y + float(rng.normal(0, 0.03)), stand.heading)


def _placed(stand: Stand, lift: float) -> Floats:
    place = np.eye(4, dtype=np.float32)
    place[:3, 3] = stand.x, stand.y, lift
    return place


def turned(profile: _Profile) -> Mesh:
    """The profile (n, 3) turned around the upright axis, flat shading at its edges."""
    angle = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    positions: list[Floats] = []
    normals: list[Floats] = []
    parts: list[NDArray[np.uint8]] = []
    faces: list[NDArray[np.int64]] = []
    for (r0, z0, _), (r1, z1, slot) in pairwise(profile):
        slope = np.array([z1 - z0, r0 - r1])
        slope /= max(float(np.linalg.norm(slope)), 1e-9)
        first = len(positions) * _SIDES
        for r, z in ((r0, z0), (r1, z1)):
            positions.append(np.column_stack([ring * r, np.full(_SIDES, z)]))
            normals.append(np.column_stack([ring * slope[0], np.full(_SIDES, slope[1])]))
            parts.append(np.full(_SIDES, SLOTS[int(slot)], np.uint8))
        here = first + np.arange(_SIDES)
        there = first + (np.arange(_SIDES) + 1) % _SIDES
        faces += [
            np.column_stack([here, there, here + _SIDES]),
            np.column_stack([there, there + _SIDES, here + _SIDES]),
        ]
    position = np.concatenate(positions).astype(np.float32)
    return Mesh(
        position,
        np.concatenate(normals).astype(np.float32),
        np.ascontiguousarray(position[:, :2]),
        position,
        np.concatenate(parts),
        np.concatenate(faces).astype(np.int32),
    )


def _bottle(rng: np.random.Generator) -> _Profile:
    tall, wide = rng.uniform(0.2, 0.9), rng.uniform(0.11, 0.2)  # taller than life: they stand near a camera
    radius, neck = tall * wide, tall * wide * rng.uniform(0.25, 0.5)
    shoulder, throat = rng.uniform(0.5, 0.7), rng.uniform(0.75, 0.88)
    cap = neck * rng.uniform(1.0, 1.4)
    heights = np.array([0, 0, 0.18, shoulder - 0.08, shoulder, throat, 0.93, 0.93, 1.0, 1.0]) * tall
    radii = [0, radius, radius, radius, radius * 0.97, neck, neck, cap, cap, 0]
    return np.column_stack([radii, heights, [0, 0, 0, 1, 0, 0, 0, 2, 2, 2]])


def _table(rng: np.random.Generator) -> _Profile:
    tall, wide, foot = rng.uniform(0.6, 1.15), rng.uniform(0.25, 0.45), rng.uniform(0.15, 0.3)
    column, top = rng.uniform(0.02, 0.06), rng.uniform(0.02, 0.05)
    heights = np.array([0, 0, 0.03, 0.05, tall - top, tall - top, tall, tall])
    return np.column_stack([[0, foot, foot, column, column, wide, wide, 0], heights, [1, 1, 1, 1, 1, 0, 0, 0]])


def _lamp(rng: np.random.Generator) -> _Profile:
    tall, shade = rng.uniform(0.8, 1.8), rng.uniform(0.1, 0.25)
    start, narrow = tall * rng.uniform(0.65, 0.85), rng.uniform(0.4, 1.0)
    radii = [0, 0.14, 0.14, 0.015, 0.015, shade, shade * narrow, 0]
    return np.column_stack([radii, [0, 0, 0.03, 0.04, start, start, tall, tall], [1, 1, 1, 1, 1, 0, 0, 0]])


def _cone(rng: np.random.Generator) -> _Profile:
    tall, foot = rng.uniform(0.4, 1.2), rng.uniform(0.1, 0.3)
    top = foot * rng.uniform(0.1, 0.9)
    heights = np.array([0, 0, 0.3, 0.6, 1.0, 1.0]) * tall
    radii = [0, foot, foot + (top - foot) * 0.3, foot + (top - foot) * 0.6, top, 0]
    return np.column_stack([radii, heights, [0, 0, 0, 1, 0, 2]])


def _nameless(rng: np.random.Generator) -> _Profile:
    """A smooth random outline with a foot and a top."""
    tall, count = rng.uniform(0.3, 1.9), int(rng.integers(5, 12))
    radii = tall * rng.uniform(0.05, 0.22) * np.exp(np.cumsum(rng.normal(0, 0.35, count)) * 0.6)
    radii = np.concatenate([[0.0], np.clip(radii, 0.02, 0.5), [0.0]])
    heights = np.concatenate([[0.0], np.sort(rng.uniform(0, tall, count - 2)), [tall]])
    heights = np.concatenate([[0.0], heights, [tall]])
    slots = np.sort(rng.integers(0, len(SLOTS), len(radii)))
    return np.column_stack([radii, heights, slots])


_KINDS: Final[tuple[Callable[[np.random.Generator], _Profile], ...]] = (_bottle, _table, _lamp, _cone, _nameless)
_SHARES: Final = (0.4, 0.15, 0.1, 0.1, 0.25)


def _look(rng: np.random.Generator) -> dict[Part, Surface]:
    """Glass, plastic, wood or cloth, each material its own; often pale or dark."""
    surfaces = {}
    for slot in SLOTS:
        even = rng.random() < 0.6
        tone = rng.choice([rng.uniform(0.01, 0.08), rng.uniform(0.1, 0.5), rng.uniform(0.6, 0.95)])
        first, second = (
            (np.full(3, tone) * rng.uniform(0.9, 1.1, 3) if even else rng.uniform(0.01, 0.95, 3)).clip(0, 1),
            rng.uniform(0.01, 0.95, 3),
        )
        surfaces[slot] = Surface(
            (min(1.0, float(first[0])), min(1.0, float(first[1])), min(1.0, float(first[2]))),
            (float(second[0]), float(second[1]), float(second[2])),
            pattern=Pattern(int(rng.choice([0, 0, 0, 1, 2, 3, 4]))),
            frequency=float(rng.uniform(3, 25)),
            strength=float(rng.uniform(0.2, 1.0)),
            gloss=float(rng.uniform(0, 0.9)),
        )
    return surfaces
