"""Time: a monotonic clock for durations, a wall clock for bucket edges, and whether to believe the latter."""

import ctypes
import os
import time
from typing import Final, Protocol

_TIME_ERROR: Final = 5
_STA_UNSYNC: Final = 0x40


class Clock(Protocol):
    """What the agent needs to know about time."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary instant; never jumps. Durations, timeouts and track times use this."""

    def utc(self) -> float:
        """Seconds since 1970-01-01T00:00Z; may jump. Only bucket edges use this."""

    def is_synced(self) -> bool:
        """Whether the wall clock is disciplined (NTP, PTP, GPS)."""


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2); only `status` is read, the tail is padding that the kernel fills."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("tail", ctypes.c_byte * 256),
    )


class SystemClock:
    """The machine's clocks. Asking the kernel whether it is synchronised needs no privilege (modes = 0)."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None

    def monotonic(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def utc(self) -> float:
        """See `Clock`."""
        return time.time()

    def is_synced(self) -> bool:
        """See `Clock`. False where the kernel cannot be asked (seccomp, not Linux): then time is held back."""
        if self._libc is None or not hasattr(self._libc, "adjtimex"):
            return False
        buffer = _Timex()
        state = self._libc.adjtimex(ctypes.byref(buffer))
        return state not in (-1, _TIME_ERROR) and not buffer.status & _STA_UNSYNC


class ManualClock:
    """A clock that moves only when told: tests, and the media time of a replayed file."""

    def __init__(self, monotonic_s: float = 0.0, utc_s: float = 0.0, *, synced: bool = True) -> None:
        self._monotonic_s = monotonic_s
        self._utc_s = utc_s
        self.synced = synced

    def monotonic(self) -> float:
        """See `Clock`."""
        return self._monotonic_s

    def utc(self) -> float:
        """See `Clock`."""
        return self._utc_s

    def is_synced(self) -> bool:
        """See `Clock`."""
        return self.synced

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks.

        Raises:
            ValueError: time cannot pass backwards; use `step_utc` for a jumping wall clock.
        """
        if seconds < 0:
            raise ValueError(f"a clock cannot advance by {seconds} s; use step_utc for a jump")
        self._monotonic_s += seconds
        self._utc_s += seconds

    def advance_to(self, monotonic_s: float) -> None:
        """Let time pass until a monotonic instant; one that is past already changes nothing."""
        self.advance(max(0.0, monotonic_s - self._monotonic_s))

    def step_utc(self, seconds: float) -> None:
        """Let the wall clock jump, as NTP or a person does."""
        self._utc_s += seconds
