"""A camera that speaks Motion JPEG over HTTP, and misbehaves as told: Python's own HTTP server on the loopback."""

import threading
from base64 import b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import cv2
import numpy as np

from edge_agent.camera import SyntheticSource
from edge_agent.records import Image

BOUNDARY = "picture"


def scene(index: int, *, width: int = 320, height: int = 240) -> Image:
    """Return one picture of the made-up scene."""
    source = SyntheticSource(width=width, height=height)
    source.open()
    for _ in range(index % 50 + 1):
        source.grab()
    image = source.retrieve()
    assert image is not None
    return image


def jpeg(image: Image) -> bytes:
    """Return a picture as JPEG."""
    good, data = cv2.imencode(".jpg", image)
    assert good
    return np.asarray(data).tobytes()


class Viewer:
    """One client, as the script of a test sees it."""

    def __init__(self, handler: BaseHTTPRequestHandler, number: int, closing: threading.Event) -> None:
        self.number = number
        """How many clients came before."""
        self.closing = closing
        self._handler = handler

    def begin(self, content_type: str = f"multipart/x-mixed-replace; boundary={BOUNDARY}") -> None:
        """Answer 200."""
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", content_type)
        self._handler.end_headers()

    def send(self, data: bytes, *, with_length: bool = True) -> None:
        """Send one part."""
        length = f"Content-Length: {len(data)}\r\n" if with_length else ""
        head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n{length}\r\n"
        self.raw(head.encode() + data + b"\r\n")

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._handler.wfile.write(data)

    def stay_silent(self) -> None:
        """Keep the connection and say nothing until the test is over."""
        self.closing.wait()

    def pause(self, seconds: float) -> bool:
        """Wait between pictures; False once the test is over."""
        return not self.closing.wait(seconds)


class HttpCamera:
    """Runs `script` for every client; use it as a context."""

    def __init__(self, script: Callable[[Viewer], None], *, login: str | None = None) -> None:
        self._script = script
        self._expected = f"Basic {b64encode(login.encode()).decode()}" if login else None
        self._closing = threading.Event()
        self._clients = 0
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera._answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the standard library's name)
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # the client left, which is what these tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where the pictures are."""
        return f"http://127.0.0.1:{self._server.server_port}/video"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        if self._expected and handler.headers.get("Authorization") != self._expected:
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="camera"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        number, self._clients = self._clients, self._clients + 1
        self._script(Viewer(handler, number, self._closing))
