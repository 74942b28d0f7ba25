"""Of several boxes on one object, keep the best."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.detector.decoders.base import Floats

_FEW: Final = 32  # up to here a loop over Python's own numbers is faster than numpy's calls, by 5 times at 10 boxes


def suppress(xyxy: Floats, score: Floats, class_id: NDArray[np.int64], *, iou: float) -> list[int]:
    """Greedy non-maximum suppression within each class (Neubeck and Van Gool 2006, the plain form).

    A box goes if it overlaps a better box that stays by more than `iou` (intersection over union of the areas,
    no pixel added). Equal scores keep the order of the input.

    Args:
        xyxy: (n, 4); callers bound n, memory goes with its square.
        score: (n,).
        class_id: (n,).
        iou: 0..1.

    Returns:
        Indices of the boxes that stay, best first.
    """
    scores = score.tolist()
    order = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)
    if len(order) < 2:
        return order
    greedy = greedy_few if len(order) <= _FEW else greedy_many
    return greedy(xyxy, class_id, order, iou)


def greedy_few(xyxy: Floats, class_id: NDArray[np.int64], order: Sequence[int], iou: float) -> list[int]:
    """Indices of the boxes that stay, taking them in falling `order` of score; box against box."""
    kept: list[int] = []
    boxes, classes = xyxy.tolist(), class_id.tolist()
    for i in order:
        x1, y1, x2, y2 = boxes[i]
        for k in kept:
            if classes[k] != classes[i]:
                continue
            u1, v1, u2, v2 = boxes[k]
            width = min(x2, u2) - max(x1, u1)
            height = min(y2, v2) - max(y1, v1)
            if width <= 0.0 or height <= 0.0:
                continue
            shared = width * height
            if shared > iou * ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared):
                break
        else:
            kept.append(i)
    return kept


@np.errstate(over="ignore", invalid="ignore")  # a broken network's infinities
def greedy_many(xyxy: Floats, class_id: NDArray[np.int64], order: Sequence[int], iou: float) -> list[int]:
    """The same as `greedy_few`, from the matrix of all overlaps; in float64, so that both agree to the last bit."""
    best_first = np.array(order, np.intp)
    boxes, classes = xyxy[best_first].astype(np.float64), class_id[best_first]
    x1, y1, x2, y2 = boxes.T
    width = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    height = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area = (x2 - x1) * (y2 - y1)
    beats = (shared > iou * (area[:, None] + area - shared)) & (classes[:, None] == classes)
    alive = np.ones(len(boxes), dtype=np.bool_)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~beats[i, i + 1 :]
    return [order[i] for i in alive.nonzero()[0].tolist()]
