"""An audit package: made beside a stored zip of the same bytes, verified beside hashing the same bytes.

Two packages: a period of whole cases with small files, where the work is in entries and pages; and one case with large
files, where it is in bytes.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from audit_exports.builder import export
from audit_exports.containers import open_container
from audit_exports.packagecheck import check_package
from audit_exports.record import Scope
from audit_exports.trust import Trust
from benchmarks.desk import BenchDesk
from benchmarks.material import noise
from benchmarks.measure import Figure, compare, milliseconds, per_second
from evidence.findings import Verdict
from tests.workflows.desk import ANA, upload
from workflows.commands import Actor, RecordStep

CASES = 12
LARGE_FILES, LARGE_SIDES = 4, (2400, 1600)
AUDITOR = Actor(id="u-auditor", role="auditor_interno")
CHUNK = 1 << 20


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Small files: milliseconds a case. Large files: MB/s."""
    desk = BenchDesk(scratch)
    for _ in range(CASES):
        desk.whole_case()
    large = _large_case(desk)
    desk.settle()
    small = Scope(folios=tuple(folio for folio in desk.ledger.cases() if folio != large and ":" not in folio))
    yield from _small(desk, small, scratch, rounds)
    yield from _large(desk, Scope(folios=(large,)), scratch, rounds)


def _small(desk: BenchDesk, scope: Scope, scratch: Path, rounds: int) -> Iterator[Figure]:
    package = scratch / "small.zip"
    _export(desk, scope, package)
    members = _members(package)
    yield compare(
        "export a period, whole cases",
        lambda: milliseconds(CASES, lambda: _export(desk, scope, package)),
        "zipfile, stored, of the same bytes",
        lambda: milliseconds(CASES, lambda: _zip(members, scratch / "plain.zip")),
        unit="ms/case",
        better="lower",
        rounds=rounds,
    )
    yield compare(
        "verify that period offline",
        lambda: milliseconds(CASES, lambda: _verify(desk, package)),
        "sha256 of each member",
        lambda: milliseconds(CASES, lambda: _hash(package)),
        unit="ms/case",
        better="lower",
        rounds=rounds,
    )


def _large(desk: BenchDesk, scope: Scope, scratch: Path, rounds: int) -> Iterator[Figure]:
    package = scratch / "large.zip"
    _export(desk, scope, package)
    members = _members(package)
    size = package.stat().st_size
    yield compare(
        "export a case of large files",
        lambda: per_second(size, lambda: _export(desk, scope, package)) / 1e6,
        "zipfile, stored, of the same bytes",
        lambda: per_second(size, lambda: _zip(members, scratch / "plain.zip")) / 1e6,
        unit="MB/s",
        rounds=rounds,
    )
    yield compare(
        "verify that package offline",
        lambda: per_second(size, lambda: _verify(desk, package)) / 1e6,
        "sha256 of each member",
        lambda: per_second(size, lambda: _hash(package)) / 1e6,
        unit="MB/s",
        rounds=rounds,
    )


def _large_case(desk: BenchDesk) -> str:
    """A case whose third step carries large screenshots; gives its folio."""
    folio = desk.open()
    desk.record(folio, "2")
    uploads = tuple(upload(f"captura {number}.png", _large_picture(number)) for number in range(LARGE_FILES))
    desk.cases.record(RecordStep(folio, "3", actor=ANA, uploads=uploads))
    return folio


def _large_picture(seed: int) -> bytes:
    """A PNG of noise, which does not compress."""
    out = io.BytesIO()
    picture = Image.frombytes("RGB", LARGE_SIDES, noise(LARGE_SIDES[0] * LARGE_SIDES[1] * 3, seed))
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _export(desk: BenchDesk, scope: Scope, out: Path) -> None:
    export(desk.sources(), scope, out, actor=AUDITOR)


def _verify(desk: BenchDesk, package: Path) -> None:
    container = open_container(package)
    try:
        report = check_package(container, Trust(keys=(desk.key.verifier,)))
    finally:
        container.close()
    if report.verdict is not Verdict.VALID:
        raise AssertionError(report.findings[:3])


def _members(package: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(package) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def _zip(members: list[tuple[str, bytes]], out: Path) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            archive.writestr(name, data)


def _hash(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        for name in archive.namelist():
            digest = hashlib.sha256()
            with archive.open(name) as member:
                while chunk := member.read(CHUNK):
                    digest.update(chunk)
