from __future__ import annotations

import errno
import io
import json
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from audit_exports.builder import ExportRefused, export
from audit_exports.exportlog import EXPORTS
from audit_exports.record import Scope
from audit_exports.scope import sample_of
from evidence.entry import BlobRef, SealedEntry
from evidence.findings import Verdict
from evidence.ports import Compose, StoreUnavailable
from tests.audit_exports.resealing import codes, contents, reseal, verify_bytes
from tests.audit_exports.sample_desk import AUDITOR, PDF, Desk

CASE = "ZZ-001-2026-000001"


def refused(desk: Desk, folder: Path, scope: Scope | None = None, checkpoint: int = 0) -> ExportRefused:
    """The refusal of an export that must leave neither file nor log entry."""
    with pytest.raises(ExportRefused) as caught:
        export(desk.sources, scope or Scope(), folder / "p.zip", actor=AUDITOR, checkpoint=checkpoint)
    assert list(folder.iterdir()) == []
    assert desk.ledger.history(EXPORTS) == []
    return caught.value


def test_the_export_is_logged_before_the_file_appears(desk: Desk, tmp_path: Path) -> None:
    """At the moment of the append the package has no name yet; afterwards entry and receipt agree."""
    append = desk.ledger.append
    seen: list[list[str]] = []

    def watched(case: str, compose: Compose) -> Sequence[SealedEntry]:
        seen.append([path.suffix for path in tmp_path.iterdir()])
        return append(case, compose)

    desk.ledger.append = watched  # type: ignore[method-assign, assignment]
    receipt = desk.export(tmp_path / "p.zip")
    assert seen == [[".tmp"]]
    entry = desk.ledger.history(EXPORTS)[0]
    assert (receipt.seq, receipt.leaf, receipt.recorded_at) == (1, entry.leaf, entry.entry.at)
    assert entry.entry.facts["tag_manifest"] == receipt.tag_manifest
    assert (entry.entry.actor, entry.entry.role, entry.entry.facts["via"]) == (
        "u_a0d1",
        "auditor_interno",
        "console",
    )
    assert entry.payload()["via"] == {"channel": "console", "os_user": "ops"}
    assert receipt.package_bytes == (tmp_path / "p.zip").stat().st_size


def test_the_package_is_on_the_disk_before_it_is_logged(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File flushed and synced, then the entry, then the name, then the folder synced."""
    order: list[str] = []
    append, sync = desk.ledger.append, os.fsync

    def synced(descriptor: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def logged(case: str, compose: Compose) -> Sequence[SealedEntry]:
        order.append("entry")
        return append(case, compose)

    monkeypatch.setattr("audit_exports.destination.os.fsync", synced)
    desk.ledger.append = logged
    desk.export(tmp_path / "p.zip")
    assert order == ["file", "entry", "folder"]


def test_an_export_that_cannot_be_logged_is_not_handed_over(desk: Desk, tmp_path: Path) -> None:
    """The ledger is down at the last moment: no package."""

    def down(case: str, compose: Compose) -> Sequence[SealedEntry]:
        raise StoreUnavailable(f"{case} {compose}")

    desk.ledger.append = down  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreUnavailable):
        desk.export(tmp_path / "p.zip")
    assert list(tmp_path.iterdir()) == []


def test_an_older_package_stays_when_a_new_export_fails(desk: Desk, tmp_path: Path) -> None:
    """The file of that name is replaced only by a whole package."""
    out = tmp_path / "p.zip"
    desk.export(out)
    before = out.read_bytes()
    desk.blobs.objects.clear()
    with pytest.raises(ExportRefused):
        desk.export(out)
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_missing_object_refuses_the_export(desk: Desk, tmp_path: Path) -> None:
    """An object removed under us is a finding, never a package with a hole."""
    key = desk.ledger.history(CASE)[1].entry.objects[0].key
    del desk.blobs.objects[key]
    error = refused(desk, tmp_path)
    assert (error.code, [item.code for item in error.findings]) == ("integrity", ["object.missing"])
    assert key in error.findings[0].subject


@pytest.mark.parametrize("other", [PDF.replace(b"1.4", b"1.5"), PDF + b"x", b""])
def test_a_changed_object_refuses_the_export(desk: Desk, tmp_path: Path, other: bytes) -> None:
    """Other bytes, more or fewer of them, are found while they are read."""
    key = desk.ledger.history(CASE)[1].entry.objects[0].key
    stored, _ = desk.blobs.objects[key]
    desk.blobs.objects[key] = (stored, other)
    error = refused(desk, tmp_path)
    assert (error.code, [item.code for item in error.findings]) == ("integrity", ["object.differs"])


def test_a_store_that_does_not_check_itself_is_checked(desk: Desk, tmp_path: Path) -> None:
    """Same size, other bytes, and no error from the store: the export's own digest decides."""
    stored = desk.blobs

    class Careless:
        def open(self, ref: BlobRef) -> nullcontext[io.BytesIO]:
            with stored.open(ref) as stream:
                data = bytearray(stream.read())
            data[-1] ^= 1
            return nullcontext(io.BytesIO(data))

    desk.blobs = Careless()
    assert [item.code for item in refused(desk, tmp_path).findings] == ["object.differs"]


def change_row(desk: Desk, seq: int, change: Callable[[SealedEntry], SealedEntry]) -> None:
    """Play a database administrator."""
    for row in desk.ledger.rows:
        if (row.case, row.seq) == (CASE, seq):
            row.sealed = change(row.sealed)


TAMPERED: dict[str, tuple[Callable[[SealedEntry], SealedEntry], str]] = {
    "bytes": (
        lambda row: replace(row, entry_bytes=row.entry_bytes.replace(b"u_7f2a", b"u_0000")),
        "entry.leaf_differs",
    ),
    "not JSON": (lambda row: replace(row, entry_bytes=b"{", parsed=None), "entry.malformed"),
    "payload": (lambda row: replace(row, payload_bytes=b"{}"), "payload.differs"),
    "erased by nobody": (lambda row: replace(row, payload_bytes=None, salt=None), "payload.missing"),
    "index": (lambda row: replace(row, index=0), "tree.root_differs"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_row_edited_by_hand_refuses_the_export(desk: Desk, tmp_path: Path, what: str) -> None:
    """What the database holds is hashed, chained and proved again before it leaves."""
    change, code = TAMPERED[what]
    change_row(desk, 2, change)
    error = refused(desk, tmp_path)
    assert error.code == "integrity"
    assert code in {item.code for item in error.findings}


def test_a_deleted_row_refuses_the_export(desk: Desk, tmp_path: Path) -> None:
    """A gap in the chain is no shorter case."""
    desk.ledger.rows = [row for row in desk.ledger.rows if (row.case, row.seq) != (CASE, 2)]
    assert {item.code for item in refused(desk, tmp_path).findings} == {
        "chain.seq_not_dense",
        "chain.prev_differs",
    }


def test_a_checkpoint_that_our_key_did_not_sign_is_not_exported_under(desk: Desk, tmp_path: Path) -> None:
    """A note planted in the database does not become a package's root of trust."""
    note, when = desk.ledger.notes[8]
    desk.ledger.notes[8] = (note.replace(b"\n8\n", b"\n6\n"), when)
    assert [item.code for item in refused(desk, tmp_path).findings] == ["checkpoint.signature_invalid"]


def test_unknown_checkpoints_and_folios_are_refused(desk: Desk, tmp_path: Path) -> None:
    """Each refusal says what is not there."""
    assert refused(desk, tmp_path, checkpoint=3).code == "checkpoint_unknown"
    unknown = refused(desk, tmp_path, Scope(folios=("ZZ-001-2026-000009",)))
    assert (unknown.code, "000009" in unknown.detail) == ("nothing_in_scope", True)
    assert refused(desk, tmp_path, Scope(processes=("MA-001",))).code == "nothing_in_scope"
    assert refused(desk, tmp_path, Scope(end="2026-01-01")).code == "nothing_in_scope"
    assert refused(Desk(), tmp_path).code == "checkpoint_unknown"


@pytest.mark.parametrize(
    "scope",
    [
        Scope(start="2026-02-30"),
        Scope(start="20260201"),
        Scope(start="2026-03-02", end="2026-03-01"),
        Scope(sample=3),
        Scope(seed="x"),
        Scope(sample=-1, seed="x"),
    ],
)
def test_a_scope_that_means_nothing_is_refused(desk: Desk, tmp_path: Path, scope: Scope) -> None:
    """Dates that do not exist, periods turned round, samples without a seed."""
    assert refused(desk, tmp_path, scope).code == "scope"


def test_a_full_disk_leaves_nothing(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says so, the temporary file is gone, nothing was logged."""

    class Full(io.FileIO):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(
        "audit_exports.destination.os.fdopen", lambda fd, *_, **__: io.BufferedRandom(Full(fd, "w+b"))
    )
    with pytest.raises(StoreUnavailable, match="No space left"):
        desk.export(tmp_path / "p.zip")
    assert list(tmp_path.iterdir()) == []
    assert desk.ledger.history(EXPORTS) == []


def test_a_folder_that_does_not_exist_is_told(desk: Desk, tmp_path: Path) -> None:
    """Nothing is created on the way."""
    with pytest.raises(StoreUnavailable, match="cannot write to"):
        desk.export(tmp_path / "no" / "p.zip")


def test_a_period_takes_whole_cases_that_had_an_entry_in_it(desk: Desk, tmp_path: Path) -> None:
    """Days are those of Mexico City: 2026-03-03 05:30 UTC still is 2 March there."""
    desk.now = desk.now.replace(day=3, hour=4, minute=30)
    late = desk.open("Tarde")
    desk.publish()
    desk.export(tmp_path / "p.zip", Scope(start="2026-03-02", end="2026-03-02"))
    found = contents((tmp_path / "p.zip").read_bytes())
    assert f"data/casos/{late}/state.json" in found
    desk.now = desk.now.replace(hour=6)
    later = desk.open("Después")
    desk.publish()
    desk.export(tmp_path / "p.zip", Scope(start="2026-03-03"))
    found = contents((tmp_path / "p.zip").read_bytes())
    assert [name for name in found if name.endswith("state.json")] == [f"data/casos/{later}/state.json"]


def test_a_sample_is_drawn_from_the_cases_named(desk: Desk, tmp_path: Path) -> None:
    """Two cases named and one drawn: valid, with both as the population; a population that lacks one is found."""
    folios = tuple(sorted((desk.open("Otra"), desk.open("Una más"))))
    desk.publish()
    scope = Scope(folios=folios, sample=1, seed="semilla")
    receipt = desk.export(tmp_path / "p.zip", scope)
    assert receipt.totals.cases == 1
    package = (tmp_path / "p.zip").read_bytes()
    report = verify_bytes(package, desk.vkey)
    assert (report.verdict, report.findings) == (Verdict.VALID, ())
    files = contents(package)
    told = json.loads(files["data/alcance.json"])
    assert told["scope"]["members"] == list(folios)
    told["scope"]["members"], told["scope"]["population"] = sample_of(folios, scope), 1
    fewer = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert "case.out_of_scope" in codes(verify_bytes(reseal(files, {"data/alcance.json": fewer}), desk.vkey))


def test_a_case_named_outside_the_period_is_refused(desk: Desk, tmp_path: Path) -> None:
    """What was asked for by name is not left out in silence, with a sample or without."""
    folios = tuple(sorted(case for case in desk.ledger.cases() if ":" not in case))
    for more in ({}, {"sample": 1, "seed": "x"}):
        with pytest.raises(ExportRefused, match="outside the period"):
            desk.export(tmp_path / "p.zip", Scope(folios=folios, start="2027-01-01", **more))
    assert not (tmp_path / "p.zip").exists()


def test_a_sample_is_drawn_by_hash_and_can_be_drawn_again() -> None:
    """Order by SHA-256(seed || folio), take n: anybody with the seed gets the same, more or fewer in the same order."""
    folios = [f"MA-001-2026-{number:06d}" for number in range(1, 51)]
    ten = sample_of(folios, Scope(sample=10, seed="auditoría 2026"))
    assert ten == sample_of(list(reversed(folios)), Scope(sample=10, seed="auditoría 2026"))
    assert set(sample_of(folios, Scope(sample=5, seed="auditoría 2026"))) < set(ten)
    assert ten != sample_of(folios, Scope(sample=10, seed="otra"))
    assert len(sample_of(folios, Scope(sample=99, seed="x"))) == 50


def test_progress_counts_cases(desk: Desk, tmp_path: Path) -> None:
    """From none to all of them."""
    seen: list[tuple[int, int]] = []
    export(
        desk.sources,
        Scope(),
        tmp_path / "p.zip",
        actor=AUDITOR,
        progress=lambda done, whole: seen.append((done, whole)),
    )
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_no_system_chain_is_exported_whole_but_that_of_access(desk: Desk, tmp_path: Path) -> None:
    """The export's own entry lies under a later checkpoint and still does not enter a later package."""
    desk.export(tmp_path / "1.zip")
    desk.publish()
    desk.export(tmp_path / "2.zip")
    found = contents((tmp_path / "2.zip").read_bytes())
    assert {name for name in found if "system" in name} == {
        "data/cadena/proofs/system-access-1.tlog-proof",
        "data/cadena/proofs/system-access-2.tlog-proof",
        "data/cadena/proofs/system-heads-2.tlog-proof",
        "data/cadena/cabezas/system-access.json",
        "data/cadena/cabezas/system-catalogues.json",
    }
