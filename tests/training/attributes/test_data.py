"""Faces and their labels: split by name, decoded whole, and the race labels out of training's reach."""

import csv
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.attributes import augment, batches, data, losses, network, train
from training.attributes.data import ABOUT, AUDIT, SHARES, STORED, Split, read_audit, read_faces, read_labels, split_of
from training.attributes.prepare import prepare_faces


def test_the_splits_have_their_shares() -> None:
    """Of many names about as many fall into each split as `SHARES` says, and most train."""
    found = np.bincount([split_of(f"faces-0/{number}.jpg") for number in range(4000)], minlength=4) / 4000
    before = 0
    for split, below in SHARES:
        assert found[split] == pytest.approx((below - before) / 100, abs=0.012)
        before = below
    assert found[Split.TRAIN] > 0.8


@given(st.text(max_size=30))
def test_a_name_is_always_of_the_same_split(name: str) -> None:
    """The split hangs on the name alone."""
    assert split_of(name) is split_of(name)


def _folder(path: Path, rows: list[dict[str, str]]) -> Path:
    """labels.csv and one zip file of plain grey pictures whose grey is their number."""
    with (path / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "age", "sex", "race_audit_only"])
        writer.writeheader()
        writer.writerows(rows)
    with zipfile.ZipFile(path / "faces-0.zip", "w") as archive:
        for number, row in enumerate(rows):
            picture = np.full((STORED, STORED, 3), 10 * number, np.uint8)
            archive.writestr(row["file"], cv2.imencode(".png", picture)[1].tobytes())
    return path


_ROW = {"age": "20-29", "sex": "male", "race_audit_only": "Black"}


def test_faces_are_decoded_with_their_labels(tmp_path: Path) -> None:
    """Each picture comes back with its own sex and age, in the order of labels.csv."""
    rows = [_ROW | {"file": f"faces-0/{n}.jpg", "sex": ("female", "male")[n % 2]} for n in range(20)]
    out = tmp_path / "out"
    out.mkdir()
    assert prepare_faces(_folder(tmp_path, rows), out) == 20
    seen = 0
    for split in Split:
        faces = read_faces(out, split)
        assert (faces.pixels[:, 0, 0, 0] == faces.rows * 10).all()
        assert (faces.sex == faces.rows % 2).all()
        assert (faces.age == 3).all()
        assert (read_audit(out, faces) == "Black").all()
        seen += len(faces)
    assert seen == 20


@pytest.mark.parametrize("wrong", [{"age": "30"}, {"sex": "other"}])
def test_an_unknown_label_is_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    """A word that is none of the labels stops the preparation with file and line."""
    _folder(tmp_path, [_ROW | {"file": "faces-0/1.jpg"}, _ROW | {"file": "faces-0/2.jpg"} | wrong])
    with pytest.raises(ValueError, match=r"labels\.csv:3: unknown label"):
        read_labels(tmp_path / "labels.csv")


def test_what_is_not_prepared_is_said(tmp_path: Path) -> None:
    """Without the decoded faces the error says which command makes them."""
    with pytest.raises(ValueError, match=r"training\.attributes\.prepare"):
        read_faces(tmp_path, Split.TRAIN)


def test_race_is_out_of_trainings_reach(folder: Path) -> None:
    """The race labels are in no file that training opens, and no module of the training can read them."""
    assert "race" not in np.load(folder / ABOUT).files
    assert np.load(folder / AUDIT).files == ["race"]
    for module in (augment, batches, losses, network, train):
        assert not {"read_audit", "AUDIT", "race"} & set(vars(module))
    assert "race" not in {field for kind in (data.Faces, data.Nothing) for field in kind.__slots__}
