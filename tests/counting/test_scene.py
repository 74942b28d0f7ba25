"""The whole scene of a camera: what it accepts, and what it tells."""

import pytest
from counting.scenes import CLASSES, DOOR, IN, TABLE, Seen, camera, counter, frame, play, walk

from edge_agent.counting import SceneCounter
from edge_agent.records import Events


@pytest.mark.parametrize(("kind", "config"), [("line", {**DOOR}), ("zone", {**TABLE})])
def test_an_unknown_class_is_named_with_those_that_exist(kind: str, config: dict[str, object]) -> None:
    """A typo in the configuration is one line that says where, what and what would be right."""
    config["classes"] = ("person", "bottel")
    wrong = camera(lines=[config]) if kind == "line" else camera(zones=[config])
    with pytest.raises(ValueError, match="bottel") as error:
        SceneCounter(wrong, class_names=CLASSES, width=640, height=360)
    text = str(error.value)
    assert text == (
        f"camera 'entrance', {kind} '{config['name']}': the detector has no class 'bottel'; it has: person, bottle"
    )


@pytest.mark.parametrize(("width", "height"), [(0, 100), (100, 0), (-1, 5)])
def test_a_picture_needs_a_size(width: int, height: int) -> None:
    """Fractions of nothing would put every line into a corner."""
    with pytest.raises(ValueError, match=f"a picture of {width} x {height} pixels"):
        SceneCounter(camera(), class_names=CLASSES, width=width, height=height)


def test_time_does_not_run_backwards() -> None:
    """A frame older than the last one is refused, in an update and in a close; one of the same time is not."""
    scene = counter(lines=[DOOR], zones=[TABLE])
    scene.update(frame(5.0, Seen(440)))
    scene.update(frame(5.0, Seen(560)))
    with pytest.raises(ValueError, match=r"camera 'entrance': a frame of 4\.900 s after one of 5\.000 s"):
        scene.update(frame(4.9, Seen(440)))
    with pytest.raises(ValueError, match="in order of capture"):
        scene.close(4.0)
    with pytest.raises(ValueError, match="in order of capture"):
        scene.close(float("nan"))


def test_two_frames_of_one_instant_divide_nothing_by_zero() -> None:
    """A clip may give two frames the same time: the way between them takes no time, and counts."""
    scene = counter(lines=[{**DOOR, "settle_s": 0.0}], zones=[{**TABLE, "min_stay_s": 0.0}])
    outcome = play(scene, [frame(1.0, Seen(300)), frame(1.0, Seen(700)), frame(1.0, Seen(900))])
    assert [(crossing.direction, crossing.t_s) for crossing in outcome.crossings] == [(IN, 1.0)]
    assert [(stay.entered_s, stay.left_s) for stay in outcome.stays] == [(1.0, 1.0)]


def test_without_lines_and_zones_nothing_happens() -> None:
    """A camera may count nothing."""
    scene = counter()
    assert scene.update(frame(1.0, Seen(500))) == Events(1.0)
    assert scene.close(2.0) == Events(2.0)
    assert scene.occupancy == {}


def test_a_frame_without_anybody_is_no_event() -> None:
    """Most frames are empty, and so are their events."""
    scene = counter(lines=[DOOR], zones=[TABLE])
    assert scene.update(frame(1.0)) == Events(1.0)
    assert scene.occupancy == {"table": 0}


def test_closing_twice_says_nothing_twice() -> None:
    """What was ended is not ended again."""
    scene = counter(lines=[DOOR], zones=[TABLE])
    for tracks in walk([(440, 500), (480, 500), (540, 500)], every_s=1.0):
        scene.update(tracks)
    first = scene.close(2.0)
    assert len(first.crossings) + len(first.occupancy) > 0
    assert scene.close(2.0) == Events(2.0)


def test_after_a_loss_of_sight_everything_starts_afresh() -> None:
    """A track that goes on after a close is as new: it has crossed nothing and is where it is."""
    scene = counter(lines=[DOOR], zones=[TABLE])
    scene.update(frame(0.0, Seen(300)))
    scene.close(10.0)
    events = [scene.update(frame(11.0 + i / 10, Seen(550))) for i in range(10)]
    assert [crossing for some in events for crossing in some.crossings] == []
    assert [(change.t_s, change.count) for some in events for change in some.occupancy] == [(11.0, 1)]


def test_no_track_id_comes_out() -> None:
    """Whoever reads the events cannot tell who they were."""
    ids = (777_001, 777_002)
    scene = counter(lines=[DOOR], zones=[TABLE])
    frames = [frame(i / 10, *[Seen(400 + 20 * i, 500, number) for number in ids]) for i in range(30)]
    outcome = play(scene, frames)
    assert len(outcome.crossings) == 2
    assert outcome.stays
    assert all(str(number) not in repr(outcome.events) for number in ids)


def test_a_class_that_the_detector_has_twice_counts_twice() -> None:
    """Some label lists repeat a name; every index of it is that class."""
    scene = SceneCounter(camera(zones=[TABLE]), class_names=("person", "bottle", "person"), width=1000, height=1000)
    scene.update(
        frame(0.0, Seen(500, track_id=1), Seen(450, track_id=2, class_id=2), Seen(550, track_id=3, class_id=1))
    )
    assert scene.occupancy == {"table": 2}
