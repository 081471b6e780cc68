from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit_exports.codes import NOTICES, UNVERIFIABLE, WORDS, Code
from audit_exports.packagecheck import PackageReport

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    """The format's page."""
    return (ROOT / "docs/formats/package.md").read_text(encoding="utf-8")


def test_the_page_lists_every_code_with_its_weight(page: str) -> None:
    """The table is the code's own."""
    table = re.findall(r"^\| `([a-z_.]+)` \| (.?) \| (.+) \|$", page, re.MULTILINE)
    marks = {code: "?" if code in UNVERIFIABLE else "i" if code in NOTICES else "" for code in Code}
    assert table == [(str(code), marks[code], WORDS[code][1]) for code in Code]


def test_the_page_names_every_member_of_the_report(page: str) -> None:
    """Whoever reads the JSON finds each member there."""
    assert all(f"`{name}`" in page for name in PackageReport.__slots__)


def test_the_tree_of_the_example_is_what_a_package_has(page: str, files: dict[str, bytes]) -> None:
    """Every kind of file in the example exists in a package and the other way round."""
    shown = set(re.findall(r"^[│ ├└─]*([\w./ -]+?)(?:,|  |$)", page.split("```")[1], re.MULTILINE))
    kinds = "index.html LEEME.html workbook.xlsx alcance.json cadena/checkpoint entries/1.json state.json bagit.txt"
    assert set(kinds.split()) <= shown
    for name in kinds.split():
        assert any(path == name or path.endswith("/" + name) for path in files)


def test_bag_info_of_the_example_has_the_real_labels(page: str, files: dict[str, bytes]) -> None:
    """Same labels, same order."""
    labels = [line.split(": ")[0] for line in files["bag-info.txt"].decode().splitlines()]
    example = page.split("`bag-info.txt`:\n\n```\n")[1].split("```", maxsplit=1)[0]
    assert [line.split(": ")[0] for line in example.splitlines()] == labels


def test_every_decision_of_this_room_is_listed() -> None:
    """Numbers 0050 to 0059 stand in the table of decisions."""
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    found = sorted((ROOT / "docs/decisions").glob("005*.md"))
    assert found
    assert all(f"({path.name})" in index for path in found)
