"""Raw pictures from the standard output of a child process: for cameras that OpenCV cannot open itself.

`exec:rpicam-vid -t 0 --codec yuv420 -o -`, `exec:ffmpeg … -f rawvideo -`, `exec:gst-launch-1.0 -q … ! fdsink`.
"""

import fcntl
import os
import re
import select
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import IO, Final, Literal
from urllib.parse import urlsplit

import cv2
import numpy as np

from edge_agent.camera.source import SourceError, SourceStalledError, redact
from edge_agent.records import Image

PixelFormat = Literal["bgr24", "rgb24", "yuv420p", "nv12", "gray8"]

_ROWS: Final[dict[PixelFormat, tuple[int, int]]] = {
    "bgr24": (3, 1),
    "rgb24": (3, 1),
    "yuv420p": (3, 2),
    "nv12": (3, 2),
    "gray8": (1, 1),
}
"""Bytes per pixel, as a fraction."""

_CONVERSION: Final[dict[PixelFormat, int]] = {
    "rgb24": cv2.COLOR_RGB2BGR,
    "yuv420p": cv2.COLOR_YUV2BGR_I420,
    "nv12": cv2.COLOR_YUV2BGR_NV12,
    "gray8": cv2.COLOR_GRAY2BGR,
}
_SLICE_S: Final = 0.2
"""How soon a waiting grab notices that it was cancelled."""

_TERM_S: Final = 0.5
"""Time to end after SIGTERM before SIGKILL."""

_LOOK_S: Final = 0.01
_STDERR_KEPT: Final = 4096
_SECRET_OPTION = re.compile(r"(?i)user|login|pass|pwd|token|secret|key|auth|^-u$")


class ChildSource:
    """A command, run without a shell and in a process group of its own, that writes pictures one after the other."""

    def __init__(
        self,
        command: str,
        *,
        width: int,
        height: int,
        pixel_format: PixelFormat = "bgr24",
        fps: float | None = None,
        open_timeout_s: float,
        read_timeout_s: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fps` paces the child: it is read no faster, and a full pipe makes it wait."""
        self._command = command
        self._shape = (height, width)
        self._format: PixelFormat = pixel_format
        self._timeouts_s = (open_timeout_s, read_timeout_s)
        self._period_s = 1.0 / fps if fps else 0.0
        self._monotonic = monotonic
        self._due_s = 0.0
        self._raw = np.empty(0, np.uint8)
        self._child: subprocess.Popen[bytes] | None = None
        self._poll = select.poll()
        self._said = b""
        self._cancelled = threading.Event()

    @property
    def label(self) -> str:
        """See `Source`. Arguments may hold passwords, so only the program is named."""
        words = self._command.split(maxsplit=1)
        return f"exec:{Path(words[0]).name}" if words else "exec:"

    def open(self) -> None:
        """See `Source`. Starts the command and waits for its first byte.

        Raises:
            SourceError: the command cannot be run, ended, or wrote nothing in time.
        """
        argv = self._argv()
        height, width = self._shape
        if self._format in ("yuv420p", "nv12") and (width % 2 or height % 2):
            raise SourceError(f"{self.label}: {self._format} needs an even width and height, not {width}x{height}")
        numerator, denominator = _ROWS[self._format]
        self._raw = np.empty(width * height * numerator // denominator, np.uint8)
        try:
            self._child = subprocess.Popen(  # noqa: S603  (the configuration's author decides what runs; no shell)
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(f"{self.label} cannot be run: {error.strerror}; is it installed?") from None
        _roomy(_fd(self._child.stdout))
        for pipe in (self._child.stdout, self._child.stderr):
            self._poll.register(_fd(pipe), select.POLLIN)
        if not self._wait_for_pictures(self._monotonic() + self._timeouts_s[0]):
            raise SourceError(f"{self.label} wrote nothing for {self._timeouts_s[0]:g} s{self._last_words()}")

    def grab(self) -> bool:
        """See `Source`."""
        self._pace()
        deadline_s = self._monotonic() + self._timeouts_s[1]
        view, have, stdout = self._raw.data, 0, _fd(self._running().stdout)
        while have < len(view):
            if not self._wait_for_pictures(deadline_s):
                raise SourceStalledError(
                    f"{self.label} wrote no picture for {self._timeouts_s[1]:g} s{self._last_words()}"
                )
            read = os.readv(stdout, [view[have:]])
            if read == 0:
                return self._ended(have)
            have += read
        return True

    def retrieve(self, into: Image | None = None) -> Image | None:
        """See `Source`."""
        height, width = self._shape
        if into is None or into.shape != (height, width, 3):
            into = np.empty((height, width, 3), np.uint8)
        if self._format == "bgr24":
            np.copyto(into, self._raw.reshape(into.shape))
            return into
        rows = {"rgb24": (height, width, 3), "gray8": (height, width)}.get(self._format, (height * 3 // 2, width))
        cv2.cvtColor(self._raw.reshape(rows), _CONVERSION[self._format], dst=into)
        return into

    def cancel(self) -> None:
        """See `Source`."""
        self._cancelled.set()

    def close(self) -> None:
        """See `Source`. Ends the whole process group."""
        child, self._child = self._child, None
        if child is None:
            return
        # The leader is reaped last: until then its number is not given to anybody else, so the group is the right one.
        _signal_group(child.pid, signal.SIGTERM)
        _await_end(child.pid)
        _signal_group(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()

    def _argv(self) -> list[str]:
        try:
            argv = shlex.split(self._command)
        except ValueError as error:
            raise SourceError(f"exec: command cannot be split into words: {error}; check its quotes") from None
        if not argv:
            raise SourceError("exec: names no command; write 'exec:PROGRAM ARGUMENT …'")
        return argv

    def _pace(self) -> None:
        if self._period_s:
            now_s = self._monotonic()
            self._cancelled.wait(max(0.0, self._due_s - now_s))
            self._due_s = max(self._due_s, now_s) + self._period_s

    def _wait_for_pictures(self, deadline_s: float) -> bool:
        """Wait until standard output has something (or has ended), draining standard error; False on a time-out."""
        stdout = _fd(self._running().stdout)
        while True:
            left_s = deadline_s - self._monotonic()
            if self._cancelled.is_set():
                raise SourceError(f"{self.label} was told to stop")
            if left_s <= 0:
                return False
            if stdout in self._ready(min(_SLICE_S, left_s)):
                return True

    def _ready(self, timeout_s: float) -> set[int]:
        """Return which pipes have something to read; what standard error has is read at once."""
        stderr = _fd(self._running().stderr)
        ready = {fd for fd, _ in self._poll.poll(1000 * timeout_s)}
        if stderr in ready:
            said = os.read(stderr, _STDERR_KEPT)
            if not said:
                self._poll.unregister(stderr)
            self._said = (self._said + said)[-_STDERR_KEPT:]
        return ready

    def _ended(self, have: int) -> bool:
        """The child closed its output: an end if it left in peace, an error otherwise."""
        child = self._running()
        _await_end(child.pid)
        while _fd(child.stderr) in self._ready(0):
            pass
        if have:
            raise SourceError(
                f"{self.label} stopped in the middle of a picture ({have} of {len(self._raw)} bytes); check width, "
                f"height and pixel_format{self._last_words()}"
            )
        how = _how_it_ended(child.pid)
        if how:
            raise SourceError(f"{self.label} ended with {how}{self._last_words()}")
        return False

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise SourceError(f"{self.label} is not open")
        return self._child

    def _last_words(self) -> str:
        lines = self._said.decode("utf-8", "replace").strip().splitlines()
        return f"; it said: {redact(lines[-1], _secrets(self._argv()))}" if lines else ""


def _secrets(argv: list[str]) -> set[str]:
    """Return the words of a command line that may be secret: in addresses, and after options that say so."""
    found = set()
    for word in argv:
        with suppress(ValueError):
            parts = urlsplit(word)
            found |= {parts.password or "", parts.username or ""}
    for option, value in pairwise(argv):
        if option.startswith("-") and _SECRET_OPTION.search(option):
            found |= {value, *value.split(":")}
    return {secret for secret in found if len(secret) > 1}


def _fd(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise ValueError("the child was started without this pipe")
    return pipe.fileno()


def _roomy(pipe: int) -> None:
    """Let a pipe hold a whole picture where the kernel allows: a sixteenth of the system calls."""
    with suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 1 << 20)


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _peek(pid: int) -> os.waitid_result | None:
    """Return how a child ended without reaping it; None while it runs."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None


def _await_end(pid: int) -> None:
    deadline_s = time.monotonic() + _TERM_S
    while _peek(pid) is None and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)


def _how_it_ended(pid: int) -> str:
    """Return 'status 3' or 'signal 9', nothing after a good end or none."""
    end = _peek(pid)
    if end is None or end.si_status == 0:
        return ""
    return f"{'status' if end.si_code == os.CLD_EXITED else 'signal'} {end.si_status}"
