"""The mean of several cooled-down checkpoints of one run: `python -m training.soup A.pt B.pt --out C.pt`.

Networks that were cooled down from neighbouring points of one training lie in one valley, and the middle of it is often
better than any of them (Wortsman et al. 2022, Model soups). Whether it is, `training.validate` says on the hold-out.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from training.train import read_checkpoint


def mean_of(checkpoints: Sequence[Path], out: Path) -> None:
    """Write the first checkpoint with the mean of all averaged weights in it.

    Raises:
        ValueError: there are fewer than two, or they are networks of different shapes.
    """
    if len(checkpoints) < 2:
        raise ValueError("a mean needs two checkpoints or more; name them")
    first, *others = [read_checkpoint(path) for path in checkpoints]
    shapes = [{name: tensor.shape for name, tensor in content["ema"].items()} for content in (first, *others)]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"{', '.join(map(str, checkpoints))}: networks of different shapes; take those of one run")
    for name, tensor in first["ema"].items():
        if tensor.dtype.is_floating_point:
            tensor.copy_(torch.stack([tensor, *[content["ema"][name] for content in others]]).mean(0))
    out.parent.mkdir(parents=True, exist_ok=True)
    torch.save(first, out)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.soup", description="The mean of several checkpoints of one run.")
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    values = parser.parse_args(arguments)
    mean_of(values.checkpoints, values.out)


if __name__ == "__main__":
    main()
