"""What a reader of captured traffic gives: messages, what could not be read, and remarks."""

from dataclasses import dataclass
from enum import Enum


class CannotReadError(Exception):
    """A file cannot be read at all; the text says why and what to do."""


class Seen(Enum):
    """Where on its way a message was caught: a broker changes the retained flag and the QoS when it passes it on."""

    PUBLISHED = "from the one who published it"
    DELIVERED = "from the broker to a subscriber"
    SOMEWHERE = "on the way"


@dataclass(frozen=True, slots=True)
class Captured:
    """One MQTT message.

    Attributes:
        place: where in the file it stands, such as 'line 12' or 'packet 57'.
        topic: as it was sent; bytes that are not UTF-8 are escaped.
        payload: as it was sent; None where the capture does not have it any more.
        qos: None where the capture does not say.
        retained: None where the capture does not say.
        seen: where on its way.
        beside: what was sent along with the payload and could hold anything, such as 'user-property'.
        rewritten: whether the program that captured it wrote the payload anew, so that its exact form is lost.
        connection: the connection it was published on, where that is known.
    """

    place: str
    topic: str
    payload: bytes | None
    qos: int | None = None
    retained: bool | None = None
    seen: Seen = Seen.SOMEWHERE
    beside: tuple[str, ...] = ()
    rewritten: bool = False
    connection: str | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """Something that may have been a message and cannot be judged: why, and what to do."""

    place: str
    why: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth knowing that is no judgement; the same remark is shown once, with how often it was made."""

    text: str


Item = Captured | Missed | Remark
