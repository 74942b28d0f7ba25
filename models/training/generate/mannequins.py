"""Dressed mannequins: they look like people, are nobody, and are not to be counted."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from training.figures import dress
from training.generate.compose import Stand
from training.scene import Figure, Floats, Instance, Mesh, Part, Surface

STILL: Final = "stand"  # the pose for it: a headless one that walks is nothing that a camera meets
_BODY: Final = (Part.FACE, Part.SCALP, Part.NECK, Part.TORSO, Part.ARM, Part.HAND, Part.LEG, Part.FOOT)
_AWAY: Final = (Part.HAIR, Part.CARRIED, Part.MASK, Part.HAT, Part.SCARF)
_HEAD: Final = (Part.FACE, Part.SCALP)
_PALE: Final = ((0.85, 0.85, 0.83), (0.8, 0.78, 0.74), (0.75, 0.72, 0.66))
_DARK: Final = ((0.03, 0.03, 0.03), (0.2, 0.2, 0.2), (0.32, 0.3, 0.28))
_HEADLESS: Final = 0.8
_BASE: Final = 0.02  # metres, thickness of the plate that it stands on


def mannequin(figure: Figure, stand: Stand, rng: np.random.Generator) -> list[Instance]:
    """The figure as a mannequin on its plate: plastic of one colour instead of skin and hair, nobody's pixels."""
    place = stand.matrix(figure)
    place[2, 3] += _BASE
    plate = Surface((0.6, 0.6, 0.62) if rng.random() < 0.7 else (0.05, 0.05, 0.05), gloss=0.6)
    under = stand.matrix(figure)
    return [
        Instance(figure.mesh, place, plastic(dress(figure, rng).surfaces, rng)),
        Instance(_PLATE, under, {Part.THING: plate}),
    ]


def plastic(surfaces: Mapping[Part, Surface], rng: np.random.Generator) -> dict[Part, Surface]:
    """These surfaces with skin of glossy plastic and without hair, hats and bags.

    A dark one never has a head: on a poor camera nobody could tell it from a person in the shade.
    """
    headless = rng.random() < _HEADLESS
    tones = _PALE + _DARK if headless else _PALE
    red, green, blue = tones[int(rng.integers(len(tones)))]
    body = Surface((red, green, blue), gloss=float(rng.uniform(0.2, 0.7)), grain=0.0)
    gone = Surface((0.0, 0.0, 0.0), hidden=True)
    away = _AWAY + _HEAD if headless else _AWAY
    return {**surfaces, **dict.fromkeys(_BODY, body), **dict.fromkeys(away, gone)}


def _disc(radius: float, height: float, corners: int = 20) -> Mesh:
    """A flat round plate on z = 0, its top looking up."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    rim = np.stack([np.cos(turn) * radius, np.sin(turn) * radius, np.full(corners, height)], axis=1)
    position: Floats = np.concatenate([[[0, 0, height]], rim, rim * [1, 1, 0]]).astype(np.float32)
    around = np.arange(corners)
    then = (around + 1) % corners
    top = np.stack([np.zeros(corners, int), 1 + around, 1 + then], axis=1)
    side = np.concatenate(
        [
            np.stack([1 + around, 1 + corners + around, 1 + then], axis=1),
            np.stack([1 + then, 1 + corners + around, 1 + corners + then], axis=1),
        ]
    )
    normal = np.tile(np.array([[0, 0, 1]], np.float32), (len(position), 1))
    part = np.full(len(position), Part.THING, np.uint8)
    faces = np.concatenate([top, side]).astype(np.int32)
    return Mesh(position, normal, position[:, :2].copy(), position, part, faces)


_PLATE: Final = _disc(0.2, _BASE)
