"""Starts the RTSP server of `rtsp_server.py`, and stops, freezes or restarts it on the same port."""

import signal
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from support.needs import lacks, needs

_SCRIPT = Path(__file__).with_name("rtsp_server.py")
_PYTHON = "/usr/bin/python3"
_PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


class RtspServer:
    """A server for one clip; use it as a context. `url` stays the same over restarts."""

    def __init__(self, clip: Path, *options: str) -> None:
        needs("ffmpeg")
        if not _is_installed():
            lacks("needs the packages gir1.2-gst-rtsp-server-1.0, python3-gi and gstreamer1.0-plugins-good, -bad")
        self._clip = clip
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self.thaw()
            self._process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(3)  # time to take its files away
        self.kill()

    def start(self) -> None:
        """Listen, on the port of before if there was one."""
        port = ("--port", str(urlsplit(self.url).port)) if self.url else ()
        self._process = subprocess.Popen(
            [_PYTHON, str(_SCRIPT), str(self._clip), *self._options, *port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        ready, _, self.url = self._process.stdout.readline().strip().partition(" ")
        assert ready == "READY", "the RTSP server did not start"

    def kill(self) -> None:
        """End it at once, as a power cut does; connections are reset by the kernel."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def freeze(self) -> None:
        """Let it stop answering while its connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@cache
def _is_installed() -> bool:
    if not Path(_PYTHON).exists():
        return False
    return subprocess.run([_PYTHON, "-c", _PROBE], capture_output=True, check=False).returncode == 0
