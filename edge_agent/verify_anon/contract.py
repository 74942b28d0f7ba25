"""Whether one message is within the contract, and if not, why: the field, what stands there, what is allowed."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edge_agent.message import Topic
from edge_agent.verify_anon.capture import Captured, Seen
from edge_agent.verify_anon.sums import sums
from edge_agent.verify_anon.topics import Place

_SHOWN_MAX: Final = 48
_LIVE: Final = re.compile(rb"0|[1-9][0-9]{0,9}")
_LIVE_MAX: Final = 2**31 - 1
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message is not within the contract.

    Attributes:
        field: such as 'lines[0].in'; empty if the message as a whole is meant.
        what: what is wrong.
        allowed: what the contract has there; empty if `what` says it.
    """

    field: str
    what: str
    allowed: str = ""

    def __str__(self) -> str:
        text = f"{self.field}: {self.what}" if self.field else self.what
        return f"{text}; allowed: {self.allowed}" if self.allowed else text


def judge(message: Captured, at: Place | None) -> tuple[Reason, ...]:
    """Return every reason why a message under the root is not within the contract; none if it is."""
    return tuple(_reasons(message, at))


def _reasons(message: Captured, at: Place | None) -> Iterator[Reason]:
    yield from (
        Reason(name, "sent beside the payload, where it could hold anything", "nothing") for name in message.beside
    )
    if at is None:
        yield Reason("topic", "not the topic of a device", "footfall/v1/TENANT/SITE/DEVICE/…, each a plain name")
        return
    if at.row is None:
        if not at.towards_device:
            yield Reason("topic", f"unknown topic '{_short(at.leaf)}'", "the topics of the table in message.py")
        return
    yield from _flags(message, at.row)
    if message.payload is None:
        yield Reason("payload", "it holds a zero byte, at which the capture cut it", "JSON or a plain integer")
    elif not message.payload and at.row.retained:
        return  # clears a retained message: no information
    elif at.row.model is None:
        yield from _live(message.payload)
    else:
        yield from _modelled(message, message.payload, at, at.row)


def _flags(message: Captured, row: Topic) -> Iterator[Reason]:
    """The retained flag and the QoS: exact on the way to the broker, which lowers both when it passes a message on."""
    exact = message.seen is Seen.PUBLISHED
    if message.retained is not None and (
        message.retained > row.retained or (exact and message.retained != row.retained)
    ):
        yield Reason("retained", "set" if message.retained else "not set", "set" if row.retained else "not set")
    if message.qos is not None and (message.qos > row.qos or (exact and message.qos != row.qos)):
        yield Reason("QoS", str(message.qos), str(row.qos) if exact else f"at most {row.qos}")


def _live(payload: bytes) -> Iterator[Reason]:
    if payload != b"unknown" and not (_LIVE.fullmatch(payload) and int(payload) <= _LIVE_MAX):
        what = f"{_shown(payload.decode('utf-8', 'backslashreplace'))} is no plain integer"
        yield Reason("payload", what, f"0 to {_LIVE_MAX}, or the word unknown")


def _modelled(message: Captured, payload: bytes, at: Place, row: Topic) -> Iterator[Reason]:
    assert row.model is not None  # noqa: S101 - for the type checker
    try:
        found = row.model.model_validate_json(payload)
    except ValidationError as error:
        details = error.errors(include_url=False)
        absent = [_path(detail["loc"]) for detail in details if detail["type"] == "missing"]
        yield from (_explained(detail) for detail in details if detail["type"] != "missing")
        if absent:
            yield Reason("payload", f"lacks {', '.join(absent)}", "all fields of the schema")
        return
    if not message.rewritten and not at.towards_device:
        written = found.model_dump_json(by_alias=True, exclude_unset=True).encode()
        if written != payload:
            yield Reason("payload", _odd_form(payload), "compact JSON with the fields in the schema's order")
    values: dict[str, Any] = json.loads(payload)
    for name in at.levels.keys() & values.keys():
        if values[name] != at.levels[name]:
            yield Reason(name, f"'{_short(str(values[name]))}' is not the '{at.levels[name]}' of the topic")
    yield from (Reason(*reason) for reason in sums(values))


def _odd_form(payload: bytes) -> str:
    """Two messages that say the same must be the same bytes, or their form could say something more."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in found]
        twice.extend(name for name in names if names.count(name) > 1)
        return dict(found)

    json.loads(payload, object_pairs_hook=pairs)
    if twice:
        return f"the field '{_short(twice[0])}' stands there twice"
    return "not written as the contract writes it: its blanks, order or escapes could carry something"


def _explained(detail: ErrorDetails) -> Reason:
    field, kind, value = _path(detail["loc"]), detail["type"], detail["input"]
    context = detail.get("ctx", {})
    shown = _shown(value)
    if kind == "json_invalid":
        return Reason("payload", "not JSON", "one JSON object of the schema")
    if kind == "extra_forbidden":
        return Reason(field, "a field that the contract does not have", "the fields of the schema, and no other")
    if kind.startswith("int") or kind in ("greater_than_equal", "less_than_equal"):
        what = f"{shown} is a fraction" if isinstance(value, float) else f"{shown} is no such number"
        return Reason(field, what, _numbers(context))
    if kind == "string_pattern_mismatch":
        return Reason(field, *_unmatched(str(value), str(context.get("pattern"))))
    if kind in ("literal_error", "enum"):
        return Reason(field, f"{shown} is not in the closed list", str(context.get("expected")))
    return Reason(field, f"{shown}: {detail['msg'][:1].lower()}{detail['msg'][1:]}", "what the schema says")


def _unmatched(text: str, pattern: str) -> tuple[str, str]:
    """A text that is not of its pattern; where an instant should be, say that."""
    if "T" in pattern and _INSTANT.match(text):
        return f"{_shown(text)} is an instant finer than whole seconds of UTC", "such as 2026-06-10T10:00:00Z"
    return f"{_shown(text)} is free text", f"the pattern {pattern}"


def _numbers(context: dict[str, Any]) -> str:
    low, high = context.get("ge"), context.get("le")
    return (
        "whole numbers" + (f" from {low}" if low is not None else "") + (f" up to {high}" if high is not None else "")
    )


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{_short(part)}" if text else _short(part)
    return text


def _shown(value: object) -> str:
    """A value as it would stand in JSON, fit for a line."""
    match value:
        case str():
            return f"'{_short(value)}'"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case int() if value.bit_length() >= 128:
            return "a number of more than 38 digits"  # str() refuses more than some thousand
        case _:
            return _short(json.dumps(value, default=str))


def _short(text: str) -> str:
    """What stands in a message, fit for a line: shortened, and without what could break or recolour it."""
    text = text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
