"""Non-maximum suppression, by its properties."""

import numpy as np
from detector.reference import Box, keep_best, overlap
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.detector.nms import greedy_few, greedy_many, suppress

_COORDINATE = st.integers(0, 60)


@st.composite
def _scenes(draw: st.DrawFn, most: int = 60) -> list[Box]:
    """Boxes that often touch, coincide or have no area; of three classes; scores sometimes equal."""
    boxes = []
    for _ in range(draw(st.integers(0, most))):
        x, y, w, h = (draw(_COORDINATE) for _ in range(4))
        score = draw(st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
        boxes.append(Box(draw(st.integers(0, 2)), score, x, y, x + w, y + h))
    return boxes


def _arrays(boxes: list[Box]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    table = np.array(boxes, dtype=np.float64).reshape(-1, 6)
    return table[:, 2:].astype(np.float32), table[:, 1].astype(np.float32), table[:, 0].astype(np.int64)


@given(boxes=_scenes(), iou=st.sampled_from([0.3, 0.45, 0.6, 1.0]))
def test_the_boxes_that_stay_are_those_of_the_definition(boxes: list[Box], iou: float) -> None:
    """The indices are those of the obvious greedy loop, best first, equal scores in the order of the input."""
    kept = suppress(*_arrays(boxes), iou=iou)
    assert [boxes[i] for i in kept] == keep_best(boxes, iou)


@given(boxes=_scenes(), iou=st.floats(0.05, 0.95))
def test_what_stays_is_apart_and_what_goes_is_covered(boxes: list[Box], iou: float) -> None:
    """No two boxes of a class that stay overlap by more than the limit; each that goes overlaps a better one."""
    kept = list(suppress(*_arrays(boxes), iou=iou))
    stay = [boxes[i] for i in kept]
    assert [box.score for box in stay] == sorted((box.score for box in stay), reverse=True)
    for i, a in enumerate(stay):
        assert all(a.class_id != b.class_id or overlap(a, b) <= iou + 1e-9 for b in stay[:i])
    for i, box in enumerate(boxes):
        if i not in kept:
            assert any(
                b.class_id == box.class_id and b.score >= box.score and overlap(b, box) > iou - 1e-9 for b in stay
            )


@given(boxes=_scenes(), iou=st.floats(0.05, 0.95))
def test_suppressing_twice_changes_nothing(boxes: list[Box], iou: float) -> None:
    """What is left has nothing more to suppress."""
    once = [boxes[i] for i in suppress(*_arrays(boxes), iou=iou)]
    assert [once[i] for i in suppress(*_arrays(once), iou=iou)] == once


@given(boxes=_scenes(most=80), iou=st.floats(0.05, 0.95))
def test_both_ways_of_computing_agree(boxes: list[Box], iou: float) -> None:
    """The loop for few boxes and the matrix for many keep the same boxes, so that crowds are no special case."""
    order = sorted(range(len(boxes)), key=lambda i: -boxes[i].score)
    xyxy, _, class_id = _arrays(boxes)
    assert greedy_few(xyxy, class_id, order, iou) == greedy_many(xyxy, class_id, order, iou)
