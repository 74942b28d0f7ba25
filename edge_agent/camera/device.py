"""Cameras at this machine: USB and whatever else speaks V4L2."""

import os
import stat
from pathlib import Path
from typing import Final

import cv2

from edge_agent.camera.capture import Capture
from edge_agent.camera.source import SourceError
from edge_agent.records import Image

_RAW_PIXELS: Final = 640 * 480
"""Beyond this USB 2 has no room for raw pictures at a useful rate, so compressed ones are asked for."""


class DeviceSource:
    """A V4L2 device such as /dev/video0.

    OpenCV waits up to 10 s for a device and cannot be told otherwise; the reader abandons it earlier.
    """

    def __init__(
        self, path: Path, *, width: int | None = None, height: int | None = None, fps: float | None = None
    ) -> None:
        self._path = path
        self._size = (width, height)
        self._fps = fps
        self._capture = Capture()

    @property
    def label(self) -> str:
        """See `Source`."""
        return f"camera {self._path}"

    def open(self) -> None:
        """See `Source`.

        Raises:
            SourceError: not there, not a device, not permitted, or not a camera that is free.
        """
        self._check_device()
        if not self._capture.start(str(self._path), cv2.CAP_V4L2, ()):
            raise SourceError(
                f"{self.label} is in use by another program or is no video source; try another /dev/video*"
            )
        width, height = self._size
        if width and height:
            if width * height > _RAW_PIXELS:
                self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        if self._fps:
            self._capture.set(cv2.CAP_PROP_FPS, self._fps)

    def grab(self) -> bool:
        """See `Source`."""
        return self._capture.grab()

    def retrieve(self, into: Image | None = None) -> Image | None:
        """See `Source`."""
        return self._capture.retrieve(into)

    def cancel(self) -> None:
        """See `Source`. The driver cannot be interrupted."""

    def close(self) -> None:
        """See `Source`."""
        self._capture.close()

    def _check_device(self) -> None:
        try:
            mode = self._path.stat().st_mode
        except OSError:
            raise SourceError(f"{self.label}: there is no such device; is it plugged in? `ls /dev/video*`") from None
        if not stat.S_ISCHR(mode):
            raise SourceError(f"{self.label} is not a device; name one such as /dev/video0")
        if not os.access(self._path, os.R_OK | os.W_OK):
            raise SourceError(f"{self.label} may not be used by this user; add it to the group 'video'")
