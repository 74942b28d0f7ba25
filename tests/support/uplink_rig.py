"""An uplink in a supervised thread, over a real outbox, as the service runs it."""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from support.broker import PATIENCE_S, until
from support.chain import draft

from edge_agent.clock import SystemClock
from edge_agent.config.schema import BrokerConfig
from edge_agent.outbox import Outbox
from edge_agent.uplink import Uplink

BASE = "footfall/v1/acme/rome/door-1"

_log = logging.getLogger(__name__)


def state(status: str, session: int) -> bytes:
    """A payload of base/state."""
    return json.dumps({"status": status, "session": session}).encode()


class Rig:
    """Runs an uplink until the `with` block ends. `run` is started again when it raises, as the service does it."""

    def __init__(
        self,
        folder: Path,
        broker: dict[str, Any],
        *,
        base: str = BASE,
        client_id: str = "door-1",
        at: Callable[[str], None] = lambda _: None,
        max_mb: float = 16,
        **uplink: Any,
    ) -> None:
        self.outbox = Outbox(folder / "outbox.sqlite", max_mb=max_mb, clock=SystemClock(), at=at)
        self.uplink = Uplink(
            broker=BrokerConfig.model_validate({"drain_per_s": 1000, **broker}),
            outbox=self.outbox,
            base=base,
            client_id=client_id,
            birth=lambda session: state("online", session),
            will=lambda session: state("offline", session),
            clock=SystemClock(),
            at=at,
            random=Random(1),
            **uplink,
        )
        self.crashes: list[Exception] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="uplink")

    def _supervise(self) -> None:
        while not self._stop.is_set():
            try:
                self.uplink.run(self._stop)
            except Exception as error:  # noqa: BLE001 - the supervisor's task
                _log.exception("the uplink stopped")
                self.crashes.append(error)
                self._stop.wait(0.1)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, _e: object, _t: TracebackType | None) -> None:
        self.stop()
        self.outbox.close()

    def stop(self) -> None:
        """Stop as on SIGTERM."""
        self._stop.set()
        self.uplink.wake()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def add(self, *contents: int | str, padding: int = 0) -> None:
        """Append one message per content and wake the uplink."""
        self.outbox.append([draft(content, padding=padding) for content in contents])
        self.uplink.wake()

    def wait_connected(self) -> None:
        """Wait for a connection."""
        until(lambda: self.uplink.connected, why="not connected")

    def wait_drained(self) -> None:
        """Wait until the broker has acknowledged every row."""
        assert self.uplink.drained(PATIENCE_S), self.uplink.counters


def delivered(payloads: list[bytes]) -> list[int | str]:
    """Contents of the messages that arrived, each once, in the order of their keys; two with one key are equal."""
    by_key: dict[tuple[str, int], bytes] = {}
    for payload in payloads:
        body = json.loads(payload)
        assert by_key.setdefault((body["epoch"], body["seq"]), payload) == payload
    return [json.loads(by_key[key])["content"] for key in sorted(by_key, key=lambda key: key[1])]
