"""The agent as a user runs it: the installed command, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import tomli_w
from support.broker import Listener, until

from edge_agent.message import Counts, Hour

COMMAND = (sys.executable, "-m", "edge_agent")
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


def edge_agent(*arguments: object, cwd: Path | None = None, **environment: str) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Site:
    """A configuration file in a folder of its own, with the door and the table of one-by-one.mp4."""

    folder: Path
    source: str
    broker_url: str
    bundle: Path
    tables: dict[str, Any]

    @property
    def config(self) -> Path:
        """The file; written when it is asked for."""
        path = self.folder / "site.toml"
        camera = {
            "name": "entrance",
            "source": self.source,
            "line": [{"name": "exit", "from": [0.70, 0.25], "to": [0.70, 1.0], "inside": [0.30, 0.70]}],
            "zone": [{"name": "table", "polygon": [[0.42, 0.6], [0.66, 0.6], [0.66, 1.0], [0.42, 1.0]]}],
            **self.tables.get("camera", {}),
        }
        text = tomli_w.dumps(
            {
                "site": {"tenant": "demo", "site": "milano-01", "device": "door-1", "time_zone": "Europe/Rome"},
                "broker": {"url": self.broker_url, **self.tables.get("broker", {})},
                "camera": [camera],
                "storage": {"folder": str(self.folder / "state")},
                **{name: table for name, table in self.tables.items() if name not in ("camera", "broker")},
            }
        )
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        return path

    def with_tables(self, **tables: dict[str, Any]) -> "Site":
        """The same site with other settings."""
        return Site(self.folder, self.source, self.broker_url, self.bundle, {**self.tables, **tables})

    def run(self, *options: str, **environment: str) -> Ended:
        """Run the service to its end."""
        return edge_agent("run", "--config", self.config, "--bundle", self.bundle, *options, cwd=None, **environment)

    def replay(self) -> dict[str, Any]:
        """Replay the clip."""
        done = edge_agent("replay", self.source, "--config", self.config, "--bundle", self.bundle, "--json")
        assert done.status == 0, done.err
        result: dict[str, Any] = json.loads(done.out)
        return result


class Running:
    """The service while it runs; use it as a context."""

    def __init__(self, site: Site, *options: str, **environment: str) -> None:
        self._command = [*COMMAND, "run", "--config", str(site.config), "--bundle", str(site.bundle), *options]
        self._environment = {**os.environ, **environment}
        self._log = site.folder / "run.log"

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, stderr=log, stdout=log, stdin=subprocess.DEVNULL
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop, as systemd does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text()


def windows(listener: Listener) -> tuple[list[Counts], list[Hour]]:
    """The buckets and hours that arrived, each key once; a key that came with two contents fails the test."""
    by_key: dict[tuple[str, int], bytes] = {}
    for leaf in ("counts", "hours"):
        for payload in listener.payloads(leaf):
            head = json.loads(payload)
            key = (head["epoch"], head["seq"])
            assert by_key.setdefault(key, payload) == payload, f"{key} came with two contents"
    found = [json.loads(payload)["schema"] for payload in by_key.values()]
    messages = list(zip(found, by_key.values(), strict=True))
    counts = [Counts.model_validate_json(payload) for schema, payload in messages if schema.endswith("/counts")]
    hours = [Hour.model_validate_json(payload) for schema, payload in messages if schema.endswith("/hours")]
    return counts, hours


def crossings(found: list[Counts] | list[Hour]) -> tuple[int, int]:
    """In and out of the first line, over all windows."""
    return sum(w.lines[0].in_ for w in found), sum(w.lines[0].out for w in found)


def await_live(listener: Listener, leaf: str, value: bytes, *, patience_s: float = PATIENCE_S) -> None:
    """Wait until a live leaf shows a value."""
    until(
        lambda: listener.payloads(leaf)[-1:] == [value],
        patience_s=patience_s,
        why=f"{leaf} did not become {value!r}; it was {listener.payloads(leaf)[-5:]}",
    )
