"""What lines and zones are told of one track in one frame."""

from dataclasses import dataclass
from typing import Final

from edge_agent.config import Anchor
from edge_agent.counting.geometry import Point

Box = tuple[float, float, float, float]
"""x1 y1 x2 y2 in pixels."""

_DOWN: Final = {Anchor.TOP_CENTER: 0.0, Anchor.CENTER: 0.5, Anchor.BOTTOM_CENTER: 1.0}


@dataclass(frozen=True, slots=True)
class Sight:
    """One live track in one frame; Python numbers, because the geometry works on them one by one.

    Attributes:
        track_id: as in `Tracks`.
        class_id: as in `Tracks`.
        box: as in `Tracks`.
        confirmed: as in `Tracks`.
        seen: whether it was detected in this frame; a predicted box is no evidence and moves nothing.
    """

    track_id: int
    class_id: int
    box: Box
    confirmed: bool
    seen: bool

    def at(self, anchor: Anchor) -> Point:
        """The point of the box that stands for the track, in pixels."""
        x1, y1, x2, y2 = self.box
        down = _DOWN[anchor]
        return ((x1 + x2) / 2, y1 * (1.0 - down) + y2 * down)
