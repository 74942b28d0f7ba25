"""Scenes with known identities, and how well a tracker kept them: for the tests and the benchmark of the tracker.

The truth of a scene is a table of (frame, person, box). Detections are either a detector's own (MOT15's public ones)
or made from the truth by `observe`, which is what a small network does to it: jittered boxes, missed people,
low scores and cut boxes where one person hides another, boxes where nobody is.
"""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_agent.records import Detections
from edge_agent.tracker.assignment import assign

Boxes = NDArray[np.float32]
Ids = NDArray[np.int64]
Labelled = tuple[Ids, Boxes]
"""Identities (n,) and their boxes x1 y1 x2 y2 (n, 4) in one frame."""


@dataclass(frozen=True)
class Scene:
    """One clip without its pictures.

    Attributes:
        name: for the table.
        t_s: time of each frame in seconds.
        truth: who was where in each frame.
        detections: what the detector said in each frame.
    """

    name: str
    t_s: list[float]
    truth: list[Labelled]
    detections: list[Detections]

    def every(self, step: int) -> "Scene":
        """The same scene seen `step` times less often."""
        return Scene(self.name, self.t_s[::step], self.truth[::step], self.detections[::step])


@dataclass(frozen=True)
class Score:
    """How well identities were kept (CLEAR MOT: Bernardin 2008; IDF1: Ristani 2016; both at an IoU of 0.5).

    Attributes:
        switches: how often a person's track id changed.
        idf1: share of boxes with the right identity under the best one-to-one naming of tracks, 0 to 1.
        mota: 1 - (missed + invented + switches) / true boxes; may be negative.
        people: number of persons in the truth.
        tracks: number of track ids in the answer.
    """

    switches: int
    idf1: float
    mota: float
    people: int
    tracks: int


def overlap(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """IoU (n, m) of boxes (n, 4) and (m, 4)."""
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    shared = sides.clip(min=0).prod(axis=2, dtype=np.float64)
    areas = (a[:, 2:] - a[:, :2]).prod(axis=1)[:, None] + (b[:, 2:] - b[:, :2]).prod(axis=1)[None, :]
    return np.asarray(shared / np.maximum(areas - shared, 1e-9), dtype=np.float64)


def score(truth: Iterable[Labelled], answer: Iterable[Labelled]) -> Score:
    """Compare what a tracker said with the truth, frame by frame.

    Args:
        truth: of each frame.
        answer: of each frame: the ids and boxes of the tracks that were seen in it.
    """
    held: dict[int, int] = {}
    boxes_true = boxes_said = matched = switches = 0
    together: dict[tuple[int, int], int] = {}
    people: set[int] = set()
    tracks: set[int] = set()
    for (who, where), (said, box) in zip(truth, answer, strict=True):
        iou = overlap(where, box)
        near = iou >= 0.5
        people.update(who.tolist())
        tracks.update(said.tolist())
        boxes_true += len(who)
        boxes_said += len(said)
        for i, j in zip(*near.nonzero(), strict=True):
            pair = int(who[i]), int(said[j])
            together[pair] = together.get(pair, 0) + 1
        # A pair that held in the last frame holds on while it overlaps: CLEAR counts no switch on a tie.
        kept = np.array([[held.get(int(w)) == int(s) for s in said] for w in who], dtype=bool).reshape(near.shape)
        pairs = assign(np.where(near, iou + 1000.0 * kept, 0.0))
        matched += len(pairs)
        for i, j in pairs:
            person, track = int(who[i]), int(said[j])
            switches += held.get(person, track) != track
            held[person] = track
    named = _best_naming(together)
    mota = 1 - (boxes_true - matched + boxes_said - matched + switches) / max(boxes_true, 1)
    return Score(switches, 2 * named / max(boxes_true + boxes_said, 1), mota, len(people), len(tracks))


def _best_naming(together: dict[tuple[int, int], int]) -> int:
    people = sorted({person for person, _ in together})
    tracks = sorted({track for _, track in together})
    table = np.zeros((len(people), len(tracks)))
    for (person, track), frames in together.items():
        table[people.index(person), tracks.index(track)] = frames
    return int(sum(table[pair] for pair in assign(table)))


def observe(truth: list[Labelled], *, seed: int, missed: float = 0.05, jitter: float = 0.03) -> list[Detections]:
    """What a small detector would say of the truth.

    Args:
        truth: of each frame.
        seed: of the random numbers: the same seed, the same detections.
        missed: share of people that are overlooked although they stand free.
        jitter: standard deviation of each edge, as a fraction of the box's size.
    """
    random = np.random.default_rng(seed)
    return [_observe_frame(boxes, random, missed, jitter) for _, boxes in truth]


def _observe_frame(boxes: Boxes, random: np.random.Generator, missed: float, jitter: float) -> Detections:
    n = len(boxes)
    visible = 1 - _hidden(boxes)
    scores = 0.15 + 0.75 * visible + random.normal(0, 0.06, n)
    sizes = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    seen = boxes + random.normal(0, 1, (n, 4)) * jitter * sizes
    found = (visible > 0.15) & (random.random(n) > missed)
    phantoms = random.poisson(0.1)
    if n:
        model = boxes[random.integers(0, n, phantoms)]
        seen = np.concatenate((seen[found], model + random.normal(0, 200, (phantoms, 1))))
    else:
        seen, phantoms = seen[found], 0
    scores = np.concatenate((scores[found], random.uniform(0.1, 0.6, phantoms))).clip(0.01, 0.99)
    order = np.argsort(-scores)
    return Detections(
        seen[order].astype(np.float32), scores[order].astype(np.float32), np.zeros(len(order), dtype=np.int64)
    )


def _hidden(boxes: Boxes) -> NDArray[np.float64]:
    """The share (n,) of each box that the nearer person, whose feet are lower, hides at most."""
    sides = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    shared = sides.clip(min=0).prod(axis=2, dtype=np.float64)
    nearer = boxes[None, :, 3] > boxes[:, None, 3]
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1, dtype=np.float64)
    return np.asarray((shared * nearer).max(axis=1, initial=0.0) / np.maximum(area, 1e-9), dtype=np.float64)


def auditorium(file: Path, *, seed: int, from_s: float = 0.0, to_s: float = 180.0) -> Scene:
    """A part of one view of CAMPUS' auditorium (Xu et al. 2017; 30 fps), with detections made by `observe`."""
    first, last = round(from_s * 30), round(to_s * 30)
    rows: dict[int, list[tuple[float, ...]]] = {}
    with gzip.open(file, "rt") as lines:
        for line in lines:
            person, x1, y1, x2, y2, frame, lost, *_ = line.split()
            if first <= int(frame) < last and lost == "0" and int(x2) > int(x1) and int(y2) > int(y1):
                rows.setdefault(int(frame) - first, []).append((int(person), int(x1), int(y1), int(x2), int(y2)))
    return _scene(file.name.split(".")[0], 30.0, last - first, rows, lambda truth: observe(truth, seed=seed))


def tud(folder: Path) -> Scene:
    """A TUD sequence of MOT15 (25 fps) with its public detections."""
    truth = _mot15(folder / "gt.txt")
    found = _mot15(folder / "det.txt")
    last = max(truth)

    def detections(_: list[Labelled]) -> list[Detections]:
        out = []
        for frame in range(1, last + 1):
            table = np.array(sorted(found.get(frame, []), key=lambda row: -row[5]), dtype=np.float64).reshape(-1, 6)
            out.append(
                Detections(
                    table[:, 1:5].astype(np.float32),
                    table[:, 5].astype(np.float32),
                    np.zeros(len(table), dtype=np.int64),
                )
            )
        return out

    shifted = {frame - 1: rows for frame, rows in truth.items()}
    return _scene(folder.name, 25.0, last, shifted, detections)


def _mot15(file: Path) -> dict[int, list[tuple[float, ...]]]:
    rows: dict[int, list[tuple[float, ...]]] = {}
    for line in file.read_text().splitlines():
        frame, person, x, y, w, h, confidence, *_ = map(float, line.split(","))
        rows.setdefault(int(frame), []).append((int(person), x, y, x + w, y + h, confidence))
    return rows


def _scene(
    name: str,
    fps: float,
    frames: int,
    rows: dict[int, list[tuple[float, ...]]],
    detect: Callable[[list[Labelled]], list[Detections]],
) -> Scene:
    truth: list[Labelled] = []
    for frame in range(frames):
        table = np.array(rows.get(frame, []), dtype=np.float64)
        table = table.reshape(-1, table.shape[1] if table.size else 5)
        truth.append((table[:, 0].astype(np.int64), table[:, 1:5].astype(np.float32)))
    return Scene(name, [frame / fps for frame in range(frames)], truth, detect(truth))
