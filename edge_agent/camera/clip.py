"""A recorded clip: every picture, in the clip's own time."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from edge_agent.camera.capture import ONE_THREAD, Capture
from edge_agent.camera.source import SourceError
from edge_agent.records import Image

_ASSUMED_FPS: Final = 25.0
_SANE_FPS: Final = (0.001, 1000.0)
_SHORTEST_STEP_S: Final = 1e-4
_LONGEST_STEP_S: Final = 3600.0
"""Two pictures further apart are a broken timestamp (a wrapped counter), not an hour in which nothing was recorded."""


class ClipSource:
    """A file that FFmpeg can read: MP4, MKV, AVI, GIF and so on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture = Capture()
        self._timeline = MediaTime(_ASSUMED_FPS)
        self._first_waits = False

    @property
    def label(self) -> str:
        """See `Source`."""
        return f"clip {self._path}"

    @property
    def t_s(self) -> float:
        """See `TimedSource`."""
        return self._timeline.t_s

    @property
    def fps(self) -> float:
        """Pictures per second as the file says, or 25 where it does not."""
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        return fps if _SANE_FPS[0] <= fps <= _SANE_FPS[1] else _ASSUMED_FPS

    @property
    def frame_count(self) -> int | None:
        """How many pictures the file announces; None if it does not."""
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return int(count) if math.isfinite(count) and count >= 1 else None

    @property
    def duration_s(self) -> float | None:
        """See `TimedSource`."""
        count = self.frame_count
        return None if count is None else count / self.fps

    def open(self) -> None:
        """See `Source`. Decodes the first picture, so that a clip without one fails here and not later.

        Raises:
            SourceError: missing, empty, unreadable, or not a video.
        """
        self._check_file()
        if not self._capture.start(str(self._path), cv2.CAP_FFMPEG, ONE_THREAD):
            raise SourceError(f"{self.label} is not a video that FFmpeg can read; is it damaged or of another kind?")
        self._timeline = MediaTime(self.fps)
        if not self._capture.grab():
            raise SourceError(f"{self.label} has a header but no picture; copy or record it again")
        self._first_waits = True

    def grab(self) -> bool:
        """See `Source`."""
        if self._first_waits:
            self._first_waits = False
        elif not self._capture.grab():
            return False
        self._timeline.step(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0)
        return True

    def retrieve(self, into: Image | None = None) -> Image | None:
        """See `Source`."""
        return self._capture.retrieve(into)

    def cancel(self) -> None:
        """See `Source`. A file does not block."""

    def close(self) -> None:
        """See `Source`."""
        self._capture.close()

    def _check_file(self) -> None:
        if not self._path.exists():
            raise SourceError(f"{self.label}: there is no such file; check the path")
        if not self._path.is_file():
            raise SourceError(f"{self.label} is not a file; name the clip itself")
        if not os.access(self._path, os.R_OK):
            raise SourceError(f"{self.label} may not be read by this user; check its permissions")
        if self._path.stat().st_size == 0:
            raise SourceError(f"{self.label} is empty (0 bytes); copy or record it again")


class MediaTime:
    """The time of each picture from timestamps that may repeat, jump or be missing.

    A stamp that grows, by less than an hour, is believed. After any other one the picture is taken to come one nominal
    frame later, and the stamps that follow count from there, as players do at a discontinuity; a clip whose stamps
    never move is thereby timed by index / fps.
    """

    def __init__(self, fps: float) -> None:
        self.t_s = 0.0
        self._step_s = 1.0 / fps
        self._stamp_s: float | None = None

    def step(self, stamp_s: float) -> None:
        """Take the stamp of the next picture."""
        if self._stamp_s is not None:
            ahead_s = stamp_s - self._stamp_s
            self.t_s += ahead_s if _SHORTEST_STEP_S < ahead_s < _LONGEST_STEP_S else self._step_s
        self._stamp_s = stamp_s if math.isfinite(stamp_s) else self._stamp_s or 0.0


@dataclass(frozen=True, slots=True)
class ClipShape:
    """What a clip says of itself before it is played: its length in seconds (0 if it does not say), its rate."""

    duration_s: float
    fps: float


def shape_of(clip: ClipSource) -> ClipShape:
    """Open a clip that has not been opened, see what it is, and close it.

    Raises:
        SourceError: missing, empty, unreadable, or not a video.
    """
    try:
        clip.open()
        return ClipShape(clip.duration_s or 0.0, clip.fps)
    finally:
        clip.close()
