"""Colours for figures: skin, hair and clothes as they are met in the street, drawn anew each time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from training.scene import Figure, Part, Pattern, Surface

Colour = tuple[float, float, float]

# sRGB 0..255 of skin from very light to very dark, and the undertone that each may lean to.
_SKIN: Final = (
    (246, 220, 203),
    (232, 196, 172),
    (214, 168, 138),
    (186, 133, 100),
    (146, 95, 66),
    (101, 63, 44),
    (60, 38, 29),
)
_HAIR: Final = {
    "black": (18, 16, 16),
    "dark brown": (45, 31, 24),
    "brown": (84, 57, 38),
    "light brown": (124, 90, 60),
    "blond": (190, 155, 105),
    "red": (120, 58, 30),
    "grey": (140, 138, 135),
    "white": (212, 210, 205),
}
_PLAIN: Final = {  # what two of three wear
    "black": ((22, 22, 24), 0.27),
    "dark grey": ((58, 59, 62), 0.13),
    "grey": ((128, 129, 131), 0.1),
    "navy": ((30, 36, 58), 0.14),
    "denim": ((68, 88, 120), 0.08),
    "white": ((226, 226, 224), 0.13),
    "beige": ((190, 172, 142), 0.08),
    "brown": ((92, 68, 50), 0.04),
    "olive": ((82, 84, 58), 0.03),
}
_LOUD: Final = (
    (170, 30, 36),
    (120, 24, 40),
    (205, 84, 36),
    (222, 176, 50),
    (48, 110, 62),
    (34, 74, 56),
    (36, 78, 150),
    (96, 150, 205),
    (40, 130, 140),
    (110, 60, 130),
    (214, 120, 150),
    (232, 190, 200),
    (160, 196, 160),
    (236, 226, 180),
)
_TROUSERS: Final = {
    "black": ((24, 24, 26), 0.3),
    "dark denim": ((36, 46, 70), 0.2),
    "denim": ((66, 88, 122), 0.15),
    "light denim": ((134, 154, 180), 0.05),
    "dark grey": ((56, 57, 60), 0.1),
    "grey": ((120, 120, 122), 0.05),
    "beige": ((180, 160, 128), 0.08),
    "olive": ((78, 80, 58), 0.03),
    "white": ((222, 222, 218), 0.02),
    "brown": ((84, 64, 50), 0.02),
}
_SHOES: Final = {
    "black": ((26, 25, 25), 0.45),
    "white": ((224, 222, 218), 0.25),
    "brown": ((92, 62, 42), 0.14),
    "grey": ((120, 120, 122), 0.11),
    "red": ((150, 40, 40), 0.05),
}
_DARK: Final = {
    "black": ((20, 20, 22), 0.55),
    "navy": ((28, 32, 52), 0.15),
    "brown": ((66, 50, 42), 0.12),
    "green": ((38, 54, 46), 0.08),
    "plum": ((62, 36, 50), 0.1),
}
_SUITS: Final = ((24, 24, 26), (30, 34, 50), (66, 67, 70), (110, 100, 88))
_WORK: Final = ((36, 56, 110), (70, 72, 76), (200, 80, 30), (40, 80, 60), (26, 34, 56))
_REFLECTIVE: Final = Surface((0.72, 0.74, 0.75), gloss=0.6, grain=0.03)
_PLAIN_SHARE: Final = 0.65
_HI_VIS: Final = ((225, 240, 40), (255, 120, 20))


@dataclass(frozen=True, slots=True)
class Look:
    """How a figure's parts look, and its skin from 0 (lightest) to 1 (darkest)."""

    surfaces: Mapping[Part, Surface]
    skin: float


def dress(figure: Figure, rng: np.random.Generator) -> Look:
    """Choose the colours of one figure: another person each time."""
    tone = float(np.clip(rng.beta(1.1, 1.3), 0, 1))
    surfaces = _skin(figure, tone, rng) | _clothes(figure, rng) | _extras(rng)
    return Look(surfaces, tone)


def linear(srgb: tuple[float, ...]) -> Colour:
    """Turn sRGB 0..255 into linear light, 0..1."""
    values = np.clip(np.asarray(srgb, float) / 255, 0, 1)
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(light[0]), float(light[1]), float(light[2])


def _varied(srgb: tuple[float, ...], rng: np.random.Generator, spread: float = 8.0) -> Colour:
    return linear(
        tuple(np.asarray(srgb) * rng.normal(1, 0.06) + rng.normal(0, spread * 0.5, 3) + rng.normal(0, spread * 0.5))
    )


def _pick(table: Mapping[str, tuple[tuple[int, int, int], float]], rng: np.random.Generator) -> tuple[int, int, int]:
    chances = np.array([chance for _, chance in table.values()])
    return list(table.values())[rng.choice(len(table), p=chances / chances.sum())][0]


def _skin(figure: Figure, tone: float, rng: np.random.Generator) -> dict[Part, Surface]:
    scale = np.asarray(_SKIN, float)
    place = tone * (len(scale) - 1)
    base = np.array([np.interp(place, range(len(scale)), scale[:, channel]) for channel in range(3)])
    undertone = rng.normal(0, 1)  # yellow to pink
    base = base * (1 + np.array([0.01, -0.012, -0.045]) * undertone)
    skin = linear(tuple(base))
    face = skin
    hair = _hair(figure, tone, rng)
    style = str(figure.dress.get("hair", "short"))
    bearded = not figure.female and figure.age > 19 and rng.random() < 0.3
    if bearded:
        face = linear(tuple(base * 0.82))
    scalp = skin if style == "bald" else hair
    if style == "shaved":
        scalp = _between(skin, hair, 0.5)
    flesh = Surface(skin, gloss=0.15, grain=0.08)
    return {
        Part.FACE: Surface(face, _between(face, hair, 0.5), Pattern.PLAIN, gloss=0.2, grain=0.1),
        Part.SCALP: Surface(scalp, grain=0.25, gloss=0.25 if style == "bald" else 0.1),
        Part.HAIR: Surface(hair, grain=0.35, gloss=float(rng.uniform(0.1, 0.4))),
        Part.NECK: flesh,
        Part.TORSO: flesh,
        Part.ARM: flesh,
        Part.HAND: Surface(linear(tuple(base * 0.96)), gloss=0.15, grain=0.08),
        Part.LEG: flesh,
        Part.FOOT: flesh,
    }


def _between(one: Colour, other: Colour, share: float) -> Colour:
    return (
        one[0] + (other[0] - one[0]) * share,
        one[1] + (other[1] - one[1]) * share,
        one[2] + (other[2] - one[2]) * share,
    )


def _hair(figure: Figure, tone: float, rng: np.random.Generator) -> Colour:
    if rng.random() < np.clip((figure.age - 42) / 36, 0, 0.92):
        return _between(_varied(_HAIR["grey"], rng), _varied(_HAIR["white"], rng), float(rng.random()))
    if tone > 0.55:
        name = str(rng.choice(["black", "dark brown"], p=[0.8, 0.2]))
    else:
        names = ["black", "dark brown", "brown", "light brown", "blond", "red"]
        name = str(rng.choice(names, p=[0.27, 0.27, 0.2, 0.1, 0.12, 0.04]))
    return _varied(_HAIR[name], rng, 5)


def _cloth(
    rng: np.random.Generator, *, plain: float = 0.72, table: Mapping[str, tuple[tuple[int, int, int], float]] = _PLAIN
) -> Surface:
    """A cloth: colour, and sometimes a pattern."""
    quiet = rng.random() < _PLAIN_SHARE
    colour = _varied(_pick(table, rng) if quiet else _LOUD[rng.integers(len(_LOUD))], rng)
    grain, gloss = float(rng.uniform(0.05, 0.3)), float(rng.choice([0.0, 0.05, 0.25], p=[0.6, 0.3, 0.1]))
    if rng.random() < plain:
        return Surface(colour, grain=grain, gloss=gloss)
    kinds = [Pattern.RINGS, Pattern.STRIPES, Pattern.CHECKS, Pattern.BLOTCHES, Pattern.SPECKLES, Pattern.PRINT]
    pattern = kinds[rng.choice(6, p=[0.22, 0.14, 0.2, 0.12, 0.1, 0.22])]
    second = _varied(_pick(_PLAIN, rng) if rng.random() < 0.6 else _LOUD[rng.integers(len(_LOUD))], rng)
    frequency = float(np.exp(rng.uniform(np.log(5), np.log(40))))
    return Surface(colour, second, pattern, frequency, float(rng.uniform(0.4, 1)), gloss, grain)


def _clothes(figure: Figure, rng: np.random.Generator) -> dict[Part, Surface]:
    words = figure.dress
    kind = str(words.get("top", ""))
    top, skirt = _cloth(rng), _cloth(rng, plain=0.65)
    bottom = _trousers(rng)
    coat = _quilted(_cloth(rng, plain=1.0), rng) if kind == "puffy coat" else _cloth(rng, plain=0.92)
    if kind == "suit":
        coat = Surface(_varied(_SUITS[rng.integers(len(_SUITS))], rng, 4), grain=0.1)
        bottom = Surface(coat.colour, grain=0.1) if rng.random() < 0.75 else bottom
    if kind in {"overall", "dungarees"} and rng.random() < 0.5:
        bottom = Surface(_varied(_WORK[rng.integers(len(_WORK))], rng), grain=0.2)
        top = bottom if kind == "overall" and rng.random() < 0.6 else top
    if kind == "dress":
        top = skirt
        if words.get("headscarf") and rng.random() < 0.6:
            top = skirt = Surface(_varied(_pick(_DARK, rng), rng), grain=0.1)
    if words.get("tights"):
        bottom = Surface(
            _varied((26, 25, 27), rng) if rng.random() < 0.7 else _varied(_pick(_PLAIN, rng), rng), grain=0.05
        )
    outer = top if kind == "hoodie" else coat
    scarf = _cloth(rng, plain=0.7)
    if words.get("hood"):
        scarf = outer
    elif kind == "dress" and rng.random() < 0.35:
        scarf = top
    return {
        Part.TOP: top,
        Part.SLEEVE: top if rng.random() < 0.92 else _cloth(rng, plain=1.0),
        Part.BOTTOM: bottom,
        Part.SKIRT: skirt,
        Part.COAT: coat,
        Part.SCARF: scarf,
        Part.SHOE: Surface(_varied(_pick(_SHOES, rng), rng), gloss=float(rng.uniform(0, 0.5))),
        Part.TRIM: _REFLECTIVE if words.get("vest") else _trim(coat, rng),
    }


def _trousers(rng: np.random.Generator) -> Surface:
    if rng.random() < 0.05:
        return _cloth(rng, plain=0.85)
    colour = _varied(_pick(_TROUSERS, rng), rng)
    faded = rng.random() < 0.25  # worn denim
    second = _between(colour, (0.6, 0.62, 0.66), 0.3)
    pattern = Pattern.BLOTCHES if faded else Pattern.PLAIN
    return Surface(colour, second, pattern, 5.0, 0.4 if faded else 0.0, grain=float(rng.uniform(0.1, 0.35)))


def _quilted(cloth: Surface, rng: np.random.Generator) -> Surface:
    """Seams around a padded coat."""
    seam = _between(cloth.colour, (0.0, 0.0, 0.0), 0.55)
    gloss = float(rng.uniform(0.1, 0.45))
    return replace(
        cloth, second=seam, pattern=Pattern.RINGS, frequency=float(rng.uniform(8, 16)), strength=0.5, gloss=gloss
    )


def _trim(coat: Surface, rng: np.random.Generator) -> Surface:
    return Surface(_between(coat.colour, _varied(_pick(_PLAIN, rng), rng), 0.5), grain=0.1)


def _extras(rng: np.random.Generator) -> dict[Part, Surface]:
    vest = _HI_VIS[rng.integers(2)]
    mask = ((150, 190, 215), (228, 230, 232), (26, 26, 28))[rng.choice(3, p=[0.5, 0.2, 0.3])]
    apron = ((28, 28, 30), (30, 60, 44), (120, 26, 34), (30, 40, 80), (226, 224, 218))[rng.integers(5)]
    return {
        Part.HAT: _cloth(rng, plain=0.85),
        Part.MASK: Surface(_varied(mask, rng), grain=0.03),
        Part.APRON: Surface(_varied(apron, rng), grain=0.08),
        Part.VEST: Surface(_varied(vest, rng), grain=0.05),
        Part.CARRIED: _cloth(rng, plain=0.75),
        Part.WHEELS: Surface(
            _varied(((150, 152, 156), (40, 40, 44), (90, 30, 34))[rng.choice(3, p=[0.5, 0.4, 0.1])], rng), gloss=0.5
        ),
    }
