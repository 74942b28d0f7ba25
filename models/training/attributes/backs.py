"""Rendered heads that are seen from behind: hair, hats, hoods and scarves without a face."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training import sensor
from training.attributes.crops import Square, cut
from training.attributes.data import Pixels
from training.figures import dress
from training.figures.library import FigureLibrary
from training.generate.compose import Doubles, Stand
from training.places import backdrops
from training.places.backdrops import Panorama
from training.render import Renderer
from training.scene import Camera, Figure, Floats, Instance, Part

WIDTH, HEIGHT = 512, 320  # pixels of a rendered picture
FROM_BEHIND: Final = np.deg2rad(112.0)  # between where a face looks and where the camera is: from here on none is seen
ROW: Final = 4  # people side by side
_APART: Final = 0.5  # metres
_LEAST_HEAD: Final = 18  # pixels


@dataclass(frozen=True, slots=True)
class Set:
    """What the pictures are made of."""

    renderer: Renderer
    library: FigureLibrary
    panoramas: tuple[Panorama, ...]
    photographs: Sequence[Pixels]  # BGR, some hang behind people

    @classmethod
    def of(cls, figures: Path, data: Path, photographs: Sequence[Pixels]) -> "Set":
        """Load all of it; `data`: the shared data."""
        panoramas = backdrops.load_panoramas(data / "panoramas")
        return cls(Renderer(WIDTH, HEIGHT), FigureLibrary(figures), panoramas, photographs)


def heads_from_behind(scene: Set, rng: np.random.Generator) -> Iterator[Pixels]:
    """Crops of heads for ever, all seen from behind or so far from the side that no face shows."""
    while True:
        yield from _row(scene, rng)


def _row(scene: Set, rng: np.random.Generator) -> Iterator[Pixels]:
    """The heads of one picture."""
    camera = Camera(
        height=float(rng.uniform(1.2, 3.2)),
        pitch=0.0,
        roll=float(rng.normal(0, 0.03)),
        fov=float(rng.uniform(0.6, 1.0)),
    )
    away = float(rng.uniform(1.6, 3.2))
    camera = Camera(camera.height, float(np.arctan2(camera.height - 1.55, away)), camera.roll, camera.fov)
    instances: list[Instance] = []
    for place in range(ROW):
        figure = scene.library.figure(int(rng.integers(len(scene.library))))
        stand = stand_turned_away(
            figure, (place - (ROW - 1) / 2) * _APART, away + float(rng.normal(0, 0.2)), camera, rng
        )
        if stand is not None:
            look = dress(figure, rng)
            instances.append(Instance(figure.mesh, stand.matrix(figure), look.surfaces, len(instances) + 1))
    panorama = scene.panoramas[int(rng.integers(len(scene.panoramas)))]
    yaw, exposure = float(rng.uniform(-np.pi, np.pi)), float(rng.uniform(0.7, 2.0))
    light = backdrops.light_of(panorama, rng, yaw, exposure)
    behind = _photograph(scene, rng)
    if behind is None:
        behind = backdrops.seen(panorama, camera, yaw, exposure, (WIDTH, HEIGHT))
    picture = scene.renderer.draw(instances, camera, light, behind)
    seen = sensor.develop(picture.light, rng)
    for owner in range(1, len(instances) + 1):
        square = _square(picture.head & (picture.owner == owner), rng)
        if square is not None:
            yield cut(seen, square)


def stand_turned_away(figure: Figure, x: float, y: float, camera: Camera, rng: np.random.Generator) -> Stand | None:
    """A stand on which the camera sees the figure's head from behind; None: it has no face, or looks up or down."""
    towards = looks(figure)
    if towards is None:
        return None
    own = float(np.arctan2(towards[0], -towards[1]))  # 0 looks along -y, as a heading
    to_camera = float(np.arctan2(-x, y))  # the heading that looks at the camera
    heading = to_camera - own + np.pi + float(rng.uniform(-1, 1)) * (np.pi - FROM_BEHIND)
    stand = Stand(x, y, heading)
    turned = stand.matrix(figure)[:3, :3].astype(np.float64) @ towards
    head = np.array([x, y, figure.height - 0.15])
    offset = np.array([0.0, 0.0, camera.height]) - head
    angle = np.arccos(np.clip(turned @ offset / np.linalg.norm(offset), -1, 1))
    return stand if angle >= FROM_BEHIND else None


def looks(figure: Figure) -> Doubles | None:
    """Where the figure's face looks, (3,), unit length, before it is placed; None: it shows none."""
    normals: Floats = figure.mesh.normal[figure.mesh.part == Part.FACE]
    if len(normals) == 0:
        return None
    mean = normals.astype(np.float64).mean(0)
    length = float(np.linalg.norm(mean))
    return mean / length if length > 0 else None


def _photograph(scene: Set, rng: np.random.Generator) -> Pixels | None:
    """What hangs behind people, RGB; None: the panorama is seen."""
    if rng.random() < 0.5 or not scene.photographs:
        return None
    photograph = scene.photographs[int(rng.integers(len(scene.photographs)))]
    resized = cv2.resize(photograph, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(resized[..., ::-1])


def _square(head: NDArray[np.bool_], rng: np.random.Generator) -> Square | None:
    """A square around a head about as a track's head region is cut; None: too little of it shows."""
    x, y, width, height = cv2.boundingRect(head.astype(np.uint8))
    side = max(width, height)
    if side < _LEAST_HEAD:
        return None
    middle = np.array([x + width / 2, y + height / 2]) + rng.normal(0, 0.08, 2) * side
    return Square(float(middle[0]), float(middle[1]), side * float(rng.uniform(0.85, 1.6)))
