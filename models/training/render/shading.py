"""The programs of the graphics card and the noise they share."""

from pathlib import Path
from typing import Final

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

_FOLDER: Final = Path(__file__).with_name("shaders")
_NOISE_SIDE: Final = 48


def programs(context: moderngl.Context) -> dict[str, moderngl.Program]:
    """The programs for pictures, the light's depth, people alone and the backdrop, by these names."""
    return {
        "picture": context.program(
            _source("instance.glsl", "project.glsl", "mesh.vert"), _source("instance.glsl", "mesh.frag")
        ),
        "depth": context.program(_source("instance.glsl", "depth.vert"), _source("depth.frag")),
        "alone": context.program(_source("instance.glsl", "project.glsl", "alone.vert"), _source("alone.frag")),
        "backdrop": context.program(_source("backdrop.vert"), _source("backdrop.frag")),
    }


def _source(*names: str) -> str:
    return "\n".join(["#version 330", *((_FOLDER / name).read_text() for name in names)])


def noise() -> NDArray[np.uint8]:
    """A smooth noise that repeats, (side, side, side, 4): its slope along x, y, z around 0.5, and itself."""
    rng = np.random.default_rng(7)
    field = np.zeros((_NOISE_SIDE,) * 3)
    for cells, weight in ((4, 1.0), (8, 0.55), (16, 0.3)):
        field += weight * _smooth(rng.random((cells,) * 3))
    field = (field - field.min()) / np.ptp(field)
    slopes = [np.roll(field, -1, axis) - np.roll(field, 1, axis) for axis in (2, 1, 0)]
    spread = 3.0 * float(np.std(slopes))
    channels = [np.clip(0.5 - slope / (2 * spread), 0, 1) for slope in slopes]
    return (np.stack([*channels, field], axis=-1) * 255).astype(np.uint8)


def _smooth(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Enlarged to the noise's side along all axes; the ends meet."""
    for axis in range(3):
        rows = np.moveaxis(cells, axis, 0)
        shape = rows.shape
        flat = np.concatenate([rows, rows, rows]).reshape(3 * shape[0], -1)
        large = cv2.resize(flat, (flat.shape[1], 3 * _NOISE_SIDE), interpolation=cv2.INTER_CUBIC)
        flat = np.asarray(large, np.float64)[_NOISE_SIDE : 2 * _NOISE_SIDE]
        cells = np.moveaxis(flat.reshape(_NOISE_SIDE, *shape[1:]), 0, axis)
    return cells
