"""Several steps as one: the drafts of an opening, of a step, and of a sequence of them, for one append.

Each step of a set is judged on the case as the steps before it leave it (`workflows.provisional`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from evidence.entry import SYSTEM, BlobRef, EntryDraft, EntryKind, SealedEntry
from workflows import rules
from workflows.claims import Claim, Situation, Stated
from workflows.commands import Actor, OpenCase, Part, RefuseRequest
from workflows.corrections import refusal, refusal_claim
from workflows.definition import Definition, Ground, Step
from workflows.drafting import draft, entry_kind, reused, state_claim
from workflows.errors import OutsideHours, Refusal, ReuseNotAllowed
from workflows.judging import beside_opening, beside_step
from workflows.provisional import after
from workflows.standing import Verdict
from workflows.trials import Drafts
from workflows.uploads import PreparedFile


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of a set: its code, what makes its drafts, and how many of the set's files are its own."""

    step: str
    drafts: Drafts
    files: int


def opening(definition: Definition, command: OpenCase, files: Sequence[PreparedFile]) -> Drafts:
    """The drafts of an opening with the verdicts of the rules that watch it."""

    def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        claim = Claim(
            step=definition.by_step[definition.opening.step],
            actor=command.actor,
            files=tuple(files),
            data=command.data,
            occurred_at=command.occurred_at,
            requester=command.requester,
            parent=command.parent,
            opening=True,
        )
        stated = state_claim(situation, claim)
        opened = draft(situation, claim, stated, EntryKind.CASE_OPENED, blobs, command.refs)
        return (opened, *beside_opening(situation, command, _said(stated)))

    return drafts


def unless(refusal: Refusal | None, drafts: Drafts) -> Drafts:
    """The same drafts, refused where something else that is to follow them would be."""

    def checked(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        if refusal is not None:
            raise refusal
        return drafts(situation, blobs)

    return checked


def opening_refused(
    definition: Definition,
    ground: Ground,
    command: OpenCase | RefuseRequest,
    files: Sequence[PreparedFile],
    note: str,
) -> Drafts:
    """The drafts of a request that is recorded together with its refusal."""

    def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        claim = refusal_claim(definition, command, files)
        stated = state_claim(situation, claim)
        opened = draft(situation, claim, stated, EntryKind.CASE_OPENED, blobs)
        return (opened, refusal(situation, ground, command, note))

    return drafts


def recording(step: Step, actor: Actor, part: Part, files: Sequence[PreparedFile]) -> Drafts:
    """The drafts of one step with the verdicts of the rules that watch it; outside, of the verdicts alone."""

    def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        plain = [sealed.entry for sealed in situation.entries]
        if situation.state is None:
            raise ValueError("the case has no entries yet")
        rules.not_of_rows(situation.definition, step)
        rules.step_takes_evidence(situation.definition, situation.state, step, plain)
        claim = Claim(
            step=step,
            actor=actor,
            files=tuple(files),
            data=part.data,
            choice=part.choice,
            note=part.note,
            carried=reused(situation, step, part.reuse),
            occurred_at=part.occurred_at,
            acting_for=part.acting_for,
        )
        stated = state_claim(situation, claim)
        recorded = draft(situation, claim, stated, entry_kind(step, stated.branch), blobs)
        verdicts, stands = beside_step(situation, step, part.occurred_at, _said(stated))
        return (recorded, *verdicts) if stands else verdicts

    return drafts


def in_sequence(pieces: Sequence[Piece]) -> Drafts:
    """The drafts of several steps, each on the case as the ones before leave it.

    A contact outside the hours ends the set: what is recorded then is the contact refused, or the verdict, alone.

    Raises:
        Refusal: of any step, which its ``in_step`` names. OutsideHours: a contact that is queued was to go on.
    """

    def drafts(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        first = len(situation.entries)
        made: list[EntryDraft] = []
        start = 0
        for piece in pieces:
            with named(piece.step):
                found = piece.drafts(situation, blobs[start : start + piece.files])
            if _stops(found):
                return found
            _no_own_leaves(piece, found, situation.entries[first:])
            start += piece.files
            made += found
            situation = after(situation, found)
        return tuple(made)

    return drafts


def attended(drafts: Drafts) -> Drafts:
    """The drafts of an opening that is attended at once. Raises `OutsideHours` for one that is queued instead."""

    def checked(situation: Situation, blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        found = drafts(situation, blobs)
        outside = any(item.facts.get("verdict") == Verdict.OUTSIDE for item in found)
        if outside and not _stops(found):
            raise OutsideHours(why="queued", rule="", opens="", folio="", seq=0)
        return found

    return checked


def _said(stated: Stated) -> dict[str, str]:
    """The values of a checked claim."""
    data = stated.payload.get("data")
    return {name: str(value) for name, value in data.items()} if isinstance(data, dict) else {}


def _stops(found: Sequence[EntryDraft]) -> bool:
    return found[-1].kind is EntryKind.CASE_REFUSED or all(item.actor == SYSTEM for item in found)


def _no_own_leaves(piece: Piece, found: Sequence[EntryDraft], provisional: Sequence[SealedEntry]) -> None:
    """A file of the set itself cannot be shared within it: the entry it came with has no hash yet."""
    leaves = {sealed.leaf: sealed.entry.seq for sealed in provisional}
    for leaf in (leaf for item in found for leaf in item.refs):
        if leaf in leaves:
            raise ReuseNotAllowed(step=piece.step, slot="", seq=leaves[leaf], object=0)


@contextmanager
def named(step: str) -> Iterator[None]:
    """Let a refusal say in which step of a set it was."""
    try:
        yield
    except Refusal as refusal:
        refusal.within(step)
        raise
