"""Every error in one line of plain words: where, which value, what is allowed, what to do."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from edge_agent.config import Config, ConfigError, load
from edge_agent.config.document import read_document
from edge_agent.config.translate import FIXES

ERRORS = tomllib.loads((Path(__file__).parent / "errors.toml").read_text(encoding="utf-8"))
Case = dict[str, Any]


def named(cases: list[Case]) -> list[Any]:
    """The cases as parameters that pytest shows by name."""
    return [pytest.param(case, id=case["name"]) for case in cases]


def spoil(minimal: str, new: str, old: str = "") -> str:
    """The minimal file with something replaced, or appended."""
    assert not old or minimal.count(old) == 1
    return minimal.replace(old, new) if old else minimal + new


@pytest.mark.parametrize("case", named(ERRORS["case"]))
def test_each_error_is_one_plain_line(minimal: str, complain: Callable[[str], list[str]], case: Case) -> None:
    """An error says its line, key, value, what is allowed and what to do, in words that are not pydantic's."""
    assert complain(spoil(minimal, case["new"], case.get("old", ""))) == case["says"]


def test_every_translated_type_of_error_has_a_case(minimal: str, write: Callable[[str], Path]) -> None:
    """The cases above make pydantic raise each type of error that has a translation, so none is dead or untested."""
    seen: set[str] = set()
    for case in ERRORS["case"]:
        document = read_document(write(spoil(minimal, case["new"], case.get("old", ""))))
        with pytest.raises(ValidationError) as caught:
            Config.model_validate_json(document.json, strict=True, by_alias=True, by_name=False)
        seen |= {detail["type"] for detail in caught.value.errors()}
    assert seen == {*FIXES, "missing", "extra_forbidden", "value_error"}


@pytest.mark.parametrize("case", named(ERRORS["syntax"]))
def test_what_is_not_toml_is_said_with_its_line(complain: Callable[[str], list[str]], case: Case) -> None:
    """A mistake in the syntax has a line, mostly a column, what is wrong and what to do."""
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(case["text"])
    assert complain(case["text"]) == [f"{case['line']}: {case['says']}"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "the file is empty; begin with a copy of configs/store.example.toml"),
        (b" \r\n\n", "the file is empty; begin with a copy of configs/store.example.toml"),
        (b"# caf\xe9", "1: the text is not UTF-8; save it as UTF-8"),
        (b"\xef\xbb\xbf# a\n\n\xff", "3: the text is not UTF-8; save it as UTF-8"),
        ("\ufeffa = 1".encode("utf-16-le"), "the text is UTF-16; save it as UTF-8"),
        (b"#" * (256 * 1024 + 1), "larger than 256 KiB; this is not a configuration"),
        (b"a = " + b"[" * 60 + b"]" * 60, "nested deeper than 32 levels; no setting is nested that deep"),
        (b"a = " + b"[" * 9000, "nested deeper than 32 levels; no setting is nested that deep"),
        (b"a = " + b"1" * 5000, "holds a number of thousands of digits; no setting is that large"),
        (b"a = 0x" + b"1" * 5000, "holds a number of thousands of digits; no setting is that large"),
    ],
    ids=["empty", "blank", "latin-1", "byte 0xff", "utf-16", "huge", "deep", "deep and open", "digits", "hex digits"],
)
def test_a_file_that_is_no_text_is_one_line(tmp_path: Path, raw: bytes, says: str) -> None:
    """Whatever the bytes are, the error is one line."""
    path = tmp_path / "store.toml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).removeprefix(str(path)).lstrip(": ") == says


def test_a_path_that_is_no_file_is_one_line(tmp_path: Path) -> None:
    """A missing file, a folder and an impossible path are told apart."""
    for path, says in (
        (tmp_path / "no.toml", "no such file; check the path"),
        (tmp_path, "a folder, not a file; name the file in it"),
        (tmp_path / "a\0b\n", "cannot be read (embedded null byte); check the path"),
        (tmp_path / ("x" * 300), "cannot be read (File name too long); check the path"),
    ):
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert str(caught.value).endswith(f": {says}")
        assert len(str(caught.value).splitlines()) == 1


def test_errors_come_in_the_order_of_the_file(minimal: str, complain: Callable[[str], list[str]]) -> None:
    """Several errors are reported at once, in the order in which they stand in the file."""
    text = minimal.replace('"demo"', "3").replace("mqtt://", "tcp://") + "[detector]\nthreads = 0\n[tracker]\nx = 1\n"
    assert [line.split(":")[0] for line in complain(text)] == ["2", "8", "14", "16"]


def test_a_key_of_odd_characters_does_not_break_the_line(minimal: str, complain: Callable[[str], list[str]]) -> None:
    """A quoted key with a newline and an escape sequence is shown escaped, in one line."""
    lines = complain('"a\\nb\\u001b[31m" = 1\n' + minimal)
    assert len(lines) == 1
    assert lines[0].startswith(r'1: "a\nb\x1b[31m": unknown key; the top of the file knows site, broker, camera')


SECRETS = {
    "password as a key": ("[broker]", '[broker]\npassword = "CANARY"'),
    "password as a number": ("[broker]", "[broker]\npassword = 7654321"),
    "password for its file, of the wrong type": ("[broker]", '[broker]\nusername = "u"\npassword_file = ["CANARY"]'),
    "password for its file, in two lines": ("[broker]", '[broker]\nusername = "u"\npassword_file = "CANARY\\n"'),
    "key pasted for its file": ("[broker]", '[broker]\nkey_file = """CANARY\n"""'),
    "credentials for their file": ("clip.mp4", 'x"\ncredentials_file = "CANARY\\u0001'),
    "table for an address": ('url = "mqtt://127.0.0.1:1883"', 'url = {password = "CANARY"}'),
    "address for a table": ('[broker]\nurl = "mqtt://127.0.0.1:1883"', "x = 1"),
    "slash in the password": ("mqtt://", "mqtt://u:CANARY/CANARY@"),
    "at sign in the password": ("mqtt://", "mqtt://u:CANARY@CANARY@"),
    "blank in the password": ("mqtt://", "mqtt://u:CAN CANARY@"),
    "source with a password": ("clip.mp4", "rtsp://u:CANARY@h/"),
    "source with a token": ("clip.mp4", "exec:"),
    "list of sources": ('"clip.mp4"', '["http://h/?pwd=CANARY", "rtsp://u:CANARY@h"]'),
    "broken text": ('"mqtt://127.0.0.1:1883"', '"mqtt://u:CANARY@h'),
    "second password": ("[broker]", '[broker]\npassword = "CANARY"\npassword = "CANARY"'),
}


@pytest.mark.parametrize(("old", "new"), SECRETS.values(), ids=SECRETS.keys())
def test_no_error_shows_a_secret(minimal: str, complain: Callable[[str], list[str]], old: str, new: str) -> None:
    """Wherever somebody writes a password by mistake, the error line does not repeat it."""
    lines = complain(spoil(minimal, new, old))
    assert lines
    assert not any("CANARY" in line or "7654321" in line for line in lines)
