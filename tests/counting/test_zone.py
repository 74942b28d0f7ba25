"""Zones: who is inside, how long, and when the occupancy changes.

The zone is the square from (400, 400) to (600, 600) in a picture of 1000 x 1000, the grace is 2 s, and a stay lasts at
least 1 s.
"""

import pytest
from counting.scenes import TABLE, Outcome, Seen, counter, frame, play, walk

from edge_agent.records import Tracks


def stays(outcome: Outcome) -> list[tuple[float, float]]:
    """Return begin and end of every stay."""
    return [(round(stay.entered_s, 6), round(stay.left_s, 6)) for stay in outcome.stays]


def changes(outcome: Outcome) -> list[tuple[float, int]]:
    """Return time and count of every change of occupancy."""
    return [(round(change.t_s, 6), change.count) for change in outcome.occupancy]


def standing(since_s: float, until_s: float, *people: Seen) -> list[Tracks]:
    """Return frames, ten per second, of people who stand still."""
    frames = range(round(since_s * 10), round(until_s * 10))
    return [frame(i / 10, *people) for i in frames]


def test_a_visit_is_dated_where_the_path_passes_the_edge() -> None:
    """Entering and leaving are computed between the frames; the occupancy falls half a second later."""
    frames = walk([(200, 500), (350, 500), (450, 500), (500, 500), (550, 500), (650, 500), (900, 500)], every_s=1.0)
    outcome = play(counter(zones=[TABLE]), [*frames, frame(9.0, Seen(900))], close=False)
    assert stays(outcome) == [(1.5, 4.5)]
    assert changes(outcome) == [(1.5, 1), (5.0, 0)]
    assert [len(events.stays) for events in outcome.events] == [0] * 7 + [1]


def test_walking_through_is_seen_but_is_no_stay() -> None:
    """A visit shorter than `min_stay_s` changes the occupancy only."""
    outcome = play(counter(zones=[TABLE]), walk([(350 + 50 * i, 500) for i in range(20)]))
    assert outcome.stays == []
    assert [change.count for change in outcome.occupancy] == [1, 0]
    bare = {**TABLE, "min_stay_s": 0.0}
    assert len(play(counter(zones=[bare]), walk([(350 + 50 * i, 500) for i in range(20)])).stays) == 1


def test_who_runs_through_between_two_frames_was_inside() -> None:
    """Neither end of the piece lies inside, the middle does."""
    bare = {**TABLE, "min_stay_s": 0.0}
    outcome = play(counter(zones=[bare]), walk([(300, 500), (700, 500), (700, 500)], every_s=1.0))
    assert stays(outcome) == [(0.25, 0.75)]
    assert changes(outcome) == [(0.25, 1), (1.25, 0)]


def test_two_visits_between_two_frames_are_two_stays() -> None:
    """A slow camera sees a person before and behind a hollow zone: both arms were visited, the grace apart."""
    arms = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9), (0.6, 0.4), (0.4, 0.4), (0.4, 0.9), (0.1, 0.9))
    outcome = play(counter(zones=[{**TABLE, "polygon": arms}]), walk([(50, 800), (950, 800)], every_s=18.0))
    assert stays(outcome) == [(1.0, 7.0), (11.0, 17.0)]
    assert [change.count for change in outcome.occupancy] == [1, 0, 1, 0]


def test_the_edge_of_the_zone_is_inside() -> None:
    """Whoever stands exactly on the edge is there."""
    outcome = play(counter(zones=[TABLE]), standing(0.0, 2.0, Seen(400, 600)))
    assert stays(outcome) == [(0.0, 1.9)]


@pytest.mark.parametrize("how", ["hidden", "hidden and ended", "jumps outside"])
def test_a_short_absence_does_not_end_a_stay(how: str) -> None:
    """Occlusion, a lost track's last seconds and a jumping box are bridged."""
    away = {
        "hidden": (Seen(500, seen=False),),
        "hidden and ended": (),
        "jumps outside": (Seen(500, 350),),
    }[how]
    back = Seen(500, track_id=2 if how == "hidden and ended" else 1)
    frames = [*standing(0, 3, Seen(500)), *standing(3, 4.5, *away), *standing(4.5, 8, back)]
    outcome = play(counter(zones=[TABLE]), frames)
    assert stays(outcome) == [(0.0, 7.9)]
    assert max(change.count for change in outcome.occupancy) == 1


def test_a_long_absence_ends_a_stay() -> None:
    """After the grace a return is a new visit, and the old one ended when the person left."""
    frames = [*standing(0, 3, Seen(500)), *standing(3, 6, Seen(800)), *standing(6, 9, Seen(500))]
    outcome = play(counter(zones=[TABLE]), frames)
    first, second = outcome.stays
    assert (first.entered_s, first.left_s) == pytest.approx((0.0, 2.9 + 0.1 / 3))
    assert (second.entered_s, second.left_s) == pytest.approx((5.9 + 0.2 / 3, 8.9))
    assert [change.count for change in outcome.occupancy] == [1, 0, 1, 0]


def test_a_long_time_out_of_sight_is_not_a_stay() -> None:
    """With a grace shorter than the tracks' life the path is unknown: the stay ends where it was last seen."""
    frames = [
        *standing(0, 3, Seen(500)),
        *standing(3, 6, Seen(500, seen=False)),
        *standing(6, 9, Seen(500)),
    ]
    outcome = play(counter(zones=[TABLE]), frames)
    assert stays(outcome) == [(0.0, 2.9), (6.0, 8.9)]
    assert changes(outcome) == [(0.0, 1), (4.9, 0), (6.0, 1), (8.9, 0)]


def test_inference_671_the_timer_does_not_run_outside() -> None:
    """A stay ends at the last instant inside; the grace is not part of it, seen or unseen."""
    for after in (Seen(800), Seen(500, seen=False)):
        frames = [*standing(0, 3, Seen(500)), *standing(3, 20, after)]
        (stay,) = play(counter(zones=[TABLE]), frames).stays
        assert 2.9 <= stay.left_s < 3.0


def test_supervision_1855_a_person_who_vanishes_leaves_the_zone() -> None:
    """Behind a wall, without ever being seen outside: the zone does not stay at 1."""
    frames = [*standing(0, 3, Seen(500)), *standing(3, 4.9, Seen(500, seen=False)), frame(5.0, ended=(1,))]
    scene = counter(zones=[TABLE])
    outcome = play(scene, [*frames, *standing(5.1, 6)], close=False)
    assert changes(outcome) == [(0.0, 1), (4.9, 0)]
    assert stays(outcome) == [(0.0, 2.9)]
    assert scene.occupancy == {"table": 0}


def test_frigate_1832_a_reconnected_camera_does_not_freeze_the_count() -> None:
    """After a gap longer than the tracks live the occupancy is zero, whether or not anybody told of the gap."""
    told, untold = counter(zones=[TABLE]), counter(zones=[TABLE])
    for scene in (told, untold):
        play(scene, standing(0, 3, Seen(500, 500, 1), Seen(420, 420, 2)), close=False)
        assert scene.occupancy == {"table": 2}
    events = told.close(6.0)
    assert told.occupancy == {"table": 0}
    assert [change.t_s for change in events.occupancy] == pytest.approx([4.9])
    assert [stay.left_s for stay in events.stays] == pytest.approx([2.9, 2.9])
    for scene in (told, untold):
        after = scene.update(frame(100.0, ended=(1, 2)))
        assert scene.occupancy == {"table": 0}
        assert len(after.stays) == (0 if scene is told else 2)
    # Nobody is resurrected, and nobody who comes later is missed.
    assert told.update(frame(100.1, Seen(500, 500, 3))).occupancy[0].count == 1
    assert untold.update(frame(100.1, Seen(500, 500, 3))).occupancy[0].count == 1


def test_frigate_1832_the_occupancy_did_not_last_through_the_gap() -> None:
    """Without frames nothing is decided, but the change is dated at the end of the grace, not at the reconnection."""
    outcome = play(
        counter(zones=[TABLE]), [*standing(0, 3, Seen(500)), frame(3600.0, ended=(1,)), frame(3600.1)], close=False
    )
    assert changes(outcome) == [(0.0, 1), (4.9, 0)]
    assert stays(outcome) == [(0.0, 2.9)]


def test_unconfirmed_tracks_are_not_there() -> None:
    """Noise that ends unconfirmed is no visit; a track that is confirmed was there from its birth."""
    ghost = [frame(i / 10, Seen(500, confirmed=False)) for i in range(30)]
    outcome = play(counter(zones=[TABLE]), [*ghost, frame(3.0, ended=(1,)), frame(9.0)])
    assert outcome.occupancy == []
    assert outcome.stays == []
    person = [frame(i / 10, Seen(500, confirmed=i >= 3)) for i in range(30)]
    outcome = play(counter(zones=[TABLE]), person)
    assert stays(outcome) == [(0.0, 2.9)]
    assert changes(outcome)[0] == (0.2, 1)


def test_an_identity_switch_is_one_stay() -> None:
    """A track born where another was just lost goes on with its visit; the occupancy never notices."""
    frames = standing(0, 3, Seen(500, 500, 1))
    frames += [frame(3 + i / 10, Seen(505, 495, 2, confirmed=i >= 3), Seen(500, 500, 1, seen=False)) for i in range(15)]
    frames += [frame(4.5 + i / 10, Seen(505, 495, 2), ended=(1,)) for i in range(30)]
    outcome = play(counter(zones=[TABLE]), frames)
    assert stays(outcome) == [(0.0, 7.4)]
    assert changes(outcome) == [(0.0, 1), (7.4, 0)]


@pytest.mark.parametrize("ended", ["at once", "later"])
def test_many_identity_switches_are_one_stay_and_no_memory(ended: str) -> None:
    """Ten minutes at the table with a new identity every second is one stay, and only the last tracks are kept."""
    scene = counter(zones=[TABLE])
    frames = []
    for i in range(6000):
        track_id = 1 + i // 10
        here = Seen(500, 500, track_id, confirmed=i < 10 or i % 10 >= 3)
        lost = Seen(500, 500, track_id - 1, seen=False)
        frames.append(frame(i / 10, here, *[lost] * (ended == "later")))
    outcome = play(scene, frames, close=False)
    assert changes(outcome) == [(0.0, 1)]
    assert len(scene._zones[0]._visits) <= 3
    assert stays(Outcome([scene.close(599.9)])) == [(0.0, 599.9)]


def test_a_switch_back_gives_each_person_a_visit() -> None:
    """The lost one was only hidden by the newcomer: when it is seen again there are two, each with its own begin."""
    frames = standing(0, 3, Seen(500, 500, 1))
    frames += standing(3, 4.5, Seen(510, 505, 2), Seen(500, 500, 1, seen=False))
    frames += standing(4.5, 8, Seen(530, 505, 2), Seen(500, 500, 1))
    outcome = play(counter(zones=[TABLE]), frames)
    assert sorted(stays(outcome)) == [(0, 7.9), (3, 7.9)]
    assert changes(outcome) == [(0.0, 1), (4.5, 2), (7.9, 0)]


@pytest.mark.parametrize("second_ends", [False, True], ids=["the second is hidden", "the second ended"])
def test_a_switch_back_within_a_chain_gives_each_person_a_visit(*, second_ends: bool) -> None:
    """Two identities later the first is seen again: the visits part at the right place."""
    one, two, three = (Seen(500, 500, i) for i in (1, 2, 3))
    hidden = [Seen(500, 500, i, seen=False) for i in (1, 2)]
    frames = [*standing(0, 2, one), *standing(2, 3, two, hidden[0])]
    frames += standing(3, 3.5, three, *(hidden[:1] if second_ends else hidden))
    frames += standing(3.5, 7, three, one)
    outcome = play(counter(zones=[TABLE]), frames)
    assert sorted(stays(outcome)) == [(0, 6.9), (2, 6.9)]
    assert max(change.count for change in outcome.occupancy) == 2


def test_who_comes_back_after_the_grace_takes_nobody_off() -> None:
    """A lost track returns long after another took its visit over and left: the count falls once, never below zero."""
    one, two = Seen(500, 500, 1), Seen(500, 500, 2)
    hidden = Seen(500, 500, 1, seen=False)
    frames = [*standing(0, 2, one), *standing(2, 2.3, two, hidden)]
    outcome = play(counter(zones=[TABLE]), [*frames, *standing(6, 9, one)])
    assert changes(outcome) == [(0.0, 1), (4.2, 0), (6.0, 1), (8.9, 0)]
    assert stays(outcome)[-1] == (6.0, 8.9)


@pytest.mark.parametrize(
    ("newcomer", "reason"),
    [
        (Seen(535, 500, 2), "beside the lost one"),
        (Seen(500, 560, 2), "in front of the lost one"),
        (Seen(500, 500, 2, height=220, width=90), "much closer to the camera"),
        (Seen(500, 500, 2, class_id=1), "of another class"),
    ],
)
def test_two_people_are_not_merged(newcomer: Seen, reason: str) -> None:
    """Somebody else who is born in the zone while a member is hidden has a visit of their own."""
    both = {**TABLE, "classes": ("person", "bottle")}
    frames = [*standing(0, 3, Seen(500)), *standing(3, 4, newcomer, Seen(500, seen=False))]
    frames += [*standing(4, 9, newcomer)]
    outcome = play(counter(zones=[both]), frames)
    assert stays(outcome) == [(0.0, 2.9), (3.0, 8.9)], reason
    assert changes(outcome) == [(0.0, 1), (3.0, 2), (4.9, 1), (8.9, 0)]


def test_two_people_who_were_seen_together_are_not_merged() -> None:
    """A track that was there before the other was lost is never taken for it, wherever it goes."""
    frames = [*standing(0, 3, Seen(500), Seen(420, track_id=2)), *standing(3, 8, Seen(500, track_id=2))]
    outcome = play(counter(zones=[TABLE]), frames)
    assert [stay.entered_s for stay in outcome.stays] == [0.0, 0.0]
    assert [change.count for change in outcome.occupancy] == [2, 1, 0]


def test_who_walked_away_is_not_continued_by_the_next_one() -> None:
    """At a counter the next customer takes the place of the last, who was seen to leave and then lost."""
    leaves = [frame(3 + i / 10, Seen(500 + 40 * (i + 1), 500, 1)) for i in range(4)]
    comes = standing(3.4, 8, Seen(500, 500, 2))
    outcome = play(counter(zones=[TABLE]), [*standing(0, 3, Seen(500)), *leaves, *comes])
    assert len(outcome.stays) == 2
    assert outcome.stays[1].entered_s == pytest.approx(3.4)
    assert max(change.count for change in outcome.occupancy) == 2


def test_who_was_lost_outside_is_not_continued() -> None:
    """Somebody goes out through a door beside the zone, and somebody else comes in through it: two stays."""
    leaves = [frame(3 + i / 10, Seen(530 + 30 * i)) for i in range(4)]
    comes = [frame(3.5 + i / 10, Seen(620 - min(120, 30 * i), track_id=2)) for i in range(40)]
    outcome = play(counter(zones=[TABLE]), [*standing(0, 3, Seen(500)), *leaves, *comes])
    first, second = outcome.stays
    assert (first.entered_s, round(first.left_s, 3)) == (0.0, 3.233)
    assert (round(second.entered_s, 3), second.left_s) == (3.567, 7.4)


def test_a_noisy_birth_takes_no_visit_over() -> None:
    """Only a confirmed track may continue a visit."""
    frames = [*standing(0, 3, Seen(500)), *standing(3, 3.3, Seen(500, track_id=2, confirmed=False))]
    outcome = play(counter(zones=[TABLE]), [*frames, *standing(3.3, 6)])
    assert stays(outcome) == [(0.0, 2.9)]
    assert changes(outcome) == [(0.0, 1), (4.9, 0)]


def test_without_grace_every_absence_ends_the_visit() -> None:
    """A grace of zero is allowed and means what it says, without flicker while somebody is seen."""
    bare = {**TABLE, "grace_s": 0.0, "min_stay_s": 0.0}
    frames = [*standing(0, 2, Seen(500)), *standing(2, 3, Seen(500, seen=False)), *standing(3, 5, Seen(500))]
    outcome = play(counter(zones=[bare]), frames)
    assert stays(outcome) == [(0.0, 1.9), (3.0, 4.9)]
    assert changes(outcome) == [(0.0, 1), (1.9, 0), (3.0, 1), (4.9, 0)]


def test_zones_are_independent_and_may_overlap() -> None:
    """Each zone has its own corners, classes and count."""
    wide = {"name": "wide", "polygon": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))}
    goods = {**TABLE, "name": "goods", "classes": ("bottle",)}
    scene = counter(zones=[TABLE, wide, goods])
    play(scene, standing(0, 1, Seen(500), Seen(100, track_id=2), Seen(550, track_id=3, class_id=1)), close=False)
    assert scene.occupancy == {"table": 1, "wide": 2, "goods": 1}


def test_the_anchor_of_a_zone_can_be_chosen() -> None:
    """Feet outside, head inside."""
    person = Seen(500, 650, height=200)
    for anchor, count in (("bottom_center", 0), ("center", 1), ("top_center", 1)):
        scene = counter(zones=[{**TABLE, "anchor": anchor}])
        scene.update(frame(0.0, person))
        assert scene.occupancy == {"table": count}
