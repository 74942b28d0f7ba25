from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from training.evaluation.pictures import Clip, Indoor, read, visits


def test_people_come_before_empty_pictures(make_indoor: Callable[..., Path]) -> None:
    """The pictures with people are the first ones, and their number is known."""
    indoor = Indoor.of(make_indoor([255, 250], [0]))
    assert indoor.people == 2
    assert [int(image.mean()) for image in indoor.images()] == [255, 250, 0]


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    """The error names the folder."""
    with pytest.raises(FileNotFoundError) as error:
        Indoor.of(tmp_path)
    assert error.value.filename == str(tmp_path)


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    """A file that is no picture stops the measurement instead of counting as empty."""
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"broken\.jpg: not a picture"):
        read(broken)


def test_every_nth_frame_of_a_clip(make_clip: Callable[..., Path]) -> None:
    """From frame 0 on, and each frame is an array of its own."""
    clip = Clip(make_clip("clip.mp4", [0, 50, 100, 150, 200]), 2)
    images = list(clip.images())
    assert [round(float(image.mean()), -1) for image in images] == [0, 100, 200]
    assert np.array_equal(clip.image(1), images[1])


def test_the_visits_are_those_of_the_truth(shared: Path) -> None:
    """Six visitors, one after the other."""
    found = visits(shared / "clips")
    assert len(found) == 6
    assert all(first < last for first, last in found)
