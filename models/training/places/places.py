"""Places(data_folder, cache_folder).make(rng): one more place where people could be."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.places import backdrops, goods, indoors, outdoors, shops, views
from training.places.backdrops import load_panoramas
from training.places.furniture import building, clutter, office, scenes, shop, street, vehicles, wall
from training.places.layers import load_layers
from training.places.layout import Kind, foreground, odds, seats
from training.places.piece import Piece
from training.places.rooms import Grounds
from training.places.stage import Stage
from training.scene import Camera, Light, Place, Spot

SPOTS: Final = 22
_SEED: Final = 21
_PANORAMA: Final = 22.0  # weights among all kinds
_PHOTOGRAPH: Final = 5.0
_CLOSE: Final = 0.1  # metres between the middle of somebody at a shelf or counter and the furniture
_LOW: Final = 2.6  # metres: from higher up a table close to the camera would not be seen
_TABLES: Final = 0.25
_SEATS: Final = 0.35  # share of places under a roof with chairs before the camera, beside those that belong there
_STEEP: Final = np.radians(50)  # such a camera of a view hangs in the room, not at its wall
_SKIES: Final = ("city", "park", "night")
_OUTSIDE: Final = (*_SKIES, "lobby", "bridge", "hall")
_WINDOWS: Final = 16


class Places:
    """The assets of all places, loaded once; meshes are shared between places, so that a renderer may keep them.

    data_folder: the shared data (shelves, panoramas, scenes); cache_folder: where textures once made are kept; view:
    of views.VIEWS, what cameras and kinds of places all of them have.
    """

    def __init__(self, data_folder: Path, cache_folder: Path, view: str = views.ANY) -> None:
        self._view = views.VIEWS[view]
        self._panoramas = load_panoramas(data_folder / "panoramas")
        self._open = tuple(panorama for panorama in self._panoramas if panorama.name in _SKIES)
        models, pictures = scenes.load(data_folder / "scenes")
        outside = [panorama for panorama in self._panoramas if panorama.name in _OUTSIDE]
        views_out = backdrops.windows(outside, np.random.default_rng(_SEED), _WINDOWS)
        self._layers = load_layers(data_folder / "shelves", cache_folder, {"scene": pictures, "outside": views_out})
        self._grounds = Grounds()
        self._stock = _stock() | models
        self._kinds: tuple[Kind, ...] = (*shops.KINDS, *goods.KINDS, *indoors.KINDS, *outdoors.KINDS)
        weights = np.array([kind.weight for kind in self._kinds] + [_PANORAMA, _PHOTOGRAPH])
        if self._view is not None and self._view.kinds:
            weights *= [kind in self._view.kinds for kind in self.kinds]
        self._shares = weights / weights.sum()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of all kinds of places."""
        return (*(kind.name for kind in self._kinds), "panorama", "photograph")

    @property
    def poster_layers(self) -> range:
        """Layers of the texture array that posters and shop screens show: to be filled with pictures of people."""
        return self._layers.named["poster"]

    def textures(self) -> NDArray[np.uint8]:
        """What Surface.texture indexes: (layers, 256, 256, 3) uint8 RGB, sRGB, each repeats."""
        return self._layers.pictures

    def make(self, rng: np.random.Generator, kind: str | None = None) -> Place:
        """A place of a random kind, or of the named one."""
        number = int(rng.choice(len(self._shares), p=self._shares)) if kind is None else self.kinds.index(kind)
        if number < len(self._kinds):
            return self._built(rng, self._kinds[number])
        return self._panorama(rng) if number == len(self._kinds) else self._photograph(rng)

    def _built(self, rng: np.random.Generator, kind: Kind) -> Place:
        view = views.camera(rng, kind.mount, self._view)
        stage = Stage(rng, self._layers, self._stock, float(rng.normal(0, 0.3)))
        farthest = kind.furnish(stage, self._grounds, view.height)
        if not kind.outdoors:
            odds(stage)
            if rng.random() < _SEATS:
                seats(stage, float(np.tan(view.fov / 2)), farthest)
        if not kind.outdoors and view.height < _LOW and rng.random() < _TABLES:
            foreground(stage, view.height)
        if self._view is not None and view.pitch > _STEEP:
            stage.advance(float(rng.uniform(0.8, max(0.9, min(4.0, farthest / 2)))))
        light = views.outdoor_light(rng) if kind.outdoors else views.indoor_light(rng)
        horizon = view.pitch - np.arctan(np.tan(view.fov / 2) * views.TALL / views.WIDTH) < 0.05
        behind = backdrops.surroundings(self._open, rng, view, light) if kind.outdoors and horizon else None
        return self._place(stage, view, light, farthest=farthest, kind=kind.name, behind=behind)

    def _place(
        self,
        stage: Stage,
        view: Camera,
        light: Light,
        *,
        farthest: float,
        kind: str,
        behind: NDArray[np.uint8] | None = None,
    ) -> Place:
        near = _before_camera(stage, view)
        spots = views.scatter(stage, view, SPOTS - min(len(near), 10), farthest)
        return Place(view, light, tuple(stage.things), (*near, *spots), behind, kind)

    def _panorama(self, rng: np.random.Generator) -> Place:
        panorama = self._panoramas[int(rng.integers(len(self._panoramas)))]
        view = views.camera(rng, views.Mount((1.4, 3.5), (2, 40)), self._view)
        view = replace(view, fov=max(view.fov, float(rng.uniform(1.2, 1.5))), k1=max(view.k1, -0.06))
        yaw, exposure = float(rng.uniform(-np.pi, np.pi)), float(np.exp(rng.uniform(np.log(0.6), np.log(5))))
        stage = Stage(rng, self._layers, self._stock, 0.0)
        far = max(backdrops.OPEN[panorama.name] * view.height / backdrops.EYE, view.height * 1.3)
        stage.walkable.append((-60.0, 0.3, 60.0, 60.0))
        if rng.random() < 0.6:
            names = (
                "trolley",
                "pot plant",
                "bin",
                "wooden chair",
                "stand-up sign",
                "bench",
                "clothes rack",
                "box pile",
                "shelf",
                "table",
                "bicycle",
            )
            outdoors.clutter(stage, names, int(rng.integers(1, 7)), 1.5, far)
        if rng.random() < _SEATS:
            seats(stage, float(np.tan(view.fov / 2)), far)
        light = backdrops.light_of(panorama, rng, yaw, exposure)
        behind = backdrops.seen(panorama, view, yaw, exposure)
        return self._place(stage, view, light, farthest=far, kind="panorama", behind=behind)

    def _photograph(self, rng: np.random.Generator) -> Place:
        """People before photographs of goods that fill the picture."""
        view = views.camera(rng, views.Mount((1.2, 3.0), (0, 30)), self._view)
        stage = Stage(rng, self._layers, self._stock, 0.0)
        stage.walkable.append((-20.0, 0.3, 20.0, 20.0))
        kinds = self._layers.named
        goods = self._layers.pictures[kinds["photograph"].start : kinds["photograph"].stop]
        shown = backdrops.mosaic(goods, rng, float(rng.uniform(0.4, 1.1)))
        return self._place(stage, view, views.indoor_light(rng), farthest=7.0, kind="photograph", behind=shown)


def _before_camera(stage: Stage, view: Camera) -> list[Spot]:
    """The kind's own spots that lie in or near the picture and were left free, at most 14 and in any order."""
    if not stage.spots:
        return []
    slack = np.tan(view.fov / 2) * 1.25
    free = stage.free(stage.plan_of(np.array([(spot.x, spot.y) for spot in stage.spots])), _CLOSE)
    near = [
        spot
        for spot, is_free in zip(stage.spots, free, strict=True)
        if (spot.sitting or is_free) and spot.y > 0.3 and abs(spot.x) < slack * spot.y + 1.0
    ]
    order = stage.rng.permutation(len(near))[:14]
    return [near[index] for index in order]


def _stock() -> dict[str, tuple[Piece, ...]]:
    """All furniture, made from a fixed seed."""
    stock: dict[str, tuple[Piece, ...]] = {}
    for number, source in enumerate((shop, office, street, vehicles, wall, building, clutter)):
        stock.update(source.make(np.random.default_rng([_SEED, number])))
    stock.update(goods.make(np.random.default_rng([_SEED, 7])))
    stock["cut-out"] = tuple(shop.stand_up_sign(np.random.default_rng([_SEED, 8, n]), "poster") for n in range(3))
    stock["books"] = tuple(shop.flat_shelf(np.random.default_rng([_SEED, 9, n]), "books") for n in range(4))
    return stock
