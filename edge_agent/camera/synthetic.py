"""A made-up scene: rectangles that walk across a noisy floor. The same picture for the same index, always."""

import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from edge_agent.records import Image

_WALKERS: Final = 3
_SEED: Final = 20170401
_NOISE: Final = 6
_TILE: Final = 40
_CUTS: Final = 7


class SyntheticSource:
    """For tests and soak runs: needs no file and no camera.

    Each walker crosses the picture from left to right in ten seconds of media time and begins again. Every picture
    has its own noise, so that it is neither frozen nor covered.
    """

    def __init__(
        self,
        *,
        width: int = 640,
        height: int = 360,
        fps: float = 10.0,
        frames: int | None = None,
        paced: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`frames` ends it; `paced` delivers at `fps`, as a camera does, and otherwise as fast as asked."""
        self._size = (width, height)
        self._fps = fps
        self._frames = frames
        self._paced = paced
        self._monotonic = monotonic
        self._index = -1
        self._begun_s = 0.0
        self._cancelled = threading.Event()
        self._floor = np.empty(0, np.uint8)

    @property
    def label(self) -> str:
        """See `Source`."""
        return "synthetic scene"

    @property
    def t_s(self) -> float:
        """See `TimedSource`."""
        return max(0, self._index) / self._fps

    @property
    def duration_s(self) -> float | None:
        """See `TimedSource`."""
        return None if self._frames is None else self._frames / self._fps

    def open(self) -> None:
        """See `Source`."""
        width, height = self._size
        depth = height + _CUTS * _TILE * 2
        generator = np.random.default_rng(_SEED)
        noise = generator.integers(0, 2 * _NOISE, (depth, width, 3), dtype=np.uint8)
        tiles = ((np.indices((depth, width)) // _TILE).sum(axis=0) % 2 * 40 + 90).astype(np.uint8)
        self._floor = noise + tiles[..., None]
        self._index = -1
        self._begun_s = self._monotonic()

    def grab(self) -> bool:
        """See `Source`."""
        if self._frames is not None and self._index + 1 >= self._frames:
            return False
        self._index += 1
        if self._paced:
            self._cancelled.wait(max(0.0, self._begun_s + self._index / self._fps - self._monotonic()))
        return not self._cancelled.is_set()

    def retrieve(self, into: Image | None = None) -> Image | None:
        """See `Source`."""
        width, height = self._size
        if into is None or into.shape != (height, width, 3):
            into = np.empty((height, width, 3), np.uint8)
        # The floor is higher than the picture: another cut of it gives other noise at no cost. Cuts lie two tiles
        # apart, so that the floor itself stands still.
        top = self._index % (_CUTS + 1) * _TILE * 2
        np.copyto(into, self._floor[top : top + height])
        for x, y, w, h, shade in self.walkers():
            into[y : y + h, max(0, x) : max(0, x + w)] = shade
        return into

    def walkers(self) -> list[tuple[int, int, int, int, int]]:
        """Return where the walkers are in the grabbed picture: x, y, width, height in pixels and their shade."""
        width, height = self._size
        w, h = width // 16, height // 4
        return [
            (int((self.t_s / 10.0 + k / _WALKERS) % 1.0 * (width + w)) - w, (k + 1) * height // 5, w, h, 30 + 60 * k)
            for k in range(_WALKERS)
        ]

    def cancel(self) -> None:
        """See `Source`."""
        self._cancelled.set()

    def close(self) -> None:
        """See `Source`."""
