"""Trains the detector: `python -m training.train --shards FOLDER --out RUN --pictures N`.

A run is a folder: checkpoint.pt (everything to go on; also written on SIGTERM), log.csv, and `finished` at its end. It
goes on with --resume, as if it had not stopped; --from CHECKPOINT --cooldown N brings a copy of any state to rest: that
is the one to ship.
"""

import argparse
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
import torch.distributed as dist
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from tqdm import tqdm

from training.batches import Batch, Batches, Sources, loader
from training.losses import Loss, detection_loss
from training.network import DESIGNS, HEIGHT, WIDTH, Detector, cells, channels_last, flat
from training.optimiser import Average, Schedule, optimisers
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
from training.warm import restored

CLIP: Final = 10.0  # norm at which a gradient is cut
LOG_EVERY: Final = 50  # steps
STATISTICS_OF: Final = 64  # pictures that say what a restored network's normalisations are to be
SMALL: Final = (256, 160)  # pixels, width and height of the first `--small` pictures


@dataclass(frozen=True)
class Options:
    """What one training is asked to do."""

    shards: Path
    out: Path
    size: str = "s"
    classes: int = 1
    pictures: int = 600_000
    batch: int = 16  # per process
    rate: float = 2e-3
    optimiser: str = "muon"
    seed: int = 1
    small: int = 0  # pictures at SMALL first
    warmup: int = 8000  # pictures until the rate is full
    cooldown: int = 0  # pictures over which it then falls to nothing
    start: Path | None = None  # a checkpoint to go on from
    weights: Path | None = None  # a checkpoint, or a bundle's fp32.onnx, of which only the weights are taken
    negatives: tuple[Path, ...] = ()
    negative_share: float = 0.06
    real: Path | None = None
    real_share: float = 0.0
    hard: Path | None = None  # list of training.mining
    hard_share: float = 0.25
    processes: int = 1
    threads: int = 1
    workers: int = 1
    save_every: float = 300.0  # seconds
    device: str = "cpu"


@dataclass(slots=True)
class State:
    """All that a training is at one moment, and what its checkpoint holds."""

    network: Detector
    average: Average
    optimisers: list[torch.optim.Optimizer]
    schedule: Schedule
    rates: list[float]  # full, of each optimiser
    seen: int = 0  # pictures
    batches: int = 0  # of all processes
    sums: list[float] = field(default_factory=lambda: [0.0] * 3)  # of the log's columns since its last line

    def save(self, path: Path) -> None:
        """Write it; a crash leaves the old file."""
        content = {
            "size": self.network.size,
            "classes": self.network.classes,
            "schedule": asdict(self.schedule),
            **progress_content(self),
        }
        write_checkpoint(path, content)


def begin(options: Options) -> State:
    """A fresh state, or the one that `options.start` holds."""
    torch.manual_seed(options.seed)
    content = read_checkpoint(options.start) if options.start else None
    size, classes = (content["size"], content["classes"]) if content else (options.size, options.classes)
    network = Detector(size, classes)
    if options.weights and options.weights.suffix == ".onnx":
        network = restored(options.weights, _first_pictures(options))
        if network.size != options.size:
            raise ValueError(f"{options.weights}: a network of size {network.size}; say --size {network.size}")
    elif options.weights:
        network.load_state_dict(read_checkpoint(options.weights)["ema"])
    network = channels_last(network).to(options.device)
    chosen = optimisers(network, options.optimiser, options.rate)
    rates = [optimiser.param_groups[0]["lr"] for optimiser in chosen]
    state = State(network, Average(network), chosen, Schedule(options.warmup, options.cooldown), rates)
    if content is not None:
        take_up(state, content)
        before = Schedule(**content["schedule"])
        state.schedule = before if before.cooldown else Schedule(before.warmup, options.cooldown, state.seen)
    return state


def _first_pictures(options: Options) -> Tensor:
    """(n, 3, h, w) in 0 to 1, as the training is to see them."""
    sources = Sources(options.shards, options.negatives, options.negative_share)
    batches = Batches(sources, count=STATISTICS_OF, size=(WIDTH, HEIGHT), seed=options.seed)
    return next(iter(batches)).pictures.permute(0, 3, 1, 2).float() / 255


def _end(state: State, options: Options) -> int:
    """Pictures seen when the training is done."""
    schedule = state.schedule
    return schedule.cooldown_from + schedule.cooldown if schedule.cooldown else options.pictures


def _input_size(state: State, options: Options) -> tuple[int, int]:
    return SMALL if state.seen < options.small else (WIDTH, HEIGHT)


def _stream(state: State, options: Options, rank: int) -> Iterator[Batch]:
    negatives = options.negatives if options.negative_share > 0 else ()
    sources = Sources(
        options.shards,
        negatives,
        options.negative_share,
        options.real,
        options.real_share,
        options.hard,
        options.hard_share,
    )
    batches = Batches(
        sources,
        count=options.batch,
        size=_input_size(state, options),
        seed=options.seed,
        first=state.batches + rank,
        step=options.processes,
        classes=state.network.classes,
    )
    return loader(batches, options.workers)


def step(state: State, batch: Batch, centres: torch.Tensor, strides: torch.Tensor, stop: Stop | None = None) -> Loss:
    """Learn from one batch; with several processes all make the same step or stop after it."""
    device = centres.device
    pictures = batch.pictures.to(device).permute(0, 3, 1, 2).to(torch.bfloat16) / 255  # stays channels_last
    with torch.autocast(device.type, torch.bfloat16):
        levels = state.network(pictures)
    loss = detection_loss(flat(levels), batch.targets.to(device), centres, strides)
    state.network.zero_grad()
    loss.total.backward()  # type: ignore[no-untyped-call]
    _share_gradients(state.network, stop)
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), CLIP)
    factor = state.schedule.factor(state.seen)
    for optimiser, rate in zip(state.optimisers, state.rates, strict=True):
        for group in optimiser.param_groups:
            group["lr"] = rate * factor
        optimiser.step()
    state.average.update(state.network)
    return loss


def _share_gradients(network: torch.nn.Module, stop: Stop | None) -> None:
    if not dist.is_initialized():
        return
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    asked = torch.tensor([float(stop is not None and stop.asked)], device=gradients[0].device)
    together = torch.cat([asked, *[gradient.flatten() for gradient in gradients]])  # one message instead of a hundred
    dist.all_reduce(together)
    together /= dist.get_world_size()
    if stop is not None:
        stop.asked = bool(together[0] > 0)
    parts = together[1:].split([gradient.numel() for gradient in gradients])  # type: ignore[no-untyped-call]
    for gradient, mean in zip(gradients, parts, strict=True):
        gradient.copy_(mean.view_as(gradient))


def train(options: Options, rank: int = 0) -> State:
    """Train until the end that the options name; only rank 0 writes."""
    with tuned(options.threads), Stop() as stop:
        return _train(options, rank, stop)


def _train(options: Options, rank: int, stop: Stop) -> State:
    state = begin(options)
    state.network.train()
    end, saved = _end(state, options), time.monotonic()
    if rank == 0:
        (options.out / FINISHED).unlink(missing_ok=True)
    size = _input_size(state, options)
    stream = _stream(state, options, rank)
    centres, strides = (t.to(options.device) for t in cells(*size))
    with tqdm(total=end, initial=state.seen, unit="picture", disable=rank > 0, mininterval=10) as bar:
        while state.seen < end and not stop.asked:
            if _input_size(state, options) != size:
                size = _input_size(state, options)
                stream = _stream(state, options, rank)
                centres, strides = (t.to(options.device) for t in cells(*size))
            loss = step(state, next(stream), centres, strides, stop)
            state.batches += options.processes
            state.seen += options.batch * options.processes
            bar.update(options.batch * options.processes)
            if rank == 0:
                _log(state, loss, options.out, bar)
                if time.monotonic() - saved > options.save_every or state.seen >= end or stop.asked:
                    state.save(options.out / "checkpoint.pt")
                    saved = time.monotonic()
    if rank == 0 and state.seen >= end:
        (options.out / FINISHED).touch()
    return state


def _log(state: State, loss: Loss, out: Path, bar: "tqdm[Any]") -> None:
    state.sums = [a + b for a, b in zip(state.sums, (loss.score, loss.box, loss.overlap), strict=True)]
    if state.average.steps % LOG_EVERY:
        return
    means, state.sums = [value / LOG_EVERY for value in state.sums], [0.0] * 3
    append_row(
        out / "log.csv",
        ["pictures", "rate", "score_loss", "box_loss", "overlap", "pictures_per_second"],
        [
            state.seen,
            f"{state.schedule.factor(state.seen):.4f}",
            *[f"{mean:.4f}" for mean in means],
            f"{bar.format_dict['rate'] or 0.0:.1f}",
        ],
    )
    bar.set_postfix_str(f"score {means[0]:.3f} box {means[1]:.3f} overlap {means[2]:.3f}")


def _process(rank: int, options: Options, meeting: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=options.processes)
    try:
        train(options, rank)
    finally:
        dist.destroy_process_group()


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    options = _parsed(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.processes == 1:
        train(options)
        return
    meeting = options.out / f"meeting-{os.getpid()}"
    try:
        context = spawn(  # type: ignore[no-untyped-call]
            _process, (options, str(meeting.resolve())), nprocs=options.processes, join=False
        )
        signal.signal(signal.SIGTERM, lambda *_: os.kill(context.pids()[0], signal.SIGTERM))  # who tells the others
        while not context.join():
            pass
    finally:
        meeting.unlink(missing_ok=True)


def _parsed(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="training.train", description="Train the person detector.")
    parser.add_argument("--shards", type=Path, required=True, help="folder of rendered shards; new ones are taken in")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--size", choices=list(DESIGNS), default="s")
    parser.add_argument("--classes", type=int, choices=(1, 2), default=1, help="1: person; 2: and head")
    parser.add_argument("--pictures", type=int, default=Options.pictures, help="stop after so many in all")
    parser.add_argument("--batch", type=int, default=Options.batch, help="pictures per step and process")
    parser.add_argument("--rate", type=float, default=Options.rate, help="full learning rate")
    parser.add_argument("--optimiser", choices=("adamw", "muon"), default=Options.optimiser)
    parser.add_argument("--seed", type=int, default=Options.seed)
    parser.add_argument("--small", type=int, default=Options.small, help="first pictures, at 256x160")
    parser.add_argument("--warmup", type=int, default=Options.warmup, help="pictures until the rate is full")
    parser.add_argument("--resume", action="store_true", help="go on from the run's own checkpoint")
    parser.add_argument("--from", dest="start", type=Path, help="go on from this checkpoint, in a run of its own")
    parser.add_argument(
        "--init", dest="weights", type=Path, help="begin with the weights of this checkpoint or fp32.onnx"
    )
    parser.add_argument("--cooldown", type=int, default=0, help="bring the rate to 0 over so many pictures, and end")
    parser.add_argument("--negatives", type=Path, action="append", default=[], help="folder of photographs of nobody")
    parser.add_argument("--negative-share", type=float, default=Options.negative_share)
    parser.add_argument("--real", type=Path, help="folder of shards of teacher-labelled clips")
    parser.add_argument("--real-share", type=float, default=Options.real_share)
    parser.add_argument("--hard", type=Path, help="what training.mining listed: is seen more often")
    parser.add_argument("--hard-share", type=float, default=Options.hard_share)
    parser.add_argument("--processes", type=int, default=1, help="share each step; better than threads on a busy CPU")
    parser.add_argument("--threads", type=int, default=1, help="per process")
    parser.add_argument("--workers", type=int, default=1, help="processes that make batches, per training process")
    parser.add_argument("--save-every", type=float, default=Options.save_every, help="seconds between checkpoints")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    values = vars(parser.parse_args(arguments))
    if values.pop("resume"):
        values["start"] = values["out"] / "checkpoint.pt"
    values["negatives"] = tuple(values["negatives"])
    return Options(**values)


if __name__ == "__main__":
    main()
