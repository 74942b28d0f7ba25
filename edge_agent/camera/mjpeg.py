"""Motion JPEG over HTTP, read here and not by FFmpeg, because only the bytes show that a picture is truncated.

FFmpeg fills the missing rows of a truncated JPEG from an older picture and reports success; the picture looks whole.
"""

import http.client
import socket
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from functools import partial
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPHandler,
    HTTPPasswordMgrWithDefaultRealm,
    ProxyHandler,
    Request,
    build_opener,
)

import cv2
import numpy as np

from edge_agent.camera.credentials import Login, public, read_login
from edge_agent.camera.source import SOFT, Source, SourceError, SourceStalledError, one_line
from edge_agent.records import Image

_BEGIN: Final = b"\xff\xd8"
_END: Final = b"\xff\xd9"
_LARGEST: Final = 32 * 1024 * 1024
_LINE: Final = 65536
_HEADER_LINES: Final = 100
_PADDING: Final = b"\0\r\n \xff"
"""What cameras put behind the end of a picture."""


class HttpSource:
    """A camera at an http:// address: Motion JPEG is read here, everything else is left to `other`."""

    def __init__(
        self,
        url: str,
        *,
        credentials_file: Path | None = None,
        open_timeout_s: float,
        read_timeout_s: float,
        other: Callable[[], Source],
    ) -> None:
        self._url = url
        self._credentials_file = credentials_file
        self._open_s = SOFT * open_timeout_s
        self._read_s = SOFT * read_timeout_s
        self._make_other = other
        self._other: Source | None = None
        self._wire = _Wire(self._read_s)
        self._parts: _Parts | None = None
        self._jpeg = b""

    @property
    def label(self) -> str:
        """See `Source`."""
        return public(self._url)

    def open(self) -> None:
        """See `Source`.

        Raises:
            SourceError: the camera is not there, refuses, or (of `other`) sends nothing that can be read.
        """
        response = self._ask(read_login(self._credentials_file))
        if response.headers.get_content_maintype() == "multipart":
            self._parts = _Parts(response)
            return
        self._wire.cut()
        self._other = self._make_other()
        self._other.open()

    def grab(self) -> bool:
        """See `Source`."""
        if self._other is not None:
            return self._other.grab()
        if self._parts is None:
            raise SourceError(f"{self.label} is not open")
        try:
            jpeg = self._parts.next()
        except TimeoutError:
            raise SourceStalledError(f"{self.label} sent nothing for {self._read_s:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SourceError(f"{self.label} broke off: {one_line(str(error)) or type(error).__name__}") from None
        self._jpeg = jpeg or b""
        return jpeg is not None

    def retrieve(self, into: Image | None = None) -> Image | None:
        """See `Source`. OpenCV cannot decode a JPEG into given memory, so `into` is used by `other` only."""
        if self._other is not None:
            return self._other.retrieve(into)
        if not is_whole(self._jpeg):
            return None
        try:
            image = cv2.imdecode(np.frombuffer(self._jpeg, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            return None
        return image  # type: ignore[return-value]  # MatLike is any array; quality.py checks

    def cancel(self) -> None:
        """See `Source`."""
        self._wire.cut()
        if self._other is not None:
            self._other.cancel()

    def close(self) -> None:
        """See `Source`."""
        self._wire.cut()
        if self._parts is not None:
            self._parts.close()
        if self._other is not None:
            self._other.close()

    def _ask(self, login: Login | None) -> http.client.HTTPResponse:
        passwords = HTTPPasswordMgrWithDefaultRealm()
        if login is not None:
            passwords.add_password(None, self._url, login.user, login.password)
        opener = build_opener(
            ProxyHandler({}),  # a camera is on the local network; the environment's proxy is not for it
            HTTPDigestAuthHandler(passwords),
            HTTPBasicAuthHandler(passwords),
            self._wire,
        )
        try:
            response: http.client.HTTPResponse = opener.open(Request(self._url), timeout=self._open_s)  # noqa: S310  (http)
        except HTTPError as error:
            error.close()
            hint = "check credentials_file" if error.code in (401, 403) else "check the path"
            raise SourceError(f"{self.label} answered {error.code} {one_line(error.reason)}; {hint}") from None
        except (URLError, OSError, http.client.HTTPException, ValueError) as error:
            raise SourceError(f"{self.label} {_why(error)}; check the address and the network") from None
        return response


def is_whole(jpeg: bytes) -> bool:
    """Whether a JPEG has its beginning and its end; a truncated one still decodes, with rows of grey."""
    return jpeg.startswith(_BEGIN) and (jpeg.endswith(_END) or jpeg.rstrip(_PADDING).endswith(_END))


def _why(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return "did not answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return f"cannot be reached: {one_line(reason.strerror)}"
    return f"cannot be reached: {type(reason).__name__}"


class _Connection(http.client.HTTPConnection):
    """A connection with one time-out for connecting and another for every read."""

    def __init__(self, host: str, *, wire: "_Wire", timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._wire = wire

    def connect(self) -> None:
        super().connect()
        self._wire.hold(self.sock)


class _Wire(HTTPHandler):
    """Keeps hold of the socket, so that another thread can cut it."""

    def __init__(self, read_s: float) -> None:
        super().__init__()
        self._read_s = read_s
        self._socket: socket.socket | None = None
        self._is_cut = False

    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_Connection, wire=self), req)

    def hold(self, sock: socket.socket) -> None:
        sock.settimeout(self._read_s)
        self._socket = sock
        if self._is_cut:
            self.cut()

    def cut(self) -> None:
        self._is_cut = True
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class _Parts:
    """The parts of a multipart/x-mixed-replace body, one after the other (RFC 2046, section 5.1)."""

    def __init__(self, body: http.client.HTTPResponse) -> None:
        self._body = body
        self._at_mark = False
        boundary = body.headers.get_boundary("")
        # Some cameras put the two dashes into the header as well, and send them only once.
        self._mark = b"--" + boundary.removeprefix("--").encode("latin-1", "replace")

    def next(self) -> bytes | None:
        """Return the next part's content; None at the end."""
        if not self._skip_to_mark():
            return None
        header = self._header()
        length = header.get("Content-Length", "")
        if not length.strip().isdigit():
            return self._until_mark()
        size = int(length)
        if size > _LARGEST:
            raise ValueError(f"a picture of {size} bytes is too large")
        content = self._body.read(size)
        return content or None

    def close(self) -> None:
        with suppress(OSError):
            self._body.close()

    def _skip_to_mark(self) -> bool:
        if self._at_mark:
            self._at_mark = False
            return True
        skipped = 0
        while line := self._body.readline(_LINE):
            if line.startswith(self._mark or b"--"):
                self._mark = self._mark or line.strip()
                return not line.startswith(self._mark + b"--")
            skipped += len(line)
            if skipped > _LARGEST:
                raise ValueError("no picture begins; this is not Motion JPEG")
        return False

    def _header(self) -> Message:
        header = Message()
        for _ in range(_HEADER_LINES):
            line = self._body.readline(_LINE).decode("latin-1").strip()
            if not line:
                return header
            name, _, value = line.partition(":")
            header[name] = value
        raise ValueError("the header of a picture does not end")

    def _until_mark(self) -> bytes | None:
        content = bytearray()
        while line := self._body.readline(_LINE):
            if line.startswith(self._mark):
                self._at_mark = True
                break
            content += line
            if len(content) > _LARGEST:
                raise ValueError("a picture does not end")
        return bytes(content).rstrip(b"\r\n") or None
