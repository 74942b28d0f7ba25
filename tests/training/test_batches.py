"""Batches: what is read from shards, in which order, and what the network is told of it."""

import json
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.shards import write_shards
from training.augment import Chances
from training.batches import LEAST_VISIBLE, Batch, Batches, Pool, Sources, loader, targets_of
from training.samples import PERSON, Shard


def batches(folder: Path, **changed: object) -> Batches:
    """Batches of four small pictures from the folder's shards."""
    return Batches(Sources(folder), **{"count": 4, "size": (96, 64), "seed": 1, **changed})  # type: ignore[arg-type]


def same(a: Batch, b: Batch) -> bool:
    """Same pictures and boxes."""
    return torch.equal(a.pictures, b.pictures) and torch.equal(a.targets.boxes, b.targets.boxes)


def test_batches_depend_on_their_number_only(tmp_path: Path) -> None:
    """Whoever starts at batch 3 gets what another one gets there who started at 0."""
    write_shards(tmp_path, 2)
    all_of_them = list(islice(batches(tmp_path), 5))
    later = list(islice(batches(tmp_path, first=3), 2))
    assert same(all_of_them[3], later[0])
    assert same(all_of_them[4], later[1])
    assert not same(all_of_them[0], all_of_them[1])


def test_several_processes_share_the_batches(tmp_path: Path) -> None:
    """With a step of two, the two streams are the even and the odd batches of one."""
    write_shards(tmp_path, 1)
    one = list(islice(batches(tmp_path), 4))
    even, odd = (list(islice(batches(tmp_path, first=k, step=2), 2)) for k in (0, 1))
    assert all(same(a, b) for a, b in zip(one, [even[0], odd[0], even[1], odd[1]], strict=True))


def test_a_process_beside_makes_the_same_batches(tmp_path: Path) -> None:
    """Batches made by a worker process are those made in this one."""
    write_shards(tmp_path, 1)
    here, there = (list(islice(loader(batches(tmp_path), workers), 2)) for workers in (0, 1))
    assert all(same(a, b) for a, b in zip(here, there, strict=True))


def test_new_shards_are_taken_in(tmp_path: Path) -> None:
    """A shard that is written while training runs is found at the next look."""
    write_shards(tmp_path, 1)
    pool = Pool(tmp_path)
    pool.refresh()
    before = len(pool)
    write_shards(tmp_path, 2, start=1)
    pool.refresh()
    assert len(pool) == 3 * before
    assert len(pool.scene(len(pool) - 1, owner=True).people) == 1


def test_a_folder_without_shards_says_what_to_do(tmp_path: Path) -> None:
    """Nothing to learn from ends in one line."""
    with pytest.raises(ValueError, match=r"no shards \(\*\.npz\); generate some first"):
        next(iter(batches(tmp_path)))


def test_negatives_show_nobody(tmp_path: Path) -> None:
    """A photograph out of the negatives comes without boxes."""
    write_shards(tmp_path / "shards", 1)
    (tmp_path / "goods").mkdir()
    cv2.imwrite(str(tmp_path / "goods" / "apples.jpg"), np.full((300, 400, 3), 200, np.uint8))
    sources = Sources(tmp_path / "shards", [tmp_path / "goods"], negative_share=1.0)
    batch = next(iter(Batches(sources, count=3, size=(96, 64), seed=1)))
    assert len(batch.targets.boxes) == 0


def test_targets_name_picture_and_kind() -> None:
    """Boxes of all pictures lie in one list, those that are ignored or hardly seen in another; heads are of kind 1."""
    people = np.zeros(3, PERSON)
    people["box"] = [[0, 0, 10, 40], [20, 0, 30, 40], [50, 0, 60, 40]]
    people["head"][0] = [2, 0, 8, 8]
    people["ignore"][1] = True
    people["visible"] = [1, 1, LEAST_VISIBLE * 0.9]
    targets = targets_of([people[:0], people], classes=2)
    assert targets.boxes.tolist() == [[0, 0, 10, 40], [2, 0, 8, 8]]
    assert targets.picture.tolist() == [1, 1]
    assert targets.kind.tolist() == [0, 1]
    assert targets.ignored.tolist() == [[20, 0, 30, 40], [50, 0, 60, 40]]
    assert targets.ignored_picture.tolist() == [1, 1]


def test_hard_samples_are_seen_more_often(tmp_path: Path) -> None:
    """With a share of one, only samples of the list are drawn; a shard that is gone is left out of it."""
    write_shards(tmp_path, 2)
    chosen = {"001.npz": [2], "gone.npz": [0]}
    (tmp_path / "hard.json").write_text(json.dumps(chosen))
    pool = Pool(tmp_path)
    pool.refresh()
    assert pool.listed(chosen).tolist() == [6 + 2]
    assert pool.place(6 + 2) == ("001.npz", 2)
    sources = Sources(tmp_path, hard=tmp_path / "hard.json", hard_share=1.0)
    plain = Chances(owners=0, mosaic=0, letterbox=0, flip=0, zoom_out=0, appearance=0)
    batch = next(iter(Batches(sources, count=8, size=(96, 64), seed=1, chances=plain)))
    wanted = Shard(tmp_path / "001.npz").people(2)["box"][0]
    scale = (batch.targets.boxes[:, 2:] - batch.targets.boxes[:, :2]) / torch.from_numpy(wanted[2:] - wanted[:2])
    assert len(batch.targets.boxes) == 8
    assert (scale > 0.5).all()
