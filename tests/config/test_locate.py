"""Lines of values in TOML documents, held against tomllib and against a writer that knows what it wrote."""

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.config.locate import MAX_DEPTH, TooDeepError, locate
from edge_agent.config.rules import Location

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


def paths(value: Any, here: Location = ()) -> set[Location]:
    """Every key and list element below a value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path for key, child in children for path in ({(*here, key)} | paths(child, (*here, key)))}


_SCALARS_AS_WRITTEN = (
    *("1", "-0.5e3", "true", "1979-05-27 07:32:00", "07:32:00.5", "0xf", "inf", '""', "''", '""""""', "''''''"),
    *(r'"a ] } # \" \\"', r"'c:\'", "'''\n}\n'' # '''", "'''a'''''", '"""a"""""', '"""" """'),
    *('"""\\\n   x"""', '"""\n]]\n"" # \\""" x"""'),
)


class _Writer:
    """Writes TOML in every style there is and notes on which line each value begins."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[Location, int] = {}
        self.names = 0

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def mark(self, path: Location) -> None:
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def key(self) -> tuple[str, str]:
        """A new key: as it is, and as it is written."""
        self.names += 1
        name = f"k{self.names}"
        style = self.pick("bare", "bare", "basic", "literal")
        if style == "basic":
            return f'{name}]#"\n=é', f'"{name}]#\\"\\n=é"'
        return (f'{name} [[."', f"'{name} [[.\"'") if style == "literal" else (name, name)

    def document(self) -> None:
        self.filler()
        self.pairs(())
        arrays: list[tuple[str, int, str]] = []  # name, places so far, as written
        for _ in range(self.draw(st.integers(0, 5))):
            style = self.pick("table", "nested", "array", "again", "under")
            if style == "array":
                name, written = self.key()
                arrays.append((name, 1, written))
                self.array_header((name,), written, 0)
            elif style == "again" and arrays:
                name, count, written = arrays.pop()
                arrays.append((name, count + 1, written))
                self.array_header((name,), written, count)
            elif style == "under" and arrays:
                name, count, outer = arrays[-1]
                inner, written = self.key()
                self.header((name, count - 1, inner), f"[ {outer} . {written} ]")
            elif style == "nested":
                (name, outer), (inner, written) = self.key(), self.key()
                self.mark((name,))
                self.header((name, inner), f"[{outer}.{written}]")
            else:
                name, written = self.key()
                self.header((name,), f"[{written}]")

    def array_header(self, path: Location, written: str, index: int) -> None:
        self.mark(path)
        self.header((*path, index), f"[[{written}]]")

    def header(self, path: Location, written: str) -> None:
        self.mark(path)
        self.text += written + self.pick("\n", " # [no.table]\n", "\r\n")
        self.filler()
        self.pairs(path)

    def filler(self) -> None:
        self.text += self.pick("", "\n", "# [no.table] \"\"\" '''\n", " \t\r\n\n", "#\n\n")

    def pairs(self, table: Location) -> None:
        for _ in range(self.draw(st.integers(0, 3))):
            self.text += self.pick("", "  ", "\t")
            self.pair(table)
            self.text += self.pick("\n", " # x = 1\n", "\r\n")
            self.filler()

    def pair(self, table: Location, depth: int = 0) -> None:
        name, written = self.key()
        path = (*table, name)
        self.mark(path)
        if self.pick("plain", "plain", "dotted") == "dotted":
            inner, inner_written = self.key()
            path = (*path, inner)
            self.mark(path)
            written += self.pick(".", " . ") + inner_written
        self.text += written + self.pick("=", " = ", "\t=")
        self.value(path, depth)

    def value(self, path: Location, depth: int) -> None:
        kind = self.pick("scalar", "scalar", "array", "inline") if depth < 3 else "scalar"
        if kind == "array":
            self.array(path, depth)
        elif kind == "inline":
            self.inline(path, depth)
        else:
            self.text += self.draw(st.sampled_from(_SCALARS_AS_WRITTEN))

    def array(self, path: Location, depth: int) -> None:
        gaps = ("", " ", "\n", " # ] , [\n", "\r\n\t")
        self.text += "[" + self.pick(*gaps)
        count = self.draw(st.integers(0, 3))
        for index in range(count):
            self.mark((*path, index))
            self.value((*path, index), depth + 1)
            self.text += self.pick(*gaps)
            if index < count - 1 or self.pick("", ",") == ",":
                self.text += "," + self.pick(*gaps)
        self.text += "]"

    def inline(self, path: Location, depth: int) -> None:
        self.text += "{" + self.pick("", " ")
        count = self.draw(st.integers(0, 2))
        for index in range(count):
            self.pair(path, depth + 1)
            self.text += self.pick("", " ") + ("," + self.pick("", " ") if index < count - 1 else "")
        self.text += "}"


@st.composite
def documents(draw: st.DrawFn) -> _Writer:
    """A valid document in mixed styles."""
    writer = _Writer(draw)
    writer.document()
    return writer


@unhurried
@given(documents())
def test_every_value_is_found_on_the_line_where_it_was_written(document: _Writer) -> None:
    """Whatever the style, the locator finds what tomllib finds, on the lines on which the writer put it."""
    assert paths(tomllib.loads(document.text)) == set(document.lines)
    assert locate(document.text) == document.lines


_SCALARS = st.integers() | st.booleans() | st.text() | st.floats(allow_nan=False) | st.dates() | st.times()
_TREES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=12
)


@unhurried
@given(st.dictionaries(st.text(), _TREES, max_size=4))
def test_every_path_that_tomllib_reads_has_a_line(data: dict[str, Any]) -> None:
    """What another writer of TOML writes, with any text as key or value, has a line for each path and no other."""
    text = tomli_w.dumps(data)
    found = locate(text)
    assert set(found) == paths(tomllib.loads(text))
    assert all(1 <= line <= text.count("\n") + 1 for line in found.values())


def test_a_table_begins_where_it_is_first_mentioned() -> None:
    """A table without a header of its own begins at the header that implies it."""
    assert locate("[a.b]\nx = 1\n[a]\ny = 2\n") == {
        ("a",): 1,
        ("a", "b"): 1,
        ("a", "b", "x"): 2,
        ("a", "y"): 4,
    }


def test_a_table_below_an_array_belongs_to_its_last_element() -> None:
    """[[camera.line]] belongs to the [[camera]] above it, and counting starts again with each."""
    text = "[[c]]\n[[c.l]]\n[[c.l]]\n[[c]]\n[[c.l]]\nx = 1\n"
    assert locate(text) == {
        ("c",): 1,
        ("c", 0): 1,
        ("c", 0, "l"): 2,
        ("c", 0, "l", 0): 2,
        ("c", 0, "l", 1): 3,
        ("c", 1): 4,
        ("c", 1, "l"): 5,
        ("c", 1, "l", 0): 5,
        ("c", 1, "l", 0, "x"): 6,
    }


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "a = " + "{a=" * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
        ".".join(["a"] * (MAX_DEPTH + 2)) + " = 1",
        "[" + ".".join(["a"] * (MAX_DEPTH + 2)) + "]",
    ],
)
def test_nesting_has_a_bound(text: str) -> None:
    """Arrays, inline tables, dotted keys and headers deeper than any setting are refused before they cost memory."""
    assert tomllib.loads(text)
    with pytest.raises(TooDeepError):
        locate(text)
