"""On which line of a TOML document each value stands, because tomllib does not say.

A scanner for text that tomllib has accepted already: it knows where things begin and end, and checks nothing.
It follows the grammar of TOML 1.0 (toml.io), with the newlines and trailing commas in inline tables of 1.1.
"""

import re
import tomllib
from bisect import bisect_left
from typing import Final

from edge_agent.config.rules import Location

MAX_DEPTH: Final = 32
"""Levels of nesting beyond which a document is refused: the deepest setting is on level 6."""

_BLANK: Final = re.compile(r"[ \t]*")
_FILLER: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")
_STRINGS: Final = (
    ('"""', re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")', re.DOTALL)),
    ("'''", re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL)),
    ('"', re.compile(r'"(?:[^"\\]|\\.)*"')),
    ("'", re.compile(r"'[^']*'")),
)


class TooDeepError(ValueError):
    """The document nests deeper than any configuration does."""


def locate(text: str) -> dict[Location, int]:
    """The line, from 1, on which each table, key and list element of a valid TOML document begins.

    A table begins at its header or, without one, where a header or dotted key first mentions it.

    Raises:
        TooDeepError: more than MAX_DEPTH levels.
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [i for i, character in enumerate(text) if character == "\n"]
        self._lines: dict[Location, int] = {}
        self._table_counts: dict[Location, int] = {}

    def scan(self) -> dict[Location, int]:
        table: Location = ()
        self._skip(_FILLER)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_FILLER)
        return self._lines

    def _header(self) -> Location:
        """Read `[a.b]` or `[[a.b]]`; the table that the pairs after it belong to."""
        start = self._at
        is_array = self._text.startswith("[[", start)
        self._at += 2 if is_array else 1
        *parents, name = self._key()
        self._at = self._text.index("]", self._at) + (2 if is_array else 1)
        path: Location = ()
        for part in parents:
            path = self._enter((*path, part), start)
        path = (*path, name)
        if is_array:
            self._mark(path, start)
            count = self._table_counts.get(path, 0)
            self._table_counts[path] = count + 1
            path = (*path, count)
        self._mark(path, start)
        return path

    def _enter(self, path: Location, start: int) -> Location:
        """Step into a table; into the last one where it is an array of tables."""
        self._mark(path, start)
        count = self._table_counts.get(path)
        return path if count is None else (*path, count - 1)

    def _pair(self, table: Location) -> None:
        start = self._at
        path = table
        for part in self._key():
            path = (*path, part)
            self._mark(path, start)
        self._skip(_BLANK)
        self._at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_BLANK)
            parts.append(self._key_part())
            self._skip(_BLANK)
            if self._text[self._at] != ".":
                return parts
            if len(parts) > MAX_DEPTH:
                raise TooDeepError
            self._at += 1

    def _key_part(self) -> str:
        start = self._at
        if self._text[start] not in "\"'":
            self._skip(_BARE_KEY)
            return self._text[start : self._at]
        self._string()
        key: str = tomllib.loads(f"key = {self._text[start : self._at]}")["key"]
        return key

    def _value(self, path: Location) -> None:
        first = self._text[self._at]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        elif first in "\"'":
            self._string()
        else:
            self._skip(_SCALAR)

    def _array(self, path: Location) -> None:
        self._at += 1
        index = 0
        while not self._closes("]"):
            self._mark((*path, index), self._at)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Location) -> None:
        self._at += 1
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Skip what may stand between the elements; whether the bracket then closes, which is skipped too."""
        self._skip(_FILLER)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_FILLER)
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _string(self) -> None:
        for quote, pattern in _STRINGS:
            if self._text.startswith(quote, self._at):
                return self._skip(pattern)
        raise AssertionError(self._at)  # the callers have seen a quote

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise AssertionError(self._at)  # tomllib would have refused the text
        self._at = match.end()

    def _mark(self, path: Location, start: int) -> None:
        if len(path) > MAX_DEPTH:
            raise TooDeepError
        self._lines.setdefault(path, bisect_left(self._newlines, start) + 1)
