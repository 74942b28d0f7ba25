"""Batches of the attribute training: faces with their labels, and among them what cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from training.attributes.augment import SPOILS, clean, seen, spoilt
from training.attributes.data import Faces, Nothing, Pixels
from training.attributes.network import SIDE

UNREADABLE_SHARE: Final = 0.16  # of a batch
SPOILT_SHARE: Final = 0.4  # of the unreadable: faces that something spoils; the rest never was a face
KINDS: Final = {"backs": 0.45, "bodies": 0.18, "goods": 0.17, "around": 0.12, "rooms": 0.08}
"""How often each kind of nothing comes."""

_SMALLEST_NOTHING: Final = 8.0  # pixels of the crop's side
_NO_LABEL: Final = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """n pictures (n, 64, 64, 3) uint8 BGR; sex and age (n,), -1 where unreadable; `clean`: the faces undisturbed.

    The readable ones come first; `clean` holds these only.
    """

    pictures: Tensor
    clean: Tensor
    sex: Tensor
    age: Tensor

    @property
    def readable(self) -> int:
        """How many of them are."""
        return len(self.clean)


class Batches:
    """Batch after batch for ever; batch number k is the same whenever it is made."""

    def __init__(self, faces: Faces, nothing: Nothing, count: int, seed: int) -> None:
        self._faces, self._nothing, self._count, self._seed = faces, nothing, count, seed
        self._unreadable = round(count * UNREADABLE_SHARE)
        kinds = {kind: np.flatnonzero(nothing.kind == kind) for kind in KINDS}
        self._rows = {kind: rows for kind, rows in kinds.items() if len(rows)}
        if not self._rows:
            raise ValueError("no pictures of nothing to read; run `python -m training.attributes.prepare` first")
        self._shares = np.array([KINDS[kind] for kind in self._rows])
        self._shares /= self._shares.sum()
        self._order = (-1, np.zeros(0, np.int64))  # of a round: its number, and the faces in turn

    def from_number(self, first: int, *, with_clean: bool) -> Iterator[Batch]:
        """The batches from number `first` on."""
        while True:
            yield self.batch(first, with_clean=with_clean)
            first += 1

    def batch(self, number: int, *, with_clean: bool = True) -> Batch:
        """The batch of that number; without `clean` pictures it costs less."""
        rng = np.random.default_rng([self._seed, number])
        readable = self._count - self._unreadable
        rows = [self._row(number * readable + place) for place in range(readable)]
        pictures = [seen(self._faces.pixels[row], rng, behind=self._behind(rng)) for row in rows]
        pictures += [self._nothing_to_read(rng) for _ in range(self._unreadable)]
        undisturbed = [clean(self._faces.pixels[row]) for row in rows] if with_clean else []
        unknown = np.full(self._unreadable, _NO_LABEL)
        return Batch(
            torch.from_numpy(np.stack(pictures)),
            torch.from_numpy(np.stack(undisturbed))
            if with_clean
            else torch.zeros((readable, 0, SIDE, 3), dtype=torch.uint8),
            torch.from_numpy(np.concatenate([self._faces.sex[rows], unknown])),
            torch.from_numpy(np.concatenate([self._faces.age[rows], unknown])),
        )

    def _row(self, place: int) -> int:
        """The face at a place of the endless sequence in which each comes once per round."""
        turn, within = divmod(place, len(self._faces))
        if self._order[0] != turn:
            self._order = turn, np.random.default_rng([self._seed, turn, 7]).permutation(len(self._faces))
        return int(self._order[1][within])

    def _nothing_to_read(self, rng: np.random.Generator) -> Pixels:
        kinds = list(self._rows)
        kind = kinds[int(rng.choice(len(kinds), p=self._shares))]
        other = self._nothing.pixels[int(rng.choice(self._rows[kind]))]
        if rng.random() < SPOILT_SHARE:
            face = self._faces.pixels[int(rng.integers(len(self._faces)))]
            return spoilt(face, other, rng, SPOILS[int(rng.integers(len(SPOILS)))])
        side = float(np.exp(rng.uniform(np.log(_SMALLEST_NOTHING), np.log(80.0))))
        return seen(other, rng, side, self._behind(rng))

    def _behind(self, rng: np.random.Generator) -> Pixels | None:
        """What is seen around a picture that does not fill the crop; half of the time its own edges go on."""
        number = int(rng.integers(2 * len(self._nothing)))
        return self._nothing.pixels[number] if number < len(self._nothing) else None


def as_input(pictures: Tensor) -> Tensor:
    """(n, 64, 64, 3) uint8 → (n, 3, 64, 64) bfloat16 in 0..1, laid out channels last."""
    return pictures.permute(0, 3, 1, 2).to(torch.bfloat16) / 255
