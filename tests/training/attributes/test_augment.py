"""What a shop's camera makes of a face."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training.attributes.augment import SPOILS, Placing, clean, seen, shrunk, spoilt
from training.attributes.data import STORED
from training.attributes.network import SIDE

PICTURE = np.random.default_rng(5).integers(0, 256, (STORED, STORED, 3), np.uint8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), side=st.one_of(st.none(), st.floats(2, 120)))
def test_any_face_becomes_a_crop(seed: int, side: float | None) -> None:
    """Whatever chance decides, a crop has the network's size, and the same seed gives the same one."""
    first, again = (seen(PICTURE, np.random.default_rng(seed), side) for _ in range(2))
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.uint8
    assert (first == again).all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), how=st.sampled_from(SPOILS))
def test_any_face_can_be_spoilt(seed: int, how: str) -> None:
    """Each way to spoil a face gives a crop of the network's size, the same for the same seed."""
    first, again = (spoilt(PICTURE, PICTURE[::-1], np.random.default_rng(seed), how) for _ in range(2))
    assert first.shape == (SIDE, SIDE, 3)
    assert (first == again).all()


@pytest.mark.parametrize("side", [16, 24, 64, 80])
def test_a_smaller_face_has_less_detail(side: int) -> None:
    """A face that is shrunk to fewer pixels differs more from its neighbouring pixels' mean than a larger one's."""
    detail = [float(np.abs(np.diff(shrunk(PICTURE, px).astype(float), axis=0)).mean()) for px in (side // 2, side)]
    assert detail[0] < detail[1]


def test_the_clean_picture_is_the_face_itself() -> None:
    """Without disturbance a picture keeps its colours: its mean moves by less than one level."""
    assert clean(PICTURE).shape == (SIDE, SIDE, 3)
    assert abs(float(clean(PICTURE).mean()) - float(PICTURE.mean())) < 1


@given(x=st.floats(-0.3, 0.3), y=st.floats(-0.3, 0.3), scale=st.floats(0.5, 2), turn=st.floats(-3, 3))
def test_the_middle_goes_where_it_is_sent(x: float, y: float, scale: float, turn: float) -> None:
    """The middle of the picture lands at the placing's share of the crop, however it is turned and scaled."""
    middle = np.array([(STORED - 1) / 2, (STORED - 1) / 2, 1.0])
    landed = Placing(x=x, y=y, scale=scale, turn=turn).matrix() @ middle
    assert landed == pytest.approx([(0.5 + x) * SIDE - 0.5, (0.5 + y) * SIDE - 0.5], abs=1e-6)


def test_a_flip_swaps_left_and_right() -> None:
    """A point left of the middle lands right of it."""
    left = np.array([10.0, (STORED - 1) / 2, 1.0])
    assert (Placing().matrix() @ left)[0] < SIDE / 2 < (Placing(flip=True).matrix() @ left)[0]
