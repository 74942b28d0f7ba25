"""Laws that hold for zones whatever the tracks do."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from counting.scenes import CLASSES, TABLE, Outcome, Seen, camera, counter, frame, play
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.counting import SceneCounter
from edge_agent.records import Tracks

HOLLOW = {
    "name": "hollow",
    "polygon": ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.6, 0.9), (0.6, 0.4), (0.4, 0.4), (0.4, 0.9), (0.1, 0.9)),
}
coordinates = st.floats(200.0, 800.0, width=32)
places = st.tuples(coordinates, coordinates)
paths = st.lists(places, min_size=2, max_size=25)
zones = st.builds(
    lambda shape, grace_s, min_stay_s: {**shape, "grace_s": grace_s, "min_stay_s": min_stay_s},
    st.sampled_from([TABLE, HOLLOW]),
    st.sampled_from([0.5, 1.1, 2.1]),  # no multiple of the frames' distance: rounding decides nothing
    st.sampled_from([0.0, 0.3, 1.0]),
)

Path = Sequence[tuple[float, float]]


@st.composite
def traffic(draw: st.DrawFn) -> list[Tracks]:
    """Draw what a tracker may say of up to five tracks that come, are confirmed, are lost, and end, at uneven times."""
    frames = []
    t_s = 0.0
    numbers = {slot: slot for slot in range(5)}
    confirmed: set[int] = set()
    spots = dict.fromkeys(range(5), (500.0, 500.0))
    for _ in range(draw(st.integers(1, 25))):
        t_s += draw(st.sampled_from([0.0, 0.1, 0.1, 0.2, 0.7, 2.5]))
        people = []
        for slot in range(5):
            action = draw(st.sampled_from(["stand", "stand", "move", "hide", "confirm", "end", "absent"]))
            if action == "move":
                spots[slot] = draw(places)
            if action == "confirm":
                confirmed.add(numbers[slot])
            if action == "end":
                numbers[slot] += 5
            if action not in ("end", "absent"):
                number = numbers[slot]
                people.append(Seen(*spots[slot], number, confirmed=number in confirmed, seen=action != "hide"))
            if action == "absent":  # no longer listed: the track has ended
                numbers[slot] += 5
        frames.append(frame(t_s, *people))
    return frames


@settings(deadline=None)
@given(zones, traffic())
def test_the_occupancy_is_a_count_and_ends_at_zero(zone: dict[str, object], frames: list[Tracks]) -> None:
    """Never negative, never more than have been there, every change a change, in order of time, and nobody is left."""
    outcome = play(counter(zones=[zone]), frames)
    counts = [0, *(change.count for change in outcome.occupancy)]
    assert all(count >= 0 for count in counts)
    assert all(one != other for one, other in pairwise(counts))
    assert counts[-1] == 0
    times = [change.t_s for change in outcome.occupancy]
    assert times == sorted(times)
    for events in outcome.events:
        assert all(change.t_s <= events.t_s for change in events.occupancy)
        assert all(stay.left_s <= events.t_s for stay in events.stays)


@settings(deadline=None)
@given(zones, traffic())
def test_the_occupancy_does_not_outlive_the_grace(zone: dict[str, object], frames: list[Tracks]) -> None:
    """However the tracks ended, a frame without any after the grace finds nobody, and nothing is kept."""
    scene = counter(zones=[zone])
    play(scene, frames, close=False)
    last_s = frames[-1].t_s
    scene.update(frame(last_s + 0.01))
    scene.update(frame(last_s + 2.2))
    assert set(scene.occupancy.values()) == {0}
    assert not scene._zones[0]._visits
    assert not scene._zones[0]._guests


@settings(deadline=None)
@given(traffic())
def test_what_is_reported_agrees_with_what_is_shown(frames: list[Tracks]) -> None:
    """The last change of the occupancy is the number that the live state shows."""
    scene = counter(zones=[TABLE])
    shown = 0
    for tracks in frames:
        for change in scene.update(tracks).occupancy:
            shown = change.count
        assert scene.occupancy == {"table": shown}


@settings(deadline=None)
@given(zones, paths)
def test_stays_of_one_track_are_disjoint(zone: dict[str, object], path: Path) -> None:
    """Nobody is in a place twice at a time; between two stays lies more than the grace."""
    outcome = play(counter(zones=[zone]), at(path))
    ordered = sorted(outcome.stays, key=lambda stay: stay.entered_s)
    assert all(stay.entered_s <= stay.left_s for stay in ordered)
    assert all(other.entered_s - one.left_s > float(str(zone["grace_s"])) for one, other in pairwise(ordered))
    assert all(change.count in (0, 1) for change in outcome.occupancy)


def at(path: Path, every_s: float = 0.4, start_s: float = 0.0) -> list[Tracks]:
    """Return the frames of one track."""
    return [frame(start_s + i * every_s, Seen(x, y)) for i, (x, y) in enumerate(path)]


def dwell(outcome: Outcome) -> list[float]:
    """Return begin and end of all stays, one after the other."""
    return [t_s for stay in outcome.stays for t_s in (stay.entered_s, stay.left_s)]


@settings(deadline=None)
@given(zones, paths, st.floats(0.1, 0.9))
def test_splitting_a_path_in_time_changes_no_stay(zone: dict[str, object], path: Path, share: float) -> None:
    """More frames of the same movement give the same visits."""
    fine = []
    for (x0, y0), (x1, y1) in pairwise(path):
        fine += [(x0, y0), (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)]
    times = [0.4 * (i // 2 + i % 2 * share) for i in range(len(fine))]
    frames = [frame(t_s, Seen(x, y)) for t_s, (x, y) in zip(times, fine, strict=True)]
    frames.append(frame(0.4 * (len(path) - 1), Seen(*path[-1])))
    once, split = (
        [stay.left_s - stay.entered_s for stay in play(counter(zones=[{**zone, "min_stay_s": 0.0}]), places).stays]
        for places in (at(path), frames)
    )
    # Boxes are rounded to float32: whether somebody grazes a corner for less than a millisecond, nobody can say.
    once, split = ([dwell_s for dwell_s in stays if dwell_s > 1e-3] for stays in (once, split))
    assert once == pytest.approx(split, abs=1e-3)


@settings(deadline=None)
@given(zones, paths, st.integers(-100, 100))
def test_shifting_the_time_shifts_the_stays(zone: dict[str, object], path: Path, start_s: int) -> None:
    """Only differences of time matter."""
    zone = {**zone, "min_stay_s": 0.0}
    here = dwell(play(counter(zones=[zone]), at(path)))
    there = dwell(play(counter(zones=[zone]), at(path, start_s=start_s)))
    assert [t_s + start_s for t_s in here] == pytest.approx(there, abs=1e-6)


@settings(deadline=None)
@given(zones, paths, st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_scaling_the_picture_changes_no_stay(zone: dict[str, object], path: Path, scale: float) -> None:
    """The same scene in another resolution gives the same visits."""
    size = round(1000 * scale)
    scaled = SceneCounter(camera(zones=[zone]), class_names=CLASSES, width=size, height=size)
    here = dwell(play(counter(zones=[zone]), at(path)))
    there = dwell(play(scaled, at([(x * scale, y * scale) for x, y in path])))
    assert here == pytest.approx(there, abs=1e-3)


@settings(deadline=None)
@given(zones, st.lists(paths, min_size=2, max_size=4))
def test_people_who_are_seen_together_do_not_influence_each_other(zone: dict[str, object], several: list[Path]) -> None:
    """What a crowd stays is the sum of what each stays alone."""
    longest = max(map(len, several))
    frames = [
        frame(0.4 * i, *[Seen(*path[i], track_id=k) for k, path in enumerate(several, 1) if i < len(path)])
        for i in range(longest)
    ]
    together = play(counter(zones=[zone]), frames).stays
    alone = [stay for path in several for stay in play(counter(zones=[zone]), at(path)).stays]
    assert sorted((s.entered_s, s.left_s) for s in together) == sorted((s.entered_s, s.left_s) for s in alone)
