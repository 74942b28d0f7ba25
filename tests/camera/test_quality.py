"""What counts as sight, on real pictures that are spoilt in known ways."""

from pathlib import Path

import numpy as np
import pytest
from support.http_camera import jpeg, scene

from edge_agent.camera.clip import ClipSource
from edge_agent.camera.quality import Fault, PictureCheck
from edge_agent.camera.session import Pace
from edge_agent.records import Image
from edge_agent.terms import GapCause

CLIPS = (
    "one-by-one.mp4",
    "bottles-on-shelf.mp4",
    "cars-no-people.mp4",
    "classroom.gif",
    "doorway.gif",
    "two-faces.gif",
)


def pictures(clip: Path, count: int = 1) -> list[Image]:
    """Return the first pictures of a clip."""
    source = ClipSource(clip)
    source.open()
    found: list[Image] = []
    while len(found) < count and source.grab():
        image = source.retrieve()
        assert image is not None
        found.append(image)
    source.close()
    return found


def judge(
    check: PictureCheck, image: Image, *, from_s: float = 0.0, to_s: float = 10.0, sigma: float = 0
) -> Fault | None:
    """Show one scene for some seconds at 10 fps, each time with other noise, and return the last verdict."""
    generator = np.random.default_rng(7)
    noisy = [
        np.clip(image + generator.normal(0, sigma, image.shape), 0, 255).astype(np.uint8) if sigma else image
        for _ in range(16)
    ]
    fault = None
    for step in range(round((to_s - from_s) * 10)):
        fault = check.judge(noisy[step % len(noisy)], from_s + step / 10)
    return fault


@pytest.mark.parametrize("name", CLIPS)
def test_real_scenes_show_something(shared: Path, name: str) -> None:
    """No picture of any real clip is taken for a fault."""
    check = PictureCheck(frozen_after_s=30.0)
    source = ClipSource(shared / "clips" / name)
    source.open()
    faults = []
    while source.grab():
        image = source.retrieve()
        assert image is not None
        faults.append(check.judge(image, source.t_s))
    source.close()
    assert faults
    assert not any(faults)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((240, 320), np.uint8),
        np.zeros((240, 320, 4), np.uint8),
        np.full((240, 320, 3), np.nan, np.float32),
        np.zeros((8, 8, 3), np.uint8),
    ],
    ids=["empty", "grey", "with alpha", "not bytes", "tiny"],
)
def test_what_is_not_a_picture_is_corrupt(image: Image) -> None:
    """A wrong shape, size or type is CORRUPT and raises nothing."""
    assert PictureCheck(frozen_after_s=30.0).judge(image, 1.0) == Fault(GapCause.CORRUPT, 1.0)


def test_a_picture_of_another_size_is_corrupt_until_reopened() -> None:
    """A stream does not change its size; a new connection may."""
    check = PictureCheck(frozen_after_s=30.0)
    assert check.judge(scene(0), 0.0) is None
    assert check.judge(scene(1, width=640, height=360), 0.1) == Fault(GapCause.CORRUPT, 0.1)
    check.reopened()
    assert check.judge(scene(1, width=640, height=360), 0.2) is None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("fill", [(128, 128, 128), (130, 130, 130), (0, 135, 0)])
def test_a_picture_whose_lower_part_is_decoder_fill_is_corrupt(share: float, fill: tuple[int, int, int]) -> None:
    """Grey or green from some row down to the last, edge to edge, is missing data."""
    image = scene(0)
    image[-int(share * len(image)) :] = fill
    assert PictureCheck(frozen_after_s=30.0).judge(image, 0.0) == Fault(GapCause.CORRUPT, 0.0)


def test_truncated_jpegs_that_ffmpeg_fills_are_corrupt(tmp_path: Path) -> None:
    """FFmpeg decodes half a JPEG and reports success; the missing half is seen."""
    clip = tmp_path / "halves.mjpeg"
    clip.write_bytes(b"".join(data[: len(data) // 2] for data in (jpeg(scene(k)) for k in range(10))))
    halves = pictures(clip, 10)
    assert len(halves) == 10
    check = PictureCheck(frozen_after_s=30.0)
    assert [check.judge(half, k / 10) for k, half in enumerate(halves)] == [
        Fault(GapCause.CORRUPT, k / 10) for k in range(10)
    ]


def test_black_bars_are_no_damage(shared: Path) -> None:
    """A letterboxed picture is a picture."""
    image = pictures(shared / "clips" / "one-by-one.mp4")[0].copy()
    image[-60:] = 0
    assert PictureCheck(frozen_after_s=30.0).judge(image, 0.0) is None


def test_the_same_picture_is_frozen_only_after_the_time_allowed() -> None:
    """A codec may repeat pictures of a still scene; a freeze begins with the first of the same ones."""
    check = PictureCheck(frozen_after_s=30.0)
    assert check.judge(scene(0), 99.0) is None
    assert judge(check, scene(1), from_s=100.0, to_s=130.0) is None
    assert check.judge(scene(1), 130.1) == Fault(GapCause.FROZEN, 100.0)
    assert check.judge(scene(2), 130.2) is None


def test_a_frozen_camera_stays_frozen_over_a_new_connection() -> None:
    """Reconnecting to a camera that still sends the same picture does not make it fresh."""
    check = PictureCheck(frozen_after_s=1.0)
    judge(check, scene(1), to_s=2.0)
    check.reopened()
    assert check.judge(scene(1), 3.0) == Fault(GapCause.FROZEN, 0.0)


@pytest.mark.parametrize("sigma", [0, 3, 8])
def test_a_black_picture_is_covered_whatever_its_noise(sigma: float) -> None:
    """No light, or a lid on the lens, with the noise of an amplified sensor: COVERED since it began."""
    black = np.zeros((216, 384, 3), np.uint8)
    fault = judge(PictureCheck(frozen_after_s=30.0), black, sigma=sigma)
    assert fault == Fault(GapCause.COVERED, 0.0)


def test_paper_over_the_lens_is_covered() -> None:
    """Light that shines through evenly, brighter in the middle, shows nothing either."""
    y, x = np.indices((216, 384))
    glow = 60 * np.exp(-((x - 192) ** 2 + (y - 108) ** 2) / 1e5)
    image = np.repeat(glow[..., None], 3, axis=2).astype(np.uint8)
    assert judge(PictureCheck(frozen_after_s=1e9), image, sigma=3) == Fault(GapCause.COVERED, 0.0)


@pytest.mark.parametrize("sigma", [0, 4, 8])
def test_an_exit_sign_in_a_dark_shop_is_not_covered(sigma: float) -> None:
    """A dark shop at night with noise and one small light is a shop, not a covered lens."""
    night = np.full((216, 384, 3), 4, np.uint8)
    night[20:26, 50:58] = (60, 200, 60)
    assert judge(PictureCheck(frozen_after_s=1e9), night, sigma=sigma) is None


def test_a_real_shop_in_the_dark_is_not_covered(shared: Path) -> None:
    """A twentieth of the light leaves enough to see that there is a room."""
    dark = (pictures(shared / "clips" / "one-by-one.mp4")[0][::2, ::2] * 0.05).astype(np.uint8)
    assert judge(PictureCheck(frozen_after_s=1e9), dark, sigma=3) is None


def test_a_hand_before_the_lens_for_a_moment_is_nothing_and_uncovering_ends_at_once(shared: Path) -> None:
    """Less than the time allowed is no cover, and the first picture with detail ends one."""
    shop = pictures(shared / "clips" / "one-by-one.mp4")[0]
    hand = np.full_like(shop, 20)
    check = PictureCheck(frozen_after_s=1e9)
    assert judge(check, shop, to_s=5.0) is None
    assert judge(check, hand, from_s=5.0, to_s=9.0) is None
    assert judge(check, shop, from_s=9.0, to_s=20.0) is None
    fault = judge(check, hand, from_s=20.0, to_s=40.0)
    assert fault is not None
    assert fault.cause is GapCause.COVERED
    assert fault.since_s == pytest.approx(20.0, abs=0.25)  # it is looked for four times a second
    assert judge(check, shop, from_s=40.0, to_s=40.4) is None


@pytest.mark.parametrize(
    ("camera_fps", "max_fps", "expected"), [(30, 15, 15), (25, 15, 15), (10, 15, 10), (15, 15, 15)]
)
def test_the_pace_is_kept_without_dropping_what_is_slow_enough(camera_fps: int, max_fps: float, expected: int) -> None:
    """Pictures beyond max_fps are left out evenly; a slower camera with some jitter loses none."""
    pace = Pace(max_fps)
    generator = np.random.default_rng(3)
    jitter = generator.uniform(-0.2, 0.2, camera_fps * 60) / camera_fps
    taken = sum(pace.takes(k / camera_fps + jitter[k]) for k in range(camera_fps * 60))
    assert abs(taken - expected * 60) <= 2
