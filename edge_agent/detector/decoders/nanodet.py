"""NanoDet-m (RangiLyu/nanodet, v0.x): class scores and, per side of the box, a distribution over distances.

The distances are "Generalized Focal Loss" ones (Li et al. 2020): the expectation of a softmax over reg_max + 1 bins.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge_agent.detector.card import NanodetDecoder
from edge_agent.detector.decoders.base import (
    NOTHING,
    Candidates,
    Needs,
    Outputs,
    Tensor,
    best,
    cells,
    grid,
)


class _Level(NamedTuple):
    score_index: int
    side_index: int
    centre: Tensor
    stride: np.float32


class NanodetReader:
    """Per stride one output (1, n, classes), already sigmoid, and one (1, n, 4 * (reg_max + 1)).

    Corner = centre of the cell -+ expected distance * stride, in the order left, top, right, bottom. The centre is
    (cell + 0.5) * stride, as in NanoDet's v0.x; NanoDet-Plus left the half out and is another decoder.
    """

    def __init__(self, spec: NanodetDecoder, needs: Needs, outputs: Outputs) -> None:
        self._wanted = needs.wanted
        # All of them as a slice: an index array would copy the whole table for every frame.
        everything = len(needs.wanted) == needs.classes
        self._columns = slice(None) if everything else needs.wanted
        self._bins = np.arange(spec.reg_max + 1, dtype=np.float32)
        self._levels = []
        for stride in spec.strides:
            rows, columns = cells(needs, stride)
            self._levels.append(
                _Level(
                    score_index=outputs.take(1, rows * columns, needs.classes),
                    side_index=outputs.take(1, rows * columns, 4 * len(self._bins)),
                    centre=(grid(rows, columns) + np.float32(0.5)) * np.float32(stride),
                    stride=np.float32(stride),
                )
            )

    @np.errstate(over="ignore", invalid="ignore")  # a broken network's infinities end in `Detector.detect`
    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """See `Decoder`."""
        found = [self._read(level, outputs, low) for level in self._levels]
        found = [candidates for candidates in found if len(candidates.score)]
        if not found:
            return NOTHING
        xyxy, score, class_id = (np.concatenate(parts) for parts in zip(*found, strict=True))
        keep = best(score)
        return Candidates(xyxy[keep], score[keep], class_id[keep])

    def _read(self, level: _Level, outputs: Sequence[Tensor], low: float) -> Candidates:
        scores = outputs[level.score_index][0][:, self._columns]
        row, column = (scores >= low).nonzero()
        if not row.size:
            return NOTHING
        score = scores[row, column]
        keep = best(score)
        row, column, score = row[keep], column[keep], score[keep]
        logits = outputs[level.side_index][0][row].reshape(len(row), 4, len(self._bins))
        weight = np.exp(logits - logits.max(axis=2, keepdims=True))
        side = (weight @ self._bins) / weight.sum(axis=2) * level.stride
        centre = level.centre[row]
        xyxy = np.concatenate([centre - side[:, :2], centre + side[:, 2:]], axis=1)
        return Candidates(xyxy, score, self._wanted[column])
