"""The usual people counter: OpenCV, ONNX Runtime, supervision and trackers; for `pipeline.py` to compare with.

It does on one-by-one.mp4 what the contract's configuration asks for (one line, one zone, people), with the publishers'
own code for YOLOX's pre- and post-processing, and prints one JSON object. It runs in the benchmark's own environment.
"""

import json
import sys
import time
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime
import supervision as sv
from trackers import ByteTrackTracker

_SIZE: Final = 416
_PERSON: Final = 0
_SCORE: Final = 0.4
_NMS: Final = 0.45


def letterbox(image: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float]:
    """YOLOX's `preproc`: the picture at the top left of a grey square, as float32 CHW."""
    padded = np.full((_SIZE, _SIZE, 3), 114, np.uint8)
    ratio = min(_SIZE / image.shape[0], _SIZE / image.shape[1])
    height, width = int(image.shape[0] * ratio), int(image.shape[1] * ratio)
    padded[:height, :width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32), ratio


def detections(output: np.ndarray[Any, Any], ratio: float) -> sv.Detections:
    """Boxes of people from the network's output, which is decoded already but for grid and stride."""
    scores = output[:, 4] * output[:, 5 + _PERSON]
    keep = scores >= 0.1
    boxes, scores = output[keep, :4], scores[keep]
    xyxy = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1) / ratio
    found = sv.Detections(xyxy=xyxy, confidence=scores, class_id=np.full(len(scores), _PERSON))
    return found.with_nms(threshold=_NMS)


def grid_of() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """YOLOX's grid and strides, made once."""
    grids, strides = [], []
    for stride in (8, 16, 32):
        n = _SIZE // stride
        xv, yv = np.meshgrid(np.arange(n), np.arange(n))
        grids.append(np.stack((xv, yv), 2).reshape(-1, 2))
        strides.append(np.full((n * n, 1), stride))
    return np.concatenate(grids), np.concatenate(strides)


def main(model: str, clip: str) -> None:
    """Count the clip."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    session.run(None, {name: np.zeros((1, 3, _SIZE, _SIZE), np.float32)})
    grids, strides = grid_of()
    capture = cv2.VideoCapture(clip)
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    tracker = ByteTrackTracker(track_activation_threshold=_SCORE, lost_track_buffer=20, frame_rate=10.0)
    line = sv.LineZone(sv.Point(0.7 * width, height), sv.Point(0.7 * width, 0.25 * height), [sv.Position.BOTTOM_CENTER])
    corners = np.array([[0.42, 0.6], [0.66, 0.6], [0.66, 1.0], [0.42, 1.0]]) * (width, height)
    zone = sv.PolygonZone(corners.astype(int), [sv.Position.BOTTOM_CENTER])
    frames, model_s, begun_s = 0, 0.0, time.process_time()
    while True:
        ok, image = capture.read()
        if not ok:
            break
        tensor, ratio = letterbox(image)
        before_s = time.thread_time()
        output = session.run(None, {name: tensor[None]})[0][0]
        model_s += time.thread_time() - before_s
        output[:, :2] = (output[:, :2] + grids) * strides
        output[:, 2:4] = np.exp(output[:, 2:4]) * strides
        tracked = tracker.update(detections(output, ratio))
        line.trigger(tracked)
        zone.trigger(tracked)
        frames += 1
    result = {"frames": frames, "cpu_s": time.process_time() - begun_s, "model_cpu_s": model_s}
    print(json.dumps({**result, "lines": {"exit": {"in": line.in_count, "out": line.out_count}}}))


main(*sys.argv[1:])
