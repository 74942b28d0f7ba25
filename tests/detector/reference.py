"""The detectors again, in the slow and obvious way, from their publishers' definitions.

Nothing here comes from the product: the picture is fitted by hand, ONNX Runtime is called plainly, cells and boxes
are walked one by one with Python's own numbers. Run as a program it writes the golden numbers:
`python tests/detector/reference.py ../shared`.

Definitions: YOLOX yolox/utils/demo_utils.py (demo_postprocess, multiclass_nms_class_aware), NanoDet v0.x
nanodet/model/head/nanodet_head.py and gfl_head.py, FastestDet utils/tool.py (handle_preds), OpenCV
modules/objdetect/src/face_detect.cpp for YuNet.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

GOLDEN = Path(__file__).parent / "golden" / "detections.json"

Outputs = Sequence[NDArray[np.float32]]


class Box(NamedTuple):
    """A detection: class index, score and corners."""

    class_id: int
    score: float
    x1: float
    y1: float
    x2: float
    y2: float


class Spec(NamedTuple):
    """How a public network is run here."""

    size: int
    pad: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    decode: Callable[[Outputs, int], Iterator[Box]]
    score: float
    nms_iou: float
    pictures: tuple[tuple[str, int], ...]


def sigmoid(x: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-x))


def yolox(outputs: Outputs, size: int) -> Iterator[Box]:
    """Every cell of every stride, every class."""
    index = 0
    for stride in (8, 16, 32):
        for row in range(size // stride):
            for column in range(size // stride):
                cell = outputs[0][0][index].tolist()
                index += 1
                x, y = (cell[0] + column) * stride, (cell[1] + row) * stride
                w, h = math.exp(cell[2]) * stride, math.exp(cell[3]) * stride
                if cell[4] < 0.01:
                    continue  # no class can lift it again
                for class_id, probability in enumerate(cell[5:]):
                    score = cell[4] * probability
                    yield Box(class_id, score, x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def nanodet(outputs: Outputs, size: int) -> Iterator[Box]:
    """Outputs: three of class scores, then three of distances."""
    for level, stride in enumerate((8, 16, 32)):
        scores, distances = outputs[level][0], outputs[level + 3][0]
        columns = size // stride
        for index in range(len(scores)):
            x, y = (index % columns + 0.5) * stride, (index // columns + 0.5) * stride
            if scores[index].max() < 0.01:
                continue
            side = []
            for bins in distances[index].reshape(4, 8).tolist():
                weights = [math.exp(value) for value in bins]
                side.append(sum(k * weight for k, weight in enumerate(weights)) / sum(weights) * stride)
            for class_id, score in enumerate(scores[index].tolist()):
                yield Box(class_id, score, x - side[0], y - side[1], x + side[2], y + side[3])


def fastestdet(outputs: Outputs, size: int) -> Iterator[Box]:
    """One map; the powers are those of the publisher's later versions."""
    cells = outputs[0][0]
    rows, columns = cells.shape[1:]
    for row in range(rows):
        for column in range(columns):
            cell = [float(value) for value in cells[:, row, column]]
            x = (column + math.tanh(cell[1])) / columns * size
            y = (row + math.tanh(cell[2])) / rows * size
            w, h = sigmoid(cell[3]) * size, sigmoid(cell[4]) * size
            for class_id, probability in enumerate(cell[5:]):
                score = cell[0] ** 0.6 * probability**0.4
                yield Box(class_id, score, x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def yunet(outputs: Outputs, size: int) -> Iterator[Box]:
    """Outputs: three each of class, objectness, box (and landmarks)."""
    for level, stride in enumerate((8, 16, 32)):
        columns = size // stride
        for index in range(columns * columns):
            face = min(max(float(outputs[level][0][index, 0]), 0.0), 1.0)
            objectness = min(max(float(outputs[level + 3][0][index, 0]), 0.0), 1.0)
            dx, dy, w, h = (float(value) for value in outputs[level + 6][0][index])
            x, y = (index % columns + dx) * stride, (index // columns + dy) * stride
            w, h = math.exp(w) * stride, math.exp(h) * stride
            yield Box(0, math.sqrt(face * objectness), x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def fcos(outputs: Outputs, _size: int) -> Iterator[Box]:
    """One map per stride: class logits, then the logarithms of the distances to the four sides."""
    for maps, stride in zip(outputs, (8, 16, 32), strict=True):
        channels, rows, columns = maps.shape[1:]
        for row in range(rows):
            for column in range(columns):
                cell = [float(value) for value in maps[0, :, row, column]]
                x, y = column * stride + stride / 2, row * stride + stride / 2
                left, top, right, bottom = (stride * math.exp(min(4.0, max(-4.0, v))) for v in cell[channels - 4 :])
                for class_id, logit in enumerate(cell[: channels - 4]):
                    yield Box(class_id, sigmoid(logit), x - left, y - top, x + right, y + bottom)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a.x2, b.x2) - max(a.x1, b.x1)
    height = min(a.y2, b.y2) - max(a.y1, b.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - shared)


def keep_best(boxes: Sequence[Box], iou: float) -> list[Box]:
    """Greedy non-maximum suppression within each class."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -box.score):
        if all(box.class_id != other.class_id or overlap(box, other) <= iou for other in kept):
            kept.append(box)
    return kept


_CLIP = "one-by-one.mp4"
_COCO_PICTURES = ((_CLIP, 120), (_CLIP, 690), ("bottles-on-shelf.mp4", 440), ("classroom.gif", 20))
_FACE_PICTURES = (("two-faces.gif", 20), ("classroom.gif", 20))
_ZERO, _ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

SPECS = {
    "yolox_nano": Spec(416, 114, _ZERO, _ONE, yolox, 0.1, 0.45, _COCO_PICTURES),
    "yolox_person_192": Spec(192, 114, _ZERO, _ONE, yolox, 0.1, 0.45, _COCO_PICTURES[:2] + _COCO_PICTURES[3:]),
    "nanodet_m_320": Spec(
        320, 114, (103.53, 116.28, 123.675), (57.375, 57.12, 58.395), nanodet, 0.2, 0.5, _COCO_PICTURES
    ),
    "fastestdet": Spec(352, 114, _ZERO, (255.0, 255.0, 255.0), fastestdet, 0.35, 0.45, _COCO_PICTURES),
    "yunet_n_320_320": Spec(320, 0, _ZERO, _ONE, yunet, 0.3, 0.3, _FACE_PICTURES),
    "yunet_n_640_640": Spec(640, 0, _ZERO, _ONE, yunet, 0.3, 0.3, _FACE_PICTURES),
}


def detect(model: Path, spec: Spec, image: NDArray[np.uint8]) -> list[Box]:
    """All boxes of all classes at or above `spec.score`, in pixels of the picture, best first."""
    height, width = image.shape[:2]
    ratio = min(spec.size / height, spec.size / width)
    inner_w, inner_h = round(width * ratio), round(height * ratio)
    canvas = np.full((spec.size, spec.size, 3), spec.pad, dtype=np.uint8)
    small = image.astype(np.int64)
    while len(small) >= 2 * inner_h and small.shape[1] >= 2 * inner_w:  # the mean of 2x2 pixels, halves rounded up
        small = (small[::2, ::2] + small[1::2, ::2] + small[::2, 1::2] + small[1::2, 1::2] + 2) // 4
    canvas[:inner_h, :inner_w] = cv2.resize(small.astype(np.uint8), (inner_w, inner_h))
    pixels = (canvas.astype(np.float64) - spec.mean) / spec.std
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: pixels.transpose(2, 0, 1)[None].astype(np.float32)}
    outputs: Any = session.run(None, feed)
    boxes = keep_best([box for box in spec.decode(outputs, spec.size) if box.score >= spec.score], spec.nms_iou)
    found = []
    for box in boxes:
        x1, x2 = (min(max(x * width / inner_w, 0.0), width) for x in (box.x1, box.x2))
        y1, y2 = (min(max(y * height / inner_h, 0.0), height) for y in (box.y1, box.y2))
        if x2 > x1 and y2 > y1:
            found.append(Box(box.class_id, box.score, x1, y1, x2, y2))
    return found


def write_golden(shared: Path) -> None:
    """Detect everything once and write the numbers down."""
    from detector.networks import frame_of  # noqa: PLC0415 - only needed when run as a program

    golden: dict[str, dict[str, list[list[float]]]] = {}
    for name, spec in SPECS.items():
        for clip, index in spec.pictures:
            boxes = detect(shared / "models" / f"{name}.onnx", spec, frame_of(shared, clip, index))
            rows = [[b.class_id, round(b.score, 4), *(round(v, 2) for v in b[2:])] for b in boxes]
            golden.setdefault(name, {})[f"{clip}@{index}"] = rows
    GOLDEN.parent.mkdir(exist_ok=True)
    lines = [
        f"  {json.dumps(name)}: {{\n"
        + ",\n".join(f"    {json.dumps(key)}: {json.dumps(rows)}" for key, rows in pictures.items())
        + "\n  }"
        for name, pictures in golden.items()
    ]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    write_golden(Path(sys.argv[1]))
