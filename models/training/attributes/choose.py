"""From which certainty on a reading counts: chosen on the validation split, which trained and calibrated nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.attributes.data import Split, read_faces, read_nothing
from training.attributes.measure import File, nothing_crops, readable_crops, shrunk_all

READABLE_TOLD: Final = 0.97  # of the faces that are called readable: a guess costs more than an unknown visitor
AT: Final = 24  # pixels: a small face, as most in a shop are
SEX_RIGHT: Final = 0.95  # of the sexes that are told at that size
LEAST_TOLD: Final = 0.8  # of the faces, whatever that costs
AGE_TOLD: Final = 0.9  # of the faces whose age band is told

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Choice:
    """The thresholds of a card, and how they came about."""

    readable: float
    sex: float
    age: float
    words: str


def choose(path: Path, data: Path, seed: int) -> Choice:
    """The thresholds of an exported file."""
    file = File(path)
    faces, nothing = read_faces(data, Split.VALIDATION), read_nothing(data, Split.VALIDATION)
    seen = file.read(readable_crops(faces, seed + 1)).readable
    empty = np.concatenate([file.read(crops).readable for _, crops in nothing_crops(nothing, faces, seed + 1)])
    readable = strictest(seen, READABLE_TOLD)
    reading = file.read(shrunk_all(faces, AT))
    sex = least_confidence(reading.sex.max(1), reading.sex.argmax(1) == faces.sex, SEX_RIGHT, LEAST_TOLD)
    age = float(np.quantile(reading.age.max(1), 1 - AGE_TOLD))
    words = (
        f"on {len(faces)} faces and {len(nothing)} pictures without one that trained nothing. readable: so high "
        f"that {READABLE_TOLD:.0%} of the faces are called so, and {(empty >= readable).mean():.1%} of the others. "
        f"Confidences: those with which, at {AT} px, {SEX_RIGHT:.0%} of the sexes that are told are right "
        f"(but at least {LEAST_TOLD:.0%} are told), and {AGE_TOLD:.0%} of the age bands are told"
    )
    return Choice(readable, round(max(sex, 0.5), 2), round(age, 2), words)


def strictest(readable: Floats, told: float) -> float:
    """The highest threshold, in thousandths, that `told` of the faces still reach."""
    return min(999, int(float(np.quantile(readable, 1 - told, method="lower")) * 1000)) / 1000


def least_confidence(certainty: Floats, right: NDArray[np.bool_], share: float, told: float) -> float:
    """The least certainty from which on `share` are right, or with which still `told` are told."""
    order = np.argsort(-certainty)
    kept = np.arange(1, len(order) + 1)
    good = np.cumsum(right[order]) / kept >= share
    enough = np.flatnonzero(good)
    last = int(enough[-1]) if len(enough) else 0
    return float(certainty[order[max(last, int(np.ceil(told * len(order))) - 1)]])
