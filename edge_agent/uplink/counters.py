"""What the uplink has done, in numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counters:
    """What the uplink has done since the process began.

    Attributes:
        connects: connections that the broker accepted.
        sent: publications of rows, redeliveries included.
        acked: of them answered with success; `unheard` of these with the remark that nobody subscribes.
        refused: of them refused by the broker; the rows are kept.
        resent: rows put in the queue again because the fleet's watermark stayed behind.
        bad_acks: messages on base/ack that are no watermark.
        alarm: what the broker says against our messages, None while it accepts them.
    """

    connects: int = 0
    sent: int = 0
    acked: int = 0
    unheard: int = 0
    refused: int = 0
    resent: int = 0
    bad_acks: int = 0
    alarm: str | None = None
