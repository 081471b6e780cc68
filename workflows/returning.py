"""What is sealed of signed letters that come back through a personal link.

The part of `workflows.cases.CaseService` behind `CaseService.returns`. What arrives completes nothing: its entry is a
proposal, until somebody of the desk takes it as the step's evidence or refuses it by the step's own way of refusing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry
from workflows import rules
from workflows.casefile import entry_files
from workflows.claims import Carried, Claim, Situation
from workflows.commands import Receipt
from workflows.corrections import bare, noted
from workflows.definition import Definition, EvidenceType, Step
from workflows.drafting import draft, entry_kind, state_claim
from workflows.errors import NothingToSign, OwnSignature, RequestSettled, RequestWaits, UnknownRequest
from workflows.facts import Facts, facts_of, time_text
from workflows.matching import assign
from workflows.ports import DocumentReader
from workflows.progress import lacking
from workflows.provisional import after
from workflows.requests import RequestState, requests_of, waiting
from workflows.returnacts import AskReturn, GiveReturn, JudgeReturn
from workflows.signatories import (
    Letter,
    letters_of,
    mailed_slots,
    refusing_branch,
    sending_step,
    signing_slot,
    signs,
)
from workflows.signatures import leaf_of, takes, with_request
from workflows.uploads import PreparedFile, prepare
from workflows.values import NO_SECRETS
from workflows.writer import CaseWriter

UPLOAD = "upload"
"""The purpose of the requests that are made here."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A letter that came back. ``settled`` is the entry that took or refused it (0: it waits)."""

    seq: int
    step: str
    request: str
    actor: str
    at: str
    settled: int = 0


class ReturnBook:
    """Writes requests for signed letters, and what became of them, into their cases."""

    def __init__(self, writer: CaseWriter, reader: DocumentReader, max_files: int) -> None:
        self._writer = writer
        self._reader = reader
        self._max_files = max_files

    def ask(self, command: AskReturn) -> Receipt:
        """Record that a signed letter was asked for; where the step before is the mail that asks, record that too.

        Raises:
            UnknownCase, UnknownStep, RoleNotAllowed, NothingToSign, OwnSignature, RequestWaits, StepNotOpen,
            GuardUnmet.
        """
        definition = self._writer.definition_of(self._writer.history(command.folio))
        step = rules.known_step(definition, command.step)
        rules.role_allowed(step.code, step.roles or ("system",), command.actor)
        note = noted(command.note)

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return _asked(situation, command, note)

        return self._writer.append(command.folio, drafts, (), command)

    def give(self, command: GiveReturn) -> Receipt:
        """Record what came back. It completes nothing.

        Raises:
            UnknownCase, UnknownRequest, RequestSettled, StepNotOpen, GuardUnmet, TooManyFiles, EvidenceNotAccepted,
            documents.refusals.FileRefused, evidence.ports.StoreError.
        """
        history = self._writer.history(command.folio)
        asked_for = waiting([sealed.entry for sealed in history], command.folio, command.request)
        step = rules.known_step(self._writer.definition_of(history), asked_for.step)
        uploads = tuple(replace(item, slot=signing_slot(step)) for item in command.uploads)
        files = prepare(uploads, step, self._reader, self._max_files)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return (_given(situation, command, files, blobs),)

        return self._writer.append(command.folio, drafts, files, command)

    def accept(self, command: JudgeReturn) -> Receipt:
        """Take what came back as the step's evidence, by reference to it.

        Raises:
            UnknownCase, UnknownRequest, RequestSettled, RoleNotAllowed, StepNotOpen, GuardUnmet.
        """
        return self._judged(command, accepted=True)

    def refuse(self, command: JudgeReturn) -> Receipt:
        """Not take it, for a reason: the step's own way of refusing.

        Raises:
            What `accept` raises, and ReasonMissing.
        """
        rules.reason_given(command.reason)
        return self._judged(command, accepted=False)

    def _judged(self, command: JudgeReturn, *, accepted: bool) -> Receipt:
        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            sealed = waiting_return(situation, command.folio, command.seq)
            step = situation.definition.by_step[sealed.entry.step]
            rules.role_allowed(step.code, step.roles, command.actor)
            takes(situation, step.code)
            claim = _taken(step, sealed, command) if accepted else _refused(step, command)
            stated = state_claim(situation, claim)
            return (draft(situation, claim, stated, entry_kind(step, stated.branch), (), (sealed.leaf,)),)

        return self._writer.append(command.folio, drafts, (), command)


def returns(step: Step) -> bool:
    """Whether the signed letter of a step is somebody else's to return, and not the signature that authorises."""
    if not signs(step) or not step.performer or step.performer in step.roles or step.by_system:
        return False
    if step.duty or refusing_branch(step) is None:
        return False
    branch = step.default_branch
    evidence = branch.evidence if branch is not None and branch.evidence is not None else step.evidence
    return branch is not None and not lacking(evidence, (signing_slot(step),))


def return_step(definition: Definition, code: str) -> Step | None:
    """The step whose letter is asked for from the form of a step: that one, or the one that its mail asks for."""
    step = definition.by_step.get(code)
    if step is None:
        return None
    if returns(step):
        return step
    only_mail = all(slot.types == (EvidenceType.EML,) for slot in step.slots) and bool(step.slots)
    later = (item for item in definition.steps if only_mail and code in item.requires and returns(item))
    return next(later, None)


def letter_for(situation: Situation, step: Step) -> Letter | None:
    """The newest letter in force, in PDF, of a step that comes before this one by what is required."""
    before: set[str] = set()
    left = list(step.requires)
    while left:
        code = left.pop()
        if code not in before:
            before.add(code)
            left += situation.definition.by_step[code].requires
    order = {item.code: n for n, item in enumerate(situation.definition.steps)}
    found = [item for item in letters_of(situation) if item.step in before]
    return max(found, key=lambda item: (order[item.step], item.seq), default=None)


def arrived(entries: Sequence[SealedEntry]) -> tuple[Arrived, ...]:
    """What came back in a case, the newest last."""
    later = {leaf: sealed.entry.seq for sealed in reversed(entries) for leaf in sealed.entry.refs}
    return tuple(
        Arrived(
            seq=sealed.entry.seq,
            step=sealed.entry.step,
            request=facts_of(sealed.entry).request,
            actor=sealed.entry.actor,
            at=sealed.entry.at,
            settled=later.get(sealed.leaf, 0),
        )
        for sealed in entries
        if sealed.entry.kind is EntryKind.DOCUMENT_RETURNED
    )


def waiting_return(situation: Situation, folio: str, seq: int) -> SealedEntry:
    """What came back by entry ``seq``, while nobody has judged it. Raises `UnknownRequest`, `RequestSettled`."""
    found = next((item for item in arrived(situation.entries) if item.seq == seq), None)
    if found is None:
        raise UnknownRequest(folio=folio, request=str(seq))
    if found.settled:
        at = situation.entries[found.settled - 1].entry.at
        raise RequestSettled(request=found.request, why="judged", seq=found.settled, at=at)
    return situation.entries[seq - 1]


def _asked(situation: Situation, command: AskReturn, note: str) -> tuple[EntryDraft, ...]:
    step = rules.known_step(situation.definition, command.step)
    if not returns(step):
        raise NothingToSign(step=step.code, why="step")
    if command.person == command.actor.id:
        raise OwnSignature(step=step.code)
    _nothing_waits(situation, step)
    first = _mailed(situation, step, command)
    later = after(situation, first) if first else situation
    takes(later, step.code)
    facts = Facts(
        actor_class=command.actor.kind,
        via=command.actor.via,
        request=command.request,
        purpose=command.purpose,
        signatory=command.person,
        digest=command.digest,
        expires_at=time_text(command.expires_at),
        factor=command.factor,
    )
    refs = (situation.entries[command.seq - 1].leaf,) if command.seq else ()
    made = bare(situation, command.actor, EntryKind.RETURN_REQUESTED, step.code, facts, note, refs)
    told: dict[str, Json] = {"question": dict(command.question)}
    return (*first, replace(made, payload={**made.payload, **told}))


def _nothing_waits(situation: Situation, step: Step) -> None:
    """Refuse to ask twice, and to ask while what came back has not been looked at."""
    plain = [sealed.entry for sealed in situation.entries]
    busy = next((item for item in requests_of(plain) if item.step == step.code and item.waits), None)
    if busy is not None:
        raise RequestWaits(step=step.code, request=busy.request, seq=busy.seq)
    unseen = next(
        (item for item in arrived(situation.entries) if item.step == step.code and not item.settled), None
    )
    if unseen is not None:
        raise RequestWaits(step=step.code, request=unseen.request, seq=unseen.seq)


def _mailed(situation: Situation, step: Step, command: AskReturn) -> tuple[EntryDraft, ...]:
    sending = sending_step(situation, step, command.actor)
    if sending is None:
        return ()
    slots = mailed_slots(sending, sending.default_branch)
    claim = Claim(step=sending, actor=command.actor, files=(), data={}, system=slots)
    stated = state_claim(situation, claim)
    return (draft(situation, claim, stated, entry_kind(sending, stated.branch), ()),)


def _given(
    situation: Situation, command: GiveReturn, files: Sequence[PreparedFile], blobs: Sequence[BlobRef]
) -> EntryDraft:
    found = waiting([sealed.entry for sealed in situation.entries], command.folio, command.request)
    takes(situation, found.step)
    step = situation.definition.by_step[found.step]
    slots = assign(step, step.evidence, [file.piece for file in files])
    names: list[Json] = [
        {"name": file.name, "slot": slot.code, "about": dict(file.about), "warnings": list(file.warnings)}
        for file, slot in zip(files, slots, strict=True)
    ]
    data: dict[str, Json] = {NO_SECRETS: "si"} if command.no_secrets else {}
    facts = Facts(actor_class=command.actor.kind, via=command.actor.via)
    refs = (leaf_of(situation, found),)
    made = bare(situation, command.actor, EntryKind.DOCUMENT_RETURNED, step.code, facts, refs=refs)
    told = with_request(made, facts, found, command.facts, {**command.private, "files": names, "data": data})
    return replace(told, objects=tuple(blobs))


def _taken(step: Step, sealed: SealedEntry, command: JudgeReturn) -> Claim:
    slot, branch = signing_slot(step), step.default_branch
    files = entry_files(sealed)
    carried = tuple(
        Carried(blob, about, slot, EvidenceType.SGN, sealed.entry.seq, sealed.leaf)
        for blob, about in zip(sealed.entry.objects, files, strict=True)
    )
    said = sealed.payload().get("data")
    ticked = {NO_SECRETS: "si"} if isinstance(said, dict) and said.get(NO_SECRETS) else {}
    choice = branch.code if branch is not None else ""
    return Claim(step, command.actor, (), ticked, choice=choice, carried=carried)


def _refused(step: Step, command: JudgeReturn) -> Claim:
    way = refusing_branch(step)
    if way is None:
        raise NothingToSign(step=step.code, why="step")
    branch, name = way
    return Claim(step, command.actor, (), {name: command.reason.strip()}, choice=branch.code)


def request_of_return(entries: Sequence[SealedEntry], seq: int) -> RequestState | None:
    """The request that entry ``seq`` answered."""
    wanted = facts_of(entries[seq - 1].entry).request
    return next(
        (item for item in requests_of([sealed.entry for sealed in entries]) if item.request == wanted), None
    )
