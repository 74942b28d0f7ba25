"""What the training of any network needs of its process and of its folder."""

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch


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


def append_row(path: Path, head: Sequence[str], row: Sequence[object]) -> None:
    """Add a line to a table; a fresh one begins with its head."""
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(head)
        writer.writerow(row)
