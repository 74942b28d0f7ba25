"""Of several boxes on one object, keep the best."""

import numpy as np
from numpy.typing import NDArray

from edge_agent.records import Boxes


def suppress(xyxy: Boxes, score: NDArray[np.float32], class_id: NDArray[np.int64], *, iou: float) -> NDArray[np.intp]:
    """Greedy non-maximum suppression within each class (Neubeck and Van Gool 2006, the plain form).

    A box goes if it overlaps a better box that stays by more than `iou` (intersection over union of the areas,
    no pixel added). Equal scores keep the order of the input. The n x n overlaps are found at once, which is the
    fastest way in numpy for the few boxes that pass a threshold; callers bound n.

    Args:
        xyxy: (n, 4).
        score: (n,).
        class_id: (n,).
        iou: 0..1.

    Returns:
        Indices of the boxes that stay, best first.
    """
    order = np.argsort(-score, kind="stable")
    if len(order) < 2:
        return order
    boxes = xyxy[order]
    x1, y1, x2, y2 = boxes.T
    width = np.minimum(x2[:, None], x2) - np.maximum(x1[:, None], x1)
    height = np.minimum(y2[:, None], y2) - np.maximum(y1[:, None], y1)
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area = (x2 - x1) * (y2 - y1)
    beats = shared > iou * (area[:, None] + area - shared)
    classes = class_id[order]
    if (classes != classes[0]).any():
        beats &= classes[:, None] == classes
    alive = np.ones(len(order), dtype=np.bool_)
    for i in range(len(order)):
        if alive[i]:
            alive[i + 1 :] &= ~beats[i, i + 1 :]
    return order[alive]
