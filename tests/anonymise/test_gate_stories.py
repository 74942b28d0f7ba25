"""Restarts, and stories of anything at all: each event is in one bucket and one hour."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from anonymise.plans import FACE, IN, OUT, Camera, camera, clock_at, plan, stayed
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.anonymise import Face, Gate
from edge_agent.clock import ManualClock
from edge_agent.message import Counts, Hour
from edge_agent.terms import ClockState, GapCause, LineRole, Quality

# -- restarts ------------------------------------------------------------------------------------------------------


def test_a_restart_goes_on_with_the_open_bucket() -> None:
    """A process that dies and comes back loses the time between, as a gap, and nothing that was saved."""
    shop = camera(clock_at(0))
    shop.look(300)
    shop.see(IN)
    saved = shop.gate.checkpoint()
    again = camera(clock_at(420), saved)
    again.look(480)
    (bucket,) = again.counts
    assert bucket.lines[0].in_ == 1
    assert {g.cause: g.s for g in bucket.gaps} == {GapCause.OFF: 120}
    assert again.gate.live()["live/door/in"] == 1


def test_a_long_absence_is_filled_with_blind_windows() -> None:
    """Ten hours without power are forty blind buckets and ten blind hours, not a hole."""
    shop = camera(clock_at(0))
    shop.look(300)
    shop.see(IN)
    again = camera(clock_at(10 * 3600 + 60), shop.gate.checkpoint())
    again.look(1)
    assert len(again.counts) == 40
    assert len(again.hours) == 10
    assert again.counts[0].lines[0].in_ == 1
    assert all(Quality.BLIND in bucket.quality for bucket in again.counts[1:])


def test_a_month_in_a_drawer_is_not_filled() -> None:
    """After more than a week the saved bucket is closed where it stood, and counting begins anew."""
    shop = camera(clock_at(0))
    shop.look(300)
    shop.see(IN)
    again = camera(clock_at(30 * 86_400), shop.gate.checkpoint())
    again.look(900)
    assert [(b.start, b.end) for b in again.counts] == [
        ("2026-06-10T10:00:00Z", "2026-06-10T10:05:00Z"),
        ("2026-07-10T10:00:00Z", "2026-07-10T10:15:00Z"),
    ]


def test_another_geometry_closes_the_open_bucket_under_the_old_one() -> None:
    """Counts made with a line that has since been moved go out under the hash of the line that made them."""
    shop = camera(clock_at(0))
    shop.look(300)
    shop.see(IN)
    moved = Face((("door", LineRole.DOOR),), (), FACE.model, "f" * 16, FACE.config)
    again = camera(clock_at(310), shop.gate.checkpoint(), face=moved)
    again.look(600)
    assert [(b.geometry, b.lines[0].in_, b.start, b.end) for b in again.counts] == [
        ("1" * 16, 1, "2026-06-10T10:00:00Z", "2026-06-10T10:05:00Z"),
        ("f" * 16, 0, "2026-06-10T10:05:00Z", "2026-06-10T10:15:00Z"),
    ]


def test_held_counts_survive_a_crash() -> None:
    """What waits for a synchronised clock is saved as a sum, and goes into the first window after the restart."""
    shop = camera(ManualClock(1000.0, 0.0, synced=False))
    shop.look(50)
    shop.see(IN, IN)
    shop.gate.frame(stayed(shop.clock.monotonic(), 10))
    once = camera(ManualClock(7.0, 0.0, synced=False), shop.gate.checkpoint())
    once.see(OUT)
    twice = camera(clock_at(0), once.gate.checkpoint())
    twice.look(900)
    (bucket,) = twice.counts
    assert (bucket.lines[0].in_, bucket.lines[0].out, bucket.zones[0].stays) == (2, 1, 1)
    assert bucket.clock is ClockState.RECOVERED
    assert bucket.observed_s == 900


def test_held_counts_are_part_of_the_day() -> None:
    """What was counted before a crash and stamped after it is in the day's totals, as it is in the windows."""
    shop = camera(ManualClock(1000.0, 0.0, synced=False))
    shop.look(50)
    shop.see(IN, IN, OUT)
    again = camera(clock_at(0), shop.gate.checkpoint())
    again.look(10)
    live = again.gate.live()
    assert (live["live/door/in"], live["live/door/out"], live["live/c/inside"]) == (2, 1, 1)
    again.end()
    (hour,) = again.hours
    assert hour.day is not None
    assert (hour.day.in_, hour.day.out) == (hour.lines[0].in_, hour.lines[0].out) == (2, 1)


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b'{"version": 99}', b"\xff\xfe"])
def test_a_damaged_checkpoint_is_refused(damaged: bytes) -> None:
    """A checkpoint that cannot be read is an error to report, not a crash later on."""
    if not damaged:
        Gate(plan(), clock_at(0), damaged)
        return
    with pytest.raises(ValueError, match="counting starts afresh"):
        Gate(plan(), clock_at(0), damaged)


# -- anything ------------------------------------------------------------------------------------------------------

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.integers(1, 400)),
        st.tuples(st.just("in"), st.integers(1, 3)),
        st.tuples(st.just("out"), st.integers(1, 3)),
        st.tuples(st.just("gap"), st.integers(1, 5000)),
        st.tuples(st.just("late"), st.integers(3, 2000)),
        st.tuples(st.just("step"), st.integers(-90_000, 90_000)),
        st.tuples(st.just("restart"), st.integers(0, 90_000)),
        st.tuples(st.just("unsync"), st.just(0)),
        st.tuples(st.just("sync"), st.just(0)),
    ),
    max_size=40,
)


def _play(shop: Camera, what: str, n: int) -> Camera:
    match what:
        case "look":
            shop.look(n, every_s=1.0)
        case "in" | "out":
            shop.see(*([IN if what == "in" else OUT] * n))
        case "gap":
            shop.miss(n, GapCause.STALLED)
        case "late":
            shop.clock.advance(n)
            shop.see()
        case "step":
            shop.clock.step_utc(n)
        case "unsync" | "sync":
            shop.clock.synced = what == "sync"
        case _:
            windows, saved = shop.windows, shop.gate.checkpoint()
            shop.clock.advance(n)
            shop = camera(shop.clock, saved)
            shop.windows = windows + shop.windows
    return shop


@settings(max_examples=150, deadline=None)
@given(happenings, st.booleans())
def test_whatever_happens_nothing_is_lost_or_doubled(story: list[tuple[str, int]], synced: bool) -> None:  # noqa: FBT001
    """Gaps, late frames, clock steps and restarts in any order: each crossing is in one bucket and one hour."""
    shop = camera(clock_at(100, synced=synced))
    for what, n in story:
        shop = _play(shop, what, n)
    shop.end()
    want_in = sum(n for what, n in story if what == "in")
    want_out = sum(n for what, n in story if what == "out")
    for windows in (shop.counts, shop.hours):
        assert sum(w.lines[0].in_ for w in windows) == want_in
        assert sum(w.lines[0].out for w in windows) == want_out


@settings(max_examples=60, deadline=None)
@given(happenings.map(lambda story: [item for item in story if item[0] not in ("step", "unsync", "sync")]))
def test_without_clock_steps_windows_follow_each_other(story: list[tuple[str, int]]) -> None:
    """Buckets and hours are contiguous, aligned and of full length as long as the clock behaves."""
    shop = camera(clock_at(100))
    for what, n in story:
        shop = _play(shop, what, n)
    shop.end()
    for windows, length in ((shop.counts, 900), (shop.hours, 3600)):
        assert all(w.expected_s == length for w in windows)
        assert all(a.end == b.start for a, b in _pairs(windows))


def _pairs(windows: list[Counts] | list[Hour]) -> Iterator[tuple[Counts | Hour, Counts | Hour]]:
    return pairwise(windows)
