"""Which cells learn which box: the few that a box's own prediction already suits best.

Dynamic assignment in the manner of SimOTA (YOLOX, Ge et al. 2021) with the alignment of TOOD (Feng et al. 2021):
the better the predicted boxes are, the more cells learn from a box. All boxes of a batch lie in one list, so that
the cost follows the number of people and not the fullest picture.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

CELLS_AT_MOST: Final = 8
CELLS_AT_LEAST: Final = 3
REACH: Final = 2.5  # strides from a box's centre within which its cells lie
NEAR: Final = 0.8  # strides: cells so near learn a box between the centres of all cells: the smallest people
USUAL_SIDE: Final = 5.0  # strides: the longer side of the boxes that a level is made for
SCORE_POWER: Final = 0.5
OVERLAP_POWER: Final = 4.0


@dataclass(frozen=True, slots=True)
class Targets:
    """The truth of a batch. boxes: (n, 4) x0 y0 x1 y1 pixels; picture, kind: (n,) int64; ignored likewise.

    What lies in an ignored box is neither right nor wrong: there is somebody of whom too little is seen.
    """

    boxes: Tensor
    picture: Tensor
    kind: Tensor
    ignored: Tensor
    ignored_picture: Tensor

    def to(self, device: torch.device) -> "Targets":
        """The same on another device."""
        return Targets(*[getattr(self, name).to(device) for name in self.__slots__])


@dataclass(frozen=True, slots=True)
class Assignment:
    """cell: (p,) index into pictures * cells; box: (p,) index into the targets' boxes; ignored: (pictures, cells)."""

    cell: Tensor
    box: Tensor
    ignored: Tensor


def overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes (…, 4) that broadcast."""
    corner = torch.maximum(a[..., :2], b[..., :2])
    shared = (torch.minimum(a[..., 2:], b[..., 2:]) - corner).clamp(min=0).prod(-1)
    return shared / (area(a) + area(b) - shared + 1e-6)


def area(boxes: Tensor) -> Tensor:
    """Square pixels of boxes (…, 4)."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


@torch.no_grad()
def assign(scores: Tensor, boxes: Tensor, targets: Targets, centres: Tensor, strides: Tensor) -> Assignment:
    """Scores 0 to 1 (pictures, cells, classes), boxes (pictures, cells, 4) → who learns what."""
    pictures, count = scores.shape[:2]
    ignored = torch.zeros(pictures, count, dtype=torch.bool, device=scores.device)
    picture, cell = torch.nonzero(_inside(centres, targets.ignored), as_tuple=True)
    ignored[targets.ignored_picture[picture], cell] = True
    candidate = _candidates(centres, strides, targets.boxes)
    truth = overlap(boxes[targets.picture], targets.boxes[:, None]) * candidate  # (n, cells)
    score = scores.transpose(1, 2)[targets.picture, targets.kind]
    suits = (score**SCORE_POWER * truth**OVERLAP_POWER + 1e-9) * _level_fit(strides, targets.boxes) * candidate
    best, cells = suits.topk(CELLS_AT_MOST, -1)
    wanted = truth.topk(CELLS_AT_MOST, -1).values.sum(-1).clamp(CELLS_AT_LEAST, CELLS_AT_MOST).int()
    rank = torch.arange(CELLS_AT_MOST, device=scores.device)
    box, place = torch.nonzero((rank < wanted[:, None]) & (best > 0), as_tuple=True)
    cell = targets.picture[box] * count + cells[box, place]
    keep = _first_claims(cell, truth[box, cells[box, place]], pictures * count)
    ignored.view(-1)[cell[keep]] = False
    return Assignment(cell[keep], box[keep], ignored)


def _first_claims(cell: Tensor, claim: Tensor, count: int) -> Tensor:
    """Of several boxes that want a cell, the one that it overlaps most: (k,) indices, one per cell."""
    order = torch.argsort(claim, stable=True)
    owner = torch.full((count,), -1, dtype=torch.int64, device=cell.device)
    strongest = torch.full((count,), -1.0, device=cell.device).scatter_reduce(0, cell, claim, "amax")
    mine = order[claim[order] >= strongest[cell[order]]]
    owner[cell[mine]] = mine
    return owner[owner >= 0]


def _inside(centres: Tensor, boxes: Tensor) -> Tensor:
    return ((centres > boxes[:, None, :2]) & (centres < boxes[:, None, 2:])).all(-1)


def _candidates(centres: Tensor, strides: Tensor, boxes: Tensor) -> Tensor:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    away = (centres - middle[:, None]).abs().amax(-1)
    inside = _inside(centres, boxes) & (away < REACH * strides)
    between = ~inside.any(-1, keepdim=True)
    return inside | (between & (away < NEAR * strides))


def _level_fit(strides: Tensor, boxes: Tensor) -> Tensor:
    """1 where a level is made for boxes of this size, less elsewhere: breaks the ties of a fresh network."""
    side = (boxes[:, 2:] - boxes[:, :2]).amax(-1).clamp(min=4)
    return torch.exp(-0.5 * torch.log2(side[:, None] / (USUAL_SIDE * strides)).abs())
