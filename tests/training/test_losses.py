"""Which cells learn which box, and what the loss says of right and wrong outputs."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training.assignment import CELLS_AT_LEAST, Targets, assign, overlap
from training.losses import detection_loss, generalised_overlap
from training.network import boxes_of, cells

SIZE = (96, 64)
CENTRES, STRIDES = cells(*SIZE)


def targets(boxes: list[list[float]], ignored: list[list[float]] | None = None) -> Targets:
    """The truth of one picture."""
    ignored = ignored or []
    return Targets(
        torch.tensor(boxes).reshape(-1, 4),
        torch.zeros(len(boxes), dtype=torch.int64),
        torch.zeros(len(boxes), dtype=torch.int64),
        torch.tensor(ignored).reshape(-1, 4),
        torch.zeros(len(ignored), dtype=torch.int64),
    )


def exact(box: list[float], score: float) -> torch.Tensor:
    """The output whose every cell names `box`, with a logit of `score` where the cell lies in it, else the opposite."""
    x0, y0, x1, y1 = box
    reach = torch.stack([CENTRES[:, 0] - x0, CENTRES[:, 1] - y0, x1 - CENTRES[:, 0], y1 - CENTRES[:, 1]], -1)
    inside = (reach > 0).all(-1)
    logits = torch.where(inside, score, -abs(score))
    return torch.cat([logits[:, None], torch.log(reach.clamp(min=0.1) / STRIDES[:, None])], -1)[None]


def test_cells_of_a_box_lie_in_it() -> None:
    """Every cell that learns a box has its centre inside, and there are at least three."""
    truth = targets([[16.0, 8.0, 48.0, 60.0]])
    found = assign(torch.full((1, len(CENTRES), 1), 0.1), torch.rand(1, len(CENTRES), 4) * 64, truth, CENTRES, STRIDES)
    assert len(found.cell) >= CELLS_AT_LEAST
    assert all(16 < x < 48 and 8 < y < 60 for x, y in CENTRES[found.cell].tolist())


def test_a_person_smaller_than_a_cell_is_learned_too() -> None:
    """A box between the centres of all cells still has one that learns it."""
    truth = targets([[5.0, 5.0, 11.0, 11.0]])
    found = assign(torch.full((1, len(CENTRES), 1), 0.1), torch.rand(1, len(CENTRES), 4), truth, CENTRES, STRIDES)
    assert len(found.cell) >= 1


def test_a_fresh_network_learns_large_people_on_coarse_levels() -> None:
    """With nothing to tell the levels apart a large box goes to large strides and a small one to small."""
    truth = targets([[2.0, 2.0, 94.0, 62.0], [40.0, 20.0, 52.0, 40.0]])
    equal = torch.zeros(1, len(CENTRES), 4)  # overlaps nothing
    found = assign(torch.full((1, len(CENTRES), 1), 0.1), equal, truth, CENTRES, STRIDES)
    large, small = (STRIDES[found.cell[found.box == k]].mean() for k in (0, 1))
    assert large > small


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 40), st.floats(3, 36), st.floats(3, 24)), max_size=12))
def test_no_cell_learns_two_boxes(places: list[tuple[float, float, float, float]]) -> None:
    """However people overlap, a cell answers for one of them."""
    truth = targets([[x, y, x + w, y + h] for x, y, w, h in places])
    boxes = torch.rand(1, len(CENTRES), 4, generator=torch.Generator().manual_seed(1)) * 60
    found = assign(torch.full((1, len(CENTRES), 1), 0.2), boxes, truth, CENTRES, STRIDES)
    assert len(set(found.cell.tolist())) == len(found.cell)
    assert not found.ignored.reshape(-1)[found.cell].any()


def test_the_truth_costs_less_than_its_opposite() -> None:
    """Right boxes with high scores where they are learned cost nearly nothing, low scores there a lot."""
    truth = targets([[16.0, 8.0, 48.0, 60.0]])
    output = exact([16.0, 8.0, 48.0, 60.0], 0.0)
    boxes = boxes_of(output[..., 1:], CENTRES, STRIDES)
    learning = assign(output[..., :1].sigmoid(), boxes, truth, CENTRES, STRIDES).cell
    output[..., 0] = -6.0
    wrong = detection_loss(output, truth, CENTRES, STRIDES)
    output[0, learning, 0] = 6.0
    right = detection_loss(output, truth, CENTRES, STRIDES)
    assert right.box < 0.01
    assert right.overlap > 0.99
    assert wrong.score > 5 * right.score


def test_what_is_ignored_is_no_false_alarm() -> None:
    """High scores in an ignored box cost nothing; the same without it do."""
    box = [16.0, 8.0, 48.0, 60.0]
    output = exact(box, 6.0)
    assert detection_loss(output, targets([], [box]), CENTRES, STRIDES).score < 0.01
    assert detection_loss(output, targets([]), CENTRES, STRIDES).score > 1


def test_a_picture_with_nobody_teaches_too() -> None:
    """With no boxes at all the loss is finite and pushes scores down."""
    output = torch.zeros(1, len(CENTRES), 5, requires_grad=True)
    detection_loss(output, targets([]), CENTRES, STRIDES).total.backward()  # type: ignore[no-untyped-call]
    assert output.grad is not None
    assert (output.grad[..., 0] > 0).all()
    assert not output.grad[..., 1:].any()


def test_pictures_of_a_batch_do_not_mix() -> None:
    """The boxes of one picture are learned by cells of that picture only."""
    truth = targets([[16.0, 8.0, 48.0, 60.0], [40.0, 20.0, 52.0, 40.0]])
    truth = Targets(truth.boxes, torch.tensor([1, 1]), truth.kind, truth.ignored, truth.ignored_picture)
    found = assign(torch.full((2, len(CENTRES), 1), 0.1), torch.rand(2, len(CENTRES), 4), truth, CENTRES, STRIDES)
    assert (found.cell >= len(CENTRES)).all()


def test_overlaps_of_known_boxes() -> None:
    """Half covered is a third, the same is one, apart is nothing and, generalised, less than nothing."""
    box = torch.tensor([[0.0, 0.0, 10.0, 10.0]])
    others = torch.tensor([[5.0, 0.0, 15.0, 10.0], [0.0, 0.0, 10.0, 10.0], [20.0, 0.0, 30.0, 10.0]])
    assert torch.allclose(overlap(box, others), torch.tensor([1 / 3, 1.0, 0.0]), atol=1e-5)
    assert torch.allclose(generalised_overlap(box, others), torch.tensor([1 / 3, 1.0, -1 / 3]), atol=1e-4)
