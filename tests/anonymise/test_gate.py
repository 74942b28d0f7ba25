"""Windows: every event and every second is entered once, whatever the clock, the camera and the process do."""

from datetime import UTC, datetime

import pytest
from anonymise.plans import IN, OUT, T0, Camera, camera, clock_at, occupied, plan, stayed
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.anonymise import Gate
from edge_agent.clock import ManualClock
from edge_agent.message import DWELL_EDGES_S
from edge_agent.terms import ClockState, GapCause, Quality


def test_zeros_are_sent() -> None:
    """A quarter of an hour with nobody in sight is a bucket with a zero for every line and zone."""
    shop = camera(clock_at(0))
    shop.look(901)
    (bucket,) = shop.counts
    assert [(line.name, line.in_, line.out) for line in bucket.lines] == [("door", 0, 0), ("street", 0, 0)]
    assert (bucket.observed_s, bucket.gaps, bucket.frames) == (900, (), 899)
    assert bucket.zones[0].occupancy.model_dump() == {"min": 0, "mean_milli": 0, "max": 0, "presence_s": 0}


def test_an_hour_is_the_sum_of_its_buckets() -> None:
    """The sealed hour adds up to its four buckets, and carries dwell, capture and the day's balance beside them."""
    shop = camera(clock_at(0))
    for _ in range(4):
        shop.look(450)
        shop.see(IN, IN, OUT)
        shop.see(IN, OUT, line="street")
        shop.gate.frame(stayed(shop.clock.monotonic(), 42.0))
        shop.look(450)
    (hour,) = shop.hours
    assert [bucket.end for bucket in shop.counts][-1] == hour.end == "2026-06-10T11:00:00Z"
    assert (hour.lines[0].in_, hour.lines[0].out) == (8, 4)
    assert sum(bucket.lines[0].in_ for bucket in shop.counts) == 8
    assert hour.zones[0].dwell[sum(edge <= 42 for edge in DWELL_EDGES_S)] == hour.zones[0].stays == 4
    assert hour.pass_by is not None
    assert (hour.pass_by.passed, hour.pass_by.entered) == (8, 8)
    assert hour.day is not None
    assert (hour.day.in_, hour.day.out, hour.day.imbalance) == (8, 4, 4)
    assert hour.frames == sum(bucket.frames for bucket in shop.counts)


def test_the_past_before_the_start_is_a_gap() -> None:
    """A device that starts at 10:35 says for bucket and hour that it was off before."""
    shop = camera(clock_at(35 * 60))
    shop.look(25 * 60)
    assert [(g.cause, g.s) for g in shop.counts[0].gaps] == [(GapCause.OFF, 300)]
    assert [(g.cause, g.s) for g in shop.hours[0].gaps] == [(GapCause.OFF, 2100)]
    assert Quality.DEGRADED in shop.hours[0].quality


def test_blindness_is_never_a_zero() -> None:
    """A bucket without sight has no occupancy at all, is called blind, and names the cause."""
    shop = camera(clock_at(0))
    shop.look(100)
    shop.miss(1700, GapCause.DISCONNECTED)
    shop.look(1)
    first, second = shop.counts
    assert [(g.cause, g.s) for g in first.gaps] == [(GapCause.DISCONNECTED, 800)]
    assert [(g.cause, g.s) for g in second.gaps] == [(GapCause.DISCONNECTED, 900)]
    assert Quality.BLIND in second.quality
    assert second.zones[0].occupancy.max is None


def test_occupancy_is_weighed_with_observed_time() -> None:
    """The mean is over the seconds that were observed, not over the whole window."""
    shop = camera(clock_at(0))
    shop.look(100)
    shop.gate.frame(occupied(shop.clock.monotonic(), 4))
    shop.look(100)
    shop.gate.settle(occupied(shop.clock.monotonic(), 0))
    shop.miss(700, GapCause.STALLED)
    occupancy = shop.counts[0].zones[0].occupancy
    assert (occupancy.min, occupancy.mean_milli, occupancy.max, occupancy.presence_s) == (0, 2000, 4, 400)


def test_a_silent_source_is_noticed_by_the_clock() -> None:
    """When neither frame nor gap arrives, the tick itself makes a gap and the live leaves say unknown."""
    shop = camera(clock_at(0))
    shop.look(10)
    shop.clock.advance(1.5)
    shop.gate.tick(shop.clock.monotonic())
    assert shop.gate.live()["live/door/in"] == 0
    shop.clock.advance(3600)
    shop.gate.tick(shop.clock.monotonic())
    shop.collect()
    assert shop.gate.blind is GapCause.STALLED
    assert set(shop.gate.live().values()) == {None}
    assert len(shop.counts) == 4


def test_slow_frames_are_an_overload() -> None:
    """Frames further apart than the plan allows were not watched in between."""
    shop = camera(clock_at(0))
    shop.look(900, every_s=5.0)
    assert [(g.cause, g.s) for g in shop.counts[0].gaps] == [(GapCause.OVERLOAD, 900)]
    assert shop.counts[0].frames == 179


def test_live_leaves_follow_the_day() -> None:
    """Lines count up since local midnight and start again at zero there; inside never falls below zero."""
    shop = camera(clock_at(11.9 * 3600))
    shop.look(10)
    shop.see(OUT)
    shop.see(IN, IN)
    assert shop.gate.live() == {
        "live/door/in": 2,
        "live/door/out": 1,
        "live/street/in": 0,
        "live/street/out": 0,
        "live/c/inside": 2,
        "live/c/table/occupancy": 0,
    }
    shop.look(600)
    assert shop.gate.live()["live/door/in"] == 0
    assert shop.gate.live()["live/c/inside"] == 0


def test_an_end_of_clip_closes_everything() -> None:
    """What is over is published at once; the time that the clip did not fill is a gap named so."""
    shop = camera(clock_at(600))
    shop.look(100)
    shop.see(IN)
    shop.end()
    (bucket,), (hour,) = shop.counts, shop.hours
    assert {g.cause: g.s for g in bucket.gaps} == {GapCause.OFF: 600, GapCause.ENDED: 200}
    assert {g.cause: g.s for g in hour.gaps} == {GapCause.OFF: 600, GapCause.ENDED: 2900}
    assert bucket.lines[0].in_ == hour.lines[0].in_ == 1


# -- clocks --------------------------------------------------------------------------------------------------------


def test_counts_wait_for_the_first_synchronisation() -> None:
    """A device that boots in 1970 stamps what it counted meanwhile with the true time, once it knows it."""
    clock = ManualClock(1000.0, 0.0, synced=False)
    shop = camera(clock)
    shop.look(100)
    shop.see(IN)
    assert shop.windows == []
    assert shop.gate.live()["live/door/in"] == 1
    clock.step_utc(T0 + 700)
    clock.synced = True
    shop.look(1200)
    first, second = shop.counts[:2]
    assert (first.start, first.clock) == ("2026-06-10T10:00:00Z", ClockState.RECOVERED)
    assert first.lines[0].in_ == 1
    assert {g.cause: g.s for g in first.gaps} == {GapCause.OFF: 700}
    assert second.clock is ClockState.SYNCED


def test_after_the_hold_counts_go_out_marked() -> None:
    """A device that never hears of the time publishes all the same, and says that its clock is not trusted."""
    shop = camera(clock_at(0, synced=False), hold_s=300)
    shop.look(299)
    assert shop.gate.clock_state is ClockState.UNSYNCED
    shop.look(602)
    (bucket,) = shop.counts
    assert (bucket.clock, bucket.observed_s) == (ClockState.UNSYNCED, 900)
    assert Quality.CLOCK in bucket.quality


def test_windows_after_the_late_synchronisation_are_trusted() -> None:
    """Only what was stamped before a late first synchronisation is marked; the windows that it opens are not."""
    shop = camera(ManualClock(1000.0, 0.0, synced=False), hold_s=300)
    shop.look(400)
    shop.clock.step_utc(T0)
    shop.clock.synced = True
    shop.look(3600)
    before, *after = shop.counts
    assert before.clock is ClockState.STEPPED
    assert [bucket.clock for bucket in after] == [ClockState.SYNCED] * 4
    assert shop.hours[-1].clock is ClockState.SYNCED


def test_a_window_remembers_that_synchronisation_was_lost_in_it() -> None:
    """A bucket during which nobody disciplined the clock says so, although it was fine at both ends."""
    shop = camera(clock_at(0))
    for synced in (True, False, True):
        shop.clock.synced = synced
        shop.look(300)
    shop.look(900)
    assert [bucket.clock for bucket in shop.counts] == [ClockState.UNSYNCED, ClockState.SYNCED]


@pytest.mark.parametrize("jump_s", [1.0, -1.0])
def test_slew_changes_nothing(jump_s: float) -> None:
    """A wall clock that is corrected by a second leaves windows of the right length behind."""
    shop = camera(clock_at(0))
    shop.look(450)
    shop.clock.step_utc(jump_s)
    shop.look(1400)
    assert [b.start for b in shop.counts] == ["2026-06-10T10:00:00Z", "2026-06-10T10:15:00Z"]
    assert all(b.expected_s == b.observed_s == 900 for b in shop.counts)


@pytest.mark.parametrize("jump_s", [30.0, 1800.0, 86_400.0, 3.2e8, -30.0, -1800.0, -86_400.0, -3.2e8])
def test_a_step_loses_no_event(jump_s: float) -> None:
    """However far the wall clock jumps, what was counted before and after is there once, and the window says so."""
    shop = camera(clock_at(0))
    shop.look(100)
    shop.see(IN)
    shop.clock.step_utc(jump_s)
    shop.look(10)
    shop.see(IN)
    shop.look(100)
    shop.end()
    assert sum(b.lines[0].in_ for b in shop.counts) == sum(h.lines[0].in_ for h in shop.hours) == 2
    assert any(b.clock is ClockState.STEPPED and Quality.PARTIAL in b.quality for b in shop.counts)
    assert sum(b.observed_s for b in shop.counts) == pytest.approx(210, abs=2)
    if 0 < jump_s <= 3600:
        assert sum(g.s for b in shop.counts for g in b.gaps if g.cause is GapCause.CLOCK) == jump_s


@pytest.mark.parametrize(
    ("midnight", "hours"), [("2026-03-28T23:00", 23), ("2026-10-24T22:00", 25)], ids=["spring", "autumn"]
)
def test_days_of_the_clock_change(midnight: str, hours: int) -> None:
    """Between two local midnights lie 23 or 25 sealed hours, and the running day is reset exactly once."""
    begin = datetime.fromisoformat(midnight).replace(tzinfo=UTC).timestamp()
    clock = ManualClock(0.0, begin)
    shop = Camera(clock, Gate(plan(), clock))
    for _ in range(hours):
        shop.see(IN)
        shop.miss(3600, GapCause.STALLED)
    assert len(shop.hours) == hours
    assert shop.hours[-1].day is not None
    assert shop.hours[-1].day.in_ == hours
    assert shop.gate.checkpoint().count(b'"inside":0') == 1


@given(st.floats(0, 899), st.floats(0, 899), st.floats(0, 300))
def test_whole_seconds_are_within_one_of_the_truth(begin_s: float, lost_s: float, gone_s: float) -> None:
    """Whatever the fractions, observed and missing seconds add up to the window, and none is off by a second."""
    shop = camera(clock_at(begin_s % 600))
    shop.look(1)
    shop.miss(1 + lost_s % 200, GapCause.STALLED)
    shop.look(1)
    shop.miss(1 + gone_s % 90, GapCause.FROZEN)
    shop.end()
    (bucket,) = shop.counts
    told = {gap.cause: gap.s for gap in bucket.gaps}
    truth = {GapCause.OFF: begin_s % 600, GapCause.STALLED: 1 + lost_s % 200, GapCause.FROZEN: 1 + gone_s % 90}
    assert bucket.observed_s == pytest.approx(2, abs=1)
    assert {cause: told.get(cause, 0) for cause in truth} == pytest.approx(truth, abs=1)
