"""From pydantic's errors to ours: what is allowed and what to do, in plain words and with line numbers."""

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edge_agent.config.allowed import Schema, describe, header, is_list_of_tables, schema_at, tables
from edge_agent.config.document import Document
from edge_agent.config.fields import nearest
from edge_agent.config.problem import Problem, redact
from edge_agent.config.rules import Location, SettingError


def translate(document: Document, error: ValidationError) -> list[Problem]:
    """One problem for each error, at the line of the value or of the table that lacks it."""
    details = error.errors(include_url=False)
    return [_problem(document, detail) for detail in details if not _is_echo(document, detail)]


def _is_echo(document: Document, detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because elements of it were refused, which has been said already."""
    value = document.value(detail["loc"])
    return detail["type"] == "too_short" and isinstance(value, list) and len(value) >= detail["ctx"]["min_length"]


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    location = detail["loc"]
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, SettingError):
        return _broken_rule(document, location, cause)
    match detail["type"]:
        case "extra_forbidden":
            return document.problem(location, "unknown key", _unknown_key_fix(location), missing=True)
        case "missing":
            return _missing(document, location)
    allowed = f"must be {describe(schema_at(location), _key(location))}"
    fix = FIXES.get(detail["type"], _say("correct it"))
    return document.problem(location, allowed, fix(location, schema_at(location), document.value(location)))


def _broken_rule(document: Document, location: Location, cause: SettingError) -> Problem:
    wrong = cause.wrong
    if cause.other:
        wrong += f", and line {document.line(location + cause.other)} has it already"
    return document.problem(location + cause.at, wrong, cause.fix, missing=cause.missing)


def _missing(document: Document, location: Location) -> Problem:
    schema = schema_at(location)
    table = _table(location)
    if "properties" in schema or is_list_of_tables(schema):
        return document.problem(location, "missing", f"add a table {header((*table, location[-1]))}", missing=True)
    example = f', for example {_key(location)} = "{schema["examples"][0]}"' if "examples" in schema else ""
    allowed = f"missing: {describe(schema, _key(location))}"
    return document.problem(location, allowed, f"add it to {header(table)}{example}", missing=True)


def _unknown_key_fix(location: Location) -> str:
    table, key = _table(location), _key(location)
    known = tables().get(table, {}).get("properties", {})
    if close := nearest(key, known):
        return f"did you mean '{close[0]}'?"
    if homes := [home for home, schema in tables().items() if key in schema["properties"]]:
        return f"it belongs to {header(homes[0])}"
    return f"{header(table)} knows {', '.join(known)}"


def _number_fix(_location: Location, _schema: Schema, value: object) -> str:
    if isinstance(value, str):
        return "leave the quotes out"
    return "leave the point out" if isinstance(value, float) else "write a number"


def _choice_fix(_location: Location, schema: Schema, value: object) -> str:
    close = nearest(value, schema["enum"]) if isinstance(value, str) else []
    return f"did you mean '{close[0]}'?" if close else "choose one of them, in quotes"


def _text_fix(_location: Location, _schema: Schema, value: object) -> str:
    return "give one text, in quotes" if isinstance(value, list | dict) else "put it in quotes"


def _list_fix(location: Location, schema: Schema, value: object) -> str:
    if is_list_of_tables(schema):
        return f"write {header(_table((*location, '')))} above each"
    return "write it in square brackets" + (f', as ["{redact(value)[:20]}"]' if isinstance(value, str) else "")


def _shorter_fix(location: Location, schema: Schema, _value: object) -> str:
    return f"add a table {header(_table((*location, '')))}" if is_list_of_tables(schema) else "add what is missing"


def _table_fix(location: Location, _schema: Schema, _value: object) -> str:
    return f"write it under the header {header(_table((*location, '')))}"


def _pattern_fix(_location: Location, schema: Schema, value: object) -> str:
    if not isinstance(value, str) or "letters" not in describe(schema):
        return "leave control characters out"
    name = "-".join("".join(c if c.isascii() and (c.isalnum() or c in "_-") else " " for c in value).split())
    name = name.lstrip("-_")[:63]
    return f"for example '{name}'" if name else "write it with these characters"


def _say(fix: str) -> Callable[[Location, Schema, object], str]:
    return lambda _location, _schema, _value: fix


_IN_RANGE: Final = _say("choose a number in this range")

FIXES: Final[Mapping[str, Callable[[Location, Schema, object], str]]] = {
    "int_type": _number_fix,
    "float_type": _number_fix,
    "bool_type": _say("write it in small letters, without quotes"),
    "finite_number": _IN_RANGE,
    "greater_than": _IN_RANGE,
    "greater_than_equal": _IN_RANGE,
    "less_than_equal": _IN_RANGE,
    "literal_error": _choice_fix,
    "enum": _choice_fix,
    "string_type": _text_fix,
    "string_too_short": _say("write something, or leave the key out"),
    "string_too_long": _say("shorten it"),
    "string_pattern_mismatch": _pattern_fix,
    "date_type": _say("write it without quotes"),
    "date_parsing": _say("write it without quotes and without a time"),
    "tuple_type": _list_fix,
    "too_short": _shorter_fix,
    "too_long": _say("leave some out"),
    "model_type": _table_fix,
}
"""For each of pydantic's types of error, what the user can do about it."""


def _table(location: Location) -> Location:
    """The table that holds the key at a location, without the places in lists."""
    return tuple(part for part in location[:-1] if isinstance(part, str))


def _key(location: Location) -> str:
    """The last key of a location: the setting that the value, or the list around it, belongs to."""
    return next((part for part in reversed(location) if isinstance(part, str)), "")
