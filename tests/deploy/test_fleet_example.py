"""configs/fleet.example.toml: every setting of the fleet's commands, with its real default."""

from pathlib import Path

import pytest
from support.example_files import Complete, Setting, settings

from edge_agent.fleet.settings import Settings, read_settings

COMPLETE = Complete(Path(__file__).resolve().parents[2] / "configs" / "fleet.example.toml")
ALL_SETTINGS = list(settings(Settings))


def test_the_example_changes_nothing_as_it_is() -> None:
    """Before anybody edits it the example says what holds without it, but for a site without a name of its own."""
    read = read_settings(COMPLETE.path)
    assert read.model_copy(update={"site": ()}) == Settings()
    assert [(each.name, each.region) for each in read.site] == [(None, None)]


def test_the_example_is_valid_with_everything_switched_on() -> None:
    """Removing every '#' from fleet.example.toml gives settings that the models accept."""
    assert Settings.model_validate(COMPLETE.switched_on).site[0].name


@pytest.mark.parametrize("setting", ALL_SETTINGS, ids=str)
def test_the_example_knows_every_setting(setting: Setting) -> None:
    """Every setting stands in fleet.example.toml, commented or not."""
    assert COMPLETE.knows(setting), f"add {setting} to fleet.example.toml"


@pytest.mark.parametrize("setting", ALL_SETTINGS, ids=str)
def test_a_commented_setting_shows_its_default(setting: Setting) -> None:
    """A line such as `#key = value` shows what holds without it, unless its comment says that it is an example."""
    assert COMPLETE.shows_the_default(setting), f"{setting}: show its default, or mark it as an example if it has none"
