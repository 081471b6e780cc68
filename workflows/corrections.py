"""Drafts of corrections, waivers and refusals: entries about entries, and entries that bring no evidence of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.canonical import Json
from evidence.entry import BlobRef, Entry, EntryDraft, EntryKind
from workflows import rules
from workflows.claims import Claim, Situation
from workflows.commands import Actor, OpenCase, RefuseRequest, Supersede
from workflows.definition import Definition, Ground
from workflows.drafting import draft, kept, reused, state_claim
from workflows.errors import FieldInvalid, NotSupersedable, UnknownRefusal
from workflows.facts import Facts, time_text
from workflows.uploads import PreparedFile
from workflows.values import check_note


def correctors(definition: Definition, entry: Entry) -> tuple[str, ...]:
    """Roles that may correct an entry: those who may make one like it, and the process's correctors.

    Whoever may record a step but not waive it may not take back the exception that a superior granted.
    """
    if entry.kind is EntryKind.STEP_WAIVED:
        return (*definition.waiver_roles, *definition.correction_roles)
    if entry.kind in rules.BY_LINK or entry.facts.get("through"):
        return definition.correction_roles
    step = definition.by_step.get(entry.step)
    roles = step.roles if step is not None else ()
    opening = definition.opening.roles if step is None or step.code == definition.opening.step else ()
    return (*roles, *opening, *definition.correction_roles)


def correction(
    situation: Situation, command: Supersede, files: Sequence[PreparedFile], blobs: Sequence[BlobRef]
) -> EntryDraft:
    """The entry that supersedes another. Its first reference is the superseded leaf; the reason is its note."""
    target = situation.entries[command.seq - 1]
    step = situation.definition.by_step.get(target.entry.step)
    if command.annul:
        facts = Facts(actor_class=command.actor.kind, via=command.actor.via, annul=True)
        reason = noted(command.reason)
        return bare(
            situation,
            command.actor,
            EntryKind.EVIDENCE_SUPERSEDED,
            target.entry.step,
            facts,
            reason,
            (target.leaf,),
        )
    if step is None:
        raise NotSupersedable(seq=command.seq, why="kind")
    rules.not_of_rows(situation.definition, step)
    claim = Claim(
        step=step,
        actor=command.actor,
        files=tuple(files),
        data=command.data,
        choice=command.choice,
        note=_reason_and_note(command),
        carried=(*kept(target, command.keep, step), *reused(situation, step, command.reuse)),
        occurred_at=command.occurred_at,
        acting_for=command.acting_for,
        opening=situation.state is not None and command.seq in rules.opening_versions(situation.state),
        corrects=command.seq,
    )
    stated = state_claim(situation, claim)
    return draft(situation, claim, stated, EntryKind.EVIDENCE_SUPERSEDED, blobs, (target.leaf,))


def refusal_claim(
    definition: Definition, command: RefuseRequest | OpenCase, files: Sequence[PreparedFile]
) -> Claim:
    """The opening of a case that is opened to be refused: what is known of the request, complete or not."""
    return Claim(
        step=definition.by_step[definition.opening.step],
        actor=command.actor,
        files=tuple(files),
        data=command.data,
        occurred_at=command.occurred_at,
        parent=command.parent if isinstance(command, OpenCase) else "",
        opening=True,
        complete=False,
    )


def refusal(
    situation: Situation,
    ground: Ground,
    command: RefuseRequest | OpenCase,
    note: str,
    files: Sequence[PreparedFile] = (),
    blobs: Sequence[BlobRef] = (),
) -> EntryDraft:
    """The entry that refuses: reason and destination as facts, the message sent in the payload."""
    rules.credible_date(command.occurred_at, situation.now, situation.calendar)
    facts = Facts(
        occurred_at=time_text(command.occurred_at),
        actor_class=command.actor.kind,
        via=command.actor.via,
        reason=ground.code,
        destination=ground.destination,
    )
    text = noted(note)
    listed: list[Json] = [{"name": file.name, "slot": "", "about": dict(file.about)} for file in files]
    payload: dict[str, Json] = {
        "files": listed,
        "data": {},
        "note": text,
        "message": ground.message.es,
        **command.actor.channel(),
    }
    return EntryDraft(
        actor=command.actor.id,
        role=command.actor.role,
        kind=EntryKind.CASE_REFUSED,
        process=situation.definition.label,
        objects=tuple(blobs),
        facts=facts.as_json(),
        payload=payload,
    )


def bare(
    situation: Situation,
    actor: Actor,
    kind: EntryKind,
    step: str,
    facts: Facts,
    note: str = "",
    refs: tuple[str, ...] = (),
) -> EntryDraft:
    """An entry without files or typed values."""
    payload: dict[str, Json] = {"files": [], "data": {}, "note": note, **actor.channel()}
    return EntryDraft(
        actor=actor.id,
        role=actor.role,
        kind=kind,
        process=situation.definition.label,
        step=step,
        refs=refs,
        facts=facts.as_json(),
        payload=payload,
    )


def noted(text: str) -> str:
    """A note or reason fit to be sealed. Raises `FieldInvalid`."""
    found, problems = check_note(text)
    if problems:
        raise FieldInvalid(problems)
    return found


def known_ground(definition: Definition, code: str) -> Ground:
    """The ground of that code. Raises `UnknownRefusal`."""
    ground = definition.by_ground.get(code)
    if ground is None:
        raise UnknownRefusal(process=definition.process, refusal=code, options=list(definition.by_ground))
    return ground


def ground_of(definition: Definition, data: Mapping[str, str]) -> Ground | None:
    """The ground on which a filled-in opening form is refused by what it asks for."""
    for field in definition.opening.fields:
        value = data.get(field.name, "").strip()
        for option in field.options:
            if option.refusal and option.code == value:
                return definition.by_ground[option.refusal]
    return None


def _reason_and_note(command: Supersede) -> str:
    return "\n\n".join(text.strip() for text in (command.reason, command.note) if text.strip())
