"""A claim on privacy has a test: README, docs/privacy.md and SECURITY.md name tests that exist, with what they hold."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/privacy.md", "SECURITY.md")
_NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def _tests_of(path: Path) -> dict[str, str]:
    """Name and docstring of every test in a file that nothing skips as a whole."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = " ".join(ast.unparse(mark) for mark in node.decorator_list)
            assert "mark.xfail" not in marks, node.name
            assert not re.search(r"mark\.skip\b", marks), node.name
            found[node.name] = ast.get_docstring(node) or ""
    return found


def _section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists(page: str) -> None:
    """Each test that a page names is there, is not switched off, and says what it holds."""
    named = _NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    assert named
    for file, test in named:
        tests = _tests_of(ROOT / file)
        if test:
            assert tests.get(test), f"{page} names {file}::{test}"


def test_every_claim_names_a_test() -> None:
    """No bullet of README's section on privacy, and no row of the table for the officer, is without one."""
    bullets = re.split(r"\n- ", _section((ROOT / "README.md").read_text(encoding="utf-8"), "Privacy"))[1:]
    table = _section((ROOT / "docs/privacy.md").read_text(encoding="utf-8"), "What we claim, and what holds it")
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(bullets) >= 5
    assert len(rows) >= 10
    for claim in (*bullets, *rows):
        assert any(test for _, test in _NAMED.findall(claim)), claim
