"""The check of single entries in a package: bytes, links, proofs, and payloads where they are there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.codes import Code
from evidence.canonical import Json
from evidence.checkpoint import Checkpoint
from evidence.checks import ChainChecker, check_entry_bytes, read_payload, subject_of
from evidence.entry import MAX_ENTRY_BYTES, SALT_BYTES, Entry, SealedEntry
from evidence.findings import Finding
from evidence.proofpaths import ProofPaths
from evidence.tlog_proof import parse_proof
from evidence.tree import InvalidProof, leaf_hash, verify_inclusion

MAX_PAYLOAD = 64 << 20
_MAX_PROOF = 1 << 20


class EntryReader:
    """Reads entries under one checkpoint, whose signed text is ``note``, of the log ``origin``.

    ``seen`` is told of every chain read, with the entries that could be. The bag's tally counts entries, and knows the
    latest ledger time among those that are proved.
    """

    def __init__(
        self,
        bag: Bag,
        report: Callable[[Finding], None],
        origin: str,
        checkpoint: Checkpoint,
        note: bytes,
        seen: Callable[[str, Sequence[SealedEntry]], None] | None = None,
    ) -> None:
        self._bag = bag
        self._report = report
        self._origin = origin
        self._checkpoint = checkpoint
        self._note = note
        self._paths = ProofPaths(checkpoint, note)
        self._seen = seen or (lambda _case, _entries: None)

    def read(self, folio: str, seqs: Sequence[int]) -> list[SealedEntry]:
        """The entries of a case that could be read, in order; findings say what is wrong with them and their links."""
        chain = ChainChecker(self._origin)
        found = []
        for seq in seqs:
            item = self._entry(folio, seq)
            if item is not None:
                for finding in chain.check(item.entry, item.leaf):
                    self._report(finding)
                found.append(item)
        self._seen(folio, found)
        return found

    def single(self, folio: str, seq: int) -> SealedEntry | None:
        """One entry of a chain that does not travel whole; its link to the one before is not looked at."""
        return self._entry(folio, seq)

    def _entry(self, folio: str, seq: int) -> SealedEntry | None:
        subject = f"{folio}/{seq}"
        data = self._bag.take(layout.entry_path(folio, seq), MAX_ENTRY_BYTES)
        if data is None:
            return None
        self._bag.tally.entries += 1
        leaf = leaf_hash(data)
        index = self._proof(folio, seq, leaf)
        entry, findings = check_entry_bytes(data, leaf.hex(), log=self._origin, place=subject)
        for finding in findings:
            self._report(finding)
        if entry is None:
            return None
        if (entry.case, entry.seq) != (folio, seq):
            self._report(Finding(Code.CASE_MISFILED, subject, subject, subject_of(entry)))
            return None
        if index >= 0:
            self._bag.tally.newest = max(self._bag.tally.newest, entry.at)
        payload, salt, value = self._payload(entry)
        return SealedEntry(data, leaf.hex(), payload, salt, index, entry).saying(value)

    def _payload(self, entry: Entry) -> tuple[bytes | None, bytes | None, Json]:
        """Payload and salt, and what the payload says."""
        payload_path, salt_path = (
            layout.payload_path(entry.case, entry.seq),
            layout.salt_path(entry.case, entry.seq),
        )
        payload = self._bag.take(payload_path, MAX_PAYLOAD) if self._bag.has(payload_path) else None
        salt = self._bag.take(salt_path, SALT_BYTES) if self._bag.has(salt_path) else None
        value, findings = read_payload(entry.payload, payload, salt, subject=subject_of(entry))
        for finding in findings:
            self._report(finding)
        return (None, None, None) if findings else (payload, salt, value)

    def _proof(self, folio: str, seq: int, leaf: bytes) -> int:
        """The entry's index in the log, -1 where nothing proves one."""
        path = layout.proof_path(folio, seq)
        data = self._bag.take(path, _MAX_PROOF)
        if data is None:
            return -1
        if (index := self._paths.index(leaf, data)) >= 0:
            return index
        try:
            proof = parse_proof(data)
        except InvalidProof as error:
            self._report(Finding(Code.PROOF_MALFORMED, path, "a tlog-proof", str(error)))
            return -1
        if proof.checkpoint_note != self._note or proof.extra:
            self._report(
                Finding(Code.PROOF_CHECKPOINT, path, "the package's checkpoint and no extra", "another")
            )
        try:
            checkpoint = self._checkpoint
            verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
        except InvalidProof as error:
            self._report(Finding(Code.PROOF_INVALID, path, self._checkpoint.root.hex(), str(error)))
            return -1
        return proof.index
