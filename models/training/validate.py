"""How well a network knows people in shards that it has not learned from: a measure for choices during training.

What the finished model is worth on real pictures is measured by `training.evaluation`; this here is quick, runs on
checkpoints and on ONNX files alike, and knows the exact truth. `python -m training.validate CHECKPOINT --shards F`.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from edge_agent.detector.card import Input, Resize
from edge_agent.detector.preprocess import Preprocessor
from training.assignment import overlap
from training.augment import PAD, Scene, moved
from training.batches import Pool
from training.network import HEIGHT, WIDTH, Detector, boxes_of, cells, channels_last, flat
from training.runs import read_checkpoint
from training.samples import People

Runner = Callable[[NDArray[np.uint8]], Sequence[torch.Tensor]]  # (n, 3, h, w) uint8 → the raw levels

LEAST_SCORE: Final = 0.01
SAME_PERSON: Final = 0.5  # overlap: two boxes above are one
HIT: Final = 0.5
BOXES_AT_MOST: Final = 100
_INPUT: Final = Input(
    width=WIDTH, height=HEIGHT, layout="NHWC", resize=Resize.LETTERBOX_TOP_LEFT, pad=PAD, dtype="uint8"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One picture's boxes (n, 4) in network pixels and their scores (n,), best first."""

    boxes: torch.Tensor
    scores: torch.Tensor


@dataclass(frozen=True, slots=True)
class Figures:
    """precision: average precision at IoU .5; presence: AUC of the best score, pictures with people against without."""

    precision: float
    presence: float
    recall_small: float  # of people under 64 pixels, at a score of .4
    recall: float

    def __str__(self) -> str:
        return (
            f"AP50 {self.precision:.4f}  presence AUC {self.presence:.4f}  "
            f"recall {self.recall:.3f}, of small {self.recall_small:.3f}"
        )


class Letterbox:
    """Fits pictures as the agent shows them to the network; all of one size are fitted into the same memory."""

    def __init__(self) -> None:
        self._fit = Preprocessor(_INPUT)

    def __call__(self, scene: Scene) -> tuple[NDArray[np.uint8], People]:
        """The picture, (h, w, 3), which the next call overwrites, and its people there."""
        self._fit(scene.picture)
        high, wide = scene.picture.shape[:2]
        scale = min(WIDTH / wide, HEIGHT / high)
        size = (min(WIDTH, round(wide * scale)), min(HEIGHT, round(high * scale)))
        return self._fit.tensor[0], moved(scene.people, (scale, scale), (0, 0), (0, 0, *size))


def found(levels: Sequence[torch.Tensor], centres: torch.Tensor, strides: torch.Tensor) -> list[Found]:
    """The people that raw outputs name, without doubles, per picture."""
    output = flat(list(levels))
    scores, boxes = output[..., 0].sigmoid(), boxes_of(output[..., -4:], centres, strides)
    return [_without_doubles(b, s) for b, s in zip(boxes, scores, strict=True)]


def _without_doubles(boxes: torch.Tensor, scores: torch.Tensor) -> Found:
    order = scores.argsort(descending=True)[: 3 * BOXES_AT_MOST]
    order = order[scores[order] > LEAST_SCORE]
    boxes, scores = boxes[order], scores[order]
    same = (overlap(boxes[:, None], boxes[None]) > SAME_PERSON).numpy()
    kept, gone = [], np.zeros(len(boxes), bool)
    for index in range(len(boxes)):
        if not gone[index]:
            kept.append(index)
            gone |= same[index]
    return Found(boxes[kept[:BOXES_AT_MOST]], scores[kept[:BOXES_AT_MOST]])


class Look:
    """What a network sees, picture by picture."""

    def __init__(self, run: Runner) -> None:
        self._run, self._fit = run, Letterbox()
        self._centres, self._strides = cells(WIDTH, HEIGHT)

    def __call__(self, scene: Scene) -> tuple[Found, People]:
        """What it sees in one picture, and who is there, both in network pixels."""
        picture, people = self._fit(scene)
        levels = self._run(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]))
        return found(levels, self._centres, self._strides)[0], people


def validate(run: Runner, folder: Path, pictures: int, seed: int = 0) -> Figures:
    """The figures over `pictures` random samples of the shards in `folder`."""
    pool = Pool(folder)
    pool.refresh()
    chosen = np.random.default_rng(seed).permutation(len(pool))[:pictures]
    look = Look(run)
    marks, heights, best, present = [], [], [], []
    for index in chosen:
        there, people = look(pool.scene(int(index), owner=False))
        marks.append(marks_of(there, people))
        heights.append((people["box"][:, 3] - people["box"][:, 1])[~people["ignore"]])
        best.append(float(there.scores[0]) if len(there.scores) else 0.0)
        present.append(bool(len(people)))
    return _figures(marks, heights, np.array(best), np.array(present))


@dataclass(frozen=True, slots=True)
class Marks:
    """scores and whether each is a hit (boxes on ignored people left out); found_at: per true person, score or 0."""

    scores: NDArray[np.float32]
    hit: NDArray[np.bool_]
    found_at: NDArray[np.float32]


def marks_of(there: Found, people: People) -> Marks:
    """Which boxes are somebody, the best first, each person once; boxes on ignored people are left out."""
    truth = torch.from_numpy(people["box"].copy())
    wanted = ~people["ignore"]
    share = overlap(there.boxes[:, None], truth[None]).numpy()
    inside = _inside(there.boxes.numpy(), people["box"][people["ignore"]])
    scores, hits, found_at = [], [], np.zeros(len(people), np.float32)
    for index, score in enumerate(there.scores.tolist()):
        free = np.where(wanted & (found_at == 0), share[index], 0)
        who = int(free.argmax()) if len(free) else -1
        hit = who >= 0 and free[who] >= HIT
        if hit:
            found_at[who] = score
        if hit or not inside[index]:
            scores.append(score)
            hits.append(hit)
    return Marks(np.array(scores, np.float32), np.array(hits, np.bool_), found_at[wanted])


def _inside(boxes: NDArray[np.float32], ignored: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which boxes lie at least half in one that is to be ignored."""
    corner = np.maximum(boxes[:, None, :2], ignored[None, :, :2])
    shared = (np.minimum(boxes[:, None, 2:], ignored[None, :, 2:]) - corner).clip(0).prod(-1)
    own = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    return np.asarray((shared > own[:, None] / 2).any(1))


def _figures(
    marks: Sequence[Marks],
    heights: Sequence[NDArray[np.float32]],
    best: NDArray[np.float64],
    present: NDArray[np.bool_],
) -> Figures:
    at = np.concatenate([mark.found_at for mark in marks])
    small = np.concatenate(heights) < 64
    return Figures(
        average_precision(np.concatenate([m.scores for m in marks]), np.concatenate([m.hit for m in marks]), len(at)),
        area_under_curve(best[present], best[~present]),
        float((at[small] > 0.4).mean()) if small.any() else float("nan"),
        float((at > 0.4).mean()) if len(at) else float("nan"),
    )


def average_precision(scores: NDArray[np.float32], hit: NDArray[np.bool_], truths: int) -> float:
    """The area under the precision-recall curve, precision made monotonous (as VOC 2010 and COCO do)."""
    if not truths or not len(scores):
        return float("nan") if not truths else 0.0
    hits = hit[np.argsort(-scores, kind="stable")].cumsum()
    precision = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
    recall = np.diff(hits / truths, prepend=0)
    return float((precision * recall).sum())


def area_under_curve(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> float:
    """The chance that a positive scores higher than a negative, a tie counting half."""
    if not len(positive) or not len(negative):
        return float("nan")
    above = (positive[:, None] > negative[None]).mean()
    return float(above + (positive[:, None] == negative[None]).mean() / 2)


def checkpoint_runner(path: Path, *, average: bool = True) -> Runner:
    """The network of a checkpoint, its averaged weights unless told otherwise."""
    content = read_checkpoint(path)
    network = Detector(content["size"], content["classes"])
    network.load_state_dict(content["ema" if average else "model"])
    channels_last(network).eval()

    def run(pictures: NDArray[np.uint8]) -> Sequence[torch.Tensor]:
        with torch.no_grad():
            return list(network(torch.from_numpy(pictures).float() / 255))

    return run


def onnx_runner(path: Path) -> Runner:
    """An exported file, one thread."""
    import onnxruntime  # noqa: PLC0415 - a second to load, and checkpoints do not need it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pictures: [torch.from_numpy(level) for level in session.run(None, {name: pictures})]


def runner_of(path: Path) -> Runner:
    """A checkpoint or an exported file, by its name."""
    return onnx_runner(path) if path.suffix == ".onnx" else checkpoint_runner(path)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.validate", description="Figures on shards held back.")
    parser.add_argument("models", type=Path, nargs="+", help="checkpoints (.pt) or exported files (.onnx)")
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=500)
    values = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for path in values.models:
        print(f"{path}: {validate(runner_of(path), values.shards, values.pictures)}")  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
