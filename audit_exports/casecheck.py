"""The check of one case in a package: bytes, chain, payloads, proofs, files, definition, state."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from audit_exports import layout
from audit_exports.bagreader import Bag
from audit_exports.catalogues import Lists
from audit_exports.codes import Code
from audit_exports.containers import printable
from audit_exports.entrycheck import EntryReader
from audit_exports.masking import BLOCKED, DESTROYED, QUARANTINED, WITHHELD, Mask
from audit_exports.passkeys import check_key, says_key
from audit_exports.people import Roster
from audit_exports.record import CaseRecord, FileItem, PackageFacts
from audit_exports.recount import Words, recount, words_of
from audit_exports.seals import Letters
from audit_exports.states import definition_digest, state_of
from evidence.checks import ErasureLedger, subject_of
from evidence.entry import BlobRef, Entry, EntryKind, SealedEntry
from evidence.findings import Code as CoreCode
from evidence.findings import Finding
from workflows.definition import Definition
from workflows.loader import load
from workflows.tables import DefinitionInvalid

_STAY = frozenset({WITHHELD, BLOCKED, QUARANTINED})
"""Why something stays behind that the house still has."""

_MAX_DEFINITION = 4 << 20
_MOST_FORESEEN = 64
_MAX_LETTER = 64 << 20
_LABEL = re.compile(r"([A-Z]{2}-[0-9]{3})@([0-9]{4}-[0-9]{2}-[0-9]{2})")


class CaseChecker:
    """Checks cases one after another; memory is that of one case and of the definitions in use."""

    def __init__(
        self,
        bag: Bag,
        report: Callable[[Finding], None],
        facts: PackageFacts,
        reader: EntryReader,
        lists: Lists,
        roster: Roster,
        letters: Letters,
        mask: Mask | None = None,
    ) -> None:
        self._mask = mask or Mask()
        self._bag = bag
        self._letters = letters
        self._report = report
        self._facts = facts
        self._reader = reader
        self._lists = lists
        self._calendar = lists.calendar
        self._roster = roster
        self._definitions: dict[str, Definition | None] = {}
        self._foreseen: dict[bytes, Definition] = {}

    def foresee(self) -> dict[str, Definition]:
        """Parse the definitions that cases will ask for, once for all processes forked afterwards; they are by label.

        Nothing is found or counted: what a case asks for is read and checked then, and only its parsing is spared.
        """
        for path in filter(layout.is_definition, self._bag.paths()):
            data = self._bag.peek(path, _MAX_DEFINITION)
            if data is None or len(self._foreseen) >= _MOST_FORESEEN:
                continue
            try:
                found = load(data)
            except DefinitionInvalid:
                continue  # said where a case asks for it
            if layout.definition_path(found.process, found.version) == path:
                self._foreseen[data] = found
        return {definition.label: definition for definition in self._foreseen.values()}

    def check(self, folio: str, seqs: Sequence[int]) -> tuple[CaseRecord | None, list[Entry]]:
        """The case's record, when its entries allow one, and the entries that could be read."""
        read = self._reader.read(folio, seqs)
        mask = self._mask.over(read)
        self._erasures(read, mask)
        sealed = [mask.seen(item) for item in read]
        told = {item.entry.seq: words_of(item, mask) for item in sealed}
        for item in sealed:
            self._files(item, told[item.entry.seq][1], mask)
            self._key(item)
            self._letters.seals.judge(item.entry, item.index, self._report)
        if [item.entry.seq for item in sealed] != list(range(1, len(seqs) + 1)):
            return None, [item.entry for item in sealed]
        return self._record(sealed, told, mask), [item.entry for item in sealed]

    def _erasures(self, sealed: Sequence[SealedEntry], mask: Mask) -> None:
        """Payloads that are missing, and why; those that travel though the chains say that they stay behind."""
        erasures, before = ErasureLedger(), self._bag.tally.payloads_withheld
        for item in sealed:
            present = self._bag.has(layout.payload_path(item.entry.case, item.entry.seq))
            why = mask.why(item.entry)
            erasures.see(item.entry, item.leaf, payload_present=present or why in _STAY)
            if why and present:
                subject = subject_of(item.entry)
                self._report(Finding(Code.CONTENT_RESERVED, subject, "no payload", "a payload"))
            self._bag.tally.payloads_withheld += why in _STAY
        for finding in erasures.findings():
            self._report(finding)
        if mask.keeping.blocked and not mask.keeping.erased and sealed:
            kept = f"{self._bag.tally.payloads_withheld - before} payloads and their files withheld"
            expected = f"data blocked by entry {mask.keeping.blocked}"
            self._report(Finding(Code.CONTENT_BLOCKED, sealed[0].entry.case, expected, kept))
        for held in mask.quarantine.waiting if sealed and not mask.keeping.erased else ():
            what = ", ".join(
                f"{seq}: {'payload ' * part.payload}{len(part.files)} files"
                for seq, part in held.parts.items()
            )
            expected = f"in quarantine by entry {held.seq}"
            self._report(
                Finding(Code.CONTENT_QUARANTINED, sealed[0].entry.case, expected, f"withheld of entry {what}")
            )

    def _files(self, item: SealedEntry, files: Sequence[FileItem], mask: Mask) -> None:
        for blob, told in zip(item.entry.objects, files, strict=True):
            why = mask.why_file(item.entry, blob.sha256)
            if why:  # a file that travels all the same has no place: file.unexpected
                self._bag.tally.files_withheld += why in _STAY
                self._destroyed(item.entry, blob, mask)
                continue
            self._bag.tally.objects += 1
            name = f"{subject_of(item.entry)} {told.path}"
            if not self._bag.has(told.path):
                self._report(Finding(CoreCode.OBJECT_MISSING, name, blob.sha256, "nothing"))
                continue
            self._bag.digest_behind(told.path, partial(self._judge, blob, name, self._bag.size(told.path)))
            self._signed(item.entry, told, name)

    def _destroyed(self, entry: Entry, blob: BlobRef, mask: Mask) -> None:
        held = mask.quarantine.file(entry.seq, blob.sha256)
        if held is not None and mask.why_file(entry, blob.sha256) == DESTROYED:
            found = f"destroyed in quarantine by {entry.case}/{held.decided}"
            self._report(
                Finding(CoreCode.OBJECT_ERASED, f"{subject_of(entry)} {blob.key}", blob.sha256, found)
            )

    def _signed(self, entry: Entry, told: FileItem, name: str) -> None:
        """What a signed PDF says of itself, where there is somebody to ask; its digest is checked elsewhere.

        A letter signed here must hold. One that was brought may have come broken: that is told, and is no forgery.
        """
        ours = entry.kind is EntryKind.DOCUMENT_SIGNED
        if self._letters.program is None or not (ours or told.signatures > 0):
            return
        pdf = self._bag.take(told.path, _MAX_LETTER)
        said = self._letters.program.judge(pdf) if pdf is not None else None
        if said is None:
            return
        self._bag.tally.letters += 1
        if not said.signatures or said.wrong:
            found = ", ".join(said.wrong) or "no signature"
            code = Code.LETTER_SIGNATURE if ours else Code.LETTER_BROKEN
            self._report(Finding(code, name, "signatures that cover it", printable(found)))

    def _key(self, item: SealedEntry) -> None:
        """What a signatory's passkey signed, where an entry says that one did."""
        if not says_key(item):
            return
        wrong, verified = check_key(item)
        self._bag.tally.keys += verified
        self._bag.tally.keys_unverified += not verified
        if wrong:
            expected = "a passkey's signature over what the entry says"
            self._report(Finding(Code.PASSKEY_INVALID, subject_of(item.entry), expected, wrong))

    def _judge(self, blob: BlobRef, name: str, size: int, found: str) -> None:
        """An evidence file against its entry; called from the thread that reads."""
        if (found, size) != (blob.sha256, blob.size):
            expected = f"{blob.sha256}, {blob.size} bytes"
            self._report(Finding(CoreCode.OBJECT_DIFFERS, name, expected, f"{found}, {size} bytes"))

    def _record(
        self, sealed: Sequence[SealedEntry], told: Mapping[int, Words], mask: Mask
    ) -> CaseRecord | None:
        folio = sealed[0].entry.case
        definition = self._definition(sealed[0].entry)
        if definition is None:
            return None
        used = next(
            (other for other in map(_calendar_of, sealed) if other not in {"", *self._calendar.ids}), None
        )
        if used is not None:
            self._report(Finding(Code.CALENDAR_CHANGED, folio, self._calendar.id, used))
        try:
            state = state_of(definition, sealed, as_of=self._facts.as_of, calendar=self._calendar)
        except (ValueError, KeyError) as error:
            self._report(Finding(Code.STATE_UNDERIVABLE, folio, "a case of its definition", str(error)))
            return None
        for item in sealed:
            for named in self._lists.unknown(definition, item):
                subject = subject_of(item.entry)
                self._report(Finding(Code.CATALOGUE_UNKNOWN, subject, "a version published before", named))
        record = recount(
            self._lists.named(definition), state, sealed, self._roster, self._calendar.id, mask, told
        )
        self._roles(record)
        return record

    def _roles(self, record: CaseRecord) -> None:
        """What was done in a role that the chain of access did not grant at that moment, by console or otherwise."""
        for row in record.entries:
            if row.index >= 0 and not row.role_held:
                expected = f"{row.role} granted to {row.actor} before entry {row.index} of the log"
                found = f"not granted then (at {row.at}, via {row.via or 'unknown'})"
                self._report(Finding(Code.ROLE_NOT_GRANTED, f"{record.folio}/{row.seq}", expected, found))

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
            return self._foreseen.get(data) or load(data)
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
