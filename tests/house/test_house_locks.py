"""The lock files: complete, hashed, and silent about where packages come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.txt", "requirements-dev.txt")
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")


def pins(text: str) -> dict[str, str]:
    """Name to version of every pinned requirement."""
    found = (_PIN.match(line) for line in text.splitlines())
    return {canonicalize_name(pin["name"]): pin["version"] for pin in found if pin}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_index(root: Path, name: str) -> None:
    """A lock holds pins, markers and hashes; no URL, no option, no host, so that any index may serve it."""
    for line in (root / name).read_text().splitlines():
        assert "://" not in line
        assert "@" not in line
        assert line.startswith("    --hash=sha256:") or _PIN.match(line), line


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_hashed(root: Path, name: str) -> None:
    """Each pin is followed by at least one SHA-256, as `pip --require-hashes` demands."""
    lines = (root / name).read_text().splitlines()
    for here, following in zip(lines, [*lines[1:], ""], strict=True):
        if _PIN.match(here):
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", following), here


def test_runtime_lock_is_part_of_the_development_lock(root: Path) -> None:
    """Installing for development installs exactly the versions that run in production, and more."""
    runtime, development = (pins((root / name).read_text()) for name in LOCKS)
    assert runtime.items() <= development.items()
    assert "pytest" not in runtime


def test_locks_answer_every_declared_range(root: Path) -> None:
    """Each dependency of pyproject.toml is pinned within its range: a new one means `make lock` was run."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    runtime, development = (pins((root / name).read_text()) for name in LOCKS)
    for declared, lock in (
        (project["dependencies"], runtime),
        (project["optional-dependencies"]["dev"], development),
    ):
        for requirement in map(Requirement, declared):
            version = lock.get(canonicalize_name(requirement.name))
            assert version, f"{requirement.name} is in pyproject.toml but not locked: run make lock"
            assert requirement.specifier.contains(version, prereleases=True), requirement.name
