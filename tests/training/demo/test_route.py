"""How the people of the demo clip get from place to place."""

import numpy as np
import pytest
from training.demo.route import Route, Stay, Walk, rounded

STRAIGHT = Route(2.0, 1.25, ((0.0, 0.0), (0.0, 5.0)))


def test_a_straight_way_is_walked_at_its_speed() -> None:
    """Who walks through begins and ends at full speed, at the start's second, and is nowhere before and after."""
    walk = Walk(STRAIGHT)
    assert walk.end_s == pytest.approx(6.0, abs=0.05)
    assert walk.at(1.9) is None
    assert walk.at(walk.end_s + 0.1) is None
    half = walk.at(4.0)
    assert half is not None
    assert (half.x, half.y) == pytest.approx((0.0, 2.5), abs=0.02)
    assert abs(half.heading) == pytest.approx(np.pi, abs=0.01)  # along +y, away from the camera


def test_a_stay_lasts_and_looks_where_it_should() -> None:
    """At a stay one stands at the place for the seconds, turned to the heading, and then goes on."""
    walk = Walk(Route(0.0, 1.0, ((0.0, 0.0), Stay((0.0, 3.0), 4.0, 1.5), (3.0, 3.0))))
    moments = [walk.at(t) for t in np.arange(0.0, walk.end_s, 0.1)]
    stayed = [moment for moment in moments if moment is not None and moment.stayed_s is not None]
    assert len(stayed) == pytest.approx(40, abs=1)
    assert all((moment.x, moment.y) == (0.0, 3.0) for moment in stayed)
    assert stayed[-1].heading % (2 * np.pi) == pytest.approx(1.5, abs=0.05)


def test_nobody_jumps_or_spins() -> None:
    """From one tenth of a second to the next nobody moves or turns farther than a person can."""
    walk = Walk(Route(0.0, 1.4, ((0.0, 0.0), (0.0, 3.0), Stay((2.0, 3.0), 1.0, 0.0), (0.0, 3.2), (0.0, 6.0))))
    moments = [moment for t in np.arange(0.0, walk.end_s, 0.1) if (moment := walk.at(t)) is not None]
    places = np.array([(moment.x, moment.y) for moment in moments])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 0.16
    assert np.abs(np.diff([moment.heading for moment in moments])).max() < 0.3
    assert np.diff([moment.walked for moment in moments]).min() >= 0


def test_rounding_keeps_the_ends_and_cuts_the_corners() -> None:
    """A rounded way begins and ends where it did and turns by little at a time."""
    line = rounded([(0.0, 0.0), (2.0, 0.0), (2.0, 2.0)])
    assert line[0].tolist() == [0.0, 0.0]
    assert line[-1].tolist() == [2.0, 2.0]
    steps = np.diff(line, axis=0)
    angles = np.arctan2(steps[:, 1], steps[:, 0])
    assert np.abs(np.diff(angles)).max() < 0.5
