"""A live camera as a stream of the newest frame and the gaps: what the pipeline takes, whatever the camera does.

The thread side is in `session.py`. Here is the desk between the two and the consumer's side, which also watches over
the thread: a call into a library that does not come back is left behind with its thread, and a new one begins.
"""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.camera.session import Limits, Session
from edge_agent.camera.source import Source
from edge_agent.camera.timeline import Timeline
from edge_agent.clock import Clock
from edge_agent.records import Frame, Gap, Image
from edge_agent.terms import GapCause

_log = logging.getLogger(__name__)

Spawn = Callable[[Callable[[], None], str], object]
"""Starts a thread that runs a function under a name for dumps. The thread must not keep the process alive."""

_MOST_ABANDONED: Final = 3
_LOOK_S: Final = 0.5


class ReaderExhausted(Exception):  # noqa: N818  (says what is the matter; the service exits with 75)
    """Too many calls into the camera library hang: only a new process helps."""


@dataclass(frozen=True, slots=True)
class ReaderStats:
    """What a reader has done since it began.

    Attributes:
        frames: pictures that arrived, wanted or not.
        delivered: frames that the consumer took.
        dropped: good frames that a newer one replaced before the consumer took them.
        skipped: pictures beyond max_fps.
        corrupt: pictures that were damaged.
        opened: connections made.
        abandoned: threads that hang now.
        age_s: time since the newest good frame was taken; None before the first.
        blind: why there is no sight now; None while there is.
        reason: what was last said about a loss.
    """

    frames: int
    delivered: int
    dropped: int
    skipped: int
    corrupt: int
    opened: int
    abandoned: int
    age_s: float | None
    blind: GapCause | None
    reason: str


@dataclass(slots=True)
class _Counts:
    frames: int = 0
    delivered: int = 0
    dropped: int = 0
    skipped: int = 0
    corrupt: int = 0
    opened: int = 0


class Reader:
    """Reads a live source in a thread of its own and keeps only the newest frame.

    The consumer calls `next` and gets a stream in the order of one clock: frames, and gaps between them. A gap that
    lasts comes in pieces, one at each time-out of `next`, so that a window which closes in the middle of an outage has
    already been told of it; pieces join without a hole. The first gap, CONNECTING, begins when the reader starts.
    """

    def __init__(
        self,
        name: str,
        make_source: Callable[[], Source],
        *,
        clock: Clock,
        spawn: Spawn,
        limits: Limits | None = None,
        blind_after_s: float = 2.0,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Take what is needed; nothing runs before `start`.

        Args:
            name: of the camera, for thread names and messages.
            make_source: gives a new source for every attempt.
            clock: only its monotonic side is used.
            spawn: see `Spawn`.
            limits: see `Limits`.
            blind_after_s: shorter times without a frame are no gap; as `windows.max_frame_gap_s`. At a very low
                `max_fps` it is one and a half periods.
            uniform: random source of the back-off.
        """
        self._name = name
        self._make_source = make_source
        self._clock = clock
        self._spawn = spawn
        self._limits = limits or Limits()
        self._uniform = uniform
        self._blind_after_s = max(blind_after_s, 1.5 / self._limits.max_fps)
        self._changed = threading.Condition()
        self._counts = _Counts()
        self._timeline = Timeline(clock.monotonic(), blind_after_s=self._blind_after_s)
        self._session: Session | None = None
        self._running: set[Session] = set()
        self._slot: Frame | None = None
        self._lent: Image | None = None
        self._newest_s: float | None = None
        self._reason = ""
        self._crash: BaseException | None = None
        self._stopping = False

    # -- the consumer's side -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to read."""
        with self._changed:
            now_s = self._clock.monotonic()
            self._timeline = Timeline(now_s, blind_after_s=self._blind_after_s, cause=GapCause.CONNECTING)
            self._begin(attempt=0, first_index=0)

    def next(self, timeout_s: float) -> Frame | Gap | None:
        """Return the next frame or gap; None if neither came in time, or after `stop`.

        The picture of the frame returned before is written over from now on.

        Raises:
            ReaderExhausted: four calls into the camera library hang; leave the process.
            Exception: whatever ended the reader's thread, if it was no fault of the source.
        """
        deadline_s = self._clock.monotonic() + timeout_s
        with self._changed:
            self._take_back()
            while True:
                now_s = self._clock.monotonic()
                if self._crash is not None:
                    raise self._crash
                if self._stopping:
                    return None
                self._watch_over(now_s)
                item = self._item(now_s, last_chance=now_s >= deadline_s)
                if item is not None or now_s >= deadline_s:
                    return item
                self._changed.wait(max(0.0, min(deadline_s, self._next_look_s(now_s)) - now_s))

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End the thread; False if it still hangs in a library after so long (it ends with the process)."""
        with self._changed:
            self._stopping = True
            for session in self._running:
                session.cancel()
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._running, timeout_s)

    def stats(self) -> ReaderStats:
        """Return a snapshot, from any thread."""
        with self._changed:
            counts = self._counts
            return ReaderStats(
                frames=counts.frames,
                delivered=counts.delivered,
                dropped=counts.dropped,
                skipped=counts.skipped,
                corrupt=counts.corrupt,
                opened=counts.opened,
                abandoned=len(self._abandoned()),
                age_s=None if self._newest_s is None else self._clock.monotonic() - self._newest_s,
                blind=self._timeline.blind,
                reason=self._reason,
            )

    def _item(self, now_s: float, *, last_chance: bool) -> Frame | Gap | None:
        frame = self._slot
        if frame is None:
            self._timeline.silence(now_s)
        gap = self._timeline.tell(now_s, before_s=frame.t_s if frame else None, unfinished=last_chance)
        if gap is not None or frame is None:
            return gap
        self._slot = None
        self._lent = frame.image
        self._counts.delivered += 1
        return frame

    def _take_back(self) -> None:
        if self._lent is not None and self._session is not None:
            self._session.spare.append(self._lent)
        self._lent = None

    def _next_look_s(self, now_s: float) -> float:
        """Return when something has to be looked at although nobody notifies."""
        looks = [now_s + _LOOK_S]
        if self._session is not None and (call := self._session.call) is not None:
            looks.append(call.begun_s + call.limit_s)
        if self._timeline.blind is None:
            looks.append(self._timeline.due_s())
        return min(look_s for look_s in looks if look_s > now_s)

    # -- watching over the thread ------------------------------------------------------------------------------

    def _abandoned(self) -> set[Session]:
        return self._running - {self._session} if self._session else set(self._running)

    def _begin(self, *, attempt: int, first_index: int) -> None:
        session = Session(
            self,
            self._make_source,
            self._limits,
            attempt=attempt,
            first_index=first_index,
            uniform=self._uniform,
        )
        self._session = session
        self._running.add(session)
        self._spawn(session.run, f"camera:{self._name}")

    def _watch_over(self, now_s: float) -> None:
        """Leave a thread behind whose call should long be back."""
        session = self._session
        call = session.call if session else None
        if session is None or call is None or now_s - call.begun_s < call.limit_s:
            return
        if len(self._abandoned()) >= _MOST_ABANDONED:
            raise ReaderExhausted(
                f"camera {self._name}: {_MOST_ABANDONED + 1} calls into the camera library hang; restart the process"
            )
        self._note_loss(call.cause, f"no answer for {now_s - call.begun_s:.1f} s, its thread is left behind")
        self._timeline.lost(now_s, call.cause)
        self._begin(attempt=session.attempt, first_index=session.index)
        session.cancel()

    def _note_loss(self, cause: GapCause, reason: str) -> None:
        """Log a loss once, not at every attempt that fails alike."""
        if reason != self._reason:
            _log.warning("camera %s: %s: %s", self._name, cause, reason)
        self._reason = reason

    # -- the desk: called by the threads -----------------------------------------------------------------------

    def now(self) -> float:
        """See `Desk`."""
        return self._clock.monotonic()

    def wants(self, session: Session) -> bool:
        """See `Desk`."""
        return session is self._session and not self._stopping

    def offer(self, session: Session, frame: Frame) -> None:
        """See `Desk`."""
        with self._changed:
            if not self.wants(session):
                return
            if self._timeline.blind is not None:
                _log.info("camera %s: sees", self._name)
                self._reason = ""
            if frame.t_s < self._timeline.told_s:
                # It was being decoded when the consumer was told that there is no sight up to now.
                frame = replace(frame, t_s=self._timeline.told_s)
            self._timeline.seen(frame.t_s)
            self._newest_s = frame.t_s
            self._counts.frames += 1
            self._drop_waiting(session)
            self._slot = frame
            self._changed.notify_all()

    def lose(self, session: Session, cause: GapCause, since_s: float | None, reason: str) -> None:
        """See `Desk`."""
        with self._changed:
            if not self.wants(session):
                return
            self._note_loss(cause, reason)
            self._timeline.lost(self._clock.monotonic(), cause, since_s)
            if since_s is not None and self._slot is not None and self._slot.t_s > since_s:
                self._drop_waiting(session)
            self._changed.notify_all()

    def count(self, session: Session, *, skipped: int = 0, corrupt: int = 0, opened: int = 0) -> None:
        """See `Desk`."""
        with self._changed:
            if self.wants(session):
                self._counts.frames += skipped + corrupt
                self._counts.skipped += skipped
                self._counts.corrupt += corrupt
                self._counts.opened += opened

    def rest(self, session: Session, seconds: float) -> None:
        """See `Desk`."""
        if seconds > 0:
            with self._changed:
                self._changed.wait_for(lambda: not self.wants(session), seconds)

    def leave(self, session: Session, crash: BaseException | None) -> None:
        """See `Desk`."""
        with self._changed:
            self._running.discard(session)
            if session is self._session and not self._stopping:
                self._crash = crash
            self._changed.notify_all()

    def _drop_waiting(self, session: Session) -> None:
        if self._slot is not None:
            session.spare.append(self._slot.image)
            self._slot = None
            self._counts.dropped += 1
