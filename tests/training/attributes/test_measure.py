"""The measures of an attribute model, on readings whose figures can be worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.attributes.choose import least_confidence, strictest
from training.attributes.data import STORED, Faces, Split, read_audit, read_faces, read_nothing
from training.attributes.measure import (
    Reading,
    Share,
    at_size,
    calibration_error,
    confusion,
    groups,
    nothing_crops,
    shrunk_all,
)


def _faces(sex: list[int], age: list[int]) -> Faces:
    pixels = np.zeros((len(sex), STORED, STORED, 3), np.uint8)
    return Faces(pixels, np.array(sex), np.array(age), np.arange(len(sex)))


def _reading(sex: list[int], band: list[int], sure: float = 0.9) -> Reading:
    """Answers, all with the same certainty."""
    sexes = np.where(np.eye(2)[sex] > 0, sure, 1 - sure).astype(np.float32)
    bands = np.where(np.eye(6)[band] > 0, sure, (1 - sure) / 5).astype(np.float32)
    return Reading(sexes, bands, np.full(len(sex), sure, np.float32))


def test_children_do_not_count_among_adults() -> None:
    """The sex of adults is counted from 20 years on; all ages count for the band, and a neighbour's band is near."""
    faces = _faces([0, 1, 0, 1], [1, 3, 4, 8])  # a child, then 20-29, 30-39, over 70
    figures = at_size(_reading([1, 1, 0, 0], [0, 1, 3, 3]), faces)
    assert figures.sex == pytest.approx(2 / 3)
    assert figures.sex_all == pytest.approx(2 / 4)
    assert figures.age == pytest.approx(2 / 4)
    assert figures.age_near == pytest.approx(3 / 4)


def test_certainty_that_comes_true_has_no_error() -> None:
    """Of ten answers at .7 seven are right: no error; if all were wrong the error would be .7."""
    probabilities = np.tile(np.array([[0.7, 0.3]], np.float32), (10, 1))
    truth = np.array([0] * 7 + [1] * 3)
    assert calibration_error(probabilities, truth) == pytest.approx(0, abs=1e-6)
    assert calibration_error(probabilities, np.ones(10, np.int64)) == pytest.approx(0.7, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.booleans()), min_size=1, max_size=50))
def test_the_calibration_error_is_a_share(answers: list[tuple[float, bool]]) -> None:
    """Whatever the answers, the error lies between nothing and 1."""
    sure = np.array([answer for answer, _ in answers], np.float32)
    error = calibration_error(np.stack([sure, 1 - sure], 1), np.array([int(not right) for _, right in answers]))
    assert 0 <= error <= 1


def test_confusion_holds_every_face_once() -> None:
    """Each face stands in the row of its truth, as read or as unknown."""
    faces = _faces([0, 0, 1, 1, 1], [3, 3, 3, 4, 8])
    reading = _reading([0, 1, 1, 1, 0], [1, 1, 1, 2, 5])
    reading.sex[4] = (0.55, 0.45)
    table = confusion("sex", 24, reading, faces, 0.6)
    assert table.counts.tolist() == [[1, 1], [0, 2]]
    assert table.unknown.tolist() == [0, 1]
    ages = confusion("age", 24, reading, faces, 0.0)
    assert ages.counts.sum() == 5
    assert ages.counts[1, 1] == 3


def test_groups_are_audited_apart() -> None:
    """Right sexes are counted by sex, band and race; children only in their band."""
    faces = _faces([0, 1, 1], [1, 3, 3])
    found = groups(_reading([1, 1, 0], [0, 1, 1]), faces, np.array(["a", "a", "b"]))
    assert found["age band", "under_20"] == Share(0, 1)
    assert found["sex", "male"] == Share(1, 2)
    assert found["sex", "female"] == Share(0, 0)
    assert found["race_audit_only", "a"] == Share(1, 1)
    assert found["race_audit_only", "b"] == Share(0, 1)


def test_what_cannot_be_read_is_shown_kind_by_kind(folder: Path) -> None:
    """Each kind of nothing and each way to spoil a face is measured, in the network's size, the same each time."""
    faces, nothing = read_faces(folder, Split.TEST), read_nothing(folder, Split.TEST)
    shown = dict(nothing_crops(nothing, faces, 1))
    assert set(nothing.kind.tolist()) < set(shown)
    assert {"face, tiny", "face, upside down", "face, hair"} < set(shown)
    assert all(crops.shape[1:] == (64, 64, 3) for crops in shown.values())
    assert all((crops == shown[kind]).all() for kind, crops in nothing_crops(nothing, faces, 1))
    assert len(read_audit(folder, faces)) == len(shrunk_all(faces, 20))


def test_the_threshold_is_as_high_as_may_be() -> None:
    """As many faces as asked still reach it, and a thousandth more would lose one; it never is certainty itself."""
    seen = np.linspace(0.5, 0.9995, 200, dtype=np.float32)
    threshold = strictest(seen, 0.97)
    assert (seen >= threshold).mean() >= 0.97 > (seen >= threshold + 0.005).mean()
    assert strictest(np.ones(5, np.float32), 0.97) == pytest.approx(0.999)


def test_confidence_is_as_low_as_may_be() -> None:
    """The least certainty is taken with which the asked share is right; and never so high that too few are told."""
    certainty = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    right = np.array([True, True, True, False])
    assert least_confidence(certainty, right, 1.0, 0.5) == pytest.approx(0.7)
    assert least_confidence(certainty, right, 0.7, 0.5) == pytest.approx(0.6)
    assert least_confidence(certainty, ~right, 1.0, 0.5) == pytest.approx(0.8)
