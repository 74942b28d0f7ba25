"""Where the card draws to, and how it is read back."""

from dataclasses import dataclass
from typing import Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from training.scene import Floats

HEAD_BIT: Final = 128
TILE: Final = 128  # pixels, side of the square in which one person is drawn alone
TILES: Final = 4  # a side of the sheet of such squares


@dataclass(frozen=True, slots=True)
class Whole:
    """A person that nothing hides and no edge cuts: the box x0 y0 x1 y1 and the area in pixels of the picture."""

    box: Floats
    area: float


class Screen:
    """Light and codes at the picture's size, each pixel the mean of four samples (of a code: one of them)."""

    def __init__(self, context: moderngl.Context, width: int, height: int) -> None:
        self._context, self._width, self._height = context, width, height
        size, samples = (width, height), min(4, context.max_samples)
        self.drawn = context.framebuffer(
            [
                context.renderbuffer(size, 4, samples=samples, dtype="f2"),
                context.renderbuffer(size, 1, samples=samples, dtype="u1"),
            ],
            context.depth_renderbuffer(size, samples=samples),
        )
        self._resolved = context.framebuffer([context.texture(size, 4, dtype="f2"), context.texture(size, 1, dtype="u1")])

    def read(self) -> tuple[Floats, NDArray[np.uint8]]:
        """The light (h, w, 3) and the codes (h, w), first row on top."""
        self._context.copy_framebuffer(self._resolved, self.drawn)
        shape = self._height, self._width
        light = np.frombuffer(self._resolved.read(components=4, attachment=0, dtype="f2"), np.float16)
        codes = np.frombuffer(self._resolved.read(components=1, attachment=1, alignment=1, dtype="u1"), np.uint8)
        return light.reshape(*shape, 4)[::-1, :, :3].astype(np.float32), codes.reshape(shape)[::-1].copy()


class Sheet:
    """Squares in which people are drawn alone."""

    def __init__(self, context: moderngl.Context) -> None:
        size = (TILE * TILES, TILE * TILES)
        self.drawn = context.framebuffer([context.texture(size, 1, dtype="u1")], context.depth_renderbuffer(size))

    @staticmethod
    def corner(index: int) -> tuple[int, int]:
        """The lower left pixel of the square of that number."""
        return index % TILES * TILE, index // TILES * TILE

    def read(self) -> NDArray[np.bool_]:
        """The squares, (TILES², TILE, TILE), first row below."""
        raw = np.frombuffer(self.drawn.read(components=1, alignment=1, dtype="u1"), np.uint8)
        tiles = raw.reshape(TILES, TILE, TILES, TILE).swapaxes(1, 2)
        return tiles.reshape(TILES * TILES, TILE, TILE) > 0
