"""Small shards for tests of the training: bright blocks stand for people."""

from pathlib import Path

import numpy as np
from training.samples import PERSON, Sample, ShardWriter

WIDTH, HEIGHT = 96, 64


def sample(rng: np.random.Generator, *, empty: bool = False) -> Sample:
    """A grey floor, and unless `empty` one bright block with its box."""
    picture = rng.integers(30, 80, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    owner = np.zeros((HEIGHT, WIDTH), np.uint8)
    people = np.zeros(0 if empty else 1, PERSON)
    if not empty:
        x, y = int(rng.integers(0, WIDTH - 24)), int(rng.integers(0, HEIGHT - 48))
        picture[y : y + 48, x : x + 20] = rng.integers(170, 250, 3)
        owner[y : y + 48, x : x + 20] = 1
        people["box"] = people["whole"] = (x, y, x + 20, y + 48)
        people["visible"] = 1
    return Sample(picture, owner, people)


def write_shards(folder: Path, count: int, *, start: int = 0, samples: int = 6) -> None:
    """`count` shards of `samples` pictures, numbered from `start`; the first of more than six shows nobody."""
    for number in range(start, start + count):
        rng, writer = np.random.default_rng(number), ShardWriter()
        for index in range(samples):
            writer.add(sample(rng, empty=index == 0 and samples > 6))
        writer.write(folder / f"{number:03}.npz")
