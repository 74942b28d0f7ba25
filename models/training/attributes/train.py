"""Trains the attribute model: `python -m training.attributes.train --data WORK --out RUN --pictures N`.

A run is a folder: checkpoint.pt (everything to go on; also written on SIGTERM), log.csv, and `finished` at its end.
With --resume it goes on as if it had not stopped. The rate is full until --cooldown pictures before the end and then
falls to nothing; both may be changed when it goes on.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tqdm import tqdm

from training.attributes.augment import seen, shrunk
from training.attributes.batches import Batch, Batches, as_input
from training.attributes.data import Faces, Split, read_faces, read_nothing
from training.attributes.losses import Loss, attribute_loss
from training.attributes.network import DESIGNS, Read, Reader, channels_last
from training.attributes.terms import ADULT, BAND_OF
from training.attributes.warm import grown_from
from training.optimiser import Average, Muon, Schedule
from training.runs import (
    FINISHED,
    Stop,
    append_row,
    progress_content,
    read_checkpoint,
    take_up,
    tuned,
    write_checkpoint,
)

LOG_EVERY: Final = 100  # steps
WATCH_EVERY: Final = 100_000  # pictures between two looks at the validation split
WATCHED_PX: Final = (64, 24)  # sizes of the faces there
STATISTICS_OF: Final = 512  # faces that say what a restored network's normalisations are to be
CLIP: Final = 10.0  # norm at which a gradient is cut


@dataclass(frozen=True)
class Options:
    """What one training is asked to do."""

    data: Path
    out: Path
    size: str = "s"
    pictures: int = 2_000_000
    cooldown: int = 1_400_000  # pictures over which the rate falls to nothing, at the end
    warmup: int = 20_000
    batch: int = 128
    rate: float = 0.02  # full, of the convolutions (Muon)
    head_rate: float = 2e-3  # full, of everything else (AdamW)
    seed: int = 1
    taught_from: float = 0.6  # share of the pictures after which the average teaches too
    trust: float = 0.5  # in the average, beside the labels
    weights: Path | None = None  # a bundle's fp32.onnx to begin with
    resume: bool = False
    save_every: float = 240.0  # seconds
    threads: int = 1

    @property
    def schedule(self) -> Schedule:
        """Of the rate."""
        return Schedule(self.warmup, self.cooldown, max(0, self.pictures - self.cooldown))


@dataclass(slots=True)
class State:
    """All that a training is at one moment, and what its checkpoint holds."""

    network: Reader
    average: Average
    optimisers: list[torch.optim.Optimizer]
    rates: list[float]  # full, of each optimiser
    teacher: Reader
    seen: int = 0  # pictures
    batches: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * 3)  # of the log's columns since its last line

    def save(self, path: Path) -> None:
        """Write it; a crash leaves the old file."""
        write_checkpoint(path, {"size": self.network.size, **progress_content(self)})


def begin(options: Options) -> State:
    """A fresh state, or the one that the run's checkpoint holds."""
    torch.manual_seed(options.seed)
    content = read_checkpoint(options.out / "checkpoint.pt") if options.resume else None
    network = channels_last(_network(options, content)).train()
    chosen = _optimisers(network, options)
    rates = [optimiser.param_groups[0]["lr"] for optimiser in chosen]
    teacher = channels_last(Reader(network.size)).eval()
    state = State(network, Average(network), chosen, rates, teacher)
    if content is not None:
        take_up(state, content)
    return state


def _network(options: Options, content: Mapping[str, Any] | None) -> Reader:
    if content is not None or options.weights is None:
        return Reader(content["size"] if content else options.size)
    faces, rng = read_faces(options.data, Split.TRAIN), np.random.default_rng(options.seed)
    shown = [seen(faces.pixels[row], rng) for row in rng.integers(len(faces), size=STATISTICS_OF)]
    return grown_from(options.weights, options.size, as_input(torch.from_numpy(np.stack(shown))).float())


def _optimisers(network: Reader, options: Options) -> list[torch.optim.Optimizer]:
    """Muon for the convolutions, AdamW for heads and normalisations: a head's rows have sizes that matter."""
    convolutions = [p for p in network.parameters() if p.ndim > 2]
    rest = [p for p in network.parameters() if p.ndim <= 2]
    return [
        Muon(convolutions, options.rate),
        torch.optim.AdamW(rest, lr=options.head_rate, weight_decay=0.0, fused=True),
    ]


def averaged(state: State) -> Reader:
    """The network with the average of the weights, in the teacher's place."""
    state.teacher.load_state_dict(state.average.state)
    return state.teacher


def network_of(checkpoint: Path) -> Reader:
    """The averaged network of a checkpoint, ready to read."""
    content = read_checkpoint(checkpoint)
    network = Reader(content["size"])
    network.load_state_dict(content["ema"])
    return network.eval()


def step(state: State, batch: Batch, options: Options) -> Loss:
    """Learn from one batch."""
    taught = None
    if batch.clean.shape[1]:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            taught = averaged(state)(as_input(batch.clean))
    with torch.autocast("cpu", torch.bfloat16):
        read = state.network(as_input(batch.pictures))
    loss = attribute_loss(read, batch.sex, batch.age, taught, options.trust)
    state.network.zero_grad()
    loss.total.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), CLIP)
    factor = options.schedule.factor(state.seen)
    for optimiser, rate in zip(state.optimisers, state.rates, strict=True):
        for group in optimiser.param_groups:
            group["lr"] = rate * factor
        optimiser.step()
    state.average.update(state.network)
    return loss


def watch(network: Reader, faces: Faces, side: int) -> tuple[float, float]:
    """The share of right sexes of adults, and of right bands, in faces `side` pixels wide."""
    pictures = torch.from_numpy(np.stack([shrunk(picture, side) for picture in faces.pixels]))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        read = [network(as_input(part)) for part in pictures.split(128)]  # type: ignore[no-untyped-call]
    sexes = torch.cat([part.sex for part in read]).argmax(1).numpy()
    adult = faces.age >= ADULT
    bands = band_probabilities(Read(*(torch.cat(parts) for parts in zip(*read, strict=True)))).argmax(1).numpy()
    return float((sexes == faces.sex)[adult].mean()), float((bands == np.array(BAND_OF)[faces.age]).mean())


def band_probabilities(read: Read) -> torch.Tensor:
    """(n, bands): the labels' probabilities added up."""
    ages = torch.softmax(read.age.float(), 1)
    return torch.zeros(len(ages), max(BAND_OF) + 1).index_add_(1, torch.tensor(BAND_OF), ages)


def train(options: Options) -> State:
    """Train until the end that the options name."""
    with tuned(options.threads), Stop() as stop:
        return _train(options, stop)


def _train(options: Options, stop: Stop) -> State:
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / FINISHED).unlink(missing_ok=True)
    state, saved = begin(options), time.monotonic()
    watched = read_faces(options.data, Split.VALIDATION)
    batches = Batches(
        read_faces(options.data, Split.TRAIN), read_nothing(options.data, Split.TRAIN), options.batch, options.seed
    )
    with tqdm(total=options.pictures, initial=state.seen, unit="picture", mininterval=10) as bar:
        while state.seen < options.pictures and not stop.asked:
            taught = state.seen >= options.taught_from * options.pictures and options.trust > 0
            loss = step(state, batches.batch(state.batches, with_clean=taught), options)
            state.batches += 1
            state.seen += options.batch
            bar.update(options.batch)
            _log(state, loss, options, bar)
            done = state.seen >= options.pictures
            if done or state.seen // WATCH_EVERY != (state.seen - options.batch) // WATCH_EVERY:
                _watch(state, watched, options.out)
            if time.monotonic() - saved > options.save_every or done or stop.asked:
                state.save(options.out / "checkpoint.pt")
                saved = time.monotonic()
    if state.seen >= options.pictures:
        (options.out / FINISHED).touch()
    return state


def _watch(state: State, faces: Faces, out: Path) -> None:
    network = averaged(state)
    found = [figure for side in WATCHED_PX for figure in watch(network, faces, side)]
    heads = [f"{what}_{side}px" for side in WATCHED_PX for what in ("sex", "age")]
    append_row(out / "validation.csv", ["pictures", *heads], [state.seen, *[f"{value:.4f}" for value in found]])


def _log(state: State, loss: Loss, options: Options, bar: "tqdm[Any]") -> None:
    state.sums = [a + b for a, b in zip(state.sums, (loss.sex, loss.age, loss.readable), strict=True)]
    if state.batches % LOG_EVERY:
        return
    means, state.sums = [value / LOG_EVERY for value in state.sums], [0.0] * 3
    pace = bar.format_dict["rate"] or 0.0
    append_row(
        options.out / "log.csv",
        ["pictures", "rate", "sex_loss", "age_loss", "readable_loss", "pictures_per_second"],
        [
            state.seen,
            f"{options.schedule.factor(state.seen):.4f}",
            *[f"{mean:.4f}" for mean in means],
            f"{pace:.1f}",
        ],
    )
    bar.set_postfix_str(f"sex {means[0]:.3f} age {means[1]:.3f} readable {means[2]:.3f}")


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.attributes.train", description="Train the attribute model.")
    parser.add_argument("--data", type=Path, required=True, help="folder that `prepare` filled")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--size", choices=list(DESIGNS), default=Options.size)
    parser.add_argument("--pictures", type=int, default=Options.pictures, help="to see in all")
    parser.add_argument(
        "--cooldown", type=int, default=Options.cooldown, help="of these the last, while the rate falls"
    )
    parser.add_argument("--warmup", type=int, default=Options.warmup, help="pictures until the rate is full")
    parser.add_argument("--batch", type=int, default=Options.batch, help="pictures per step")
    parser.add_argument("--rate", type=float, default=Options.rate, help="full learning rate of the convolutions")
    parser.add_argument("--head-rate", type=float, default=Options.head_rate, help="and of everything else")
    parser.add_argument("--seed", type=int, default=Options.seed)
    parser.add_argument("--taught-from", type=float, default=Options.taught_from, help="share of the pictures")
    parser.add_argument("--trust", type=float, default=Options.trust, help="in the average as a teacher, 0 to 1")
    parser.add_argument("--init", type=Path, dest="weights", help="begin with the weights of a bundle's fp32.onnx")
    parser.add_argument("--resume", action="store_true", help="go on from the run's own checkpoint")
    parser.add_argument("--save-every", type=float, default=Options.save_every, help="seconds between checkpoints")
    parser.add_argument("--threads", type=int, default=Options.threads)
    train(Options(**vars(parser.parse_args(arguments))))


if __name__ == "__main__":
    main()
