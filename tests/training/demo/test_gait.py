"""The walking cycle of the demo clip's people."""

import numpy as np
import pytest
from training.demo import gait
from training.demo.gait import Manner
from training.figures.pose import Hand, Swing


def test_the_cycle_closes() -> None:
    """The end of the cycle is its beginning, and nothing jumps within it."""
    phases = np.linspace(0, 1, 101)
    knees = [gait.walking(phase, Manner()).legs["L"].knee for phase in phases]
    assert knees[0] == pytest.approx(knees[-1])
    assert np.abs(np.diff(knees)).max() < 6
    assert max(knees) > 50


def test_one_leg_does_what_the_other_did_half_a_cycle_before() -> None:
    """Left and right are half a cycle apart, and each arm swings with the other side's leg."""
    now, later = gait.walking(0.2, Manner()), gait.walking(0.7, Manner())
    for part in ("hip", "knee", "ankle"):
        assert getattr(now.legs["L"], part) == pytest.approx(getattr(later.legs["R"], part))
    at_strike = gait.walking(0.0, Manner()).arms
    left, right = at_strike["L"], at_strike["R"]
    assert isinstance(left, Swing)
    assert isinstance(right, Swing)
    assert right.forward > left.forward  # the left heel strikes


def test_smaller_steps_move_the_hip_less() -> None:
    """The stride scales how far the thigh swings."""
    wide, small = (
        np.ptp([gait.walking(phase, Manner(stride)).legs["L"].hip for phase in np.linspace(0, 1, 50)])
        for stride in (1.0, 0.6)
    )
    assert small == pytest.approx(0.6 * wide, rel=0.01)


def test_mixing_goes_from_the_one_pose_to_the_other() -> None:
    """At share 0 a mixture stands, at share 1 it walks, and arms that hold something go on holding it."""
    still, moving = gait.standing(1.0, Manner()), gait.walking(0.3, Manner())
    assert gait.mixed(still, moving, 1.0).legs["L"].hip == pytest.approx(moving.legs["L"].hip)
    stands = gait.mixed(still, moving, 0.0)
    assert stands.legs["R"].knee == pytest.approx(still.legs["R"].knee)
    assert stands.legs["R"].ankle == pytest.approx(still.legs["R"].knee - still.legs["R"].hip)  # the sole stays level
    still.arms["L"] = Hand((0.2, -0.4, 1.0), "floor")
    assert gait.mixed(still, moving, 0.5).arms["L"] == still.arms["L"]


def test_who_stands_is_never_quite_still_and_never_far_from_it() -> None:
    """Standing sways by a few degrees within seconds."""
    leans = [gait.standing(t, Manner()).lean for t in np.arange(0, 10, 0.1)]
    assert 1.0 < np.ptp(leans) < 6.0
