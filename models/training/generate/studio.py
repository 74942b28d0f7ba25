"""Makes samples: composes people in a place, draws them, labels them, and takes the picture with some camera."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from training import labels, sensor
from training.figures import Look, dress
from training.generate import clutter, compose
from training.generate.arms import reaching
from training.generate.compose import Doubles, Floor, Stand
from training.generate.mannequins import STILL, mannequin
from training.places.goods import NAME as GOODS
from training.render import Renderer
from training.samples import Sample
from training.scene import Figure, Instance, Place

CLOSE: Final = 0.18  # share of pictures with somebody near the camera
GROUPED: Final = 0.4  # share of further people who join a group
MANNEQUINS: Final = {"boutique": 0.3, "shop": 0.02}  # share of such places with some
ARMS: Final = 0.08  # share of pictures with an arm or two that reach in from outside
CLUTTER: Final = 0.4  # share of pictures with upright things among the people
ARMS_AT_GOODS: Final = 0.5  # the same where a camera is close to goods
NOBODY_AT_GOODS: Final = 0.7  # share of pictures there without anybody
LONG_EXPOSURE: Final = 0.1  # share of pictures in which people smear
SEATED: Final = 0.5  # share of people who take a seat where the place has some


class Library(Protocol):
    """Posed, clothed people."""

    def __len__(self) -> int: ...

    def figure(self, index: int) -> Figure:
        """The figure of that number."""


class PlaceMaker(Protocol):
    """Places with all that stands there."""

    def textures(self) -> NDArray[np.uint8]:
        """The texture array, (layers, h, w, 3) sRGB."""

    def make(self, rng: np.random.Generator) -> Place:
        """Another place."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A figure, where it stands, and how it looks."""

    figure: Figure
    stand: Stand
    look: Look

    def instance(self, number: int) -> Instance:
        """As it is drawn; `number` marks its pixels."""
        return Instance(self.figure.mesh, self.stand.matrix(self.figure), self.look.surfaces, number)

    def person(self, number: int) -> labels.Person:
        """As it is labelled."""
        figure = self.figure
        return labels.Person(number, figure.female, figure.age, self.look.skin, figure.wheelchair, figure.pose)


class Studio:
    """Everything that a worker needs to make samples; the same generator gives the same samples."""

    def __init__(self, renderer: Renderer, places: PlaceMaker, library: Library) -> None:
        self._renderer, self._places, self._library = renderer, places, library
        renderer.use_textures(places.textures())

    def samples(self, rng: np.random.Generator) -> list[Sample]:
        """One to three pictures of one place, with other people and light."""
        place = self._places.make(rng)
        blocked = compose.footprints(place)
        taken = []
        for number in range(int(rng.integers(1, 4))):
            shown = place if number == 0 else replace(place, light=compose.relit(place.light, rng))
            taken.append(self._sample(shown, blocked, rng))
        return taken

    def _sample(self, place: Place, blocked: Doubles, rng: np.random.Generator) -> Sample:
        floor = Floor(place, blocked, (self._renderer.width, self._renderer.height))
        people = self.people(place, floor, rng)
        instances = [
            *place.things,
            *self._mannequins(place, floor, rng),
            *self._arms(place, rng),
            *(clutter.things(floor, rng) if rng.random() < CLUTTER else ()),
            *(one.instance(number) for number, one in enumerate(people, 1)),
        ]
        picture = self._renderer.draw(instances, place.camera, place.light, place.backdrop)
        table = [one.person(number) for number, one in enumerate(people, 1)]
        owner, rows = labels.label(picture.owner, picture.head, picture.whole, table)
        light = sensor.moving(picture.light, owner, rng) if rng.random() < LONG_EXPOSURE else picture.light
        return Sample(sensor.develop(light, rng), owner, rows)

    def _mannequins(self, place: Place, floor: Floor, rng: np.random.Generator) -> list[Instance]:
        """One to three of them in some places, where nobody stands yet."""
        if rng.random() >= MANNEQUINS.get(place.kind, 0.0):
            return []
        found: list[Instance] = []
        for _ in range(int(rng.integers(1, 4))):
            figure = self._figure(rng, seated=False)
            stand = floor.spot(rng, 1.7)
            if figure is not None and stand is not None and figure.pose == STILL:
                floor.take(stand)
                found += mannequin(figure, stand, rng)
        return found

    def _arms(self, place: Place, rng: np.random.Generator) -> list[Instance]:
        if rng.random() >= (ARMS_AT_GOODS if place.kind == GOODS else ARMS):
            return []
        found: list[Instance] = []
        for _ in range(int(rng.integers(1, 3))):
            found += reaching(self._library.figure(int(rng.integers(len(self._library)))), place.camera, rng)
        return found

    def people(self, place: Place, floor: Floor, rng: np.random.Generator) -> list[Somebody]:
        """Who is in the picture of a place; the floor knows where they stand."""
        wanted = 0 if place.kind == GOODS and rng.random() < NOBODY_AT_GOODS else compose.how_many(rng)
        found: list[Somebody] = []
        has_seats = any(spot.sitting for spot in place.spots)
        for number in range(wanted):
            close = number == 0 and rng.random() < CLOSE
            somebody = self._somebody(floor, found, rng, close=close, has_seats=has_seats)
            if somebody is not None:
                floor.take(somebody.stand)
                found.append(somebody)
        return found

    def _somebody(
        self, floor: Floor, found: list[Somebody], rng: np.random.Generator, *, close: bool, has_seats: bool
    ) -> Somebody | None:
        if has_seats and not close and rng.random() < SEATED:
            stand = floor.seat(rng)
            figure = self._figure(rng, seated=True) if stand is not None else None
            if stand is not None and figure is not None:
                return Somebody(figure, stand, dress(figure, rng))
        figure = self._figure(rng, seated=False)
        if figure is None:
            return None
        standing = [one.stand for one in found if not one.stand.sitting]
        stand = None
        if close:
            stand = floor.close(rng, figure.height)
        elif standing and rng.random() < GROUPED:
            stand = floor.beside(standing, rng, figure.height)
        stand = stand or floor.spot(rng, figure.height)
        return None if stand is None else Somebody(figure, stand, dress(figure, rng))

    def _figure(self, rng: np.random.Generator, *, seated: bool) -> Figure | None:
        """Any figure that sits on a seat, or that does not; None: the library seems to have none."""
        for _ in range(60):
            figure = self._library.figure(int(rng.integers(len(self._library))))
            if (figure.seat > 0 and not figure.wheelchair) == seated:
                return figure
        return None
