"""The ways in which pieces are coloured: functions that draw a Surface when a piece is put somewhere."""

import numpy as np

from training.places import materials
from training.places.layers import Layers
from training.places.piece import Finish
from training.scene import Surface


def layer(name: str, low: float = 0.75, high: float = 1.0, gloss: float = 0.08) -> Finish:
    """A texture of a kind, a little darker or lighter."""

    def finish(rng: np.random.Generator, layers: Layers) -> Surface:
        return materials.textured(layers.one(rng, name), materials.shade(rng, low, high, 0.04), gloss)

    return finish


def bright(name: str, strength: float = 1.6) -> Finish:
    """A texture of a kind that shines: a screen, a lit sign, a window."""

    def finish(rng: np.random.Generator, layers: Layers) -> Surface:
        level = float(rng.uniform(0.6, strength))
        return Surface((level, level, level), texture=layers.one(rng, name), gloss=0.3, grain=0.0)

    return finish


def grey(low: float, high: float, gloss: float = 0.2) -> Finish:
    """Nearly grey."""
    return lambda rng, _: materials.plain(materials.shade(rng, low, high), gloss)


def paint(rng: np.random.Generator, _: Layers) -> Surface:
    """Any colour, as furniture and cases are painted."""
    return materials.plain(materials.any_colour(rng), float(rng.uniform(0.05, 0.5)), 0.05)


def vivid(rng: np.random.Generator, _: Layers) -> Surface:
    """A strong colour: plastic, signs."""
    return materials.plain(materials.hue(rng, float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.7, 1.0))), 0.35, 0.03)


def lacquer(rng: np.random.Generator, _: Layers) -> Surface:
    """A car's paint."""
    dull = rng.random() < 0.75
    colour = materials.shade(rng, 0.01, 0.85, 0.04) if dull else materials.hue(rng, float(rng.uniform(0.1, 0.5)), 0.85)
    return materials.plain(colour, float(rng.uniform(0.5, 0.9)), 0.02)


def wood(rng: np.random.Generator, layers: Layers) -> Surface:
    """Furniture's wood, veneer or laminate."""
    if rng.random() < 0.4:
        return materials.textured(layers.one(rng, "planks"), materials.shade(rng, 0.3, 1.0), 0.2)
    colour = materials.wood(rng) if rng.random() < 0.7 else materials.shade(rng, 0.3, 0.85)
    return materials.plain(colour, float(rng.uniform(0.05, 0.4)), 0.15)


def steel(rng: np.random.Generator, _: Layers) -> Surface:
    """Tubes and frames."""
    return materials.metal(rng)


def dark(rng: np.random.Generator, _: Layers) -> Surface:
    """Rubber, black plastic."""
    return materials.plain(materials.shade(rng, 0.01, 0.06), 0.15, 0.1)


def glass(rng: np.random.Generator, _: Layers) -> Surface:
    """Glass before darkness, as windows of cars look."""
    return materials.plain(materials.shade(rng, 0.005, 0.06), 0.95, 0.0)


def lit(rng: np.random.Generator, _: Layers) -> Surface:
    """A lamp."""
    return materials.glow(rng)


def fabric(rng: np.random.Generator, _: Layers) -> Surface:
    """Clothes, covers."""
    return materials.cloth(rng)


def red(rng: np.random.Generator, _: Layers) -> Surface:
    """A fire extinguisher's, a cone's."""
    return materials.plain((float(rng.uniform(0.4, 0.8)), float(rng.uniform(0.02, 0.2)), 0.02), 0.4, 0.02)
