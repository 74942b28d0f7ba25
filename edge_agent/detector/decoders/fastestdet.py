"""FastestDet (dog-qiuqiu/FastestDet): one feature map, one box per cell."""

from collections.abc import Sequence

import numpy as np

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
)

_HEAD = 5  # objectness, x, y, width, height; then the classes
_STRIDE = 16
_OBJECTNESS_POWER = 0.6
_CLASS_POWER = 0.4


class FastestdetReader:
    """One output (1, 5 + classes, rows, columns) at stride 16.

    Centre = (cell + tanh(xy)) * stride, size = sigmoid(wh) * input size, score = objectness^0.6 * class^0.4 with
    both already in 0..1. The publisher scores a cell by its best class only; here each wanted class is judged on
    its own, which gives the same boxes for the best class.
    """

    def __init__(self, needs: Needs, outputs: Outputs) -> None:
        rows, columns = cells(needs, _STRIDE)
        self._index = outputs.take(1, _HEAD + needs.classes, rows, columns)
        self._cell = grid(rows, columns)
        self._pitch = np.array([needs.width / columns, needs.height / rows], dtype=np.float32)
        self._size = np.array([needs.width, needs.height], dtype=np.float32)
        self._wanted = needs.wanted
        self._rows = _HEAD + needs.wanted

    @np.errstate(over="ignore", invalid="ignore")  # a broken network's infinities end in `Detector.detect`
    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """See `Decoder`."""
        table = outputs[self._index][0]
        table = table.reshape(len(table), -1)
        # class^0.4 is at most 1, so the objectness alone rules most cells out.
        place = (table[0] >= low ** (1.0 / _OBJECTNESS_POWER)).nonzero()[0]
        if not place.size:
            return NOTHING
        part = table[:, place]
        scores = part[0] ** _OBJECTNESS_POWER * part[self._rows] ** _CLASS_POWER
        column, row = (scores >= low).nonzero()
        score = scores[column, row]
        keep = best(score)
        row, column, score = row[keep], column[keep], score[keep]
        centre = (self._cell[place[row]] + np.tanh(part[1:3, row].T)) * self._pitch
        # sigmoid(x) = (1 + tanh(x / 2)) / 2, which cannot overflow.
        size = (np.tanh(part[3:5, row].T * np.float32(0.5)) + 1.0) * np.float32(0.5) * self._size
        return Candidates(around(centre, size), score, self._wanted[column])
