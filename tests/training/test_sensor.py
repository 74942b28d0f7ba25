import time

import cv2
import numpy as np
import pytest
from training import codec, sensor
from training.overlay import write_text
from training.scene import Floats


@pytest.fixture(scope="module")
def light() -> Floats:
    """A scene in linear light: a bright window, a dark corner, edges and colours."""
    rng = np.random.default_rng(5)
    coarse = cv2.resize(rng.random((14, 24, 3)).astype(np.float32), (384, 224), interpolation=cv2.INTER_NEAREST)
    scene = np.asarray(coarse, np.float32) ** 2
    scene[:60, 250:330] = 5.0
    scene[160:, :90] *= 0.05
    return scene


def test_a_picture_is_a_picture(light: Floats) -> None:
    """Every camera gives bytes of the light's size, never one flat tone, and leaves the light alone."""
    before = light.copy()
    for seed in range(60):
        picture = sensor.develop(light, np.random.default_rng(seed))
        assert picture.shape == light.shape
        assert picture.dtype == np.uint8
        assert picture.std() > 5
    np.testing.assert_array_equal(light, before)


def test_the_same_seed_is_the_same_camera(light: Floats) -> None:
    """A picture depends on the light and the generator alone."""
    for seed in range(12):
        one, again = (sensor.develop(light, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(one, again)


def test_exposure_makes_up_for_the_lamp(light: Floats) -> None:
    """Over many cameras the mean brightness is that of real ones, in a dim room as in the sun."""
    means = [
        np.mean([sensor.develop(light * gain, np.random.default_rng(seed)).mean() for seed in range(40)])
        for gain in (np.float32(0.03), np.float32(20))
    ]
    assert means[0] == pytest.approx(means[1], rel=0.1)
    assert 90 < means[0] < 150


def test_cameras_differ(light: Floats) -> None:
    """Some are grey, some blurred, some sharper than the light, some dark, some noisy."""
    pictures = [sensor.develop(light, np.random.default_rng(seed)) for seed in range(90)]
    grey = [picture for picture in pictures if np.ptp(picture.astype(int), axis=2).mean() < 4]
    assert 3 <= len(grey) <= 35
    edges = [cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.CV_32F).std() for picture in pictures]
    assert np.percentile(edges, 90) > 3 * np.percentile(edges, 10)
    assert np.std([picture.mean() for picture in pictures]) > 12


def test_only_those_who_move_smear(light: Floats) -> None:
    """A long exposure keeps all light away from people, and the amount of light; somebody in it is smeared."""
    owner = np.zeros(light.shape[:2], np.uint8)
    owner[60:160, 100:140] = 1
    even = np.full_like(light, 0.5)
    np.testing.assert_allclose(sensor.moving(even, owner, np.random.default_rng(2)), 0.5, atol=1e-4)
    smeared = [sensor.moving(light, owner, np.random.default_rng(seed)) for seed in range(12)]
    for picture in smeared:
        np.testing.assert_array_equal(picture[:, :80], light[:, :80])
        np.testing.assert_array_equal(picture[:, 160:], light[:, 160:])
    changed = [bool((picture != light).any()) for picture in smeared]
    assert 4 <= sum(changed) < 12


def test_it_is_quick(light: Floats) -> None:
    """A camera takes milliseconds, so that drawing stays what costs time."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(1)
    begin = time.process_time()
    for _ in range(60):
        sensor.develop(light, rng)
    assert (time.process_time() - begin) / 60 < 0.03


def test_compression_keeps_the_picture_recognisable(light: Floats) -> None:
    """Video and JPEG change every part of a picture a little and none of it beyond recognition."""
    frame = np.asarray(np.sqrt(np.minimum(light, 1)) * 255, np.uint8)
    for seed in range(20):
        sent = codec.video(frame, np.random.default_rng(seed))
        assert sent.shape == frame.shape
        error = np.abs(sent.astype(int) - frame).mean()
        assert 0.5 < error < 25


def test_text_is_written_into_corners() -> None:
    """The middle of the picture is never written on."""
    for seed in range(40):
        frame = np.full((224, 384, 3), 90, np.uint8)
        write_text(frame, np.random.default_rng(seed))
        assert (frame[50:170] == 90).all()
