from pathlib import Path

import numpy as np
import pytest
from training.places import Places
from training.places.piece import Piece
from training.render import projection
from training.scene import NOBODY, Part, Place

KINDS = (
    "shop", "boutique", "kiosk", "cafe", "goods", "corridor", "office", "classroom", "living room", "entrance",
    "warehouse", "stairwell", "car park", "street", "park", "yard", "forecourt", "panorama", "photograph",
)  # fmt: skip


def some(places: Places, count: int = 40) -> list[Place]:
    return [places.make(np.random.default_rng([1, seed])) for seed in range(count)]


def heights(place: Place) -> list[float]:
    """Pixels from the feet to the head of grown people who stand on the spots, where both are before the camera."""
    tall = []
    for spot in place.spots:
        points = np.array([[spot.x, spot.y, 0.0], [spot.x, spot.y, 1.7]])
        pixels, depth = projection.project(place.camera, points, 384, 224)
        if (depth > 0.2).all() and 0 < pixels[:, 0].mean() < 384:
            tall.append(float(np.linalg.norm(pixels[0] - pixels[1])))
    return tall


def test_kinds(places: Places) -> None:
    """Every kind of place that is known can be asked for by name."""
    assert places.kinds == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn(places: Places, kind: str) -> None:
    """A place has spots and things whose materials, textures and placements are all there, within the budget."""
    layers = len(places.textures())
    for seed in range(6):
        place = places.make(np.random.default_rng([2, seed]), kind)
        assert place.kind == kind
        assert 8 <= len(place.spots) <= 60
        assert sum(len(thing.mesh.position) for thing in place.things) < 80_000
        for thing in place.things:
            assert thing.owner == NOBODY
            assert {Part(part) for part in np.unique(thing.mesh.part)} <= set(thing.surfaces)
            assert all(-1 <= surface.texture < layers for surface in thing.surfaces.values())
            assert np.isfinite(thing.place).all()
            assert abs(np.linalg.det(thing.place)) > 1e-6


def test_same_seed_same_place(places: Places) -> None:
    """A generator of the same seed gives the same place, down to the backdrop."""
    for seed in range(8):
        first, second = (places.make(np.random.default_rng(seed)) for _ in range(2))
        assert first.camera == second.camera
        assert first.light == second.light
        assert first.spots == second.spots
        assert [thing.surfaces for thing in first.things] == [thing.surfaces for thing in second.things]
        for one, other in zip(first.things, second.things, strict=True):
            assert one.mesh is other.mesh
            np.testing.assert_array_equal(one.place, other.place)
        assert (first.backdrop is None) == (second.backdrop is None)
        if first.backdrop is not None:
            np.testing.assert_array_equal(first.backdrop, second.backdrop)


def test_meshes_are_shared(places: Places) -> None:
    """Places draw from one stock of meshes, so that a renderer may keep them by their identity."""
    known = {id(thing.mesh) for place in some(places, 120) for thing in place.things}
    fresh = {id(thing.mesh) for place in some(places, 140)[120:] for thing in place.things}
    assert len(fresh - known) < 0.25 * len(fresh)
    assert len(known) < 600


def test_people_come_in_all_sizes(places: Places) -> None:
    """Standing people would be from under 26 to over 160 pixels tall, and no octave between is rare."""
    tall = np.array([pixels for place in some(places, 90) for pixels in heights(place)])
    shares = np.histogram(tall, [13, 26, 52, 104, 208, 416])[0] / len(tall)
    assert (shares[:4] > 0.05).all(), shares


def test_most_spots_are_in_the_picture(places: Places) -> None:
    """At least two thirds of the spots put somebody into the picture, and some are cut by its edge."""
    shown = [len(heights(place)) / len(place.spots) for place in some(places, 100)]
    assert 0.67 < float(np.mean(shown)) < 1.0


def test_nobody_stands_in_furniture(places: Places) -> None:
    """A standing spot is not inside a thing that reaches from the floor to the hips."""
    for place in some(places, 60):
        spots = np.array([[spot.x, spot.y, 0.7, 1.0] for spot in place.spots if not spot.sitting])
        for thing in place.things:
            points = thing.mesh.position
            low, high = points.min(axis=0), points.max(axis=0)
            if high[2] < 0.7 or low[2] > 0.3 or (high - low)[:2].min() < 0.3 or high[2] > 2.4:
                continue  # walls, floors, lamps and trees have no body between floor and hips
            inside = (spots @ np.linalg.inv(thing.place).T)[:, :3]
            middle, half = (low + high)[:2] / 2, (high - low)[:2] / 2
            deep = np.abs(inside[:, :2] - middle) < half * 0.6
            assert not deep.all(axis=1).any(), place.kind


def test_seats_have_the_height_of_their_chairs(places: Places) -> None:
    """Where somebody may sit, a seat is given between a low stool's and a bar stool's height."""
    seats = [spot.seat for kind in ("classroom", "office", "cafe") for seed in range(10)
             for spot in places.make(np.random.default_rng(seed), kind).spots if spot.sitting]  # fmt: skip
    assert len(seats) > 30
    assert all(0.35 < seat < 0.85 for seat in seats)


def test_textures(places: Places) -> None:
    """Textures are few enough to be held by any card, are bytes, and hold layers for posters of people."""
    pictures = places.textures()
    assert pictures.dtype == np.uint8
    assert pictures.shape[1:] == (256, 256, 3)
    assert len(pictures) <= 640
    assert len(places.poster_layers) == 24
    shops = [places.make(np.random.default_rng(seed), "boutique") for seed in range(60)]
    used = {surface.texture for shop in shops for thing in shop.things for surface in thing.surfaces.values()}
    assert used & set(places.poster_layers)


def test_footprints(places: Places) -> None:
    """What blocks the floor under a piece is not larger than the piece."""
    for pieces in places._stock.values():
        for piece in pieces:
            assert isinstance(piece, Piece)
            reach = np.abs(piece.mesh.position[:, :2]).max(axis=0)
            assert (np.array(piece.half) <= reach + 1e-5).all()


def test_missing_data_is_told(tmp_path: Path) -> None:
    """Without the shared data the error is one line that says which file is missing and what to do."""
    with pytest.raises(FileNotFoundError, match="is missing; give the folder of the shared data"):
        Places(tmp_path, tmp_path)


def test_chairs_stand_also_where_none_belong(places: Places) -> None:
    """In places without chairs of their own some have them, ahead of the camera, with seats of a chair's height."""
    seats = [
        spot
        for seed in range(30)
        for spot in places.make(np.random.default_rng([9, seed]), "panorama").spots
        if spot.sitting
    ]
    assert len(seats) > 8
    assert all(spot.y > 0.5 and 0.3 < spot.seat < 0.85 for spot in seats)
