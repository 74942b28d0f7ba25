"""What is given back must not be missed."""

from pathlib import Path

import cv2
import numpy as np
from support.agent import edge_agent

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.session import Detector
from edge_agent.memory import release_code_pages


def test_the_network_sees_the_same_after_code_was_given_back(shared: Path, tmp_path: Path) -> None:
    """Megabytes of code go, and come back where they are needed: the same picture gives the same boxes."""
    folder = tmp_path / "bundle"
    onnx = shared / "models" / "yolox_person_192.onnx"
    done = edge_agent("models", "add", onnx, "--decoder", "yolox", "--classes", "person", "--to", folder)
    assert done.status == 0, done.err
    capture = cv2.VideoCapture(str(shared / "clips" / "two-faces.gif"))
    _, image = capture.read()
    detector = Detector(Bundle.load(folder))
    picture = np.ascontiguousarray(image, np.uint8)
    before = detector.detect(picture)
    assert len(before) > 0
    assert release_code_pages() > 10 * 2**20
    after = detector.detect(picture)
    np.testing.assert_array_equal(before.xyxy, after.xyxy)
    np.testing.assert_array_equal(before.score, after.score)
