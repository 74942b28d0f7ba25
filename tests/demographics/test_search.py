"""How a face is looked for, from look to look."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.demographics.head import SLOTS, head_square
from edge_agent.demographics.look import part_of
from edge_agent.demographics.search import AWAY_S, FaceSearch, PlaceSearch, places
from edge_agent.records import Detections, Image

BOX = (100.0, 20.0, 160.0, 224.0)
PICTURE = np.zeros((360, 640, 3), np.uint8)


def play(search: PlaceSearch, readable: list[float]) -> list[bool]:
    """Tell the search what each look gave; return which looks counted."""
    return [search.note(share) for share in readable]


def test_a_sure_face_ends_the_search() -> None:
    """At the first place that is surely a face no other is tried."""
    search = PlaceSearch(enough=0.5)
    first = search.where(BOX, PICTURE)
    play(search, [0.95])
    assert not search.is_scanning
    assert search.where(BOX, PICTURE) == first


def test_the_best_of_all_places_is_held() -> None:
    """Where several places are readable, later looks are at the best of them."""
    search = PlaceSearch(enough=0.5)
    seen = []
    for slot in range(SLOTS):
        seen.append(search.where(BOX, PICTURE))
        search.note({2: 0.6, 4: 0.8, 6: 0.7}.get(slot, 0.1))
    assert not search.is_scanning
    assert search.where(BOX, PICTURE) == seen[4]
    assert len(set(seen)) == SLOTS


def test_looks_of_the_scan_and_lone_looks_do_not_count() -> None:
    """A look counts if the one before it, at the same place, was readable too."""
    search = PlaceSearch(enough=0.5)
    assert play(search, [0.95, 0.9, 0.2, 0.9, 0.9]) == [False, True, False, False, True]


def test_a_face_that_is_gone_is_searched_anew() -> None:
    """Two looks in vain in a row, and all places are tried again."""
    search = PlaceSearch(enough=0.5)
    play(search, [0.95, 0.9, 0.1, 0.1])
    assert search.is_scanning


def test_who_looks_away_is_left_alone_for_a_while() -> None:
    """Within a scan the next look is due at once; after one in vain a second later."""
    search = PlaceSearch(enough=0.5)
    pauses = []
    for _ in range(SLOTS):
        search.note(0.1)
        pauses.append(search.pause_s)
    assert pauses == [0.0] * (SLOTS - 1) + [AWAY_S]


@given(st.lists(st.floats(0.0, 0.49), min_size=1, max_size=60))
def test_nothing_readable_never_counts(readable: list[float]) -> None:
    """However long somebody stands with the back to the camera, no look counts."""
    search = PlaceSearch(enough=0.5)
    assert not any(play(search, readable))
    assert search.is_scanning


def find_at(*faces: tuple[float, float, float, float]) -> FaceSearch:
    """A search with a detector that finds faces there, in pixels of the region."""

    def find(region: Image) -> Detections:
        found = np.array(faces, np.float32).reshape(-1, 4)
        return Detections(found, np.full(len(found), 0.9, np.float32), np.zeros(len(found), np.int64))

    return FaceSearch(find, enough=0.5)


def test_a_detector_of_faces_says_where_to_look() -> None:
    """The part that is read is around the face that was found, in pixels of the whole picture."""
    left, top = 100 - 6, 20 - 7  # of the region: 72 px, from 0.1 of it above the box
    part = find_at((30.0, 15.0, 50.0, 35.0)).where(BOX, PICTURE)
    assert part is not None
    assert abs(part.left + part.side / 2 - (left + 40)) <= 1
    assert abs(part.top + part.side / 2 - (top + 25)) <= 1
    assert part.side == 30


def test_a_neighbours_face_is_not_read() -> None:
    """A face whose middle is outside of the person's box is somebody else's."""
    assert find_at((-40.0, 15.0, -20.0, 35.0)).where(BOX, PICTURE) is None
    assert find_at().where(BOX, PICTURE) is None


def test_with_a_detector_every_readable_look_counts() -> None:
    """Two networks that agree on a face need no second look to be believed."""
    search = find_at((30.0, 15.0, 50.0, 35.0))
    assert [search.note(0.4), search.note(0.6)] == [False, True]


def test_all_places_of_a_picture_are_given_at_once() -> None:
    """For a single picture the places come in the order of the search; those that are too small do not come."""
    parts = [part_of(head_square(BOX, slot, picture_height=360), PICTURE) for slot in range(SLOTS)]
    assert [place.shape[0] for place in places(PICTURE, BOX)] == [part.side for part in parts if part]
    assert places(PICTURE, (0.0, 0.0, 8.0, 20.0)) == []
