"""What the house's own tests share: where the tree is, and which files belong to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {".venv", "var", "dist", ".git", "__pycache__", "htmlcov"}


def tree_files() -> list[Path]:
    """Every file of the tree: what git tracks or would; without git, all but the working folders."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        return [path for name in sorted(set(names)) if (path := ROOT / name).is_file()]
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(part in OUTSIDE or part.endswith("_cache") for part in path.parts)
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository root."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Absolute paths of the files of the tree, sorted."""
    found = tree_files()
    assert len(found) > 20
    return found


@pytest.fixture(scope="session")
def pages(files: list[Path]) -> list[Path]:
    """Every Markdown page of the tree."""
    return [path for path in files if path.suffix == ".md"]


@pytest.fixture(scope="session")
def modules(files: list[Path]) -> list[Path]:
    """Every Python file of the tree, tests included."""
    return [path for path in files if path.suffix == ".py"]
