"""Photographed surroundings in true perspective: panoramas seen through the place's camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.places.textures import SIDE
from training.places.views import TALL, WIDTH
from training.scene import Camera, Light

OPEN: Final = {  # metres of open floor around each panorama's camera
    "apartment": 3.5, "bridge": 12.0, "city": 12.0, "hall": 12.0, "lab": 3.0, "lobby": 4.5, "night": 15.0, "park": 25.0,
    "studio": 4.0, "warehouse": 9.0, "workshop": 5.0,
}  # fmt: skip
EYE: Final = 1.6  # metres, the height from which the panoramas were taken
_COARSE: Final = 2  # pixels of the picture per computed direction


@dataclass(frozen=True, slots=True)
class Panorama:
    """radiance: (h, 2h, 3) float32 RGB, its median 0.18; above, below: mean light (3,) of the upper and lower half."""

    name: str
    radiance: NDArray[np.float32]
    above: NDArray[np.float32]
    below: NDArray[np.float32]
    brightest: tuple[float, float]  # longitude and elevation of the brightest part, radians


def load_panoramas(folder: Path) -> tuple[Panorama, ...]:
    """All panoramas of the folder."""
    found = [folder / f"{name}.hdr" for name in OPEN]
    missing = [path for path in found if not path.exists()]
    if missing:
        raise FileNotFoundError(f"{missing[0]} is missing; give the folder of the shared data")
    return tuple(_load(path) for path in found)


def _load(path: Path) -> Panorama:
    picture = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path} is not a picture; copy the shared data again")
    radiance = np.ascontiguousarray(picture[..., ::-1], np.float32)
    radiance *= 0.18 / max(float(np.median(radiance)), 1e-6)
    half = len(radiance) // 2
    blurred = cv2.GaussianBlur(np.minimum(radiance, 30.0).mean(2)[:half], (0, 0), 6)
    row, column = np.unravel_index(int(blurred.argmax()), blurred.shape)
    longitude = (column / radiance.shape[1] - 0.5) * 2 * np.pi
    shown = np.minimum(radiance, 4.0)
    return Panorama(
        path.stem,
        radiance,
        shown[:half].mean((0, 1)),
        shown[half:].mean((0, 1)),
        (float(longitude), float((0.5 - row / len(radiance)) * np.pi)),
    )


def directions(view: Camera, width: int, height: int) -> NDArray[np.float32]:
    """Where in the world each pixel's middle looks, (height, width, 3), not normalised.

    The lens is undone by iteration: fixed points of r = R / (1 + k1 r²) converge for the bends that `views.camera`
    draws.
    """
    along = 1 / np.tan(view.fov / 2)
    x = ((np.arange(width) + 0.5) / width * 2 - 1 - view.shift[0]) / along
    y = (1 - (np.arange(height) + 0.5) / height * 2 - view.shift[1]) / (along * width / height)
    u, v = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    drawn = u * u + v * v
    factor = np.ones_like(drawn)
    for _ in range(6):
        factor = np.maximum(1 + view.k1 * drawn / (factor * factor), 0.6)
    u, v = u / factor, v / factor
    lean, turn = np.sin(view.roll), np.cos(view.roll)
    u, v = u * turn - v * lean, u * lean + v * turn
    cos, sin = np.cos(view.pitch), np.sin(view.pitch)
    return np.stack([u, cos + v * sin, v * cos - sin], 2).astype(np.float32)


def seen(
    panorama: Panorama, view: Camera, yaw: float, exposure: float, size: tuple[int, int] = (WIDTH, TALL)
) -> NDArray[np.uint8]:
    """The panorama before the camera, uint8 RGB.

    yaw: the longitude that the camera looks at, radians; size: width and height of the picture.
    """
    towards = directions(view, size[0] // _COARSE, size[1] // _COARSE)
    longitude = np.arctan2(towards[..., 0], towards[..., 1]) + yaw
    elevation = np.arctan2(towards[..., 2], np.hypot(towards[..., 0], towards[..., 1]))
    rows, columns = panorama.radiance.shape[:2]
    # Unwrapped along each row so that enlarging the map does not smear across the panorama's seam.
    across = np.unwrap(longitude, axis=1) / (2 * np.pi) * columns + columns / 2
    map_x = cv2.resize(across.astype(np.float32), size) % columns
    map_y = cv2.resize(((0.5 - elevation / np.pi) * rows).astype(np.float32), size)
    light = cv2.remap(panorama.radiance, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP) * exposure
    shown = light * (1 + light / 9) / (1 + light)  # Reinhard's curve, white at 3
    return np.asarray(np.clip(shown, 0, 1) ** (1 / 2.2) * 255, np.uint8)


def light_of(panorama: Panorama, rng: np.random.Generator, yaw: float, exposure: float) -> Light:
    """The light in a panorama, for things and people put before it."""
    longitude, elevation = panorama.brightest
    turn, up = longitude - yaw, max(elevation, 0.3)
    above, below = panorama.above * exposure, panorama.below * exposure
    tone = 0.6 / max(float(above.mean()), 0.3)
    share = float(rng.uniform(0.3, 1.0))
    direction = (float(np.cos(up) * np.sin(turn)), float(np.cos(up) * np.cos(turn)), float(np.sin(up)))
    sky, bounce = above * tone, below * tone
    return Light(
        direction=direction,
        colour=(float(sky[0]) * share, float(sky[1]) * share, float(sky[2]) * share),
        sky=(float(sky[0]), float(sky[1]), float(sky[2])),
        floor=(float(bounce[0]), float(bounce[1]), float(bounce[2])),
        shadows=bool(rng.random() < 0.7),
    )


def surroundings(
    panoramas: Sequence[Panorama], rng: np.random.Generator, view: Camera, light: Light
) -> NDArray[np.uint8]:
    """Sky and horizon for a place outdoors, as bright as its light."""
    panorama = panoramas[int(rng.integers(len(panoramas)))]
    exposure = float(rng.uniform(0.8, 2.2)) * float(np.mean(light.sky)) / float(panorama.above.mean())
    return seen(panorama, view, float(rng.uniform(-np.pi, np.pi)), exposure)


def windows(panoramas: Sequence[Panorama], rng: np.random.Generator, count: int) -> list[NDArray[np.uint8]]:
    """Square views as through windows and glass doors."""
    views_ = []
    for _ in range(count):
        panorama = panoramas[int(rng.integers(len(panoramas)))]
        view = Camera(2.0, float(rng.uniform(-0.05, 0.25)), 0.0, float(rng.uniform(0.8, 1.5)))
        views_.append(seen(panorama, view, float(rng.uniform(-np.pi, np.pi)), float(rng.uniform(1, 4)), (SIDE, SIDE)))
    return views_


def mosaic(pictures: NDArray[np.uint8], rng: np.random.Generator, brightness: float) -> NDArray[np.uint8]:
    """Photographs side by side as a wall of goods, (TALL, WIDTH, 3)."""
    rows, columns = ((1, 2), (2, 3), (2, 4), (3, 5))[int(rng.integers(4))]
    chosen = rng.integers(0, len(pictures), (rows, columns))
    small = [[cv2.resize(pictures[n], (WIDTH // columns + 1, TALL // rows + 1)) for n in row] for row in chosen]
    wall = np.vstack([np.hstack(row) for row in small])[:TALL, :WIDTH]
    return np.asarray(np.clip(wall * brightness, 0, 255), np.uint8)
