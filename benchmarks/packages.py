"""Whole packages at their size: export beside `zipfile` writing the same files, verifying beside bagit and SHA-256.

Three shapes: many cases with files of half a MB, where the work is in entries and pages; few with files of 10 MB,
where it is in bytes; and between them files of 1 MB, as scanned letters and photographs are. The material goes through
the real seal path: files into the object store, entries through the ledger, signed heads. Beside hashing alone the
check alone is timed, without starting Python; beside bagit's command the whole command of ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import Figure, SectionUnavailable, compare, per_second

CASES = int(os.environ.get("BENCH_PACKAGE_CASES", "73"))
"""With 73 cases a package has 10,000 files and 1 GB; with 146, twice that."""

LAST_STEP, BYTES = 26, 520_000
LARGE_CASES, LARGE_BYTES = 4, 10_000_000
"""Another shape: 104 files, 1 GB."""
SCANNED_CASES, SCANNED_BYTES = 40, 1_000_000
"""The shape between the two: 1,040 files of evidence among 5,500, 1 GB."""
ROOT = Path(__file__).resolve().parents[1]

FILL = """
import json, os, sys
from pathlib import Path
from benchmarks.packagedesk import fill
print(fill(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
"""
EXPORT = """
import json, sys, time
from benchmarks.peak import peak_bytes
from pathlib import Path
from benchmarks.packagedesk import export_once
begun = time.perf_counter()
export_once(Path(sys.argv[1]), Path(sys.argv[2]))
print(json.dumps([time.perf_counter() - begun, peak_bytes()]))
"""
VERIFY = """
import json, resource, sys, time
from pathlib import Path
from benchmarks.peak import peak_bytes
from audit_exports.containers import open_container
from audit_exports.packagecheck import check_package
from audit_exports.trust import Trust
from evidence.note import VerifierKey
from evidence.processes import processors

def used():
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(spent.ru_utime + spent.ru_stime for spent in map(resource.getrusage, kinds))

container = open_container(Path(sys.argv[1]))
begun, before = time.perf_counter(), used()
report = check_package(container, Trust((VerifierKey.from_text(sys.argv[2]),)), processes=processors())
wall, processor = time.perf_counter() - begun, used() - before
assert report.verdict.exit_code == 0, report.findings[:3]
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps([wall, processor, max(peak_bytes(), children)]))
"""


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """MB/s of exporting, seconds of verifying, and the peak memory of each in MB; one shape after the other."""
    for shape, cases, size in (
        ("", CASES, BYTES),
        (", files of 1 MB", SCANNED_CASES, SCANNED_BYTES),
        (", large files", LARGE_CASES, LARGE_BYTES),
    ):
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            yield from _shape(Path(folder), shape, (cases, size), rounds)


def _shape(scratch: Path, shape: str, material: tuple[int, int], rounds: int) -> Iterator[Figure]:
    """All figures of one shape; ``material`` is how many cases and how many bytes a file."""
    vkey = str(_lines(FILL, str(scratch), *map(str, material))[-1])
    package, plain, folder = scratch / "package.zip", scratch / "plain.zip", scratch / "unpacked"
    _json(EXPORT, str(scratch), str(package))
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    size = package.stat().st_size
    peaks: list[float] = []

    def ours() -> float:
        seconds, peak = _json(EXPORT, str(scratch), str(package))
        peaks.append(peak)
        return size / seconds / 1e6

    yield compare(
        f"export_package{shape}", ours, "zipfile, stored, of the same files",
        lambda: per_second(size, lambda: _zip(folder, plain)) / 1e6, unit="MB/s", rounds=rounds,
    )  # fmt: skip
    yield _memory(f"export_package{shape}: peak memory", peaks)
    plain.unlink()
    yield from _verifying(package, folder, (shape, vkey), rounds)


def _verifying(package: Path, folder: Path, told: tuple[str, str], rounds: int) -> Iterator[Figure]:
    """The check beside hashing (more is better), and the command beside bagit's (less is better)."""
    (shape, vkey), size = told, package.stat().st_size
    command = [sys.executable, "-m", "audit_exports.verify", str(package), "--vkey", vkey]
    spent: dict[str, list[float]] = {"ours": [], "hashing": [], "peak": []}

    def ours() -> float:
        wall, processor, peak = _json(VERIFY, str(package), vkey)
        spent["ours"].append(processor)
        spent["peak"].append(peak)
        return size / wall / 1e6

    def hashing() -> float:
        begun, processor = time.perf_counter(), time.process_time()
        _hash(package)
        spent["hashing"].append(time.process_time() - processor)
        return size / (time.perf_counter() - begun) / 1e6

    sha256 = "SHA-256 of the same bytes, one core"
    yield compare(f"package_verify_vs_sha256{shape}", ours, sha256, hashing, unit="MB/s", rounds=rounds)
    yield _processor(f"package_verify_vs_sha256{shape}: processor", spent["ours"], sha256, spent["hashing"])
    yield _memory(f"package_verify_vs_sha256{shape}: peak memory of the largest process", spent["peak"])
    yield compare(
        f"package_verify_vs_bagit{shape}", lambda: _command(command), "bagit.py --validate of the folder",
        lambda: _command([sys.executable, "-m", "bagit", "--quiet", "--validate", str(folder)]),
        unit="s", better="lower", rounds=rounds,
    )  # fmt: skip


def _processor(name: str, ours: list[float], baseline: str, theirs: list[float]) -> Figure:
    """Processor seconds of all processes and cores, which a machine shared with others stretches less."""
    return Figure(name, "s", median(ours), (min(ours), max(ours)), baseline, median(theirs),
                  (min(theirs), max(theirs)), "lower", len(ours))  # fmt: skip


def _memory(name: str, peaks: list[float]) -> Figure:
    """Peak resident memory of the process, beside the most that is allowed: 150 MB."""
    found = [peak / 1e6 for peak in peaks]
    return Figure(name, "MB", max(found), (min(found), max(found)), "what is allowed", 150.0, (150.0, 150.0),
                  "lower", len(found))  # fmt: skip


def _lines(code: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SectionUnavailable(done.stderr.strip().rpartition("\n")[2])
    return done.stdout.splitlines()


def _json(code: str, *arguments: str) -> list[float]:
    return [float(number) for number in json.loads(_lines(code, *arguments)[-1])]


def _zip(folder: Path, out: Path) -> None:
    """What the standard library does with the same files, and no more: one read, one sum, one write, one flush."""
    with out.open("wb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            for path in folder.rglob("*"):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
        stream.flush()
        os.fsync(stream.fileno())


def _hash(package: Path) -> None:
    with package.open("rb") as stream:
        hashlib.file_digest(stream, "sha256")


def _command(command: list[str]) -> float:
    """Seconds of a command that succeeds, from its start to its end."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SectionUnavailable(f"{command[2]} ended with {done.returncode}: {done.stderr[-200:]}")
    return time.perf_counter() - begun
