"""Who stays who: occlusion, crossings, frame rates, classes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tracker.paths import WIDTH, Seen, centre_of, confirmed_ids, frame, make_tracker, play, times

from edge_agent.records import Detections, Tracks

PACE = 80.0  # pixels a second: 0.8 heights, a walk


def hidden_walker(t_s: float) -> list[Seen]:
    """Somebody who walks to the right and turns back while a column hides most of her, from 2 s to 6 s."""
    return [Seen(100 + 200 * math.sin(math.pi * t_s / 8), score=0.2 if 2.0 < t_s < 6.0 else 0.8)]


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0])
def test_low_scores_carry_identity_through_occlusion(fps: float) -> None:
    """Somebody who is half hidden for four seconds keeps her id thanks to the doubtful detections."""
    history = play(make_tracker(), times(8, fps), hidden_walker)
    assert confirmed_ids(history) == [1]
    assert all(tracks.seen.all() for tracks in history)


def test_without_low_scores_the_same_walk_is_two_people() -> None:
    """The test above holds because of the second stage: without its detections the id changes."""
    history = play(make_tracker(), times(8, 10), lambda t_s: [seen for seen in hidden_walker(t_s) if seen.score >= 0.5])
    assert confirmed_ids(history) == [1, 2]


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0])
def test_a_walker_comes_out_behind_a_column(fps: float) -> None:
    """Somebody who is not seen at all for 0.6 s of an even walk is the same on the other side."""
    history = play(make_tracker(), times(6, fps), lambda t_s: [] if 2.0 < t_s < 2.6 else [Seen(100 + PACE * t_s)])
    assert confirmed_ids(history) == [1]


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0])
def test_people_who_cross_keep_their_ids(fps: float) -> None:
    """Two who walk past each other, the farther hidden while they overlap, do not swap."""

    def at(t_s: float) -> list[Seen]:
        left, right = 100 + PACE * t_s, 500 - PACE * t_s
        hidden = abs(left - right) < 0.6 * WIDTH
        return [Seen(left, 210)] + ([] if hidden else [Seen(right, 190)])

    history = play(make_tracker(), times(5, fps), at)
    assert confirmed_ids(history) == [1, 2]
    begun, ended = history[0], history[-1]
    for track_id in (1, 2):
        moved = centre_of(ended, track_id)[0] - centre_of(begun, track_id)[0]
        assert abs(moved) == pytest.approx(5 * PACE, abs=1)


@pytest.mark.parametrize("speed", [150.0, 220.0])
def test_a_runner_at_five_frames_a_second_is_one_person(speed: float) -> None:
    """Somebody whose boxes of two frames do not even touch keeps one id from the first frame on."""
    assert speed / 5 >= WIDTH
    history = play(make_tracker(), times(3, 5), lambda t_s: [Seen(100 + speed * t_s)])
    assert [tracks.track_id.tolist() for tracks in history] == [[1]] * len(history)


def test_the_one_behind_does_not_become_the_one_ahead() -> None:
    """When the first of a file of walkers is missed for two frames, nobody moves up into her id."""

    def at(t_s: float) -> list[Seen]:
        missed = 1.9 < t_s < 2.3
        return [Seen(300 + PACE * t_s - 60 * i) for i in range(4) if i or not missed]

    history = play(make_tracker(), times(5, 5), at)
    assert confirmed_ids(history) == [1, 2, 3, 4]
    places = [centre_of(history[-1], track_id)[0] for track_id in (1, 2, 3, 4)]
    assert sorted(places) == sorted(300 + PACE * 5 - 60 * i for i in range(4))
    begun = [centre_of(history[0], track_id)[0] for track_id in (1, 2, 3, 4)]
    np.testing.assert_allclose(np.subtract(places, begun), 5 * PACE, atol=0.1)


@pytest.mark.parametrize("fps", [5.0, 30.0])
def test_the_next_visitor_is_not_the_one_who_left(fps: float) -> None:
    """Somebody who comes in a second after another went, a little more than a metre away, is somebody else."""
    history = play(
        make_tracker(), times(4, fps), lambda t_s: [Seen(100 if t_s < 2 else 200)] if t_s < 2 or t_s > 3 else []
    )
    assert confirmed_ids(history) == [1, 2]


def test_nobody_jumps_half_a_metre_in_a_thirtieth_of_a_second() -> None:
    """Where the filter is sure, a detection that does not overlap is somebody else."""
    history = play(make_tracker(), times(4, 30), lambda t_s: [Seen(100 if t_s < 2 else 150)])
    assert confirmed_ids(history) == [1, 2]


def test_a_child_is_not_the_adult_who_stood_there() -> None:
    """A detection beside the expected place, half as large as the person, begins a track of its own."""
    tracker = make_tracker()
    adult = play(tracker, times(2, 5), lambda _: [Seen(100)])[-1]
    child = Detections(np.array([[116, 175, 131, 225]], np.float32), np.array([0.8], np.float32), np.zeros(1, np.int64))
    tracks = tracker.update(child, adult.t_s + 0.6)
    assert tracks.track_id.tolist() == [1, 2]
    assert tracks.seen.tolist() == [False, True]


def test_the_surer_of_two_boxes_is_followed() -> None:
    """Of two detections that fit a track equally well, the one with the higher score continues it."""
    tracker = make_tracker()
    play(tracker, times(2, 10), lambda _: [Seen(100)])
    for shift in (3, -3):
        tracks = tracker.update(frame([Seen(100 + shift, score=0.9), Seen(100 - shift, score=0.6)]), 2.1)
        assert tracks.score[0] == np.float32(0.9)


def test_the_same_walk_is_the_same_at_any_rate() -> None:
    """Two people followed at 5, 10 and 30 fps have the same ids, and where they are expected agrees."""

    def at(t_s: float) -> list[Seen]:
        seen = [Seen(100 + PACE * t_s, 200), Seen(600 - PACE * t_s, 420)]
        return seen if t_s <= 4.0 else []

    endings = [play(make_tracker(), times(4.6, fps), at)[-1] for fps in (5.0, 10.0, 30.0)]
    for tracks in endings:
        assert tracks.track_id.tolist() == [1, 2]
        assert not tracks.seen.any()
        np.testing.assert_allclose(tracks.xyxy, endings[0].xyxy, atol=8)


@settings(max_examples=50)
@given(st.lists(st.floats(0.03, 0.5), min_size=10, max_size=40))
def test_uneven_frames_keep_one_id(gaps_s: list[float]) -> None:
    """A walker is one track however unevenly the frames come, down to two a second."""
    moments = np.cumsum([0.0, 0.1, 0.1, 0.1, *gaps_s]).tolist()
    history = play(make_tracker(), moments, lambda t_s: [Seen(100 + PACE * t_s)])
    assert [tracks.track_id.tolist() for tracks in history] == [[1]] * len(history)


def test_classes_never_mix() -> None:
    """A bottle in somebody's hand is another track, and neither ever takes over the other."""
    tracker = make_tracker()
    both = play(tracker, times(2, 10), lambda t_s: [Seen(100 + PACE * t_s), Seen(100 + PACE * t_s, 201, class_id=39)])
    assert all(tracks.class_id.tolist() == [0, 39] for tracks in both)
    only = play(tracker, times(1, 10, start_s=2.1), lambda t_s: [Seen(100 + PACE * t_s, 201, class_id=39)])
    for tracks in only:
        assert tracks.class_id.tolist() == [0, 39]
        assert tracks.seen.tolist() == [False, True]


def test_a_thing_that_changes_its_class_is_another_thing() -> None:
    """A detection of another class in the same place begins a track of its own."""
    history = play(make_tracker(), times(4, 10), lambda t_s: [Seen(100, class_id=int(t_s >= 2))])
    assert confirmed_ids(history) == [1, 2]
    assert history[-1].class_id.tolist() == [1]


people = st.lists(
    st.builds(
        Seen,
        x=st.floats(0, 600, width=32),
        y=st.floats(0, 400, width=32),
        score=st.floats(0, 1, width=32),
        class_id=st.integers(0, 1),
    ),
    max_size=6,
)
films = st.lists(st.tuples(st.floats(0, 1.5), people), min_size=1, max_size=25)


def watch(film: list[tuple[float, list[Seen]]]) -> list[Tracks]:
    """Show a film of (seconds since the frame before, detections) to a tracker."""
    tracker = make_tracker()
    t_s = 0.0
    history = []
    for gap_s, seen in film:
        t_s += gap_s
        history.append(tracker.update(frame(seen), t_s))
    return history


@given(films)
def test_ids_live_once(film: list[tuple[float, list[Seen]]]) -> None:
    """Ids ascend from 1, keep their class and confirmation, end exactly once and never come back."""
    ended: list[int] = []
    known: dict[int, tuple[int, bool]] = {}
    for tracks in watch(film):
        ids = tracks.track_id.tolist()
        assert ids == sorted(set(ids))
        new = [i for i in ids if i not in known]
        assert new == list(range(len(known) + 1, len(known) + 1 + len(new)))
        ended += tracks.ended
        assert not set(ids) & set(ended)
        for i, class_id, confirmed in zip(ids, tracks.class_id.tolist(), tracks.confirmed.tolist(), strict=True):
            was_class, was_confirmed = known.get(i, (class_id, False))
            assert class_id == was_class
            assert confirmed >= was_confirmed
            known[i] = class_id, confirmed
        assert set(known) == set(ids) | set(ended)
    assert len(ended) == len(set(ended))


@given(films)
def test_each_seen_track_is_a_detection_of_its_own(film: list[tuple[float, list[Seen]]]) -> None:
    """A track that is seen has the box, score and class of one detection of that frame, shared with no other."""
    for (_, seen), tracks in zip(film, watch(film), strict=True):
        found = frame(seen)
        given_out = sorted(zip(found.xyxy.tolist(), found.score.tolist(), found.class_id.tolist(), strict=True))
        shown = tracks.seen
        for row in zip(
            tracks.xyxy[shown].tolist(), tracks.score[shown].tolist(), tracks.class_id[shown].tolist(), strict=True
        ):
            assert row in given_out
            given_out.remove(row)
        assert np.isfinite(tracks.xyxy).all()
        assert (tracks.xyxy[:, 2:] > tracks.xyxy[:, :2]).all()


@given(films)
def test_pixels_do_not_matter(film: list[tuple[float, list[Seen]]]) -> None:
    """A camera of twice the resolution, its picture upside down, sees the same tracks."""
    tracker = make_tracker()
    t_s = 0.0
    for (gap_s, seen), tracks in zip(film, watch(film), strict=True):
        t_s += gap_s
        found = frame(seen)
        turned = Detections(-2 * found.xyxy[:, [2, 3, 0, 1]], found.score, found.class_id)
        twin = tracker.update(turned, t_s)
        assert twin.track_id.tolist() == tracks.track_id.tolist()
        assert twin.seen.tolist() == tracks.seen.tolist()
        np.testing.assert_allclose(twin.xyxy, -2 * tracks.xyxy[:, [2, 3, 0, 1]], rtol=1e-4, atol=1e-2)
