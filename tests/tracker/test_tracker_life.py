"""How tracks are born, confirmed and ended, and what is refused."""

import math

import numpy as np
import pytest
from tracker.paths import Seen, confirmed_ids, frame, make_tracker, play, times

from edge_agent.config.schema import TrackerConfig
from edge_agent.records import Detections
from edge_agent.tracker import Tracker


@pytest.mark.parametrize(("fps", "frames"), [(30.0, 10), (10.0, 4), (5.0, 3), (2.0, 3)])
def test_confirmation_asks_for_time_and_sights(fps: float, frames: int) -> None:
    """A track counts from the first frame at which it was seen for 0.3 s and three times, whatever the rate."""
    history = play(make_tracker(), times(6.0, fps), lambda _: [Seen(100)])
    assert [bool(tracks.confirmed[0]) for tracks in history[: frames + 1]] == [False] * (frames - 1) + [True] * 2


def test_confirmation_does_not_hang_on_rounding() -> None:
    """Ten frames of 0.1 s confirm after the same number of frames at any time of day."""
    for start_s in (0.0, 7.7, 86_400.3, 5_000_000.1):
        history = play(make_tracker(), times(1.0, 10, start_s=start_s), lambda _: [Seen(100)])
        assert [bool(tracks.confirmed[0]) for tracks in history[:4]] == [False, False, False, True]


def test_one_sight_may_be_enough() -> None:
    """With no confirmation configured, a track counts from its first detection."""
    tracker = make_tracker(TrackerConfig(confirm_hits=1, confirm_s=0.0))
    assert tracker.update(frame([Seen(100)]), 0.0).confirmed.all()


@pytest.mark.parametrize("fps", [5.0, 10.0, 30.0])
def test_flicker_is_never_confirmed(fps: float) -> None:
    """What is seen in one of three frames for a minute, always in the same place, never counts."""
    history = play(make_tracker(), times(60, fps), lambda t_s: [Seen(100)] if round(t_s * fps) % 3 == 0 else [])
    assert confirmed_ids(history) == []
    assert max(len(tracks) for tracks in history) == 1


def test_a_single_miss_does_not_start_over() -> None:
    """Somebody missed once while unconfirmed keeps the id and is confirmed."""
    history = play(make_tracker(), times(1, 10), lambda t_s: [] if round(t_s * 10) == 1 else [Seen(100)])
    assert confirmed_ids(history) == [1]


def test_doubtful_detections_begin_nothing() -> None:
    """A score below the operating threshold never begins a track."""
    history = play(make_tracker(), times(5, 10), lambda _: [Seen(100, score=0.49)])
    assert all(len(tracks) == 0 for tracks in history)


def test_doubtful_detections_confirm_nothing() -> None:
    """One confident detection followed by doubtful ones only keeps a track alive, uncounted."""
    history = play(make_tracker(), times(5, 10), lambda t_s: [Seen(100, score=0.8 if t_s == 0 else 0.3)])
    assert confirmed_ids(history) == []
    assert all(len(tracks) == 1 for tracks in history)


def test_a_wavering_score_is_followed() -> None:
    """Somebody half hidden, confident in one frame of four and doubtful in between, is one confirmed track."""
    history = play(
        make_tracker(), times(5, 10), lambda t_s: [Seen(100, score=0.6 if round(t_s * 10) % 4 == 0 else 0.3)]
    )
    assert confirmed_ids(history) == [1]


def test_detections_below_the_low_score_are_nothing() -> None:
    """A track is not continued by a detection that is as good as none."""
    tracker = make_tracker()
    play(tracker, times(1, 10), lambda _: [Seen(100)])
    tracks = tracker.update(frame([Seen(100, score=0.05)]), 1.1)
    assert not tracks.seen.any()


def test_an_unseen_track_coasts_and_ends() -> None:
    """A confirmed track that is not seen stays, marked unseen, for lost_s and is reported as ended once after it."""
    tracker = make_tracker(TrackerConfig(lost_s=2.0))
    play(tracker, times(1, 10), lambda _: [Seen(100)])
    history = play(tracker, times(4, 10, start_s=1.1), lambda _: [])
    assert [len(tracks) for tracks in history] == [1] * 20 + [0] * 21
    assert not any(tracks.seen.any() for tracks in history)
    assert [tracks.ended for tracks in history if tracks.ended] == [(1,)]
    assert history[20].ended == (1,)


def test_a_long_gap_ends_everything() -> None:
    """After more than lost_s without a frame nobody is taken for somebody from before, not even in the same place."""
    tracker = make_tracker(TrackerConfig(lost_s=2.0))
    play(tracker, times(1, 10), lambda _: [Seen(100), Seen(300)])
    tracks = tracker.update(frame([Seen(100)]), 3.1)
    assert tracks.ended == (1, 2)
    assert tracks.track_id.tolist() == [3]
    assert not tracks.confirmed.any()


def test_reset_ends_everything_and_keeps_counting() -> None:
    """A source that starts over gets new ids; the old ones are reported as ended by the next update."""
    tracker = make_tracker()
    play(tracker, times(1, 10, start_s=50.0), lambda _: [Seen(100)])
    tracker.reset()
    tracks = tracker.update(frame([Seen(100)]), 0.0)
    assert tracks.ended == (1,)
    assert tracks.track_id.tolist() == [2]
    assert tracker.update(frame([Seen(100)]), 0.1).ended == ()


def test_memory_is_bounded() -> None:
    """There are never more than max_tracks tracks, and the surest of the newcomers get the places."""
    tracker = make_tracker(TrackerConfig(max_tracks=3))
    tracks = tracker.update(frame([Seen(100.0 * i, score=0.5 + 0.05 * i) for i in range(8)]), 0.0)
    np.testing.assert_allclose(tracks.score, [0.85, 0.8, 0.75])


def test_the_stalest_unseen_track_makes_room() -> None:
    """A newcomer takes the place of the track that was not seen for longest; those that are seen stay."""
    tracker = make_tracker(TrackerConfig(max_tracks=3))
    gone_after = {100.0: 1.0, 400.0: 0.5, 700.0: 9.0}
    play(tracker, times(1.5, 10), lambda t_s: [Seen(x) for x, end_s in gone_after.items() if t_s <= end_s])
    first = tracker.update(frame([Seen(700), Seen(1000)]), 1.6)
    assert (first.ended, first.track_id.tolist()) == ((2,), [1, 3, 4])
    second = tracker.update(frame([Seen(700), Seen(1000), Seen(1300), Seen(1600)]), 1.7)
    assert (second.ended, second.track_id.tolist()) == ((1,), [3, 4, 5])


def test_boxes_without_size_or_number_are_left_out() -> None:
    """Empty, inverted and not-a-number boxes and scores neither begin tracks nor spoil those that are there."""
    tracker = make_tracker()
    play(tracker, times(1, 10), lambda _: [Seen(100)])
    nan = math.nan
    boxes = [[85, 150, 115, 250], [10, 10, 10, 50], [10, 10, 50, 10], [50, 50, 10, 10], [nan, 0, 5, 5], [0, 0, 9, 9]]
    scores = [0.8, 0.9, 0.9, 0.9, 0.9, nan]
    spoilt = Detections(np.array(boxes, np.float32), np.array(scores, np.float32), np.zeros(6, np.int64))
    tracks = tracker.update(spoilt, 1.1)
    assert tracks.track_id.tolist() == [1]
    assert tracks.seen.all()
    assert np.isfinite(tracks.xyxy).all()


def test_tiny_boxes_are_tracked() -> None:
    """Boxes far smaller than a pixel break nothing."""
    tracker = make_tracker()
    speck = Detections(np.array([[5, 5, 5.001, 5.001]], np.float32), np.array([0.9], np.float32), np.zeros(1, np.int64))
    for i in range(30):
        tracks = tracker.update(speck, i / 10)
    assert np.isfinite(tracks.xyxy).all()


@pytest.mark.parametrize("t_s", [0.5, -1.0, math.nan, math.inf])
def test_time_that_runs_backwards_is_refused(t_s: float) -> None:
    """A frame from before the last one, or from no time at all, is a mistake that is named."""
    tracker = make_tracker()
    tracker.update(frame([Seen(100)]), 1.0)
    with pytest.raises(ValueError, match=r"frame at .* s after one at 1.0 s"):
        tracker.update(frame([Seen(100)]), t_s)


def test_two_frames_of_one_instant_are_accepted() -> None:
    """Some files repeat a timestamp: the second picture is looked at like any other."""
    tracker = make_tracker()
    tracker.update(frame([Seen(100)]), 1.0)
    tracks = tracker.update(frame([Seen(101)]), 1.0)
    assert tracks.track_id.tolist() == [1]


@pytest.mark.parametrize(("low", "high"), [(0.6, 0.5), (-0.1, 0.5), (0.1, 1.1), (math.nan, 0.5)])
def test_scores_out_of_order_are_refused(low: float, high: float) -> None:
    """Thresholds that make no sense are refused when the tracker is made, not felt in the counts."""
    with pytest.raises(ValueError, match="must be 0 <= low <= high <= 1"):
        Tracker(TrackerConfig(), high_score=high, low_score=low)


def test_results_are_not_touched_later() -> None:
    """What was returned for one frame stays as it was when the next frames come."""
    tracker = make_tracker()
    first = tracker.update(frame([Seen(100), Seen(300)]), 0.0)
    kept = first.xyxy.copy(), first.seen.copy(), first.score.copy()
    play(tracker, times(1, 10, start_s=0.1), lambda t_s: [Seen(100 + 50 * t_s, score=0.6)])
    for now, then in zip((first.xyxy, first.seen, first.score), kept, strict=True):
        np.testing.assert_array_equal(now, then)
