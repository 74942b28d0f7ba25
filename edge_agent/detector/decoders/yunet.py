"""YuNet (Wu, Peng, Yu 2023, "YuNet: A Tiny Millisecond-level Face Detector"), read as OpenCV's FaceDetectorYN does."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edge_agent.detector.card import YunetDecoder
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


class _Level(NamedTuple):
    class_index: int
    objectness_index: int
    box_index: int
    cell: Tensor
    stride: np.float32


class YunetReader:
    """Per stride (1, n, 1) class, (1, n, 1) objectness and (1, n, 4) box; the landmarks are left unread.

    Centre = (cell + xy) * stride, size = exp(wh) * stride, score = sqrt(class * objectness), each bounded to 0..1
    first. Class and objectness are told apart by their order only, which does not matter to the product.
    """

    def __init__(self, spec: YunetDecoder, needs: Needs, outputs: Outputs) -> None:
        self._wanted = needs.wanted
        self._levels = []
        for stride in spec.strides:
            rows, columns = cells(needs, stride)
            n = rows * columns
            self._levels.append(
                _Level(
                    class_index=outputs.take(1, n, 1),
                    objectness_index=outputs.take(1, n, 1),
                    box_index=outputs.take(1, n, 4),
                    cell=grid(rows, columns),
                    stride=np.float32(stride),
                )
            )

    @np.errstate(over="ignore", invalid="ignore")  # a broken network's infinities end in `Detector.detect`
    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """See `Decoder`."""
        found = [self._read(level, outputs, low) for level in self._levels if self._wanted.size]
        found = [candidates for candidates in found if len(candidates.score)]
        if not found:
            return NOTHING
        xyxy, score, class_id = (np.concatenate(parts) for parts in zip(*found, strict=True))
        keep = best(score)
        return Candidates(xyxy[keep], score[keep], class_id[keep])

    @staticmethod
    def _read(level: _Level, outputs: Sequence[Tensor], low: float) -> Candidates:
        face = np.clip(outputs[level.class_index][0, :, 0], 0.0, 1.0)
        objectness = np.clip(outputs[level.objectness_index][0, :, 0], 0.0, 1.0)
        scores = np.sqrt(face * objectness)
        row = (scores >= low).nonzero()[0]
        if not row.size:
            return NOTHING
        row = row[best(scores[row])]
        box = outputs[level.box_index][0][row]
        centre = (level.cell[row] + box[:, :2]) * level.stride
        return Candidates(
            around(centre, sides(box[:, 2:]) * level.stride), scores[row], np.zeros(len(row), dtype=np.int64)
        )
