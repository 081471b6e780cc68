"""«Enterado»: who a refusal is told to says that they have seen it. It moves nothing; the notice leaves their inbox."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry
from workflows.claims import Situation
from workflows.commands import Actor, NoticeRefusal, Receipt
from workflows.corrections import bare, noted
from workflows.definition import UNNAMED, Definition, Ground, Role
from workflows.errors import NothingToNotice, RoleNotAllowed
from workflows.facts import Facts
from workflows.writer import CaseWriter


def told_roles(definition: Definition, ground: Ground) -> tuple[Role, ...]:
    """Roles whose posts a ground's refusals are told to: of its destination, or those who may grant exceptions."""
    return tuple(
        role
        for role in definition.roles
        if role.post
        and (
            role.code in definition.waiver_roles
            if ground.destination == UNNAMED
            else role.post == ground.destination
        )
    )


def seen_at(entries: Sequence[SealedEntry]) -> int:
    """The entry by which somebody said that they saw the case's refusal, 0 for none."""
    found = (item.entry.seq for item in entries if item.entry.kind is EntryKind.REFUSAL_NOTICED)
    return next(found, 0)


def notice(writer: CaseWriter, command: NoticeRefusal) -> Receipt:
    """See `workflows.cases.CaseService.notice`."""
    note = noted(command.note)

    def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        closing = situation.state.closing if situation.state is not None else None
        ground = situation.definition.by_ground.get(closing.refusal) if closing is not None else None
        roles = told_roles(situation.definition, ground) if ground is not None else ()
        if closing is None or not roles or seen_at(situation.entries):
            raise NothingToNotice(folio=command.folio)
        if not _told(situation, command.actor, roles):
            raise RoleNotAllowed(step="", role=command.actor.role, allowed=[role.code for role in roles])
        refused = situation.entries[closing.seq - 1].leaf
        facts = Facts(actor_class=command.actor.kind, via=command.actor.via)
        return (bare(situation, command.actor, EntryKind.REFUSAL_NOTICED, "", facts, note, (refused,)),)

    return writer.append(command.folio, drafts, (), command)


def _told(situation: Situation, actor: Actor, roles: Sequence[Role]) -> bool:
    """Whether one of the posts is theirs, by role, by appointment, or in an absent holder's place."""
    directory = situation.directory
    if any(role.code == actor.role for role in roles):
        return True
    holders = [
        holder.actor
        for role in roles
        for holder in (directory.holders(role.post, situation.now) if directory is not None else ())
    ]
    return actor.id in holders or (
        directory is not None
        and any(directory.may_act_for(actor.id, holder, situation.now) for holder in holders)
    )
