"""Counting mistakes that users of other counters reported, by the number of their report."""

import math
import random

import pytest
from counting.scenes import CLASSES, DOOR, IN, OUT, Seen, camera, counter, frame, play, walk

from edge_agent.counting import SceneCounter


def test_supervision_2578_unconfirmed_tracks_are_not_one_phantom() -> None:
    """Noise on both sides of the line that never becomes a track counts nothing (there: 7/9 became 97/95)."""
    frames = []
    for i in range(100):
        noise = (Seen(400 + 10 * (i % 3), 300, 2 * i + 1, confirmed=False), Seen(600, 300, 2 * i + 2, confirmed=False))
        frames.append(frame(i / 10, noise[i % 2], Seen(700, 700, 1000), ended=(2 * i, 2 * i - 1)))
    assert play(counter(lines=[DOOR]), frames).crossings == []


def test_supervision_2578_an_unconfirmed_track_that_crosses_and_ends_counts_nothing() -> None:
    """A ghost may cross a line as clearly as it likes."""
    xs = [400, 450, 500, 550, 600, 650, 700, 700]
    frames = [frame(i / 10, Seen(x, confirmed=False)) for i, x in enumerate(xs)]
    assert play(counter(lines=[DOOR]), [*frames, frame(0.8, ended=(1,))]).crossings == []


@pytest.mark.parametrize("flickers", [1, 3, 50])
@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize(("home", "away"), [(440, 560), (560, 440)], ids=["from the left", "from the right"])
def test_supervision_2598_2600_flicker_counts_in_neither_direction(
    flickers: int, length: int, home: int, away: int
) -> None:
    """A box that jumps over the line for less than the settling time counts nothing, however often."""
    xs = [home] * 4 + ([away] * length + [home] * 4) * flickers
    assert play(counter(lines=[DOOR]), walk([(x, 500) for x in xs])).crossings == []


@pytest.mark.parametrize("y", [3, 6, 10, 20])
def test_supervision_1838_lines_near_the_edge_of_the_picture_count(y: int) -> None:
    """There, a line 10 pixels from the edge could not count anything; here people come and go over it."""
    line = {"name": "top", "from": (0.0, y / 972), "to": (1.0, y / 972), "inside": (0.5, 0.9)}
    down = [(600.0, y / 4 + 10 * i) for i in range(12)]
    for path, expected in ((down, [IN]), (down[::-1], [OUT])):
        scene = SceneCounter(camera(lines=[line]), class_names=CLASSES, width=1296, height=972)
        assert play(scene, walk(path)).directions == expected


def test_supervision_1838_who_appears_beside_the_line_and_walks_on_counts() -> None:
    """Somebody who steps into the picture one hundredth from the line was never seen far away from it."""
    outcome = play(counter(lines=[DOOR]), walk([(490 + 8 * i, 500) for i in range(12)]))
    assert outcome.directions == [IN]


def test_supervision_210_every_line_counts_its_own_passers_only() -> None:
    """Eight lanes side by side: one car in one lane is counted once, by that lane's line (see also #518, PR#1540)."""
    lanes = [
        {"name": f"lane-{i}", "from": (0.1 * i, 0.5), "to": (0.1 * i + 0.09, 0.5), "inside": (0.5, 0.9)}
        for i in range(1, 9)
    ]
    outcome = play(counter(lines=lanes), walk([(445, 300 + 40 * i) for i in range(12)]))
    assert [crossing.line for crossing in outcome.crossings] == ["lane-4"]


def test_opendatacam_204_stop_and_go_on_the_line() -> None:
    """Four hours of a car that waits on a slanted line, its box jumping, and then drives on: one car."""
    chance = random.Random(204)
    line = {"name": "stop", "from": (0.3, 0.7), "to": (0.7, 0.5), "inside": (0.9, 0.9)}
    arrives = [(500.0 - 10 * i, 600.0 - 20 * i) for i in range(12, 0, -1)]
    waits = [(500 + chance.uniform(-10, 10), 600 + chance.uniform(-10, 10)) for _ in range(4 * 3600)]
    leaves = [(500.0 + 10 * i, 600.0 + 20 * i) for i in range(12)]
    frames = [frame(i / 5, Seen(x, y)) for i, (x, y) in enumerate(arrives + waits + leaves)]
    assert play(counter(lines=[line]), frames).directions == [IN]


def test_opendatacam_204_new_identities_on_the_line() -> None:
    """The same, and the tracker loses the waiting car every few frames: each new track is born on the line."""
    chance = random.Random(204)
    frames = []
    for i in range(5000):
        track_id = 1 + i // 7
        place = Seen(500 + chance.uniform(-14, 14), 500 + chance.uniform(-14, 14), track_id, confirmed=i % 7 >= 3)
        frames.append(frame(i / 5, place, ended=(track_id - 1,) if i % 7 == 0 else ()))
    assert play(counter(lines=[DOOR]), frames).crossings == []


def test_opendatacam_501_a_jumping_box_does_not_count_the_wrong_way() -> None:
    """A box whose edge swings back and forth on its way over the line counts once, the way it goes."""
    swing = [14 * math.sin(i) for i in range(120)]
    outcome = play(counter(lines=[DOOR]), walk([(420 + 1.5 * i + swing[i], 500) for i in range(120)]))
    assert outcome.directions == [IN]


def test_opendatacam_51_a_crossing_counts_once() -> None:
    """Neither lingering behind the line nor a chair beside it doubles the count."""
    chair = Seen(505, 520, 2, class_id=1)
    xs = [400 + 20 * i for i in range(10)] + [580] * 200
    frames = [frame(i / 10, Seen(x), chair) for i, x in enumerate(xs)]
    assert play(counter(lines=[DOOR]), frames).directions == [IN]


def test_opendatacam_51_an_id_that_comes_again_is_somebody_new() -> None:
    """Nothing of an ended track is left: the same number on the other side has crossed nothing."""
    frames = [frame(0.0, Seen(400)), frame(0.1, Seen(400)), frame(0.2, ended=(1,))]
    frames += [frame(0.3 + i / 10, Seen(600)) for i in range(10)]
    assert play(counter(lines=[DOOR]), frames).crossings == []


def test_ultralytics_14291_simultaneous_crossings_all_count() -> None:
    """Twenty people who cross in the same frame, both ways, are twenty crossings."""
    steps = [-100, -50, 50, 100, 150, 200]
    frames = [
        frame(i / 5, *[Seen(500 + (x if k % 2 else -x), 250 + 25 * k, k + 1) for k in range(20)])
        for i, x in enumerate(steps)
    ]
    outcome = play(counter(lines=[DOOR]), frames)
    assert max(len(events.crossings) for events in outcome.events) == 20
    assert outcome.directions.count(IN) == outcome.directions.count(OUT) == 10


def test_ended_tracks_are_forgotten() -> None:
    """A device that runs for years holds the state of live tracks only (supervision keeps every id for ever)."""
    scene = counter(lines=[DOOR])
    for i in range(2000):
        scene.update(frame(i / 10, Seen(400 + i % 200, 500, i + 1), ended=(i,)))
    assert len(scene._lines[0]._passages) == 1
