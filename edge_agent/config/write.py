"""A configuration back as TOML, one key to a line, as a person would write it."""

import json
from datetime import date
from typing import Any

from edge_agent.config.problem import redact
from edge_agent.config.schema import Config


def as_toml(config: Config) -> str:
    """The settings in force, defaults included, as a file that `load` reads as an equal configuration.

    Secrets are not in it, only the paths of their files. What may be credentials in an address (before an '@', after
    a '?') is replaced by '***': only then does the result not load as an equal configuration.
    """
    data = config.model_dump(by_alias=True, exclude_none=True)
    for camera in data["camera"]:
        camera["source"] = redact(camera["source"])
    return "\n".join(_tables("", data)).lstrip("\n")


def _tables(path: str, table: dict[str, Any]) -> list[str]:
    """The lines of a table's keys, and then those of the tables in it, as TOML wants them."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not _is_table(value)]
    if lines:
        lines.append("")
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            lines += [f"[{name}]", *_tables(name, value)]
        elif _is_table(value):
            for element in value:
                lines += [f"[[{name}]]", *_tables(name, element)]
    return lines


def _is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, tuple) and bool(value) and isinstance(value[0], dict))


def _value(value: object) -> str:
    match value:
        case tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case date():
            return value.isoformat()
        case bool() | int() | float():
            return json.dumps(value)
        case _:  # text, enumerations, paths: without control characters, JSON's quoting is TOML's
            return json.dumps(str(value), ensure_ascii=False)
