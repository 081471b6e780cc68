"""What is sealed of requests to people who answer through a personal link: asked, mailed, opened, signed, declined.

The part of `workflows.cases.CaseService` behind `CaseService.requests`. Who may sign is decided here, on the case as it
stands; secrets, sessions and the signature itself are `signing`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evidence.canonical import Json
from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry
from workflows import rules
from workflows.casefile import entry_files
from workflows.claims import Claim, Situation
from workflows.commands import Receipt
from workflows.corrections import bare, noted
from workflows.drafting import draft, entry_kind, state_claim
from workflows.errors import RequestSettled, RequestWaits, UnknownRequest
from workflows.facts import Facts, facts_of, time_text
from workflows.keeping import keeping_of
from workflows.ports import DocumentReader
from workflows.provisional import after
from workflows.requests import RequestState, request_of, requests_of, waiting
from workflows.signatories import (
    document_of,
    mailed_slots,
    may_sign,
    refusing_branch,
    sending_step,
    signing_slot,
    stands_for,
)
from workflows.signatureacts import (
    AskSignature,
    DeclineSignature,
    RequestNote,
    SignDocument,
    StampDocument,
)
from workflows.uploads import prepare
from workflows.writer import CaseWriter


class RequestBook:
    """Writes what happens to requests into their cases."""

    def __init__(self, writer: CaseWriter, reader: DocumentReader, max_files: int) -> None:
        self._writer = writer
        self._reader = reader
        self._max_files = max_files

    def of_case(self, folio: str) -> tuple[RequestState, ...]:
        """The requests of a case. Raises `UnknownCase`."""
        return requests_of([sealed.entry for sealed in self._writer.history(folio)])

    def situation(self, folio: str) -> Situation:
        """The case now as pages read it, for questions before anything is asked. Raises `UnknownCase`."""
        return self._writer.seen(folio)

    def usable(self, folio: str) -> bool:
        """Whether the case's data may be shown behind a link: neither blocked nor erased."""
        return not keeping_of(self._writer.ledger.history(folio)).shut

    def ask(self, command: AskSignature) -> Receipt:
        """Record that a signature was asked for; where the step before is the mail that asks, record that too.

        Raises:
            UnknownCase, UnknownStep, RoleNotAllowed, NothingToSign, NotSignatory, OwnSignature, RequestWaits,
            DutiesConflict, StepNotOpen, GuardUnmet, FieldInvalid.
        """
        definition = self._writer.definition_of(self._writer.history(command.folio))
        step = rules.known_step(definition, command.step)
        rules.role_allowed(step.code, step.roles or ("system",), command.actor)
        note = noted(command.note)

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return asked(situation, command, note)

        return self._writer.append(command.folio, drafts, (), command)

    def note(self, told: RequestNote) -> Receipt | None:
        """Record something that happened to a request; ``None`` when it was recorded before.

        Raises:
            UnknownCase, UnknownRequest, and with ``open`` RequestSettled.
        """

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return (_noted(situation, told),)

        return self._writer.append_by_system(told.folio, drafts, self._writer.clock(), told.key)

    def sign(self, command: SignDocument) -> Receipt:
        """Record a signed letter as the evidence of its step.

        Raises:
            UnknownCase, UnknownRequest, RequestSettled, StepNotOpen, GuardUnmet, CaseClosed, NoDelegate,
            DutiesConflict, CheckStale, documents.refusals.FileRefused, evidence.ports.StoreError.
        """
        history = self._writer.history(command.folio)
        asked_for = waiting([sealed.entry for sealed in history], command.folio, command.request)
        step = rules.known_step(self._writer.definition_of(history), asked_for.step)
        uploads = tuple(replace(item, slot=signing_slot(step)) for item in command.uploads)
        files = prepare(uploads, step, self._reader, self._max_files, ours=True)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            found = waiting([sealed.entry for sealed in situation.entries], command.folio, command.request)
            takes(situation, found.step)
            claim = Claim(
                step=step,
                actor=command.actor,
                files=files,
                data={},
                acting_for=stands_for(situation, step, command.actor.id),
                system=mailed_slots(step, step.default_branch),
            )
            stated = state_claim(situation, claim)
            made = draft(
                situation, claim, stated, EntryKind.DOCUMENT_SIGNED, blobs, (leaf_of(situation, found),)
            )
            return (with_request(made, stated.facts, found, command.facts, command.private),)

        return self._writer.append(command.folio, drafts, files, command)

    def signed_file(self, folio: str, request: str) -> tuple[BlobRef, str]:
        """The signed letter as it stands now (its time stamp may have come later), and its name.

        Raises:
            UnknownCase, UnknownRequest: also where it was not signed.
        """
        kinds = (EntryKind.DOCUMENT_SIGNED, EntryKind.DOCUMENT_STAMPED)
        for sealed in reversed(self._writer.history(folio)):
            if sealed.entry.kind in kinds and facts_of(sealed.entry).request == request:
                return sealed.entry.objects[0], str(entry_files(sealed)[0].get("name") or "carta-firmada.pdf")
        raise UnknownRequest(folio=folio, request=request)

    def stamp(self, command: StampDocument) -> Receipt:
        """Record the signed letter with the time stamp that it lacked.

        Raises:
            UnknownCase, UnknownRequest, RequestSettled: it has one already, or was never signed.
        """
        files = prepare(command.uploads, None, self._reader, self._max_files)

        def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            plain = [sealed.entry for sealed in situation.entries]
            found = request_of(plain, command.folio, command.request)
            if found.seal.get("stamp") != "pending":
                raise RequestSettled(
                    request=found.request, why=found.status, seq=found.ended_seq, at=found.ended_at
                )
            facts = Facts(actor_class=command.actor.kind, via=command.actor.via)
            leaf = situation.entries[found.ended_seq - 1].leaf
            made = bare(situation, command.actor, EntryKind.DOCUMENT_STAMPED, found.step, facts, refs=(leaf,))
            names: list[Json] = [{"name": item.name, "slot": "", "about": dict(item.about)} for item in files]
            told = with_request(made, facts, found, command.facts, {"files": names})
            return (replace(told, objects=tuple(blobs)),)

        return self._writer.append(command.folio, drafts, files, command)

    def decline(self, command: DeclineSignature) -> Receipt:
        """Record that the signatory does not sign: by the step's own way of refusing where it has one.

        Raises:
            UnknownCase, UnknownRequest, RequestSettled, ReasonMissing, FieldInvalid, StepNotOpen.
        """
        rules.reason_given(command.reason)

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            found = waiting([sealed.entry for sealed in situation.entries], command.folio, command.request)
            return (_declined(situation, found, command),)

        return self._writer.append(command.folio, drafts, (), command)


def asked(situation: Situation, command: AskSignature, note: str) -> tuple[EntryDraft, ...]:
    """The drafts of a request: the mail that asks, where a step of its own wants it, and the request."""
    definition, state = situation.definition, situation.state
    if state is None:
        raise ValueError("the case has no entries yet")
    step = rules.known_step(definition, command.step)
    plain = [sealed.entry for sealed in situation.entries]
    signing_slot(step)
    busy = next((item for item in requests_of(plain) if item.step == step.code and item.waits), None)
    if busy is not None:
        raise RequestWaits(step=step.code, request=busy.request, seq=busy.seq)
    may_sign(situation, step, command.signatory, command.actor.id)
    sealed, blob = document_of(situation, command.seq, command.object, step)
    first: tuple[EntryDraft, ...] = ()
    sending = sending_step(situation, step, command.actor)
    if sending is not None:
        claim = Claim(
            step=sending,
            actor=command.actor,
            files=(),
            data={},
            system=mailed_slots(sending, sending.default_branch),
        )
        stated = state_claim(situation, claim)
        first = (draft(situation, claim, stated, entry_kind(sending, stated.branch), ()),)
    later = after(situation, first) if first else situation
    takes(later, step.code)
    return (*first, _request(situation, command, sealed, blob, note))


def _request(
    situation: Situation, command: AskSignature, sealed: SealedEntry, blob: BlobRef, note: str
) -> EntryDraft:
    facts = Facts(
        actor_class=command.actor.kind,
        via=command.actor.via,
        request=command.request,
        purpose=command.purpose,
        signatory=command.signatory,
        digest=blob.sha256,
        expires_at=time_text(command.expires_at),
        factor=command.factor,
    )
    made = bare(
        situation,
        command.actor,
        EntryKind.SIGNATURE_REQUESTED,
        command.step,
        facts,
        note,
        (sealed.leaf,),
    )
    terms: dict[str, Json] = dict(command.terms)
    return replace(made, payload={**made.payload, "terms": terms})


def _noted(situation: Situation, told: RequestNote) -> EntryDraft:
    plain = [sealed.entry for sealed in situation.entries]
    find = waiting if told.open else request_of
    found = find(plain, told.folio, told.request)
    if told.kind is EntryKind.SIGNATURE_DELEGATED:
        step = situation.definition.by_step[found.step]
        may_sign(situation, step, told.facts.delegate, found.asked_by)
    facts = replace(
        told.facts,
        actor_class=told.actor.kind,
        via=told.actor.via,
        request=found.request,
        purpose=found.purpose,
    )
    made = bare(
        situation, told.actor, told.kind, found.step, facts, noted(told.note), (leaf_of(situation, found),)
    )
    return replace(made, payload={**made.payload, **told.private})


def _declined(situation: Situation, found: RequestState, command: DeclineSignature) -> EntryDraft:
    step = situation.definition.by_step[found.step]
    way = refusing_branch(step)
    leaf = leaf_of(situation, found)
    if way is None:
        facts = Facts(actor_class=command.actor.kind, via=command.actor.via)
        reason = noted(command.reason)
        made = bare(situation, command.actor, EntryKind.SIGNATURE_DECLINED, step.code, facts, reason, (leaf,))
        return with_request(made, facts, found, command.facts, command.private)
    takes(situation, step.code)
    branch, field_name = way
    claim = Claim(
        step=step,
        actor=command.actor,
        files=(),
        data={field_name: command.reason.strip()},
        choice=branch.code,
    )
    stated = state_claim(situation, claim)
    made = draft(situation, claim, stated, EntryKind.SIGNATURE_DECLINED, (), (leaf,))
    return with_request(made, stated.facts, found, command.facts, command.private)


def with_request(
    made: EntryDraft, facts: Facts, found: RequestState, more: Facts, private: Mapping[str, Json]
) -> EntryDraft:
    """The draft with what is said of the request and of the act beside what is said of the step."""
    whole = replace(
        facts,
        request=found.request,
        purpose=found.purpose,
        signatory=found.signatory,
        digest=found.digest,
        through=more.through,
        factor=more.factor,
        level=more.level,
        method=more.method,
        act=more.act,
        seal=more.seal,
        flags=more.flags,
    )
    return replace(made, facts=whole.as_json(), payload={**made.payload, **private})


def takes(situation: Situation, step: str) -> None:
    """Refuse what a step cannot take now. Raises what `rules.step_takes_evidence` raises."""
    state = situation.state
    if state is None:
        raise ValueError("the case has no entries yet")
    found = situation.definition.by_step[step]
    rules.not_of_rows(situation.definition, found)
    rules.step_takes_evidence(
        situation.definition, state, found, [sealed.entry for sealed in situation.entries]
    )


def leaf_of(situation: Situation, found: RequestState) -> str:
    """The leaf of the entry that made a request."""
    return situation.entries[found.seq - 1].leaf
