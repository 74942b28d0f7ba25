"""The filter of box positions."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.tracker.motion import Box, Motion, Twins, measured

steps = st.integers(0, 3000).map(lambda ms: ms / 1000)
sizes = st.floats(1, 1000, allow_nan=False)
places = st.floats(-2000, 4000, allow_nan=False)


def around(x: float, y: float, width: float, height: float) -> Box:
    """One box by its centre and size."""
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


boxes = st.builds(around, places, places, sizes, sizes)


@st.composite
def motions(draw: st.DrawFn) -> Motion:
    """A filter with a history: born, then predicted and corrected a few times."""
    motion = Motion(draw(boxes))
    for _ in range(draw(st.integers(0, 4))):
        motion.predict(draw(steps))
        motion.correct(draw(boxes))
    return motion


def after(motion: Motion, *steps_s: float) -> Motion:
    """The filter after some predictions; the given one stays as it is."""
    later = deepcopy(motion)
    for dt_s in steps_s:
        later.predict(dt_s)
    return later


def blocks(motion: Motion) -> list[tuple[float, float, float]]:
    """Variance of the position, covariance, variance of the velocity, of the centre and of the size."""
    return [(twins.var_position, twins.covariance, twins.var_velocity) for twins in (motion.centre, motion.size)]


def numbers(motion: Motion) -> list[float]:
    """All that a filter holds."""

    def of(twins: Twins) -> list[float]:
        return [twins.a, twins.b, twins.speed_a, twins.speed_b]

    return [*of(motion.centre), *of(motion.size), *(value for block in blocks(motion) for value in block)]


@given(motions(), steps, steps)
def test_two_steps_are_one_step(motion: Motion, first_s: float, second_s: float) -> None:
    """The prediction does not depend on how the time between two frames is cut up."""
    twice, once = numbers(after(motion, first_s, second_s)), numbers(after(motion, first_s + second_s))
    scale = max(map(abs, numbers(motion))) + 1
    assert twice == pytest.approx(once, rel=1e-6, abs=1e-9 * scale)


@given(motions(), steps)
def test_covariances_stay_positive_definite(motion: Motion, dt_s: float) -> None:
    """No sequence of predictions and corrections makes a variance negative or a correlation impossible."""
    for var_position, covariance, var_velocity in blocks(after(motion, dt_s)):
        assert var_position > 0
        assert var_velocity > 0
        assert covariance**2 < var_position * var_velocity


@given(motions(), steps)
def test_time_makes_less_certain(motion: Motion, dt_s: float) -> None:
    """Waiting never narrows where somebody may be."""
    assert after(motion, dt_s).uncertainty() >= motion.uncertainty() * (1 - 1e-9)


@given(motions(), boxes)
def test_a_correction_lies_between(motion: Motion, found: Box) -> None:
    """The corrected box lies between what was expected and what was found, in every coordinate."""
    before = numbers(motion)
    motion.correct(found)
    now = numbers(motion)
    for at, place in zip((0, 1, 4, 5), measured(found), strict=True):
        slack = 1e-6 * (1 + abs(place) + abs(before[at]))
        assert min(before[at], place) - slack <= now[at] <= max(before[at], place) + slack


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0])
def test_a_walker_is_expected_where_she_arrives(fps: float) -> None:
    """After two seconds at an even pace the next position is known to a twentieth of her height, at any rate."""
    pace = 80.0
    motion = Motion(around(0.0, 50.0, 30.0, 100.0))
    for i in range(1, round(2 * fps) + 1):
        motion.predict(1 / fps)
        motion.correct(around(pace * i / fps, 50.0, 30.0, 100.0))
    motion.predict(0.2)
    assert motion.centre.a == pytest.approx(pace * 2.2, abs=5.0)


def test_small_steps_continue_large_ones() -> None:
    """Where the series takes over from the closed form, the noise of a step does not jump."""
    motion = Motion(around(0.0, 0.0, 30.0, 100.0))
    motion.centre.var_position = motion.centre.var_velocity = 0.0
    switch_s = 0.01 * 1.5
    below, above = (after(motion, switch_s + d).centre.var_position for d in (-1e-6, 1e-6))
    assert 0 < below < above == pytest.approx(below, rel=1e-3)


def test_boxes_never_vanish() -> None:
    """However fast a box was shrinking when last seen, its prediction keeps a pixel of width and height."""
    motion = Motion(around(0.0, 0.0, 300.0, 300.0))
    for size in (200.0, 100.0, 20.0, 2.0):
        motion.predict(0.1)
        motion.correct(around(0.0, 0.0, size, size))
    motion.predict(2.0)
    x1, y1, x2, y2 = motion.box()
    assert x2 - x1 >= 1
    assert y2 - y1 >= 1


@given(boxes)
def test_boxes_and_positions_are_the_same_thing(box: Box) -> None:
    """A box that is measured and drawn again has not moved."""
    assert Motion(box).box() == pytest.approx(box, abs=1e-9)
