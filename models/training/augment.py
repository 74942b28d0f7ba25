"""New pictures out of rendered ones, cheap enough for one core beside the training: the same truth seen otherwise.

A batch is augmented as one: people to paste and tiles of mosaics come from its other pictures, so each picture is
decoded once, and what comes out depends on nothing but the samples and the random generator.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.appearance import altered
from training.pasting import Layers, cover, paste
from training.samples import People, nobody

Picture = NDArray[np.uint8]

PAD: Final = 114  # grey level of the agent's letterbox
SHAPES: Final = (1.0, 1.0, 5 / 4, 4 / 3, 4 / 3, 3 / 2, 2.1)  # width / height of cameras that do not fill the input
LEAST_SIDE: Final = 2.0  # pixels: a narrower or lower rest of a box is nothing to learn or to ignore
LEAST_HEIGHT: Final = 9.0  # pixels: lower boxes are ignored
LEAST_REST: Final = 0.22  # of a box inside the picture: less is ignored


@dataclass(frozen=True, slots=True)
class Chances:
    """How often what happens to a picture; `paste`, `erase`: among those with a map of owners."""

    owners: float = 0.4
    paste: float = 0.75
    erase: float = 0.3
    mosaic: float = 0.22
    letterbox: float = 0.4
    flip: float = 0.5
    zoom_out: float = 0.25
    appearance: float = 1.0


@dataclass(slots=True)
class Scene:
    """A picture on its way through the augmentation; owner as in `Sample`, None: not needed."""

    picture: Picture
    people: People = field(default_factory=nobody)
    owner: Picture | None = None


def augment(
    scenes: Sequence[Scene], size: tuple[int, int], rng: np.random.Generator, chances: Chances
) -> tuple[Picture, list[People]]:
    """All scenes as network inputs of `size` (width, height): (n, h, w, 3) uint8 and who is in each."""
    layers = [Layers(s.picture, s.owner, s.people) for s in scenes if s.owner is not None]
    pasted = iter(_pasted(one, layers, scenes, rng, chances) for one in layers)
    changed = [s if s.owner is None else Scene(*next(pasted)) for s in scenes]
    out = np.full((len(scenes), size[1], size[0], 3), PAD, np.uint8)
    everybody = []
    for number, scene in enumerate(changed):
        width, height = _content(size, rng, chances)
        if rng.random() < chances.mosaic:
            others = [changed[int(k)] for k in rng.integers(len(changed), size=3)]
            picture, people = mosaic([scene, *others], (width, height), rng)
        else:
            picture, people = view(scene, (width, height), rng, zoom=_zoom(rng, chances))
        if rng.random() < chances.flip:
            picture, people = flipped(picture, people)
        if rng.random() < chances.appearance:
            picture = altered(picture, rng)
        out[number, :height, :width] = picture
        everybody.append(people)
    return out, everybody


def _content(size: tuple[int, int], rng: np.random.Generator, chances: Chances) -> tuple[int, int]:
    """What the agent's letterbox leaves of the input for a camera of another shape: at the top left."""
    width, height = size
    if rng.random() >= chances.letterbox:
        return size
    shape = float(rng.choice(SHAPES)) * float(np.exp(rng.normal(0, 0.03)))
    scale = min(width / shape, height)
    return min(width, max(32, round(scale * shape))), min(height, max(32, round(scale)))


def _zoom(rng: np.random.Generator, chances: Chances) -> float:
    """Picture scale against the one that just fills: out to half, in to 1.8."""
    if rng.random() < chances.zoom_out:
        return float(np.exp(rng.uniform(np.log(0.5), 0)))
    return float(np.exp(max(0.0, rng.uniform(-0.15, np.log(1.8)))))


def _pasted(
    one: Layers, all_of_them: Sequence[Layers], scenes: Sequence[Scene], rng: np.random.Generator, chances: Chances
) -> tuple[Picture, People, Picture]:
    if rng.random() < chances.paste:
        for _ in range(int(rng.integers(1, 4))):
            one = paste(one, all_of_them[int(rng.integers(len(all_of_them)))], rng)
    if rng.random() < chances.erase:
        one = cover(one, scenes[int(rng.integers(len(scenes)))].picture, rng)
    return one.picture, one.people, one.owner_or_empty()


def view(scene: Scene, size: tuple[int, int], rng: np.random.Generator, *, zoom: float) -> tuple[Picture, People]:
    """A crop of the scene that fills `size` at zoom 1, shows less at more; below 1 an even colour lies around it."""
    width, height = size
    high, wide = scene.picture.shape[:2]
    scale = max(width / wide, height / high) * zoom
    stretch = float(np.exp(np.clip(rng.normal(0, 0.08), -0.2, 0.2)))
    across, down = scale * stretch, scale / stretch
    left, top = _between(width - wide * across, rng), _between(height - high * down, rng)
    matrix = np.array([[across, 0, left], [0, down, top]], np.float32)
    colour = (PAD, PAD, PAD) if rng.random() < 0.5 else tuple(int(v) for v in rng.integers(0, 256, 3))
    picture = cv2.warpAffine(scene.picture, matrix, size, flags=cv2.INTER_LINEAR, borderValue=colour)
    window = (max(left, 0.0), max(top, 0.0), min(left + wide * across, width), min(top + high * down, height))
    return np.asarray(picture, np.uint8), moved(scene.people, (across, down), (left, top), window)


def _between(slack: float, rng: np.random.Generator) -> float:
    """Where the picture's edge lies when it is `slack` pixels smaller (or, negative, larger) than the view."""
    return float(rng.uniform(min(0.0, slack), max(0.0, slack)))


def mosaic(scenes: Sequence[Scene], size: tuple[int, int], rng: np.random.Generator) -> tuple[Picture, People]:
    """Four scenes side by side, each smaller: small people, and edges that hide parts of them."""
    width, height = size
    x, y = round(width * rng.uniform(0.35, 0.65)), round(height * rng.uniform(0.35, 0.65))
    picture = np.empty((height, width, 3), np.uint8)
    everybody = []
    corners = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    for scene, (left, top, right, bottom) in zip(scenes, corners, strict=True):
        zoom = float(np.exp(rng.uniform(0, np.log(2.0))))
        tile, people = view(scene, (right - left, bottom - top), rng, zoom=zoom)
        picture[top:bottom, left:right] = tile
        everybody.append(moved(people, (1, 1), (left, top), (left, top, right, bottom)))
    return picture, np.concatenate(everybody)


def flipped(picture: Picture, people: People) -> tuple[Picture, People]:
    """Left and right exchanged."""
    people = people.copy()
    width = picture.shape[1]
    for name in ("box", "head", "whole"):
        seen = _area(people[name]) > 0
        people[name][:, [0, 2]] = np.where(seen[:, None], width - people[name][:, [2, 0]], 0)
    return cv2.flip(picture, 1).astype(np.uint8, copy=False), people


def moved(
    people: People,
    scale: tuple[float, float],
    shift: tuple[float, float],
    window: tuple[float, float, float, float],
) -> People:
    """The people after a scaling and a shift, seen through `window` x0 y0 x1 y1: what is outside is cut off."""
    people = people.copy()
    factor, offset = np.array([*scale, *scale], np.float32), np.array([*shift, *shift], np.float32)
    for name in ("box", "head", "whole"):
        people[name] = np.where((_area(people[name]) > 0)[:, None], people[name] * factor + offset, 0)
    before = _area(people["box"])
    for name in ("box", "head"):
        people[name][:, 0::2] = people[name][:, 0::2].clip(window[0], window[2])
        people[name][:, 1::2] = people[name][:, 1::2].clip(window[1], window[3])
    rest = _area(people["box"]) / np.maximum(before, 1e-6)
    people["visible"] *= rest
    wide, high = people["box"][:, 2] - people["box"][:, 0], people["box"][:, 3] - people["box"][:, 1]
    people["ignore"] |= (rest < LEAST_REST) | (high < LEAST_HEIGHT)
    kept: People = people[(wide >= LEAST_SIDE) & (high >= LEAST_SIDE)]
    return kept


def _area(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)
