"""/metrics of one worker, for Prometheus: served between two turns of the worker's loop, without a thread."""

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from edge_agent.fleet.ingest.batch import Tally
from edge_agent.fleet.ingest.reading import Reason

_PATIENCE_S: Final = 2.0
_MOST_CLIENTS: Final = 8
_MOST_REQUEST: Final = 8_192


class Metrics:
    """Counters of what this worker has done since it began.

    Args:
        port: on the loopback.

    Raises:
        OSError: it is taken.
    """

    def __init__(self, port: int) -> None:
        self.tally = Tally()
        self.leads = False
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0)
        self._clients: dict[socket.socket, tuple[float, bytearray]] = {}

    def collect(self) -> Iterable[Metric]:
        """What Prometheus is told."""
        tally = self.tally
        what = CounterMetricFamily(
            "footfall_ingest_messages",
            "Messages by what became of them; dead letters by their reason.",
            labels=["became"],
        )
        rest = {"stored": tally.stored, "again": tally.again, "noted": tally.noted, "quarantined": tally.quarantined}
        for became, count in (rest | {f"dead_{reason}": tally.dead[reason] for reason in Reason}).items():
            what.add_metric([became], count)
        leads = GaugeMetricFamily("footfall_ingest_leads", "Whether this worker advances and publishes the watermarks.")
        leads.add_metric([], int(self.leads))
        return what, leads

    def serve(self) -> None:
        """Answer whoever asks now; nobody can make it wait."""
        with suppress(OSError):
            while len(self._clients) < _MOST_CLIENTS:
                client, _ = self._listener.accept()
                client.settimeout(0)
                self._clients[client] = (time.monotonic(), bytearray())
        for client in list(self._finished()):
            del self._clients[client]
            client.close()

    def close(self) -> None:
        """Let go of the port."""
        for sock in (self._listener, *self._clients):
            sock.close()

    def _finished(self) -> Iterator[socket.socket]:
        for client, (since_s, request) in self._clients.items():
            try:
                request.extend(client.recv(_MOST_REQUEST))
                if b"\r\n\r\n" in request:
                    client.send(self._answer(bytes(request)))
                    yield client
                    continue
            except BlockingIOError:
                pass
            except OSError:
                yield client
                continue
            if time.monotonic() - since_s > _PATIENCE_S or len(request) > _MOST_REQUEST:
                yield client

    def _answer(self, request: bytes) -> bytes:
        if not request.startswith(b"GET /metrics "):
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        body = generate_latest(self._registry)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n"
        return f"{head}Connection: close\r\n\r\n".encode() + body
