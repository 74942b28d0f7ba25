"""Painted people: pictures whose colours say what a reader is to see, and tracks that say where.

A face is grey noise with a tint. `read_colours` is a network of two lines: the more green, the more readable; the more
blue than red, the more male. So a test says what is in the picture, and not what some function returns.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.config import DemographicsConfig
from edge_agent.demographics import BANDS, FaceModel, Rule, VisitorReader
from edge_agent.records import Frame, Image, Tracks

SIDE: Final = 64
RULE: Final = Rule(readable=0.5, sex=0.75, age=0.4)
CLASSES: Final = ("person", "bottle")
Floats = NDArray[np.float32]


class Body(NamedTuple):
    """Somebody who stands, 60 px wide and 204 px high; the head's square is 30 px."""

    track_id: int
    left: float
    class_id: int = 0
    confirmed: bool = True
    seen: bool = True
    top: float = 20.0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The track's box."""
        return self.left, self.top, self.left + 60.0, self.top + 204.0


def picture(width: int = 640, height: int = 360) -> Image:
    """A room without anybody: dark noise, never flat."""
    rng = np.random.default_rng(1)
    return rng.integers(0, 60, (height, width, 3), np.uint8)


def paint(image: Image, body: Body, *, male: float, readable: float = 1.0) -> None:
    """Give a body a head that reads so: noise over all of its box's upper part, tinted."""
    x1, y1, x2, _ = (int(edge) for edge in body.box)
    rng = np.random.default_rng(2)
    grey = rng.integers(0, 100, (60, x2 - x1, 1))
    tint = np.array([155 * male, 155 * readable, 155 * (1.0 - male)])
    image[y1 : y1 + 60, x1:x2] = np.clip(grey + tint, 0, 255).astype(np.uint8)


def read_colours(crops: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
    """Sex, age and readability of crops by their tint."""
    blue, green, red = (crops[..., channel].mean((1, 2)).astype(np.float32) - 50.0 for channel in range(3))
    male = np.clip(0.5 + (blue - red) / 310.0, 0.01, 0.99)
    age = np.full((len(crops), len(BANDS)), 0.04, np.float32)
    age[:, 2] = 0.8
    return np.column_stack([1.0 - male, male]), age, np.clip(green / 155.0, 0.0, 1.0)


def frame(image: Image, t_s: float, index: int = 0) -> Frame:
    """The picture, taken at that time."""
    return Frame(image, t_s, index)


def tracks(t_s: float, bodies: Iterable[Body], ended: tuple[int, ...] = ()) -> Tracks:
    """The tracks of those bodies."""
    there = list(bodies)
    return Tracks(
        t_s=t_s,
        track_id=np.array([body.track_id for body in there], np.int64),
        xyxy=np.array([body.box for body in there], np.float32).reshape(-1, 4),
        class_id=np.array([body.class_id for body in there], np.int64),
        score=np.full(len(there), 0.9, np.float32),
        confirmed=np.array([body.confirmed for body in there], np.bool_),
        seen=np.array([body.seen for body in there], np.bool_),
        ended=ended,
    )


class Costly:
    """A network whose every run takes a second or so on a timer of its own."""

    def __init__(self, run_s: float) -> None:
        self.run_s = run_s
        self.now_s = 0.0
        self.runs: list[float] = []

    def timer(self) -> float:
        """Seconds."""
        return self.now_s

    def read(self, crops: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
        """As `read_colours`; notes the blue of what it was shown."""
        self.now_s += self.run_s
        self.runs.append(float(crops[..., 0].mean()))
        return read_colours(crops)


def reader(*, crops: int = 5, budget_ms: float = 1000.0, costly: Costly | None = None) -> VisitorReader:
    """A stage that reads colours; at no cost, unless told."""
    costly = costly or Costly(0.0)
    model = FaceModel(costly.read, RULE, SIDE, "0" * 16, timer=costly.timer)
    return VisitorReader(DemographicsConfig(crops=crops, budget_ms=budget_ms), model, class_names=CLASSES)
