"""How a surveillance camera hangs, what light there is, and where before it people of all sizes would stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from training.places.stage import Stage
from training.scene import Camera, Light, Spot

WIDTH: Final = 384  # pixels; sizes of people are told in pictures of WIDTH x TALL
TALL: Final = 224
GROWN: Final = 1.7  # metres
LightMaker = Callable[[np.random.Generator], Light]
_BEND: Final = 0.12  # the largest |k1| r² at the picture's corner that does not fold the picture back


@dataclass(frozen=True, slots=True)
class Mount:
    """The heights (metres) and downward pitches (degrees) at which cameras hang in a kind of place."""

    height: tuple[float, float] = (2.2, 4.0)
    pitch: tuple[float, float] = (8.0, 48.0)


@dataclass(frozen=True, slots=True)
class View:
    """The cameras of a shop with an unusual view: ranges that a training is restricted to.

    height: metres; pitch: degrees below the horizon; fov: degrees, horizontal; bend: of the strongest barrel; kinds: of
    places, none: all.
    """

    height: tuple[float, float]
    pitch: tuple[float, float]
    fov: tuple[float, float]
    bend: tuple[float, float] = (0.0, 0.5)
    kinds: tuple[str, ...] = ()


ANY: Final = "any"
_ROOMS: Final = ("shop", "boutique", "kiosk", "cafe", "corridor", "office", "entrance", "warehouse")
VIEWS: Final[Mapping[str, View | None]] = MappingProxyType(
    {
        ANY: None,
        "ceiling": View((2.4, 4.5), (60, 90), (65, 105), kinds=_ROOMS),
        "fisheye": View((2.3, 4.0), (25, 90), (105, 125), (0.8, 1.0), kinds=_ROOMS),
        "corridor": View(
            (2.1, 3.2), (6, 30), (40, 75), kinds=("corridor", "shop", "warehouse", "entrance", "stairwell")
        ),
        "shelf": View((0.9, 1.8), (-2, 18), (40, 85), (0.0, 0.5), kinds=("goods",)),
    }
)
"""What `python -m training.generate --view` knows; a shop adds its own here."""


def camera(rng: np.random.Generator, mount: Mount, wanted: View | None = None) -> Camera:
    """A camera as installers hang it: now and then steep, close, rolled or with a wide lens; or one of a view."""
    if wanted is not None:
        return _of_view(rng, wanted)
    height = float(rng.uniform(*mount.height))
    pitch = float(rng.uniform(*mount.pitch))
    style = rng.random()
    if style < 0.05:
        height, pitch = max(height, 2.4), float(rng.uniform(60, 90))
    elif style < 0.17:
        height, pitch = float(rng.uniform(1.1, 2.0)), float(rng.uniform(-3, 20))
    fov = np.radians(rng.uniform(45, 85) if rng.random() < 0.6 else rng.uniform(75, 110))
    roll = np.radians(rng.normal(0, 1.5) if rng.random() < 0.9 else rng.normal(0, 9))
    corner = np.hypot(1, TALL / WIDTH) * np.tan(fov / 2)
    bend = 0.02 if rng.random() < 0.15 else -float(rng.beta(1, 2)) * _BEND
    k1 = float(np.clip(bend / corner**2, -0.3, 0.02))
    shift = (float(rng.normal(0, 0.03)), float(rng.normal(0, 0.03)))
    return Camera(height, float(np.radians(pitch)), float(roll), float(fov), k1, shift)


def _of_view(rng: np.random.Generator, wanted: View) -> Camera:
    height, pitch, fov, bend = (
        float(rng.uniform(*limits)) for limits in (wanted.height, wanted.pitch, wanted.fov, wanted.bend)
    )
    corner = np.hypot(1, TALL / WIDTH) * np.tan(np.radians(fov) / 2)
    roll, shift = np.radians(rng.normal(0, 2)), (float(rng.normal(0, 0.03)), float(rng.normal(0, 0.03)))
    return Camera(
        height, float(np.radians(pitch)), float(roll), float(np.radians(fov)), float(-bend * _BEND / corner**2), shift
    )


def _grey(rng: np.random.Generator, level: float, warmth: float, spread: float = 0.03) -> tuple[float, float, float]:
    tint = level * np.array([1 + warmth, 1.0, 1 - warmth]) * (1 + rng.normal(0, spread, 3))
    return float(tint[0]), float(tint[1]), float(tint[2])


def _towards(turn: float, up: float) -> tuple[float, float, float]:
    return float(np.cos(up) * np.sin(turn)), float(np.cos(up) * np.cos(turn)), float(np.sin(up))


def indoor_light(rng: np.random.Generator) -> Light:
    """Lamps above, sometimes a window or door that shines against the camera, sometimes nearly dark."""
    warmth = float(rng.normal(0.04, 0.1))
    style = rng.random()
    if style < 0.6:
        lamp, around, up = rng.uniform(0.3, 0.8), rng.uniform(0.6, 1.1), rng.uniform(0.9, 1.5)
        turn = rng.uniform(-np.pi, np.pi)
    elif style < 0.8:
        lamp, around, up, turn = rng.uniform(0.7, 2.2), rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.8), rng.normal(0, 0.8)
    else:
        lamp, around, up = rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.35), rng.uniform(0.5, 1.5)
        turn = rng.uniform(-np.pi, np.pi)
    return Light(
        direction=_towards(float(turn), float(up)),
        colour=_grey(rng, float(lamp), warmth),
        sky=_grey(rng, float(around), warmth),
        floor=_grey(rng, float(around * rng.uniform(0.35, 0.7)), warmth + 0.04),
        shadows=bool(rng.random() < 0.8),
    )


def outdoor_light(rng: np.random.Generator) -> Light:
    """Sun with long or short shadows, an overcast sky, dusk, or street lamps at night."""
    style = rng.random()
    turn = float(rng.uniform(-np.pi, np.pi))
    if style < 0.5:
        up, sun = float(rng.uniform(0.25, 1.2)), float(rng.uniform(1.1, 2.2))
        sky = _grey(rng, float(rng.uniform(0.35, 0.65)), -0.1)
        return Light(_towards(turn, up), _grey(rng, sun, 0.08), sky, _grey(rng, 0.3, 0.05))
    if style < 0.85:
        sky = _grey(rng, float(rng.uniform(0.75, 1.2)), float(rng.normal(-0.04, 0.04)))
        return Light(_towards(turn, 1.2), _grey(rng, 0.15, 0.0), sky, _grey(rng, 0.45, 0.03), shadows=False)
    lamp, around = float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.03, 0.15))
    warmth = float(rng.normal(0.15, 0.15))
    return Light(_towards(turn, 1.0), _grey(rng, lamp, warmth), _grey(rng, around, -0.1), _grey(rng, around / 2, 0.1))


def scatter(stage: Stage, view: Camera, wanted: int, farthest: float) -> list[Spot]:
    """Free spots on the floor in and just outside the picture, so that people's heights are spread log-uniformly.

    farthest: metres from the camera. About a third are doubled into groups within arm's reach.
    """
    rng = stage.rng
    focal = WIDTH / 2 / np.tan(view.fov / 2)
    near = max(
        0.6,
        (view.height - (1.3 if rng.random() < 0.3 else 0.7))
        / np.tan(min(view.pitch + np.arctan(TALL / 2 / focal), 1.5)),
    )
    count = wanted * 8
    share = rng.uniform(0, 1, count) ** 0.8  # a little more of the far ones, who hide behind everything
    ground = near * (max(farthest, near * 1.5) / near) ** share
    half = np.arctan(WIDTH / 2 / focal / np.maximum(np.cos(view.pitch), 0.35)) * 1.06
    aside = rng.uniform(-half, half, count)
    world = np.stack([ground * np.sin(aside), ground * np.cos(aside)], 1)
    if view.pitch > np.radians(55):
        world = _under(rng, view, count)
    tall = focal * GROWN * np.cos(view.pitch) / np.hypot(np.hypot(world[:, 0], world[:, 1]), view.height)
    free = stage.free(stage.plan_of(world)) & ((tall > 15) | (view.pitch > 0.8))
    spots = []
    for x, y in world[free][:wanted]:
        spots.append(Spot(float(x), float(y)))
        if rng.random() < 0.35:
            spots += _beside(stage, float(x), float(y))
    return spots


def _under(rng: np.random.Generator, view: Camera, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Points of the floor, (count, 2), where a steep camera's picture lies."""
    reach = np.array([1.0, TALL / WIDTH]) * np.tan(view.fov / 2) * 1.1
    across, along = rng.uniform(-1, 1, (2, count)) * reach[:, None]
    downwards = np.maximum(np.sin(view.pitch) - along * np.cos(view.pitch), 0.2)
    forwards = np.cos(view.pitch) + along * np.sin(view.pitch)
    level = max(view.height - 0.9, 0.5)
    return np.stack([across / downwards * level, forwards / downwards * level], 1)


def _beside(stage: Stage, x: float, y: float) -> list[Spot]:
    """One to three more spots around a spot."""
    rng = stage.rng
    heading = float(rng.uniform(-np.pi, np.pi)) if rng.random() < 0.5 else None
    count = int(rng.integers(1, 4))
    angle, reach = rng.uniform(-np.pi, np.pi, count), rng.uniform(0.4, 1.0, count)
    around = np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], 1)
    free = stage.free(stage.plan_of(around))
    return [Spot(float(a), float(b), heading) for a, b in around[free]]
