"""The detector's network: plain 3x3 convolutions for int8 on small CPUs, no anchors, three output levels.

Residual stages (He et al. 2016), a max-pool pyramid for context (SPPF of YOLOv5, Jocher 2020), a feature pyramid that
adds (Lin et al. 2017), and the distances to a box's sides from each cell (FCOS, Tian et al. 2019). Only ReLU: it costs
nothing in int8, where it is the lower end of the value range.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDES: Final = (8, 16, 32)
WIDTH, HEIGHT = 384, 224  # pixels of the exported input
PRIOR: Final = 0.01  # the score of a fresh network: nearly all cells show nobody (Lin et al. 2017)


@dataclass(frozen=True, slots=True)
class Design:
    """Channels after strides 2, 4, 8, 16, 32; residual blocks at 4, 8, 16, 32; channels and convolutions of heads."""

    widths: tuple[int, int, int, int, int]
    blocks: tuple[int, int, int, int]
    neck: int
    head: int


DESIGNS: Final = {
    "s": Design((16, 32, 48, 96, 160), (0, 1, 2, 1), 48, 1),
    "m": Design((24, 48, 96, 160, 224), (1, 1, 2, 1), 80, 2),
}


class Conv(nn.Module):
    """A convolution without bias, batch normalisation and, unless `bare`, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, bare: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)
        self.bare = bare

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) → (n, outputs, h / stride, w / stride)."""
        y: Tensor = self.norm(self.conv(x))
        return y if self.bare else functional.relu(y, inplace=True)


class Residual(nn.Module):
    """Two convolutions that correct their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Conv(channels, channels)
        self.second = Conv(channels, channels, bare=True)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return functional.relu(x + self.second(self.first(x)), inplace=True)


class PoolPyramid(nn.Module):
    """Each cell sees the strongest answers 5, 9 and 13 cells around: at stride 32 all of the picture's height."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = Conv(channels, channels // 2, 1)
        self.merge = Conv(channels // 2 * 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        pools = [self.reduce(x)]
        for _ in range(3):
            pools.append(functional.max_pool2d(pools[-1], 5, 1, 2))
        merged: Tensor = self.merge(torch.cat(pools, 1))
        return merged


def _stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(Conv(inputs, outputs, stride=2), *[Residual(outputs) for _ in range(blocks)])


class Detector(nn.Module):
    """(n, 3, h, w) BGR in 0..1, h and w multiples of 32 → per level of STRIDES (n, classes + 4, h/stride, w/stride).

    The channels: a logit per class, then the logarithms of the distances from the cell's centre to the box's left,
    top, right and bottom, in strides.
    """

    def __init__(self, size: str = "s", classes: int = 1) -> None:
        super().__init__()
        if size not in DESIGNS:
            raise ValueError(f"no network of size {size!r}; there are: {', '.join(DESIGNS)}")
        design = DESIGNS[size]
        self.size, self.classes = size, classes
        w, n, neck = design.widths, design.blocks, design.neck
        self.stem = nn.Sequential(Conv(3, w[0], stride=2), _stage(w[0], w[1], n[0]))
        self.stage8, self.stage16 = _stage(w[1], w[2], n[1]), _stage(w[2], w[3], n[2])
        self.stage32 = nn.Sequential(_stage(w[3], w[4], n[3]), PoolPyramid(w[4]))
        self.side8, self.side16 = Conv(w[2], neck, 1, bare=True), Conv(w[3], neck, 1, bare=True)
        self.side32 = Conv(w[4], neck, 1)
        self.smooth8, self.smooth16 = Conv(neck, neck), Conv(neck, neck)
        self.heads = nn.ModuleList(
            nn.Sequential(*[Conv(neck, neck) for _ in range(design.head)], self._output(neck, classes)) for _ in STRIDES
        )

    @staticmethod
    def _output(neck: int, classes: int) -> nn.Conv2d:
        output = nn.Conv2d(neck, classes + 4, 1)
        nn.init.normal_(output.weight, std=0.01)
        start = [math.log(PRIOR / (1 - PRIOR))] * classes + [1.0] * 4  # nobody; a box of five strides or so
        output.bias = nn.Parameter(torch.tensor(start))
        return output

    def forward(self, x: Tensor) -> list[Tensor]:
        """All levels, the finest first."""
        level8 = self.stage8(self.stem(x))
        level16 = self.stage16(level8)
        top = self.side32(self.stage32(level16))
        middle = self.smooth16(functional.relu(self.side16(level16) + _doubled(top), inplace=True))
        bottom = self.smooth8(functional.relu(self.side8(level8) + _doubled(middle), inplace=True))
        return [head(level) for head, level in zip(self.heads, (bottom, middle, top), strict=True)]


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def cells(width: int, height: int) -> tuple[Tensor, Tensor]:
    """The centre (n, 2) and stride (n,) in pixels of each output cell, in the order of `flat`."""
    centres, strides = [], []
    for stride in STRIDES:
        rows, columns = height // stride, width // stride
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centres.append((torch.stack([x, y], -1).reshape(-1, 2) + 0.5) * stride)
        strides.append(torch.full((rows * columns,), float(stride)))
    return torch.cat(centres), torch.cat(strides)


def flat(levels: list[Tensor]) -> Tensor:
    """All levels' outputs as (pictures, cells, channels) float32."""
    return torch.cat([level.float().flatten(2).transpose(1, 2) for level in levels], 1)


def boxes_of(distances: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """The boxes x0 y0 x1 y1 in pixels that log-distances (…, cells, 4) stand for."""
    reach = torch.exp(distances.clamp(-4, 4)) * strides[:, None]
    return torch.cat([centres - reach[..., :2], centres + reach[..., 2:]], -1)


def channels_last(network: Detector) -> Detector:
    """The network with its weights in the layout in which convolutions on a CPU are twice as fast."""
    laid_out: Detector = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return laid_out


def multiply_adds(network: Detector, width: int = WIDTH, height: int = HEIGHT) -> int:
    """Multiply-adds of the convolutions for one picture."""
    total = 0

    def count(layer: nn.Conv2d, _: object, output: Tensor) -> None:
        nonlocal total
        total += layer.weight.numel() * output.shape[2] * output.shape[3]

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        network(torch.zeros(1, 3, height, width))
    for hook in hooks:
        hook.remove()
    return total
