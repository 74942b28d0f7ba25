"""How far the certainty is to be believed: one temperature per head (Guo et al. 2017), on a split of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.attributes.augment import seen, shrunk
from training.attributes.data import Faces, Nothing
from training.attributes.network import Read, Reader
from training.attributes.terms import BAND_OF

SIZES: Final = (64, 48, 32, 24, 20, 16)
"""Pixels: temperatures are to suit faces of all of these at once."""


@dataclass(frozen=True, slots=True)
class Temperatures:
    """What each head's logits are divided by."""

    sex: float = 1.0
    age: float = 1.0
    readable: float = 1.0


def logits(network: Reader, pictures: Tensor) -> Read:
    """Of uint8 pictures (n, 64, 64, 3), in full precision."""
    with torch.no_grad():
        parts = [network(part.permute(0, 3, 1, 2).float() / 255) for part in pictures.split(256)]  # type: ignore[no-untyped-call]
    return Read(*(torch.cat(values) for values in zip(*parts, strict=True)))


def fit(network: Reader, faces: Faces, nothing: Nothing, seed: int) -> Temperatures:
    """The temperatures with which the labels of the calibration split are the least surprising."""
    network.eval()
    rng = np.random.default_rng(seed)
    crops = np.stack([shrunk(picture, side) for side in SIZES for picture in faces.pixels])
    read = logits(network, torch.from_numpy(crops))
    sex = torch.from_numpy(np.tile(faces.sex, len(SIZES)))
    band = torch.tensor(BAND_OF)[torch.from_numpy(np.tile(faces.age, len(SIZES)))]
    mixed = [seen(picture, rng) for picture in faces.pixels] + [seen(picture, rng) for picture in nothing.pixels]
    readable = logits(network, torch.from_numpy(np.stack(mixed))).readable
    truth = torch.cat([torch.ones(len(faces)), torch.zeros(len(nothing))])
    return Temperatures(
        sex=_best(lambda t: functional.cross_entropy(read.sex / t, sex)),
        age=_best(lambda t: _band_surprise(read.age / t, band)),
        readable=_best(lambda t: functional.binary_cross_entropy_with_logits(readable / t, truth)),
    )


def _band_surprise(ages: Tensor, band: Tensor) -> Tensor:
    probabilities = functional.softmax(ages, 1)
    bands = torch.zeros(len(ages), max(BAND_OF) + 1).index_add_(1, torch.tensor(BAND_OF), probabilities)
    return functional.nll_loss(torch.log(bands.clamp_min(1e-9)), band)


def _best(surprise: Callable[[float], Tensor]) -> float:
    """The temperature from 0.2 to 5 with the least surprise, to within a hundredth of its size."""
    grid = np.exp(np.arange(np.log(0.2), np.log(5.0), 0.01))
    return float(grid[int(np.argmin([float(surprise(float(t))) for t in grid]))])
