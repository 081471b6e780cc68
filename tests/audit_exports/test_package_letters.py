"""Signed letters in a package, asked by a program that shares nothing with ours."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from audit_exports.containers import ZipContainer
from audit_exports.letters import LetterSaid, PdfsigLetters
from audit_exports.packagecheck import PackageReport, check_package
from audit_exports.trust import Trust
from audit_exports.verify import main
from evidence.entry import EntryKind
from evidence.findings import Verdict
from signing.pades import PadesSigner
from signing.pades_place import free_place
from signing.seal import seal_from_pem
from signing.sealkeys import make_seal
from signing.trust import Trust as SealTrust
from tests.audit_exports.resealing import codes, contents
from tests.audit_exports.sample_desk import Desk
from tests.signing.conftest import COMMITMENT, ZONE, letter, now, stamp_of


@pytest.fixture(scope="module")
def signed() -> bytes:
    """A sealed letter."""
    material = make_seal("desk.example/log", now())
    seal = seal_from_pem(material.key.encode(), material.chain.encode())
    signer = PadesSigner(
        seal=seal,
        trust=SealTrust(seal.roots, others=seal.others),
        source=None,
        clock=now,
        zone=ZONE,
        place=lambda stream, page, size: free_place(stream, page=page, size=size),
    )
    shown = letter()
    return signer.sign(shown, signatory="Érika", reason=COMMITMENT, stamp=stamp_of(shown), at=now()).pdf


@pytest.fixture(scope="module")
def program() -> PdfsigLetters:
    """The program of this machine."""
    found = PdfsigLetters.here()
    if found is None:
        pytest.skip("pdfsig is not installed (Debian: poppler-utils)")
    return found


def bent(pdf: bytes) -> bytes:
    """One bit of the first page's content turned."""
    changed = bytearray(pdf)
    changed[pdf.index(b"stream", 200) + 20] ^= 1
    return bytes(changed)


def packed(desk: Desk, pdf: bytes, out: Path) -> Path:
    """The package of a desk in which this letter counts as signed."""
    folio = desk.open("Una más")
    desk.record(folio, "2", [("carta.pdf", pdf, "application/pdf")], kind=EntryKind.DOCUMENT_SIGNED)
    desk.publish()
    desk.export(out)
    return out


def judged(desk: Desk, package: Path, letters: PdfsigLetters | None) -> PackageReport:
    """The verifier's report."""
    container = ZipContainer(io.BytesIO(package.read_bytes()))
    return check_package(container, Trust((desk.key.verifier,), letters=letters))


def test_the_program_tells_whole_from_changed(program: PdfsigLetters, signed: bytes) -> None:
    """One good signature; none that holds; none at all; and no PDF says nothing."""
    assert program.judge(signed) == LetterSaid(1, ())
    said = program.judge(bent(signed))
    assert said is not None
    assert (said.signatures, said.wrong) == (1, ("Digest Mismatch",))
    assert program.judge(letter()) == LetterSaid(0, ())
    assert program.judge(b"no es un PDF") == LetterSaid(0, ())


def test_a_letter_whose_signature_holds_is_counted(
    program: PdfsigLetters, signed: bytes, desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Valid, and the report says how many letters were asked; without a program, or by wish, none is."""
    package = packed(desk, signed, tmp_path / "p.zip")
    report = judged(desk, package, program)
    assert (report.verdict, report.letters_checked, codes(report)) == (Verdict.VALID, 1, set())
    assert judged(desk, package, None).letters_checked == 0
    assert main([str(package), "--vkey", desk.vkey]) == 0
    assert "1 cartas firmadas, con pdfsig" in capsys.readouterr().out
    assert main([str(package), "--vkey", desk.vkey, "--no-letters"]) == 0
    assert "pdfsig" not in capsys.readouterr().out


@pytest.mark.parametrize(("kind", "found"), [("whole", set()), ("changed", {"letter.signature_broken"})])
def test_a_paper_that_was_brought_broken_is_told_and_is_no_forgery(
    program: PdfsigLetters, signed: bytes, desk: Desk, tmp_path: Path, kind: str, found: set[str]
) -> None:
    """Signatures counted when it was sealed are looked at by the verifier; the table says what was recorded then."""
    folio, pdf = desk.open("Una más"), bent(signed) if kind == "changed" else signed
    about = [{"name": "oficio.pdf", "slot": "prueba", "about": {"signatures": {"count": 1, "fields": []}}}]
    evidence = [{"slot": "prueba", "type": "SGN", "object": 0}]
    desk.record(folio, "2", [("oficio.pdf", pdf, "application/pdf")], payload={"files": about},  # type: ignore[dict-item]
                facts={"evidence": evidence})  # type: ignore[dict-item]  # fmt: skip
    desk.publish()
    desk.export(tmp_path / "p.zip")
    report = judged(desk, tmp_path / "p.zip", program)
    assert (report.verdict, report.letters_checked, codes(report)) == (Verdict.VALID, 1, found)
    table = contents((tmp_path / "p.zip").read_bytes())["data/firmas/firmas.csv"].decode("utf-8-sig")
    assert "trae firmas digitales, contadas y no juzgadas al sellarse" in table


def test_the_table_of_signatures_says_what_was_recorded(signed: bytes, desk: Desk, tmp_path: Path) -> None:
    """Level, method, seal and stamp as the entry has them, and where it was signed as it was asked for."""
    folio = desk.open("Una más")
    seal = {
        "profile": "B-T",
        "certificate": "c" * 64,
        "stamp": "made",
        "stamped_at": "2026-03-03T00:00:00.000000Z",
    }
    told = {"level": "N2", "method": "drawn", "seal": seal, "flags": ["same_address"]}
    desk.record(
        folio, "2", [("carta.pdf", signed, "application/pdf")], kind=EntryKind.DOCUMENT_SIGNED, facts=told
    )  # type: ignore[arg-type]
    desk.publish()
    desk.export(tmp_path / "p.zip")
    table = contents((tmp_path / "p.zip").read_bytes())["data/firmas/firmas.csv"].decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(table)))
    assert (
        row["validación registrada"]
        == "validada al sellarse: firma íntegra que cubre todo el archivo; con sello de tiempo"
    )
    assert (row["nivel"], row["método"], row["perfil"], row["certificado (SHA-256)"]) == (
        "N2",
        "drawn",
        "B-T",
        "c" * 64,
    )
    assert row["coincidencias"] == "se firmó desde la dirección que la pidió"


@pytest.mark.parametrize("kind", ["changed", "unsigned"])
def test_a_letter_sealed_as_signed_that_is_not_is_found(
    program: PdfsigLetters, signed: bytes, desk: Desk, tmp_path: Path, kind: str
) -> None:
    """The log may have sealed it faithfully: the letter itself says otherwise."""
    pdf = bent(signed) if kind == "changed" else letter()
    report = judged(desk, packed(desk, pdf, tmp_path / "p.zip"), program)
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {"letter.signature_invalid"})
