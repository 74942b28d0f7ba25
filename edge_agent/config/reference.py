"""docs/configuration.md from the models: `python -m edge_agent.config.reference > docs/configuration.md`."""

import json
import sys
from typing import Any, Final

from edge_agent.config.allowed import Schema, describe, header, is_list_of_tables, resolved, tables
from edge_agent.config.rules import Location

_PREFACE: Final = """\
# Configuration

<!-- Made from the models in edge_agent/config: change the descriptions there, then run
     python -m edge_agent.config.reference > docs/configuration.md -->

One TOML file per device. `configs/` holds one example per kind of site.

- `edge-agent check FILE` says whether the file can be used: one line per error, with the line number, what is allowed
  and what to do. It also looks at the files that the configuration names: whether they are there, whether a
  certificate is expired or belongs to another key, whether others can read a secret. Exit status: 0 or 2.
- `edge-agent check FILE --show` prints the settings in force, defaults included.
- `edge-agent check --schema` prints the JSON Schema, for editors that complete and check TOML.

Unknown keys are errors. Points are `[x, y]`, fractions of the picture's width and height from the top left corner, so
they survive a change of resolution. Units are in the names: `_s` seconds, `_min` minutes, `_mb` megabytes.

Secrets stand in files of their own, named by `password_file`, `credentials_file` and `key_file`: give them mode 0600.
Relative paths begin at the folder of the configuration. A bundle given by path and a clip are looked for there first.

Every sealed hour carries two hashes: `geometry` changes when a line or a zone moves, `config` with any setting that
can change what is counted or how it is sent, but not with the places of folders, secrets and certificates.
"""


def reference() -> str:
    """The reference of all settings, in Markdown."""
    sections = [_section(path, schema) for path, schema in tables().items() if path]
    return "\n".join([_PREFACE, *sections])


def _section(path: Location, schema: Schema) -> str:
    settings = {key: node for key, node in schema["properties"].items() if not _is_table(node)}
    rows = [
        f"| `{key}` | {_cell(describe(node, key))} | {_default(key, node, schema)} | {_cell(node['description'])} |"
        for key, node in settings.items()
    ]
    lines = [
        f"## `{header(path)}`",
        "",
        schema["description"],
        "",
        "| key | must be | default | meaning |",
        "|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _is_table(node: Schema) -> bool:
    schema = resolved(node)
    return "properties" in schema or is_list_of_tables(schema)


def _default(key: str, node: Schema, table: Schema) -> str:
    if key in table.get("required", ()):
        return "**needed**"
    default: Any = node.get("default")
    return "none" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
