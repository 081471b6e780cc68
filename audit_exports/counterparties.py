"""Receipts that counterparties kept, held against a package: their entry is there, and all before it is the same.

A receipt proves its entry under a checkpoint of its own time, which the package knows nothing of. But the audit path
of the entry in the receipt and that in the package share the hashes to the left of the leaf: those over all entries
before it. Where they agree, the log was not rewritten up to that entry, whoever holds its key now.
"""

from __future__ import annotations

from collections.abc import Callable

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.codes import Code
from audit_exports.containers import printable
from audit_exports.trust import Trust
from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.entry import MAX_ENTRY_BYTES, EntryKind, MalformedEntry, parse_entry
from evidence.findings import Finding
from evidence.note import NoteError
from evidence.outside import Anchor
from evidence.tlog_proof import TlogProof, parse_proof
from evidence.tree import InvalidProof, leaf_hash, left_of

LEVEL = "A5"
_SUBJECT = "--receipt"
_MAX_PROOF = 1 << 16


def is_of_export(receipt: bytes) -> bool:
    """Whether a receipt is that of an export, or nothing that can be read; else a counterparty's."""
    try:
        return parse_entry(parse_proof(receipt).extra).kind is EntryKind.PACKAGE_EXPORTED
    except (InvalidProof, MalformedEntry):
        return True


def check_counterparty(
    bag: Bag, trust: Trust, receipt: bytes, checkpoint: Checkpoint, report: Callable[[Finding], None]
) -> Anchor | None:
    """The anchor that one receipt gives; without it ``report`` heard why not.

    ``checkpoint`` is the package's: under it the reader of entries has verified the proofs that travel, whatever note
    they claim.
    """
    proof = parse_proof(receipt)
    entry, leaf = parse_entry(proof.extra), leaf_hash(proof.extra)
    subject, path = f"{_SUBJECT} {entry.case}/{entry.seq}", layout.entry_path(entry.case, entry.seq)
    try:
        origin = trust.origin(peek_checkpoint(proof.checkpoint_note).origin)
        own = proof.verify(leaf, trust.keys, origin)
    except (InvalidProof, NoteError) as error:
        report(
            Finding(Code.RECEIPT_INVALID, subject, "an entry of the log", f"{type(error).__name__}: {error}")
        )
        return None
    if not bag.has(path):
        report(Finding(Code.RECEIPT_ELSEWHERE, subject, "an entry of the package", "not there"))
        return None
    there = _there(bag, entry.case, entry.seq)
    if there is None:
        return None  # the missing or malformed proof is found elsewhere
    mine = left_of(proof.index, own.size, proof.hashes)
    theirs = left_of(there.index, checkpoint.size, there.hashes)
    same = bag.take(path, MAX_ENTRY_BYTES) == proof.extra
    if not same or (proof.index, mine) != (there.index, theirs):
        kept, has = (printable(one.checkpoint_note.decode("utf-8", "replace")) for one in (proof, there))
        report(Finding(Code.RECEIPT_CONTRADICTS, subject, kept, has))
        return None
    return Anchor(LEVEL, f"{entry.case}/{entry.seq}", proof.index + 1, entry.at)


def _there(bag: Bag, case: str, seq: int) -> TlogProof | None:
    data = bag.take(layout.proof_path(case, seq), _MAX_PROOF)
    try:
        return parse_proof(data) if data is not None else None
    except InvalidProof:
        return None
