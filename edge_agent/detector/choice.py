"""What `edge-agent bench` found on this device, kept so that precision 'auto' means the faster file here.

The record holds only for the same files, processor and version of ONNX Runtime; anything else makes it void.
"""

import json
import platform
from pathlib import Path
from typing import Any

import onnxruntime

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision


def choice_file(bundle: Bundle, state_folder: Path) -> Path:
    """Where the winner among the files of `bundle` is recorded."""
    return state_folder / "bench" / f"{bundle.card.name}-{bundle.fingerprint}.json"


def device_key() -> dict[str, str]:
    """What a measurement depends on besides the files: the processor and the runtime."""
    return {"processor": processor_name(), "onnxruntime": onnxruntime.__version__}


def recorded_choice(bundle: Bundle, state_folder: Path) -> Precision | None:
    """The precision that won on this device, or None if nobody measured these files here."""
    try:
        record: Any = json.loads(choice_file(bundle, state_folder).read_text(encoding="utf-8"))
        if record["device"] != device_key():
            return None
        precision = Precision(record["precision"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, torn or foreign: measuring again is cheap, a stopped counter is not
    return precision if precision in bundle.precisions else None


def record_choice(bundle: Bundle, state_folder: Path, precision: Precision) -> Path:
    """Remember the winner, for `recorded_choice`.

    Returns:
        the file written.

    Raises:
        OSError: the folder cannot be written.
    """
    path = choice_file(bundle, state_folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps({"device": device_key(), "precision": precision.value}) + "\n", encoding="utf-8")
    partial.replace(path)
    return path


def processor_name() -> str:
    """The processor as the kernel names it; the board's name on ARM, where the kernel gives no other."""
    for path, key in ((Path("/proc/cpuinfo"), "model name"), (Path("/proc/device-tree/model"), "")):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if not key:
            return text.strip("\0\n ")
        names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(key)]
        if names:
            return names[0]
    return platform.machine()
