"""The process's own memory: code in it that nobody needs, and pictures in it that must not reach a disk."""

import ctypes
import resource
import sys
from pathlib import Path
from typing import Final

_MADV_DONTNEED: Final = 4
_PR_GET_DUMPABLE: Final = 3  # prctl(2)
_PR_SET_DUMPABLE: Final = 4


def leave_no_core_file() -> None:
    """Keep the kernel from writing this process's memory, and with it a picture, to a disk when it crashes.

    The limit stops files and is inherited by child processes; without being dumpable the process is not handed to a
    program such as systemd-coredump or apport either, which takes no notice of the limit (core(5)).
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    set_dumpable(dumpable=False)


def set_dumpable(*, dumpable: bool) -> None:
    """Say whether a program that handles crashes may have this process's memory; nothing where this is not Linux."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)


def is_dumpable() -> bool:
    """Whether such a program may have it; where this is not Linux nobody knows, and it is taken for so."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0))


def release_code_pages() -> int:
    """Give back the pages of libraries' code; what is still needed comes back by itself, from the page cache.

    The kernel maps the neighbours of each page that is touched, so that starting OpenCV and ONNX Runtime makes tens of
    megabytes of code resident that never runs again. Measured with yolox_nano on a fresh installation: the peak of
    `run` is 186 MB without, and 159 MB with a call before the network is loaded. Only mappings that are executable,
    private and of a file are touched: nothing in them was ever written, so nothing can be lost (madvise(2)).

    Returns:
        How many bytes of mappings were given back; 0 where this is not Linux.
    """
    if not sys.platform.startswith("linux"):
        return 0
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    released = 0
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        span, flags, _offset, _device, _inode, *path = line.split(maxsplit=5)
        if flags != "r-xp" or not path or not path[0].startswith("/"):
            continue
        start, end = (int(edge, 16) for edge in span.split("-"))
        if madvise(start, end - start, _MADV_DONTNEED) == 0:
            released += end - start
    return released
