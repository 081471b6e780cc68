"""The verifier as one file: the same verdicts, on a Python with nothing installed, far from the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit_exports.resealing import reseal
from tools.verifier import build, modules, sources


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built file."""
    out = tmp_path_factory.mktemp("pyz") / "constancia-verify.pyz"
    build(out)
    return out


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it without site packages, in its own folder."""
    command = [sys.executable, "-I", "-S", str(program), *arguments]
    return subprocess.run(
        command, cwd=program.parent, capture_output=True, text=True, timeout=120, check=False
    )


def test_it_gives_the_three_verdicts(
    program: Path, package: bytes, files: dict[str, bytes], vkey: str, tmp_path: Path
) -> None:
    """Valid, invalid, unverifiable and wrong usage, with their exit statuses."""
    (tmp_path / "good.zip").write_bytes(package)
    changed = {"data/casos/ZZ-001-2026-000001/state.json": b"{}"}
    (tmp_path / "bad.zip").write_bytes(reseal(files, changed))
    good = run(program, str(tmp_path / "good.zip"), "--vkey", vkey)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("VÁLIDO / VALID")
    assert run(program, str(tmp_path / "bad.zip"), "--vkey", vkey).returncode == 1
    assert run(program, str(tmp_path / "good.zip")).returncode == 2
    assert run(program, str(tmp_path / "nowhere.zip")).returncode == 3


def test_the_same_sources_make_the_same_bytes(program: Path, tmp_path: Path) -> None:
    """Whoever has the checkout can make it again and compare."""
    build(tmp_path / "again.pyz")
    assert (tmp_path / "again.pyz").read_bytes() == program.read_bytes()


def test_it_holds_what_it_needs_and_no_more() -> None:
    """Small enough to read: no stores, people, parsers or pages of ours."""
    packages = {name.split("/")[0] for name in sources()}
    assert packages == {"__main__.py", "LICENSE", "evidence", "workflows", "auditing", "audit_exports"}
    assert "workflows.cases" not in modules()
    assert "evidence.publisher" not in modules()
