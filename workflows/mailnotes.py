"""Entries that say what became of a mail. They bring no step's evidence, and no state hangs on them."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.canonical import Json
from evidence.entry import SYSTEM, BlobRef, EntryDraft, EntryKind
from workflows import rules
from workflows.children import linkers
from workflows.claims import Situation
from workflows.commands import NoteMail, Receipt
from workflows.corrections import noted
from workflows.facts import Facts, time_text
from workflows.ports import DocumentReader
from workflows.uploads import PreparedFile, prepare
from workflows.writer import CaseWriter

KINDS = frozenset(
    {
        EntryKind.MAIL_SENT,
        EntryKind.MAIL_FAILED,
        EntryKind.MAIL_BOUNCED,
        EntryKind.MAIL_RECEIVED,
        EntryKind.MAIL_DISCARDED,
    }
)
_OUR_WORDS = 300


def note(writer: CaseWriter, reader: DocumentReader, command: NoteMail) -> Receipt:
    """See `workflows.cases.CaseService.note_mail`."""
    kind = EntryKind(command.kind)
    if kind not in KINDS:
        raise ValueError(f"{kind} says nothing of a mail")
    definition = writer.definition_of(writer.history(command.folio))
    if command.step:
        rules.known_step(definition, command.step)
    if command.actor.id != SYSTEM:
        rules.role_allowed(command.step, linkers(definition, command.step), command.actor)
    files = prepare(command.uploads, None, reader, len(command.uploads))
    text = noted(command.note)

    def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        return (_draft(situation, command, kind, files, blobs, text),)

    return writer.append(command.folio, drafts, files, command)


def _draft(
    situation: Situation,
    command: NoteMail,
    kind: EntryKind,
    files: Sequence[PreparedFile],
    blobs: Sequence[BlobRef],
    text: str,
) -> EntryDraft:
    facts = Facts(
        occurred_at=time_text(command.occurred_at),
        actor_class=command.actor.kind,
        via=command.actor.via,
        mail=dict(command.mail),
    )
    told: dict[str, Json] = {name: value[:_OUR_WORDS] for name, value in command.told.items() if value}
    listed: list[Json] = [{"name": file.name, "slot": "", "about": dict(file.about)} for file in files]
    payload: dict[str, Json] = {"files": listed, "data": {}, "note": text, "mail": told}
    return EntryDraft(
        actor=command.actor.id,
        role=command.actor.role,
        kind=kind,
        process=situation.definition.label,
        step=command.step,
        objects=tuple(blobs),
        facts=facts.as_json(),
        payload=payload,
    )
