"""Batches of the attribute training."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from training.attributes.batches import UNREADABLE_SHARE, Batches, as_input
from training.attributes.data import Nothing, Split, read_faces, read_nothing


@pytest.fixture(scope="module")
def batches(folder: Path) -> Batches:
    """Of 20 pictures each."""
    return Batches(read_faces(folder, Split.TRAIN), read_nothing(folder, Split.TRAIN), 20, seed=3)


def test_a_batch_is_the_same_whenever_it_is_made(batches: Batches) -> None:
    """Batch 7 does not depend on the batches before it: a training that stopped goes on with the same pictures."""
    first = batches.batch(7)
    batches.batch(2)
    again = batches.batch(7)
    assert torch.equal(first.pictures, again.pictures)
    assert torch.equal(first.sex, again.sex)
    assert not torch.equal(first.pictures, batches.batch(8).pictures)


def test_the_readable_come_first_and_only_they_have_labels(batches: Batches) -> None:
    """The share of unreadable pictures is at the end, without a label."""
    batch = batches.batch(0)
    unreadable = round(20 * UNREADABLE_SHARE)
    assert batch.readable == 20 - unreadable == len(batch.clean)
    assert (batch.sex[: batch.readable] >= 0).all()
    assert (batch.sex[batch.readable :] == -1).all()
    assert (batch.age[batch.readable :] == -1).all()


def test_each_face_comes_once_a_round(folder: Path) -> None:
    """Over whole rounds of the endless sequence every face is shown equally often."""
    faces = read_faces(folder, Split.TRAIN)
    batches = Batches(faces, read_nothing(folder, Split.TRAIN), 7, seed=1)
    shown: Counter[bytes] = Counter()
    per_batch = batches.batch(0).readable
    for number in range(len(faces)):  # as many batches as faces: whole rounds
        clean = batches.batch(number).clean
        shown.update(picture.numpy().tobytes() for picture in clean)
    assert sum(shown.values()) == len(faces) * per_batch
    assert set(shown.values()) == {per_batch}


def test_without_the_teacher_nothing_is_shown_undisturbed(batches: Batches) -> None:
    """The same batch without its clean pictures has the same pictures to learn from."""
    batch = batches.batch(4, with_clean=False)
    assert batch.clean.numel() == 0
    assert batch.readable == batches.batch(4).readable
    assert torch.equal(batch.pictures, batches.batch(4).pictures)


def test_there_must_be_something_unreadable(folder: Path) -> None:
    """Without any picture of nothing to read there is no training."""
    empty = Nothing(np.zeros((0, 96, 96, 3), np.uint8), np.zeros(0, str))
    with pytest.raises(ValueError, match="prepare"):
        Batches(read_faces(folder, Split.TRAIN), empty, 8, seed=1)


def test_pictures_become_input() -> None:
    """Bytes 0 to 255 become 0 to 1, channels before rows."""
    picture = torch.zeros(1, 64, 64, 3, dtype=torch.uint8)
    picture[0, 5, 6, 2] = 255
    found = as_input(picture)
    assert found.shape == (1, 3, 64, 64)
    assert found[0, 2, 5, 6] == 1
    assert found.sum() == 1
