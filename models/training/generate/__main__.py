"""`python -m training.generate`: rendered pictures with their truth, as shards for the training."""

import multiprocessing
import os
import queue
import signal
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from tqdm import tqdm

from training.generate.worker import SHARD, Order, work
from training.places.views import ANY, VIEWS

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

_ROOT: Final = Path(__file__).parents[3]


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=_ROOT / ".cache/training/shards", help="Folder of the shards."
)
@click.option(
    "--pictures", type=click.IntRange(min=1), default=20000, show_default=True, help="Rounded up to whole shards."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option(
    "--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes; each uses one core."
)
@click.option(
    "--figures", type=click.Path(path_type=Path), default=_ROOT / ".cache/training/figures", help="The figure library."
)
@click.option(
    "--places", type=click.Path(path_type=Path), default=_ROOT / ".cache/training/places", help="Keeps textures."
)
@click.option(
    "--view",
    type=click.Choice(sorted(VIEWS)),
    default=ANY,
    show_default=True,
    help="How the cameras hang and what they look at; docs/training.md.",
)
@click.option("--shard", type=click.IntRange(min=1), default=SHARD, show_default=True, help="Pictures in each file.")
@click.option("--data", type=click.Path(path_type=Path), default=_ROOT.parent / "shared/data", help="The shared data.")
def main(
    *,
    out: Path,
    pictures: int,
    seed: int,
    workers: int,
    figures: Path,
    places: Path,
    view: str,
    shard: int,
    data: Path,
) -> None:
    """Render pictures of people in places; shards that are there are kept."""
    os.environ.setdefault("LP_NUM_THREADS", "1")  # of Mesa's software renderer: processes are the parallelism
    order = Order(out, seed, figures, places, data, view, shard)
    shards = range(-(-pictures // shard))
    missing = [number for number in shards if not order.path(number).exists()]
    with tqdm(total=len(shards) * shard, initial=(len(shards) - len(missing)) * shard, unit="picture") as bar:
        error = _run(order, missing, min(workers, len(missing)), bar)
    if error:
        raise click.ClickException(error)


def _run(order: Order, numbers: list[int], workers: int, bar: "tqdm[None]") -> str | None:
    """Start the workers and wait for them; the text of an error, if any."""
    context = multiprocessing.get_context("spawn")
    progress, stop = context.Queue(), context.Event()
    processes = [
        context.Process(target=work, args=(order, numbers[index::workers], progress, stop)) for index in range(workers)
    ]
    for process in processes:
        process.start()
    # A shell's background job ignores Ctrl-C unless told, and a supervisor stops with SIGTERM.
    before = {which: signal.signal(which, signal.default_int_handler) for which in (signal.SIGTERM, signal.SIGINT)}
    try:
        return _follow(progress, processes, bar)
    except KeyboardInterrupt:
        return "stopped; the same command goes on after the last whole shard"
    finally:
        stop.set()
        for process in processes:
            process.join()
        for which, handler in before.items():
            signal.signal(which, handler)


def _follow(progress: "Queue[int | str]", processes: Sequence[BaseProcess], bar: "tqdm[None]") -> str | None:
    while True:
        try:
            told = progress.get(timeout=1.0)
        except queue.Empty:
            if not any(process.is_alive() for process in processes):
                codes = [process.exitcode for process in processes if process.exitcode]
                return f"a worker ended with status {codes[0]}" if codes else None
            continue
        if isinstance(told, str):
            return told
        bar.update(told)


if __name__ == "__main__":
    main()
