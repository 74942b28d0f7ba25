"""What every decoder gives, and how it finds its tensors among a network's outputs."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.detector.errors import BundleError
from edge_agent.records import Boxes

Tensor = NDArray[np.float32]

Floats = NDArray[np.float32] | NDArray[np.float64]

Shape = tuple[int, ...]

MAX_CANDIDATES: Final = 300
"""Boxes of one frame that go into NMS, the best ones. A crowd of 100 leaves some 250 at a low threshold."""

MAX_EXPONENT: Final = 12.0
"""exp(12) strides is wider than any picture, and float32 holds it."""


class Candidates(NamedTuple):
    """Boxes before NMS, in no particular order.

    Attributes:
        xyxy: (n, 4) in pixels of the network's input, not clipped; a broken network's may be infinite.
        score: (n,), every one at least the threshold asked for.
        class_id: (n,) int64.
    """

    xyxy: Floats
    score: Floats
    class_id: NDArray[np.int64]


NOTHING: Final = Candidates(
    np.empty((0, 4), dtype=np.float32), np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
)


class Decoder(Protocol):
    """Reads one family's outputs; made for one network, so that grids are laid out once."""

    def __call__(self, outputs: Sequence[Tensor], low: float) -> Candidates:
        """The boxes of the wanted classes whose score is at least `low`, at most `MAX_CANDIDATES` of them."""


class Needs(NamedTuple):
    """What a decoder is made for.

    Attributes:
        width: of the network's input in pixels.
        height: of the network's input in pixels.
        classes: how many the network knows.
        wanted: (k,) indices of the classes to return.
    """

    width: int
    height: int
    classes: int
    wanted: NDArray[np.int64]


class Outputs:
    """The shapes of a network's outputs, from which a decoder takes what it needs, by shape and then by order.

    Names are not asked for: exporters choose them freely, shapes follow from the architecture.
    """

    def __init__(self, shapes: Mapping[str, Shape], decoder: str, needs: Needs) -> None:
        self._shapes = list(shapes.items())
        self._free = list(range(len(self._shapes)))
        self._who = f"decoder {decoder} with {needs.classes} class(es) at {needs.width}x{needs.height}"

    def take(self, *wanted: int) -> int:
        """The index of the first output of that shape that nobody has taken yet.

        Raises:
            BundleError: there is none.
        """
        for index in self._free:
            if self._shapes[index][1] == wanted:
                self._free.remove(index)
                return index
        found = ", ".join(f"{name} {_text(shape)}" for name, shape in self._shapes)
        raise BundleError(
            f"{self._who} expects an output {_text(wanted)}, found {found}; "
            "correct [decoder], [input] or classes of the card, or use another network"
        )


def _text(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "scalar"


def cells(needs: Needs, stride: int) -> tuple[int, int]:
    """(rows, columns) of the feature map of that stride."""
    return -(-needs.height // stride), -(-needs.width // stride)


def grid(rows: int, columns: int) -> NDArray[np.float32]:
    """(rows * columns, 2) x and y of each cell, row by row."""
    y, x = np.mgrid[0:rows, 0:columns]
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def best(score: Floats) -> NDArray[np.intp] | slice:
    """Selects the `MAX_CANDIDATES` best scores."""
    if len(score) <= MAX_CANDIDATES:
        return slice(None)
    return np.argpartition(-score, MAX_CANDIDATES)[:MAX_CANDIDATES]


def sides(log_size: Tensor) -> Tensor:
    """Exponential of the networks' logarithmic sizes, bounded so that a broken network cannot overflow."""
    return np.exp(np.minimum(log_size, np.float32(MAX_EXPONENT)))


def around(centre: Tensor, size: Tensor) -> Boxes:
    """Boxes (n, 4) from their centres (n, 2) and sizes (n, 2)."""
    half = size * np.float32(0.5)
    boxes = np.empty((len(centre), 4), dtype=np.float32)
    np.subtract(centre, half, out=boxes[:, :2])
    np.add(centre, half, out=boxes[:, 2:])
    return boxes
