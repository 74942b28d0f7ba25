"""The network that came with the program: there, small, honest about itself, in int8, and used when nothing is said."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from edge_agent.config import DetectorConfig
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import CARD_FILE, Precision
from edge_agent.detector.catalogue import find_bundle
from edge_agent.detector.decoders.base import MAX_CANDIDATES
from edge_agent.detector.session import Detector
from edge_agent.detector.verdict import TRUSTED_DIFFERENCE, stated_difference

_REPO = Path(__file__).resolve().parents[2]
_NAME = DetectorConfig().bundle


@pytest.fixture
def default(tmp_path: Path) -> Bundle:
    """As a fresh device finds it: nothing configured, nothing pulled, nothing measured."""
    return Bundle.load(find_bundle(_NAME, state=tmp_path))


def test_a_fresh_device_has_it_in_int8(default: Bundle, tmp_path: Path) -> None:
    """With an empty state folder the default name is a sound bundle, and the file that runs is its int8 one."""
    assert default.folder == _REPO / "models" / _NAME
    detector = Detector(default, precision=DetectorConfig().precision, state_folder=tmp_path, classes_wanted=["person"])
    assert detector.precision is Precision.INT8
    assert len(detector.detect(np.full((720, 1280, 3), 114, np.uint8))) < MAX_CANDIDATES


def test_it_is_small(default: Bundle) -> None:
    """The int8 file takes at most 1.5 MB, and the fp32 file lies beside it for devices that are no faster in int8."""
    assert set(default.precisions) == {Precision.FP32, Precision.INT8}
    int8 = default.card.file_of(Precision.INT8)
    assert int8 is not None
    assert int8.size_bytes <= 1_500_000


def test_its_card_hides_nothing(default: Bundle) -> None:
    """Training data with licences, command, weaknesses, figures of both files and each group's recall are stated."""
    card = default.card
    assert card.name == _NAME
    assert card.training is not None
    assert sum(data.share or 0.0 for data in card.training.data) == pytest.approx(1.0, abs=0.02)
    assert card.weaknesses
    assert card.measured.speed
    assert {group.attribute for group in card.measured.groups} >= {"skin tone", "sex", "age", "wheelchair"}
    difference = stated_difference(card.measured)
    assert difference is not None
    assert difference <= TRUSTED_DIFFERENCE


def test_wheel_and_image_have_what_the_checkout_has() -> None:
    """Every bundle of models/, and the catalogue, is named where the wheel and the image are put together."""
    folders = sorted(path.parent.name for path in (_REPO / "models").glob(f"*/{CARD_FILE}"))
    assert _NAME in folders
    project = tomllib.loads((_REPO / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for name in (*folders, "catalogue"):
        assert included[f"models/{name}"] == f"edge_agent/share/models/{name}"
        assert f"COPY models/{name} models/{name}\n" in (_REPO / "Dockerfile.arm64").read_text(encoding="utf-8")
        assert f"!models/{name}\n" in (_REPO / ".dockerignore").read_text(encoding="utf-8")
