"""Peak memory of a process that has only one file of a bundle loaded.

Linux lets a process set its own high-water mark back (`/proc/self/clear_refs`, proc(5)), so that no child process is
needed. What ONNX Runtime sets up once, at the first session, has to be there before: load something first.
"""

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")
_RESET_HIGH_WATER: Final = "5"


def peak_memory_mb(work: Callable[[], object]) -> float | None:
    """Highest resident memory of this process in MB (10^6 bytes) while `work` runs, all else of the process included.

    Returns:
        None where the system does not tell: not Linux, or a sandbox that hides it.
    """
    _give_back()
    try:
        _CLEAR.write_text(_RESET_HIGH_WATER, encoding="ascii")
    except OSError:
        return None
    work()
    return _high_water_mb()


def _give_back() -> None:
    """Let earlier work's memory go, which Python and the C library would otherwise keep for later."""
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # glibc
        libc.malloc_trim(0)


def _high_water_mb() -> float | None:
    lines = _STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), None)
