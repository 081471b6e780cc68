"""What `make` calls: scripts that any POSIX shell reads, and that say what to do when they cannot go on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.suite import WIDEST, processes

SCRIPTS = ("tools/setup.sh", "tools/parts.sh", "tools/lock.sh", ".ci/run")


@pytest.fixture
def bare_machine(tmp_path: Path, root: Path) -> dict[str, str]:
    """A copy of the installer and its locks, and an environment in which no Python can be found."""
    (tmp_path / "tools").mkdir()
    for name in ("tools/setup.sh", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(root / name, tmp_path / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cmp", "cp", "mkdir", "id"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    return {"PATH": str(programs)}


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_parse(root: Path, script: str) -> None:
    """Each script is read without complaint by the shell it names."""
    shell = "bash" if (root / script).read_text().startswith("#!/usr/bin/env bash") else "sh"
    assert subprocess.run([shell, "-n", root / script], capture_output=True, check=False).returncode == 0


def test_ci_entry_can_be_executed(root: Path) -> None:
    """CI starts `.ci/run` directly."""
    assert os.access(root / ".ci" / "run", os.X_OK)


def test_without_python_the_installer_says_what_to_install(
    tmp_path: Path, bare_machine: dict[str, str]
) -> None:
    """No Python 3.11 on the path: it stops, names what is missing and how to get it, and makes nothing."""
    done = subprocess.run(
        ["sh", "tools/setup.sh", "requirements.txt"],
        cwd=tmp_path,
        env=bare_machine,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr
    assert "apt-get install" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_installed_lock_is_not_installed_again(tmp_path: Path, bare_machine: dict[str, str]) -> None:
    """Equal copies of the lock mean that there is nothing to do: no Python is even looked for."""
    installed = tmp_path / ".venv" / "installed"
    installed.mkdir(parents=True)
    shutil.copy(tmp_path / "requirements.txt", installed)
    command = ["sh", "tools/setup.sh", "requirements.txt"]
    quiet = subprocess.run(command, cwd=tmp_path, env=bare_machine, capture_output=True, check=False)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"", b"")
    (tmp_path / "requirements.txt").write_text("changed==1.0\n")
    assert (
        subprocess.run(command, cwd=tmp_path, env=bare_machine, capture_output=True, check=False).returncode
        == 1
    )


def test_help_lists_every_target(root: Path) -> None:
    """`make` alone explains each target, and is what runs by default."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    shown = subprocess.run(["make", "-C", root], capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z]+) ", shown, re.MULTILINE)) == targets


def test_workers_are_bounded() -> None:
    """At least one test process, and never so many that their servers eat the machine."""
    assert 1 <= processes() <= WIDEST
