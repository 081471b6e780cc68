"""Words that have no place in the tree: package hosts, paths of one machine, promises instead of code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# Spelt in pieces, so that this file passes its own test.
HOSTS = re.compile(
    "|".join(("pypi\\." + "org", "python" + "hosted", "registry\\.npm" + "js", "deb\\." + "debian"))
)
MACHINE = re.compile(
    "|".join(
        rf"(?<![\w.-])/{top}/" for top in ("wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers", "fa" + "rm")
    )
)
PROMISES = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "raise NotImplemented" + "Error")) + r")\b"
)


def texts(files: list[Path]) -> list[tuple[Path, str]]:
    """Files that are text, with their text."""
    found = []
    for path in files:
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def hits(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    """``file:line: text`` of each match."""
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, text in texts(files)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("pattern", [HOSTS, MACHINE, PROMISES], ids=["hosts", "machine paths", "promises"])
def test_no_such_words(files: list[Path], pattern: re.Pattern[str]) -> None:
    """No package host, no path of somebody's machine and no promise of later work in any file of the tree."""
    assert not hits(files, pattern)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (HOSTS, "https://pypi." + "org/simple"),
        (MACHINE, "see /wo" + "rk/main"),
        (PROMISES, "# TO" + "DO later"),
    ],
)
def test_the_patterns_can_fail(tmp_path: Path, pattern: re.Pattern[str], line: str) -> None:
    """Each pattern finds what it is there to find."""
    (tmp_path / "page.md").write_text(f"fine\n{line}\n")
    assert len(hits([tmp_path / "page.md"], pattern)) == 1
