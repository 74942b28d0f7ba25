"""Films the story: draws each frame, gives it the look of one camera, and keeps the truth beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training import labels
from training.demo.actor import STILL, Actor, Troupe
from training.demo.entrance import CAMERA, LIGHT, Entrance, build
from training.demo.route import Moment, Walk
from training.demo.story import CAST, FPS
from training.demo.truth import LEAST_VISIBLE
from training.generate import posters
from training.generate.compose import Stand
from training.render import Renderer
from training.scene import Figure, Floats, Instance

WIDTH: Final = 640
HEIGHT: Final = 360
_REEL: Final = 40  # frames drawn before the renderer is made anew: it holds on to every mesh that it saw
_LUMA: Final = np.array([0.3, 0.59, 0.11], np.float32)
_MIDDLE: Final = 0.54  # brightness that the exposure brings the empty shop to, in roots of the light
_GRAIN: Final = 0.01  # of the sensor's noise, in the same
POSTER: Final = 0  # the seed of its layout: one person, whole
_KNEE: Final = 0.72  # above it highlights are compressed


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame: the picture (h, w, 3) uint8 BGR, and how many people are to be seen in it."""

    picture: NDArray[np.uint8]
    people: int


class Lens:
    """One camera with fixed settings: only the noise changes from frame to frame."""

    def __init__(self, empty: Floats, rng: np.random.Generator) -> None:
        """`empty`: linear light (h, w, 3) of the shop without people, which sets the exposure."""
        self._gain = np.float32((_MIDDLE / float(np.sqrt(empty @ _LUMA).mean())) ** 2)
        self._rng = rng
        height, width = empty.shape[:2]
        x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        self._vignette = (1 - 0.13 * (x * x + y * y)).astype(np.float32)[..., None]

    def take(self, light: Floats) -> NDArray[np.uint8]:
        """The picture of linear light."""
        light = np.asarray(cv2.GaussianBlur(light * self._gain * self._vignette, (0, 0), 0.55), np.float32)
        root = np.sqrt(np.maximum(light, 0))
        grain = self._rng.normal(0, _GRAIN, root.shape).astype(np.float32)
        root = root + 0.4 * grain + 0.6 * (grain @ _LUMA)[..., None]
        over = np.maximum(root - _KNEE, 0)
        root = np.minimum(root, _KNEE) + over / (1 + over / (1 - _KNEE))
        soft = cv2.GaussianBlur(root, (0, 0), 1.0)
        sharp = np.clip((root + 0.45 * (root - soft) - 0.44) * 1.12 + 0.44, 0, 1)
        return np.ascontiguousarray(np.rint(sharp * 255)[..., ::-1], np.uint8)


def _titled(picture: NDArray[np.uint8], frame: int) -> NDArray[np.uint8]:
    """The recorder's line of text, which says what this is."""
    for shift, colour in ((1, (0, 0, 0)), (0, (255, 255, 255))):
        at = (8 + shift, 16 + shift)
        text = f"ENTRANCE 1  RENDERED  10:00:{frame // FPS:02d}"
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return picture


class Film:
    """The story on its stage."""

    def __init__(self, data: Path, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._place: Entrance = build(self._rng)
        troupe = Troupe(data)
        self._actors = [troupe.cast(person.role, person.seed) for person in CAST]
        self._walks = [Walk(person.route) for person in CAST]
        self._hang_poster()
        renderer = self._renderer()
        self._lens = Lens(renderer.draw(self._place.things, CAMERA, LIGHT).light, self._rng)
        renderer.release()

    def shots(self, frames: range) -> Iterator[Shot]:
        """These frames, one after the other."""
        renderer = self._renderer()
        for number, frame in enumerate(frames):
            if number and number % _REEL == 0:
                renderer.release()
                renderer = self._renderer()
            yield self._shot(renderer, frame)
        renderer.release()

    def _renderer(self) -> Renderer:
        renderer = Renderer(WIDTH, HEIGHT)
        renderer.use_textures(self._place.textures)
        return renderer

    def _shot(self, renderer: Renderer, frame: int) -> Shot:
        people = [
            (number, actor, moment)
            for number, (actor, walk) in enumerate(zip(self._actors, self._walks, strict=True), 1)
            if (moment := walk.at(frame / FPS)) is not None
        ]
        figures = {number: (actor, actor.figure(moment, frame / FPS), moment) for number, actor, moment in people}
        placed = [_placed(number, *one) for number, one in figures.items()]
        drawn = renderer.draw([*self._place.things, *placed], CAMERA, LIGHT)
        table = [
            labels.Person(number, figure.female, figure.age, actor.look.skin, figure.wheelchair, figure.pose)
            for number, (actor, figure, _) in figures.items()
        ]
        _, rows = labels.label(drawn.owner, drawn.head, drawn.whole, table)
        return Shot(_titled(self._lens.take(drawn.light), frame), int((rows["visible"] >= LEAST_VISIBLE).sum()))

    def _hang_poster(self) -> None:
        """Somebody of another play, on the poster."""
        figures = _Portraits([actor.figure(STILL, 1.0) for actor in self._actors[1:3]])
        posters.fill(self._place.textures, [self._place.poster], figures, np.random.default_rng(POSTER))


class _Portraits:
    """A library of a few figures, for the poster's painter."""

    def __init__(self, figures: list[Figure]) -> None:
        self._figures = figures

    def __len__(self) -> int:
        return len(self._figures)

    def figure(self, index: int) -> Figure:
        return self._figures[index]


def _placed(number: int, actor: Actor, figure: Figure, moment: Moment) -> Instance:
    stand = Stand(moment.x, moment.y, moment.heading)
    return Instance(figure.mesh, stand.matrix(figure), actor.look.surfaces, number)
