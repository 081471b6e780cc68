"""The check of files alone: a whole ledger's references held against the object store, and the other way round."""

from __future__ import annotations

from evidence.anchors import copy_of
from evidence.checks import ErasureLedger, check_entry_bytes, subject_of
from evidence.entry import SealedEntry
from evidence.findings import Code, Finding
from evidence.objects import ObjectChecker
from evidence.ports import BlobStore, LedgerStore, StoredBlob


def verify_objects(ledger: LedgerStore, blobs: BlobStore) -> tuple[list[Finding], ObjectChecker]:
    """The file-system check alone, in four directions; the checker tells how much was read.

    A row without object, an object without row, other bytes, another version or a shorter retention.
    """
    checker, erasures = ObjectChecker(blobs, full=True), ErasureLedger()
    findings = []
    pending = {row.leaf: row for row in ledger.unsequenced()}
    for row in ledger.entries():
        pending.pop(row.leaf, None)
        findings += _check_objects(checker, row, ledger.origin, erasures)
    for row in pending.values():
        findings += _check_objects(checker, row, ledger.origin, erasures)
    checker.hand_over()
    copies = [
        found
        for size, note in ledger.checkpoints()
        for found in checker.check_copy(copy_of(note), f"checkpoint {size}")
    ]
    leftovers = list(checker.leftovers())  # while the last objects are still being read
    findings = erasures.excused(findings + checker.settle())
    return findings + copies + [unreferenced(stored) for stored in leftovers], checker


def _check_objects(
    checker: ObjectChecker, row: SealedEntry, log: str, erasures: ErasureLedger
) -> list[Finding]:
    place = f"leaf {row.leaf}" if row.index is None else f"index {row.index}"
    entry, findings = check_entry_bytes(row.entry_bytes, row.leaf, log=log, place=place)
    if entry is not None:
        erasures.see(entry, row.leaf, payload_present=row.payload_bytes is not None)
        for ref in entry.objects:
            findings += checker.check(ref, subject_of(entry))
    return findings


def unreferenced(stored: StoredBlob) -> Finding:
    """An object that no entry and no known note has."""
    return Finding(Code.OBJECT_UNREFERENCED, stored.key, "an entry that refers to it", f"{stored.size} bytes")
