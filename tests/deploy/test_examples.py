"""The example configurations: each loads as it is, and the long one knows every setting with its real default."""

from pathlib import Path

import pytest
from support.example_files import Complete, Setting, settings

from edge_agent.config import Config
from edge_agent.config.allowed import json_schema
from edge_agent.config.load import load

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
EXAMPLES = sorted(path for path in CONFIGS.glob("*.toml") if not path.name.startswith("fleet"))
COMPLETE = Complete(CONFIGS / "store.example.toml")
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
    assert Config.model_validate(COMPLETE.switched_on)


@pytest.mark.parametrize("setting", ALL_SETTINGS, ids=str)
def test_the_complete_example_knows_every_setting(setting: Setting) -> None:
    """Every setting stands in store.example.toml, commented or not."""
    assert COMPLETE.knows(setting), f"add {setting} to store.example.toml"


@pytest.mark.parametrize("setting", ALL_SETTINGS, ids=str)
def test_a_commented_setting_shows_its_default(setting: Setting) -> None:
    """A line such as `#key = value` shows what holds without it, unless its comment says that it is an example."""
    assert COMPLETE.shows_the_default(setting), f"{setting}: show its default, or mark it as an example if it has none"


def test_the_schema_for_editors_is_current() -> None:
    """configs/edge-agent.schema.json is what the models say; `edge-agent check --schema` prints it again."""
    assert (CONFIGS / "edge-agent.schema.json").read_text(encoding="utf-8") == json_schema(), (
        "renew it: edge-agent check --schema > configs/edge-agent.schema.json"
    )
