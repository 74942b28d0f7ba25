"""What an exported file is worth, on pictures that nothing was chosen on: `python -m training.attributes.measure`.

Sizes are pixels of the crop in the camera's picture: it is shrunk to that and blown up again. "Through a shop's camera"
means the disturbances of `augment` at that size.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.attributes.augment import SPOILS, seen, shrunk, spoilt
from training.attributes.data import Faces, Nothing, Pixels, Split, read_audit, read_faces, read_nothing
from training.attributes.export import FP32, INPUT, INT8
from training.attributes.terms import ADULT, BAND_OF, BANDS, SEXES

SIZES: Final = (64, 32, 24, 20, 16)
GROUPS_AT: Final = (64, 24)
READABLE_FROM: Final = 20.0  # pixels: smaller faces need not be called readable
BINS: Final = 15  # of the calibration error
_BATCH: Final = 128
_SPEED_ROUNDS: Final = 300

Floats = NDArray[np.float32]
Truth = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says of n pictures: probabilities sex (n, 2), age (n, 6), readable (n,)."""

    sex: Floats
    age: Floats
    readable: Floats


class File:
    """An exported file, run on one thread."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def read(self, crops: Pixels) -> Reading:
        """Of crops (n, 64, 64, 3)."""
        parts = [self._run(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        return Reading(*(np.concatenate(values) for values in zip(*parts, strict=True)))

    def _run(self, crops: Pixels) -> tuple[Floats, Floats, Floats]:
        sex, age, readable = self._session.run(None, {INPUT: np.ascontiguousarray(crops.transpose(0, 3, 1, 2))})
        return sex, age, readable

    def milliseconds(self) -> float:
        """Median time of the one thread for one crop."""
        crop = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
        times = []
        for _ in range(_SPEED_ROUNDS):
            start = time.thread_time()  # not the waiting for a busy core
            self._run(crop)
            times.append(time.thread_time() - start)
        return float(np.median(times)) * 1e3


@dataclass(frozen=True, slots=True)
class AtSize:
    """Figures of one size of faces."""

    sex: float  # share of adults whose sex is right
    sex_all: float  # the same of all ages
    age: float  # share in the right band
    age_near: float  # in the right band or the next
    sex_error: float  # expected calibration error
    age_error: float


@dataclass(frozen=True, slots=True)
class Share:
    """Right ones of some."""

    right: int
    of: int

    @property
    def value(self) -> float:
        """The share."""
        return self.right / self.of if self.of else float("nan")


@dataclass(frozen=True, slots=True)
class Table:
    """A confusion table: counts (true, read), and those left unknown per truth."""

    attribute: str
    of: int  # pixels of the faces, or how many crops of a visitor are kept at most
    counts: NDArray[np.int64]
    unknown: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Worth:
    """All that was measured of one file."""

    sizes: dict[int, AtSize]
    cameras: dict[int, AtSize]
    groups: dict[int, dict[tuple[str, str], Share]]
    readable: Share  # of faces from READABLE_FROM on, through a shop's camera
    unreadable: dict[str, Share]  # of what cannot be read, by kind
    milliseconds: float

    @property
    def readable_balanced(self) -> float:
        """Mean of the shares of readable and of unreadable pictures that are told right."""
        return (self.readable.value + self.nothing.value) / 2

    @property
    def nothing(self) -> Share:
        """Of all that cannot be read, how much is called so."""
        kinds = self.unreadable.values()
        return Share(sum(kind.right for kind in kinds), sum(kind.of for kind in kinds))


def shrunk_all(faces: Faces, side: int) -> Pixels:
    """All faces at a size."""
    return np.stack([shrunk(picture, side) for picture in faces.pixels])


def through_camera(faces: Faces, side: int, seed: int) -> Pixels:
    """All faces at a size, disturbed as by a shop's camera."""
    rng = np.random.default_rng([seed, side])
    return np.stack([seen(picture, rng, float(side)) for picture in faces.pixels])


def nothing_crops(nothing: Nothing, faces: Faces, seed: int) -> Iterator[tuple[str, Pixels]]:
    """Kind by kind what cannot be read, through a shop's camera; the spoilt faces last."""
    rng = np.random.default_rng([seed, 1])
    for kind in sorted(set(nothing.kind.tolist())):
        rows = np.flatnonzero(nothing.kind == kind)
        sides = np.exp(rng.uniform(np.log(READABLE_FROM), np.log(64.0), len(rows)))
        yield (
            kind,
            np.stack([seen(nothing.pixels[row], rng, float(s)) for row, s in zip(rows, sides, strict=True)]),
        )
    for how in SPOILS:
        rows = rng.integers(0, len(faces), min(len(faces), 150))
        others = rng.integers(0, len(nothing), len(rows))
        crops = [
            spoilt(faces.pixels[row], nothing.pixels[other], rng, how) for row, other in zip(rows, others, strict=True)
        ]
        yield f"face, {how}", np.stack(crops)


def readable_crops(faces: Faces, seed: int) -> Pixels:
    """All faces from READABLE_FROM on, through a shop's camera."""
    rng = np.random.default_rng([seed, 2])
    sides = np.exp(rng.uniform(np.log(READABLE_FROM), np.log(64.0), len(faces)))
    return np.stack([seen(picture, rng, float(side)) for picture, side in zip(faces.pixels, sides, strict=True)])


def bands_of(faces: Faces) -> NDArray[np.int64]:
    """The age band of each face."""
    return np.array(BAND_OF, np.int64)[faces.age]


def at_size(reading: Reading, faces: Faces) -> AtSize:
    """The figures of one size."""
    adult, bands = faces.age >= ADULT, bands_of(faces)
    right = reading.sex.argmax(1) == faces.sex
    read = reading.age.argmax(1)
    return AtSize(
        sex=float(right[adult].mean()),
        sex_all=float(right.mean()),
        age=float((read == bands).mean()),
        age_near=float((np.abs(read - bands) <= 1).mean()),
        sex_error=calibration_error(reading.sex[adult], faces.sex[adult]),
        age_error=calibration_error(reading.age, bands),
    )


def calibration_error(probabilities: Floats, truth: NDArray[np.int64]) -> float:
    """By how much certainty and the share of right ones differ on average (Naeini et al. 2015)."""
    certainty, right = probabilities.max(1), probabilities.argmax(1) == truth
    place = np.minimum((certainty * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in range(BINS):
        inside = place == number
        if inside.any():
            error += float(inside.mean()) * abs(float(certainty[inside].mean()) - float(right[inside].mean()))
    return error


def groups(reading: Reading, faces: Faces, race: NDArray[np.str_]) -> dict[tuple[str, str], Share]:
    """How often the sex is right by sex and race of adults, and by age band of all."""
    right, adult, bands = reading.sex.argmax(1) == faces.sex, faces.age >= ADULT, bands_of(faces)
    found: dict[tuple[str, str], Truth] = {}
    found |= {("sex", sex.value): adult & (faces.sex == number) for number, sex in enumerate(SEXES)}
    found |= {("age band", band.value): bands == number for number, band in enumerate(BANDS)}
    found |= {("race_audit_only", str(word)): adult & (race == word) for word in sorted(set(race.tolist()))}
    return {key: Share(int(right[who].sum()), int(who.sum())) for key, who in found.items()}


def confusion(attribute: str, side: int, reading: Reading, faces: Faces, confidence: float) -> Table:
    """The table of one attribute at one size."""
    probabilities, truth = (reading.sex, faces.sex) if attribute == "sex" else (reading.age, bands_of(faces))
    sure, size = probabilities.max(1) >= confidence, probabilities.shape[1]
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (truth[sure], probabilities.argmax(1)[sure]), 1)
    return Table(attribute, side, counts, np.bincount(truth[~sure], minlength=size))


def measure(path: Path, data: Path, threshold: float, seed: int) -> Worth:
    """Measure one file on the test split; `threshold`: from which on a picture is called readable."""
    file = File(path)
    faces, nothing = read_faces(data, Split.TEST), read_nothing(data, Split.TEST)
    race = read_audit(data, faces)
    readings = {side: file.read(shrunk_all(faces, side)) for side in SIZES}
    called = file.read(readable_crops(faces, seed)).readable >= threshold
    unreadable = {}
    for kind, crops in nothing_crops(nothing, faces, seed):
        empty = file.read(crops).readable < threshold
        unreadable[kind] = Share(int(empty.sum()), len(empty))
    return Worth(
        sizes={side: at_size(reading, faces) for side, reading in readings.items()},
        cameras={side: at_size(file.read(through_camera(faces, side, seed)), faces) for side in GROUPS_AT},
        groups={side: groups(readings[side], faces, race) for side in GROUPS_AT},
        readable=Share(int(called.sum()), len(called)),
        unreadable=unreadable,
        milliseconds=file.milliseconds(),
    )


def text(worth: Worth) -> str:
    """The figures as a person reads them."""
    lines = ["  px  sex of adults  all  age band  near  error of sex, of age"]
    for where, sizes in (("", worth.sizes), (" through a shop's camera", worth.cameras)):
        for side, f in sizes.items():
            shares = f"{f.sex:.4f}  {f.sex_all:.4f}  {f.age:.4f}  {f.age_near:.4f}"
            lines.append(f"  {side:2d}  {shares}  {f.sex_error:.4f}  {f.age_error:.4f}{where}")
    for side, found in worth.groups.items():
        shares = ", ".join(f"{group} {share.value:.3f} ({share.of})" for (_, group), share in found.items())
        lines.append(f"  sex right at {side} px: {shares}")
    kinds = ", ".join(f"{kind} {share.value:.3f} ({share.of})" for kind, share in worth.unreadable.items())
    lines.append(f"  readable called so {worth.readable.value:.4f} ({worth.readable.of}); unreadable: {kinds}")
    lines.append(f"  both together {worth.readable_balanced:.4f}; {worth.milliseconds:.2f} ms per crop")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.attributes.measure", description="Measure exported files.")
    parser.add_argument("folder", type=Path, help="that holds fp32.onnx and int8.onnx")
    parser.add_argument("--data", type=Path, required=True, help="folder that `prepare` filled")
    parser.add_argument("--readable", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=1)
    values = parser.parse_args(arguments)
    for name in (FP32, INT8):
        worth = measure(values.folder / name, values.data, values.readable, values.seed)
        print(f"{name}\n{text(worth)}", flush=True)  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
