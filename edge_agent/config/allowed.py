"""What each setting may be, in words, from the JSON Schema of the models: error lines and the reference share it."""

import json
from functools import cache
from typing import Any, Final

from edge_agent.config.rules import Location
from edge_agent.config.schema import Config

Schema = dict[str, Any]

_UNITS: Final = {"_s": "s", "_min": "min", "_mb": "MB", "fps": "pictures per second", "_per_s": "messages per second"}


def json_schema() -> str:
    """The JSON Schema of the configuration file, for editors that check TOML while it is written."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_for_editors(Config.model_json_schema())}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _for_editors(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Leave out null, which TOML cannot write, and the words that are ours alone."""
    if isinstance(node, list):
        return [_for_editors(element) for element in node]
    if not isinstance(node, dict):
        return node
    node = {key: _for_editors(value) for key, value in node.items() if key != "allowed" or isinstance(value, dict)}
    options = [option for option in node.pop("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        node = {**options[0], **node}
    if node.get("default", node) is None:
        del node["default"]
    return node


@cache
def _root() -> Schema:
    return Config.model_json_schema(by_alias=True)


def resolved(node: Schema) -> Schema:
    """The schema behind a reference or an optional value, with what its user adds to it."""
    while True:
        options = [option for option in node.get("anyOf", ()) if option != {"type": "null"}]
        if options:
            node = {**options[0], **{key: value for key, value in node.items() if key != "anyOf"}}
        elif "$ref" in node:
            target = _root()["$defs"][node["$ref"].rpartition("/")[2]]
            node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
        else:
            return node


def schema_at(location: Location) -> Schema:
    """The schema of the setting at a location; an empty one where no setting can be."""
    node = resolved(_root())
    for part in location:
        if isinstance(part, str):
            node = node.get("properties", {}).get(part, {})
        else:
            places = node.get("prefixItems", ())
            node = places[part] if part < len(places) else node.get("items", {})
        node = resolved(node)
    return node


def tables() -> dict[Location, Schema]:
    """Every table of the file by its keys, such as ('camera', 'line'), in the order of the models."""
    found: dict[Location, Schema] = {}

    def visit(path: Location, node: Schema) -> None:
        found[path] = node
        for key, child in node["properties"].items():
            kind = resolved(child)
            inner = resolved(kind.get("items", {})) if kind.get("type") == "array" else kind
            if "properties" in inner:
                visit((*path, key), inner)

    visit((), resolved(_root()))
    return found


def is_list_of_tables(schema: Schema) -> bool:
    """Whether a setting is written as [[double brackets]]."""
    return schema.get("type") == "array" and "properties" in resolved(schema.get("items", {}))


def header(table: Location) -> str:
    """How a table is headed: `[site.opening_hours]`, `[[camera.line]]`; plain words for the file's top."""
    if not table:
        return "the top of the file"
    name = ".".join(str(part) for part in table)
    *outer, last = table
    many = is_list_of_tables(resolved(tables()[tuple(outer)]["properties"][last]))
    return f"[[{name}]]" if many else f"[{name}]"


def describe(schema: Schema, key: str = "") -> str:
    """What a setting may be, as part of a sentence; the key's ending tells the unit."""
    schema = resolved(schema)
    if "enum" in schema:
        return "one of " + ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in schema["enum"])
    return str(schema.get("allowed")) if "allowed" in schema else _by_type(schema, key)


def _by_type(schema: Schema, key: str) -> str:
    match schema["type"]:
        case "integer" | "number" as kind:
            words = {"integer": "a whole number", "number": "a number"}
            return f"{words[kind]}{_range(schema)}{unit(key)}"
        case "array":
            return _list(schema)
        case kind:
            return {"boolean": "true or false", "object": "a table", "string": "a date such as 2026-12-25"}[kind]


def unit(key: str) -> str:
    """The unit that a key's name ends with, with a blank before it; empty if it has none."""
    endings = sorted((ending for ending in _UNITS if key.endswith(ending)), key=len)
    return f" {_UNITS[endings[-1]]}" if endings else ""


def _list(schema: Schema) -> str:
    if is_list_of_tables(schema):
        return "a list of tables"
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    number = f"{least} to {most} " if least and most else f"up to {most} " if most else ""
    return f"a list of {number}values, each {describe(schema['items'])}"


def _range(schema: Schema) -> str:
    if "exclusiveMinimum" in schema:
        return f" above {schema['exclusiveMinimum']:g}, up to {schema['maximum']:g}"
    return f" from {schema['minimum']:g} to {schema['maximum']:g}"
