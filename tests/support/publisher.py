"""A real HTTP server on the loopback that offers files the way publishers do, and fails the ways they do."""

import ssl
import threading
from dataclasses import dataclass, field
from enum import StrEnum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

_PATIENCE_S: Final = 60.0


class Fault(StrEnum):
    """How the server misbehaves."""

    NONE = auto()
    NO_RANGE = auto()  # answers every request with the whole file
    WRONG_RANGE = auto()  # answers with another part than was asked for
    RANGE_REFUSED = auto()  # 416 to any range
    WRONG_BYTES = auto()  # right length, other content
    LONGER = auto()  # the file has grown
    SHORTER = auto()  # the file has shrunk
    ENDLESS = auto()  # no length, and more bytes than there should be
    MISSING = auto()  # 404
    BUSY = auto()  # 503 as long as `drops` has entries, one for each answer
    STALL = auto()  # sends half, then nothing until `release` is set
    ELSEWHERE = auto()  # redirects to plain http somewhere on the internet


@dataclass
class Publisher:
    """Files by path, what is wrong today, and what was asked.

    Attributes:
        files: content by path, such as '/net.onnx'.
        tls: makes it an https server.
        fault: what is wrong.
        drops: for each of the next answers, after how many bytes of body the line is cut.
        asked: the Range header of each request so far, '' without one.
        stalled: set when half of a file is on its way to a client that now waits.
        release: lets stalled clients go.
    """

    files: dict[str, bytes]
    tls: ssl.SSLContext | None = None
    fault: Fault = Fault.NONE
    drops: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"publisher": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str) -> str:
        """Address of a file."""
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._server.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    """One request after the other of one client."""

    protocol_version = "HTTP/1.1"
    publisher: Publisher

    def do_GET(self) -> None:
        """Answer as the fault of the day has it."""
        self.close_connection = True
        span = self.headers.get("Range", "")
        self.publisher.asked.append(span)
        content = _today(self.publisher, self.publisher.files.get(self.path))
        if content is None:
            self._head(404, {"Content-Length": "0"})
        elif self.publisher.fault is Fault.ELSEWHERE:
            self._head(302, {"Location": "http://example.com/file", "Content-Length": "0"})
        elif self.publisher.fault is Fault.BUSY and self.publisher.drops:
            self.publisher.drops.pop(0)
            self._head(503, {"Content-Length": "0"})
        elif span and self.publisher.fault is Fault.RANGE_REFUSED:
            self._head(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
        elif span and self.publisher.fault is not Fault.NO_RANGE:
            self._part(content, int(span.removeprefix("bytes=").removesuffix("-")))
        else:
            length = {} if self.publisher.fault is Fault.ENDLESS else {"Content-Length": str(len(content))}
            self._head(200, length)
            self._body(content)

    def _part(self, content: bytes, start: int) -> None:
        if start >= len(content):
            self._head(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
            return
        if self.publisher.fault is Fault.WRONG_RANGE:
            start = start // 2 + 1
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._head(206, {"Content-Range": span, "Content-Length": str(len(content) - start)})
        self._body(content[start:])

    def _body(self, body: bytes) -> None:
        if self.publisher.drops and self.publisher.fault is not Fault.BUSY:
            self.wfile.write(body[: self.publisher.drops.pop(0)])
        elif self.publisher.fault is Fault.STALL:
            self.wfile.write(body[: len(body) // 2])
            self.publisher.stalled.set()
            self.publisher.release.wait(_PATIENCE_S)
        else:
            self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def handle(self) -> None:
        """A client that was killed in the middle is no error of the server's."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Keep the test's output clean."""


def _today(publisher: Publisher, content: bytes | None) -> bytes | None:
    """What the server believes the file to be."""
    match publisher.fault:
        case Fault.MISSING:
            return None
        case Fault.WRONG_BYTES if content is not None:
            return bytes(len(content))
        case Fault.LONGER | Fault.ENDLESS if content is not None:
            return content + b"more"
        case Fault.SHORTER if content is not None:
            return content[:-1]
        case _:
            return content
