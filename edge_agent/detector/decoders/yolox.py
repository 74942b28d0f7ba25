"""YOLOX (Ge et al., "YOLOX: Exceeding YOLO Series in 2021"), as exported without decoding in the graph."""

from collections.abc import Sequence

import numpy as np

from edge_agent.detector.card import YoloxDecoder
from edge_agent.detector.decoders.base import (
    NOTHING,
    Candidates,
    Needs,
    Outputs,
    Tensor,
    around,
    best,
    cells,
    grid,
    sides,
)

_HEAD = 5  # x, y, log width, log height, objectness; then the classes


class YoloxReader:
    """One output (1, n, 5 + classes), the strides' cells one after the other.

    Centre = (xy + cell) * stride, size = exp(wh) * stride, score = objectness * class, both already sigmoid.
    A class is judged on its own: what other classes a cell may be does not matter.
    """

    def __init__(self, spec: YoloxDecoder, needs: Needs, outputs: Outputs) -> None:
        maps = [(stride, *cells(needs, stride)) for stride in spec.strides]
        total = sum(rows * columns for _, rows, columns in maps)
        self._index = outputs.take(1, total, _HEAD + needs.classes)
        cell = np.concatenate([grid(rows, columns) for _, rows, columns in maps])
        counts = [rows * columns for _, rows, columns in maps]
        self._stride = np.repeat(np.array(spec.strides, dtype=np.float32), counts)[:, None]
        self._anchor = cell * self._stride
        self._likely = np.empty(total, dtype=np.bool_)
        self._wanted = needs.wanted
        self._columns = np.concatenate([np.arange(_HEAD), _HEAD + needs.wanted])

    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """See `Decoder`."""
        table = outputs[self._index][0]
        # A score cannot exceed the objectness, so most of the table is never read.
        np.greater_equal(table[:, 4], low, out=self._likely)
        place = self._likely.nonzero()[0]
        if not place.size:
            return NOTHING
        rows = table[place[:, None], self._columns]
        scores = rows[:, _HEAD:] * rows[:, 4:5]
        row, column = (scores >= low).nonzero()
        score = scores[row, column]
        keep = best(score)
        row, column, score = row[keep], column[keep], score[keep]
        place, rows = place[row], rows[row]
        stride = self._stride[place]
        centre = rows[:, 0:2] * stride + self._anchor[place]
        return Candidates(around(centre, sides(rows[:, 2:4]) * stride), score, self._wanted[column])
