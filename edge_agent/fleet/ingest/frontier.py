"""How far a device's messages are complete: its windows are looked at once each, in the order of their numbers.

In whatever order and however often messages arrive, the frontier passes them in the same order, so what it finds, a
broken chain or a clock that jumped, is the same too. It stops where a number is missing, because what the watermark
covers the device deletes. Only the device can say that a number will not come any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from edge_agent.message import GENESIS
from edge_agent.terms import ClockState

START: Final = bytes.fromhex(GENESIS)
_UNTRUSTED: Final = {ClockState.UNSYNCED.value: "not set", ClockState.STEPPED.value: "jumped"}


@dataclass(frozen=True, slots=True)
class Step:
    """A stored message, as far as the frontier looks at it."""

    seq: int
    hash: bytes
    prev_hash: bytes
    leaf: str
    camera: str
    start_s: int
    end_s: int
    clock: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the frontier stands.

    Attributes:
        seq: all up to here is stored, or known to be lost.
        hash: of the message with that number; None where it is lost.
        ends: per leaf and camera, when its last window ended and what its clock was like.
    """

    seq: int = 0
    hash: bytes | None = START
    ends: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem. One that `lasts` is over when something says so, the others are over when they are noticed."""

    kind: str
    first_seq: int
    last_seq: int
    detail: str
    lasts: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """What came of a walk.

    Attributes:
        mark: where the frontier stands now.
        findings: problems on the way.
        set_again: cameras' clocks that were not set, and are now, by leaf and camera.
        hole: first and last number that is missing in front of it; None where nothing more is stored.
    """

    mark: Mark
    findings: tuple[Finding, ...]
    set_again: tuple[str, ...]
    hole: tuple[int, int] | None


def walk(mark: Mark, steps: Iterable[Step], oldest_seq: int | None = None) -> Walk:
    """Advance as far as the stored messages reach.

    Args:
        mark: where to begin.
        steps: messages with numbers above it, in their order.
        oldest_seq: numbers below it that are not stored will not come.
    """
    seq, hash_, ends = mark.seq, mark.hash, dict(mark.ends)
    findings: list[Finding] = []
    set_again: list[str] = []
    hole = None
    for step in steps:
        # An epoch may begin with any number: a device whose file went back in time goes on counting.
        if step.seq > seq + 1 and not (seq == 0 and step.prev_hash == START):
            lost_to = min(step.seq, oldest_seq or 0) - 1
            if lost_to > seq:
                findings.append(_lost(seq + 1, lost_to))
                seq, hash_ = lost_to, None
            if step.seq > seq + 1:
                hole = (seq + 1, step.seq - 1)
                break
        if hash_ is not None and step.prev_hash != hash_:
            findings.append(_broken(step))
        findings += _clock(step, ends, set_again)
        ends[f"{step.leaf}/{step.camera}"] = (step.end_s, step.clock)
        seq, hash_ = step.seq, step.hash
    return Walk(Mark(seq, hash_, ends), tuple(findings), tuple(set_again), hole)


def _lost(first: int, last: int) -> Finding:
    count = last - first + 1
    what = "1 message was" if count == 1 else f"{count} messages were"
    return Finding("lost", first, last, f"{what} lost on the device before the fleet had them", lasts=True)


def _broken(step: Step) -> Finding:
    told = (
        "it does not carry the hash of the message before it; something between device and fleet, or on it, altered one"
    )
    return Finding("chain", step.seq, step.seq, told, lasts=True)


def _clock(step: Step, ends: dict[str, tuple[int, str]], set_again: list[str]) -> list[Finding]:
    """What the clock did between the last window of this camera and this one."""
    key = f"{step.leaf}/{step.camera}"
    last_end_s, last_clock = ends.get(key, (None, ""))
    found = []
    if last_end_s is not None and step.start_s < last_end_s:
        back_s = last_end_s - step.start_s
        found.append(Finding("clock", step.seq, step.seq, f"{key}: begins {back_s} s before the last window ended"))
    if step.clock in _UNTRUSTED and step.clock != last_clock:
        lasts = step.clock == ClockState.UNSYNCED.value
        told = f"{key}: the device's clock {'was' if lasts else 'has'} {_UNTRUSTED[step.clock]}"
        found.append(Finding("clock", step.seq, step.seq, told, lasts=lasts))
    if last_clock == ClockState.UNSYNCED.value != step.clock:
        set_again.append(key)
    return found
