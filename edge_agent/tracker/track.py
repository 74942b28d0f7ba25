"""What is known of one track, and of one detection, while they look for each other."""

from dataclasses import dataclass
from typing import NamedTuple

from edge_agent.tracker.motion import Box, Motion


class Found(NamedTuple):
    """One detection, in Python's numbers."""

    box: Box
    score: float
    class_id: int


@dataclass(slots=True, eq=False)
class Track:
    """One live track.

    Attributes:
        box: where it was detected in this frame, else where it is expected.
        seen: in the last frame.
        looks: frames since its birth.
        sights: those in which it was seen.
        sure_sights: … by a confident detection.
        motion: its filter.
    """

    track_id: int
    class_id: int
    score: float
    box: Box
    born_s: float
    seen_s: float
    confirmed: bool
    motion: Motion
    seen: bool = True
    looks: int = 1
    sights: int = 1
    sure_sights: int = 1

    def expect(self, dt_s: float) -> None:
        """Go to where it should be after `dt_s`; nobody has seen it there yet."""
        self.motion.predict(dt_s)
        self.box = self.motion.box()
        self.seen = False
        self.looks += 1

    def see(self, found: Found, t_s: float, *, sure: bool) -> None:
        """Take a detection of the frame of `t_s`."""
        self.motion.correct(found.box)
        self.box = found.box
        self.score = found.score
        self.seen = True
        self.seen_s = t_s
        self.sights += 1
        self.sure_sights += sure
