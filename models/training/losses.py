"""What the network is wrong about: scores by a varifocal loss (Zhang et al. 2021), boxes by GIoU (Rezatofighi 2019)."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from training.assignment import Targets, area, assign, overlap
from training.network import boxes_of

NEGATIVE_WEIGHT: Final = 0.75
FOCUS: Final = 2.0
BOX_WEIGHT: Final = 2.0
LEAST_OVERLAP: Final = 0.3  # a cell that learns a person is told at least the root of this as its score


@dataclass(frozen=True, slots=True)
class Loss:
    """total is to be minimised; score, box and overlap (mean IoU of the learning cells) are for the log."""

    total: Tensor
    score: float
    box: float
    overlap: float


def detection_loss(output: Tensor, targets: Targets, centres: Tensor, strides: Tensor) -> Loss:
    """`output`: (pictures, cells, classes + 4) float32 of `network.flat`; both parts are means per cell that learns."""
    logits, distances = output[..., :-4], output[..., -4:]
    boxes = boxes_of(distances, centres, strides)
    scores = logits.detach().sigmoid()
    found = assign(scores, boxes.detach(), targets, centres, strides)
    learners = max(1, len(found.cell))
    predicted, truth = boxes.reshape(-1, 4)[found.cell], targets.boxes[found.box]
    share = overlap(predicted.detach(), truth).clamp(0, 1)
    wanted, weight = torch.zeros_like(scores), NEGATIVE_WEIGHT * scores**FOCUS
    weight[found.ignored] = 0.0
    kind = targets.kind[found.box]
    wanted.view(-1, scores.shape[-1])[found.cell, kind] = share.clamp(min=LEAST_OVERLAP).sqrt()
    weight.view(-1, scores.shape[-1])[found.cell, kind] = 1.0
    score_loss = functional.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="sum") / learners
    box_loss = (1 - generalised_overlap(predicted, truth)).sum() / learners
    total = score_loss + BOX_WEIGHT * box_loss
    return Loss(total, score_loss.item(), box_loss.item(), float(share.mean()) if len(share) else 0.0)


def generalised_overlap(a: Tensor, b: Tensor) -> Tensor:
    """IoU less the share of the hull that neither box covers: also boxes that do not touch are drawn together."""
    shared = overlap(a, b)
    union = (area(a) + area(b)) / (1 + shared)
    sides = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    hull = sides.prod(-1).clamp(min=1e-6)
    return shared - (hull - union) / hull
