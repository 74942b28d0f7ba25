"""Posters and screens that show people who are not there: pictures of figures for the places' poster textures."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.figures import dress
from training.generate.studio import Library
from training.render import Renderer
from training.scene import Camera, Instance, Light


def fill(textures: NDArray[np.uint8], layers: Iterable[int], library: Library, rng: np.random.Generator) -> None:
    """Draw figures into these layers of the texture array, (n, h, w, 3) sRGB, in place."""
    height, width = textures.shape[1:3]
    renderer = Renderer(width, height)
    for layer in layers:
        textures[layer] = _poster(renderer, library, rng)
    renderer.release()


def _poster(renderer: Renderer, library: Library, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One to three people before a plain, graded or blurred ground, from head to hips or whole, as advertising does."""
    tall, instances = 0.0, []
    for number in range(int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))):
        figure = library.figure(int(rng.integers(len(library))))
        turn = rng.normal(0, 0.5)
        place = np.eye(4, dtype=np.float32)
        place[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
        place[:2, 3] = rng.normal(0, 0.05) + 0.55 * number * (-1) ** number, 3.0 + 0.1 * number
        instances.append(Instance(figure.mesh, place, dress(figure, rng).surfaces, number + 1))
        tall = max(tall, float(figure.mesh.position[:, 2].max()))
    middle, reach = (tall * 0.52, tall * 0.6) if rng.random() < 0.45 else (tall * 0.76, tall * rng.uniform(0.22, 0.4))
    camera = Camera(height=middle, pitch=0.0, roll=0.0, fov=2 * float(np.arctan(reach / 3.0)))
    lamp = rng.uniform(0.3, 0.7)
    side = rng.normal(0, 0.6, 2)
    towards = np.array([side[0], -1.0, 0.5 + abs(side[1])])
    towards /= np.linalg.norm(towards)
    light = Light(
        direction=(float(towards[0]), float(towards[1]), float(towards[2])),
        colour=(lamp, lamp, lamp), sky=(0.6, 0.6, 0.6), floor=(0.35, 0.35, 0.35), shadows=False,
    )  # fmt: skip
    picture = renderer.draw(instances, camera, light, _ground(renderer.width, renderer.height, rng))
    bright = np.clip(picture.light * rng.uniform(0.9, 1.4), 0, 1)
    poster = np.ascontiguousarray(np.sqrt(bright) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        _write(poster, rng)
    return poster


def _ground(width: int, height: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(h, w, 3): a colour that turns into another from the top to the bottom or from side to side."""
    ends = rng.uniform(20, 255, (2, 1, 1, 3))
    ends[1] = ends[0] + (ends[1] - ends[0]) * rng.choice([0.0, 0.3, 1.0])
    along = np.linspace(0, 1, height)[:, None, None] if rng.random() < 0.7 else np.linspace(0, 1, width)[None, :, None]
    return np.ascontiguousarray(np.broadcast_to(ends[0] + (ends[1] - ends[0]) * along, (height, width, 3)), np.uint8)


def _write(poster: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Words of an advertisement across the foot or the head."""
    height, width = poster.shape[:2]
    words = str(rng.choice(["SALE", "NEW", "-50%", "STYLE", "FRESH", "SUMMER", "2 for 1", "WINTER", "OPEN"]))
    colour = tuple(int(v) for v in rng.choice([0, 255], 3))
    at = (int(width * rng.uniform(0.02, 0.3)), int(height * rng.choice([0.18, 0.95])))
    cv2.putText(poster, words, at, cv2.FONT_HERSHEY_DUPLEX, width / 128 * rng.uniform(0.5, 1.1), colour, 2, cv2.LINE_AA)
