"""Upright things turned from an outline: bottles, jars, cans, round tables, lamps, cones, and nameless ones.

They are easily taken for people, who are upright and narrower at the top too. An outline is drawn anew for each.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.scene import Floats, Mesh, Part, Pattern, Surface

SLOTS: Final = (Part.THING, Part.TRIM, Part.SHOE)  # materials from the foot to the top
_SIDES: Final = 14
Profile = NDArray[np.float64]  # (n, 3): radius, height, and the number of the material from there up


def turned(profile: Profile) -> Mesh:
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


def bottle(rng: np.random.Generator, tall: float) -> Profile:
    """A foot, a belly with a label or the level of what is in it, a shoulder, a neck and a cap."""
    wide = rng.uniform(0.11, 0.2)
    radius, neck = tall * wide, tall * wide * rng.uniform(0.25, 0.5)
    shoulder, throat = rng.uniform(0.5, 0.7), rng.uniform(0.75, 0.88)
    waist = rng.choice([1.0, 1.0, rng.uniform(0.8, 0.95)])
    cap = neck * rng.uniform(1.0, 1.4)
    heights = np.array([0, 0, 0.02, 0.18, shoulder - 0.08, shoulder, throat, 0.93, 0.93, 1.0, 1.0]) * tall
    radii = [0, radius * 0.9, radius, radius * waist, radius, radius * 0.97, neck, neck, cap, cap, 0]
    return np.column_stack([radii, heights, [0, 0, 0, 0, 1, 0, 0, 0, 2, 2, 2]])


def jar(rng: np.random.Generator, tall: float) -> Profile:
    """A jar, a can or a tub: straight, with a label and a lid nearly as wide as itself."""
    radius, lid = tall * rng.uniform(0.2, 0.5), rng.uniform(0.78, 0.97)
    top = radius * rng.uniform(0.75, 1.05)
    heights = np.array([0, 0, 0.12, lid - 0.08, lid, lid, 1.0, 1.0]) * tall
    return np.column_stack([[0, radius, radius, radius, radius * 0.95, top, top, 0], heights, [0, 0, 0, 1, 0, 2, 2, 2]])


def table(rng: np.random.Generator) -> Profile:
    """A foot, a column and a round top."""
    tall, wide, foot = rng.uniform(0.6, 1.15), rng.uniform(0.25, 0.45), rng.uniform(0.15, 0.3)
    column, top = rng.uniform(0.02, 0.06), rng.uniform(0.02, 0.05)
    heights = np.array([0, 0, 0.03, 0.05, tall - top, tall - top, tall, tall])
    return np.column_stack([[0, foot, foot, column, column, wide, wide, 0], heights, [1, 1, 1, 1, 1, 0, 0, 0]])


def lamp(rng: np.random.Generator) -> Profile:
    """A thin stand under a shade."""
    tall, shade = rng.uniform(0.8, 1.8), rng.uniform(0.1, 0.25)
    start, narrow = tall * rng.uniform(0.65, 0.85), rng.uniform(0.4, 1.0)
    radii = [0, 0.14, 0.14, 0.015, 0.015, shade, shade * narrow, 0]
    return np.column_stack([radii, [0, 0, 0.03, 0.04, start, start, tall, tall], [1, 1, 1, 1, 1, 0, 0, 0]])


def cone(rng: np.random.Generator) -> Profile:
    """As on a building site, or a bin that widens upwards no more than it narrows."""
    tall, foot = rng.uniform(0.4, 1.2), rng.uniform(0.1, 0.3)
    top = foot * rng.uniform(0.1, 0.9)
    heights = np.array([0, 0, 0.3, 0.6, 1.0, 1.0]) * tall
    radii = [0, foot, foot + (top - foot) * 0.3, foot + (top - foot) * 0.6, top, 0]
    return np.column_stack([radii, heights, [0, 0, 0, 1, 0, 2]])


def nameless(rng: np.random.Generator, tall: float) -> Profile:
    """A smooth random outline with a foot and a top."""
    count = int(rng.integers(5, 12))
    radii = tall * rng.uniform(0.05, 0.22) * np.exp(np.cumsum(rng.normal(0, 0.35, count)) * 0.6)
    radii = np.concatenate([[0.0], np.clip(radii, 0.01 * tall, 0.4 * tall), [0.0]])
    heights = np.concatenate([[0.0], np.sort(rng.uniform(0, tall, count - 2)), [tall]])
    heights = np.concatenate([[0.0], heights, [tall]])
    slots = np.sort(rng.integers(0, len(SLOTS), len(radii)))
    return np.column_stack([radii, heights, slots])


_UPRIGHT: Final[tuple[Callable[[np.random.Generator], Profile], ...]] = (
    lambda rng: bottle(rng, rng.uniform(0.2, 0.9)),  # taller than life: they stand near a camera
    table,
    lamp,
    cone,
    lambda rng: nameless(rng, rng.uniform(0.3, 1.9)),
)
_SHARES: Final = (0.4, 0.15, 0.1, 0.1, 0.25)


def upright(rng: np.random.Generator) -> Profile:
    """One that may be as tall as a person."""
    return _UPRIGHT[int(rng.choice(len(_UPRIGHT), p=_SHARES))](rng)


def look(rng: np.random.Generator) -> dict[Part, Surface]:
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


def glassy(rng: np.random.Generator, behind: tuple[float, float, float]) -> dict[Part, Surface]:
    """Clear glass or plastic, through which the colour `behind` shows, with a cap of a strong or dark colour."""
    tint = rng.uniform(0.0, 0.9, 3)
    through = np.asarray(behind) * rng.uniform(0.35, 1.0)
    clear = tuple(float(v) for v in (through + (tint - through) * rng.uniform(0.0, 0.35)).clip(0.003, 1))
    body = Surface((clear[0], clear[1], clear[2]), gloss=float(rng.uniform(0.5, 1.0)), grain=0.02)
    made = look(rng)
    middle = made[Part.TRIM]
    if rng.random() < 0.6:  # no label: what is in it, darker or lighter
        level = [float(v) for v in (np.asarray(clear) * rng.uniform(0.6, 1.3)).clip(0.003, 1)]
        middle = Surface((level[0], level[1], level[2]), gloss=body.gloss, grain=0.02)
    return made | {Part.THING: body, Part.TRIM: middle}
