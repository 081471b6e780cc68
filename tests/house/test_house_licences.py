"""Licences of what runs in production: nothing that would bind the product's own."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_STRONG = re.compile(r"(?<!L)(?<!lesser )\b(A?GPL|(affero )?general public license)", re.IGNORECASE)
# Argued one by one in docs/decisions/0060-psycopg-lgpl.md: used unmodified, replaceable, not bundled.
LESSER = {"psycopg", "psycopg-binary"}


def licence_of(package: Distribution) -> str:
    """Everything a distribution says of its licence: expression, field (first line), classifiers, else its file."""
    said = package.metadata
    field = (said.get("License") or "").strip().splitlines()[:1]
    classifiers = [text for text in said.get_all("Classifier") or [] if text.startswith("License ::")]
    stated = [text for text in (said.get("License-Expression") or "", *field, *classifiers) if text]
    return " | ".join(stated or _first_lines(package))


def _first_lines(package: Distribution) -> list[str]:
    """How the licence files of a distribution begin, where its metadata says nothing."""
    files = [item for item in package.files or [] if "/licenses/" in item.as_posix()]
    return [line for item in files for line in item.read_text().strip().splitlines()[:1]]


def runtime(root: Path) -> list[Distribution]:
    """Installed distributions of the runtime lock; those whose markers exclude this machine are not there."""
    found = []
    for name in _PIN.findall((root / "requirements.txt").read_text()):
        try:
            found.append(distribution(name))
        except PackageNotFoundError:
            continue
    return found


def test_runtime_dependencies_carry_no_strong_copyleft(root: Path) -> None:
    """No GPL or AGPL at run time; the lesser licence only where a decision argues it; none without a licence."""
    packages = runtime(root)
    assert len(packages) > 30
    for package in packages:
        licence, name = licence_of(package), package.metadata["Name"].lower()
        assert licence.strip(" |"), f"{name} states no licence"
        assert not _STRONG.search(licence), f"{name}: {licence}"
        if re.search(r"LGPL|lesser general public", licence, re.IGNORECASE):
            assert name in LESSER, f"{name}: {licence}"


@pytest.mark.parametrize(
    ("licence", "strong"),
    [
        ("GPL-3.0-or-later", True),
        ("GNU Affero General Public License v3", True),
        ("AGPL-3.0", True),
        ("License :: OSI Approved :: GNU General Public License v2 (GPLv2)", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("Apache-2.0", False),
    ],
)
def test_the_pattern_tells_licences_apart(licence: str, strong: bool) -> None:
    """Strong copyleft is recognised in the spellings distributions use, and the lesser one is not taken for it."""
    assert bool(_STRONG.search(licence)) is strong
