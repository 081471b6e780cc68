"""A failure of the suite is a failure, save one that a busy machine alone explains: that is tried again and told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
ONCE = """
from pathlib import Path
def test_one():
    seen = Path(__file__).with_suffix(".seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""
NEVER, ALWAYS = "def test_one():\n    assert False\n", "def test_one():\n    assert True\n"
MANY = "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_one(n):\n    assert False\n"


def suite(root: Path, **files: str) -> tuple[int, str]:
    """Exit code and output of the suite over these files, one a room."""
    for room, text in files.items():
        place = root / "tests" / room
        place.mkdir(parents=True)
        (place / f"test_{room}_one.py").write_text(text)
    program = (
        f"import sys; sys.path.insert(0, {str(TREE)!r}); from tools import suite; from pathlib import Path; "
        f"sys.exit(suite.run(['-q', '--basetemp=made', 'tests'], Path({str(root)!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        timeout=200,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({"evidence": ALWAYS, "browser": ALWAYS}, 0, ""),
        ({"evidence": ALWAYS, "browser": ONCE}, 0, "FAILED ONCE"),
        ({"evidence": ALWAYS, "browser": NEVER}, 1, "Tried once more"),
        ({"evidence": ONCE, "browser": ALWAYS}, 1, "Not tried again"),
        ({"evidence": ONCE, "browser": ONCE}, 1, "Not tried again"),
        ({"browser": MANY}, 1, ""),
        ({"browser": "import nowhere\n"}, 1, "Tried once more"),
    ],
    ids=["green", "starved", "broken", "elsewhere", "both", "many", "uncollected"],
)
def test_only_what_waits_for_other_programs_is_tried_again(
    tmp_path: Path, files: dict[str, str], code: int, said: str
) -> None:
    """One failure in a room of browsers that passes alone is told and forgiven; nothing else is."""
    found, output = suite(tmp_path, **files)
    assert (found != 0, said in output) == (code != 0, True)
    for word in ("FAILED ONCE", "Tried once more", "Not tried again"):
        assert (word in output) == (word == said or (word == "Tried once more" and said == "FAILED ONCE"))
    if said in {"FAILED ONCE", "Tried once more"}:
        assert "tests/browser/test_browser_one.py" in output.split("Tried once more", 1)[1]
