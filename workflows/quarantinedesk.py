"""Quarantine: what slipped in and must not be seen, withheld at once by whoever finds it and decided by another person.

Who may what (decision 0220): everybody who sees a piece of evidence may report it, since the harm of a password that is
shown grows with every minute and that of a file withheld for a day is small. One who answers for personal data, and is
not who reported it, gives it back or has it destroyed. A case under legal hold loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry
from evidence.quarantine import Outcome, Part, Quarantine, parts_text, quarantine_of
from workflows import rules
from workflows.claims import Situation
from workflows.commands import Actor, Receipt
from workflows.corrections import bare, noted
from workflows.errors import UnknownEntry
from workflows.facts import Facts
from workflows.keeping import keeping_of
from workflows.keepingacts import (
    DestroyQuarantined,
    QuarantineCommand,
    ReleaseQuarantine,
    ReportQuarantine,
    ViewQuarantined,
)
from workflows.keepingerrors import (
    CaseHeld,
    KeepingNotAllowed,
    NoSuchQuarantine,
    NothingToQuarantine,
    QuarantineOwn,
    UnknownLegalGround,
)
from workflows.withholding import GROUNDS
from workflows.writer import CaseWriter

OFFICER = "datos_personales"
DECIDERS = (OFFICER,)
"""Who decides whether it was true."""

Made = Callable[[Situation], EntryDraft]


class QuarantineDesk:
    """See the module; safe for threads and for several processes on one ledger."""

    def __init__(self, writer: CaseWriter) -> None:
        self._writer = writer

    def report(self, command: ReportQuarantine) -> Receipt:
        """Withhold what is named, and every other copy of the same files in the case, from this entry on.

        Raises:
            UnknownLegalGround, ReasonMissing, FieldInvalid (a secret in the reason, for one), UnknownEntry,
            NothingToQuarantine, CaseErased, UnknownCase, RequestReused.
        """
        if command.ground not in GROUNDS:
            raise UnknownLegalGround(ground=command.ground, options=list(GROUNDS))
        note = _reason(command.reason)

        def made(case: Situation) -> EntryDraft:
            parts = _parts(case, command)
            facts = _facts(command.actor, command.ground, parts)
            refs = tuple(case.entries[seq - 1].leaf for seq in parts)
            return bare(case, command.actor, EntryKind.QUARANTINE_PLACED, "", facts, note, refs)

        return self._add(command, made)

    def view(self, command: ViewQuarantined) -> Receipt:
        """Seal that somebody looks, before they do. Raises KeepingNotAllowed, NoSuchQuarantine, QuarantineOwn."""
        _allowed(command.actor)

        def made(case: Situation) -> EntryDraft:
            found = _waiting(case, command.seq, command.actor)
            facts = Facts(actor_class=command.actor.kind, via=command.actor.via)
            return bare(case, command.actor, EntryKind.QUARANTINE_VIEWED, "", facts, refs=(found.leaf,))

        return self._add(command, made)

    def release(self, command: ReleaseQuarantine) -> Receipt:
        """Give it back. Raises as `view` does, and ReasonMissing, FieldInvalid."""
        _allowed(command.actor)
        note = _reason(command.reason)

        def made(case: Situation) -> EntryDraft:
            found = _waiting(case, command.seq, command.actor)
            return _decided(case, command.actor, EntryKind.QUARANTINE_RELEASED, found, note)

        return self._add(command, made)

    def destroy(self, command: DestroyQuarantined) -> Receipt:
        """Seal that it is destroyed; what does it comes after. Raises as `release` does, and CaseHeld."""
        _allowed(command.actor)
        note = _reason(command.reason)

        def made(case: Situation) -> EntryDraft:
            found = _waiting(case, command.seq, command.actor)
            holds = keeping_of(case.entries).holds
            if holds:
                raise CaseHeld(folio=command.folio, seq=holds[0].seq)
            return _decided(case, command.actor, EntryKind.QUARANTINE_DESTROYED, found, note)

        return self._add(command, made)

    def _add(self, command: QuarantineCommand, made: Made) -> Receipt:
        def drafts(case: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return (made(case),)

        return self._writer.append(command.folio, drafts, (), command)


def _parts(case: Situation, command: ReportQuarantine) -> dict[int, Part]:
    """What is named, by entry: with every other entry of the case that has one of the files."""
    if not 1 <= command.seq <= len(case.entries):
        raise UnknownEntry(folio=command.folio, seq=command.seq)
    sealed = case.entries[command.seq - 1]
    told = quarantine_of(case.entries)

    def refused(why: str) -> NothingToQuarantine:
        return NothingToQuarantine(folio=command.folio, seq=command.seq, why=why)

    if not command.files and not command.payload:
        raise refused("parts")
    if any(not 0 <= number < len(sealed.entry.objects) for number in command.files):
        raise refused("file")
    if command.payload and sealed.payload_bytes is None:
        raise refused("withheld" if told.payload(command.seq) else "payload")
    digests = frozenset(sealed.entry.objects[number].sha256 for number in command.files)
    if any(told.file(command.seq, sha256) for sha256 in digests):
        raise refused("withheld")
    return dict(_spread(case.entries, command.seq, digests, payload=command.payload))


def _spread(
    entries: Sequence[SealedEntry], seq: int, digests: frozenset[str], *, payload: bool
) -> Iterator[tuple[int, Part]]:
    for item in entries:
        found = digests & {blob.sha256 for blob in item.entry.objects}
        own = payload and item.entry.seq == seq
        if found or own:
            yield item.entry.seq, Part(own, found)


def _facts(
    actor: Actor, ground: str, parts: Mapping[int, Part], parties: Mapping[str, str] | None = None
) -> Facts:
    files = frozenset[str]().union(*(part.files for part in parts.values()))
    return Facts(
        actor_class=actor.kind,
        via=actor.via,
        reason=ground,
        parts=parts_text(parts),
        parties=parties or {},
        counts={"payloads": sum(part.payload for part in parts.values()), "files": len(files)},
    )


def _decided(case: Situation, actor: Actor, kind: EntryKind, found: Quarantine, note: str) -> EntryDraft:
    parties = {"solicita": found.actor, "autoriza": actor.id}
    facts = _facts(actor, found.reason, found.parts, parties)
    return bare(case, actor, kind, "", facts, note, found.refs)


def _waiting(case: Situation, seq: int, actor: Actor) -> Quarantine:
    """The quarantine that an entry placed, if nobody has decided about it and another person reported it."""
    folio = case.entries[0].entry.case
    found = next((item for item in quarantine_of(case.entries).all if item.seq == seq), None)
    if found is None or found.outcome is not Outcome.WAITING:
        raise NoSuchQuarantine(folio=folio, seq=seq)
    if found.actor == actor.id:
        raise QuarantineOwn(folio=folio, seq=seq)
    return found


def _allowed(actor: Actor) -> None:
    if actor.role not in DECIDERS:
        raise KeepingNotAllowed(role=actor.role, allowed=list(DECIDERS))


def _reason(text: str) -> str:
    """The reason, fit to be sealed. Raises `ReasonMissing`, `FieldInvalid`."""
    rules.reason_given(text)
    return noted(text)
