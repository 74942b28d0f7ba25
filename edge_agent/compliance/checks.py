"""The half-yearly check: what is looked at, and what a finding says. Each check gives one `Check`."""

import platform
import resource
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import onnxruntime

from edge_agent import __version__
from edge_agent.camera import SyntheticSource
from edge_agent.clock import ManualClock
from edge_agent.compliance.memory_search import Canary
from edge_agent.compliance.pictures import KINDS, pictures_in_file
from edge_agent.compliance.schema import digests, published
from edge_agent.config import Config, config_hash, machine_folder, state_folder
from edge_agent.detector.session import Detector
from edge_agent.memory import is_dumpable, set_dumpable
from edge_agent.outbox import read_switches
from edge_agent.pipeline import make_pipeline
from edge_agent.records import Frame

Verdict = Literal["passed", "failed", "told"]

_FRAMES_BEFORE: Final = 5
_FRAMES_AFTER: Final = 30
_WIDTH, _HEIGHT, _FPS = 640, 360, 10.0
_FILES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found. `told` is neither good nor bad: it is there to be read.

    Attributes:
        name: which check.
        verdict: how it ended.
        facts: what was found, as plain values.
        limits: what it cannot show.
    """

    name: str
    verdict: Verdict
    facts: dict[str, Any] = field(default_factory=dict)
    limits: str = ""

    def plain(self) -> dict[str, Any]:
        """As plain values."""
        return {"name": self.name, "verdict": self.verdict, "facts": self.facts, "limits": self.limits}


def no_picture_on_disk(config: Config, also: Iterable[Path]) -> Check:
    """Look through every file that the agent writes for the beginnings of pictures and videos."""
    folders = [state_folder(config), machine_folder(), *also]
    files = dict.fromkeys(path for folder in folders for path in _files(folder))
    files |= dict.fromkeys(path for path in _own_temporary_files())
    found, unread, size = [], [], 0
    for path in files:
        try:
            size += path.stat().st_size
            found += [f"{path}: {picture.kind} at byte {picture.at}" for picture in pictures_in_file(path)]
        except OSError as error:
            unread.append(f"{path}: {error.strerror or error}")
    return Check(
        "no_picture_on_disk",
        "failed" if found or unread else "passed",
        {
            "folders": [str(folder) for folder in dict.fromkeys(folders)],
            "files": len(files),
            "bytes": size,
            "kinds_looked_for": list(KINDS),
            "found": found[:_FILES_SHOWN],
            "not_readable": unread[:_FILES_SHOWN],
        },
        "Pixels without a header, encrypted files and free space of the file system are not recognised.",
    )


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _own_temporary_files() -> Iterator[Path]:
    """Files of the service's private temporary folder under systemd, and of any that bear the agent's name."""
    for pattern in ("edge-agent*", "systemd-private-*-edge-agent*"):
        for path in Path(tempfile.gettempdir()).glob(pattern):
            yield from [path] if path.is_file() else _files(path)


def memory_overwritten(config: Config, detector: Detector) -> Check:
    """Send a picture with a unique pattern through the pipeline, and look for it in memory after the next pictures."""
    canary = Canary(secrets.randbits(64))
    source = SyntheticSource(width=_WIDTH, height=_HEIGHT, fps=_FPS)
    clock = ManualClock(0.0, 1_700_000_000.0)
    pipeline, _ = make_pipeline(config, config.camera[0], detector, clock, detect=detector.detect)
    buffer = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
    source.open()

    def show(first: int, last: int, *, drawn: bool = False) -> None:
        for index in range(first, last):
            source.grab()
            source.retrieve(buffer)
            if drawn:
                canary.draw(buffer)
            clock.advance_to(index / _FPS)
            for _step in pipeline.run([Frame(buffer, index / _FPS, index)]):
                pass

    was_dumpable = is_dumpable()
    set_dumpable(dumpable=True)  # else only root may read this process's memory, and not even the process itself
    try:
        show(0, _FRAMES_BEFORE)
        show(_FRAMES_BEFORE, _FRAMES_BEFORE + 1, drawn=True)
        during = canary.search()
        show(_FRAMES_BEFORE + 1, _FRAMES_BEFORE + 1 + _FRAMES_AFTER)
        after = canary.search()
    except OSError as error:
        return Check("memory_overwritten", "failed", {"error": str(error.strerror or error)})
    finally:
        set_dumpable(dumpable=was_dumpable)
    return Check(
        "memory_overwritten",
        "passed" if during.finds and not after.finds else "failed",
        {
            "found_while_the_picture_was_shown": during.finds,
            "found_after_further_pictures": after.finds,
            "further_pictures": _FRAMES_AFTER,
            "bytes_searched": after.bytes_read,
            "bytes_not_readable": after.bytes_unread,
        },
        "Shown for the pictures themselves and for smaller copies in this process, with a synthetic camera. Not shown: "
        "the network's inner numbers, which the next picture overwrites, buffers of the kernel and of the camera, and "
        "the memory of the running service, which is another process of the same program.",
    )


def schema_unchanged() -> Check:
    """Compare the schema that the code enforces with the one that was published with this version."""
    try:
        known = published()
    except (OSError, ValueError) as error:
        return Check("schema_unchanged", "failed", {"error": f"the published schema cannot be read: {error}"})
    now = digests()
    changed = sorted(leaf for leaf in now.keys() | known.keys() if now.get(leaf) != known.get(leaf))
    return Check("schema_unchanged", "failed" if changed else "passed", {"changed": changed, "sha256": now})


def no_core_file() -> Check:
    """Whether the kernel would write memory to a disk when the agent crashes."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_CORE)
    dumpable = is_dumpable()
    return Check(
        "no_core_file",
        "passed" if soft == 0 and not dumpable else "failed",
        {"core_limit": soft, "dumpable": dumpable, "core_pattern": _line("/proc/sys/kernel/core_pattern")},
    )


def swap() -> Check:
    """Where the kernel may move memory to; the unit file forbids it for the service."""
    lines = _line("/proc/swaps", every=True).splitlines()[1:]
    status = dict(line.split(":", 1) for line in _line("/proc/self/status", every=True).splitlines() if ":" in line)
    return Check(
        "swap",
        "told",
        {"swap_on": [line.split()[0] for line in lines], "swapped_of_this_process": status.get("VmSwap", "?").strip()},
        "deploy/edge-agent.service sets MemorySwapMax=0; started in another way, the service can be swapped.",
    )


def switch_history(config: Config) -> Check:
    """When demographics were switched on and off on this device."""
    try:
        history = read_switches(state_folder(config))
    except OSError as error:
        return Check("switch_history", "failed", {"error": str(error.strerror or error)})
    return Check(
        "switch_history",
        "failed" if history.broken else "passed",
        {
            "switches": [f"{s.at} {s.camera} {'on' if s.on else 'off'}" for s in history.switches],
            "lines_that_do_not_follow": list(history.broken),
            "on_now": [camera.name for camera in config.camera if camera.demographics],
            "notices": {c.name: str(c.notice_date) if c.notice_date else None for c in config.camera if c.demographics},
        },
    )


def versions(config: Config) -> Check:
    """What runs here, and with which configuration."""
    return Check(
        "versions",
        "told",
        {
            "edge_agent": __version__,
            "python": platform.python_version(),
            "onnxruntime": str(onnxruntime.__version__),
            "config": config_hash(config),
        },
    )


def check_all(config: Config, load_detector: Callable[[], Detector], also: Iterable[Path]) -> list[Check]:
    """Do everything, in the order of the report."""
    return [
        no_picture_on_disk(config, also),
        memory_overwritten(config, load_detector()),
        schema_unchanged(),
        no_core_file(),
        swap(),
        switch_history(config),
        versions(config),
    ]


def _line(path: str, *, every: bool = False) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text if every else text.strip()
