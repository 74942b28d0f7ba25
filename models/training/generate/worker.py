"""A worker process: makes the shards it is given, one after the other, each from its own seed."""

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from training.figures import FigureLibrary
from training.generate import posters
from training.generate.studio import Studio
from training.places import Places
from training.places.views import ANY
from training.render import Renderer
from training.samples import ShardWriter

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

SHARD: Final = 500  # samples
NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: the folder of the shards, the seed, and where figures, places and shared data lie.

    view: of training.places.views.VIEWS; shard: samples in each.
    """

    out: Path
    seed: int
    figures: Path
    places: Path
    data: Path
    view: str = ANY
    shard: int = SHARD

    def path(self, number: int) -> Path:
        """The shard of that number."""
        return self.out / f"{self.seed:03d}-{number:05d}.npz"


def work(order: Order, numbers: Sequence[int], progress: "Queue[int | str]", stop: Event) -> None:
    """Make these shards; tells each picture by a 1 and an error by its text; ends early when `stop` is set."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.nice(NICENESS)
    cv2.setNumThreads(1)
    try:
        studio = open_studio(order)
        for number in numbers:
            make_shard(studio, order, number, lambda: progress.put(1), stop.is_set)
    except Exception as error:  # noqa: BLE001 - the parent tells it and ends the others
        progress.put(f"{type(error).__name__}: {error}")


def open_studio(order: Order) -> Studio:
    """A renderer with the places and figures, and people on the posters."""
    places, library = Places(order.data, order.places, order.view), FigureLibrary(order.figures)
    posters.fill(places.textures(), places.poster_layers, library, np.random.default_rng(order.seed))
    return Studio(Renderer(), places, library)


def make_shard(
    studio: Studio, order: Order, number: int, tell: Callable[[], None], stopped: Callable[[], bool]
) -> None:
    """Make and write one shard from its seed and number alone; nothing is written when it is stopped before its end."""
    rng = np.random.default_rng([order.seed, number])
    writer = ShardWriter()
    while len(writer) < order.shard:
        for sample in studio.samples(rng):
            if stopped():
                return
            if len(writer) < order.shard:
                writer.add(sample)
                tell()
    writer.write(order.path(number))
