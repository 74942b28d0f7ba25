"""What the training of any network needs of its process and of its folder, and how it goes on from a checkpoint."""

import csv
import logging
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, Self

import torch
from torch import nn

from training.optimiser import Average

FINISHED: Final = "finished"  # the file that tells a run at its end from one that was asked to stop


class Progress(Protocol):
    """What any training is at one moment, beside the design of its network."""

    @property
    def network(self) -> nn.Module:
        """What learns."""

    average: Average
    optimisers: list[torch.optim.Optimizer]
    seen: int  # pictures
    batches: int
    sums: list[float]  # of the log's columns since its last line


class Stop:
    """Whether somebody asked this process to end (SIGTERM): it then writes a checkpoint first."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _ask(self, _signal: int, _frame: object) -> None:
        self.asked = True


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings in the log: ONNX Runtime's quantiser warns of a pre-processing that has just been done."""
    before = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)
    try:
        yield
    finally:
        logging.getLogger().setLevel(before)


@contextmanager
def tuned(threads: int) -> Iterator[None]:
    """Meanwhile numbers below the norm's range are zero, which saves much time; who comes after may need them."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)


def write_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Write it; a crash leaves the old file."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        torch.save(dict(content), file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's content; ValueError where it is none."""
    if not path.is_file():
        raise ValueError(f"{path}: no checkpoint there; start without --resume or --from")
    content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return content


def progress_content(state: Progress) -> dict[str, Any]:
    """A training's progress as its checkpoint holds it."""
    return {
        "model": state.network.state_dict(),
        "ema": state.average.state,
        "ema_steps": state.average.steps,
        "optimisers": [optimiser.state_dict() for optimiser in state.optimisers],
        "seen": state.seen,
        "batches": state.batches,
        "sums": state.sums,
    }


def take_up(state: Progress, content: Mapping[str, Any]) -> None:
    """Go on from a checkpoint's content: the state is then as it was when it was written."""
    state.network.load_state_dict(content["model"])
    for name, value in content["ema"].items():
        state.average.state[name].copy_(value)
    state.average.steps = content["ema_steps"]
    for optimiser, saved in zip(state.optimisers, content["optimisers"], strict=True):
        optimiser.load_state_dict(saved)
    state.seen, state.batches, state.sums = content["seen"], content["batches"], list(content["sums"])


def append_row(path: Path, head: Sequence[str], row: Sequence[object]) -> None:
    """Add a line to a table; a fresh one begins with its head."""
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(head)
        writer.writerow(row)
