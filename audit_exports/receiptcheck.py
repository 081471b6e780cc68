"""A receipt of an export, held against a package: proof that the log knows these very bytes."""

from __future__ import annotations

from audit_exports.codes import Code
from audit_exports.trust import Trust
from evidence.checkpoint import peek_checkpoint
from evidence.entry import EntryKind, MalformedEntry, parse_entry
from evidence.findings import Code as CoreCode
from evidence.findings import Finding
from evidence.note import NoteError
from evidence.tlog_proof import parse_proof
from evidence.tree import InvalidProof, leaf_hash

_SUBJECT = "--receipt"


def check_receipt(trust: Trust, tag_digest: str) -> list[Finding]:
    """Is the receipt in a log we trust, and does its entry name this tag manifest (SHA-256, hex)?"""
    try:
        proof = parse_proof(trust.receipt or b"")
        entry = parse_entry(proof.extra)
    except (InvalidProof, MalformedEntry) as error:
        return [Finding(Code.RECEIPT_MALFORMED, _SUBJECT, "a tlog-proof with its entry", str(error))]
    if not trust.keys:
        return [Finding(CoreCode.KEY_NONE, _SUBJECT, "a key or policy from the arguments", "none")]
    try:
        origin = trust.origin(peek_checkpoint(proof.checkpoint_note).origin)
        proof.verify(leaf_hash(proof.extra), trust.keys, origin)
    except (InvalidProof, NoteError) as error:
        return [
            Finding(Code.RECEIPT_INVALID, _SUBJECT, "an entry of the log", f"{type(error).__name__}: {error}")
        ]
    told = entry.facts.get("tag_manifest")
    if entry.kind is not EntryKind.PACKAGE_EXPORTED or entry.log != origin or told != tag_digest:
        return [Finding(Code.RECEIPT_DIFFERS, _SUBJECT, tag_digest, f"{entry.kind} {told}")]
    return []
