"""One line per error: where it is, what is allowed, what to do; and never a secret in it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge_agent.config.rules import Location

_MAX_SHOWN: Final = 60

_NEVER_SHOWN: Final = frozenset({"password_file", "credentials_file", "key_file"})
"""Keys whose value may be the secret itself, where somebody took them for the place to write it."""

_CREDENTIALS: Final = re.compile(r"(?<=://).*@", re.DOTALL)
_QUERY: Final = re.compile(r"(://[^?\s]*\?)[^\s]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration.

    Attributes:
        file: the file as the user named it.
        line: from 1; None if the file as a whole is meant.
        key: such as `camera[0].line[1].from`; empty if the file as a whole is meant.
        value: as it would stand in the file, shortened, without secrets; None if there is none to show.
        allowed: what is wrong or what is allowed.
        fix: what to do.
    """

    file: str
    line: int | None
    key: str
    value: str | None
    allowed: str
    fix: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        says = f"{self.allowed}; {self.fix}" if self.fix else self.allowed
        return one_line(": ".join(part for part in (place, self.key, self.value, says) if part))


class ConfigError(Exception):
    """The configuration cannot be used: at least one problem, one line each.

    Attributes:
        problems: in the order of their lines.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__("\n".join(map(str, self.problems)))


def one_line(text: str) -> str:
    """The text with every character that could break, hide or recolour a line written as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


def redact(text: str) -> str:
    """The text without what may be credentials in an address: `user:password@` and all after a `?`."""
    return _QUERY.sub(r"\1***", _CREDENTIALS.sub("***@", text))


def dotted(location: Location) -> str:
    """`camera[0].line[1].from` for ('camera', 0, 'line', 1, 'from')."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else _quoted(part))
    return text


def shown(location: Location, value: object) -> str | None:
    """The value at a location, fit for an error line; None where it must not be seen."""
    if any(part in _NEVER_SHOWN for part in location):
        return None
    text = _toml(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def _toml(value: object) -> str:
    match value:
        case str():
            return _quoted(redact(value))
        case bool():
            return str(value).lower()
        case int() if value.bit_length() >= 128:
            return "a number of more than 38 digits"  # str() refuses more than some thousand
        case list() | tuple():
            return "[" + ", ".join(_toml(element) for element in value[:_MAX_SHOWN]) + "]"
        case dict():
            return "a table"  # it may hold anything
        case _:
            return str(value)  # numbers; dates and times, which read as TOML writes them


def _quoted(text: str) -> str:
    return '"' + text[: 2 * _MAX_SHOWN].replace("\\", "\\\\").replace('"', '\\"') + '"'
