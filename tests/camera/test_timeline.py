"""The order of gaps, without threads and clocks."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.camera.timeline import Timeline
from edge_agent.records import Gap
from edge_agent.terms import GapCause

AFTER_S = 2.0
CAUSES = (GapCause.STALLED, GapCause.DISCONNECTED, GapCause.CORRUPT, GapCause.COVERED)

Step = tuple[str, float, GapCause]
steps = st.lists(
    st.tuples(
        st.sampled_from(("seen", "lost", "tell", "tick")),
        st.integers(0, 40).map(lambda tenths: tenths / 10),
        st.sampled_from(CAUSES),
    ),
    max_size=40,
)


def drain(timeline: Timeline, now_s: float, *, unfinished: bool) -> list[Gap]:
    """Return all gaps that are to be told now."""
    told = []
    while (gap := timeline.tell(now_s, unfinished=unfinished)) is not None:
        told.append(gap)
    return told


def play(sequence: list[Step]) -> tuple[list[Gap], list[tuple[float, float]], float]:
    """Return the gaps told, the blind times that must have been told, and the end."""
    timeline = Timeline(0.0, blind_after_s=AFTER_S)
    now_s, sight_s, blind = 0.0, 0.0, False
    told: list[Gap] = []
    missing: list[tuple[float, float]] = []
    for what, delta_s, cause in sequence:
        now_s += delta_s
        if what == "seen":
            timeline.seen(now_s)
            if blind and now_s - sight_s >= AFTER_S:
                missing.append((sight_s, now_s))
            sight_s, blind = now_s, False
        elif what == "lost":
            timeline.lost(now_s, cause)
            blind = True
        else:
            told += drain(timeline, now_s, unfinished=what == "tick")
    told += drain(timeline, now_s, unfinished=True)
    if blind and now_s - sight_s >= AFTER_S:
        missing.append((sight_s, now_s))
    return told, missing, now_s


@given(steps)
def test_gaps_come_in_order_and_never_overlap(sequence: list[Step]) -> None:
    """Whatever happens, each gap has a length and begins where or after the one before ends."""
    told, _, _ = play(sequence)
    assert all(gap.end_s > gap.start_s for gap in told)
    assert all(a.end_s <= b.start_s for a, b in pairwise(told))


@given(steps)
def test_exactly_the_long_blind_times_are_told(sequence: list[Step]) -> None:
    """The pieces told add up to the blind times of at least the threshold, without a hole and without more."""
    told, missing, _ = play(sequence)
    spans: list[list[float]] = []
    for gap in told:
        if spans and spans[-1][1] == gap.start_s:
            spans[-1][1] = gap.end_s
        else:
            spans.append([gap.start_s, gap.end_s])
    joined: list[list[float]] = []
    for start_s, end_s in missing:
        if joined and joined[-1][1] == start_s:
            joined[-1][1] = end_s
        else:
            joined.append([start_s, end_s])
    assert spans == joined


def test_a_lost_picture_is_no_gap() -> None:
    """A blind time shorter than the threshold is not told, not even afterwards."""
    timeline = Timeline(0.0, blind_after_s=AFTER_S)
    timeline.seen(1.0)
    timeline.lost(1.5, GapCause.CORRUPT)
    assert timeline.tell(2.0, unfinished=True) is None
    timeline.seen(2.9)
    assert timeline.tell(10.0, unfinished=True) is None
    assert timeline.blind is None


def test_a_gap_that_lasts_is_told_in_pieces_that_join() -> None:
    """An outage can be told of before it ends, and its pieces have neither hole nor overlap."""
    timeline = Timeline(0.0, blind_after_s=AFTER_S, cause=GapCause.CONNECTING)
    assert timeline.tell(1.0, unfinished=True) is None
    assert timeline.tell(3.0, unfinished=True) == Gap(0.0, 3.0, GapCause.CONNECTING)
    assert timeline.tell(3.0, unfinished=True) is None
    timeline.lost(3.5, GapCause.DISCONNECTED)
    assert drain(timeline, 4.0, unfinished=True) == [
        Gap(3.0, 3.5, GapCause.CONNECTING),
        Gap(3.5, 4.0, GapCause.DISCONNECTED),
    ]
    timeline.seen(4.25)
    assert drain(timeline, 5.0, unfinished=False) == [Gap(4.0, 4.25, GapCause.DISCONNECTED)]


def test_a_frozen_picture_is_dated_back_but_not_into_another_gap() -> None:
    """A freeze begins when the picture stopped moving, or where the gap before it ended, if that is later."""
    timeline = Timeline(0.0, blind_after_s=AFTER_S)
    timeline.lost(1.0, GapCause.DISCONNECTED)
    timeline.seen(10.0)
    timeline.seen(40.0)
    timeline.lost(40.0, GapCause.FROZEN, since_s=8.0)
    assert drain(timeline, 41.0, unfinished=True) == [
        Gap(0.0, 10.0, GapCause.DISCONNECTED),
        Gap(10.0, 41.0, GapCause.FROZEN),
    ]


def test_silence_is_noticed_although_nobody_reports_a_loss() -> None:
    """Without a frame for the threshold there is a stall, from the last sight on."""
    timeline = Timeline(0.0, blind_after_s=AFTER_S)
    timeline.seen(5.0)
    timeline.silence(6.9)
    assert timeline.blind is None
    timeline.silence(timeline.due_s())
    assert timeline.tell(7.5, unfinished=True) == Gap(5.0, 7.5, GapCause.STALLED)


def test_a_frame_that_waits_comes_before_the_gap_after_it() -> None:
    """Gaps that begin at or after a waiting frame wait until it was taken."""
    timeline = Timeline(0.0, blind_after_s=AFTER_S)
    timeline.seen(5.0)
    timeline.lost(5.1, GapCause.DISCONNECTED)
    assert timeline.tell(9.0, before_s=5.0, unfinished=True) is None
    assert timeline.tell(9.0, unfinished=True) == Gap(5.0, 9.0, GapCause.DISCONNECTED)


def test_a_consumer_that_does_not_ask_costs_no_memory() -> None:
    """Ten thousand outages that nobody asks about are kept in bounded space, and none of their time is lost."""
    timeline = Timeline(0.0, blind_after_s=AFTER_S)
    for start_s in range(0, 100_000, 10):
        timeline.seen(float(start_s))
        timeline.lost(start_s + 1.0, GapCause.DISCONNECTED)
    timeline.seen(100_000.0)
    told = drain(timeline, 100_000.0, unfinished=False)
    assert len(told) <= 256
    assert told[0].start_s == 0.0
    assert told[-1].end_s == 100_000.0
