"""How a face is looked for, from look to look."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.demographics.head import Square, first_places
from edge_agent.demographics.search import AWAY_S, Search, found_places, usual_places
from edge_agent.demographics.votes import APART_S
from edge_agent.records import Detections, Image

BOX = (100.0, 20.0, 160.0, 224.0)
PICTURE = np.zeros((360, 640, 3), np.uint8)
FIRST = len(first_places(BOX, picture_height=360))
AROUND = 8


def search_for() -> Search:
    """A search at the usual places."""
    return Search(usual_places, enough=0.5)


def play(search: Search, *readable: float) -> list[bool]:
    """Tell the search what each look gave; return which looks may be kept."""
    kept = []
    for share in readable:
        search.where(BOX, PICTURE)
        kept.append(search.note(share))
    return kept


def scan(search: Search, gives: dict[int, float], looks: int) -> list[Square | None]:
    """Scan with these probabilities at these looks and nearly nothing elsewhere; return where it looked."""
    squares = []
    for i in range(looks):
        squares.append(search.where(BOX, PICTURE))
        search.note(gives.get(i, 0.01))
    return squares


def test_a_sure_face_ends_the_scan() -> None:
    """At the first place that is certainly a face no other is tried."""
    search = search_for()
    first = search.where(BOX, PICTURE)
    search.note(0.999)
    assert not search.is_scanning
    assert search.where(BOX, PICTURE) == first


def test_the_places_around_the_best_are_tried_and_the_best_of_all_is_held() -> None:
    """Each place once; later looks are at the one that was the most readable."""
    search = search_for()
    squares = scan(search, {2: 0.9, FIRST + 3: 0.98, FIRST + 5: 0.97}, FIRST + AROUND)
    assert len(set(squares)) == FIRST + AROUND
    assert not search.is_scanning
    assert search.where(BOX, PICTURE) == squares[FIRST + 3]


def test_the_more_places_were_tried_the_surer_a_face_must_be() -> None:
    """What is enough at one place is not enough as the best of a dozen, and not when it is looked at again either."""
    search = search_for()
    scan(search, {2: 0.9}, FIRST + AROUND)
    assert search.is_scanning
    search = search_for()
    scan(search, {2: 0.98}, FIRST + AROUND)
    assert not search.is_scanning
    assert play(search, 0.9, 0.98) == [False, False]


def test_a_face_found_after_two_rounds_is_doubtful() -> None:
    """A face found at once is not in doubt; one found after two dozen places is."""
    search = search_for()
    for tries in range(1, 30):
        play(search, 0.4)
        assert search.is_doubtful == (tries > 24)


def test_looks_of_the_scan_and_lone_looks_are_not_kept() -> None:
    """A look is kept if the one before it, at the same place, was readable too."""
    assert play(search_for(), 0.999, 0.9, 0.2, 0.9, 0.9) == [False, True, False, False, True]


def test_a_face_that_is_gone_is_searched_anew() -> None:
    """Two looks in vain in a row, and all places are tried again."""
    search = search_for()
    play(search, 0.999, 0.9, 0.1, 0.1)
    assert search.is_scanning


def test_who_looks_away_is_left_alone_for_a_while() -> None:
    """A scan goes on at once; where no place shows anything it is not refined, and the next one is a second later."""
    search = search_for()
    pauses = []
    for _ in range(FIRST):
        play(search, 0.01)
        pauses.append(search.pause_s)
    assert pauses == [0.0] * (FIRST - 1) + [AWAY_S]


def test_a_found_face_is_looked_at_in_the_next_frame_and_then_from_time_to_time() -> None:
    """The same picture again would be no second look."""
    search = search_for()
    play(search, 0.999)
    assert 0.0 < search.pause_s < 1 / 30
    play(search, 0.9)
    assert search.pause_s == APART_S


@given(st.lists(st.floats(0.0, 0.49), min_size=1, max_size=60))
def test_nothing_readable_is_never_kept(readable: list[float]) -> None:
    """However long somebody stands with the back to the camera, no look is kept."""
    search = search_for()
    assert not any(play(search, *readable))
    assert search.is_scanning


@given(st.lists(st.floats(0.0, 1.0), max_size=200))
def test_a_search_goes_on_whatever_it_is_told(readable: list[float]) -> None:
    """There is always a place to look at, and two looks are never at the same instant once a face is held."""
    search = search_for()
    for share in readable:
        assert search.where(BOX, PICTURE) is not None
        search.note(share)
        assert search.pause_s > 0.0 or search.is_scanning


def found_at(*faces: tuple[float, float, float, float]) -> Search:
    """A search with a detector that finds faces there, in pixels of the region."""

    def find(region: Image) -> Detections:
        found = np.array(faces, np.float32).reshape(-1, 4)
        return Detections(found, np.full(len(found), 0.9, np.float32), np.zeros(len(found), np.int64))

    return Search(found_places(find), enough=0.5)


def test_a_detector_of_faces_says_where_to_look() -> None:
    """The first look is around the face that was found, in pixels of the whole picture."""
    left, top = 100 - 11, 20 - 8  # of the region: 82 px, from a tenth of it above the box
    square = found_at((30.0, 15.0, 50.0, 35.0)).where(BOX, PICTURE)
    assert square is not None
    assert (square.x, square.y, square.side) == pytest.approx((left + 40, top + 25, 26.0), abs=1.0)


@pytest.mark.parametrize("faces", [(), ((-40.0, 15.0, -20.0, 35.0),)])
def test_without_a_face_in_the_box_nobody_is_read(faces: tuple[tuple[float, float, float, float], ...]) -> None:
    """Nobody's face, and a neighbour's: there is nothing to look at, and the detector is not asked again at once."""
    search = found_at(*faces)
    assert search.where(BOX, PICTURE) is None
    search.note(0.0)
    assert search.pause_s == AWAY_S
