"""The page about files says what the code does."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from documents import DEFAULT_LIMITS, REFUSAL_FIELDS, WARNING_CODES, FileRefused
from documents.sniffing import KINDS

PAGE = (Path(__file__).resolve().parents[2] / "docs/formats/files.md").read_text()


def _table(heading: str) -> list[list[str]]:
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_kinds_are_those_of_the_code() -> None:
    """Family, extension and media type of every kind we take, in one order."""
    assert [tuple(row[:3]) for row in _table("Taken")] == [
        (kind.family, f".{kind.extension}", kind.media) for kind in KINDS
    ]
    for kind in KINDS:
        assert all(f"`.{alias}`" in PAGE for alias in kind.aliases)


def test_refusals_are_those_of_the_code() -> None:
    """Every code with its fields, in one order."""
    listed = {
        row[0]: tuple(field.strip() for field in row[1].split(",") if field.strip())
        for row in _table("Refusals")
    }
    assert listed == dict(REFUSAL_FIELDS)


def test_warnings_are_those_of_the_code() -> None:
    """Every code with what it says."""
    assert {row[0]: row[1] for row in _table("Warnings")} == dict(WARNING_CODES)


def test_limits_are_those_of_the_code() -> None:
    """Every limit with its default."""
    assert {row[0]: int(row[1]) for row in _table("Limits")} == asdict(DEFAULT_LIMITS)


def test_every_code_is_used_and_none_is_invented() -> None:
    """Codes in the readers are those of the tables; a refusal with other fields cannot be made."""
    source = "\n".join(
        path.read_text() for path in (Path(__file__).resolve().parents[2] / "documents").glob("*.py")
    )
    raised = set(re.findall(r'Refuse(?:d)?\(\s*"(\w+)"', source)) | set(re.findall(r'"(over_limit)"', source))
    assert raised == set(REFUSAL_FIELDS)
    for code in WARNING_CODES:
        assert source.count(f'"{code}"') >= 2, code
    with pytest.raises(ValueError, match="fields"):
        FileRefused("empty", "a", {"found": 1})
