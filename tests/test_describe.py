"""`edge-agent describe`: what scripts that measure the attribute model rely on."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from demographics.scenes import Body, paint, picture
from support.agent import edge_agent
from support.attributes import make_bundle

from edge_agent.terms import AgeBand, Sex

KEYS = {"file", "readable", "readable_probability", "sex", "sex_probability", "age", "age_probability"}


@pytest.fixture(scope="session")
def tint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that reads the tint of a crop."""
    return make_bundle(tmp_path_factory.mktemp("tint"))


def save(path: Path, colour: tuple[int, int, int], size: int = 96) -> Path:
    """A picture of one colour, blue green red."""
    cv2.imwrite(str(path), np.full((size, size, 3), colour, np.uint8))
    return path


def describe(*arguments: object) -> list[dict[str, Any]]:
    """The result as JSON."""
    done = edge_agent("describe", *arguments, "--json")
    assert (done.status, done.err) == (0, "")
    result: list[dict[str, Any]] = json.loads(done.out)
    return result


def test_each_picture_is_described_in_order(tint: Path, tmp_path: Path) -> None:
    """One object per picture, with labels and with the probabilities of every word."""
    man = save(tmp_path / "a man.png", (250, 200, 0))
    woman = save(tmp_path / "b.jpg", (0, 200, 250), 24)
    first, second = describe(man, woman, "--bundle", tint)
    assert set(first) == set(second) == KEYS
    assert (first["file"], second["file"]) == (str(man), str(woman))
    assert (first["sex"], second["sex"]) == (Sex.MALE, Sex.FEMALE)
    assert first["readable"] is True
    assert first["age"] == AgeBand.FROM_30
    assert set(first["sex_probability"]) == {"female", "male"}
    assert list(first["age_probability"]) == [band for band in AgeBand if band is not AgeBand.UNKNOWN]
    assert sum(first["age_probability"].values()) == pytest.approx(1.0, abs=0.001)


def test_probabilities_are_told_also_of_what_is_unknown(tint: Path, tmp_path: Path) -> None:
    """Nothing to read, and a face between the two: the labels are unknown, the numbers are there to be measured."""
    nothing, between = describe(
        save(tmp_path / "1.png", (250, 0, 0)), save(tmp_path / "2.png", (100, 200, 100)), "--bundle", tint
    )
    assert (nothing["readable"], nothing["sex"], nothing["age"]) == (False, Sex.UNKNOWN, AgeBand.UNKNOWN)
    assert nothing["readable_probability"] < 0.01
    assert nothing["sex_probability"]["male"] > 0.99
    assert (between["readable"], between["sex"]) == (True, Sex.UNKNOWN)
    assert between["sex_probability"] == {"female": 0.5, "male": 0.5}


def test_people_are_found_in_a_whole_picture(shared: Path, tint: Path, tmp_path: Path) -> None:
    """With --find each person that the detector sees is described, with the box in pixels."""
    capture = cv2.VideoCapture(str(shared / "clips" / "two-faces.gif"))
    frame = [capture.read()[1] for _ in range(20)][-1]
    cv2.imwrite(str(tmp_path / "two.png"), frame)
    (result,) = describe(tmp_path / "two.png", "--find", "--bundle", tint)
    assert set(result) == {"file", "people"}
    assert len(result["people"]) == 2
    for person in result["people"]:
        assert set(person) == KEYS - {"file"} | {"box"}
        assert all(isinstance(edge, int) for edge in person["box"])


def test_a_picture_without_people_has_none(tint: Path, tmp_path: Path) -> None:
    """An empty room is an empty list, and no guess."""
    cv2.imwrite(str(tmp_path / "room.png"), picture())
    assert describe(tmp_path / "room.png", "--find", "--bundle", tint)[0]["people"] == []


def test_the_words_are_for_people(tint: Path, tmp_path: Path) -> None:
    """Without --json a line per picture says the same in words."""
    image = picture()
    paint(image, Body(1, 100.0), male=0.9)
    face = save(tmp_path / "face.png", (250, 200, 0))
    wall = save(tmp_path / "wall.png", (90, 20, 90))
    done = edge_agent("describe", face, wall, "--bundle", tint)
    assert done.status == 0
    ages = "under_20 0.02, 20_29 0.02, 30_39 0.92, 40_49 0.02, 50_59 0.02, 60_over 0.02"
    assert done.out.splitlines() == [
        f"{face}: male (female 0.00, male 1.00), age 30_39 ({ages})",
        f"{wall}: nothing to read (probability of a face 0.00)",
    ]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut short"])
def test_a_file_that_is_no_picture_is_one_line(tint: Path, tmp_path: Path, content: bytes) -> None:
    """Exit status 2, nothing on standard output, also beside good pictures."""
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(content)
    done = edge_agent("describe", save(tmp_path / "good.png", (0, 200, 0)), broken, "--bundle", tint, "--json")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"{broken}: not a picture that can be read; give a JPEG or PNG file\n"


def test_a_missing_file_and_a_missing_bundle_are_one_line(tint: Path, tmp_path: Path) -> None:
    """Both are wrong usage."""
    done = edge_agent("describe", tmp_path / "none.jpg", "--bundle", tint)
    assert (done.status, done.err) == (2, f"{tmp_path / 'none.jpg'}: cannot be read: No such file or directory\n")
    done = edge_agent("describe", save(tmp_path / "a.png", (0, 0, 0)), "--bundle", "no-such-bundle")
    assert (done.status, done.err.count("\n")) == (2, 1)


def test_nothing_is_written(tint: Path, tmp_path: Path) -> None:
    """The folder that it works in holds the picture and nothing else afterwards."""
    face = save(tmp_path / "face.png", (250, 200, 0))
    before = face.read_bytes()
    done = edge_agent("describe", face.name, "--bundle", tint, cwd=tmp_path, TMPDIR=str(tmp_path), HOME=str(tmp_path))
    assert done.status == 0, done.err
    assert [path.name for path in tmp_path.rglob("*")] == [face.name]
    assert face.read_bytes() == before
