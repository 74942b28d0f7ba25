"""Small promises: what is imported is declared, what is a command is documented, what is documented exists."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import click
import pytest

from edge_agent.cli import main
from edge_agent.message import TOPICS
from edge_agent.terms import GapCause, Quality

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


_CONTEXT = click.Context(main)
COMMANDS = {name: main.get_command(_CONTEXT, name) for name in main.list_commands(_CONTEXT)}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _of_fleet(path: Path) -> bool:
    return "fleet" in path.relative_to(ROOT / "edge_agent").parts[:2]


def _used(*, fleet: bool) -> set[str]:
    """The distributions that the fleet, or everything but the fleet, imports."""
    found: set[str] = set()
    for path in (ROOT / "edge_agent").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if _of_fleet(path) == fleet else ():
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            found |= {name.partition(".")[0] for name in names}
    known = packages_distributions()
    modules = found - {"edge_agent"} - sys.stdlib_module_names
    used = {min(known[name], key=len).lower().replace("_", "-") for name in modules}
    return {"opencv-python-headless" if name.startswith("opencv") else name for name in used} - {"pydantic-core"}


def _declared(lines: list[str]) -> set[str]:
    return {re.split(r"[<>=!~ ;\[]", line)[0].lower().replace("_", "-") for line in lines}


def test_every_import_is_a_declared_dependency() -> None:
    """A device has all that it imports, and is told of nothing that it does not; so has the fleet, with its extra."""
    device, fleet = _declared(PROJECT["dependencies"]), _declared(PROJECT["optional-dependencies"]["fleet"])
    assert _used(fleet=False) == device
    assert _used(fleet=True) - device == fleet - {"python-multipart"}  # starlette imports that for forms


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name: str) -> None:
    """Each command has a help text, and stands in the README."""
    command = COMMANDS[name]
    assert command is not None
    assert command.help
    assert f"edge-agent {name}" in README
    for option in command.params:
        assert not isinstance(option, click.Option) or option.help, f"{name} {option.opts}"


def test_links_lead_somewhere() -> None:
    """Every relative link of README, ARCHITECTURE and docs/ names a file that exists."""
    for page in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_architecture_stays_readable_and_true() -> None:
    """At most 150 lines; every topic of the code and every module that the page names exists."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    for topic in TOPICS:
        assert topic.leaf.rpartition("/")[2] in text
    for path in re.findall(r"`([a-z_/]+\.py)`", text):
        assert (ROOT / path).exists() or (ROOT / "edge_agent" / path).exists(), path


def test_words_on_the_wire_are_explained() -> None:
    """Every quality word stands on the page for marketing, every cause of a gap somewhere in docs/."""
    marketing = (ROOT / "docs" / "marketing.md").read_text(encoding="utf-8")
    everything = marketing + (ROOT / "docs" / "ops.md").read_text(encoding="utf-8")
    assert [word for word in Quality if f"`{word}`" not in everything] == []
    assert [cause for cause in GapCause if f"`{cause}`" not in everything] == []


def test_no_file_holds_two_things() -> None:
    """No Python file of the product passes 400 lines."""
    long = [
        p.name for p in (ROOT / "edge_agent").rglob("*.py") if len(p.read_text(encoding="utf-8").splitlines()) > 400
    ]
    assert long == []
