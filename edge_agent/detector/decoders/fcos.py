"""FCOS (Tian et al. 2019, "FCOS: Fully Convolutional One-Stage Object Detection"), without its centre-ness branch."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from edge_agent.detector.card import FcosDecoder
from edge_agent.detector.decoders.base import NOTHING, Candidates, Needs, Outputs, Tensor, best, cells

_SIDES: Final = 4  # left, top, right, bottom

_BOUND: Final = 4.0
"""Logarithms of distances are bounded to ±4: exp(4) strides are 437 pixels at the finest one."""


class _Level(NamedTuple):
    output: int
    columns: int
    stride: int


class FcosReader:
    """Per stride one map (1, classes + 4, rows, columns) of class logits and logarithms of the four distances.

    Corner = centre of the cell -+ exp(distance) * stride, in the order left, top, right, bottom; the centre is
    (cell + 0.5) * stride, score = sigmoid(logit). A class is judged on its own.
    """

    def __init__(self, spec: FcosDecoder, needs: Needs, outputs: Outputs) -> None:
        self._classes = needs.classes
        self._wanted = needs.wanted.tolist()
        self._levels = []
        for stride in spec.strides:
            rows, columns = cells(needs, stride)
            self._levels.append(_Level(outputs.take(1, needs.classes + _SIDES, rows, columns), columns, stride))

    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """See `Decoder`."""
        # Compared as logits, so that only the few cells that fire are ever decoded. They are some ten around a person:
        # Python's numbers cost no more than numpy's calls then, and infinities raise no warnings.
        limit = math.log(low) - math.log1p(-low) if low > 0.0 else -math.inf
        xyxy: list[tuple[float, float, float, float]] = []
        scores: list[float] = []
        class_ids: list[int] = []
        for level in self._levels:
            maps = outputs[level.output][0]
            table = maps.reshape(len(maps), -1)
            for class_id in self._wanted:
                place = (table[class_id] >= limit).nonzero()[0]
                if not place.size:
                    continue
                logits = table[class_id].take(place).tolist()
                distances = table[self._classes :].take(place, axis=1).T.tolist()
                for cell, logit, sides in zip(place.tolist(), logits, distances, strict=True):
                    xyxy.append(_box(cell, sides, level))
                    scores.append(max(low, _sigmoid(logit)))  # rounding must not put it below
                    class_ids.append(class_id)
        if not scores:
            return NOTHING
        score_array = np.array(scores)
        keep = best(score_array)
        return Candidates(np.array(xyxy)[keep], score_array[keep], np.array(class_ids)[keep])


def _box(cell: int, sides: Sequence[float], level: _Level) -> tuple[float, float, float, float]:
    """Corners in pixels of the network's input."""
    row, column = divmod(cell, level.columns)
    x, y = (column + 0.5) * level.stride, (row + 0.5) * level.stride
    left, top, right, bottom = (math.exp(min(max(side, -_BOUND), _BOUND)) * level.stride for side in sides)
    return x - left, y - top, x + right, y + bottom


def _sigmoid(logit: float) -> float:
    """The logistic function, as a hyperbolic tangent, which cannot overflow."""
    return 0.5 + 0.5 * math.tanh(0.5 * logit)
