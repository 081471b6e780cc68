"""Who may sign what in a step, and what the step's evidence is when the signature comes through a personal link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.entry import BlobRef, SealedEntry
from workflows.casefile import effective, entry_files
from workflows.claims import Claim, Situation
from workflows.commands import Actor
from workflows.definition import FILE_FAMILIES, Branch, Definition, Evidence, EvidenceType, Step
from workflows.duties import check_duties, parties_of
from workflows.errors import NothingToSign, NotSignatory, OwnSignature
from workflows.facts import facts_of
from workflows.requests import VIA_LINK
from workflows.state import StepStatus

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in PDF that the case has in force: object ``object`` of entry ``seq``."""

    seq: int
    object: int
    step: str
    name: str
    blob: BlobRef


def signing_slot(step: Step) -> str:
    """The slot that a signed letter fills in a step. Raises `NothingToSign`."""
    for slot in step.slots:
        if EvidenceType.SGN in slot.types:
            return slot.code
    raise NothingToSign(step=step.code, why="step")


def signs(step: Step) -> bool:
    """Whether a step's evidence is, or can be, a signed letter."""
    return any(EvidenceType.SGN in slot.types for slot in step.slots)


def mailed_slots(step: Step, branch: Branch | None) -> tuple[str, ...]:
    """Slots of a step that ask for a mail, where the system's own record of sending or answering stands for it."""
    evidence = branch.evidence if branch is not None and branch.evidence is not None else step.evidence
    wanted = _narrowest(step, evidence)
    return tuple(code for code in wanted if _is_mail(step, code))


def sending_step(situation: Situation, step: Step, actor: Actor) -> Step | None:
    """The open step before this one that is nothing but the mail which asks for the signature, if there is one."""
    definition, state = situation.definition, situation.state
    if state is None:
        return None
    for code in step.requires:
        before = definition.by_step[code]
        mail_only = all(_is_mail(before, slot) for slot in _narrowest(before, before.evidence))
        open_now = state.step(code).status is StepStatus.OPEN
        if open_now and before.evidence.alternatives() != ((),) and mail_only and actor.role in before.roles:
            return before
    return None


def refusing_branch(step: Step) -> tuple[Branch, str] | None:
    """How a step says that the signatory does not sign, and the field for the reason; ``None`` where it cannot."""
    for branch in step.branches:
        if branch.default or branch.done or branch.evidence is None:
            continue
        for alternative in branch.evidence.alternatives():
            name = _reason_field(step, alternative)
            if name:
                return branch, name
    return None


def signatory_actor(definition: Definition, step: Step, signatory: str, *, kind: str = "person") -> Actor:
    """Who signs, in the role that the step's performer has; the door is the personal link."""
    role = step.performer if step.performer in definition.by_role else step.roles[0]
    return Actor(signatory, role, via=VIA_LINK, kind=kind)


def may_sign(situation: Situation, step: Step, signatory: str, asker: str) -> None:
    """Refuse a signatory who is not the one for this step.

    Raises:
        OwnSignature: the asker. NotSignatory: not the holder of the post the step's duty belongs to, nor somebody
            appointed to stand in for one. DutiesConflict: holds another duty of the case that lies apart.
    """
    if signatory == asker:
        raise OwnSignature(step=step.code)
    principal = stands_for(situation, step, signatory)
    claim = Claim(
        step=step,
        actor=signatory_actor(situation.definition, step, signatory),
        files=(),
        data={},
        acting_for=principal,
    )
    check_duties(situation, claim, parties_of(situation, claim, {}))


def principals_of(situation: Situation, step: Step) -> tuple[str, ...]:
    """Who holds the post that a step's duty belongs to, the principal first."""
    if situation.directory is None or not step.duty_post:
        return ()
    return tuple(holder.actor for holder in situation.directory.holders(step.duty_post, situation.now))


def stands_for(situation: Situation, step: Step, signatory: str) -> str:
    """For whom somebody signs: ``""`` for who holds the step's post, or where none is named. Raises `NotSignatory`."""
    if situation.directory is None or not step.duty_post:
        return ""
    holders = principals_of(situation, step)
    if signatory in holders:
        return ""
    for holder in holders:
        if situation.directory.appointed(signatory, holder, situation.now):
            return holder
    raise NotSignatory(step=step.code, post=step.duty_post)


def letters_of(situation: Situation) -> tuple[Letter, ...]:
    """Letters in PDF, unsigned, that the case has in force; the newest first."""
    return tuple(reversed(list(_letters(situation))))


def document_of(situation: Situation, seq: int, number: int, step: Step) -> tuple[SealedEntry, BlobRef]:
    """The letter to be signed. Raises `NothingToSign`."""
    for letter in _letters(situation):
        if (letter.seq, letter.object) == (seq, number):
            return situation.entries[seq - 1], letter.blob
    raise NothingToSign(step=step.code, why="document")


def _letters(situation: Situation) -> Iterator[Letter]:
    for sealed in effective(situation.entries):
        names = entry_files(sealed)
        for fact in facts_of(sealed.entry).evidence:
            blob = sealed.entry.objects[fact.object] if fact.object >= 0 else None
            if blob is None or fact.type != EvidenceType.DOC or blob.media != PDF or fact.source:
                continue
            name = str(names[fact.object].get("name") or "carta.pdf")
            yield Letter(sealed.entry.seq, fact.object, sealed.entry.step, name, blob)


def _narrowest(step: Step, evidence: Evidence) -> tuple[str, ...]:
    """The alternative that asks for a signed letter where one does, else the first."""
    found = evidence.alternatives()
    signed = [slots for slots in found if any(_is_signed(step, code) for code in slots)]
    return (signed or list(found))[0]


def _is_signed(step: Step, code: str) -> bool:
    slot = step.slot(code)
    return slot is not None and EvidenceType.SGN in slot.types


def _is_mail(step: Step, code: str) -> bool:
    slot = step.slot(code)
    return slot is not None and slot.types == (EvidenceType.EML,)


def _reason_field(step: Step, slots: tuple[str, ...]) -> str:
    """The one field that fills the one slot of an alternative, where it is typed; ``""`` otherwise."""
    slot = step.slot(slots[0]) if len(slots) == 1 else None
    if slot is None or len(slot.fields) != 1 or any(kind in FILE_FAMILIES for kind in slot.types):
        return ""
    return slot.fields[0]
