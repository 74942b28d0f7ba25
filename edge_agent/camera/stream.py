"""Network cameras through FFmpeg: RTSP, HLS and whatever else comes over HTTP."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import cv2

from edge_agent.camera.capture import ONE_THREAD, OPEN_TIMEOUT, READ_TIMEOUT, Capture
from edge_agent.camera.credentials import public, read_login
from edge_agent.camera.source import SOFT, SourceError, SourceStalledError
from edge_agent.records import Image

_PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443, "rtmp": 1935}
_KNOCK_S: Final = 1.0


class StreamSource:
    """A stream that OpenCV's FFmpeg opens, with a time-out on every call.

    RTSP comes over TCP: OpenCV's own default is FFmpeg's `prefer_tcp`, which falls back to UDP only where a camera
    refuses TCP, so no process-wide OPENCV_FFMPEG_CAPTURE_OPTIONS is needed (one that the operator sets is honoured).
    A stream joined between key frames gives no picture before the next key frame: FFmpeg holds the grey ones back.
    Opening takes FFmpeg as long as it needs to guess the frame rate, 2 to 4 s for slow cameras; at the soft time-out it
    goes on with what it knows.
    """

    def __init__(
        self,
        url: str,
        *,
        credentials_file: Path | None = None,
        open_timeout_s: float,
        read_timeout_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._credentials_file = credentials_file
        self._open_s = SOFT * open_timeout_s
        self._read_s = SOFT * read_timeout_s
        self._monotonic = monotonic
        self._capture = Capture()

    @property
    def label(self) -> str:
        """See `Source`."""
        return public(self._url)

    def open(self) -> None:
        """See `Source`. The credentials are read now and forgotten at once.

        Raises:
            SourceError: nobody listens, or the camera refuses, or it has no readable video, or it is silent.
        """
        login = read_login(self._credentials_file)
        timeouts = (OPEN_TIMEOUT, _ms(self._open_s), READ_TIMEOUT, _ms(self._read_s))
        begun_s = self._monotonic()
        url = login.in_url(self._url) if login else self._url
        if not self._capture.start(url, cv2.CAP_FFMPEG, (*timeouts, *ONE_THREAD)):
            raise SourceError(f"{self.label} {self._why(self._monotonic() - begun_s)}")

    def grab(self) -> bool:
        """See `Source`."""
        begun_s = self._monotonic()
        good = self._capture.grab()
        # After a time-out FFmpeg's decoder hands out the pictures it still held, each after a time-out of its own and
        # each with `True`: they are old, and the stream is dead.
        if self._monotonic() - begun_s >= self._read_s:
            raise SourceStalledError(f"{self.label} sent no picture for {self._read_s:g} s")
        return good

    def retrieve(self, into: Image | None = None) -> Image | None:
        """See `Source`."""
        return self._capture.retrieve(into)

    def cancel(self) -> None:
        """See `Source`. FFmpeg cannot be interrupted from outside; its time-outs end it."""

    def close(self) -> None:
        """See `Source`."""
        self._capture.close()

    def _why(self, took_s: float) -> str:
        """Return what is known about a failed open: OpenCV says nothing, so somebody has to knock."""
        if took_s >= self._open_s:
            return f"did not answer within {self._open_s:g} s; check the address and the network"
        parts = urlsplit(self._url)
        try:
            address = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80))
            socket.create_connection(address, timeout=_KNOCK_S).close()
        except socket.gaierror:
            return "cannot be reached: its host name is not known; check the address"
        except OSError as error:
            return f"cannot be reached: {error.strerror or 'no answer'}; check the address, the port and the cable"
        return "answers but gives no video; check the path and the credentials, and that it sends H.264, H.265 or MJPEG"


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
