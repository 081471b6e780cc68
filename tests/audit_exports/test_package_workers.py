"""Several processes find what one finds; none of them can be lost without a word."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from audit_exports.behind import Behind
from tests.audit_exports.resealing import reseal
from tests.audit_exports.sample_desk import Desk

ROOT = Path(__file__).resolve().parents[2]
CASE = "data/casos/ZZ-001-2026-000001/"
CHECK = """
import json, os, sys, threading
from pathlib import Path
from audit_exports import casework, verify
from audit_exports.containers import open_container
from audit_exports.packagecheck import check_package
from audit_exports.trust import Trust
from evidence.note import VerifierKey

forks = []
os.register_at_fork(after_in_parent=lambda: forks.append(1))

def report(processes):
    container = open_container(Path(sys.argv[1]))
    try:
        found = check_package(container, Trust((VerifierKey.from_text(sys.argv[2]),)), processes=processes)
    finally:
        container.close()
    told = found.as_json()
    told["findings"] = sorted(map(str, told["findings"]))
    return told
"""
needs_fork = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")


def run(code: str, package: Path, vkey: str) -> list[object]:
    """What a process of its own prints, as JSON."""
    command = [sys.executable, "-c", CHECK + code, str(package), vkey]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, list)
    return found


def changed(files: dict[str, bytes], case: str) -> dict[str, bytes]:
    """A byte of an entry, of a file and of a page of one case, each with manifests that fit."""
    names = [
        "entries/2.json",
        "index.html",
        next(n for n in files if n.startswith(case + "archivos/"))[len(case) :],
    ]
    return {case + name: files[case + name][:-1] + b"~" for name in names}


@needs_fork
@pytest.mark.parametrize("damage", [False, True])
def test_several_processes_report_what_one_reports(
    sample: tuple[Desk, Path], files: dict[str, bytes], tmp_path: Path, *, damage: bool
) -> None:
    """Verdict, counts and findings are the same to the letter; only what threads find has no order."""
    desk, path = sample
    if damage:
        path = tmp_path / "changed.zip"
        path.write_bytes(reseal(files, changed(files, CASE)))
    one, two, forks = run("print(json.dumps([report(1), report(2), len(forks)]))", path, desk.vkey)
    assert one == two
    assert forks == 2
    assert isinstance(one, dict)
    assert one["verdict"] == ("invalid" if damage else "valid")
    assert (one["findings_total"] > 2) is damage


@needs_fork
def test_beside_other_threads_nothing_is_forked(sample: tuple[Desk, Path]) -> None:
    """A copy of a process could wait for ever for a lock that one of its threads held."""
    code = """
stop = threading.Event()
threading.Thread(target=stop.wait).start()
found = report(2)
stop.set()
print(json.dumps([found["verdict"], len(forks)]))
"""
    assert run(code, sample[1], sample[0].vkey) == ["valid", 0]


@needs_fork
def test_a_process_that_dies_leaves_the_package_unverifiable(sample: tuple[Desk, Path]) -> None:
    """Exit status 2 and a line that says so: a case nobody told of is never taken for a good one."""
    code = """
checked = casework.CaseWork.check
def dies(self, folio, seqs):
    return os._exit(9) if folio.endswith("2") else checked(self, folio, seqs)
casework.CaseWork.check = dies
verify.processors = lambda: 2
print(json.dumps([verify.main([sys.argv[1], "--vkey", sys.argv[2]])]))
"""
    assert run(code, sample[1], sample[0].vkey) == [2]


@needs_fork
def test_a_process_that_dies_over_evidence_leaves_the_package_unverifiable(sample: tuple[Desk, Path]) -> None:
    """Its cases were all told of; the files it had put off were not."""
    code = """
from audit_exports import bagreader
bagreader.Bag.settle = lambda self: os._exit(9)
verify.processors = lambda: 2
print(json.dumps([verify.main([sys.argv[1], "--vkey", sys.argv[2]])]))
"""
    assert run(code, sample[1], sample[0].vkey) == [2]


@needs_fork
def test_evidence_that_is_put_off_is_checked_to_the_last_file(
    sample: tuple[Desk, Path], files: dict[str, bytes], tmp_path: Path
) -> None:
    """One changed byte in each file of evidence, however few may wait: as many findings, and every byte is counted."""
    evidence = [name for name in files if "/archivos/" in name and name.startswith("data/casos/")]
    path = tmp_path / "changed.zip"
    path.write_bytes(reseal(files, {name: files[name][:-1] + b"~" for name in evidence}))
    code = """
from audit_exports import bagreader
bagreader._TOGETHER = 1
found = [report(1)]
for most in (0, 1, 1024):
    bagreader._LATER = most
    found.append(report(2))
print(json.dumps(found))
"""
    one, *several = run(code, path, sample[0].vkey)
    assert several == [one] * 3
    assert isinstance(one, dict)
    assert sum("'object.differs'" in finding for finding in one["findings"]) == len(evidence) > 2


@needs_fork
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("broken", [False, True])
def test_a_definition_no_case_asks_for_is_found(
    sample: tuple[Desk, Path], files: dict[str, bytes], tmp_path: Path, processes: int, *, broken: bool
) -> None:
    """Definitions are parsed before any case asks for one; that is neither asking for it nor judging it."""
    theirs = next(n for n in files if n.startswith("data/procesos/") and n.endswith(".toml"))
    path = tmp_path / "more.zip"
    extra = b"[[[" if broken else files[theirs]
    path.write_bytes(reseal(files, {"data/procesos/ZZ-009/2026-01-01.toml": extra}))
    (found,) = run(f"print(json.dumps([report({processes})]))", path, sample[0].vkey)
    assert isinstance(found, dict)
    assert (found["findings_total"], "file.unexpected" in found["findings"][0]) == (1, True)


def test_work_behind_is_shared_by_its_threads() -> None:
    """As many jobs as there are threads run at once; `settle` waits for all of them."""
    behind, together, done = Behind(3), threading.Barrier(3, timeout=30), list[int]()
    for number in range(9):
        behind.do(lambda number=number: (together.wait(), done.append(number)), 1)  # type: ignore[misc]
    behind.settle()
    behind.close()
    assert sorted(done) == list(range(9))


def test_an_error_behind_is_told_to_whoever_waits() -> None:
    """It comes out of `settle`, and of what is asked for later."""
    behind = Behind(2)

    def fails() -> None:
        raise ValueError("no")

    behind.do(fails, 1)
    for late in (behind.settle, lambda: behind.do(lambda: None, 1)):
        with pytest.raises(ValueError, match="no"):
            late()
    behind.close()
