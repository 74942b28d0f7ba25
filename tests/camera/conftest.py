"""Readers with real threads for the camera tests, stopped at the end of each."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from edge_agent.camera import Limits, Reader, Source, open_source
from edge_agent.clock import SystemClock
from edge_agent.config import CameraConfig
from edge_agent.records import Frame, Gap

QUICK = Limits(open_timeout_s=1.0, read_timeout_s=1.0, max_fps=120.0, retry_s=(0.02, 0.1))


class Read(Protocol):
    """Starts a reader; keyword arguments are those of `Reader`."""

    def __call__(
        self, make_source: Callable[[], Source], *, limits: Limits = QUICK, blind_after_s: float = 0.3
    ) -> Reader:
        """Return it, started."""


@pytest.fixture
def threads() -> list[threading.Thread]:
    """The threads that the readers of a test have started."""
    return []


@pytest.fixture
def readers() -> Iterator[list[Reader]]:
    """The readers of a test, stopped at its end."""
    started: list[Reader] = []
    yield started
    for reader in started:
        reader.stop()


@pytest.fixture
def read(readers: list[Reader], threads: list[threading.Thread]) -> Read:
    """Gives started readers."""

    def spawn(run: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        threads.append(thread)
        thread.start()

    def start(make_source: Callable[[], Source], *, limits: Limits = QUICK, blind_after_s: float = 0.3) -> Reader:
        reader = Reader(
            "door", make_source, clock=SystemClock(), spawn=spawn, limits=limits, blind_after_s=blind_after_s
        )
        readers.append(reader)
        reader.start()
        return reader

    return start


def watch(
    reader: Reader, enough: Callable[[list[Frame | Gap]], bool], *, patience_s: float = 20.0, tick_s: float = 0.1
) -> list[Frame | Gap]:
    """Take frames and gaps until they are enough."""
    items: list[Frame | Gap] = []
    deadline_s = time.monotonic() + patience_s
    while not enough(items):
        assert time.monotonic() < deadline_s, (
            f"not enough in {patience_s} s: {[i for i in items if isinstance(i, Gap)]}"
        )
        item = reader.next(tick_s)
        if item is not None:
            items.append(item)
    return items


def frames(items: list[Frame | Gap]) -> list[Frame]:
    """Return only the frames."""
    return [item for item in items if isinstance(item, Frame)]


def gaps(items: list[Frame | Gap]) -> list[Gap]:
    """Return only the gaps."""
    return [item for item in items if isinstance(item, Gap)]


def in_order(items: list[Frame | Gap]) -> bool:
    """Whether gaps neither overlap nor have no length, and frames and gaps come in the order of time.

    Only a frozen picture is recognised afterwards, when its first frames have been told.
    """
    at_s = float("-inf")
    for item in items:
        if isinstance(item, Frame):
            if item.t_s < at_s:
                return False
            at_s = item.t_s
        elif item.end_s <= item.start_s or item.start_s < at_s:
            return False
        else:
            at_s = item.end_s
    return True


def camera(source: str, **settings: object) -> Callable[[], Source]:
    """Return what makes the source of a camera."""
    config = CameraConfig.model_validate(
        {"name": "door", "source": source, "open_timeout_s": 1.0, "read_timeout_s": 1.0, **settings}
    )
    return lambda: open_source(config, Path("/"))
