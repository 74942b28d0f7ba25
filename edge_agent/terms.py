"""The closed lists of words that the device and the wire share.

They stand in a module of their own because `message` may not import `records` (where the boxes are) and
`records` may not import `message`.
"""

from enum import StrEnum


class GapCause(StrEnum):
    """Why a stretch of time was not observed. Exactly one cause per gap."""

    OFF = "off"  # the agent was not running: before its first start, after a stop, or after a crash
    CONNECTING = "connecting"  # the source is being opened for the first time
    DISCONNECTED = "disconnected"  # the source could not be reached, or closed the stream
    STALLED = "stalled"  # connected, but no picture within the time allowed
    FROZEN = "frozen"  # the same picture again and again
    COVERED = "covered"  # black, or without any detail
    CORRUPT = "corrupt"  # pictures of the wrong shape, truncated or undecodable
    OVERLOAD = "overload"  # pictures came, but this device could not keep up
    CLOCK = "clock"  # time that a step of the wall clock skipped or made ambiguous
    ENDED = "ended"  # the clip is over


class ClockState(StrEnum):
    """How far the wall clock that stamped a window can be trusted."""

    SYNCED = "synced"
    RECOVERED = "recovered"  # counted before the first synchronisation, stamped afterwards
    UNSYNCED = "unsynced"  # never synchronised within the time allowed
    STEPPED = "stepped"  # the wall clock jumped inside this window


class Quality(StrEnum):
    """What a reader must know before trusting a window; none of them means nothing to report."""

    UNAUDITED = "unaudited"  # nobody has compared this device's counts with a person's yet
    DEGRADED = "degraded"  # less than 95 % of the expected time was observed
    BLIND = "blind"  # nothing at all was observed
    CLOCK = "clock"  # see `clock`
    PARTIAL = "partial"  # the window was cut short by a clock step


class LineRole(StrEnum):
    """What a line is for."""

    DOOR = "door"  # separates inside from outside; feeds the occupancy estimate
    PASS_BY = "pass_by"  # noqa: S105 - not a password; in front of the shop; denominator of the capture rate
    PASSAGE = "passage"  # anything else


class Direction(StrEnum):
    """Which way a line was crossed; IN is towards the configured `inside` point."""

    IN = "in"
    OUT = "out"


class Sex(StrEnum):
    """How a visitor appears to the network; the whole list, which nothing can extend."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"  # not read: seen from behind, too small, too few readable crops, or undecided


class AgeBand(StrEnum):
    """How old a visitor appears, in years: the bands that the training's labels support. Never crossed with sex."""

    UNDER_20 = "under_20"
    FROM_20 = "20_29"
    FROM_30 = "30_39"
    FROM_40 = "40_49"
    FROM_50 = "50_59"
    FROM_60 = "60_over"
    UNKNOWN = "unknown"
