"""What the fleet has confirmed, and what happens where it does not."""

import json
import logging
from collections.abc import Callable
from typing import Final, Literal

from edge_agent.outbox import Mark, Outbox
from edge_agent.uplink.trouble import Troubles

_EVERY_S: Final = 60.0
_TRIM_AFTER_S: Final = 48 * 3600.0
_RESEND_AT_MOST_EVERY_S: Final = 24 * 3600.0
_MOST_BYTES: Final = 4096

_log = logging.getLogger(__name__)


class Fleet:
    """Applies the watermark; sends again what it does not cover, or trims by age where none is to be expected.

    The broker's acknowledgement proves nothing: with its default settings it forgets what it acknowledged when it
    is killed, and throws away what a slow consumer leaves lying. So rows wait for the watermark. Where there is
    none, the wait doubles up to a day, so that a fleet that was never there costs one pass over the backlog a day.

    Attributes:
        resent: rows that were put in the queue again.
        bad_acks: messages on base/ack that are no watermark.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        trim: Literal["watermark", "puback"],
        resend_after_s: float,
        troubles: Troubles,
        at: Callable[[str], None],
    ) -> None:
        self.resent = 0
        self.bad_acks = 0
        self._outbox = outbox
        self._trim = trim
        self._first_s = self._wait_s = resend_after_s
        self._every_s = min(_EVERY_S, resend_after_s / 4)
        self._look_at_s = 0.0
        self._troubles = troubles
        self._at = at

    def begin(self, now_s: float) -> None:
        """A new connection: the watermark that the broker keeps for us comes first."""
        self._look_at_s = now_s + self._every_s

    def confirm(self, payload: bytes) -> None:
        """Apply a message on base/ack.

        Raises:
            OutboxFull: not applied; the broker keeps it, and it comes again with the next connection.
        """
        mark = parse_watermark(payload)
        if mark is None:
            self.bad_acks += 1
            self._troubles.say("watermark", "base/ack holds no watermark; check what publishes there")
            return
        self._at("uplink.before_watermark")
        result = self._outbox.watermark(*mark)
        self._at("uplink.after_watermark")
        self._troubles.over("watermark")
        if result is Mark.APPLIED:
            self._wait_s = self._first_s
        _log.debug("watermark %d: %s", mark[1], result)

    def look(self, now_s: float) -> bool:
        """Do now and then what time brings; tell whether rows are to be sent again.

        Raises:
            OutboxFull: not done; try again later.
        """
        if now_s < self._look_at_s:
            return False
        self._look_at_s = now_s + self._every_s
        if self._trim == "puback":
            self._outbox.trim_acked(_TRIM_AFTER_S)
            return False
        count = self._outbox.forget_acks(self._wait_s)
        if count:
            _log.warning(
                "the fleet has not confirmed %d messages for %.0f min; sending them again", count, self._wait_s / 60
            )
            self._wait_s = min(_RESEND_AT_MOST_EVERY_S, 2 * self._wait_s)
            self.resent += count
        return count > 0


def parse_watermark(payload: bytes) -> tuple[str, int] | None:
    """Return (epoch, seq) of a message on base/ack; None for anything else. Further keys are ignored."""
    if len(payload) > _MOST_BYTES:
        return None
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    match value:
        case {"epoch": str(epoch), "seq": int(seq)} if not isinstance(seq, bool) and 0 <= seq < 2**63:
            return epoch, seq
    return None
