"""What one look is worth, and that it is cut and scaled as the training's pictures were."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.faces import faces_of

from edge_agent.demographics.head import Square
from edge_agent.demographics.look import LEAST_PX, crop_of, fit, part_of, quality
from edge_agent.records import Image


@pytest.fixture(scope="session")
def faces(shared: object) -> Sequence[Image]:
    """Eighty faces of the training data, 96 px."""
    return faces_of(shared, 80)  # type: ignore[arg-type]


def worth(face: NDArray[Any], taken_px: int = 96) -> float:
    """Quality of a face that the camera saw in that size."""
    small = cv2.resize(face, (taken_px, taken_px), interpolation=cv2.INTER_AREA)
    return quality(fit(np.asarray(small, np.uint8), 64), taken_px=taken_px)


@given(st.floats(-100, 400), st.floats(-100, 300), st.floats(1, 500), st.integers(20, 300), st.integers(20, 200))
def test_a_part_lies_in_the_picture(x: float, y: float, side: float, width: int, height: int) -> None:
    """Whatever square is asked for: what is cut is a square of whole pixels inside, or nothing."""
    image = np.zeros((height, width, 3), np.uint8)
    part = part_of(Square(x, y, side), image)
    if part is None:
        assert min(round(side), width, height) < LEAST_PX
        return
    assert part.of(image).shape == (part.side, part.side, 3)
    assert part.side <= round(side)


def test_a_part_is_no_copy() -> None:
    """A crop is a view of the frame, which goes when the frame goes."""
    image = np.zeros((100, 100, 3), np.uint8)
    part = part_of(Square(50, 50, 40), image)
    assert part is not None
    assert part.of(image).base is image


def test_shrinking_averages_and_growing_interpolates() -> None:
    """A fine pattern shrinks to its mean, as in the training, and not to a choice of its pixels."""
    board = np.indices((128, 128)).sum(0) % 2 * 200
    image = np.repeat(board[..., np.newaxis], 3, 2).astype(np.uint8)
    assert set(fit(image, 64).flat) == {100}
    assert fit(image[:20, :30], 64).shape == (64, 64, 3)


def test_a_leaning_head_is_turned_upright(faces: Sequence[Image]) -> None:
    """A face that was tilted to the left is cut as it was before; cut as leaning to the right it is another picture."""
    for face in faces[:20]:
        image = np.zeros((300, 300, 3), np.uint8)
        image[102:198, 102:198] = face
        tilt = cv2.getRotationMatrix2D((150, 150), 25.0, 1.0)  # its top goes to the left
        tilted = np.asarray(cv2.warpAffine(image, tilt, (300, 300)), np.uint8)
        straight = crop_of(Square(150, 150, 64), image, 64)
        left, right = (crop_of(Square(150, 150, 64, lean), tilted, 64) for lean in (25.0, -25.0))
        assert straight is not None
        assert left is not None
        assert right is not None
        assert np.abs(left.astype(int) - straight).mean() < 0.5 * np.abs(right.astype(int) - straight).mean()


def test_a_leaning_head_that_is_too_small_is_not_cut() -> None:
    """The limit is that of upright ones."""
    image = np.zeros((100, 100, 3), np.uint8)
    assert crop_of(Square(50, 50, LEAST_PX - 1, 25.0), image, 64) is None
    assert crop_of(Square(50, 50, LEAST_PX - 1), image, 64) is None


def test_sharper_looks_are_worth_more(faces: Sequence[Image]) -> None:
    """Nine of ten real faces lose by a blur, and all of them by a strong one."""
    blurred = [sum(worth(cv2.GaussianBlur(face, (0, 0), s)) < worth(face) for face in faces) for s in (1.0, 4.0)]
    assert blurred[0] >= 0.9 * len(faces)
    assert blurred[1] == len(faces)


def test_larger_looks_are_worth_more(faces: Sequence[Image]) -> None:
    """A face of 24 px is worth less than the same one of 64 px, always."""
    assert all(worth(face, 24) < worth(face, 64) for face in faces)


def test_symmetric_looks_are_worth_more(faces: Sequence[Image]) -> None:
    """A face made of one half and its mirror image, as it were from the very front, is worth more than the real one."""
    mirrored = [np.concatenate([face[:, :48], face[:, 47::-1]], axis=1) for face in faces]
    better = sum(worth(whole) > worth(face) for whole, face in zip(mirrored, faces, strict=True))
    assert better >= 0.8 * len(faces)


def test_a_wall_is_worth_nothing() -> None:
    """Where there is no contrast no network needs to be asked."""
    assert quality(np.full((64, 64, 3), 90, np.uint8), taken_px=64) == 0.0


@given(st.integers(0, 2**32 - 1), st.integers(16, 300))
def test_worth_is_a_share(seed: int, taken_px: int) -> None:
    """Whatever is looked at, its worth is between 0 and 1."""
    crop = np.random.default_rng(seed).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert 0.0 <= quality(crop, taken_px=taken_px) <= 1.0
