"""People who move, out of the real assets."""

from pathlib import Path

import numpy as np
import pytest
from training.demo.actor import Actor, Role, Troupe
from training.demo.route import Moment
from training.figures.pose import Hand
from training.scene import NOT_PERSON_PARTS

BAR = Hand((0.2, -0.45, 1.0), "floor", (0.7, 0.6, -1))


@pytest.fixture(scope="module")
def troupe(shared: Path) -> Troupe:
    """All assets, loaded once."""
    if not (shared / "data" / "humans").is_dir():
        pytest.skip(f"needs the MakeHuman assets in {shared / 'data' / 'humans'}")
    pytest.importorskip("anny", reason="needs the training's packages")
    return Troupe(shared / "data")


def walker(troupe: Troupe) -> Actor:
    return troupe.cast(Role((25, 45), female=True), 11)


def at(walked: float, speed: float = 1.2) -> Moment:
    """Somebody who has walked so far."""
    return Moment(0.0, 0.0, 0.0, speed, walked, None)


def test_the_foot_on_the_floor_stays_where_it_is(troupe: Troupe) -> None:
    """While the body goes on, the points of a sole that touch the floor move by less than a finger's breadth."""
    actor, step = walker(troupe), 0.02
    slid = []
    for walked in np.arange(0, 0.7, step):
        before, after = (actor.figure(at(place), 0.0).mesh.position for place in (walked, walked + step))
        touching = (before[:, 2] < 0.004) & (after[:, 2] < 0.004)
        if touching.any():
            slid.append(float(np.median(np.abs(after[touching, 1] - before[touching, 1] - step))))
    assert np.median(slid) < 0.005
    assert len(slid) > 25


def test_a_step_is_as_long_as_a_person_s(troupe: Troupe) -> None:
    """A cycle of two steps takes somebody about as far as 0.8 of the height."""
    actor = walker(troupe)
    cycle = float(actor._walked[-1])
    assert 0.6 < cycle / actor.height < 1.0


def test_the_same_seed_is_the_same_person(troupe: Troupe) -> None:
    """Two castings of one seed have the same body, clothes and colours."""
    one, other = walker(troupe), walker(troupe)
    assert np.array_equal(one.figure(at(0.3), 1.0).mesh.position, other.figure(at(0.3), 1.0).mesh.position)
    assert one.look == other.look


def test_what_is_pushed_stays_the_same_thing_in_the_same_place(troupe: Troupe) -> None:
    """A trolley does not change its shape nor sway from picture to picture, and its pattern stays on it."""
    actor = troupe.cast(Role((35, 60), carries=("trolley",), arms={"L": BAR, "R": BAR}, female=True), 62)
    first, second = (actor.figure(at(walked), walked).mesh for walked in (0.1, 0.6))
    things = np.isin(first.part, NOT_PERSON_PARTS)
    assert things.any()
    assert np.abs(first.position[things] - second.position[things]).max() < 0.12
    assert np.array_equal(first.rest, second.rest)


def test_customers_do_not_wear_work_clothes(troupe: Troupe) -> None:
    """Nobody is cast in a high-visibility vest, an apron, an overall or a helmet."""
    for seed in range(5):
        words = troupe.cast(Role((18, 70), female=seed % 2 == 0), seed)._outfit.words
        assert not {"vest", "apron"} & words.keys()
        assert words["top"] not in {"overall", "dungarees"}
        assert words.get("hat") != "helmet"


def test_a_hand_goes_to_the_shelf_and_comes_back(troupe: Troupe) -> None:
    """During a stay the reaching hand is stretched forward for a while, not all the time."""
    actor = troupe.cast(Role((25, 45), reaches="L", female=True), 11)
    reach = [
        float(actor.figure(Moment(0, 0, 0, 0, 0, stayed), stayed).mesh.position[:, 1].min())
        for stayed in np.arange(0, 6, 0.5)
    ]
    assert min(reach) < -0.45
    assert max(reach) > -0.4


def test_the_wheelchair_rolls_at_one_height(troupe: Troupe) -> None:
    """Who sits in a wheelchair is not lifted by pushing its rims."""
    actor = troupe.cast(Role((30, 70), wheelchair=True, female=True), 51)
    tops = [float(actor.figure(at(0.0, 1.0), t).mesh.position[:, 2].max()) for t in np.arange(0, 1.6, 0.2)]
    assert np.ptp(tops) < 0.06
