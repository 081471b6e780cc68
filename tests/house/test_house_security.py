"""docs/security.md is so: every requirement is there once, every test named exists, its counts are counted."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.authorization import lines
from tests.fakes.authorization import roles as groups
from tests.fuzzing.targets import CORPUS, TARGETS

_ROW = re.compile(r"^\| (\d[\d.]*) \| ([12]) \| (.+?) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::([\w*]+))?`")
_COUNT = re.compile(r"^\| ([^|]+?) \| (\d+) \|$", re.MULTILINE)
LEVEL_2 = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 11, "6.3": 3, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 3, "11.5": 1,
    "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4,
    "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}  # fmt: skip
"""Section of ASVS 5.0 to its last number of level 1 or 2: they stand before those of level 3."""
CHAPTERS = {"10.5", "17"}
"""Told as one: what another page has, and what is not there at all."""


@pytest.fixture(scope="module")
def paper(root: Path) -> str:
    """The page."""
    return (root / "docs" / "security.md").read_text()


def _defined(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef):
            yield node.name


def test_every_requirement_of_the_level_is_listed_once(paper: str) -> None:
    """Numbers of levels 1 and 2, none missing, none twice, none of our own."""
    listed = [number for number, *_rest in _ROW.findall(paper)]
    wanted = {f"{section}.{n}" for section, last in LEVEL_2.items() for n in range(1, last + 1)}
    assert sorted(listed) == sorted(wanted | CHAPTERS)


def test_every_test_named_exists(paper: str, root: Path) -> None:
    """What is said to show a requirement can be run."""
    named = _TEST.findall(paper)
    assert len(named) > 100
    for path, name in named:
        assert (root / path).is_file(), path
        assert not name or name == "*" or name in set(_defined(root / path)), f"{path}::{name}"


def test_every_requirement_says_how_it_stands(paper: str) -> None:
    """A test, a paper, not applicable, or a gap; nothing is left open."""
    for number, _level, _what, shown in _ROW.findall(paper):
        assert _TEST.search(shown) or shown.startswith(("paper: ", "n/a: ", "**gap**: ")), number


def test_its_counts_are_counted(paper: str) -> None:
    """Requirements by how they stand, addresses, calls of the matrix, parsers, inputs: as the code has them."""
    shown = [row[3] for row in _ROW.findall(paper)]
    tests = sum("`tests/" in text and not text.startswith("n/a") for text in shown)
    papers = sum(
        text.startswith("paper") and "`tests/" not in text and "**gap**" not in text for text in shown
    )
    roles = len(set().union(*groups().values()))
    owned = [line for line in lines() if line.group not in {"public", "link", "invitation", "api"}]
    counted = [
        len(shown),
        tests,
        papers,
        sum(text.startswith("n/a") for text in shown),
        sum("**gap**" in text for text in shown),
        len(lines()),
        sum(len(line.methods) for line in owned) * roles,
        len(TARGETS),
        sum(target.examples for target in TARGETS.values()),
        len(list(CORPUS.rglob("*.bin"))),
    ]
    said = [(what, int(number)) for what, number in _COUNT.findall(paper)]
    assert said == [(what, number) for (what, _said), number in zip(said, counted, strict=True)]
