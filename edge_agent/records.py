"""The nouns that flow through one camera's pipeline: frozen, numpy only, no behaviour.

Times named `t_s` are seconds of one monotonic clock (media time when a file is replayed); they order and measure,
they never say what o'clock it is. Boxes are pixels of the picture as it came from the camera.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_agent.terms import AgeBand, Direction, GapCause, Sex

Image = NDArray[np.uint8]
"""A picture: (height, width, 3), BGR, 0 to 255."""

Boxes = NDArray[np.float32]
"""Boxes: (n, 4), columns x1 y1 x2 y2 in pixels, x to the right, y downwards."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and when it was taken.

    Attributes:
        image: (height, width, 3) BGR; valid until the next frame is asked for.
        t_s: monotonic capture time in seconds.
        index: number of the frame since the source was opened, from 0; dropped frames leave holes.
    """

    image: Image
    t_s: float
    index: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time without sight, and why. Zero-length gaps do not exist."""

    start_s: float
    end_s: float
    cause: GapCause


@dataclass(frozen=True, slots=True)
class Detections:
    """What the detector saw in one frame, best first; only classes that the pipeline asked for.

    Attributes:
        xyxy: (n, 4) float32 pixels, clipped to the picture.
        score: (n,) float32 in 0..1.
        class_id: (n,) int64, index into the bundle's class list.
    """

    xyxy: Boxes
    score: NDArray[np.float32]
    class_id: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True, slots=True)
class Tracks:
    """All live tracks after one frame, in order of birth, and those that just ended.

    Attributes:
        t_s: time of the frame.
        track_id: (n,) int64 from 1, never reused within a process.
        xyxy: (n, 4) float32 pixels: the detection where the track was seen in this frame, else the prediction.
        class_id: (n,) int64; a track never changes class.
        score: (n,) float32 of the last detection.
        confirmed: (n,) bool; an unconfirmed track may be noise and must not count.
        seen: (n,) bool; False while the track coasts on its prediction.
        ended: ids of tracks that will never come back; consumers forget them.
    """

    t_s: float
    track_id: NDArray[np.int64]
    xyxy: Boxes
    class_id: NDArray[np.int64]
    score: NDArray[np.float32]
    confirmed: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    ended: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.track_id)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Somebody or something crossed a line. `t_s` is when the anchor met the line."""

    line: str
    direction: Direction
    t_s: float


@dataclass(frozen=True, slots=True)
class Stay:
    """A finished visit to a zone: confirmed track, from entering to leaving."""

    zone: str
    entered_s: float
    left_s: float


@dataclass(frozen=True, slots=True)
class Occupancy:
    """From `t_s` on, a zone holds `count`. Sent only when it changes."""

    zone: str
    t_s: float
    count: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """A confirmed track that ended at `t_s`, as it appeared; made only where demographics are switched on."""

    t_s: float
    sex: Sex
    age: AgeBand


@dataclass(frozen=True, slots=True)
class Events:
    """What one frame added to the counts; empty for most frames. No track id survives in here."""

    t_s: float
    crossings: tuple[Crossing, ...] = ()
    stays: tuple[Stay, ...] = ()
    occupancy: tuple[Occupancy, ...] = ()
    visitors: tuple[Visitor, ...] = ()
