"""The truth of the demo clip: counted on the floor, as the agent counts in the picture."""

from training.demo import truth
from training.demo.story import CAST, FPS, LINE_Y, ZONES

from edge_agent.config import LineConfig
from edge_agent.counting.line import LineCounter
from edge_agent.counting.sight import Sight

SIZE = (640, 360)
DRAWN = truth.geometry(*SIZE)


def along(*places: tuple[float, float]) -> dict[int, tuple[float, float]]:
    """Somebody at these places, one a frame from frame 0."""
    return dict(enumerate(places))


def test_towards_the_camera_is_in_and_away_is_out() -> None:
    """Who comes from the door over the line goes in, and out on the way back; the frame is the first one behind it."""
    there_and_back = along((0, LINE_Y + 0.5), (0, LINE_Y + 0.1), (0, LINE_Y - 0.4), (0, LINE_Y - 0.1), (0, LINE_Y + 1))
    assert truth.crossings(there_and_back, DRAWN, *SIZE) == [(2, "in"), (4, "out")]


def test_who_goes_round_the_end_of_the_line_does_not_cross_it() -> None:
    """Only the line between its ends counts."""
    assert truth.crossings(along((2.6, LINE_Y + 0.5), (2.6, LINE_Y - 0.5)), DRAWN, *SIZE) == []


def test_a_stay_is_the_time_in_the_zone() -> None:
    """A visit lasts from the first frame in the zone to the last; passing through it is none."""
    x, y = (sum(values) / len(values) for values in zip(*ZONES["till"], strict=True))
    frames = {**dict.fromkeys(range(5), (0.0, 4.0)), **dict.fromkeys(range(5, 40), (x, y)), 40: (0.0, 4.0)}
    assert truth.stays(frames, DRAWN.zones["till"], *SIZE) == [(5 / FPS, 39 / FPS)]
    assert truth.stays(dict.fromkeys(range(8), (x, y)), DRAWN.zones["till"], *SIZE) == []


def test_the_story_is_what_its_people_are_called() -> None:
    """Eight come in and five go out; the passer-by and the one who turns back cross nothing; one stays in each zone."""
    document = truth.document(truth.tracks(), [0], DRAWN, *SIZE)
    assert document["lines"] == {"door": {"in": 8, "out": 5}}
    assert {name: zone["stays"] for name, zone in document["zones"].items()} == {"shelf": 1, "till": 1}
    crossed = {crossing["who"] for crossing in document["details"]["crossings"]}
    assert {person.name for person in CAST} - crossed == {
        "a man who passes by outside",
        "a man who comes to the line, looks in and turns back",
    }


def test_the_agent_counts_the_same_people_on_the_same_feet() -> None:
    """The agent's own line, given where people stand, counts the same crossings in the same frames."""
    config = LineConfig.model_validate(
        {"name": "door", "from": DRAWN.line[0], "to": DRAWN.line[1], "inside": DRAWN.inside}
    )
    for track in truth.tracks().values():
        line = LineCounter(config, class_ids=frozenset({0}), width=SIZE[0], height=SIZE[1])
        feet = zip(sorted(track), truth.on_picture([track[frame] for frame in sorted(track)], *SIZE), strict=True)
        counted = []
        for frame, (x, y) in feet:
            at_x, at_y = x * SIZE[0], y * SIZE[1]
            box = (at_x - 10, at_y - 60, at_x + 10, at_y)
            sight = Sight(track_id=1, class_id=0, box=box, confirmed=True, seen=True)
            counted += line.update(frame / FPS, [sight], gone=())
        counted += line.close()
        wanted = truth.crossings(track, DRAWN, *SIZE)
        assert [crossing.direction for crossing in counted] == [way for _, way in wanted]
        for crossing, (frame, _) in zip(counted, wanted, strict=True):
            assert frame - 1 <= crossing.t_s * FPS <= frame


def test_people_are_listed_where_their_number_changes() -> None:
    """The number of people in the picture is kept as changes, from frame 0."""
    people = truth.document({}, [2, 2, 3, 3, 0], DRAWN, *SIZE)["details"]["people"]
    assert people == {"from_frame": [0, 2, 4], "count": [2, 3, 0]}
