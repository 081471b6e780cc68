"""Completeness: what is left out at the end of a case or chain, and proofs that do not hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit_exports.builder import ExportRefused
from audit_exports.heads import parse_head_proof, proof_bytes
from evidence.canonical import canonical_bytes
from evidence.entry import SYSTEM, EntryDraft, EntryKind
from evidence.findings import Verdict
from evidence.heads import HEADS_CASE, AbsenceProof, CaseHead, HeadsMap
from evidence.ports import Composition
from evidence.tree import InvalidProof
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import Desk

CASE = "ZZ-001-2026-000001"
PROOF = f"data/cadena/cabezas/{CASE}.json"


def test_an_entry_left_out_at_the_end_of_a_case_is_found(files: dict[str, bytes], vkey: str) -> None:
    """Though its page, its state and every manifest were made again without it."""
    last = [name for name in files if CASE in name and ("/4." in name or "-4." in name or "/004-" in name)]
    report = verify_bytes(reseal(files, dict.fromkeys(last)), vkey)
    assert "heads.not_whole" in codes(report)
    assert (report.verdict, report.complete_as_of) == (Verdict.INVALID, 0)


def test_a_whole_case_that_the_log_did_not_have_then_is_proved_absent(desk: Desk, tmp_path: Path) -> None:
    """A case opened after the commitment is told apart from one whose entries were hidden."""
    desk.open("Después")
    while desk.ledger.sequence():
        pass
    desk.publish_only()
    desk.export(tmp_path / "p.zip")
    package = (tmp_path / "p.zip").read_bytes()
    proof = parse_head_proof(contents(package)["data/cadena/cabezas/ZZ-001-2026-000003.json"])
    assert isinstance(proof, AbsenceProof)
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, report.complete_as_of, report.size) == (Verdict.VALID, 7, 9)


def test_without_a_commitment_nothing_is_claimed(files: dict[str, bytes], vkey: str) -> None:
    """The package is as good as before heads were committed, and says so."""
    gone = [name for name in files if "cabezas" in name or "system-heads" in name]
    report = verify_bytes(reseal(files, dict.fromkeys(gone)), vkey)
    assert (report.verdict, codes(report), report.complete_as_of) == (Verdict.VALID, {"heads.none"}, 0)


def _json(data: bytes, **changes: object) -> bytes:
    return canonical_bytes({**json.loads(data), **changes})


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda _: b"[]",
        lambda data: data.replace(b'"seq":4', b'"seq":3'),
        lambda data: data.replace(b'"seq":4', b'"seq":"4"'),
        lambda data: data.replace(b'"seq":4', b'"seq":-4'),
        lambda data: _json(data, path=[]),
        lambda data: _json(data, path=["xx"]),
        lambda data: _json(data, index=99),
        lambda data: _json(data, more=1),
        lambda data: _json(data, case="ZZ-001-2026-000002"),
        lambda _: canonical_bytes({"case": CASE, "before": None, "after": None}),
        lambda data: canonical_bytes({"case": CASE, "before": json.loads(data), "after": None}),
        lambda data: b" " + data,
        lambda _: None,
    ],
)
def test_a_proof_that_is_none_is_found(files: dict[str, bytes], vkey: str, change) -> None:  # type: ignore[no-untyped-def]
    """Every other content, and none, is told; never taken for a proof."""
    report = verify_bytes(reseal(files, {PROOF: change(files[PROOF])}), vkey)
    assert "heads.not_whole" in codes(report)
    assert report.complete_as_of == 0


def test_a_proof_of_another_case_does_not_serve(files: dict[str, bytes], vkey: str) -> None:
    """Nor does one that nobody asked for."""
    other = "data/cadena/cabezas/ZZ-001-2026-000002.json"
    assert "heads.not_whole" in codes(verify_bytes(reseal(files, {PROOF: files[other]}), vkey))
    extra = {"data/cadena/cabezas/ZZ-001-2026-000009.json": files[other]}
    assert codes(verify_bytes(reseal(files, extra), vkey)) == {"file.unexpected"}


def test_a_log_that_commits_to_other_heads_gives_no_package(desk: Desk, tmp_path: Path) -> None:
    """The export holds the commitment against the entries before it uses it."""
    lie = HeadsMap(desk.ledger.tree_size(), [CaseHead("ZZ-001-2026-000001", 1, bytes(32))]).commitment
    draft = EntryDraft(SYSTEM, SYSTEM, EntryKind.HEADS_COMMITTED, facts={"heads": lie.as_fact()})
    desk.ledger.append(HEADS_CASE, lambda _history: Composition((draft,)))
    desk.publish_only()
    with pytest.raises(ExportRefused) as refused:
        desk.export(tmp_path / "p.zip")
    assert [item.code for item in refused.value.findings] == ["heads.differ"]


def test_proofs_read_back() -> None:
    """Both kinds, at both ends of the map."""
    made = HeadsMap(3, [CaseHead(name, 1, bytes(32)) for name in "bdf"])
    for case in "abcdefg":
        proof = made.prove(case)
        assert parse_head_proof(proof_bytes(proof)) == proof
    with pytest.raises(InvalidProof):
        parse_head_proof(b"{}")
