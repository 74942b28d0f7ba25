"""Laws that hold for lines whatever the paths."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from counting.scenes import CLASSES, DOOR, IN, OUT, Outcome, Seen, camera, counter, frame, play
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge_agent.config import LineConfig
from edge_agent.counting import SceneCounter
from edge_agent.records import Tracks
from edge_agent.terms import Direction

coordinates = st.floats(0.0, 1000.0, width=32)
places = st.tuples(coordinates, coordinates)
close_places = st.tuples(st.floats(440.0, 560.0, width=32), coordinates)
paths = st.lists(st.one_of(close_places, places), min_size=2, max_size=30)
tenths = st.integers(1, 9).map(lambda n: n / 10)
WALL = {**DOOR, "from": (0.5, 0.0), "to": (0.5, 1.0)}

Path = Sequence[tuple[float, float]]


@st.composite
def lines(draw: st.DrawFn) -> LineConfig:
    """Draw any line whose inside point is clearly beside it."""
    x1, y1, x2, y2 = (draw(tenths) for _ in range(4))
    x, y = draw(tenths), draw(tenths)
    assume(abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) > 1e-6)
    return LineConfig.model_validate(
        {
            "name": "any",
            "from": (x1, y1),
            "to": (x2, y2),
            "inside": (x, y),
            "hysteresis": draw(st.sampled_from([0.0, 0.015, 0.05])),
            "settle_s": draw(st.sampled_from([0.0, 0.25, 1.0])),
            "min_travel": draw(st.sampled_from([0.0, 0.04, 0.2])),
        }
    )


def redrawn(line: LineConfig, **points: tuple[float, float]) -> LineConfig:
    """Return the line with some of its points elsewhere."""
    return LineConfig.model_validate(line.model_dump(by_alias=True) | points)


def at(points: Path, every_s: float = 0.2, start_s: float = 0.0) -> list[Tracks]:
    """Return the frames of one track."""
    return [frame(start_s + i * every_s, Seen(x, y)) for i, (x, y) in enumerate(points)]


def dated(outcome: Outcome) -> list[tuple[Direction, float]]:
    """Return directions and times of all crossings in order of time."""
    return sorted(((c.direction, c.t_s) for c in outcome.crossings), key=lambda crossing: crossing[1])


def assert_same(one: list[tuple[Direction, float]], other: list[tuple[Direction, float]]) -> None:
    """Assert that two lists of crossings are equal, rounding of the times aside."""
    assert [direction for direction, _ in one] == [direction for direction, _ in other]
    assert [t_s for _, t_s in one] == pytest.approx([t_s for _, t_s in other], abs=1e-6)


@settings(deadline=None)
@given(lines(), paths)
def test_mirroring_the_scene_swaps_in_and_out(line: LineConfig, path: Path) -> None:
    """With `inside` on the other side every IN is an OUT and the other way round, at the same times."""
    middle = [(a + b) / 2 for a, b in zip(line.from_, line.to, strict=True)]
    x, y = (m + (m - i) / 20 for m, i in zip(middle, line.inside, strict=True))
    here = dated(play(counter(lines=[line]), at(path)))
    there = dated(play(counter(lines=[redrawn(line, inside=(x, y))]), at(path)))
    assert_same(here, [(IN if direction is OUT else OUT, t_s) for direction, t_s in there])


@settings(deadline=None)
@given(lines(), paths)
def test_a_mirrored_picture_counts_the_same(line: LineConfig, path: Path) -> None:
    """What the camera sees in a mirror, line included, is the same traffic."""
    assume(clear_of_limits(line, path))
    ends = {"from": line.from_, "to": line.to, "inside": line.inside}
    mirrored = redrawn(line, **{key: (1.0 - x, y) for key, (x, y) in ends.items()})
    here = play(counter(lines=[line]), at(path))
    there = play(counter(lines=[mirrored]), at([(1000.0 - x, y) for x, y in path]))
    assert_same(dated(here), dated(there))


def distance(place: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return how far a place is from the straight way between two others."""
    along = [b - a for a, b in zip(start, end, strict=True)]
    off = [p - a for a, p in zip(start, place, strict=True)]
    square = along[0] ** 2 + along[1] ** 2
    share = 0.0 if square == 0 else min(1.0, max(0.0, (along[0] * off[0] + along[1] * off[1]) / square))
    return math.hypot(off[0] - share * along[0], off[1] - share * along[1])


def clear_of_limits(line: LineConfig, path: Path) -> bool:
    """Return whether rounding decides nothing, because a hundredth of a pixel does not.

    No place may lie on the line, on its band's edge or at the least travel; no way may pass over an end of the line.
    """
    ends = [(x * 1000, y * 1000) for x, y in (line.from_, line.to)]
    (x1, y1), (x2, y2) = ends
    depths = [abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / math.dist(*ends) for x, y in path]
    return (
        all(abs(depth - limit) > 0.01 for depth in depths for limit in (0.0, 1000 * line.hysteresis))
        and all(abs(math.dist(path[0], place) - 1000 * line.min_travel) > 0.01 for place in path)
        and all(distance(end, *way) > 0.01 for end in ends for way in pairwise(path))
    )


@settings(deadline=None)
@given(lines(), paths, st.lists(st.floats(0.05, 0.95), min_size=1, max_size=4))
def test_splitting_a_path_in_time_changes_nothing(line: LineConfig, path: Path, shares: list[float]) -> None:
    """More frames of the same movement give the same crossings at the same times."""
    coarse = [(0.2 * i, x, y) for i, (x, y) in enumerate(path)]
    fine = []
    for (t0, x0, y0), (t1, x1, y1) in pairwise(coarse):
        fine += [(t0 + (t1 - t0) * s, x0 + (x1 - x0) * s, y0 + (y1 - y0) * s) for s in (0.0, *sorted(set(shares)))]
    fine.append(coarse[-1])
    # Boxes are rounded to float32; where that may move a place over a limit, nothing can be said.
    assume(clear_of_limits(line, [(x, y) for _, x, y in fine]))
    once, split = (
        dated(play(counter(lines=[line]), [frame(t_s, Seen(x, y)) for t_s, x, y in places]))
        for places in (coarse, fine)
    )
    assert [direction for direction, _ in once] == [direction for direction, _ in split]
    assert [t_s for _, t_s in once] == pytest.approx([t_s for _, t_s in split], abs=1e-3)


@settings(deadline=None)
@given(
    jitter=st.lists(st.tuples(st.floats(-0.99, 0.99), st.floats(-0.99, 0.99)), min_size=1, max_size=60),
    every_s=st.sampled_from([0.03, 0.1, 0.5, 5.0]),
    arrives=st.booleans(),
)
def test_a_box_that_jitters_on_the_line_counts_nothing(
    jitter: list[tuple[float, float]], every_s: float, *, arrives: bool
) -> None:
    """Within the hysteresis any pattern, at any rate, for any time, of anybody who was born there or walked there."""
    path = [(500 + 15 * x, 500 + 15 * y) for x, y in jitter]
    if arrives:
        path = [(300.0, 500.0), (400.0, 500.0), (450.0, 500.0), (480.0, 500.0), *path]
    assert play(counter(lines=[DOOR]), at(path * 3, every_s)).crossings == []


@settings(deadline=None)
@given(paths, st.sampled_from([0.25, 0.5, 2.0, 4.0, 1.92]))
def test_scaling_the_picture_changes_no_count(path: Path, scale: float) -> None:
    """The same scene in another resolution gives the same crossings at the same times."""
    assume(clear_of_limits(LineConfig.model_validate(DOOR), path))
    scaled = SceneCounter(
        camera(lines=[DOOR]), class_names=CLASSES, width=round(1000 * scale), height=round(1000 * scale)
    )
    here = play(counter(lines=[DOOR]), at(path))
    there = play(scaled, at([(x * scale, y * scale) for x, y in path]))
    assert [direction for direction, _ in dated(here)] == [direction for direction, _ in dated(there)]
    assert [t for _, t in dated(here)] == pytest.approx([t for _, t in dated(there)], abs=1e-3)


@settings(deadline=None)
@given(paths, st.integers(-1000, 1000))
def test_shifting_the_time_shifts_the_crossings(path: Path, start_s: int) -> None:
    """Only differences of time matter, also before zero."""
    here = dated(play(counter(lines=[DOOR]), at(path, 0.25)))
    there = dated(play(counter(lines=[DOOR]), at(path, 0.25, start_s=start_s)))
    assert_same([(direction, t_s + start_s) for direction, t_s in here], there)


@settings(deadline=None)
@given(st.lists(st.one_of(close_places, places), min_size=2, max_size=60))
def test_in_minus_out_says_where_the_person_went(path: Path) -> None:
    """Where nobody can go round the line, a track's crossings alternate, and their sum is -1, 0 or 1."""
    directions = play(counter(lines=[WALL]), at(path)).directions
    assert all(one is not other for one, other in pairwise(directions))
    balance = directions.count(IN) - directions.count(OUT)
    assert balance in (-1, 0, 1)
    if balance:
        assert (path[0][0] < 500) is (balance > 0)


@settings(deadline=None)
@given(st.lists(close_places, min_size=2, max_size=30), st.floats(420, 440), st.floats(560, 580))
def test_walking_back_the_same_way_is_counted_the_other_way(path: Path, left: float, right: float) -> None:
    """From well outside to well inside is one more IN than OUT; the same way back one more OUT than IN."""
    there = [(left, 500.0), (left, 500.0), (left, 500.0), *path, (right, 500.0), (right, 500.0), (right, 500.0)]
    for way, expected in ((there, 1), (there[::-1], -1)):
        directions = play(counter(lines=[WALL]), at(way)).directions
        assert directions.count(IN) - directions.count(OUT) == expected


@settings(deadline=None)
@given(st.lists(paths, min_size=2, max_size=4))
def test_tracks_do_not_influence_each_other(several: list[Path]) -> None:
    """What a crowd counts is the sum of what each counts alone."""
    longest = max(map(len, several))
    frames = [
        frame(0.2 * i, *[Seen(*path[i], track_id=k) for k, path in enumerate(several, 1) if i < len(path)])
        for i in range(longest)
    ]
    together = dated(play(counter(lines=[DOOR]), frames))
    alone = [crossing for path in several for crossing in dated(play(counter(lines=[DOOR]), at(path)))]
    assert sorted(together) == sorted(alone)


@settings(deadline=None)
@given(paths, st.data())
def test_unseen_frames_between_change_no_count(path: Path, data: st.DataObject) -> None:
    """Predictions between two sights, however wild, leave the crossings as they are."""
    frames = []
    for i, (x, y) in enumerate(path):
        frames.append(frame(0.2 * i, Seen(x, y)))
        wild = Seen(*data.draw(places), seen=False)
        frames.append(frame(0.2 * i + 0.1, replace(wild, confirmed=data.draw(st.booleans()))))
    assert dated(play(counter(lines=[DOOR]), frames)) == dated(play(counter(lines=[DOOR]), at(path)))
