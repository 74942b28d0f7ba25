"""Augmentation: whatever happens to a picture, its truth still fits."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training.appearance import altered
from training.augment import PAD, Chances, Scene, augment, flipped, mosaic, moved, view
from training.pasting import Layers, cover, paste
from training.samples import PERSON, People

SIZE = (384, 224)
PLAIN = Chances(owners=0, paste=0, erase=0, mosaic=0, letterbox=0, flip=0, zoom_out=0, appearance=0)


def scene(*boxes: tuple[int, int, int, int], size: tuple[int, int] = SIZE, colour: int = 250) -> Scene:
    """People as bright blocks on black, which can be found again in the picture."""
    picture, owner = np.zeros((size[1], size[0], 3), np.uint8), np.zeros((size[1], size[0]), np.uint8)
    people = np.zeros(len(boxes), PERSON)
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        picture[y0:y1, x0:x1], owner[y0:y1, x0:x1] = colour, number + 1
        people[number]["box"] = people[number]["whole"] = (x0, y0, x1, y1)
        people[number]["visible"] = 1
    return Scene(picture, people, owner)


def bright(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Around all bright pixels."""
    x, y, w, h = cv2.boundingRect((picture[..., 0] > 125).astype(np.uint8))
    return x, y, x + w, y + h


def same(people: People, picture: np.ndarray, within: float = 2.0) -> None:
    """The one person's box is where the picture is bright."""
    assert len(people) == 1
    assert np.abs(people["box"][0] - bright(picture)).max() <= within


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.5, 1.8))
def test_a_view_moves_boxes_with_their_people(seed: int, zoom: float) -> None:
    """After any crop and scaling a box is where its person is, cut at the picture's edge."""
    picture, people = view(scene((150, 60, 220, 180)), SIZE, np.random.default_rng(seed), zoom=zoom)
    if len(people) and (picture[..., 0] > 125).any() and picture[0, 0, 0] == 0 == picture[-1, -1, 0]:
        same(people, picture)


def test_a_person_nearly_outside_is_ignored() -> None:
    """When a crop leaves less than a fifth of a box, nothing is asked of that rest."""
    people = scene((0, 0, 100, 100), (200, 0, 300, 100)).people
    after = moved(people, (1, 1), (-90, 0), (0, 0, *SIZE))
    assert after["ignore"].tolist() == [True, False]
    assert after["box"].tolist() == [[0, 0, 10, 100], [110, 0, 210, 100]]


def test_a_mosaic_keeps_everybody_in_their_tile() -> None:
    """Four pictures side by side; no box reaches into a neighbour's tile."""
    scenes = [scene((0, 0, 384, 224), colour=c) for c in (60, 120, 180, 240)]
    picture, people = mosaic(scenes, SIZE, np.random.default_rng(0))
    assert len(people) == 4
    assert people["box"][0, 2] == people["box"][1, 0]
    assert people["box"][0, 3] == people["box"][2, 1]
    for colour, box in zip((60, 120, 180, 240), people["box"].astype(int), strict=True):
        assert (picture[box[1] : box[3], box[0] : box[2]] == colour).all()


def test_flipping_twice_changes_nothing() -> None:
    """A mirror image's mirror image is the picture, and so are its boxes."""
    one = scene((10, 20, 60, 200))
    picture, people = flipped(*flipped(one.picture, one.people))
    assert np.array_equal(picture, one.picture)
    assert np.array_equal(people["box"], one.people["box"])
    same(flipped(one.picture, one.people)[1], flipped(one.picture, one.people)[0], 0)


def test_cameras_of_other_shapes_leave_the_grey_band_of_the_agent() -> None:
    """A letterboxed picture is at the top left, the rest is grey 114, and nobody's box is in it."""
    scenes = [scene((150, 60, 220, 180)) for _ in range(24)]
    chances = replace(PLAIN, letterbox=1)
    pictures, everybody = augment(scenes, SIZE, np.random.default_rng(3), chances)
    banded = [k for k, p in enumerate(pictures) if (p[:, -8:] == PAD).all() or (p[-8:] == PAD).all()]
    assert len(banded) > 16
    for k in banded:
        for box in everybody[k]["box"].round().astype(int):
            inside = pictures[k][max(0, box[1] + 2) : box[3] - 2, max(0, box[0] + 2) : box[2] - 2]
            assert not inside.size or (inside != PAD).any()


def test_a_pasted_person_has_the_box_of_their_pixels() -> None:
    """Somebody of another picture appears with an own box around what is seen of them."""
    into, source = Layers(*_parts(scene())), Layers(*_parts(scene((100, 50, 140, 150))))
    after = paste(into, source, np.random.default_rng(2))
    assert len(after.people) == 1
    same(after.people, after.picture, 2)
    assert (after.owner_or_empty() == 1).any()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_boxes_shrink_to_what_is_still_seen(seed: int) -> None:
    """Whoever stands behind a pasted person or thing has the box of the remaining pixels, or is ignored."""
    rng = np.random.default_rng(seed)
    layers = Layers(*_parts(scene((100, 50, 140, 150), (200, 20, 260, 220))))
    for _ in range(3):
        layers = paste(layers, Layers(*_parts(scene((100, 50, 140, 150), colour=90))), rng)
        layers = cover(layers, np.full((224, 384, 3), 30, np.uint8), rng)
    for number, person in enumerate(layers.people):
        seen = layers.owner_or_empty() == number + 1
        if not seen.any():
            assert person["ignore"] or not person["box"].any()
            continue
        x, y, w, h = cv2.boundingRect(seen.astype(np.uint8))
        assert tuple(person["box"]) == (x, y, x + w, y + h)


def test_the_source_of_a_paste_is_left_as_it_was() -> None:
    """Pictures and tables that go in are not written to: others of the batch use them too."""
    one = scene((100, 50, 140, 150))
    before = one.picture.copy(), one.people.copy()
    cover(
        paste(Layers(*_parts(one)), Layers(*_parts(one)), np.random.default_rng(1)),
        one.picture,
        np.random.default_rng(1),
    )
    assert np.array_equal(one.picture, before[0])
    assert np.array_equal(one.people, before[1])


@pytest.mark.parametrize("size", [(384, 224), (256, 160), (64, 32)])
def test_all_at_once_gives_inputs_of_the_asked_size(size: tuple[int, int]) -> None:
    """With every chance on, shapes are right, boxes lie inside and none is thinner than two pixels."""
    chances = Chances(owners=1, paste=1, erase=1, mosaic=0.5)
    scenes = [scene((10, 20, 60, 200), (300, 100, 320, 140)) for _ in range(12)]
    pictures, everybody = augment(scenes, size, np.random.default_rng(4), chances)
    assert pictures.shape == (12, size[1], size[0], 3)
    boxes = np.concatenate([people["box"] for people in everybody])
    assert (boxes[:, 2:] - boxes[:, :2] >= 2).all()
    assert boxes.min() >= 0
    assert (boxes.max(0) <= [*size, *size]).all()


def test_the_same_seed_makes_the_same_pictures() -> None:
    """What comes out depends on the samples and the seed alone."""
    runs = [augment([scene((10, 20, 60, 200))] * 6, SIZE, np.random.default_rng(5), Chances()) for _ in range(2)]
    assert np.array_equal(runs[0][0], runs[1][0])
    assert all(np.array_equal(a, b) for a, b in zip(runs[0][1], runs[1][1], strict=True))


def test_appearance_keeps_the_shape_and_the_people_visible() -> None:
    """However the light changes, a bright block on black stays the brighter or, inverted, the darker part."""
    one = scene((100, 50, 200, 180)).picture
    for seed in range(60):
        picture = altered(one, np.random.default_rng(seed))
        assert picture.shape == one.shape
        assert picture.dtype == np.uint8
        assert abs(float(picture[100, 150].mean()) - float(picture[20, 20].mean())) > 40


def _parts(one: Scene) -> tuple[np.ndarray, np.ndarray | None, People]:
    return one.picture, one.owner, one.people
