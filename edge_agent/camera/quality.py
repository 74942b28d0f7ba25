"""Whether a picture shows anything: OpenCV's `True` says only that there are bytes.

All checks look at one grid of 96 x 54 pixels. Where the network has just emptied the caches even that costs 0.2 ms, so
it is taken four times a second; of every picture one corner shows whether it may be a decoder's fill.
"""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.records import Image
from edge_agent.terms import GapCause

_GRID: Final = (96, 54)
_BLOCKS: Final = (16, 9)
_SMALLEST: Final = 16

_FILL_ROWS: Final = 3
_FILL_SLACK: Final = 3
_FILLS: Final = ((128, 128, 128), (130, 130, 130), (0, 135, 0))
"""What decoders put where they have no data, in BGR: zero coefficients (full and limited range), and zero bytes."""
_FILL_GREEN: Final = (min(g for _, g, _ in _FILLS) - _FILL_SLACK, max(g for _, g, _ in _FILLS) + _FILL_SLACK)

_LOOK_EVERY_S: Final = 0.25
_LOUD: Final = 8.0
_FAINT: Final = 2.0
_GLOW: Final = 0.02
_STAY: Final = 1.5
"""By how much more a block must stand out to end a cover than to prevent one, so that it does not flicker."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a picture counts as no sight, and since when that has been so."""

    cause: GapCause
    since_s: float


class PictureCheck:
    """Judges the pictures of one source, one after the other."""

    def __init__(self, *, frozen_after_s: float, covered_after_s: float = 5.0) -> None:
        self._frozen_after_s = frozen_after_s
        self._cover = CoverCheck(covered_after_s)
        self._shape: tuple[int, ...] | None = None
        self._sample = np.zeros((_GRID[1], _GRID[0], 3), np.uint8)
        self._before = b""
        self._looked_s = -math.inf
        self._new_s: float | None = None
        self._fault: Fault | None = None

    def reopened(self) -> None:
        """A new connection may have another size; what it shows is still compared with what was shown before."""
        self._shape = None

    def judge(self, image: Image, t_s: float) -> Fault | None:
        """Return what is wrong with the picture of time `t_s`, None if it can be used.

        Raises nothing, whatever the array is: a wrong shape, type or size is CORRUPT.
        """
        if not self._has_right_shape(image):
            return Fault(GapCause.CORRUPT, t_s)
        if has_fill(image):
            return Fault(GapCause.CORRUPT, t_s)
        # While something is wrong every picture is looked at: the first good one ends it.
        if self._fault is not None or not 0.0 <= t_s - self._looked_s < _LOOK_EVERY_S:
            self._looked_s = t_s
            self._fault = self._look(image, t_s)
        return self._fault

    def _look(self, image: Image, t_s: float) -> Fault | None:
        cv2.resize(image, _GRID, dst=self._sample, interpolation=cv2.INTER_NEAREST)
        shown = self._sample.tobytes()  # compared in a tenth of the time of np.array_equal
        if self._new_s is None or shown != self._before:
            self._new_s = t_s  # a camera's noise never gives the same picture twice
        self._before = shown
        covered_s = self._cover.since_s(self._sample, t_s)
        if covered_s is not None:
            return Fault(GapCause.COVERED, covered_s)
        if t_s - self._new_s > self._frozen_after_s:
            return Fault(GapCause.FROZEN, self._new_s)
        return None

    def _has_right_shape(self, image: Image) -> bool:
        if image.shape == self._shape and image.dtype == np.uint8:
            return True
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or min(image.shape[:2]) < _SMALLEST:
            return False
        if self._shape is None:
            self._shape = image.shape
        return image.shape == self._shape


def has_fill(image: Image) -> bool:
    """Whether the lowest rows are what a decoder puts where data is missing: one of its colours, edge to edge.

    A picture that was cut off before its end looks like that; a scene never does: no lens and no sensor is that even.
    A camera's own privacy mask of exactly such a grey along the whole lower edge does: give it another colour.
    One corner shows that a picture was not cut off; only if it does not are the rows looked at.
    """
    corner = image[-1, 0].tolist()
    if not _FILL_GREEN[0] <= corner[1] <= _FILL_GREEN[1]:
        return False
    for fill in _FILLS:
        if all(abs(a - b) <= _FILL_SLACK for a, b in zip(corner, fill, strict=True)):
            sample = cv2.resize(image, _GRID, interpolation=cv2.INTER_NEAREST)
            low = sample[-_FILL_ROWS:].reshape(-1, 3).astype(np.int16)
            return bool(np.abs(low - np.asarray(fill, np.int16)).max() <= _FILL_SLACK)
    return False


class CoverCheck:
    """Finds a lens that is covered, or a scene without any light: nothing stands out for several seconds.

    A picture is cut into 16 x 9 blocks; a block stands out by how far its mean lies from that of its four neighbours,
    which a smooth glow does not. One picture with a block that stands out by 8 levels ends a cover at once. Below
    that it may be noise, so the blocks are averaged over the whole stretch: noise then vanishes, but an exit sign or
    a window at night does not; 2 levels are then enough for a scene (and a little more where light shines through,
    because a glow is not quite even). A cover is dated back to the first picture of its stretch.
    """

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._looked_s = -math.inf
        self._begun_s: float | None = None
        self._covered_s: float | None = None
        self._sum: NDArray[np.float32] = np.zeros((_BLOCKS[1], _BLOCKS[0]), np.float32)
        self._pictures = 0

    def since_s(self, sample: NDArray[np.uint8], t_s: float) -> float | None:
        """Return since when the lens has been covered, None if it is not (or not yet known to be)."""
        if 0.0 <= t_s - self._looked_s < _LOOK_EVERY_S:
            return self._covered_s
        self._looked_s = t_s
        green = sample[..., 1].astype(np.float32)
        blocks = np.asarray(cv2.resize(green, _BLOCKS, interpolation=cv2.INTER_AREA), np.float32)
        if stands_out(blocks) >= _LOUD:
            self._begun_s = self._covered_s = None
        else:
            self._add(blocks, t_s)
        return self._covered_s

    def _add(self, blocks: NDArray[np.float32], t_s: float) -> None:
        if self._begun_s is None:
            self._begin(t_s)
        self._sum += blocks
        self._pictures += 1
        begun_s = self._begun_s if self._begun_s is not None else t_s
        if t_s - begun_s < self._after_s:
            return
        mean = self._sum / np.float32(self._pictures)
        enough = (_FAINT + _GLOW * float(mean.mean())) * (1.0 if self._covered_s is None else _STAY)
        if stands_out(mean) >= enough:
            self._covered_s = None
        elif self._covered_s is None:
            self._covered_s = begun_s
        self._begin(t_s)

    def _begin(self, t_s: float) -> None:
        self._begun_s = t_s
        self._sum[:] = 0.0
        self._pictures = 0


def stands_out(blocks: NDArray[np.float32]) -> float:
    """Return how far the most conspicuous block's mean lies from the mean of its four neighbours, in grey levels."""
    around = cv2.filter2D(blocks, -1, _CROSS, borderType=cv2.BORDER_REPLICATE)
    return float(np.abs(blocks - around).max())


_CROSS: Final = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
