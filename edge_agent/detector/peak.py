"""Peak memory of a process that runs one file: `python -m edge_agent.detector.peak`, called by the bench.

A process of its own, because a peak never falls again: the second file of one process would inherit the first one's.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final, cast

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.network import ProviderName
from edge_agent.detector.pictures import drawn_pictures
from edge_agent.detector.session import Detector

_RUNS: Final = 5
_TIMEOUT_S: Final = 300.0


def peak_memory_mb(folder: Path, precision: str, *, threads: int, provider: ProviderName) -> float | None:
    """Peak resident memory in MB (10^6 bytes) of an interpreter that loads one file and looks at some pictures.

    Returns:
        None where the system does not tell (not Linux) or the run fails.
    """
    arguments = [str(folder.resolve()), precision, str(threads), provider]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", "edge_agent.detector.peak", *arguments],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=True,
        )
        peak = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return float(peak) if peak is not None else None


def _high_water_mb() -> float | None:
    """VmHWM of proc(5): unlike getrusage's maxrss it does not start from the parent's."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), None)


def _main(folder: str, precision: str, threads: str, provider: str) -> None:
    detector = Detector(
        Bundle.load(Path(folder)),
        precision=Precision(precision).value,
        provider=cast("ProviderName", provider),
        threads=int(threads),
    )
    for picture in drawn_pictures(1) * _RUNS:
        detector.detect(picture)
    sys.stdout.write(json.dumps(_high_water_mb()) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:5])
