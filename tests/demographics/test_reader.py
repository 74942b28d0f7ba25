"""Tracks to visitors: what is read of whom, within which time, and that nothing stays."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from demographics.scenes import Body, Costly, frame, paint, picture, reader, tracks
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.demographics import VisitorReader
from edge_agent.records import Image, Visitor
from edge_agent.terms import AgeBand, Sex

FPS = 10.0


def show(
    stage: VisitorReader, bodies: list[Body], image: Image, seconds: float, *, start_s: float = 0.0
) -> list[Visitor]:
    """Show the same picture and tracks for a while; return who left meanwhile."""
    left: list[Visitor] = []
    for i in range(round(seconds * FPS)):
        t_s = start_s + i / FPS
        left += stage.update(frame(image, t_s, i), tracks(t_s, bodies))
    return left


def test_a_woman_and_a_man_are_read_apart() -> None:
    """Two people at once, each with a face: one visitor each, when their tracks end, with their own sex and age."""
    image, woman, man = picture(), Body(1, 100.0), Body(2, 400.0)
    paint(image, woman, male=0.05)
    paint(image, man, male=0.95)
    stage = reader()
    assert show(stage, [woman, man], image, 2.0) == []
    left = stage.update(frame(image, 3.0), tracks(3.0, [man], ended=(1,)))
    assert left == (Visitor(3.0, Sex.FEMALE, AgeBand.FROM_30),)
    assert stage.close(9.0) == (Visitor(9.0, Sex.MALE, AgeBand.FROM_30),)
    assert stage.close(9.0) == ()


def test_somebody_seen_from_behind_is_unknown() -> None:
    """No face to read is a visitor without sex and age, however long they stand there."""
    image, body = picture(), Body(1, 100.0)
    paint(image, body, male=0.95, readable=0.2)
    stage = reader()
    show(stage, [body], image, 60.0)
    assert stage.close(60.0) == (Visitor(60.0, Sex.UNKNOWN, AgeBand.UNKNOWN),)


def test_somebody_too_small_to_be_read_is_unknown_and_costs_nothing() -> None:
    """A confirmed track that was never large enough is a visitor without sex and age; no network ran for it."""
    costly = Costly(0.0)
    stage, image = reader(costly=costly), picture()
    small = tracks(0.0, [Body(1, 100.0)])
    small.xyxy[0] = (100.0, 100.0, 110.0, 140.0)
    stage.update(frame(image, 0.0), small)
    assert stage.close(1.0) == (Visitor(1.0, Sex.UNKNOWN, AgeBand.UNKNOWN),)
    assert costly.runs == []


def test_what_never_was_a_person_is_no_visitor() -> None:
    """Goods, and tracks that were never confirmed, are not looked at and leave no visitor."""
    costly = Costly(0.0)
    image, noise, bottle = picture(), Body(1, 100.0, confirmed=False), Body(2, 400.0, class_id=1)
    paint(image, noise, male=0.9)
    paint(image, bottle, male=0.9)
    stage = reader(costly=costly)
    assert show(stage, [noise, bottle], image, 2.0) == []
    assert stage.update(frame(image, 3.0), tracks(3.0, [], ended=(1, 2))) == ()
    assert costly.runs == []


def test_a_track_that_is_not_seen_is_not_looked_at() -> None:
    """Where a track is only expected there may be somebody else's face."""
    costly = Costly(0.0)
    image, body = picture(), Body(1, 100.0, seen=False)
    paint(image, body, male=0.9)
    show(reader(costly=costly), [body], image, 2.0)
    assert costly.runs == []


def test_one_glance_is_not_enough() -> None:
    """Somebody whose face shows for an instant is unknown; after half a second they are not."""
    for seconds, sex in ((0.1, Sex.UNKNOWN), (0.6, Sex.MALE)):
        image, away, body = picture(), picture(), Body(1, 100.0)
        paint(image, body, male=0.95)
        paint(away, body, male=0.95, readable=0.0)
        stage = reader()
        show(stage, [body], image, seconds)
        show(stage, [body], away, 3.0, start_s=5.0)
        assert stage.close(9.0)[0].sex is sex, seconds


def test_a_track_that_goes_on_under_another_id_is_one_visitor() -> None:
    """Who is lost and followed on with a second track, born upon the first, is counted once, with what was read."""
    image, first, second = picture(), Body(1, 100.0), Body(2, 115.0)
    paint(image, first, male=0.95)
    stage = reader()
    left = show(stage, [first], image, 2.0)
    lost = first._replace(seen=False)
    left += show(stage, [first, second], image, 0.2, start_s=2.0)
    left += show(stage, [lost, second], picture(), 2.0, start_s=2.2)
    left += show(stage, [second], picture(), 1.0, start_s=4.2)
    left += stage.close(6.0)
    assert left == [Visitor(6.0, Sex.MALE, AgeBand.FROM_30)]


def test_two_people_who_meet_are_two_visitors() -> None:
    """A track born beside another one that goes on being seen inherits nothing and takes nothing away."""
    image, first, second = picture(), Body(1, 100.0), Body(2, 115.0)
    stage = reader()
    show(stage, [first], image, 2.0)
    show(stage, [first, second], image, 2.0, start_s=2.0)
    left = [*stage.update(frame(image, 5.0), tracks(5.0, [second], ended=(1,))), *stage.close(6.0)]
    assert [visitor.t_s for visitor in left] == [5.0, 6.0]


def test_an_heir_that_is_never_confirmed_is_none() -> None:
    """Flicker over somebody who then leaves takes no visitor away."""
    first, flicker = Body(1, 100.0), Body(2, 110.0, confirmed=False)
    stage, image = reader(), picture()
    show(stage, [first], image, 1.0)
    show(stage, [first, flicker], image, 0.2, start_s=1.0)
    assert len(stage.update(frame(image, 2.0), tracks(2.0, [], ended=(1, 2)))) == 1


@given(st.integers(1, 12), st.floats(0.1, 20.0), st.floats(0.1, 50.0))
@settings(max_examples=40)
def test_a_slow_network_exceeds_the_budget_by_one_crop_at_most(people: int, run_ms: float, budget_ms: float) -> None:
    """However many people there are, a frame's reading ends with the crop that uses up the budget."""
    costly = Costly(run_ms / 1000.0)
    image = picture()
    bodies = [Body(i + 1, 50.0 * i) for i in range(people)]
    for body in bodies:
        paint(image, body, male=0.9)
    stage = reader(budget_ms=budget_ms, costly=costly)
    for i in range(8):
        before_s = costly.now_s
        stage.update(frame(image, i / FPS), tracks(i / FPS, bodies))
        assert costly.now_s - before_s < (budget_ms + run_ms) / 1000.0 + 1e-9


def test_nobody_starves() -> None:
    """With time for one crop per frame everybody is looked at in turn, however many keep coming."""
    costly = Costly(1.0)
    image, room = picture(1280), [Body(i + 1, 60.0 * i) for i in range(8)]
    for i, body in enumerate(room):
        paint(image, body, male=i / 8)
    stage = reader(budget_ms=0.1, costly=costly)
    for i in range(8):
        newcomers = [Body(100 + j, 900.0) for j in range(i)]
        stage.update(frame(image, i / FPS), tracks(i / FPS, [*room, *newcomers]))
    assert len(costly.runs) == 8
    assert costly.runs == sorted(costly.runs)
    assert len({round(blue) for blue in costly.runs}) == 8


def test_a_long_stay_costs_less_and_less() -> None:
    """Once a full set of good looks is there, the network runs only for better ones, and not at every chance."""
    costly = Costly(0.0)
    image, body = picture(), Body(1, 100.0)
    paint(image, body, male=0.9)
    stage = reader(costly=costly)
    show(stage, [body], image, 3.0)
    first = len(costly.runs)
    show(stage, [body], image, 30.0, start_s=3.0)
    assert first <= 12
    assert len(costly.runs) - first <= 30


def test_memory_is_bounded_by_the_live_tracks() -> None:
    """A thousand people after one another leave nothing behind."""
    stage, image = reader(), picture()
    for i in range(1000):
        stage.update(frame(image, i / FPS), tracks(i / FPS, [Body(i + 1, 100.0)], ended=(i,)))
        assert len(stage._visits) == 1
    stage.close(1000.0)
    assert len(stage._visits) == 0


def test_no_frame_and_no_crop_outlives_its_frame() -> None:
    """After a frame the picture can go at once, and the stage holds no array at all: numbers only."""
    stage, body = reader(), Body(1, 100.0)
    for i in range(20):
        image = picture()
        paint(image, body, male=0.9)
        gone = weakref.ref(image)
        stage.update(frame(image, i / FPS), tracks(i / FPS, [body]))
        del image
        assert gone() is None
    assert arrays_of(stage) == []


def arrays_of(root: object) -> list[NDArray[Any]]:
    """All arrays that can be reached from an object, code left out."""
    todo, seen = [root], set[int]()
    found: list[NDArray[Any]] = []
    while todo:
        item = todo.pop()
        if id(item) in seen or isinstance(item, type) or hasattr(item, "__globals__") or hasattr(item, "__loader__"):
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            found.append(item)
        todo += gc.get_referents(item)
    return found


def test_the_search_for_arrays_finds_one() -> None:
    """The walk of the test above does find an array that is kept in the middle of such a stage."""
    stage = reader()
    stage._visits._live[1] = np.zeros(3)  # type: ignore[assignment]
    assert len(arrays_of(stage)) == 1


@pytest.mark.parametrize("crops", [1, 5])
def test_no_more_looks_are_kept_than_are_configured(crops: int) -> None:
    """`demographics.crops` is the bound on what is known of a visitor."""
    image, body = picture(), Body(1, 100.0)
    paint(image, body, male=0.9)
    stage = reader(crops=crops)
    show(stage, [body], image, 20.0)
    (visit,) = stage._visits._live.values()
    assert len(visit.votes.readings) == crops
