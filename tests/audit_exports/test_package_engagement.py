"""The package of an audit engagement: its cases, its chain with conclusions, its draws repeated by the verifier."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from audit_exports.builder import ExportRefused
from audit_exports.record import Scope
from evidence.findings import Verdict
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import Desk
from tests.audit_exports.sample_room import TERMS, Room, packed

CASE = "ZZ-001-2026-000001"


def rows(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    """A CSV of the package, rows by heading."""
    return list(csv.DictReader(io.StringIO(files[f"data/{name}"].decode("utf-8-sig"), newline="")))


def test_it_has_the_sampled_cases_and_the_whole_chain(desk: Desk, tmp_path: Path) -> None:
    """Cases of the sample and no other; chain, population list and conclusions beside them, never mixed; valid."""
    found = Room(desk).worked()
    package = packed(desk, tmp_path, found.id)
    files = contents(package)
    sampled = {row["folio"] for row in rows(files, "auditoria/muestras.csv")}
    assert {name.split("/")[2] for name in files if name.startswith("data/casos/")} == sampled
    assert len(sampled) == 1
    chain = desk.ledger.history(found.chain)
    assert [files[f"data/auditoria/entries/{item.entry.seq}.json"] for item in chain] == [
        i.entry_bytes for i in chain
    ]
    assert [row["resultado"] for row in rows(files, "auditoria/pruebas.csv")] == ["excepción"]
    assert [row["título"] for row in rows(files, "auditoria/hallazgos.csv")] == ["Falta una carta"]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["data/report.pdf"])).pages)
    assert "Encargo de auditoría" in text
    assert "Falta una carta" in text
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, report.findings) == (Verdict.VALID, ())


def test_a_case_too_few_or_a_changed_conclusion_is_found(desk: Desk, tmp_path: Path) -> None:
    """The chain's last entry left out, its payload changed, another population list, another engagement claimed."""
    found = Room(desk).worked()
    files = contents(packed(desk, tmp_path, found.id))
    last = len(desk.ledger.history(found.chain))
    gone: dict[str, bytes | None] = {
        name: None for name in files if name.startswith(f"data/auditoria/entries/{last}.")
    }
    gone |= {f"data/auditoria/payloads/{last}.{kind}": None for kind in ("json", "salt")}
    gone |= {f"data/cadena/proofs/{found.chain.replace(':', '-')}-{last}.tlog-proof": None}
    assert "heads.not_whole" in codes(verify_bytes(reseal(files, gone), desk.vkey))
    payload = f"data/auditoria/payloads/{last}.json"
    changed = {payload: files[payload].replace(b"Falta", b"Sobra")}
    assert "payload.differs" in codes(verify_bytes(reseal(files, changed), desk.vkey))
    listed = next(name for name in files if name.startswith("data/auditoria/archivos/"))
    swapped = codes(verify_bytes(reseal(files, {listed: files[listed] + b"x"}), desk.vkey))
    assert swapped >= {"object.differs", "sample.differs"}
    scope = json.loads(files["data/alcance.json"])
    scope["scope"]["engagement"] = ""
    other = json.dumps(scope, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert "file.unexpected" in codes(verify_bytes(reseal(files, {"data/alcance.json": other}), desk.vkey))


def test_without_a_sample_the_terms_say_which_cases(desk: Desk, tmp_path: Path) -> None:
    """All cases of its processes opened in its period."""
    room = Room(desk)
    found = room.opened()
    assert verify_bytes(packed(desk, tmp_path, found.id), desk.vkey).verdict is Verdict.VALID
    assert len(rows(contents((tmp_path / "p.zip").read_bytes()), "poblacion.csv")) == 2
    empty = room.opened(replace(TERMS, start="2026-06-01"))
    with pytest.raises(ExportRefused, match="nothing_in_scope"):
        packed(desk, tmp_path, empty.id)


@pytest.mark.parametrize("changed", [{"masked": True, "downloads": False}, {"downloads": False}])
def test_what_may_not_be_taken_away_is_not_exported(
    desk: Desk, tmp_path: Path, changed: dict[str, bool]
) -> None:
    """Where the terms forbid downloads there is no package, masked or not."""
    found = Room(desk).opened(replace(TERMS, **changed))
    with pytest.raises(ExportRefused, match="engagement"):
        packed(desk, tmp_path, found.id)
    with pytest.raises(ExportRefused, match="engagement"):
        packed(desk, tmp_path, "2026-999999")
    with pytest.raises(ExportRefused, match="scope"):
        desk.export(tmp_path / "q.zip", Scope(processes=("ZZ-001",), engagement=found.id))
