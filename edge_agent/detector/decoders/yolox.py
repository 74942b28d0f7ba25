"""YOLOX (Ge et al., "YOLOX: Exceeding YOLO Series in 2021"), as exported without decoding in the graph."""

import math
from collections.abc import Sequence

import numpy as np

from edge_agent.detector.card import YoloxDecoder
from edge_agent.detector.decoders.base import (
    MAX_EXPONENT,
    NOTHING,
    Candidates,
    Needs,
    Outputs,
    Tensor,
    best,
    cells,
    grid,
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
        stride = np.repeat(np.array(spec.strides, dtype=np.float32), counts)[:, None]
        self._cells = np.concatenate((stride, cell * stride), axis=1)
        self._likely = np.empty(total, dtype=np.bool_)
        self._wanted = [(int(class_id), _HEAD + int(class_id)) for class_id in needs.wanted]
        self._width = max((column for _, column in self._wanted), default=_HEAD) + 1

    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """See `Decoder`."""
        table = outputs[self._index][0]
        # A score cannot exceed the objectness, so most of the table is never read.
        np.greater_equal(table[:, 4], low, out=self._likely)
        place = self._likely.nonzero()[0]
        # `take` costs a third of indexing with an array, whose first use in a frame alone is 30 µs. Some ten cells fire
        # around a person: Python's numbers cost no more than numpy's calls then, and infinities raise no warnings.
        cells_hit = self._cells.take(place, axis=0).tolist()
        rows = table.take(place, axis=0)[:, : self._width].tolist()
        xyxy: list[tuple[float, float, float, float]] = []
        scores: list[float] = []
        class_ids: list[int] = []
        for (stride, left, top), row in zip(cells_hit, rows, strict=True):
            x, y = left + row[0] * stride, top + row[1] * stride
            half_width = math.exp(min(row[2], MAX_EXPONENT)) * stride * 0.5
            half_height = math.exp(min(row[3], MAX_EXPONENT)) * stride * 0.5
            for class_id, column in self._wanted:
                score = row[4] * row[column]
                if score >= low:
                    xyxy.append((x - half_width, y - half_height, x + half_width, y + half_height))
                    scores.append(score)
                    class_ids.append(class_id)
        if not scores:
            return NOTHING
        score_array = np.array(scores)
        keep = best(score_array)
        return Candidates(np.array(xyxy)[keep], score_array[keep], np.array(class_ids)[keep])
