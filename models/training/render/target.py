"""Where the card draws to, and how it is read back."""

from dataclasses import dataclass
from typing import Final

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from training.scene import Floats

HEAD_BIT: Final = 128
FINER: Final = 4 / 3
BRIGHTEST: Final = 8.0  # of the light, where white paper in full light is 1
TILE: Final = 128  # pixels, side of the square in which one person is drawn alone
TILES: Final = 4  # a side of the sheet of such squares


@dataclass(frozen=True, slots=True)
class Whole:
    """A person that nothing hides and no edge cuts: the box x0 y0 x1 y1 and the area in pixels of the picture."""

    box: Floats
    area: float


class Screen:
    """Light and codes, drawn FINER times as fine along each side as the picture.

    Several samples per pixel (MSAA) would be the usual way; Mesa's software renderer takes three times as long for it.
    """

    def __init__(self, context: moderngl.Context, width: int, height: int) -> None:
        self._size = width, height
        self._fine = round(width * FINER), round(height * FINER)
        self.drawn = context.framebuffer(
            [context.texture(self._fine, 4, dtype="f2"), context.texture(self._fine, 1, dtype="u1")],
            context.depth_renderbuffer(self._fine),
        )
        self._rows = np.floor((np.arange(height) + 0.5) * self._fine[1] / height).astype(np.intp)
        self._columns = np.floor((np.arange(width) + 0.5) * self._fine[0] / width).astype(np.intp)

    def read(self) -> tuple[Floats, NDArray[np.uint8]]:
        """The light (h, w, 3), each pixel the mean over its area, and the codes (h, w) at the pixels' middles."""
        width, height = self._fine
        raw = np.frombuffer(self.drawn.read(components=4, attachment=0, dtype="f2"), np.float16)
        light = raw.reshape(height, width, 4)[::-1, :, :3].astype(np.float32)
        codes = np.frombuffer(self.drawn.read(components=1, attachment=1, alignment=1, dtype="u1"), np.uint8)
        owners = codes.reshape(height, width)[::-1][np.ix_(self._rows, self._columns)]
        # A lamp's reflection may be a thousand times as bright as its neighbours: unbounded it would eat whole pixels.
        small = cv2.resize(np.minimum(light, BRIGHTEST), self._size, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32), owners


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
