"""Colours of things: what a surface is made of, drawn at random."""

from collections.abc import Mapping

import numpy as np

from training.scene import Part, Pattern, Surface

Surfaces = Mapping[Part, Surface]
Colour = tuple[float, float, float]

BODY, SECOND, THIRD, FOURTH = Part.THING, Part.TRIM, Part.WHEELS, Part.CARRIED  # slots of a thing's materials


def shade(rng: np.random.Generator, low: float, high: float, tint: float = 0.06) -> Colour:
    """A nearly grey colour of linear brightness low to high, from cool to warm."""
    level, warmth, other = float(rng.uniform(low, high)), float(rng.normal(0, tint)), float(rng.normal(0, tint / 3))
    red, green, blue = (float(np.clip(level * (1 + x), 0.003, 1.5)) for x in (warmth + other, 0.0, other - warmth))
    return red, green, blue


def hue(rng: np.random.Generator, brightness: float = 0.4, saturation: float = 0.7) -> Colour:
    """A colour of any hue, most often a warm one or blue, as things are."""
    warm = rng.normal(0.07, 0.05) if rng.random() < 0.4 else rng.normal(0.6, 0.05)  # wood, leather and red; or blue
    phase = (warm if rng.random() < 0.65 else rng.uniform(0, 1)) + np.array([0, 2 / 3, 1 / 3])
    wheel = np.clip(np.abs((phase % 1) * 6 - 3) - 1, 0, 1)
    mixed = brightness * (1 - saturation + saturation * wheel)
    return float(mixed[0]), float(mixed[1]), float(mixed[2])


def any_colour(rng: np.random.Generator) -> Colour:
    """As things are coloured: a third grey, the others of some hue, seldom vivid."""
    if rng.random() < 0.4:
        return shade(rng, 0.02, 0.8)
    return hue(rng, float(rng.uniform(0.08, 0.7)), float(rng.beta(2, 2)))


def wood(rng: np.random.Generator) -> Colour:
    """The brown of furniture."""
    level = float(np.exp(rng.uniform(np.log(0.05), np.log(0.6))))
    return level, level * float(rng.uniform(0.55, 0.8)), level * float(rng.uniform(0.25, 0.55))


def plain(colour: Colour, gloss: float = 0.1, grain: float = 0.1) -> Surface:
    """One colour."""
    return Surface(colour, gloss=gloss, grain=grain)


def textured(layer: int, colour: Colour = (1.0, 1.0, 1.0), gloss: float = 0.05) -> Surface:
    """A layer of the texture array, tinted."""
    return Surface(colour, texture=layer, gloss=gloss, grain=0.04)


def cloth(rng: np.random.Generator) -> Surface:
    """A piece of clothing that hangs or lies somewhere."""
    first, second = any_colour(rng), any_colour(rng)
    pattern = Pattern(int(rng.choice([0, 0, 0, 1, 2, 3, 4])))
    return Surface(first, second, pattern, float(rng.uniform(4, 30)), float(rng.uniform(0.3, 1)), grain=0.2)


def metal(rng: np.random.Generator) -> Surface:
    """Steel, painted or bare."""
    return plain(shade(rng, 0.02, 0.5), float(rng.uniform(0.2, 0.7)), 0.05)


def glow(rng: np.random.Generator, strength: float = 2.5) -> Surface:
    """A lamp or a bright window: brighter than white under the place's light."""
    level = float(rng.uniform(0.5, 1.0)) * strength
    return Surface((level, level * float(rng.uniform(0.9, 1.03)), level * float(rng.uniform(0.75, 1.1))), grain=0.0)
