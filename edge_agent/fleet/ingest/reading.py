"""What a message is, judged by its topic and its bytes alone: a window, a note about the device, or a dead letter."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from re import compile as pattern
from typing import Final, NamedTuple

from pydantic import ValidationError

from edge_agent.fleet.store.rows import local, seconds
from edge_agent.message import ROOT, Counts, Health, Hour, Privacy, State

WINDOWS: Final[Mapping[str, type[Counts] | type[Hour]]] = {"counts": Counts, "hours": Hour}
NOTES: Final[Mapping[str, type[State] | type[Health] | type[Privacy]]] = {
    "state": State,
    "health": Health,
    "privacy": Privacy,
}
LEAVES: Final = (*WINDOWS, *NOTES)
"""The topics that devices publish their messages to; all but the live integers, which are not kept."""

_NAME: Final = pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_MOST_DETAIL: Final = 300


class Reason(StrEnum):
    """Why a message is a dead letter."""

    TOPIC = "topic"  # not one of the topics of `message.TOPICS`
    SIZE = "size"  # larger than ingest.max_payload_bytes
    SCHEMA = "schema"  # not the JSON that the topic's schema asks for
    FORGED = "forged"  # it names another device than its topic does
    WINDOW = "window"  # its start or end is no instant, or the end comes before the start
    ZONE = "zone"  # its time zone is not known here
    FUTURE = "future"  # its window ends later than now
    CONFLICT = "conflict"  # its key is stored already, with another content
    UNKNOWN = "unknown"  # of an unknown device, and too many unknown devices wait already
    UNSTORABLE = "unstorable"  # the database does not take it


class Names(NamedTuple):
    """What a topic says about who speaks."""

    tenant: str
    site: str
    device: str


@dataclass(frozen=True, slots=True)
class Window:
    """A bucket or a sealed hour. Its key is the device, `epoch` and `seq`."""

    names: Names
    leaf: str
    epoch: str
    seq: int
    start_s: int
    end_s: int
    camera: str
    clock: str
    payload: str
    hash: bytes
    prev_hash: bytes
    hour: Hour | None


@dataclass(frozen=True, slots=True)
class Note:
    """The newest of its kind replaces the one before. `epoch` is told by a state only."""

    names: Names
    leaf: str
    payload: str
    epoch: str | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something that cannot be kept as what it claims to be; `names` where its topic tells them."""

    reason: Reason
    detail: str
    names: Names | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it came, and what it was found to be."""

    topic: str
    payload: bytes
    received_s: int
    content: Window | Note | DeadLetter


def read(topic: str, payload: bytes, *, received_s: int, max_bytes: int, max_ahead_s: int) -> Letter:
    """Judge a message. Never raises, whatever it holds.

    Args:
        topic: where it was published.
        payload: its bytes.
        received_s: now, by the fleet's own clock.
        max_bytes: what is larger is a dead letter.
        max_ahead_s: a window that ends further ahead of `received_s` is a dead letter.
    """
    names, leaf = _of_topic(topic)
    content: Window | Note | DeadLetter
    if names is None:
        content = DeadLetter(Reason.TOPIC, f"not {ROOT}/TENANT/SITE/DEVICE/ and one of {', '.join(LEAVES)}")
    elif len(payload) > max_bytes:
        content = DeadLetter(Reason.SIZE, f"{len(payload)} bytes; {max_bytes} are allowed", names)
    else:
        try:
            content = (_window if leaf in WINDOWS else _note)(names, leaf, payload)
        except ValidationError as error:
            content = DeadLetter(Reason.SCHEMA, _first(error), names)
    if isinstance(content, Window) and content.end_s > received_s + max_ahead_s:
        ahead_s = content.end_s - received_s
        content = DeadLetter(Reason.FUTURE, f"its window ends {ahead_s} s later than now", names)
    return Letter(topic, payload, received_s, content)


@lru_cache(maxsize=65_536)
def _of_topic(topic: str) -> tuple[Names | None, str]:
    root, _, rest = topic.partition(f"{ROOT}/")
    levels = rest.split("/")
    if root or len(levels) != 4 or levels[3] not in LEAVES or not all(map(_NAME.fullmatch, levels[:3])):
        return None, ""
    return Names(*levels[:3]), levels[3]


def _window(names: Names, leaf: str, payload: bytes) -> Window | DeadLetter:
    told = WINDOWS[leaf].model_validate_json(payload)
    if (told.tenant, told.site, told.device) != names:
        return _forged(names, f"{told.tenant}/{told.site}/{told.device}")
    try:
        start_s, end_s = seconds(told.start), seconds(told.end)
    except ValueError:
        return DeadLetter(Reason.WINDOW, f"{told.start} to {told.end}: no such instant", names)
    if end_s < start_s:
        return DeadLetter(Reason.WINDOW, f"it ends {start_s - end_s} s before it starts", names)
    if not _is_zone(told.tz):
        return DeadLetter(Reason.ZONE, told.tz, names)
    return Window(
        names=names,
        leaf=leaf,
        epoch=told.epoch,
        seq=told.seq,
        start_s=start_s,
        end_s=end_s,
        camera=told.camera,
        clock=told.clock.value,
        payload=payload.decode(),
        hash=sha256(payload).digest(),
        prev_hash=bytes.fromhex(told.prev_hash),
        hour=told if isinstance(told, Hour) else None,
    )


@lru_cache(maxsize=1024)
def _is_zone(name: str) -> bool:
    try:
        local(0, name)
    except (KeyError, ValueError, OSError):  # what zoneinfo raises for names such as Mars/Base, a/../b and Europe
        return False
    return True


def _note(names: Names, leaf: str, payload: bytes) -> Note | DeadLetter:
    told = NOTES[leaf].model_validate_json(payload)
    if isinstance(told, Health):
        if told.device != names.device:
            return _forged(names, told.device)
    elif (told.tenant, told.site, told.device) != names:
        return _forged(names, f"{told.tenant}/{told.site}/{told.device}")
    return Note(names, leaf, payload.decode(), told.epoch if isinstance(told, State) else None)


def _forged(names: Names, claimed: str) -> DeadLetter:
    return DeadLetter(Reason.FORGED, f"it says that it is of {claimed}", names)


def _first(error: ValidationError) -> str:
    """What is wrong and where, without a word of what the message holds."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return plain(f"{where}: {first['msg']}" if where else first["msg"])[:_MOST_DETAIL]


def plain(text: str) -> str:
    """The text without what no database column or terminal should get."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
