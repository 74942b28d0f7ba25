"""The command that builds the library: python -m training.figures --out FOLDER."""

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training.figures.library import BATCH, batch_folder, write_batch
from training.figures.maker import FigureMaker


def main() -> None:
    """Build what is missing of the library."""
    parser = argparse.ArgumentParser(prog="python -m training.figures", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(".cache/training/figures"), help="folder of the library")
    parser.add_argument("--count", type=int, default=3000, help="figures, rounded up to whole batches")
    parser.add_argument("--batch", type=int, default=BATCH, help="figures of one folder, written together")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other people")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds humans/")
    options = parser.parse_args()
    build(options.out, options.count, options.seed, options.data, options.batch)


def build(out: Path, count: int, seed: int, data: Path, batch: int = BATCH) -> None:
    """Write the batches of `out` that are not there yet. Each batch depends only on `seed` and its number."""
    missing = [number for number in range(-(-count // batch)) if not batch_folder(out, number).exists()]
    if not missing:
        return
    maker = FigureMaker(data)
    with tqdm(total=len(missing) * batch, unit="figure") as bar:
        for number in missing:
            rng = np.random.default_rng([seed, number])
            figures = []
            for _ in range(batch):
                figures.append(maker.figure(rng))
                bar.update()
            write_batch(batch_folder(out, number), figures)


if __name__ == "__main__":
    main()
