"""Which pictures a network gets most wrong, so that the next training shows it these more often.

`python -m training.mining MODEL --shards FOLDER --out hard.json`. Hard example mining (Sung and Poggio 1994;
Shrivastava et al. 2016) by whole pictures: one is as hard as its strongest false box, or as its clear person with the
weakest box. What chance cut off or hid is nobody's fault and does not count.
"""

import argparse
import json
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from training.batches import Pool
from training.samples import People
from training.validate import Found, Look, Runner, marks_of, runner_of

CLEAR: Final = 0.5  # visible fraction of a person from which missing them is an error
CLEAR_PX: Final = 28.0  # height in network pixels, likewise
SHARE: Final = 0.2  # of all pictures that count as hard
LEAST: Final = 0.3  # errors below are none


def hardness(there: Found, people: People) -> float:
    """0: all clear people have boxes of score 1 and nobody else has one; 1: the worst."""
    counted = people.copy()
    tall = people["box"][:, 3] - people["box"][:, 1]
    counted["ignore"] |= (people["visible"] < CLEAR) | (tall < CLEAR_PX)
    marks = marks_of(there, counted)
    return max(_highest(marks.scores[~marks.hit]), _highest(1.0 - marks.found_at))


def _highest(values: NDArray[np.float32]) -> float:
    return float(values.max()) if len(values) else 0.0


def mine(run: Runner, folder: Path, share: float = SHARE, *, quiet: bool = True) -> dict[str, list[int]]:
    """The hardest `share` of the pictures in a folder of shards: their numbers by shard.

    Raises:
        ValueError: there are no shards.
    """
    pool = Pool(folder)
    pool.refresh()
    if not len(pool):
        raise ValueError(f"{folder}: no shards (*.npz); generate some first")
    look, errors = Look(run), np.zeros(len(pool))
    for index in tqdm(range(len(pool)), unit="picture", disable=quiet, mininterval=10):
        errors[index] = hardness(*look(pool.scene(index, owner=False)))
    worst = np.argsort(-errors, kind="stable")[: round(share * len(pool))]
    chosen: dict[str, list[int]] = {}
    for index in np.sort(worst[errors[worst] >= LEAST]).tolist():
        name, inner = pool.place(index)
        chosen.setdefault(name, []).append(inner)
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.mining", description="List the pictures that a network gets wrong.")
    parser.add_argument("model", type=Path, help="a checkpoint (.pt) or an exported file (.onnx)")
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="for training.train --hard")
    parser.add_argument("--share", type=float, default=SHARE, help="of the pictures, at most")
    values = parser.parse_args(arguments)
    torch.set_num_threads(1)
    chosen = mine(runner_of(values.model), values.shards, values.share, quiet=False)
    values.out.parent.mkdir(parents=True, exist_ok=True)
    values.out.write_text(json.dumps(chosen), encoding="utf-8")


if __name__ == "__main__":
    main()
