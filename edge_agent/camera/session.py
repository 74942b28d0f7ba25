"""The thread side of a live source: open, grab, check, hand over, and again after every loss."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from edge_agent.camera.quality import Fault, PictureCheck
from edge_agent.camera.source import Source, SourceError, SourceStalledError
from edge_agent.records import Frame, Image
from edge_agent.terms import GapCause

_log = logging.getLogger(__name__)

_SETTLED_S: Final = 10.0
"""A connection that gave pictures for so long was a good one: the next failure is taken for the first."""

_REOPEN_FROZEN_S: Final = 60.0
"""A frozen camera is asked anew so often; some recover only with a new connection."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a live source is allowed.

    Attributes:
        open_timeout_s: time to open.
        read_timeout_s: silence after which it is reopened.
        frozen_after_s: how long the same picture is believed.
        max_fps: pictures beyond this rate are not even decoded.
        retry_s: the first and the longest wait between attempts.
    """

    open_timeout_s: float = 5.0
    read_timeout_s: float = 5.0
    frozen_after_s: float = 30.0
    max_fps: float = 15.0
    retry_s: tuple[float, float] = (1.0, 60.0)


class Desk(Protocol):
    """Where a session hands in what it has; every method is safe from any thread and quick."""

    def now(self) -> float:
        """Return monotonic seconds."""

    def offer(self, session: "Session", frame: Frame) -> None:
        """Hand over the newest frame."""

    def lose(self, session: "Session", cause: GapCause, since_s: float | None, reason: str) -> None:
        """Say that there is no sight."""

    def count(self, session: "Session", *, skipped: int = 0, corrupt: int = 0, opened: int = 0) -> None:
        """Add to the statistics."""

    def rest(self, session: "Session", seconds: float) -> None:
        """Wait, at most until the session is no longer wanted."""

    def wants(self, session: "Session") -> bool:
        """Whether the session is still the one whose frames count."""

    def leave(self, session: "Session", crash: BaseException | None) -> None:
        """Say that the thread ends."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call into a library that may hang.

    Attributes:
        begun_s: when.
        limit_s: how long it may take.
        cause: of the gap if it does not come back.
    """

    begun_s: float
    limit_s: float
    cause: GapCause


class Session:
    """What one reader thread does until it is told to stop or abandoned."""

    def __init__(
        self,
        desk: Desk,
        make_source: Callable[[], Source],
        limits: Limits,
        *,
        attempt: int,
        first_index: int,
        uniform: Callable[[float, float], float],
    ) -> None:
        """`attempt` counts the failures so far; `first_index` goes on numbering where an earlier session stopped."""
        self.spare: deque[Image] = deque()
        """Pictures that nobody looks at any more, to be written over."""
        self.attempt = attempt
        self.index = first_index
        self.call: Call | None = None
        """The call that this thread is in, for whoever watches over it."""
        self._desk = desk
        self._make_source = make_source
        self._limits = limits
        self._uniform = uniform
        self._check = PictureCheck(frozen_after_s=limits.frozen_after_s)
        self._pace = Pace(limits.max_fps)
        self._source: Source | None = None

    def run(self) -> None:
        """Read until no longer wanted. An error that is not the source's ends it and is handed to the consumer."""
        crash: BaseException | None = None
        try:
            while self._desk.wants(self):
                self._desk.rest(self, self._back_off_s())
                if self._desk.wants(self):
                    self._attempt()
        except Exception as error:  # noqa: BLE001  (raised again by the consumer: a thread must not die unseen)
            crash = error
        finally:
            self._desk.leave(self, crash)

    def cancel(self) -> None:
        """From another thread: come back soon, if the source can."""
        source = self._source
        if source is not None:
            source.cancel()

    def _back_off_s(self) -> float:
        """Exponential back-off with full jitter: a shop's cameras do not come back all at once after a power cut."""
        if self.attempt == 0:
            return 0.0
        first_s, longest_s = self._limits.retry_s
        return self._uniform(0.0, min(longest_s, first_s * 2.0 ** min(self.attempt - 1, 30)))

    def _attempt(self) -> None:
        """Open once and read until the source is lost."""
        self.attempt += 1
        try:
            self._source = source = self._make_source()
            if not self._desk.wants(self):  # told to stop before there was anything to cancel
                return
            self._enter(self._limits.open_timeout_s, GapCause.DISCONNECTED)
            source.open()
            self.call = None
            self._desk.count(self, opened=1)
            self._check.reopened()
            self._watch(source)
        except SourceStalledError as error:
            self._desk.lose(self, GapCause.STALLED, None, str(error))
        except SourceError as error:
            self._desk.lose(self, GapCause.DISCONNECTED, None, str(error))
        finally:
            self._close()

    def _enter(self, limit_s: float, cause: GapCause) -> None:
        self.call = Call(self._desk.now(), limit_s, cause)

    def _close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            self._enter(self._limits.read_timeout_s, GapCause.DISCONNECTED)
            source.close()
        self.call = None

    def _watch(self, source: Source) -> None:
        opened_s = self._desk.now()
        sight_s = opened_s
        while self._desk.wants(self):
            self._enter(self._limits.read_timeout_s, GapCause.STALLED)
            if not source.grab():
                raise SourceError(f"{source.label} ended the stream")
            t_s = self._desk.now()
            self.index += 1
            if not self._pace.takes(t_s):
                self._desk.count(self, skipped=1)
                continue
            image = source.retrieve(self.spare.popleft() if self.spare else None)
            self.call = None
            fault = self._hand_over(image, t_s)
            if fault is None:
                sight_s = t_s
                if t_s - opened_s >= _SETTLED_S:
                    self.attempt = 1
            elif self._wants_reopening(fault, t_s, opened_s=opened_s, sight_s=sight_s):
                _log.info("%s: %s for %.0f s, opening it anew", source.label, fault.cause, t_s - fault.since_s)
                self.attempt = 1
                return

    def _hand_over(self, image: Image | None, t_s: float) -> Fault | None:
        fault = Fault(GapCause.CORRUPT, t_s) if image is None else self._check.judge(image, t_s)
        if fault is None and image is not None:
            self._desk.offer(self, Frame(image, t_s, self.index - 1))
            return None
        if image is not None:
            self.spare.append(image)
        if fault is not None and fault.cause is GapCause.CORRUPT:
            self._desk.count(self, corrupt=1)
            self._desk.lose(self, GapCause.CORRUPT, None, "pictures are damaged")
        elif fault is not None:
            self._desk.lose(self, fault.cause, fault.since_s, f"the picture is {fault.cause}")
        return fault

    def _wants_reopening(self, fault: Fault, t_s: float, *, opened_s: float, sight_s: float) -> bool:
        if fault.cause is GapCause.CORRUPT:
            return t_s - max(opened_s, sight_s) > self._limits.read_timeout_s
        return fault.cause is GapCause.FROZEN and t_s - opened_s > max(_REOPEN_FROZEN_S, self._limits.frozen_after_s)


class Pace:
    """Lets pictures through at a rate at most, evenly, without holding one back that is a little early."""

    def __init__(self, max_fps: float) -> None:
        self._period_s = 1.0 / max_fps
        self._due_s = float("-inf")

    def takes(self, t_s: float) -> bool:
        """Whether the picture of time `t_s` is wanted."""
        half_s = self._period_s / 2
        if t_s < self._due_s - half_s:
            return False
        self._due_s = max(self._due_s + self._period_s, t_s + half_s)
        return True
