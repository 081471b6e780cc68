"""What a package has for auditors beside entries and evidence: population, sample, tables, report, cover, norms."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from pypdf import PdfReader
from pypdf._codecs.core_font_metrics import CORE_FONT_METRICS

from audit_exports import pdf
from audit_exports.people import ACCESS
from audit_exports.population import series_facts
from audit_exports.record import Scope
from audit_exports.standards import standards
from evidence.canonical import Json
from evidence.entry import EntryKind
from evidence.findings import Verdict
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import ACTOR, Desk

CASE = "ZZ-001-2026-000001"
SAMPLED = Scope(processes=("ZZ-001",), sample=1, seed="semilla 7")


def rows(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    """A CSV of the package, rows by heading."""
    text = files[f"data/{name}"].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def packed(desk: Desk, folder: Path, scope: Scope | None = None) -> bytes:
    """The desk's package as of now."""
    desk.publish()
    desk.export(folder / "p.zip", scope)
    return (folder / "p.zip").read_bytes()


def text_of(data: bytes) -> str:
    """All text of a PDF, as an unrelated reader sees it."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_a_sample_says_whom_it_was_drawn_from(desk: Desk, tmp_path: Path) -> None:
    """Population, order of the draw and integrity facts: anybody draws the same cases again."""
    package = packed(desk, tmp_path, SAMPLED)
    files = contents(package)
    population = rows(files, "poblacion.csv")
    assert [row["folio"] for row in population] == [CASE, "ZZ-001-2026-000002"]
    order = sorted(
        population, key=lambda row: hashlib.sha256(f"semilla 7{row['folio']}".encode()).hexdigest()
    )
    drawn = [row["folio"] for row in population if row["en este paquete"] == "sí"]
    assert drawn == [order[0]["folio"]] == [row["folio"] for row in rows(files, "muestra.csv")]
    facts = json.loads(files["data/poblacion-integridad.json"])
    assert facts["sha256"] == hashlib.sha256(files["data/poblacion.csv"]).hexdigest()
    assert (facts["rows"], facts["first"], facts["last"]) == (2, CASE, "ZZ-001-2026-000002")
    assert facts["series"][0]["gaps"] == 0
    assert verify_bytes(package, desk.vkey).verdict is Verdict.VALID


def test_another_draw_than_the_declared_one_is_found(desk: Desk, tmp_path: Path) -> None:
    """Whoever swaps the seed for one that suits them, or leaves somebody out of the population, is named."""
    files = contents(packed(desk, tmp_path, SAMPLED))
    scope = json.loads(files["data/alcance.json"])
    drawn = rows(files, "muestra.csv")[0]["folio"]

    def draws(seed: str) -> str:
        folios = scope["scope"]["members"]
        return min(folios, key=lambda folio: hashlib.sha256(f"{seed}{folio}".encode()).hexdigest())

    scope["scope"]["seed"] = next(str(n) for n in range(100) if draws(str(n)) != drawn)
    changed = json.dumps(scope, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    report = verify_bytes(reseal(files, {"data/alcance.json": changed}), desk.vkey)
    assert report.verdict is Verdict.INVALID
    assert "sample.differs" in codes(report)


def test_gaps_between_folios_are_counted_and_named() -> None:
    """Holes of a series are facts for the auditor; a hostile number costs nothing."""
    found = series_facts(["MA-001-2026-000001", "MA-001-2026-000004", "MA-002-2026-000009", "sin número"])
    assert [(item.series, item.rows, item.gaps, item.missing) for item in found] == [
        ("MA-001-2026", 2, 2, (2, 3)),
        ("MA-002-2026", 1, 0, ()),
    ]
    far = series_facts(["MA-001-2026-000001", "MA-001-2026-999999999"])[0]
    assert (far.gaps, len(far.missing)) == (999_999_997, 1000)


def annul(desk: Desk, seq: int, step: str) -> None:
    """Withdraw the evidence of an entry: its step is not done any more, whatever the case's state."""
    refs = (desk.ledger.history(CASE)[seq - 1].leaf,)
    facts: dict[str, Json] = {"annul": True, "reason": "documento_equivocado"}
    desk.record(CASE, step, kind=EntryKind.EVIDENCE_SUPERSEDED, refs=refs, facts=facts)


def test_what_is_asked_about_is_listed_with_its_group(desk: Desk, tmp_path: Path) -> None:
    """A role not granted, evidence annulled, the step then lacking in a closed case: each with its case and entry."""
    desk.record(CASE, "3", actor=replace(ACTOR, role="director"))
    annul(desk, 2, "2")
    files = contents(packed(desk, tmp_path))
    found = [
        (row["folio"], row["grupo"], row["código"], row["paso"]) for row in rows(files, "excepciones.csv")
    ]
    assert (CASE, "Rol no otorgado", "role_not_granted", "3") in found
    assert (CASE, "Evidencia corregida o anulada", "annulled", "2") in found
    assert (CASE, "Paso omitido", "skipped", "2") in found
    assert json.loads(files["data/alcance.json"])["totals"]["exceptions"] == len(found)


def test_the_step_matrix_says_present_missing_and_pending(desk: Desk, tmp_path: Path) -> None:
    """Of a closed case what is lacking is missing; of an open one it is pending."""
    annul(desk, 2, "2")
    files = contents(packed(desk, tmp_path))
    table = rows(files, "casos/ZZ-001-2026-000002/matriz-de-pasos.csv")
    assert [row["cumplimiento"] for row in table] == ["presente", "pendiente", "pendiente", "pendiente"]
    table = rows(files, f"casos/{CASE}/matriz-de-pasos.csv")
    assert [row["cumplimiento"] for row in table] == ["presente", "falta", "presente", "presente"]


def test_the_list_of_access_is_the_chain(files: dict[str, bytes]) -> None:
    """One row a role held, with the entry that granted it."""
    found = [
        (row["clave"], row["rol"], row["vigente"], row["en estos casos"])
        for row in rows(files, "accesos_sistema.csv")
    ]
    assert found == [(f"{ACCESS}/1", "especialista", "sí", "sí"), (f"{ACCESS}/2", "supervisor", "sí", "no")]


def test_the_report_reads_as_a_report(files: dict[str, bytes]) -> None:
    """Cover, scope, method, results, exceptions, references and chain, as two unrelated readers see them."""
    data = files["data/report.pdf"]
    text = text_of(data)
    for part in ("Informe del paquete de auditoría", "1. Alcance", "2. Método", "3. Resultados", "4. Excepciones",
                 "5. Marco de referencia", "6. Declaración sobre la cadena", "constancia.example/prueba"):  # fmt: skip
        assert part in text
    assert json.loads(files["data/alcance.json"])["root"] in text
    document = pypdfium2.PdfDocument(data)
    assert len(document) == len(PdfReader(io.BytesIO(data)).pages)
    assert document[0].get_size() == (612, 792)
    document.close()


def _walked(node: object) -> Iterator[str]:
    """The tags of a PDF's structure, in reading order."""
    found = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(found, list):
        for kid in found:
            yield from _walked(kid)
    elif isinstance(found, dict):
        if "/S" in found:
            yield str(found["/S"])
        yield from _walked(found.get("/K", []))


@pytest.mark.parametrize("name", ["data/report.pdf", f"data/casos/{CASE}/caratula.pdf"])
def test_pdfs_are_tagged_for_who_hears_them(files: dict[str, bytes], name: str) -> None:
    """One title, headings, lists and tables with heads; each mark belongs to an element, and nothing is unmarked."""
    reader = PdfReader(io.BytesIO(files[name]))
    root = reader.trailer["/Root"]
    tags = Counter(_walked(root["/StructTreeRoot"]))
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"]) == (True, "es-MX")
    assert tags["/H1"] == tags["/Document"] == 1
    assert (
        min(tags[tag] for tag in ("/H3", "/L", "/LI", "/Lbl", "/LBody", "/Table", "/TR", "/TH", "/TD", "/P"))
        >= 1
    )
    owners = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    for number, page in enumerate(reader.pages):
        content = page.get_contents().get_data().decode("latin-1")
        marks = [int(found) for found in re.findall(r"/MCID (\d+)", content)]
        assert page["/StructParents"] == number
        assert marks == list(range(len(owners[2 * number + 1])))
        depth = 0
        for line in content.splitlines():
            depth += line.endswith((">>BDC", " BMC"))
            assert depth == 1 or not line.endswith((" ET", " f")), line
            depth -= line == "EMC"
        assert depth == 0
    for element in (owner.get_object() for owners_of in owners[1::2] for owner in owners_of):
        assert element["/P"].get_object()["/K"], element


def test_no_line_of_a_pdf_leaves_its_page(files: dict[str, bytes]) -> None:
    """Text is measured before it is set: no sign stands outside the margins, whatever people typed."""
    for name in ("data/report.pdf", f"data/casos/{CASE}/caratula.pdf"):
        document = pypdfium2.PdfDocument(files[name])
        for page in document:
            words = page.get_textpage()
            boxes = [words.get_rect(n) for n in range(words.count_rects())]
            assert all(left >= 50 and right <= 562 and bottom >= 28 for left, bottom, right, _ in boxes)
        document.close()


def test_the_cover_sheet_names_the_case_and_its_last_leaf(
    sample: tuple[Desk, Path], files: dict[str, bytes]
) -> None:
    """Enough on one sheet to find the case again, and to hold it against the chain."""
    text = text_of(files[f"data/casos/{CASE}/caratula.pdf"])
    assert CASE in text
    assert "Enviar la carta al señor Núñez" in text
    assert sample[0].ledger.history(CASE)[-1].leaf in text


@pytest.mark.parametrize("font", [pdf.REGULAR, pdf.BOLD])
def test_widths_are_those_of_the_published_metrics(font: str) -> None:
    """Every letter people write Spanish with, and every sign of ours, is as wide as Adobe's table says."""
    known = CORE_FONT_METRICS["Helvetica" if font == pdf.REGULAR else "Helvetica-Bold"].character_widths
    signs = [chr(n) for n in range(32, 127)] + list("áéíóúüñÁÉÍÓÚÜÑç¿¡°ºª…–—·•«»§×")
    for sign in signs:
        assert pdf.text_width(sign, font, 1000) == known[sign], sign


def test_signs_that_the_fonts_lack_are_never_lost_silently() -> None:
    """A letter without its mark, else a question mark; controls are spaces; the length of a line is known."""
    assert pdf.drawable("Ñandú ő漢\u202e\t→") == "Ñandú o?? ?"
    assert pdf.text_width("a b", pdf.MONO, 10) == 18


def test_the_norms_are_a_versioned_file_that_says_what_was_checked(files: dict[str, bytes]) -> None:
    """The map travels byte for byte; what counts as checked names a public source, and no practice is invented."""
    known = standards()
    assert files[f"data/normas/{known.version}.toml"] == known.source
    references = {item for found in known.by_process.values() for item in found}
    assert all(item.source.startswith(("https://", "http://")) == item.checked for item in references)
    assert not [
        item
        for item in references
        if re.search("access|compliance", item.name_en, re.IGNORECASE) and item.standard == "ITIL 4"
    ]
    assert not [item for item in references if item.clause == "A.5.28"]


def test_every_derived_file_is_remade_by_the_verifier(files: dict[str, bytes], vkey: str) -> None:
    """Whoever changes a table, the report, a cover or the event log, and every manifest with it, is found."""
    made = [name for name in files if name.endswith((".csv", ".pdf", "ocel2.json", "integridad.json", ".html", ".xlsx"))
            and "/archivos/" not in name]  # fmt: skip
    assert len(made) > 30
    for name in made:
        report = verify_bytes(reseal(files, {name: files[name] + b"\n"}), vkey)
        assert report.verdict is Verdict.INVALID, name
        assert "derived.differs" in codes(report), name
    norms = f"data/normas/{standards().version}.toml"
    assert "derived.differs" in codes(verify_bytes(reseal(files, {norms: files[norms] + b"#\n"}), vkey))
