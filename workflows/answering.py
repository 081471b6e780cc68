"""What is sealed of answers through a personal link: the step's branch, and the delivery of credentials.

The part of `workflows.cases.CaseService` behind `CaseService.answers`. A step can be asked about when somebody else
than who records it performs it, and a mail of theirs is all its evidence: the record of the answer stands for the mail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, EntryDraft, EntryKind
from workflows import rules
from workflows.answeracts import AskAnswer, GiveAnswer, ReceiveSecret
from workflows.casefile import typed_data
from workflows.claims import Claim, Situation
from workflows.commands import Actor, Receipt
from workflows.corrections import bare, noted
from workflows.definition import Branch, EvidenceType, Field, Step
from workflows.drafting import draft, state_claim
from workflows.errors import NothingToSign, OwnSignature, RequestWaits
from workflows.facts import Facts, time_text
from workflows.progress import lacking
from workflows.requests import ASKING, VIA_LINK, requests_of, waiting
from workflows.signatories import mailed_slots
from workflows.signatures import leaf_of, takes, with_request
from workflows.writer import CaseWriter

ANSWER, SECRET = "answer", "secret"
"""Purposes of the requests that are made here."""


class AnswerBook:
    """Writes requests for answers, and what became of them, into their cases."""

    def __init__(self, writer: CaseWriter) -> None:
        self._writer = writer

    def ask(self, command: AskAnswer) -> Receipt:
        """Record that somebody was asked, or that a secret waits for them.

        Raises:
            UnknownCase, UnknownStep, RoleNotAllowed, NothingToSign, OwnSignature, RequestWaits, StepNotOpen,
            GuardUnmet, FieldInvalid, DutiesConflict.
        """
        definition = self._writer.definition_of(self._writer.history(command.folio))
        step = rules.known_step(definition, command.step)
        rules.role_allowed(step.code, step.roles or ("system",), command.actor)
        note = noted(command.note)

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return (_asked(situation, command, note),)

        return self._writer.append(command.folio, drafts, (), command)

    def answer(self, command: GiveAnswer) -> Receipt:
        """Record the answer as the step's evidence.

        Raises:
            UnknownCase, UnknownRequest, RequestSettled, ChoiceUnknown, StepNotOpen, GuardUnmet, CaseClosed.
        """

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return (_answered(situation, command),)

        return self._writer.append(command.folio, drafts, (), command)

    def receive(self, command: ReceiveSecret) -> Receipt:
        """Record the delivery of a secret as the step's evidence. Who left it takes the step's duty.

        Raises:
            UnknownCase, UnknownRequest, RequestSettled, StepNotOpen, GuardUnmet, CaseClosed.
        """

        def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            return (_received(situation, command),)

        return self._writer.append(command.folio, drafts, (), command)


def answers_of(step: Step) -> tuple[Branch, ...]:
    """The answers that can be asked for in a step; none where it is not somebody else's to answer by mail."""
    if len(step.branches) < 2 or not step.performer or step.performer in step.roles or step.by_system:
        return ()
    if any(item.required for item in step.fields):
        return ()
    plain = all(
        _by_mail(step, branch) and not branch.link_field and not branch.opens for branch in step.branches
    )
    return step.branches if plain else ()


def secret_slot(step: Step) -> str:
    """The slot of a step that records a delivery of credentials; ``""`` where there is none."""
    return next((slot.code for slot in step.slots if EvidenceType.CRED in slot.types), "")


RECIPIENT = "destinatario"
BY_LINK_CHANNELS = ("correo", "sistema")
"""How the released definitions say that credentials went by a link that opens once, the first that a step has."""


def delivery_values(step: Step, recipient: str) -> dict[str, str]:
    """What a delivery by link says by itself: to whom, and by which channel."""
    found: dict[str, str] = {}
    for item in _slot_fields(step):
        codes = [option.code for option in item.options]
        channel = next((code for code in BY_LINK_CHANNELS if code in codes), "")
        if item.name == RECIPIENT:
            found[item.name] = recipient
        elif channel:
            found[item.name] = channel
    return found


def left_fields(step: Step) -> tuple[Field, ...]:
    """The fields of a delivery that who leaves the secret still fills."""
    known = delivery_values(step, "")
    return tuple(item for item in _slot_fields(step) if item.name not in known)


def _slot_fields(step: Step) -> tuple[Field, ...]:
    slot = step.slot(secret_slot(step))
    return tuple(item for item in step.fields if slot is not None and item.name in slot.fields)


def question_digest(question: Mapping[str, Json]) -> str:
    """Hex SHA-256 of a question's canonical bytes: what link, page and answer are bound to."""
    return hashlib.sha256(canonical_bytes(dict(question))).hexdigest()


def likely(situation: Situation) -> tuple[str, ...]:
    """Who is probably to be asked in a case: who answers for the case's zone, and who is known by its addresses."""
    return tuple(dict.fromkeys(_likely(situation)))


def _likely(situation: Situation) -> Iterator[str]:
    typed = typed_data(situation.entries)
    for step in situation.definition.steps:
        for field in step.fields:
            value = typed.get(step.code, {}).get(field.name, "") if field.zone else ""
            if value:
                yield value
    if situation.directory is None:
        return
    for values in typed.values():
        for value in values.values():
            found = situation.directory.actor_of(value) if "@" in value else ""
            if found:
                yield found


def _by_mail(step: Step, branch: Branch) -> bool:
    evidence = branch.evidence if branch.evidence is not None else step.evidence
    slots = mailed_slots(step, branch)
    return bool(slots) and not lacking(evidence, slots)


def _asked(situation: Situation, command: AskAnswer, note: str) -> EntryDraft:
    step = rules.known_step(situation.definition, command.step)
    plain = [sealed.entry for sealed in situation.entries]
    busy = next((item for item in requests_of(plain) if item.step == step.code and item.waits), None)
    if busy is not None:
        raise RequestWaits(step=step.code, request=busy.request, seq=busy.seq)
    if command.person == command.actor.id:
        raise OwnSignature(step=step.code)
    takes(situation, step.code)
    if command.purpose == SECRET:
        state_claim(situation, _delivery(step, command.actor, command.data))
    elif not answers_of(step):
        raise NothingToSign(step=step.code, why="step")
    facts = Facts(
        actor_class=command.actor.kind,
        via=command.actor.via,
        request=command.request,
        purpose=command.purpose,
        signatory=command.person,
        digest=question_digest(command.question),
        expires_at=time_text(command.expires_at),
        factor=command.factor,
    )
    made = bare(situation, command.actor, ASKING[command.purpose], step.code, facts, note)
    told: dict[str, Json] = {"question": dict(command.question), "data": dict(command.data)}
    return replace(made, payload={**made.payload, **told})


def _answered(situation: Situation, command: GiveAnswer) -> EntryDraft:
    found = waiting([sealed.entry for sealed in situation.entries], command.folio, command.request)
    takes(situation, found.step)
    step = situation.definition.by_step[found.step]
    branch = rules.chosen_branch(step, command.choice)
    claim = Claim(
        step=step,
        actor=command.actor,
        files=(),
        data={},
        choice=command.choice,
        note=command.note,
        system=mailed_slots(step, branch),
    )
    stated = state_claim(situation, claim)
    made = draft(situation, claim, stated, EntryKind.ANSWER_GIVEN, (), (leaf_of(situation, found),))
    return with_request(made, stated.facts, found, command.facts, command.private)


def _received(situation: Situation, command: ReceiveSecret) -> EntryDraft:
    found = waiting([sealed.entry for sealed in situation.entries], command.folio, command.request)
    takes(situation, found.step)
    step = situation.definition.by_step[found.step]
    asked = situation.entries[found.seq - 1]
    data = asked.payload().get("data")
    typed = {str(name): str(value) for name, value in data.items()} if isinstance(data, dict) else {}
    left = Actor(asked.entry.actor, asked.entry.role, via=VIA_LINK)
    claim = _delivery(step, left, typed)
    stated = state_claim(situation, claim)
    made = draft(situation, claim, stated, EntryKind.SECRET_SHOWN, (), (leaf_of(situation, found),))
    by_link = replace(made, actor=command.actor.id, role=command.actor.role)
    return with_request(by_link, stated.facts, found, command.facts, command.private)


def _delivery(step: Step, left: Actor, data: Mapping[str, str]) -> Claim:
    """The claim of who leaves a secret: the slot of credentials by its fields, and the mail that took the link."""
    slot = secret_slot(step)
    if not slot:
        raise NothingToSign(step=step.code, why="step")
    needed = {code for slots in step.evidence.alternatives() for code in slots if slot in slots}
    mails = tuple(
        item.code for item in step.slots if item.types == (EvidenceType.EML,) and item.code in needed
    )
    return Claim(step=step, actor=left, files=(), data=data, system=mails)
