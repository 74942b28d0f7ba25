"""The source of the package, read without running it: what each file imports, and which names it uses."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "edge_agent"


@dataclass(frozen=True)
class Module:
    """A source file of the package, parsed."""

    path: Path
    name: str
    tree: ast.Module

    @property
    def part(self) -> str:
        """The line of the table that it belongs to."""
        return part_of(self.name)


def part_of(name: str) -> str:
    """'edge_agent.camera.reader' belongs to 'camera', 'edge_agent' to ''."""
    return name.partition(".")[2].partition(".")[0]


_parse = cache(ast.parse)  # the copies below differ in one file each


def read(root: Path) -> dict[str, Module]:
    """Every module of the package under `root`, by dotted name."""
    modules = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = Module(path, name, _parse(path.read_text(encoding="utf-8")))
    return modules


def origin(node: ast.ImportFrom, module: Module) -> str:
    """The absolute name of what stands after `from`, however many dots it was written with."""
    if not node.level:
        return node.module or ""
    base = module.name.split(".")
    base = base[: len(base) - node.level + (module.path.name == "__init__.py")]
    return ".".join([*base, *((node.module or "").split(".") if node.module else [])])


def imports(module: Module, modules: dict[str, Module]) -> Iterator[tuple[int, str]]:
    """(line, absolute name) of everything that the file imports, wherever in it.

    The name 'edge_agent.*' stands for the whole package, through which everything else could be reached.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
                if alias.asname is None and alias.name.partition(".")[0] == PACKAGE:
                    yield node.lineno, f"{PACKAGE}.*"
        elif isinstance(node, ast.ImportFrom):
            base = origin(node, module)
            for alias in node.names:
                deeper = f"{base}.{alias.name}"
                yield node.lineno, deeper if deeper in modules or deeper == f"{PACKAGE}.*" else base


def uses(module: Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every imported module and of every name in the code, annotations left out."""
    known: dict[str, str] = {}
    hints: set[int] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = origin(node, module)
            known.update({alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names})
            yield node.lineno, base
        for hint in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(hint, ast.expr):
                hints.update(id(inner) for inner in ast.walk(hint))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in hints:
            yield node.lineno, _dotted(node, known)


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, known)}.{node.attr}"
    return "()"
