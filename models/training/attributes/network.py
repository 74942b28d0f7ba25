"""The attribute model's network: plain 3x3 convolutions for int8 on small CPUs, and three heads on their average.

The trunk is that of the detector (models/training/network.py): residual stages (He et al. 2016) and ReLU, which costs
nothing in int8.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from training.attributes.terms import AGES, SEXES
from training.network import Conv, Residual

SIDE: Final = 64  # pixels of the input


@dataclass(frozen=True, slots=True)
class Design:
    """Channels after strides 2, 4, 8, 16, and residual blocks at each of them."""

    widths: tuple[int, int, int, int]
    blocks: tuple[int, int, int, int]


DESIGNS: Final = {
    "s": Design((32, 64, 96, 112), (0, 2, 2, 1)),
    "q": Design((16, 32, 48, 64), (0, 1, 1, 0)),
}
"""s: the one that is shipped; q: to try the chain quickly."""


class Read(NamedTuple):
    """Logits: sex (n, 2), age (n, len(AGES)), readable (n,)."""

    sex: Tensor
    age: Tensor
    readable: Tensor


class Reader(nn.Module):
    """(n, 3, 64, 64) BGR in 0..1 → logits."""

    def __init__(self, size: str = "s") -> None:
        super().__init__()
        if size not in DESIGNS:
            raise ValueError(f"no network of size {size!r}; there are: {', '.join(DESIGNS)}")
        self.size = size
        design = DESIGNS[size]
        before, layers = 3, []
        for width, blocks in zip(design.widths, design.blocks, strict=True):
            layers += [Conv(before, width, stride=2), *[Residual(width) for _ in range(blocks)]]
            before = width
        self.trunk = nn.Sequential(*layers)
        self.sex = nn.Linear(before, len(SEXES))
        self.age = nn.Linear(before, len(AGES))
        self.readable = nn.Linear(before, 1)

    def forward(self, x: Tensor) -> Read:
        """Logits of every picture."""
        return self._heads(self.trunk(x).mean((2, 3)))

    def both_ways(self, x: Tensor) -> Read:
        """Logits of each face and its mirror image together, as the exported files read them."""
        seen = self.trunk(torch.cat([x, x.flip(3)])).mean((2, 3))
        return self._heads(seen.reshape(2, -1, seen.shape[1]).mean(0))

    def _heads(self, seen: Tensor) -> Read:
        return Read(self.sex(seen), self.age(seen), self.readable(seen)[:, 0])


def channels_last(network: Reader) -> Reader:
    """The network with its weights in the layout in which convolutions on a CPU are twice as fast."""
    laid_out: Reader = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return laid_out
