"""The check of one case, from its bytes: chain, payloads, every file read, and its place under the signed head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence.checkpoint import Checkpoint, peek_checkpoint
from evidence.checks import ErasureLedger, check_chain, check_checkpoint
from evidence.entry import SealedEntry
from evidence.findings import Code, Finding, Report, Verdict, verdict_of
from evidence.note import VerifierKey
from evidence.objects import ObjectChecker
from evidence.ports import BlobMissing, BlobStore, LedgerStore
from evidence.proofs import prove_entry
from evidence.tiles import MalformedTile
from evidence.tree import InvalidProof
from evidence.verify import Progress
from workflows.errors import UnknownCase


def verify_case(
    ledger: LedgerStore,
    blobs: BlobStore,
    keys: Iterable[VerifierKey],
    folio: str,
    progress: Progress | None = None,
) -> Report:
    """Recompute everything a case consists of.

    Entries newer than the signed head are chained and hashed; that they wait for the head is in ``unsequenced``.

    Raises:
        UnknownCase: there is no such case. StoreUnavailable: a store cannot answer; nothing was decided.
    """
    entries = ledger.unwithheld(folio)
    if not entries:
        raise UnknownCase(folio=folio)
    objects = ObjectChecker(blobs, full=True)
    keys = tuple(keys)
    head, note, findings = _head(ledger, keys)
    findings += check_chain(entries, ledger.origin)
    erasures = _erasures(entries)
    findings += erasures.findings()
    waiting = 0
    for number, sealed in enumerate(entries, 1):
        subject = f"{folio}/{sealed.entry.seq}"
        for ref in sealed.entry.objects:
            findings += objects.check(ref, subject)
        if head is None or sealed.index is None or sealed.index >= head.size:
            waiting += 1
        else:
            findings += _proved(ledger, sealed, note, keys)
        if progress is not None:
            progress(number, len(entries))
    findings = erasures.excused(findings + objects.settle())
    verdict = verdict_of(findings)
    return Report(
        verdict=verdict,
        level="A0" if verdict is Verdict.VALID and waiting == 0 else "none",
        size=len(entries),
        root=head.root.hex() if head else "",
        entries_checked=len(entries),
        objects_checked=objects.objects_checked,
        bytes_checked=objects.bytes_checked,
        findings=tuple(findings),
        checkpoint_size=head.size if head else 0,
        unsequenced=waiting,
    )


def _head(ledger: LedgerStore, keys: Iterable[VerifierKey]) -> tuple[Checkpoint | None, bytes, list[Finding]]:
    latest = ledger.latest_checkpoint()
    if latest is None:
        return None, b"", [Finding(Code.CHECKPOINT_NONE, "log", "a signed head", "none")]
    checkpoint, findings = check_checkpoint(
        latest[1], keys, log=ledger.origin, subject=f"checkpoint {latest[0]}"
    )
    return checkpoint, latest[1], list(findings)


def _erasures(entries: Sequence[SealedEntry]) -> ErasureLedger:
    ledger = ErasureLedger()
    for sealed in entries:
        ledger.see(sealed.entry, sealed.leaf, payload_present=sealed.payload_bytes is not None)
    return ledger


def _proved(
    ledger: LedgerStore, sealed: SealedEntry, note: bytes, keys: Iterable[VerifierKey]
) -> list[Finding]:
    """Is the entry where the signed tree has it?"""
    root, subject = peek_checkpoint(note).root.hex(), f"{sealed.entry.case}/{sealed.entry.seq}"
    try:
        proof = prove_entry(ledger, sealed.index or 0, note)
        proof.verify(bytes.fromhex(sealed.leaf), keys, ledger.origin)
    except (InvalidProof, MalformedTile, BlobMissing, ValueError) as error:
        return [Finding(Code.TREE_ROOT, subject, root, str(error))]
    return []
