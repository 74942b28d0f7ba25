"""The detector's network: its shapes, its price and what its numbers mean."""

import pytest
import torch
from torch import nn
from training.network import HEIGHT, STRIDES, WIDTH, Detector, boxes_of, cells, flat, multiply_adds


@pytest.mark.parametrize(("classes", "channels"), [(1, 5), (2, 6)])
def test_each_level_has_a_score_per_class_and_four_distances(classes: int, channels: int) -> None:
    """A level of stride s has one cell per s x s pixels, with all its channels."""
    levels = Detector("s", classes)(torch.zeros(2, 3, 64, 96))
    assert [tuple(level.shape) for level in levels] == [(2, channels, 64 // s, 96 // s) for s in STRIDES]


def test_the_default_fits_a_small_device() -> None:
    """Size s has at most 1.4 million parameters and 420 million multiply-adds; m costs more but not ten times."""
    small, large = Detector("s"), Detector("m")
    assert sum(p.numel() for p in small.parameters()) <= 1.4e6
    assert 300e6 <= multiply_adds(small) <= 420e6
    assert 2 * multiply_adds(small) <= multiply_adds(large) <= 4 * multiply_adds(small)


def test_channels_suit_vector_units() -> None:
    """All convolutions but the first and the last have channels in multiples of 16."""
    layers = [m for m in Detector("s").modules() if isinstance(m, nn.Conv2d)]
    assert all(m.out_channels % 16 == 0 for m in layers if m.bias is None)


def test_a_fresh_network_sees_nobody() -> None:
    """Before training every score is about one in a hundred, so that the first steps are not lost on emptiness."""
    output = flat(Detector("s").eval()(torch.rand(1, 3, 64, 64)))
    assert output[..., 0].sigmoid().max() < 0.05


def test_flat_outputs_and_cells_are_in_the_same_order() -> None:
    """The cell of index i in `flat` has the centre and the stride of index i in `cells`."""
    centres, strides = cells(96, 64)
    levels = []
    for stride in STRIDES:
        level = torch.zeros(1, 5, 64 // stride, 96 // stride)
        y, x = torch.meshgrid(torch.arange(64 // stride), torch.arange(96 // stride), indexing="ij")
        level[0, 0], level[0, 1], level[0, 2] = stride, (x + 0.5) * stride, (y + 0.5) * stride
        levels.append(level)
    output = flat(levels)[0]
    assert torch.equal(output[:, 0], strides)
    assert torch.equal(output[:, 1:3], centres)


def test_boxes_reach_from_the_cell_as_far_as_the_distances_say() -> None:
    """A distance of one stride on all sides makes a box of two strides around the cell's centre."""
    centres, strides = cells(WIDTH, HEIGHT)
    boxes = boxes_of(torch.zeros(1, len(centres), 4), centres, strides)[0]
    assert torch.allclose(boxes[:, :2], centres - strides[:, None])
    assert torch.allclose(boxes[:, 2:], centres + strides[:, None])


def test_an_unknown_size_is_named() -> None:
    """A size that does not exist is refused with those that do."""
    with pytest.raises(ValueError, match="no network of size 'xl'; there are: s, m"):
        Detector("xl")
