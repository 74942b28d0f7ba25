"""When a camera saw and when it did not, told to one consumer in order. Pure: no clock, no lock, no thread."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from edge_agent.records import Gap
from edge_agent.terms import GapCause

_MOST: Final = 256
"""Stretches kept for a consumer that does not ask; beyond it the newest ones are merged."""


@dataclass(slots=True)
class _Stretch:
    """A time without sight with one cause; `end_s` is None while it lasts."""

    start_s: float
    end_s: float | None
    cause: GapCause


class Timeline:
    """Turns 'lost' and 'seen' into gaps that never overlap, in order, in pieces while they last.

    A blind time runs from the last sight to the next one and may have several causes in a row (stalled, then
    disconnected). One that is over before `blind_after_s` is not told at all: a lost picture is no gap.
    """

    def __init__(self, start_s: float, *, blind_after_s: float, cause: GapCause | None = None) -> None:
        """Begin at `start_s`: blind with `cause`, or with sight if there is none."""
        self._blind_after_s = blind_after_s
        self._sight_s = start_s
        self._told_s = start_s
        self._stretches: deque[_Stretch] = deque()
        self._begun_s: float | None = None
        self._telling = False
        if cause is not None:
            self.lost(start_s, cause)

    @property
    def blind(self) -> GapCause | None:
        """Why there is no sight now; None while there is."""
        return self._stretches[-1].cause if self._begun_s is not None else None

    @property
    def told_s(self) -> float:
        """Up to where gaps have been told; no frame may be told before it any more."""
        return self._told_s

    def lost(self, t_s: float, cause: GapCause, since_s: float | None = None) -> None:
        """At `t_s` there is no sight, for this cause; since `since_s`, or else since the last sight.

        What has been told is not taken back: a stretch dated into a gap that was told begins after it.
        """
        if self.blind is cause:
            return
        if self._begun_s is None:
            start_s = max(self._sight_s if since_s is None else since_s, self._floor_s())
            self._begun_s = start_s
        else:
            start_s = max(t_s, self._stretches[-1].start_s)
            self._end_last(start_s)
        self._stretches.append(_Stretch(start_s, None, cause))

    def seen(self, t_s: float) -> None:
        """At `t_s` there was sight."""
        self._sight_s = max(self._sight_s, t_s)
        if self._begun_s is None:
            return
        if self._telling or t_s - self._begun_s >= self._blind_after_s:
            self._end_last(max(t_s, self._stretches[-1].start_s))
        else:
            while self._stretches and self._stretches[-1].start_s >= self._begun_s:
                self._stretches.pop()
        self._begun_s = None
        self._telling = False
        self._bound()

    def silence(self, now_s: float) -> None:
        """Notice that nothing was seen for too long although nobody reported a loss."""
        if self._begun_s is None and now_s - self._sight_s >= self._blind_after_s:
            self.lost(now_s, GapCause.STALLED)

    def due_s(self) -> float:
        """Return when the current silence or blindness becomes a gap."""
        return (self._sight_s if self._begun_s is None else self._begun_s) + self._blind_after_s

    def tell(self, now_s: float, *, before_s: float | None = None, unfinished: bool = False) -> Gap | None:
        """Return the next gap that is to be told, None if there is none.

        Args:
            now_s: the present.
            before_s: time of a frame that waits to be told; gaps that begin later wait for it.
            unfinished: tell of the blind time that lasts, up to now.
        """
        while self._stretches:
            first = self._stretches[0]
            if before_s is not None and before_s <= first.start_s:
                return None
            is_current = self._begun_s is not None and first.start_s >= self._begun_s
            if is_current and not self._telling and now_s - (self._begun_s or 0.0) < self._blind_after_s:
                return None
            if first.end_s is None and not unfinished:
                return None
            end_s = now_s if first.end_s is None else first.end_s
            gap = Gap(first.start_s, end_s, first.cause) if end_s > first.start_s else None
            self._telling |= is_current and gap is not None
            if first.end_s is None:
                first.start_s = max(first.start_s, end_s)
            else:
                self._stretches.popleft()
            if gap is not None:
                self._told_s = gap.end_s
                return gap
            if first.end_s is None:
                return None
        return None

    def _floor_s(self) -> float:
        """Before this nothing can begin any more: it has been told, or it belongs to an earlier stretch."""
        if self._stretches and self._stretches[-1].end_s is not None:
            return max(self._told_s, self._stretches[-1].end_s)
        return self._told_s

    def _end_last(self, t_s: float) -> None:
        last = self._stretches[-1]
        if t_s > last.start_s:
            last.end_s = t_s
        else:
            self._stretches.pop()

    def _bound(self) -> None:
        while len(self._stretches) > _MOST:
            last = self._stretches.pop()
            self._stretches[-1].end_s = last.end_s
