from pathlib import Path

import numpy as np
import pytest
from training.places import Places, backdrops, views
from training.places.views import ANY, TALL, VIEWS, WIDTH, Mount
from training.render import projection
from training.scene import Camera

CACHE = Path(__file__).resolve().parents[3] / ".cache" / "training" / "places"


def test_lenses_do_not_fold_the_picture() -> None:
    """Every drawn camera's distortion still grows at the corners of its picture."""
    for seed in range(300):
        camera = views.camera(np.random.default_rng(seed), Mount())
        corner = np.hypot(1.0, TALL / WIDTH) * np.tan(camera.fov / 2)
        if camera.k1 < 0:
            assert corner < 2 / 3 / np.sqrt(-3 * camera.k1)
        assert np.radians(44) < camera.fov < np.radians(111)
        assert -0.3 <= camera.k1 <= 0.02


@pytest.mark.parametrize("light", [views.indoor_light, views.outdoor_light])
def test_lights_come_from_above(light: views.LightMaker) -> None:
    """A light's direction has unit length and points up; no colour is negative."""
    for seed in range(100):
        drawn = light(np.random.default_rng(seed))
        assert np.linalg.norm(drawn.direction) == pytest.approx(1.0)
        assert drawn.direction[2] > 0
        assert min(*drawn.colour, *drawn.sky, *drawn.floor) >= 0


@pytest.mark.parametrize("k1", [0.02, 0.0, -0.1])
def test_backdrops_are_seen_through_the_same_lens(k1: float) -> None:
    """A point of the world lies where the direction of its pixel in the backdrop points."""
    camera = Camera(3.0, 0.5, 0.1, 1.3, k1, (0.03, -0.02))
    towards = backdrops.directions(camera, WIDTH, TALL).astype(float)
    for row, column in ((20, 30), (112, 192), (200, 370), (10, 380)):
        point = np.array([[0.0, 0.0, 3.0]]) + 5.0 * towards[row, column]
        pixel, depth = projection.project(camera, point, WIDTH, TALL)
        assert depth[0] > 0
        np.testing.assert_allclose(pixel[0], (column + 0.5, row + 0.5), atol=0.3)


@pytest.mark.parametrize("name", sorted(set(VIEWS) - {ANY}))
def test_cameras_of_a_view_hang_as_it_says(name: str) -> None:
    """Height, pitch and lens lie within its ranges, and the lens does not fold the picture."""
    wanted = VIEWS[name]
    assert wanted is not None
    for seed in range(100):
        camera = views.camera(np.random.default_rng(seed), Mount(), wanted)
        assert wanted.height[0] <= camera.height <= wanted.height[1]
        assert wanted.pitch[0] <= np.degrees(camera.pitch) <= wanted.pitch[1]
        assert wanted.fov[0] <= np.degrees(camera.fov) <= wanted.fov[1]
        corner = np.hypot(1.0, TALL / WIDTH) * np.tan(camera.fov / 2)
        assert corner < 2 / 3 / np.sqrt(max(-3 * camera.k1, 1e-9))


def test_a_view_has_its_kinds_of_places_with_people_in_the_picture(shared: Path) -> None:
    """From the ceiling only rooms are seen, and the camera hangs in them: people stand all around its foot."""
    ceiling = Places(shared / "data", CACHE, "ceiling")
    seen = [ceiling.make(np.random.default_rng([2, seed])) for seed in range(8)]
    wanted = VIEWS["ceiling"]
    assert wanted is not None
    assert {place.kind for place in seen} <= set(wanted.kinds)
    assert any(spot.y < 0 for place in seen for spot in place.spots)
    assert all(any(spot.y > 0 for spot in place.spots) for place in seen)
