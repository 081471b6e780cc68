"""The shape of the tree: where packages lie, how large modules are, what folders may be called."""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

MOST_LINES = 400
MOST_TEST_LINES = 600
MOST_FUNCTION_LINES = 40
DRAWERS = {"utils", "common", "core", "models", "services", "helpers", "misc"}
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def packages(root: Path) -> list[str]:
    """The top-level packages that the import contracts govern."""
    config = tomllib.loads((root / "pyproject.toml").read_text())
    names: list[str] = config["tool"]["importlinter"]["root_packages"]
    return names


def functions(path: Path) -> Iterator[FunctionNode]:
    """Every function and method of a Python file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, FunctionNode):
            yield node


def body_lines(node: FunctionNode) -> int:
    """Lines of the body: a signature with a line an option (click's) and the docstring make nothing longer."""
    first = node.body[0]
    start = first.lineno
    if ast.get_docstring(node, clean=False) is not None:
        start = (first.end_lineno or first.lineno) + 1
    return (node.end_lineno or start) - start + 1


def is_product(path: Path, root: Path) -> bool:
    """Code that runs in production; migrations list columns and are as long as the tables."""
    parts = path.relative_to(root).parts
    return parts[0] not in {"tests", "benchmarks", "torture", "tools"} and "versions" not in parts


def test_every_package_lies_in_this_tree(root: Path) -> None:
    """Generic names such as `storage` could be shadowed by an installed distribution: ours are imported."""
    for name in packages(root):
        where = importlib.import_module(name).__file__
        assert where is not None, f"{name} is a namespace package"
        assert Path(where).resolve().is_relative_to(root), name


def test_every_package_is_under_contract(root: Path) -> None:
    """Each top folder with an `__init__.py` is listed for the import contracts and for the types."""
    found = {path.parent.name for path in root.glob("*/__init__.py")} - {"benchmarks", "torture"}
    assert found == set(packages(root))
    config = tomllib.loads((root / "pyproject.toml").read_text())
    assert found | {"benchmarks", "torture"} == set(config["tool"]["mypy"]["packages"])


def test_modules_stay_small(modules: list[Path], root: Path) -> None:
    """No module over 400 lines, no test file over 600: past that it holds more than one thing."""
    lengths = {path: len(path.read_text().splitlines()) for path in modules}
    long = {
        str(path.relative_to(root)): lines
        for path, lines in lengths.items()
        if lines > (MOST_LINES if is_product(path, root) else MOST_TEST_LINES)
    }
    assert not long


def test_functions_stay_short(modules: list[Path], root: Path) -> None:
    """No function of the product has a body over 40 lines."""
    long = [
        f"{path.relative_to(root)}:{node.lineno} {node.name} {lines}"
        for path in modules
        if is_product(path, root)
        for node in functions(path)
        if (lines := body_lines(node)) > MOST_FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


def test_no_drawers(modules: list[Path], root: Path) -> None:
    """No folder or module is named after nothing in particular."""
    named = {part for path in modules for part in path.relative_to(root).with_suffix("").parts}
    assert not named & DRAWERS


def test_tests_are_not_packages(modules: list[Path], root: Path) -> None:
    """An `__init__.py` under tests/workflows would shadow the real `workflows`; file names are unique instead."""
    tests = [path for path in modules if path.relative_to(root).parts[0] == "tests"]
    assert not [path for path in tests if path.name == "__init__.py"]
    counts = Counter(path.name for path in tests if path.name.startswith("test_"))
    assert not [name for name, count in counts.items() if count > 1]


def test_every_test_states_its_behaviour(modules: list[Path], root: Path) -> None:
    """Each test function carries a docstring: the suite read aloud says what the product does."""
    silent = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path in modules
        if path.name.startswith("test_")
        for node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert not silent, "\n".join(silent)


@pytest.mark.parametrize(
    "name", ["Makefile", "LICENSE", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", ".ci/run"]
)
def test_the_house_has_its_papers(root: Path, name: str) -> None:
    """What a newcomer looks for first is there and is not empty."""
    assert (root / name).stat().st_size > 100
