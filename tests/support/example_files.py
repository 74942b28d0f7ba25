"""Example files of settings, read against the models: which settings they have, and which defaults they show."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

SETTING = re.compile(r"^#(\w+) = ", re.MULTILINE)


@dataclass(frozen=True)
class Setting:
    """A setting of the models, with the keys that lead to it."""

    path: tuple[str, ...]
    field: FieldInfo

    def __str__(self) -> str:
        return ".".join(self.path)


class Complete:
    """An example that has every setting: as it stands, and with every '#' before one taken away."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.said: dict[str, Any] = tomllib.loads(self.text)
        self.switched_on: dict[str, Any] = tomllib.loads(SETTING.sub(r"\1 = ", self.text))

    def knows(self, setting: Setting) -> bool:
        """Whether the setting stands there, commented or not."""
        return value_at(self.switched_on, setting.path) is not None

    def shows_the_default(self, setting: Setting) -> bool:
        """Whether a commented setting shows its default, or says that it is an example because it has none."""
        if value_at(self.said, setting.path) is not None:
            return True  # not commented: a value of this shop
        if setting.field.default is None:
            lines = re.findall(rf"^#{setting.path[-1]} = .*$", self.text, re.MULTILINE)
            return bool(lines) and all("# example" in line for line in lines)
        shown = value_at(self.switched_on, setting.path)
        return bool((tuple(shown) if isinstance(shown, list) else shown) == setting.field.default)


def settings(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Every setting below a table."""
    for name, field in model.model_fields.items():
        here = (*path, field.alias or name)
        table = table_of(field)
        if table is None:
            yield Setting(here, field)
        else:
            yield from settings(table, here)


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table or an array of tables."""
    todo = [field.annotation]
    while todo:
        kind = todo.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        todo.extend(get_args(kind))
    return None


def value_at(document: Any, path: tuple[str, ...]) -> Any:
    """What the document says there, in the first element of each array of tables; None where it is silent."""
    for key in path:
        node = document[0] if isinstance(document, list) else document
        if key not in node:
            return None
        document = node[key]
    return document
