"""The quick measure of a network on shards."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.shards import WIDTH, write_shards
from training.augment import PAD, Scene
from training.network import HEIGHT, STRIDES
from training.network import WIDTH as INPUT_WIDTH
from training.samples import PERSON
from training.validate import Letterbox, area_under_curve, average_precision, validate


def test_a_network_that_knows_all_gets_full_marks(tmp_path: Path) -> None:
    """Raw levels that name the bright block of each picture, and only it, are perfect; blind ones are not."""
    write_shards(tmp_path, 1, samples=8)

    def knowing(pictures: np.ndarray) -> list[torch.Tensor]:
        levels = blind(pictures)
        rows, columns = np.nonzero(pictures[0].min(0)[:, : INPUT_WIDTH - 50] > 150)
        if not len(rows):
            return levels
        box = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        column, row = int((box[0] + box[2]) / 2 // 8), int((box[1] + box[3]) / 2 // 8)
        x, y = (column + 0.5) * 8, (row + 0.5) * 8
        reach = np.array([x - box[0], y - box[1], box[2] - x, box[3] - y]) / 8
        levels[0][0, :, row, column] = torch.tensor([6.0, *np.log(reach)])
        return levels

    def blind(_: np.ndarray) -> list[torch.Tensor]:
        return [torch.full((1, 5, HEIGHT // s, INPUT_WIDTH // s), -8.0) for s in STRIDES]

    perfect = validate(knowing, tmp_path, 8)
    assert (perfect.precision, perfect.presence, perfect.recall) == (1.0, 1.0, 1.0)
    nothing = validate(blind, tmp_path, 8)
    assert (nothing.precision, nothing.presence, nothing.recall) == (0.0, 0.5, 0.0)


def test_pictures_are_letterboxed_as_the_agent_does() -> None:
    """A square picture fills the height at the left; the rest is grey, and boxes are scaled with it."""
    people = np.zeros(1, PERSON)
    people["box"] = [0, 0, 50, 100]
    picture, moved = Letterbox()(Scene(np.zeros((100, 100, 3), np.uint8), people))
    assert picture.shape == (HEIGHT, INPUT_WIDTH, 3)
    assert not picture[:, :HEIGHT].any()
    assert (picture[:, HEIGHT:] == PAD).all()
    assert moved["box"].tolist() == [[0, 0, HEIGHT / 2, HEIGHT]]
    assert WIDTH < INPUT_WIDTH


def test_pictures_of_different_shapes_do_not_disturb_each_other() -> None:
    """Fitted one after the other, each picture is as it is when it is fitted alone."""
    rng, letterboxed, nobody = np.random.default_rng(3), Letterbox(), np.zeros(0, PERSON)
    for size in ((100, 100), (80, 300), (100, 100), (300, 80)):
        scene = Scene(rng.integers(0, 256, (*size, 3), np.uint8), nobody)
        assert (letterboxed(scene)[0] == Letterbox()(scene)[0]).all()


@pytest.mark.parametrize(
    ("hits", "truths", "expected"),
    [([True, True], 2, 1.0), ([True, False], 2, 0.5), ([False, True], 1, 0.5), ([], 3, 0.0)],
)
def test_average_precision_of_known_cases(hits: list[bool], truths: int, expected: float) -> None:
    """Hits in the order of falling scores give the area under their precision-recall curve."""
    scores = np.linspace(0.9, 0.1, len(hits), dtype=np.float32)
    assert average_precision(scores, np.array(hits, np.bool_), truths) == pytest.approx(expected)


def test_ties_count_half() -> None:
    """The AUC of equal scores is a half, of separated ones one."""
    assert area_under_curve(np.array([0.5, 0.5]), np.array([0.5])) == 0.5
    assert area_under_curve(np.array([0.9, 0.8]), np.array([0.1])) == 1.0
