"""Whoever checks a definition says it in Spanish too: each sentence of the checks has its translation."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from web.views.definition_problems import spanish

ROOT = Path(__file__).parents[2]
NOT_DEFINITIONS = {"calendar.py", "errors.py", "ports.py", "registry.py", "facts.py"}
"""Modules whose sentences are not about definitions."""


def _sentences() -> Iterator[tuple[str, str]]:
    """Every sentence that a check yields or notes, with placeholders filled in: a name in quotes, or a 1."""
    for path in sorted((ROOT / "workflows").glob("*.py")):
        if path.name in NOT_DEFINITIONS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for text in _said(node):
                yield f"{path.name}:{node.lineno}", text  # type: ignore[attr-defined]


def _said(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Yield) and node.value is not None:
        place, colon, what = _text(node.value).partition(": ")
        if colon and place:
            yield what
    elif isinstance(node, ast.YieldFrom) and isinstance(node.value, ast.GeneratorExp):
        yield _text(node.value.elt).partition(": ")[2]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "problem":
        yield _text(node.args[1])


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return "'x'" if node.conversion == ord("r") else "1"
    return ""


SENTENCES = sorted({(what, where) for where, what in _sentences() if what and what != "1"})


def test_the_sentences_were_found() -> None:
    """The list compared with is the program's, not empty by an accident of reading it."""
    assert len(SENTENCES) > 40


@pytest.mark.parametrize(("what", "where"), SENTENCES, ids=[where for _, where in SENTENCES])
def test_every_sentence_has_its_spanish(what: str, where: str) -> None:
    """A check that says something new says it in Spanish too (web/views/definition_problems.py)."""
    assert spanish(what), f"{where}: {what}"
