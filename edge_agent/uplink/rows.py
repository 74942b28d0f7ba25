"""Sending the outbox: oldest first, within the broker's window, no faster than allowed, refused rows again later."""

import logging
from collections import deque
from collections.abc import Callable
from math import inf
from random import Random
from typing import Final

from edge_agent.outbox import Outbox, Row
from edge_agent.uplink.connection import WINDOW, Acked

_BURST: Final = WINDOW  # rows that may go at once after a pause: a few closed buckets are no backlog
_HOLD_S: Final = (1.0, 60.0)  # pause after a refusal: at first, and at most
_AGAIN_S: Final = 30.0  # pause before refused rows are tried again
_POLL_S: Final = 30.0  # the outbox is looked at this often even if nobody called `wake`
_FLUSH_S: Final = 0.25
_FLUSH_ROWS: Final = 50
_OVERHEAD_BYTES: Final = 64  # of an MQTT packet beside topic and payload, generously
_NO_SUBSCRIBERS: Final = 0x10
_TOO_LARGE: Final = 0x95
_ADVICE: Final = {
    0x87: "check this device's entry in the broker's access list",
    0x95: "raise the broker's max_packet_size",
    0x97: "the broker's quota is exceeded; ask who runs it",
}

_log = logging.getLogger(__name__)


class Rows:
    """What of the outbox is on its way.

    Acknowledgements are written in groups, because each write costs the flash card; one that is lost in a crash
    costs a redelivery, which the key of the row makes harmless.

    Attributes:
        sent: publications so far; `acked` of them were answered with success, `refused` with a reason against it.
        unheard: answered with success and the remark that nobody subscribes.
        alarm: the last refusal in words, None once everything that was refused was accepted.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        per_s: float,
        random: Random,
        at: Callable[[str], None],
        noted: Callable[[], None],
        now_s: float,
    ) -> None:
        self.sent = 0
        self.acked = 0
        self.refused = 0
        self.unheard = 0
        self.alarm: str | None = None
        self._outbox = outbox
        self._mean_s = 1.0 / per_s
        self._random = random
        self._at = at
        self._noted = noted
        self._slot_s = now_s  # when the next row is due if rows went evenly
        self._hold_until_s = now_s
        self._refusals = 0  # one after the other, up to now
        self._refused: set[int] = set()
        self._ready: deque[Row] = deque()
        self._in_flight: dict[int, float] = {}
        self._to_note: list[int] = []
        self._note_at_s: float | None = None
        self.begin(now_s)

    def begin(self, now_s: float) -> None:
        """A new connection: nothing is in flight, and all that no broker acknowledged is sent again."""
        self._in_flight.clear()
        self.rewind(now_s)

    def rewind(self, now_s: float) -> None:
        """Start again with the oldest row that no broker has acknowledged."""
        self._cursor = 0
        self._ready.clear()
        self._look_at_s = now_s
        self._skipped = self._from_start = False

    def look(self, now_s: float) -> None:
        """Rows may have been added."""
        self._look_at_s = min(self._look_at_s, now_s)

    def oldest_flight_s(self, now_s: float) -> float:
        """Return for how long the longest row has waited for its acknowledgement."""
        return now_s - min(self._in_flight.values(), default=now_s)

    def due_s(self, room: int) -> float:
        """Return when there may be something to do, given how many more messages the broker's window takes."""
        noting_s = inf if self._note_at_s is None else self._note_at_s
        if self._allowed(room) <= 0:
            return noting_s
        return min(noting_s, max(self._hold_until_s, self._slot_at_s() if self._ready else self._look_at_s))

    def send(self, publish: Callable[[Row], None], *, room: int, size_limit: int, now_s: float) -> None:
        """Publish what may go now.

        Args:
            publish: sends one row.
            room: how many more messages the broker's window takes.
            size_limit: longest packet that the broker takes, in bytes.
            now_s: monotonic time.

        Raises:
            OutboxFull: the outbox cannot be read; try again later.
        """
        room = self._allowed(room)
        while room > 0 and now_s >= max(self._hold_until_s, self._slot_at_s()):
            row = self._next(now_s)
            if row is None:
                return
            if len(row.payload) + len(row.leaf) + _OVERHEAD_BYTES > size_limit:
                self._refuse(row.seq, _TOO_LARGE, "0x95 Packet too large", now_s)
                continue
            publish(row)
            self.sent += 1
            room -= 1
            self._in_flight[row.seq] = now_s
            self._slot_s = max(self._slot_s, now_s) + self._mean_s * self._random.uniform(0.5, 1.5)
            self._at("uplink.after_publish")

    def answered(self, seq: int, answer: Acked, now_s: float) -> None:
        """Take in the broker's answer to a row."""
        self._in_flight.pop(seq, None)
        if answer.refused:
            self._refuse(seq, answer.code, answer.text, now_s)
            return
        self._at("uplink.after_puback")
        self.acked += 1
        if answer.code == _NO_SUBSCRIBERS:
            if not self.unheard:
                _log.warning("the broker says that nobody subscribes to the counts; is the fleet's ingest running?")
            self.unheard += 1
        self._to_note.append(seq)
        self._accepted(seq, now_s)
        if self._note_at_s is None:
            self._note_at_s = now_s + _FLUSH_S

    def note(self, now_s: float, *, at_once: bool = False) -> None:
        """Write acknowledgements to the outbox if it is time to.

        Raises:
            OutboxFull: not written; they are kept and written later.
        """
        ripe = self._note_at_s is not None and now_s >= self._note_at_s
        if not self._to_note or not (ripe or at_once or len(self._to_note) >= _FLUSH_ROWS):
            return
        self._note_at_s = now_s + _FLUSH_S
        self._outbox.acked(self._to_note)
        self._to_note, self._note_at_s = [], None
        self._noted()

    def _allowed(self, room: int) -> int:
        # After a refusal one at a time, until the broker takes one.
        return min(room, 1 - len(self._in_flight)) if self._refusals else room

    def _slot_at_s(self) -> float:
        return self._slot_s - (_BURST - 1) * self._mean_s

    def _next(self, now_s: float) -> Row | None:
        if not self._ready and now_s >= self._look_at_s:
            self._fetch(now_s)
        return self._ready.popleft() if self._ready else None

    def _fetch(self, now_s: float) -> None:
        if self._cursor == 0:
            self.note(now_s, at_once=True)  # or what was just acknowledged would be found again
            self._from_start = True
        rows = self._outbox.pending(self._cursor, WINDOW)
        self._ready.extend(row for row in rows if row.seq not in self._in_flight)
        if rows:
            self._cursor = rows[-1].seq
        if len(rows) == WINDOW:
            return
        self._look_at_s = now_s + _POLL_S
        if self._skipped:  # some were refused: begin again with the oldest, after a while
            self._cursor, self._skipped = 0, False
            self._look_at_s = now_s + _AGAIN_S
        elif self._from_start and not rows:  # what was refused is no longer there
            self._all_accepted()

    def _accepted(self, seq: int, now_s: float) -> None:
        if self._refusals > 1:  # it was not about one row: those that were refused go first
            self.rewind(now_s)
        self._refusals = 0
        self._hold_until_s = now_s
        self._refused.discard(seq)
        if not self._refused:
            self._all_accepted()

    def _all_accepted(self) -> None:
        if self.alarm is not None:
            _log.info("the broker accepts again what it refused")
        self.alarm = None
        self._refused.clear()

    def _refuse(self, seq: int, code: int, text: str, now_s: float) -> None:
        """A row was refused: it stays, and the others wait, longer each time, so that nothing spins."""
        self.refused += 1
        self._refused.add(seq)
        self._skipped = True
        if text != self.alarm:
            advice = _ADVICE.get(code, "ask who runs it")
            _log.error("the broker refuses messages: %s; %s; they are kept", text, advice)
        self.alarm = text
        if now_s < self._hold_until_s:
            return  # a row that was in flight beside the first refused one
        first_s, most_s = _HOLD_S
        self._hold_until_s = now_s + min(most_s, first_s * 2.0**self._refusals) * self._random.uniform(1.0, 1.5)
        self._refusals = min(self._refusals + 1, 10)
