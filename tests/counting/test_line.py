"""Lines: sequences of positions, and what is counted at each frame.

The line runs from top to bottom at x = 500 in a picture of 1000 x 1000; inside is on the right. The band is 15 pixels
wide on each side, a crossing settles in 0.25 s, and a track must have travelled 40 pixels.
"""

import pytest
from counting.scenes import DOOR, IN, OUT, Seen, camera, counter, frame, play, walk

from edge_agent.counting import SceneCounter
from edge_agent.records import Events
from edge_agent.terms import Direction

SIGN = {IN: "I", OUT: "O"}


def flags(frames: list[Events]) -> str:
    """Return one letter per frame: '.' nothing, 'I' in, 'O' out, '*' several."""
    return "".join(
        SIGN[events.crossings[0].direction] if len(events.crossings) == 1 else ".*"[bool(events.crossings)]
        for events in frames
    )


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        # meets the line at 0.3 s, leaves the band at 0.375 s, has settled at 0.625 s
        pytest.param([440, 460, 480, 500, 520, 540, 560, 580, 600], ".......I.|.", id="walks in"),
        pytest.param([560, 540, 520, 500, 480, 460, 440, 420, 400], ".......O.|.", id="walks out"),
        pytest.param([300, 400, 700, 700, 700, 700, 700], "....I..|.", id="runs: one piece crosses line and band"),
        pytest.param([300, 400, 450, 490, 480, 490, 450, 400], "........|.", id="comes close and goes away"),
        pytest.param([440, 470, 490, 510, 510, 510, 510, 510, 510], ".........|.", id="stops within the band"),
        pytest.param([440, 480, 520, 530, 480, 440, 440, 440], "........|.", id="turns round before it settles"),
        pytest.param(
            [440, 480, 520, 540, 540, 540, 540, 500, 460, 440, 440, 440],
            ".....I....O.|.",
            id="comes in, goes out again",
        ),
        pytest.param(
            [440, 480, 520, 530, 510, 530, 530, 530, 530], ".......I.|.", id="back into the band: the clock starts anew"
        ),
        pytest.param([440, 480, 520, 530, 499, 530, 530, 530, 530], "........I|.", id="back over the line: all anew"),
        pytest.param([440, 480, 520], "...|I", id="ends beyond the band before it settled"),
        pytest.param([440, 480, 510], "...|.", id="ends within the band"),
        pytest.param([490, 500, 508, 520, 530, 540, 550, 560], "......I.|.", id="born in the band, walks on"),
        pytest.param([490, 500, 510, 520, 525, 525, 525, 525], "........|.", id="born in the band, goes 35 pixels"),
        pytest.param([490, 495, 530], "...|I", id="born in the band, ends beyond it after 40 pixels"),
        pytest.param([490, 495, 529], "...|.", id="born in the band, ends beyond it before 40 pixels"),
        pytest.param(
            ([482] * 4 + [518] * 4) * 3, "." * 24 + "|.", id="swings over the band by 36 pixels, again and again"
        ),
        pytest.param([500, 500, 520, 540, 560, 580, 600], ".......|.", id="born on the line: came from nowhere"),
        pytest.param([500, 480, 460, 500, 540, 580, 600, 600], "......I.|.", id="born on the line, then crosses it"),
        pytest.param([440, 500, 500, 500, 440, 440], "......|.", id="stands on the line and goes back"),
        pytest.param([600, 600, 600], "...|.", id="stands inside"),
        pytest.param([440], ".|.", id="seen once"),
    ],
)
def test_positions_give_these_counts(xs: list[float], expected: str) -> None:
    """Each frame counts what it decides, no earlier and no later."""
    outcome = play(counter(lines=[DOOR]), walk([(x, 500.0) for x in xs]))
    assert flags(outcome.events[:-1]) + "|" + flags(outcome.events[-1:]) == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([(440, 100), (600, 100)], [], id="above the upper end"),
        pytest.param([(440, 900), (600, 900)], [], id="below the lower end"),
        pytest.param([(440, 200), (600, 200)], [IN], id="exactly over the upper end"),
        pytest.param([(440, 800), (600, 800)], [IN], id="exactly over the lower end"),
        pytest.param([(440, 199), (600, 199)], [], id="a pixel beside the end"),
        pytest.param([(440, 500), (440, 100), (600, 100), (600, 500)], [], id="round the end and on"),
        pytest.param(
            [(440, 500), (440, 100), (600, 100), (600, 500), (440, 500)],
            [OUT],
            id="in round the end, out over the line",
        ),
        pytest.param(
            [(440, 500), (600, 500), (600, 100), (440, 100), (440, 500), (600, 500)],
            [IN, IN],
            id="in twice in a circle",
        ),
        pytest.param([(499, 500), (501, 500), (501, 190), (499, 190), (440, 190)], [], id="round the end in the band"),
        pytest.param([(440, 300), (600, 700)], [IN], id="aslant"),
        pytest.param([(440, 100), (550, 300)], [IN], id="aslant, over the line below its end"),
        pytest.param([(440, 100), (600, 260)], [], id="aslant, past the end"),
    ],
)
def test_the_line_is_a_segment(points: list[tuple[float, float]], expected: list[Direction]) -> None:
    """Who goes round an end of the line is not counted, and then is on the other side."""
    assert play(counter(lines=[DOOR]), walk(points, every_s=1.0)).directions == expected


def test_a_crossing_is_dated_when_the_line_was_met() -> None:
    """The time is computed between the frames, not taken from the frame that decides."""
    outcome = play(counter(lines=[DOOR]), walk([(470, 500), (530, 500), (590, 500), (590, 500)], every_s=0.2))
    (crossing,) = outcome.crossings
    assert crossing.t_s == pytest.approx(0.1)
    assert outcome.events[2].crossings == (crossing,)


def test_a_crossing_out_of_sight_counts() -> None:
    """A track that is hidden as it passes the line is counted when it is seen on the other side."""
    frames = [frame(0.0, Seen(400)), frame(0.1, Seen(440))]
    frames += [frame(0.2 + i / 10, Seen(460 + 20 * i, seen=False)) for i in range(10)]
    outcome = play(counter(lines=[DOOR]), [*frames, frame(1.2, Seen(560)), frame(1.3, Seen(560))])
    assert [i for i, events in enumerate(outcome.events) if events.crossings] == [12]
    assert outcome.crossings[0].t_s == pytest.approx(0.1 + 1.1 / 2)


def test_a_prediction_crosses_nothing() -> None:
    """Where a track is merely believed to be is no evidence, also when it ends there."""
    frames = [frame(0.0, Seen(400)), frame(0.1, Seen(440))]
    frames += [frame(0.2 + i / 10, Seen(480 + 40 * i, seen=False)) for i in range(20)]
    assert play(counter(lines=[DOOR]), [*frames, frame(2.2, ended=(1,))]).crossings == []


@pytest.mark.parametrize("ended", [(1,), ()], ids=["named as ended", "no longer listed"])
def test_a_track_that_leaves_the_picture_behind_the_line_counts(ended: tuple[int, ...]) -> None:
    """People who walk out of the picture have no time to settle."""
    outcome = play(
        counter(lines=[DOOR]), [*walk([(560, 500), (520, 500), (480, 500)]), frame(2.3, ended=ended)], close=False
    )
    assert [len(events.crossings) for events in outcome.events] == [0, 0, 0, 1]
    assert outcome.directions == [OUT]
    assert outcome.crossings[0].t_s == pytest.approx(0.15)


def test_an_identity_switch_right_behind_the_line_keeps_the_balance() -> None:
    """The ended track counts OUT and the new one, coming back, counts IN: who turned round is inside as before."""
    frames = [*walk([(560, 500), (520, 500), (480, 500)])]
    frames += [frame(0.3 + i / 10, Seen(480 + 20 * i, track_id=2)) for i in range(9)]
    assert sorted(play(counter(lines=[DOOR]), frames).directions) == [IN, OUT]


def test_an_unconfirmed_track_waits() -> None:
    """A crossing before the confirmation is counted with it, dated when it was."""
    xs = [440, 480, 520, 560, 560, 560, 560, 560]
    frames = [frame(i / 10, Seen(x, confirmed=i >= 6)) for i, x in enumerate(xs)]
    outcome = play(counter(lines=[DOOR]), frames)
    assert flags(outcome.events) == "......I.."
    assert outcome.crossings[0].t_s == pytest.approx(0.15)


def test_a_confirmation_without_a_sight_counts() -> None:
    """A tracker may confirm a track in a frame in which it is not seen."""
    xs = [440, 480, 520, 560, 560, 560, 560]
    frames = [frame(i / 10, Seen(x, confirmed=False)) for i, x in enumerate(xs)]
    outcome = play(counter(lines=[DOOR]), [*frames, frame(0.7, Seen(560, seen=False))])
    assert flags(outcome.events) == ".......I."


def test_a_coasting_track_does_not_settle() -> None:
    """Out of sight beyond the band nothing is decided until it is seen again or ends."""
    frames = [*walk([(440, 500), (480, 500), (520, 500)])]
    frames += [frame(0.3 + i / 10, Seen(520, seen=False)) for i in range(10)]
    outcome = play(counter(lines=[DOOR]), [*frames, frame(1.3, Seen(520))], close=False)
    assert flags(outcome.events) == "." * 13 + "I"


def test_the_anchor_can_be_chosen() -> None:
    """The feet cross this line, the head does not, and the other way round."""
    shelf = {"name": "shelf", "from": (0.1, 0.5), "to": (0.9, 0.5), "inside": (0.5, 0.9)}
    feet = [(500.0, y) for y in (460.0, 520.0, 560.0, 560.0, 560.0, 560.0)]
    head = [(x, y + 100) for x, y in feet]
    middle = [(x, y + 50) for x, y in feet]
    for anchor, path in (("bottom_center", feet), ("top_center", head), ("center", middle)):
        for other in ("bottom_center", "top_center", "center"):
            outcome = play(counter(lines=[{**shelf, "anchor": other}]), walk(path))
            assert outcome.directions == ([IN] if other == anchor else [])


@pytest.mark.parametrize("swapped", [False, True], ids=["drawn downwards", "drawn upwards"])
@pytest.mark.parametrize(("inside", "direction"), [((0.9, 0.1), IN), ((0.1, 0.9), OUT)], ids=["right", "left"])
def test_in_is_towards_the_inside_point(inside: tuple[float, float], direction: Direction, *, swapped: bool) -> None:
    """IN follows from `inside` alone; it does not matter from which end the line was drawn."""
    ends = {"from": DOOR["to"], "to": DOOR["from"]} if swapped else {}
    line = {**DOOR, **ends, "inside": inside}
    assert play(counter(lines=[line]), walk([(440, 500), (560, 500)], every_s=1.0)).directions == [direction]


def test_lines_have_hysteresis_settling_and_travel_of_their_own() -> None:
    """With all three at zero the first touch of the other side counts."""
    bare = {**DOOR, "name": "bare", "hysteresis": 0.0, "settle_s": 0.0, "min_travel": 0.0}
    outcome = play(counter(lines=[bare, DOOR]), walk([(499.5, 500), (500.5, 500), (499.5, 500)]))
    assert [crossing.line for crossing in outcome.crossings] == ["bare", "bare"]
    assert outcome.directions == [IN, OUT]


def test_distances_are_fractions_of_the_height() -> None:
    """In a wide picture the band is as wide as the height says."""
    wide = SceneCounter(camera(lines=[DOOR]), class_names=("person",), width=2000, height=1000)
    assert play(wide, walk([(900, 500), (1014, 500)], every_s=1.0)).directions == []
    wide = SceneCounter(camera(lines=[DOOR]), class_names=("person",), width=2000, height=1000)
    assert play(wide, walk([(900, 500), (1016, 500)], every_s=1.0)).directions == [IN]


@pytest.mark.parametrize(
    ("start", "end", "xs"),
    [((0.1, 0.99), (0.9, 0.99), (150, 500, 850)), ((0.9, 0.97), (0.1, 0.99), (150, 500, 850))],
    ids=["along the edge", "aslant"],
)
def test_a_line_close_to_the_edge_can_be_left_behind(
    start: tuple[float, float], end: tuple[float, float], xs: tuple[float, ...]
) -> None:
    """Where the band would reach the picture's edge it takes half of the room, or nobody could ever cross."""
    edge = {"name": "edge", "from": start, "to": end, "inside": (0.5, 0.5)}
    for x in xs:
        out = walk([(x, y) for y in (900, 940, 960, 1000, 1000, 1000, 1000)])
        assert play(counter(lines=[edge]), out).directions == [OUT]
        comes = walk([(x, y) for y in (1000, 1000, 960, 920, 880, 880)])
        assert play(counter(lines=[edge]), comes).directions == [IN]


def test_a_line_that_ends_at_the_edge_keeps_its_band() -> None:
    """A slanted line from one edge of the picture to the other has room enough on both sides."""
    line = {"name": "slant", "from": (0.0, 0.5), "to": (1.0, 0.6), "inside": (0.5, 0.9)}
    for x in (20, 500, 980):
        on_line = 500 + x / 10
        assert play(counter(lines=[line]), walk([(x, 400)] * 3 + [(x, on_line + 14)] * 9)).crossings == []
        assert play(counter(lines=[line]), walk([(x, 400)] * 3 + [(x, on_line + 16)] * 9)).directions == [IN]


def test_other_classes_do_not_count() -> None:
    """A line counts the classes that it names; the numbers are those of the detector's list."""
    both = {**DOOR, "name": "both", "classes": ("bottle", "person")}
    frames = [frame(i / 10, Seen(x, class_id=1)) for i, x in enumerate([440, 480, 520, 560, 600, 640, 680])]
    outcome = play(counter(lines=[DOOR, both]), frames)
    assert [crossing.line for crossing in outcome.crossings] == ["both"]


def test_several_crossings_of_one_frame_come_in_order_of_time() -> None:
    """Whoever met the line first is reported first, whatever the numbers of the tracks."""
    frames = [
        frame(0.0, Seen(440, 300, 1), Seen(440, 500, 2), Seen(440, 700, 3)),
        frame(1.0, Seen(600, 300, 1), Seen(700, 500, 2), Seen(501, 700, 3)),
        frame(2.0, Seen(600, 300, 1), Seen(700, 500, 2), Seen(600, 700, 3)),
    ]
    times = [crossing.t_s for crossing in play(counter(lines=[DOOR]), frames).crossings]
    assert len(times) == 3
    assert times == sorted(times)
