"""What every source of pictures looks like, and how it fails."""

import re
from collections.abc import Iterable
from typing import Final, Protocol

from edge_agent.records import Image

SOFT: Final = 0.8
"""The share of a time-out that a library gets to give up by itself before its thread is abandoned.

Abandoning always works but leaves a thread behind; a library that comes back in time does not.
"""

_USERINFO = re.compile(r"(?<=://)\S*@")
_FIELD = re.compile(r"(?i)(?P<name>user(?:name)?|login|pass(?:word|wd)?|pwd|token|api_?key|key|secret|auth)=[^&\s;,]+")
_LONGEST = 200


class SourceError(Exception):
    """A source cannot be opened, or broke. The message is one line without credentials."""


class SourceStalledError(SourceError):
    """A source is connected and silent for longer than allowed."""


class Source(Protocol):
    """Where pictures come from.

    One thread opens, grabs, retrieves and closes; only `cancel` may be called from another one. A source can be
    opened once. Grabbing is apart from retrieving, so that a picture nobody wants costs no conversion and the time of
    capture can be noted in between.
    """

    @property
    def label(self) -> str:
        """What to call it in messages: no credentials, no query."""

    def open(self) -> None:
        """Connect.

        Raises:
            SourceError: it is not there, refuses, or did not answer in time.
        """

    def grab(self) -> bool:
        """Wait for the next picture; False when the source has ended.

        Raises:
            SourceStalledError: nothing came within the time allowed.
            SourceError: it broke.
        """

    def retrieve(self, into: Image | None = None) -> Image | None:
        """Return the grabbed picture, in the memory of `into` where that fits; None if it is damaged."""

    def cancel(self) -> None:
        """Make a blocked call of the other thread come back soon, as far as the source can. Never blocks or raises."""

    def close(self) -> None:
        """Let go of everything; may be called after a failed open, and twice."""


class TimedSource(Source, Protocol):
    """A source with a time of its own: a clip."""

    @property
    def t_s(self) -> float:
        """Media time of the grabbed picture in seconds; the first has 0, and it always grows."""

    @property
    def duration_s(self) -> float | None:
        """How long the clip says that it lasts; None if it does not say."""


def one_line(text: str) -> str:
    """Return text fit for a log: a single line, printable, not too long."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return one line of text without what looks like credentials: in addresses, in fields, and those given."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***")
    text = _USERINFO.sub("***@", text)
    return one_line(_FIELD.sub(lambda match: match["name"] + "=***", text))
