"""The package of an engagement whose terms mask personal data: whole chains, no content, and a verdict that says so."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit_exports.packagecheck import PackageReport
from audit_exports.record import Scope
from auditing.model import Engagement
from evidence.entry import EntryKind
from evidence.findings import Verdict
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import EMAIL, LONG_NAME, NAME, PDF, Desk, png
from tests.audit_exports.sample_room import KEEPER, TERMS, Room, packed

CASE, OTHER = "ZZ-001-2026-000001", "ZZ-001-2026-000002"
MASKED = replace(TERMS, masked=True)
PERSONAL = (
    NAME, EMAIL, "José Ángel Muñoz", "jose@ejemplo.mx", "Beatriz Ñúñez",
    "Segunda línea", "HYPERLINK", "Se recibió el ticket", "Autorización año 2026", LONG_NAME[:40], "captura", "passwd",
    "correo.eml", "cierre.pdf", "ticket.png",
)  # fmt: skip
"""What the sample's people typed, attached and are called."""


def masked(desk: Desk, folder: Path, *granted: tuple[str, int]) -> tuple[Engagement, bytes]:
    """An engagement that masks, covering both cases, and its package; some entries opened."""
    room = Room(desk)
    found = room.opened(MASKED)
    if granted:
        room.engagements.grant(KEEPER, found.id, granted, "Se requiere para la prueba")
    return found, packed(desk, folder, found.id)


def judged(package: bytes, desk: Desk) -> PackageReport:
    """What our verifier says."""
    return verify_bytes(package, desk.vkey)


def inside(package: bytes) -> dict[str, bytes]:
    """The files of a package, and those within its workbook."""
    files = contents(package)
    with zipfile.ZipFile(io.BytesIO(files["data/workbook.xlsx"])) as book:
        return files | {f"workbook/{name}": book.read(name) for name in book.namelist()}


def spellings(word: str) -> set[bytes]:
    """A word as the files of a package would spell it: as it is, in PDF strings, in JSON and in HTML."""
    return {
        word.encode(),
        word.encode("cp1252", "ignore"),
        json.dumps(word)[1:-1].encode(),
        word.upper().encode(),
    }


def test_no_personal_datum_is_anywhere_in_it(desk: Desk, tmp_path: Path) -> None:
    """Not one name, address, note, typed value, file name or file in any file of the zip, nor in its directory.

    The search is first shown to find each of them in a package that masks nothing.
    """
    _found, package = masked(desk, tmp_path)
    files = inside(package)
    desk.export(tmp_path / "whole.zip", Scope())
    whole = (tmp_path / "whole.zip").read_bytes()
    for word in PERSONAL:
        assert any(spelled in whole for spelled in spellings(word)), word
        held = [name for name, data in files.items() if any(one in data for one in spellings(word))]
        assert held == [], word
        assert not any(one in package for one in spellings(word)), word
    for blob in (PDF, png(), png(3), png(4, 3), b"From: a\n\nhola\n", b"<script>alert(1)</script>"):
        assert blob in whole
        assert blob not in package
    assert not [name for name in files if name.startswith("data/casos/") and "/archivos/" in name]
    assert not [name for name in files if "/payloads/" in name and not name.startswith("data/auditoria/")]


def test_it_is_valid_and_says_what_is_withheld(desk: Desk, tmp_path: Path) -> None:
    """One notice, with counts; every entry under the checkpoint, every case whole; states derived as ever."""
    _found, package = masked(desk, tmp_path)
    report = judged(package, desk)
    assert report.verdict is Verdict.VALID
    notice = next(iter(report.findings))
    assert [str(finding.code) for finding in report.findings] == ["content.withheld"]
    entries = [item for folio in (CASE, OTHER) for item in desk.ledger.history(folio)]
    objects = sum(len(item.entry.objects) for item in entries)
    assert (
        notice.found
        == f"{len(entries)} payloads, {objects} files, names of {len({i.entry.actor for i in entries})} people withheld"
    )
    assert report.complete_as_of
    files = contents(package)
    for item in entries:
        at = f"data/casos/{item.entry.case}/entries/{item.entry.seq}.json"
        assert files[at] == item.entry_bytes
        assert f"data/cadena/proofs/{item.entry.case}-{item.entry.seq}.tlog-proof" in files
    desk.export(tmp_path / "whole.zip", Scope(processes=("ZZ-001",)))
    whole = contents((tmp_path / "whole.zip").read_bytes())
    for folio in (CASE, OTHER):
        assert files[f"data/casos/{folio}/state.json"] == whole[f"data/casos/{folio}/state.json"]


def test_readers_see_reserved_in_its_place(desk: Desk, tmp_path: Path) -> None:
    """Files by kind, size and digest; contents called so; people by their ids alone."""
    _found, package = masked(desk, tmp_path)
    files = contents(package)
    evidence = _rows(files, "evidencias.csv")
    assert {row["nombre"] for row in evidence} == {"reservado"}
    sealed = {blob.sha256 for item in desk.ledger.history(CASE) for blob in item.entry.objects}
    assert sealed <= {row["SHA-256"] for row in evidence}
    assert {row["nombre"] for row in _rows(files, "personas/personas.csv")} == {"u_7f2a"}
    page = files[f"data/casos/{CASE}/index.html"].decode()
    assert "Contenido reservado por los términos del encargo." in page
    assert "Archivo reservado" in page
    assert 'href="../../casos' not in page.split('id="pasos"')[1].split('id="cadena"')[0]
    assert f"<h1>{CASE}</h1>" in page
    assert "reservan los datos personales" in files["data/index.html"].decode()
    assert "Este paquete reserva datos personales" in files["data/LEEME.html"].decode()


def test_what_the_house_opened_travels(desk: Desk, tmp_path: Path) -> None:
    """Payload, salt and files of that entry and of no other; names stay reserved."""
    _found, package = masked(desk, tmp_path, (CASE, 3))
    files = contents(package)
    held = sorted(name for name in files if name.startswith("data/casos/") and "/payloads/" in name)
    assert held == [f"data/casos/{CASE}/payloads/3.json", f"data/casos/{CASE}/payloads/3.salt"]
    kept = [name for name in files if name.startswith("data/casos/") and "/archivos/" in name]
    assert kept == [f"data/casos/{CASE}/archivos/003-1_correo.eml"]
    assert not any(NAME.encode() in data for data in files.values())
    report = judged(package, desk)
    assert (report.verdict, codes(report), report.objects_checked) == (
        Verdict.VALID,
        {"content.withheld"},
        1,
    )


def test_the_same_again_gives_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    """Masking is a function of the chain."""
    found, first = masked(desk, tmp_path)
    desk.export(
        tmp_path / "again.zip", Scope(engagement=found.id), checkpoint=desk.ledger.latest_checkpoint()[0]
    )
    assert (tmp_path / "again.zip").read_bytes() == first


def test_an_erasure_is_told_as_one(desk: Desk, tmp_path: Path) -> None:
    """What was erased is not counted among what is withheld."""
    first = desk.ledger.history(OTHER)[0]
    desk.record(OTHER, "1", kind=EntryKind.ERASURE_EXECUTED, refs=(first.leaf,))
    for row in desk.ledger.rows:
        if row.sealed.leaf == first.leaf:
            row.sealed = replace(row.sealed, payload_bytes=None, salt=None)
    _found, package = masked(desk, tmp_path)
    report = judged(package, desk)
    assert report.verdict is Verdict.VALID
    entries = len(desk.ledger.history(CASE)) + len(desk.ledger.history(OTHER))
    told = next(f for f in report.findings if f.code == "content.withheld")
    assert told.found.startswith(f"{entries - 1} payloads, ")
    assert "Contenido borrado" in contents(package)[f"data/casos/{OTHER}/index.html"].decode()


def test_withholding_without_such_terms_is_found(desk: Desk, tmp_path: Path) -> None:
    """The same holes in the package of an engagement that masks nothing, or of none, make it invalid."""
    found = Room(desk).opened(TERMS)
    for files in (contents(packed(desk, tmp_path, found.id)), _plain(desk, tmp_path)):
        gone = {f"data/casos/{CASE}/payloads/2.{kind}": None for kind in ("json", "salt")}  # type: dict[str, bytes | None]
        report = judged(reseal(files, gone), desk)
        assert report.verdict is Verdict.INVALID
        assert "payload.missing" in codes(report)
        file = next(name for name in files if name.startswith(f"data/casos/{CASE}/archivos/003-1"))
        assert "object.missing" in codes(judged(reseal(files, {file: None}), desk))
        assert "content.withheld" not in codes(report)


def _plain(desk: Desk, folder: Path) -> dict[str, bytes]:
    desk.export(folder / "plain.zip", Scope(folios=(CASE,)))
    return contents((folder / "plain.zip").read_bytes())


def test_the_terms_cannot_be_taken_from_another_engagement(desk: Desk, tmp_path: Path) -> None:
    """A masked package that claims an unmasked engagement is invalid, and so is one without its chain."""
    other = Room(desk).opened(TERMS)
    _found, package = masked(desk, tmp_path)
    files = contents(package)
    scope = json.loads(files["data/alcance.json"])
    for claimed in (other.id, ""):
        scope["scope"]["engagement"] = claimed
        told = json.dumps(scope, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        report = judged(reseal(files, {"data/alcance.json": told}), desk)
        assert report.verdict is Verdict.INVALID
        assert "payload.missing" in codes(report)


Whole = dict[str, bytes]


def _payload(_files: Whole, whole: Whole) -> dict[str, bytes | None]:
    return {name: data for name, data in whole.items() if name.startswith(f"data/casos/{CASE}/payloads/2.")}


def _salt(_files: Whole, whole: Whole) -> dict[str, bytes | None]:
    name = f"data/casos/{CASE}/payloads/2.salt"
    return {name: whole[name]}


def _file(_files: Whole, whole: Whole) -> dict[str, bytes | None]:
    name = next(name for name in whole if name.startswith(f"data/casos/{CASE}/archivos/003-1"))
    return {name: whole[name]}


def _name(_files: Whole, whole: Whole) -> dict[str, bytes | None]:
    return {name: data for name, data in whole.items() if name.startswith("data/personas/payloads/1.")}


def _table(files: Whole, _whole: Whole) -> dict[str, bytes | None]:
    name = "data/evidencias.csv"
    return {name: files[name].replace(b"reservado", b"carta.pdf", 1)}


def _entry(files: Whole, _whole: Whole) -> dict[str, bytes | None]:
    name = f"data/casos/{CASE}/entries/2.json"
    return {name: files[name].replace(b'"seq":2', b'"seq":7')}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_payload, "content.reserved"),
        (_salt, "payload.differs"),
        (_file, "file.unexpected"),
        (_name, "person.unneeded"),
        (_table, "derived.differs"),
        (_entry, "case.misfiled"),
    ],
)
def test_what_was_put_in_or_changed_is_found(
    desk: Desk, tmp_path: Path, change: Callable[[Whole, Whole], dict[str, bytes | None]], code: str
) -> None:
    """Content that the terms withhold is as wrong in a package as content that is missing."""
    _found, package = masked(desk, tmp_path)
    files, whole = contents(package), _whole(desk, tmp_path)
    report = judged(reseal(files, change(files, whole)), desk)
    assert report.verdict is Verdict.INVALID
    assert code in codes(report)


def _whole(desk: Desk, folder: Path) -> Whole:
    desk.export(folder / "whole.zip", Scope())
    return contents((folder / "whole.zip").read_bytes())


def _rows(files: Whole, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"data/{name}"].decode("utf-8-sig"), newline="")))
