"""Receipts that counterparties keep: with one, a rewritten log shows, whoever holds its key now."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_exports import layout
from audit_exports.containers import ZipContainer
from audit_exports.counterparties import is_of_export
from audit_exports.packagecheck import PackageReport, check_package
from audit_exports.trust import Trust
from audit_exports.verify import main
from evidence.findings import Verdict
from evidence.proofs import prove_entry
from evidence.tlog_proof import parse_proof
from evidence.tree import inclusion_proof, leaf_hash, left_of, subtree_root
from tests.audit_exports.resealing import codes, contents, reseal
from tests.audit_exports.sample_desk import Desk, two_cases

CASE = "ZZ-001-2026-000001"


def receipt(desk: Desk, case: str = CASE, seq: int = 2) -> bytes:
    """What a counterparty is given: the proof of an entry under the newest checkpoint, with the entry in it."""
    sealed, latest = desk.ledger.history(case)[seq - 1], desk.ledger.latest_checkpoint()
    assert latest is not None
    assert sealed.index is not None
    return replace(prove_entry(desk.ledger, sealed.index, latest[1]), extra=sealed.entry_bytes).text()


def judged(desk: Desk, out: Path, *kept: bytes) -> PackageReport:
    """The verifier's report on the desk's package, with receipts."""
    desk.export(out)
    with out.open("rb") as stream:
        container = ZipContainer(stream)
        return check_package(container, Trust((desk.key.verifier,), counterparties=kept))


@given(size=st.integers(1, 70), more=st.integers(0, 70), data=st.data())
def test_two_trees_share_what_lies_left_of_a_leaf_exactly_if_all_before_it_is_the_same(
    size: int, more: int, data: st.DataObject
) -> None:
    """However far each has grown; and one leaf changed before it is enough to tell."""
    index = data.draw(st.integers(0, size - 1))
    leaves = [hashlib.sha256(b"%d" % n).digest() for n in range(size + more)]

    def lefts(tree: list[bytes]) -> tuple[bytes, ...]:
        def read(level: int, n: int) -> bytes:
            width = 1 << level
            held = tree[n * width : (n + 1) * width]
            return subtree_root(0, len(held), lambda _level, k: held[k]) if level == 0 else _root(held)

        return left_of(index, len(tree), inclusion_proof(index, len(tree), read))

    small, large = lefts(leaves[:size]), lefts(leaves)
    assert small == large
    if index:
        changed = data.draw(st.integers(0, index - 1))
        other = [*leaves[:changed], b"\0" * 32, *leaves[changed + 1 :]]
        assert lefts(other) != small


def _root(leaves: list[bytes]) -> bytes:
    from evidence.tree import root_of  # noqa: PLC0415

    return root_of(leaves)


def test_a_receipt_kept_from_earlier_gives_a5(desk: Desk, tmp_path: Path) -> None:
    """The log has grown since: the package's proofs still show that all before the entry is the same."""
    kept = receipt(desk)
    desk.record(CASE, "3", note="más tarde")
    desk.open("Otra persona")
    desk.publish()
    report = judged(desk, tmp_path / "p.zip", kept, receipt(desk, seq=1))
    assert (report.verdict, report.level, codes(report)) == (Verdict.VALID, "A5", set())
    assert {item["name"] for item in report.anchors} == {f"{CASE}/1", f"{CASE}/2"}


def test_a_log_rewritten_under_its_own_key_is_caught_by_a_receipt(tmp_path: Path) -> None:
    """R3 without any anchor: a new history, signed with the same key, is not the one of the receipt."""
    kept = receipt(two_cases())
    forged = two_cases()
    forged.use(*_other(forged))
    report = judged(forged, tmp_path / "p.zip", kept)
    assert (report.verdict, report.level) == (Verdict.INVALID, "A0")
    found = next(item for item in report.findings if item.code == "receipt.contradicts")
    assert found.expected.startswith(parse_proof(kept).checkpoint_note.decode()[:20])


def _other(desk: Desk) -> tuple[object, object]:
    """A ledger in which something else was recorded first."""
    made = Desk()
    made.access("u-somebody-else", "supervisor", "Nadie", email="x@y.example")
    made.open("Ana Muñoz")
    made.record(CASE, "2", note="otra cosa")
    made.publish()
    desk.now = made.now
    return made.ledger, made.blobs


def test_a_receipt_of_a_case_that_is_not_there_says_nothing(desk: Desk, tmp_path: Path) -> None:
    """It is told, and weighs nothing; the level stays."""
    other = desk.open("Otra persona")
    desk.publish()
    kept = receipt(desk, other, 1)
    size = int(next(line for line in parse_proof(kept).checkpoint_note.decode().split("\n")[1:2]))
    from audit_exports.record import Scope  # noqa: PLC0415

    desk.export(tmp_path / "p.zip", Scope(folios=(CASE,)))
    with (tmp_path / "p.zip").open("rb") as stream:
        report = check_package(ZipContainer(stream), Trust((desk.key.verifier,), counterparties=(kept,)))
    assert (report.verdict, report.level, codes(report)) == (Verdict.VALID, "A0", {"receipt.elsewhere"})
    assert size == report.size


def test_a_package_whose_proof_carries_another_note_is_judged_all_the_same(
    desk: Desk, tmp_path: Path
) -> None:
    """The note beside an audit path is not what the path is held against: its being another is found, and no end."""
    desk.export(tmp_path / "p.zip")
    name = "data/" + layout.proof_path(CASE, 2)
    files = contents((tmp_path / "p.zip").read_bytes())
    head = files[name].partition(b"\n\n")[0]
    bent = reseal(files, {name: head + b"\n\nno note at all\n"})
    trust = Trust((desk.key.verifier,), counterparties=(receipt(desk),))
    report = check_package(ZipContainer(io.BytesIO(bent)), trust)
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {"proof.other_checkpoint"})
    assert report.level == "A5"


@pytest.mark.parametrize("change", ["index", "hash", "entry", "note"])
def test_a_receipt_that_proves_nothing_is_found(desk: Desk, tmp_path: Path, change: str) -> None:
    """Another index, another hash, another entry, another signature: no entry of the log."""
    proof = parse_proof(receipt(desk))
    told = json.loads(proof.extra)
    bad = {
        "index": replace(proof, index=proof.index + 1),
        "hash": replace(proof, hashes=(b"\0" * 32, *proof.hashes[1:])),
        "entry": replace(
            proof, extra=proof.extra.replace(told["actor"].encode(), told["actor"][::-1].encode())
        ),
        "note": replace(proof, checkpoint_note=proof.checkpoint_note.replace(b"\n", b"\n1", 1)),
    }[change]
    report = judged(desk, tmp_path / "p.zip", bad.text())
    assert (report.verdict, codes(report)) == (Verdict.INVALID, {"receipt.invalid"})
    assert leaf_hash(proof.extra)


def test_the_command_takes_the_exports_receipt_and_others(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each by what it is; what cannot be read counts as the export's and is found malformed."""
    made = desk.export(tmp_path / "p.zip")
    desk.publish()
    exported = receipt(desk, "system:exports", made.seq)
    assert is_of_export(exported)
    assert not is_of_export(receipt(desk))
    assert is_of_export(b"nada")
    for name, data in (("e", exported), ("c", receipt(desk)), ("x", b"nada")):
        (tmp_path / name).write_bytes(data)
    line = [str(tmp_path / "p.zip"), "--vkey", desk.vkey, "--receipt", str(tmp_path / "e")]
    assert main([*line, "--receipt", str(tmp_path / "c")]) == 0
    said = capsys.readouterr().out
    assert "A5 (la bitácora es la del acuse de un tercero" in said
    assert "sí, este paquete es el que la bitácora registró" in said
    assert main([str(tmp_path / "p.zip"), "--vkey", desk.vkey, "--receipt", str(tmp_path / "x")]) == 1
    assert "receipt.malformed" in capsys.readouterr().out
