"""What the sources that OpenCV opens have in common."""

from typing import Final

import cv2

from edge_agent.records import Image

OPEN_TIMEOUT: Final = cv2.CAP_PROP_OPEN_TIMEOUT_MSEC
READ_TIMEOUT: Final = cv2.CAP_PROP_READ_TIMEOUT_MSEC

ONE_THREAD: Final = (cv2.CAP_PROP_N_THREADS, 1)
"""One decoding thread: 0.65 ms of CPU per 768x432 picture where the default took 0.95, and no frames held back."""


def prepare_opencv() -> None:
    """Set what OpenCV has only once per process; call it before the first picture.

    One thread: its pool costs more than it gains on pictures as small as ours, and takes cores from the network. No
    log: what cannot be opened is said once, in our words.
    """
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(0)


class Capture:
    """An OpenCV capture that is closed once, and whose pictures may reuse memory."""

    def __init__(self) -> None:
        self._capture: cv2.VideoCapture | None = None

    def start(self, source: str | int, backend: int, params: tuple[int, ...]) -> bool:
        """Open; False if OpenCV cannot, which never says why."""
        try:
            capture = cv2.VideoCapture(source, backend, params)
        except cv2.error:
            return False
        self._capture = capture
        return capture.isOpened()

    def set(self, prop: int, value: float) -> None:
        """Ask for a property; devices answer as they like."""
        if self._capture is not None:
            self._capture.set(prop, value)

    def get(self, prop: int) -> float:
        """Return a property, 0 if it is not known."""
        return self._capture.get(prop) if self._capture is not None else 0.0

    def grab(self) -> bool:
        """Wait for the next picture; False at the end, on an error and on a time-out alike."""
        return self._capture is not None and self._capture.grab()

    def retrieve(self, into: Image | None) -> Image | None:
        """Decode into the memory of `into` if it has the right size; None if there is no picture."""
        if self._capture is None:
            return None
        try:
            good, image = self._capture.retrieve(into) if into is not None else self._capture.retrieve()
        except cv2.error:
            return None
        return image if good else None  # type: ignore[return-value]  # MatLike is any array; quality.py checks

    def close(self) -> None:
        """Release the device or connection."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()
