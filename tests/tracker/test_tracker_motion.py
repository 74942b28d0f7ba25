"""The filter of box positions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.tracker import motion

Floats = NDArray[np.float64]

steps = st.integers(0, 3000).map(lambda ms: ms / 1000)
sizes = st.floats(1, 1000, allow_nan=False)
places = st.floats(-2000, 4000, allow_nan=False)


def position(x: float, y: float, width: float, height: float) -> Floats:
    """One box as the filter takes it."""
    return np.array(((x,), (y,), (width,), (height,)))


@st.composite
def states(draw: st.DrawFn) -> motion.State:
    """A filter with a history: born, then predicted and corrected a few times."""
    state = motion.born(position(draw(places), draw(places), draw(sizes), draw(sizes)))
    for _ in range(draw(st.integers(0, 4))):
        state = motion.predicted(state, draw(steps))
        state = motion.corrected(state, position(draw(places), draw(places), draw(sizes), draw(sizes)))
    return state


@given(states(), steps, steps)
def test_two_steps_are_one_step(state: motion.State, first_s: float, second_s: float) -> None:
    """The prediction does not depend on how the time between two frames is cut up."""
    twice = motion.predicted(motion.predicted(state, first_s), second_s)
    once = motion.predicted(state, first_s + second_s)
    scale = np.abs(state).max() + 1
    np.testing.assert_allclose(twice, once, rtol=1e-6, atol=1e-9 * scale)


@given(states(), steps)
def test_covariances_stay_positive_definite(state: motion.State, dt_s: float) -> None:
    """No sequence of predictions and corrections makes a variance negative or a correlation impossible."""
    after = motion.predicted(state, dt_s)
    for var_position, covariance, var_velocity in after[..., 2:5].reshape(-1, 3):
        assert var_position > 0
        assert var_velocity > 0
        assert covariance**2 < var_position * var_velocity


@given(states(), steps)
def test_time_makes_less_certain(state: motion.State, dt_s: float) -> None:
    """Waiting never narrows where somebody may be."""
    assert motion.uncertainty(motion.predicted(state, dt_s))[0] >= motion.uncertainty(state)[0] * (1 - 1e-9)


@given(states(), places, places, sizes, sizes)
def test_a_correction_lies_between(state: motion.State, x: float, y: float, width: float, height: float) -> None:
    """The corrected box lies between what was expected and what was found, in every coordinate."""
    found = position(x, y, width, height)
    before = state[..., 0]
    after = motion.corrected(state, found)[..., 0]
    slack = 1e-6 * (1 + np.abs(found) + np.abs(before))
    assert (after >= np.minimum(before, found) - slack).all()
    assert (after <= np.maximum(before, found) + slack).all()


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0])
def test_a_walker_is_expected_where_she_arrives(fps: float) -> None:
    """After two seconds at an even pace the next position is known to a twentieth of her height, at any rate."""
    pace = 80.0
    state = motion.born(position(0.0, 50.0, 30.0, 100.0))
    for i in range(1, round(2 * fps) + 1):
        state = motion.predicted(state, 1 / fps)
        state = motion.corrected(state, position(pace * i / fps, 50.0, 30.0, 100.0))
    state = motion.predicted(state, 0.2)
    assert state[0, 0, 0] == pytest.approx(pace * 2.2, abs=5.0)


def test_small_steps_continue_large_ones() -> None:
    """Where the series takes over from the closed form, the noise of a step does not jump."""
    state = motion.born(position(0.0, 0.0, 30.0, 100.0))
    state[..., 2:5] = 0.0
    switch_s = 0.01 * 1.5
    below, above = (motion.predicted(state, switch_s + d)[0, 0, 2] for d in (-1e-6, 1e-6))
    assert 0 < below < above == pytest.approx(below, rel=1e-3)


def test_boxes_never_vanish() -> None:
    """However fast a box was shrinking when last seen, its prediction keeps a pixel of width and height."""
    state = motion.born(position(0.0, 0.0, 300.0, 300.0))
    for size in (200.0, 100.0, 20.0, 2.0):
        state = motion.corrected(motion.predicted(state, 0.1), position(0.0, 0.0, size, size))
    x1, y1, x2, y2 = motion.boxes(motion.predicted(state, 2.0))[0]
    assert x2 - x1 >= 1
    assert y2 - y1 >= 1


def test_boxes_and_positions_are_the_same_thing() -> None:
    """A box that is measured and drawn again has not moved."""
    xyxy = np.array([[10, 20, 50, 120], [-5, 0, 7, 31]], dtype=np.float32)
    np.testing.assert_allclose(motion.boxes(motion.born(motion.measured(xyxy))), xyxy)
