"""The detector on real pictures, against an independent implementation and against numbers written down."""

import json
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from detector import reference
from detector.conftest import BundleOf
from detector.networks import NETS, frame_of
from detector.reference import Box, overlap

from edge_agent.detector.session import Detector
from edge_agent.records import Detections

_CASES = [(name, clip, index) for name, spec in reference.SPECS.items() for clip, index in spec.pictures]
_GOLDEN: dict[str, dict[str, list[list[float]]]] = json.loads(reference.GOLDEN.read_text(encoding="utf-8"))


def _boxes(detections: Detections) -> list[Box]:
    return [
        Box(int(class_id), float(score), *map(float, xyxy))
        for class_id, score, xyxy in zip(detections.class_id, detections.score, detections.xyxy, strict=True)
    ]


def _assert_same(found: Sequence[Box], wanted: Sequence[Box], *, score: float, pixels: float, low: float) -> None:
    """Every box of either side has its twin on the other, but for those on the threshold itself."""
    for one, other in ((found, wanted), (wanted, found)):
        for box in one:
            twins = [
                twin
                for twin in other
                if twin.class_id == box.class_id
                and abs(twin.score - box.score) <= score
                and max(abs(a - b) for a, b in zip(twin[2:], box[2:], strict=True)) <= pixels
            ]
            assert twins or box.score < low + score, f"{box} has no twin in {other}"


@pytest.mark.parametrize(("name", "clip", "index"), _CASES)
def test_boxes_equal_those_of_the_obvious_implementation(
    name: str, clip: str, index: int, shared: Any, bundle_of: BundleOf
) -> None:
    """Buffers, views and vectorised arithmetic change nothing: same picture, same boxes, to rounding errors."""
    image = frame_of(shared, clip, index)
    detector = Detector(bundle_of(name))
    spec = reference.SPECS[name]
    wanted = reference.detect(shared / "models" / f"{name}.onnx", spec, image)
    assert wanted, "a picture with nothing on it proves nothing"
    found = _boxes(detector.detect(image))
    assert len(found) == len(wanted)
    _assert_same(found, wanted, score=1e-4, pixels=0.02, low=spec.score)


@pytest.mark.parametrize(("name", "clip", "index"), _CASES)
def test_boxes_equal_the_numbers_written_down(
    name: str, clip: str, index: int, shared: Any, bundle_of: BundleOf
) -> None:
    """A new version of OpenCV, numpy or ONNX Runtime, or another processor, does not move the boxes."""
    wanted = [Box(int(row[0]), *row[1:]) for row in _GOLDEN[name][f"{clip}@{index}"]]
    found = _boxes(Detector(bundle_of(name)).detect(frame_of(shared, clip, index)))
    _assert_same(found, wanted, score=0.02, pixels=3.0, low=reference.SPECS[name].score)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["yunet_n_320_320", "yunet_n_640_640"])
@pytest.mark.parametrize(("clip", "index"), [("two-faces.gif", 20), ("classroom.gif", 20)])
def test_faces_equal_those_of_opencv(name: str, clip: str, index: int, shared: Any, bundle_of: BundleOf) -> None:
    """YuNet's boxes are those of OpenCV's own FaceDetectorYN, which runs the network without ONNX Runtime."""
    image, size = frame_of(shared, clip, index), NETS[name].size
    height, width = image.shape[:2]
    inner_h = round(height * size / width)
    canvas = np.zeros((size, size, 3), dtype=np.uint8)
    canvas[:inner_h] = cv2.resize(image, (size, inner_h))
    opencv = cv2.FaceDetectorYN.create(str(shared / "models" / f"{name}.onnx"), "", (size, size), 0.3, 0.3, 5000)
    rows = opencv.detect(canvas)[1]
    x_ratio, y_ratio = width / size, height / inner_h
    wanted = [
        Box(0, float(r[14]), r[0] * x_ratio, r[1] * y_ratio, (r[0] + r[2]) * x_ratio, (r[1] + r[3]) * y_ratio)
        for r in rows
    ]
    found = _boxes(Detector(bundle_of(name)).detect(image))
    assert len(found) == len(wanted) >= 2
    _assert_same(found, wanted, score=1e-3, pixels=0.1, low=0.3)


@pytest.mark.parametrize("name", ["yolox_nano", "yolox_person_192", "nanodet_m_320", "fastestdet"])
def test_one_visitor_is_one_box_and_a_car_park_none(name: str, shared: Any, bundle_of: BundleOf) -> None:
    """At the operating threshold a visitor standing in full view is one box on the visitor, and cars are nobody."""
    detector = Detector(bundle_of(name), classes_wanted=["person"])
    person = detector.detect(frame_of(shared, "one-by-one.mp4", 120))
    certain = [box for box in _boxes(person) if box.score >= detector.threshold]
    assert len(certain) == 1
    assert overlap(certain[0], Box(0, 1.0, 383, 16, 520, 400)) > 0.8
    for index in range(0, 370, 60):
        cars = detector.detect(frame_of(shared, "cars-no-people.mp4", index))
        assert not (cars.score >= detector.threshold).any()


@pytest.mark.parametrize("name", ["yolox_nano", "nanodet_m_320", "fastestdet"])
@pytest.mark.parametrize(("index", "bottles"), [(100, 3), (270, 2), (600, 1), (900, 3), (1000, 2), (1150, 3)])
def test_bottles_on_the_shelf_are_all_seen(
    name: str, index: int, bottles: int, shared: Any, bundle_of: BundleOf
) -> None:
    """At the operating threshold goods on a shelf are counted right by each network that knows them."""
    detector = Detector(bundle_of(name), classes_wanted=["bottle"])
    image = frame_of(shared, "bottles-on-shelf.mp4", index)
    found = detector.detect(image)
    standing = (found.score >= detector.threshold) & (found.xyxy[:, 3] >= 0.6 * image.shape[0])
    assert standing.sum() == bottles
