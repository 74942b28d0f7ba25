"""Threads: made here and nowhere else, named, watched, and restarted within a budget."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from edge_agent.clock import Clock

_log = logging.getLogger(__name__)

_RESTARTS: Final = 5
_WITHIN_S: Final = 60.0

Body = Callable[[], None]


class GiveUp(Exception):  # noqa: N818 - it is a decision, not an error
    """A part of the agent cannot be kept alive; only a new process can help."""


def spawn(body: Body, name: str) -> threading.Thread:
    """Start a daemon thread: one that hangs in a driver must not keep the process from ending."""
    thread = threading.Thread(target=body, name=name, daemon=True)
    thread.start()
    return thread


class Supervised:
    """A thread that is to run until its work is done; one that fails is started again, five times a minute at most."""

    def __init__(self, name: str, body: Body, clock: Clock, *, fatal: tuple[type[Exception], ...] = ()) -> None:
        """Prepare; a `fatal` error is one that no restart of the thread can cure."""
        self.name = name
        self.finished = False
        """Whether the body returned, which means that there is nothing more to do."""
        self._body = body
        self._clock = clock
        self._fatal = fatal
        self._failures: deque[float] = deque(maxlen=_RESTARTS)
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._error = None
        self._thread = spawn(self._run, self.name)

    def check(self) -> None:
        """Start the body again if it failed.

        Raises:
            GiveUp: it fails faster than it is worth restarting.
        """
        if self.finished or self._thread is None or self._thread.is_alive():
            return
        now_s = self._clock.monotonic()
        error = self._error
        if isinstance(error, self._fatal):
            raise GiveUp(f"{self.name}: {error}")
        _log.error("%s failed and is started again: %s: %s", self.name, type(error).__name__, error)
        if len(self._failures) == _RESTARTS and now_s - self._failures[0] < _WITHIN_S:
            raise GiveUp(f"{self.name} failed {_RESTARTS + 1} times within {_WITHIN_S:.0f} s, last with: {error}")
        self._failures.append(now_s)
        self.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the body to return; False if it did not in time."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        try:
            self._body()
        except Exception as error:  # noqa: BLE001 - whatever it is, the supervisor decides
            _log.debug("%s failed", self.name, exc_info=True)
            self._error = error
        else:
            self.finished = True
