"""The example configurations: each loads as it is, and the long one knows every setting with its real default."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from edge_agent.config import Config
from edge_agent.config.allowed import json_schema
from edge_agent.config.load import load

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
EXAMPLES = sorted(CONFIGS.glob("*.toml"))
COMPLETE = (CONFIGS / "store.example.toml").read_text(encoding="utf-8")
SETTING = re.compile(r"^#(\w+) = ", re.MULTILINE)


SAID = tomllib.loads(COMPLETE)
SWITCHED_ON = tomllib.loads(SETTING.sub(r"\1 = ", COMPLETE))


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table or an array of tables."""
    todo = [field.annotation]
    while todo:
        kind = todo.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        todo.extend(get_args(kind))
    return None


def settings(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """(path, field) of every setting below a table."""
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        table = table_of(field)
        if table is None:
            yield here, field
        else:
            yield from settings(table, here)


def value_at(document: Any, path: tuple[str, ...]) -> object:
    """What the document says there, in the first element of each array of tables; None where it is silent."""
    for key in path:
        node = document[0] if isinstance(document, list) else document
        if key not in node:
            return None
        document = node[key]
    return document


ALL_SETTINGS = list(settings(Config))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_loads_as_it_is(path: Path) -> None:
    """Each example is a valid configuration before anybody edits it."""
    assert load(path).camera


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_names_its_schema(path: Path) -> None:
    """The first line points editors to the schema, and the file that it points to is there."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("#:schema ./")
    assert (CONFIGS / first.removeprefix("#:schema ")).is_file()


def test_there_is_an_example_for_every_kind_of_site() -> None:
    """Each kind of site that the product names has an example, beside the one with every setting."""
    kinds = {"store.example", "entrance", "aisle", "goods-shelf", "waiting-room", "after-hours"}
    assert {path.stem for path in EXAMPLES} == kinds


def test_the_complete_example_is_valid_with_everything_switched_on() -> None:
    """Removing every '#' from store.example.toml gives a configuration that the models accept."""
    assert Config.model_validate(SWITCHED_ON)


@pytest.mark.parametrize(("path", "field"), ALL_SETTINGS, ids=[".".join(path) for path, _ in ALL_SETTINGS])
def test_the_complete_example_knows_every_setting(path: tuple[str, ...], field: FieldInfo) -> None:
    """Every setting stands in store.example.toml, commented or not."""
    assert value_at(SWITCHED_ON, path) is not None, f"add {'.'.join(path)} to store.example.toml"


@pytest.mark.parametrize(("path", "field"), ALL_SETTINGS, ids=[".".join(path) for path, _ in ALL_SETTINGS])
def test_a_commented_setting_shows_its_default(path: tuple[str, ...], field: FieldInfo) -> None:
    """A line such as `#key = value` shows what holds without it, unless its comment says that it is an example."""
    if value_at(SAID, path) is not None:
        return  # not commented: a value of this shop
    if field.default is None:
        lines = re.findall(rf"^#{path[-1]} = .*$", COMPLETE, re.MULTILINE)
        assert lines
        assert all("# example" in line for line in lines), f"{'.'.join(path)} has no default: mark it as an example"
    else:
        shown = value_at(SWITCHED_ON, path)
        assert (tuple(shown) if isinstance(shown, list) else shown) == field.default


def test_the_schema_for_editors_is_current() -> None:
    """configs/edge-agent.schema.json is what the models say; `edge-agent check --schema` prints it again."""
    assert (CONFIGS / "edge-agent.schema.json").read_text(encoding="utf-8") == json_schema(), (
        "renew it: edge-agent check --schema > configs/edge-agent.schema.json"
    )
