"""Hard pictures are found by what a network gets wrong in them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from support.shards import write_shards
from training.mining import hardness, mine
from training.network import HEIGHT, STRIDES, WIDTH
from training.samples import PERSON, People
from training.validate import Found


def people(*boxes: tuple[float, float, float, float], visible: float = 1.0) -> People:
    """Clear people with these boxes."""
    found = np.zeros(len(boxes), PERSON)
    found["box"], found["visible"] = np.reshape(boxes, (-1, 4)), visible
    return found


def boxes(*scored: tuple[float, tuple[float, float, float, float]]) -> Found:
    """What a network saw, best first."""
    return Found(torch.tensor([box for _, box in scored]).reshape(-1, 4), torch.tensor([score for score, _ in scored]))


def test_a_picture_is_as_hard_as_its_worst_error() -> None:
    """A false box counts by its score, an overlooked person by what the score lacks of one."""
    there, elsewhere = (10.0, 10.0, 40.0, 90.0), (200.0, 10.0, 240.0, 90.0)
    assert hardness(boxes((0.9, there)), people(there)) == pytest.approx(0.1)
    assert hardness(boxes((0.9, there), (0.7, elsewhere)), people(there)) == pytest.approx(0.7)
    assert hardness(boxes(), people(there)) == 1.0
    assert hardness(boxes(), people()) == 0.0


def test_who_is_hidden_or_small_makes_nothing_hard() -> None:
    """Missing somebody of whom little is seen is no error, nor is finding them."""
    there = (10.0, 10.0, 40.0, 90.0)
    assert hardness(boxes(), people(there, visible=0.3)) == 0.0
    assert hardness(boxes((0.8, there)), people(there, visible=0.3)) == 0.0
    assert hardness(boxes(), people((10.0, 10.0, 20.0, 30.0))) == 0.0


def test_the_worst_pictures_are_listed(tmp_path: Path) -> None:
    """Of a network that sees nobody ever, the pictures with people are hard and those without are not."""
    write_shards(tmp_path, 2, samples=8)

    def blind(_: np.ndarray) -> Sequence[torch.Tensor]:
        return [torch.full((1, 5, HEIGHT // s, WIDTH // s), -8.0) for s in STRIDES]

    listed = mine(blind, tmp_path, share=1.0)
    assert json.loads(json.dumps(listed)) == {"000.npz": list(range(1, 8)), "001.npz": list(range(1, 8))}
    assert sum(map(len, mine(blind, tmp_path, share=0.25).values())) == 4
    with pytest.raises(ValueError, match="no shards"):
        mine(blind, tmp_path / "nowhere")
