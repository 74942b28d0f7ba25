from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from training.evaluation.networks import FLOOR, Network, networks_of, public_network

from edge_agent.detector.errors import BundleError

MakeNetwork = Callable[..., Network]
_PICTURES = [np.full((64, 64, 3), level, np.uint8) for level in (0, 255, 120)]


def _refuse(_picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pytest.fail("the pictures were looked at again")


def _unread() -> Iterator[NDArray[np.uint8]]:
    return map(_refuse, _PICTURES)


def test_what_was_seen_is_kept_for_the_next_run(make_network: MakeNetwork, tmp_path: Path) -> None:
    """Another object of the same network takes the boxes from the folder and does not touch the pictures."""
    before = make_network("one").over("set", _PICTURES, tmp_path / "seen")
    again = make_network("two").over("set", _unread(), tmp_path / "seen")
    assert [each.score.tolist() for each in again] == [each.score.tolist() for each in before]
    assert [each.xyxy.tolist() for each in again] == [each.xyxy.tolist() for each in before]
    assert [len(each) for each in again] == [0, 1, 1]


def test_another_network_is_not_taken_for_it(make_network: MakeNetwork, tmp_path: Path) -> None:
    """What one network saw is never shown as what another one sees."""
    make_network("one").over("set", _PICTURES, tmp_path / "seen")
    other = make_network("two", half=8.0).over("set", _PICTURES, tmp_path / "seen")
    assert other[1].xyxy.tolist() == [pytest.approx([20.0, 20.0, 36.0, 36.0], abs=0.01)]


def test_a_set_is_looked_at_once(make_network: MakeNetwork) -> None:
    """The same name stands for the same pictures within a run, too."""
    network = make_network()
    assert network.over("set", _PICTURES) is network.over("set", _unread())


def test_people_are_seen_far_below_the_preset(make_network: MakeNetwork) -> None:
    """Boxes down to FLOOR come back, so that curves can be drawn; the preset stays the card's."""
    network = make_network()
    (score,) = network.look(np.full((64, 64, 3), 30, np.uint8)).score
    assert FLOOR < score < 0.05
    assert network.threshold == 0.5


def test_int8_comes_first(make_bundle: Callable[..., Path]) -> None:
    """The first of a bundle's networks is the file that the agent runs where nobody has measured."""
    folder = make_bundle(precisions=("fp32", "int8"))
    assert [network.label for network in networks_of(folder)] == ["made int8", "made fp32"]


def test_a_public_network_is_made_into_a_bundle_once(shared: Path, tmp_path: Path) -> None:
    """The bundle is made of the ONNX file, and found again afterwards."""
    network = public_network("yolox_person_192", models=shared / "models", bundles=tmp_path)
    assert network.bundle.folder == tmp_path / "yolox_person_192"
    assert public_network("yolox_person_192", models=tmp_path, bundles=tmp_path).label == network.label


def test_a_missing_public_network_says_how_to_get_it(tmp_path: Path) -> None:
    """Without bundle and file, the error names both and the command that fetches it."""
    with pytest.raises(BundleError, match=r"yolox_nano: no such bundle.*models pull yolox_nano"):
        public_network("yolox_nano", models=tmp_path, bundles=tmp_path)
