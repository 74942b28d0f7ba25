"""Of several boxes on one object, keep the best."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.records import Boxes

_FEW: Final = 32  # up to here a loop over Python's own numbers is faster than numpy's calls, by 5 times at 10 boxes


def suppress(xyxy: Boxes, score: NDArray[np.float32], class_id: NDArray[np.int64], *, iou: float) -> NDArray[np.intp]:
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
    order = np.argsort(-score, kind="stable")
    if len(order) < 2:
        return order
    greedy = greedy_few if len(order) <= _FEW else greedy_many
    return order[greedy(xyxy[order], class_id[order], iou)]


def greedy_few(xyxy: Boxes, class_id: NDArray[np.int64], iou: float) -> list[int]:
    """Positions of the boxes that stay, of boxes in falling order of score; box against box."""
    kept: list[int] = []
    boxes, classes = xyxy.tolist(), class_id.tolist()
    for i, (x1, y1, x2, y2) in enumerate(boxes):
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


def greedy_many(xyxy: Boxes, class_id: NDArray[np.int64], iou: float) -> list[int]:
    """The same as `greedy_few`, from the matrix of all overlaps; in float64, so that both agree to the last bit."""
    boxes = xyxy.astype(np.float64)
    x1, y1, x2, y2 = boxes.T
    width = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    height = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area = (x2 - x1) * (y2 - y1)
    beats = (shared > iou * (area[:, None] + area - shared)) & (class_id[:, None] == class_id)
    alive = np.ones(len(boxes), dtype=np.bool_)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~beats[i, i + 1 :]
    return [int(i) for i in alive.nonzero()[0]]
