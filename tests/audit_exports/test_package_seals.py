"""The seals of letters in a package: listed, proved, and compared with what each letter says it carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_exports.verify import main
from evidence.entry import SYSTEM, EntryDraft, EntryKind
from evidence.findings import Verdict
from evidence.ports import Composition
from evidence.seals import SEALS_CASE, Change, SealFact, next_fact, seal_of_entry
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import Desk, two_cases

OLD, NEW, OTHER, ROOT = "a" * 64, "b" * 64, "c" * 64, "d" * 64
ENTRY, PAYLOAD = "data/cadena/sellos/entries/1.json", "data/cadena/sellos/payloads/1.json"


def tell(desk: Desk, change: Change, certificate: str) -> None:
    """The log is told of a seal."""
    facts = SealFact(change, certificate, ROOT).as_facts()
    payload = {"certificates": "-----BEGIN CERTIFICATE-----"}
    draft = EntryDraft(SYSTEM, SYSTEM, EntryKind.SEAL_PUBLISHED, facts=facts, payload=payload)
    desk.ledger.append(SEALS_CASE, lambda _history: Composition((draft,)))


def sealed(desk: Desk, certificate: str) -> str:
    """The folio of a case whose letter says that it carries that certificate."""
    folio = desk.open(f"Persona {certificate[:3]}")
    desk.record(
        folio,
        "2",
        [("carta.pdf", f"%PDF-1.4 {certificate}\n%%EOF\n".encode(), "application/pdf")],
        kind=EntryKind.DOCUMENT_SIGNED,
        facts={"seal": {"certificate": certificate, "profile": "B-B", "stamp": "none"}},
    )
    return folio


def packed(desk: Desk, out: Path) -> bytes:
    """Signed and exported."""
    desk.publish()
    desk.export(out)
    return out.read_bytes()


def test_letters_under_told_seals_are_in_order_and_the_seals_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A renewal is told and used: nothing is found, and the report names certificate and root."""
    desk = two_cases()
    tell(desk, Change.FIRST, OLD)
    sealed(desk, OLD)
    tell(desk, Change.RENEWED, NEW)
    sealed(desk, NEW)
    out = tmp_path / "p.zip"
    report = verify_bytes(packed(desk, out), desk.vkey)
    assert (report.verdict, codes(report)) == (Verdict.VALID, set())
    assert [(item["change"], item["certificate"]) for item in report.seals] == [
        ("first", OLD),
        ("renewed", NEW),
    ]
    assert main([str(out), "--vkey", desk.vkey, "--no-letters"]) == 0
    said = capsys.readouterr().out
    assert NEW in said
    assert ROOT in said


def test_a_letter_under_another_seal_is_named(tmp_path: Path) -> None:
    """Never told, or told only afterwards: a notice each, by entry; the log itself stays what it is."""
    desk = two_cases()
    tell(desk, Change.FIRST, OLD)
    never, early = sealed(desk, OTHER), sealed(desk, NEW)
    tell(desk, Change.RENEWED, NEW)
    report = verify_bytes(packed(desk, tmp_path / "p.zip"), desk.vkey)
    assert report.verdict is Verdict.VALID
    assert {(item.code, item.subject, item.found) for item in report.findings} == {
        ("seal.untold", f"{never}/2", OTHER),
        ("seal.untold", f"{early}/2", NEW),
    }


def test_a_log_that_told_of_no_seal_is_asked_nothing(tmp_path: Path) -> None:
    """Logs of before: no folder, no notice."""
    desk = two_cases()
    sealed(desk, OLD)
    package = packed(desk, tmp_path / "p.zip")
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, codes(report), report.seals) == (Verdict.VALID, set(), ())
    assert not [name for name in contents(package) if "sellos" in name]


def test_another_seal_put_into_a_package_is_found(tmp_path: Path) -> None:
    """Entry or certificates changed, manifests made to fit: invalid; an entry that tells of no seal is none."""
    desk = two_cases()
    tell(desk, Change.FIRST, OLD)
    files = contents(packed(desk, tmp_path / "p.zip"))
    swapped = reseal(files, {ENTRY: files[ENTRY].replace(OLD.encode(), OTHER.encode())})
    assert "proof.invalid" in codes(verify_bytes(swapped, desk.vkey))
    other = reseal(files, {PAYLOAD: files[PAYLOAD].replace(b"BEGIN", b"XXXXX")})
    assert verify_bytes(other, desk.vkey).verdict is Verdict.INVALID
    draft = EntryDraft(SYSTEM, SYSTEM, EntryKind.SEAL_PUBLISHED, facts={"seal": {"change": "x"}})
    desk.ledger.append(SEALS_CASE, lambda _history: Composition((draft,)))
    assert seal_of_entry(desk.ledger.history(SEALS_CASE)[-1].entry) is None


def test_what_is_told_follows_from_what_was() -> None:
    """First, renewed, replaced; the same again is nothing; back to an earlier one is told."""
    desk = Desk()
    assert next_fact([], OLD, ROOT) == SealFact(Change.FIRST, OLD, ROOT)
    tell(desk, Change.FIRST, OLD)
    entries = [item.entry for item in desk.ledger.history(SEALS_CASE)]
    assert next_fact(entries, OLD, ROOT) is None
    assert next_fact(entries, NEW, ROOT) == SealFact(Change.RENEWED, NEW, ROOT)
    assert next_fact(entries, OLD, OTHER) == SealFact(Change.REPLACED, OLD, OTHER)
