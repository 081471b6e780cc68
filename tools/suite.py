"""Run the whole suite; what a busy machine alone can fail is tried once more, alone, and told either way.

A test that drives a browser or whole servers waits for other programs on this machine. Where those are kept from
running it fails without anything being wrong (docs/decisions/0236). Only tests of `PATIENT` rooms are tried again, only
where at most `MOST` failed and nothing else did; whoever fails alone too has failed. A test that passed alone is named
at the end, for it is either starved or has a race: it wants looking at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PATIENT = ("tests/browser/", "tests/commands/", "tests/faces/")
"""Rooms whose tests wait for other programs: browsers, and servers begun as people begin them."""
MOST = 5
"""More failures than this are no accident."""
WIDEST = 8
"""Beyond it the servers that each test process starts (PostgreSQL, SeaweedFS, Chromium) cost more than they bring."""
FAILED = 1
"""pytest's own exit code for "some tests failed"; any other is about the run itself."""


def run(arguments: Sequence[str], root: Path, *, patient: Sequence[str] = PATIENT, wide: int = 1) -> int:
    """Run pytest in ``root`` with those arguments; gives pytest's exit code, 0 too where the second try passed.

    Args:
        arguments: as pytest takes them.
        root: the checkout; pytest keeps the list of failures in its cache there.
        patient: beginnings of the paths of tests that may be tried again.
        wide: how many processes at once.
    """
    kept = root / ".pytest_cache/v/cache/lastfailed"
    kept.unlink(missing_ok=True)
    code = _pytest([*arguments, "-n", str(wide), "--dist", "loadfile"], root)
    failed = sorted(json.loads(kept.read_text())) if kept.is_file() else []
    if code != FAILED or not failed or len(failed) > MOST:
        return code
    if impatient := [test for test in failed if not test.startswith(tuple(patient))]:
        _say("Not tried again, since these wait for no other program:", impatient)
        return code
    _say("Tried once more, alone:", failed)
    code = _pytest(["-n", "0", *failed], root)
    if code == 0:
        _say("FAILED ONCE beside others and passed alone; look for a race or a starved wait:", failed)
    return code


def processes() -> int:
    """How many test processes this machine should run: one per core open to this process, within 1 and `WIDEST`."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(WIDEST, usable))


def _pytest(arguments: Sequence[str], root: Path) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=root, check=False).returncode


def _say(what: str, tests: Sequence[str]) -> None:
    sys.stdout.write("\n".join(["", what, *(f"  {test}" for test in tests), ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], Path(__file__).resolve().parents[1], wide=processes()))
