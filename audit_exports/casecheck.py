"""The check of one case in a package: bytes, chain, payloads, proofs, files, definition, state."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.codes import Code
from audit_exports.record import CaseRecord, PackageFacts
from audit_exports.recount import file_items, recount
from audit_exports.states import definition_digest, state_of
from evidence.checkpoint import Checkpoint
from evidence.checks import ChainChecker, ErasureLedger, check_entry_bytes, check_payload, subject_of
from evidence.entry import MAX_ENTRY_BYTES, SALT_BYTES, Entry, SealedEntry
from evidence.findings import Code as CoreCode
from evidence.findings import Finding
from evidence.tlog_proof import parse_proof
from evidence.tree import InvalidProof, leaf_hash, verify_inclusion
from workflows.calendar import BusinessCalendar
from workflows.definition import Definition
from workflows.loader import load
from workflows.tables import DefinitionInvalid

MAX_PAYLOAD = 64 << 20
_MAX_PROOF = 1 << 20
_MAX_DEFINITION = 4 << 20
_LABEL = re.compile(r"([A-Z]{2}-[0-9]{3})@([0-9]{4}-[0-9]{2}-[0-9]{2})")


class CaseChecker:
    """Checks cases one after another; memory is that of one case and of the definitions in use."""

    def __init__(
        self,
        bag: Bag,
        report: Callable[[Finding], None],
        facts: PackageFacts,
        checkpoint: Checkpoint,
        note: bytes,
        calendar: BusinessCalendar,
    ) -> None:
        self._bag = bag
        self._report = report
        self._facts = facts
        self._checkpoint = checkpoint
        self._note = note
        self._calendar = calendar
        self._definitions: dict[str, Definition | None] = {}
        self.entries_checked = 0
        self.objects_checked = 0

    def check(self, folio: str, seqs: Sequence[int]) -> tuple[CaseRecord | None, list[Entry]]:
        """The case's record, when its entries allow one, and the entries that could be read."""
        sealed = self._entries(folio, seqs)
        self._erasures(sealed)
        for item in sealed:
            self._files(item)
        if [item.entry.seq for item in sealed] != list(range(1, len(seqs) + 1)):
            return None, [item.entry for item in sealed]
        return self._record(sealed), [item.entry for item in sealed]

    def _entries(self, folio: str, seqs: Sequence[int]) -> list[SealedEntry]:
        chain = ChainChecker(self._facts.origin)
        found = []
        for seq in seqs:
            item = self._entry(folio, seq)
            if item is not None:
                for finding in chain.check(item.entry, item.leaf):
                    self._report(finding)
                found.append(item)
        return found

    def _entry(self, folio: str, seq: int) -> SealedEntry | None:
        subject = f"{folio}/{seq}"
        data = self._bag.take(layout.entry_path(folio, seq), MAX_ENTRY_BYTES)
        if data is None:
            return None
        self.entries_checked += 1
        leaf = leaf_hash(data)
        index = self._proof(folio, seq, leaf)
        entry, findings = check_entry_bytes(data, leaf.hex(), log=self._facts.origin, place=subject)
        for finding in findings:
            self._report(finding)
        if entry is None:
            return None
        if (entry.case, entry.seq) != (folio, seq):
            self._report(Finding(Code.CASE_MISFILED, subject, subject, subject_of(entry)))
            return None
        payload, salt = self._payload(entry)
        return SealedEntry(data, leaf.hex(), payload, salt, index, entry)

    def _payload(self, entry: Entry) -> tuple[bytes | None, bytes | None]:
        payload_path, salt_path = (
            layout.payload_path(entry.case, entry.seq),
            layout.salt_path(entry.case, entry.seq),
        )
        payload = self._bag.take(payload_path, MAX_PAYLOAD) if self._bag.has(payload_path) else None
        salt = self._bag.take(salt_path, SALT_BYTES) if self._bag.has(salt_path) else None
        findings = check_payload(entry.payload, payload, salt, subject=subject_of(entry))
        for finding in findings:
            self._report(finding)
        return (None, None) if findings else (payload, salt)

    def _proof(self, folio: str, seq: int, leaf: bytes) -> int:
        """The entry's index in the log, -1 where nothing proves one."""
        path = layout.proof_path(folio, seq)
        data = self._bag.take(path, _MAX_PROOF)
        if data is None:
            return -1
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

    def _erasures(self, sealed: Sequence[SealedEntry]) -> None:
        erasures = ErasureLedger()
        for item in sealed:
            present = self._bag.has(layout.payload_path(item.entry.case, item.entry.seq))
            erasures.see(item.entry, item.leaf, payload_present=present)
        for finding in erasures.findings():
            self._report(finding)

    def _files(self, item: SealedEntry) -> None:
        for blob, told in zip(item.entry.objects, file_items(item), strict=True):
            self.objects_checked += 1
            name = f"{subject_of(item.entry)} {told.path}"
            if not self._bag.has(told.path):
                self._report(Finding(CoreCode.OBJECT_MISSING, name, blob.sha256, "nothing"))
                continue
            found = self._bag.digest(told.path)
            size = self._bag.size(told.path)
            if found is not None and (found, size) != (blob.sha256, blob.size):
                expected = f"{blob.sha256}, {blob.size} bytes"
                self._report(Finding(CoreCode.OBJECT_DIFFERS, name, expected, f"{found}, {size} bytes"))

    def _record(self, sealed: Sequence[SealedEntry]) -> CaseRecord | None:
        folio = sealed[0].entry.case
        definition = self._definition(sealed[0].entry)
        if definition is None:
            return None
        used = next(
            (other for other in map(_calendar_of, sealed) if other not in {"", self._calendar.id}), None
        )
        if used is not None:
            self._report(Finding(Code.CALENDAR_CHANGED, folio, self._calendar.id, used))
        try:
            state = state_of(definition, sealed, as_of=self._facts.as_of, calendar=self._calendar)
        except (ValueError, KeyError) as error:
            self._report(Finding(Code.STATE_UNDERIVABLE, folio, "a case of its definition", str(error)))
            return None
        return recount(definition, state, sealed)

    def _definition(self, first: Entry) -> Definition | None:
        label, digest = _LABEL.fullmatch(first.process), definition_digest(first)
        if label is None or not digest:
            self._report(
                Finding(
                    Code.STATE_UNDERIVABLE, subject_of(first), "a process and its definition", first.process
                )
            )
            return None
        path = layout.definition_path(label[1], label[2])
        if path not in self._definitions:
            self._definitions[path] = self._load(path)
        definition = self._definitions[path]
        if definition is not None and (definition.digest, definition.label) != (digest, first.process):
            self._report(Finding(Code.DEFINITION_DIFFERS, path, f"{first.process} {digest}",
                                 f"{definition.label} {definition.digest}"))  # fmt: skip
            return None
        return definition

    def _load(self, path: str) -> Definition | None:
        data = self._bag.take(path, _MAX_DEFINITION)
        if data is None:
            return None
        try:
            return load(data)
        except DefinitionInvalid as error:
            found = hashlib.sha256(data).hexdigest()
            self._report(
                Finding(Code.DEFINITION_MALFORMED, path, "a process definition", f"{found}: {error}"[:500])
            )
            return None


def _calendar_of(item: SealedEntry) -> str:
    """The calendar an entry names, ``""`` for none."""
    value = item.entry.facts.get("calendar", "")
    return value if isinstance(value, str) else ""
