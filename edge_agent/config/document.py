"""A configuration file as read: its values, and the line of each of them."""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any, Final

from edge_agent.config.locate import MAX_DEPTH, TooDeepError, locate
from edge_agent.config.problem import ConfigError, Problem, dotted, shown
from edge_agent.config.rules import Location

MAX_BYTES: Final = 256 * 1024

_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")

_POSITION: Final = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")

_SYNTAX: Final = (
    (r"Invalid value", "not a value", "put text in quotes, and write true and false in small letters"),
    (r"Cannot overwrite a value|Duplicate inline table key", "stands here for the second time", "keep one of the two"),
    (r"Cannot declare .*|Cannot (redefine|mutate).*", "this table stands here for the second time", "join the two"),
    (r"Expected '=' after a key.*", "a key without '='", "write it as key = value"),
    (r"Invalid (statement|initial character).*", "not a table, key or comment", "comments begin with '#'"),
    (r"Unclosed array|Expected ']{1,2}'.*", "a bracket is not closed", "add the missing ']'"),
    (r"Unclosed inline table", "a brace is not closed", "add the missing '}' in the same line"),
    (
        r"Unterminated string|Expected ['\"]{3,}.*|Illegal character '(\\n|\\r)'",
        "a text is not closed",
        "add the missing quote",
    ),
    (r"Expected newline or end of document.*", "something follows the value", "one key to a line, and text in quotes"),
    (
        r"Unescaped '\\' in a string|Invalid hex value|Escaped character.*",
        "a lone backslash",
        "write '\\\\', or put the text in single quotes",
    ),
    (r"Invalid date or datetime", "not a date", "write it as 2026-12-25"),
    (r"Illegal character.*|Found invalid character.*", "a character that TOML does not allow", "delete it"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file: what it says, and where.

    Attributes:
        path: the file as the user named it.
        data: the values, as tomllib reads them.
        json: the same as JSON; dates and times are texts there.
        lines: the line of each of them, see `locate`.
        has_bom: it begins with a byte order mark, which some readers of TOML refuse.
    """

    path: Path
    data: dict[str, Any]
    json: str
    lines: dict[Location, int]
    has_bom: bool

    def line(self, location: Location) -> int:
        """The line of a value, or of the innermost table around it that is in the file."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def problem(self, location: Location, allowed: str, fix: str, *, missing: bool = False) -> Problem:
        """A problem with the value at a location; `missing` if the key is not there."""
        value = None if missing else shown(location, self.value(location))
        return Problem(str(self.path), self.line(location), dotted(location), value, allowed, fix)

    def value(self, location: Location) -> object:
        """The value at a location; None if there is none, which TOML itself cannot say."""
        value: Any = self.data
        for part in location:
            try:
                value = value[part]
            except (LookupError, TypeError):
                return None
        return value


def read_document(path: Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigError: it cannot be read, or it is not TOML.
    """

    def wrong(allowed: str, fix: str, line: int | None = None) -> ConfigError:
        return ConfigError([Problem(str(path), line, "", None, allowed, fix)])

    raw = _read_bytes(path)
    if len(raw) > MAX_BYTES:
        raise wrong(f"larger than {MAX_BYTES // 1024} KiB", "this is not a configuration")
    if raw.startswith(_UTF16):
        raise wrong("the text is UTF-16", "save it as UTF-8")
    has_bom = raw.startswith(_BOM)
    try:
        text = raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start + (len(_BOM) if has_bom else 0)) + 1
        raise wrong("the text is not UTF-8", "save it as UTF-8", line) from None
    if not text.strip():
        raise wrong("the file is empty", "begin with a copy of configs/store.example.toml")
    try:
        data = tomllib.loads(text)
        return Document(path, data, json.dumps(data, default=_as_text), locate(text), has_bom)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax_problem(path, text, error)]) from None
    except (TooDeepError, RecursionError):
        raise wrong(f"nested deeper than {MAX_DEPTH} levels", "no setting is nested that deep") from None
    except ValueError:  # int() and str() refuse more than some thousand digits
        raise wrong("holds a number of thousands of digits", "no setting is that large") from None


def _as_text(value: object) -> str:
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    raise AssertionError(type(value))  # tomllib has no other types


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        allowed, fix = "a folder, not a file", "name the file in it"
    except FileNotFoundError:
        allowed, fix = "no such file", "check the path"
    except PermissionError:
        allowed, fix = "may not be read by this user", "check its owner and mode"
    except (OSError, ValueError) as error:
        allowed, fix = f"cannot be read ({_reason(error)})", "check the path"
    raise ConfigError([Problem(str(path), None, "", None, allowed, fix)])


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "input/output error") if isinstance(error, OSError) else str(error)


def _syntax_problem(path: Path, text: str, error: tomllib.TOMLDecodeError) -> Problem:
    match = _POSITION.fullmatch(str(error))
    what = match["what"] if match else str(error)
    line = int(match["line"]) if match and match["line"] else text.rstrip().count("\n") + 1
    column = f", column {match['column']}" if match and match["column"] else ""
    for pattern, wrong, fix in _SYNTAX:
        if re.fullmatch(pattern, what):
            return Problem(str(path), line, "", None, f"not TOML{column}: {wrong}", fix)
    return Problem(
        str(path), line, "", None, f"not TOML{column}: {what[:1].lower()}{what[1:]}", "see toml.io/en/v1.0.0"
    )
