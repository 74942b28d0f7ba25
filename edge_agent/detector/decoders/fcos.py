"""FCOS (Tian et al. 2019, "FCOS: Fully Convolutional One-Stage Object Detection"), without its centre-ness branch."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from edge_agent.detector.card import FcosDecoder
from edge_agent.detector.decoders.base import NOTHING, Candidates, Needs, Outputs, Tensor, best, cells, grid

_SIDES: Final = 4  # left, top, right, bottom

_BOUND: Final = np.float32(4.0)
"""Logarithms of distances are bounded to ±4: exp(4) strides are 437 pixels at the finest one."""


class _Level(NamedTuple):
    output: int
    centres: Tensor  # (2, n), pixels
    stride: np.float32


class FcosReader:
    """Per stride one map (1, classes + 4, rows, columns) of class logits and logarithms of the four distances.

    Corner = centre of the cell -+ exp(distance) * stride, in the order left, top, right, bottom; the centre is
    (cell + 0.5) * stride, score = sigmoid(logit). A class is judged on its own.
    """

    def __init__(self, spec: FcosDecoder, needs: Needs, outputs: Outputs) -> None:
        self._classes = needs.classes
        self._wanted = needs.wanted
        # All of them as a slice: an index array would copy the whole map for every frame.
        self._rows = slice(needs.classes) if len(needs.wanted) == needs.classes else needs.wanted
        self._levels = []
        for stride in spec.strides:
            rows, columns = cells(needs, stride)
            centres = (grid(rows, columns).T + np.float32(0.5)) * np.float32(stride)
            output = outputs.take(1, needs.classes + _SIDES, rows, columns)
            self._levels.append(_Level(output, np.ascontiguousarray(centres), np.float32(stride)))

    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """See `Decoder`."""
        # Compared as logits, so that only the few cells that fire are ever decoded.
        limit = math.log(low) - math.log1p(-low) if low > 0.0 else -math.inf
        found = [self._read(level, outputs, limit) for level in self._levels]
        found = [candidates for candidates in found if len(candidates.score)]
        if not found:
            return NOTHING
        xyxy, logit, class_id = (np.concatenate(parts) for parts in zip(*found, strict=True))
        keep = best(logit)
        # sigmoid(x) = (1 + tanh(x / 2)) / 2, which cannot overflow; rounding must not put it below `low`.
        score = np.maximum(0.5 + 0.5 * np.tanh(0.5 * logit[keep].astype(np.float64)), low)
        return Candidates(xyxy[keep], score, class_id[keep])

    def _read(self, level: _Level, outputs: Sequence[Tensor], limit: float) -> Candidates:
        """The boxes of one stride whose logit, which stands where the score should, is at least `limit`."""
        maps = outputs[level.output][0]
        table = maps.reshape(len(maps), -1)
        logits = table[self._rows]
        row, cell = (logits >= limit).nonzero()
        if not row.size:
            return NOTHING
        sides = table[self._classes :].take(cell, axis=1)
        np.clip(sides, -_BOUND, _BOUND, out=sides)
        np.exp(sides, out=sides)
        sides *= level.stride
        centre = level.centres.take(cell, axis=1)
        xyxy = np.concatenate([centre - sides[:2], centre + sides[2:]])
        return Candidates(xyxy.T, logits[row, cell], self._wanted[row])
