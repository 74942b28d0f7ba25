"""Reads what `mosquitto_sub -v` and `mosquitto_sub -F %j` print, line by line.

The two may be mixed. A payload with line breaks makes lines of its own in `-v`; no message of the contract has any, so
what follows the first of them counts as another system's.
"""

import json
from collections.abc import Iterator
from typing import IO, Any, Final

from edge_agent.message import ROOT
from edge_agent.verify_anon.capture import Captured, Item, Missed, Seen

_LINE_MAX: Final = 16 * 2**20
_EMPTY: Final = b"(null)"  # how mosquitto_sub -v shows a message without a payload
_HARMLESS: Final = frozenset(
    {"message-expiry-interval", "payload-format-indicator", "topic-alias", "subscription-identifier"}
)
"""Properties of MQTT 5 that are numbers which the protocol needs; the others can hold a text of any kind."""

_CAPTURE_SO: Final = "capture with `mosquitto_sub -v -t '#'` or `mosquitto_sub -F %j -t '#'`"


def read_text(file: IO[bytes]) -> Iterator[Item]:
    """Give one item per line."""
    number, empty, rewritten = 0, 0, False
    while line := file.readline(_LINE_MAX):
        number += 1
        place = f"line {number}"
        if len(line) == _LINE_MAX:
            yield Missed(place, f"longer than {_LINE_MAX >> 20} MiB: no broker's message", _CAPTURE_SO)
            while line and not line.endswith(b"\n"):
                line = file.readline(_LINE_MAX)
            continue
        line = line.rstrip(b"\n").removesuffix(b"\r")
        empty += not line
        for item in _line(line, place):
            rewritten = rewritten or (isinstance(item, Captured) and item.rewritten)
            yield item
    if empty and rewritten:
        why = f"{empty} empty lines: `mosquitto_sub -F %J` prints one for a message that is not JSON"
        yield Missed("", why, "capture with %j instead of %J")


def _line(line: bytes, place: str) -> Iterator[Item]:
    if not line.strip():
        return
    if line.startswith(b"{"):
        parsed = _parsed(line)
        if parsed is not None:
            yield _from_json(parsed, place)
            return
    topic, blank, payload = line.partition(b" ")
    root = f"{ROOT}/".encode()
    if not topic.startswith(root) and any(word.startswith(root) for word in line.split(b" ", 3)[1:3]):
        yield Missed(place, f"'{ROOT}/…' is not the first word of the line: what is the topic?", _CAPTURE_SO)
        return
    if not blank and not topic.startswith(root):
        yield Captured(place, "", line)  # the rest of a payload with line breaks
        return
    yield Captured(place, _text(topic), b"" if payload == _EMPTY else payload)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("topic"), str) else None


def _from_json(said: dict[str, Any], place: str) -> Captured:
    payload, rewritten = _payload(said)
    qos, retained = said.get("qos"), said.get("retain")
    properties = said.get("properties")
    beside = tuple(sorted(set(properties) - _HARMLESS)) if isinstance(properties, dict) else ()
    return Captured(
        place,
        _text(_bytes(said["topic"])),
        payload,
        qos=qos if type(qos) is int else None,
        retained=bool(retained) if type(retained) in (int, bool) else None,
        seen=Seen.DELIVERED,
        beside=beside,
        rewritten=rewritten,
    )


def _payload(said: dict[str, Any]) -> tuple[bytes | None, bool]:
    """The payload, and whether it was written anew: %J does that, which makes 1.0 of a message a 1."""
    payload = said.get("payload")
    if payload is None:
        return b"", False
    if not isinstance(payload, str):
        return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogateescape"), True
    found = _bytes(payload)
    length = said.get("payloadlen")
    return (None if type(length) is int and length != len(found) else found), False


def _bytes(text: str) -> bytes:
    """What the text was made from; half of a pair of surrogates, which JSON may hold, stays what it is."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _text(topic: bytes) -> str:
    return topic.decode("utf-8", "backslashreplace")
