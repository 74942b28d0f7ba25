"""How far the certainty is to be believed: temperatures (Guo et al. 2017), found on a split of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True)
class Temperatures:
    """What each head's logits are divided by.

    The sex of children is told less surely than that of adults: `sex` is for faces that are certainly of adults,
    `young` for those that are certainly under 20, and between them the probability of that band mixes.
    """

    sex: float = 1.0
    young: float = 1.0
    age: float = 1.0
    readable: float = 1.0

    def sexes(self, read: Read) -> Tensor:
        """Probabilities of the sexes, (n, 2)."""
        return torch.softmax(read.sex * _mixed(self.sex, self.young, self.under_20(read)), 1)

    def under_20(self, read: Read) -> Tensor:
        """Probability of the youngest band, (n, 1)."""
        youngest = [number for number, band in enumerate(BAND_OF) if band == 0]
        return torch.softmax(read.age / self.age, 1)[:, youngest].sum(1, keepdim=True)


def _mixed(adult: float, young: float, under_20: Tensor) -> Tensor:
    """By what logits of the sex are multiplied."""
    return (1 - under_20) / adult + under_20 / young


def logits(network: Reader, pictures: Tensor) -> Read:
    """Of uint8 pictures (n, 64, 64, 3), both ways and in full precision."""
    with torch.no_grad():
        parts = [network.both_ways(part.permute(0, 3, 1, 2).float() / 255) for part in pictures.split(256)]  # type: ignore[no-untyped-call]
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
    age = _best(lambda t: _band_surprise(read.age / t, band))
    adult, young = _by_age(read.sex, sex, Temperatures(age=age).under_20(read))
    return Temperatures(
        sex=adult,
        young=young,
        age=age,
        readable=_best(lambda t: functional.binary_cross_entropy_with_logits(readable / t, truth)),
    )


def _by_age(logit: Tensor, sex: Tensor, under_20: Tensor) -> tuple[float, float]:
    """The sex's temperatures of adults and of the young, each in turn while the other is held."""

    def surprise(adult: float, young: float) -> Tensor:
        return functional.cross_entropy(logit * _mixed(adult, young, under_20), sex)

    adult, young = 1.0, 1.0
    for _ in range(_ROUNDS):
        adult = _best(partial(surprise, young=young))
        young = _best(partial(surprise, adult))
    return adult, young


def _band_surprise(ages: Tensor, band: Tensor) -> Tensor:
    probabilities = functional.softmax(ages, 1)
    bands = torch.zeros(len(ages), max(BAND_OF) + 1).index_add_(1, torch.tensor(BAND_OF), probabilities)
    return functional.nll_loss(torch.log(bands.clamp_min(1e-9)), band)


def _best(surprise: Callable[[float], Tensor]) -> float:
    """The temperature from 0.2 to 5 with the least surprise, to within a hundredth of its size."""
    grid = np.exp(np.arange(np.log(0.2), np.log(5.0), 0.01))
    return float(grid[int(np.argmin([float(surprise(float(t))) for t in grid]))])
