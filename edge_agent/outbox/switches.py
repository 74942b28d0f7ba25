"""When demographics were switched on and off: a file that is only ever added to, for whoever must prove it later.

It stands beside the outbox instead of in it, because the agent holds that file alone, and this one is to be read while
it runs, also with a text editor. Every line carries the hash of the one before, so that one that was taken out or
altered shows. A line is a JSON object: `at` (UTC), `synced` (whether the clock was set), `camera`, `on`, `prev`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

FILE_NAME: Final = "demographics-switches.jsonl"

_GENESIS: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Switch:
    """One change. `at` is an instant in UTC, as the device's clock showed it; `synced` says whether that was set."""

    at: str
    synced: bool
    camera: str
    on: bool


@dataclass(frozen=True, slots=True)
class History:
    """All changes, oldest first.

    Attributes:
        switches: what could be read.
        broken: numbers of the lines, from 1, that are no entry or do not follow the one before them.
    """

    switches: tuple[Switch, ...]
    broken: tuple[int, ...]

    def since(self, camera: str) -> str | None:
        """Return since when a camera has been on without a break; None while it is off."""
        last = next((switch for switch in reversed(self.switches) if switch.camera == camera), None)
        return last.at if last is not None and last.on else None


def read_switches(folder: Path) -> History:
    """Read the file of a state folder; one that does not exist has no entries.

    Raises:
        OSError: it cannot be read.
    """
    try:
        lines = (folder / FILE_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        lines = []
    switches, broken, prev = [], [], _GENESIS
    for number, line in enumerate(lines, start=1):
        switch, follows = _parse(line)
        if switch is None or follows != prev:
            broken.append(number)
        if switch is not None:
            switches.append(switch)
        prev = _hash(line)
    return History(tuple(switches), tuple(broken))


def note_switches(folder: Path, states: Mapping[str, bool], *, at: str, synced: bool) -> History:
    """Add a line for every camera whose state is another than its last, and return all.

    A camera that is not there any more is off; one that was never on is not worth a line.

    Args:
        folder: the state folder.
        states: per camera, whether demographics are on.
        at: now, in UTC.
        synced: whether that can be trusted.

    Raises:
        OSError: the file cannot be read or written.
    """
    history = read_switches(folder)
    last = {switch.camera: switch.on for switch in history.switches}
    wanted = {**dict.fromkeys(last, False), **states}
    changed = [Switch(at, synced, name, on) for name, on in wanted.items() if last.get(name, False) != on]
    if changed:
        _append(folder / FILE_NAME, changed)
    return read_switches(folder) if changed else history


def _append(path: Path, switches: list[Switch]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        before = file.read()
        lines = before.splitlines()
        prev = _hash(lines[-1]) if lines else _GENESIS
        text = b"" if not before or before.endswith(b"\n") else b"\n"  # power went in the middle of a line
        for switch in switches:
            entry = {"at": switch.at, "synced": switch.synced, "camera": switch.camera, "on": switch.on, "prev": prev}
            line = json.dumps(entry).encode()
            prev = _hash(line)
            text += line + b"\n"
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _parse(line: bytes) -> tuple[Switch | None, str]:
    try:
        entry = json.loads(line)
        switch = Switch(entry["at"], entry["synced"], entry["camera"], entry["on"])
        sound = all(isinstance(text, str) for text in (switch.at, switch.camera, entry["prev"]))
        sound &= isinstance(switch.on, bool) and isinstance(switch.synced, bool)
    except (ValueError, TypeError, KeyError):
        return None, ""
    return (switch, entry["prev"]) if sound else (None, "")


def _hash(line: bytes) -> str:
    return sha256(line).hexdigest()
