"""Workers for the tests: in a thread where they are only watched, in a process of their own where they are killed."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine
from support.broker import PATIENCE_S, Broker, until

from edge_agent.fleet.ingest.worker import Worker
from edge_agent.fleet.settings import Settings


def settings_for(url: str, broker_url: str, **ingest: Any) -> Settings:
    """Settings that admit the tenant `acme`."""
    return Settings.model_validate(
        {"database": {"url": url}, "broker": {"url": broker_url}, "ingest": {"admit": ["acme/*/*"], **ingest}}
    )


class Working:
    """A worker in a thread, until the `with` block ends; it must end by itself when it is told to.

    With a broker, the block begins when that has granted the worker's subscriptions.
    """

    def __init__(self, engine: Engine, settings: Settings, *, name: str = "1", broker: Broker | None = None) -> None:
        self.worker = Worker(engine, settings, name=name)
        self._broker = broker
        self._granted = f"Sending SUBACK to edge-agent-{settings.ingest.group}-{name}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.worker.run, args=(self._stop.is_set,))

    def __enter__(self) -> Self:
        before = self._grants
        self._thread.start()
        if self._broker is not None:
            until(lambda: self._grants >= before + 2, why="not subscribed")  # what is shared, and what is kept
        return self

    @property
    def _grants(self) -> int:
        return sum(self._granted in line for line in list(self._broker.log)) if self._broker else 0

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


class Process:
    """`edge-agent fleet ingest` as a user runs it."""

    def __init__(self, folder: Path, url: str, broker_url: str, *options: str, name: str = "1") -> None:
        self.log = folder / f"worker-{name}.log"
        self._command = [sys.executable, "-m", "edge_agent", "fleet", "ingest", "--database", url, "--broker"]
        self._command += [broker_url, "--worker", name, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self._before = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self, *, wait: bool = True) -> None:
        """Start it; wait until it says that it is connected."""
        self._before = self.text.count("connected over")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            until(lambda: self.text.count("connected over") > self._before, patience_s=60, why=self.text)

    def kill(self) -> None:
        """Kill it with -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """Ask it to stop, as systemd does, and return its exit status. It must have come as far as to listen."""
        assert self._process is not None
        until(lambda: self.text.count("connected over") > self._before, patience_s=60, why=self.text)
        self._process.terminate()
        return self._process.wait(PATIENCE_S)

    @property
    def text(self) -> str:
        """What it has logged so far."""
        return self.log.read_text() if self.log.exists() else ""
