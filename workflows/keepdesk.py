"""Legal holds, block and erasure: acts about the personal data of a case, each an entry of that case.

Who may what (decision 0200): a hold is placed by whoever sees a dispute coming and lifted by those who answer for the
data; an erasure is asked by one person and approved by another. Whoever runs the desk, or the machine, does neither:
an erasure must not be the way in which a fault of theirs goes away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from evidence.entry import BlobRef, EntryDraft, EntryKind, SealedEntry, parse_time
from workflows import rules
from workflows.claims import Situation
from workflows.commands import Actor, Receipt
from workflows.corrections import bare, noted
from workflows.facts import Facts
from workflows.keeping import Keeping, keeping_of
from workflows.keepingacts import (
    ApproveErasure,
    BlockData,
    KeepingCommand,
    LiftHold,
    PlaceHold,
    RequestErasure,
    UnblockData,
    WithdrawErasure,
)
from workflows.keepingerrors import (
    CaseHeld,
    CaseStillOpen,
    KeepingNotAllowed,
    KeepingUnneeded,
    NoSuchHold,
    SamePerson,
    StillRetained,
    UnknownLegalGround,
)
from workflows.retention import GROUNDS, TERM_OVER, Retention, retention_of
from workflows.writer import CaseWriter

OFFICER, DIRECTOR, SUPERVISOR = "datos_personales", "director", "supervisor"
ANSWERABLE = (OFFICER, DIRECTOR)
"""Who answers for personal data: sees what is blocked, lifts holds, approves erasures."""

HOLDERS = (OFFICER, DIRECTOR, SUPERVISOR)
"""Who may place a hold: it only ever keeps more."""

ASKERS = (OFFICER,)
"""Who asks for an erasure and blocks data."""

Refs = Callable[[Situation], tuple[str, ...]]
"""The leaves an entry refers to; refuses where the case is not fit for it."""

_REFS = 400
"""Leaves one entry refers to: some 27 kB, beneath the 32 KiB that an entry may have."""


class KeepDesk:
    """See the module; safe for threads and for several processes on one ledger."""

    def __init__(self, writer: CaseWriter) -> None:
        self._writer = writer

    def place(self, command: PlaceHold) -> Receipt:
        """Place a legal hold.

        Raises:
            KeepingNotAllowed, ReasonMissing, CaseErased, UnknownCase, FieldInvalid, RequestReused.
        """
        _allowed(command.actor, HOLDERS)
        return self._add(command, EntryKind.HOLD_PLACED, command.reason, lambda _case: ())

    def lift(self, command: LiftHold) -> Receipt:
        """Lift a legal hold. Raises as `place` does, and NoSuchHold."""
        _allowed(command.actor, ANSWERABLE)

        def target(case: Situation) -> tuple[str, ...]:
            stands = keeping_of(case.entries)
            hold = next((hold for hold in stands.holds if hold.seq == command.seq), None)
            if hold is None:
                raise NoSuchHold(folio=command.folio, seq=command.seq)
            return (hold.leaf,)

        return self._add(command, EntryKind.HOLD_LIFTED, command.reason, target)

    def block(self, command: BlockData) -> Receipt:
        """Block the data of a closed case. Raises as `place` does, and CaseStillOpen, KeepingUnneeded."""
        _allowed(command.actor, ASKERS)

        def fits(case: Situation) -> tuple[str, ...]:
            _closed(case)
            if keeping_of(case.entries).blocked:
                raise KeepingUnneeded(folio=command.folio, why="blocked")
            return ()

        return self._add(command, EntryKind.DATA_BLOCKED, command.reason, fits)

    def unblock(self, command: UnblockData) -> Receipt:
        """Lift a block. Raises as `place` does, and KeepingUnneeded."""
        _allowed(command.actor, ANSWERABLE)

        def fits(case: Situation) -> tuple[str, ...]:
            blocked = keeping_of(case.entries).blocked
            if not blocked:
                raise KeepingUnneeded(folio=command.folio, why="not_blocked")
            return (case.entries[blocked - 1].leaf,)

        return self._add(command, EntryKind.DATA_UNBLOCKED, command.reason, fits)

    def request(self, command: RequestErasure) -> Receipt:
        """Ask for the erasure of a case.

        Raises:
            As `place` does, and CaseStillOpen, CaseHeld, StillRetained, UnknownLegalGround, KeepingUnneeded.
        """
        _allowed(command.actor, ASKERS)
        if command.ground not in GROUNDS:
            raise UnknownLegalGround(ground=command.ground, options=list(GROUNDS))

        def fits(case: Situation) -> tuple[str, ...]:
            if keeping_of(case.entries).asked is not None:
                raise KeepingUnneeded(folio=command.folio, why="requested")
            _erasable(case, command.ground)
            return ()

        return self._add(command, EntryKind.ERASURE_REQUESTED, command.reason, fits, command.ground)

    def withdraw(self, command: WithdrawErasure) -> Receipt:
        """Take a waiting request back, or turn it down. Raises as `place` does, and KeepingUnneeded."""
        _allowed(command.actor, ANSWERABLE)

        def fits(case: Situation) -> tuple[str, ...]:
            asked = keeping_of(case.entries).asked
            if asked is None:
                raise KeepingUnneeded(folio=command.folio, why="not_requested")
            return (asked.leaf,)

        return self._add(command, EntryKind.ERASURE_WITHDRAWN, command.reason, fits)

    def approve(self, command: ApproveErasure) -> Receipt:
        """Approve a waiting request: seals ``erasure.executed``. What it names may be destroyed from here on.

        Raises:
            KeepingNotAllowed, SamePerson, KeepingUnneeded (the request is not that one any more), CaseStillOpen,
            CaseHeld, StillRetained, CaseErased, UnknownCase, RequestReused.
        """
        _allowed(command.actor, ANSWERABLE)

        def drafts(case: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            asked = keeping_of(case.entries).asked
            if asked is None or asked.seq != command.seq:
                raise KeepingUnneeded(folio=command.folio, why="not_requested")
            if asked.actor == command.actor.id:
                raise SamePerson(folio=command.folio)
            _erasable(case, asked.ground)
            parties = {"solicita": asked.actor, "autoriza": command.actor.id}
            return tuple(_executed(case, command.actor, asked.ground, parties))

        return self._writer.append(command.folio, drafts, (), command)

    def standing(self, folio: str) -> tuple[Keeping, Retention]:
        """How the data of a case stands, and for how long it is kept. Raises `UnknownCase`."""
        case = self._writer.situation(self._writer.history(folio))
        return keeping_of(case.entries), retained(case)

    def _add(
        self, command: KeepingCommand, kind: EntryKind, reason: str, refs: Refs, ground: str = ""
    ) -> Receipt:
        """One entry with a reason, and what ``refs`` says that it refers to (or why it is refused)."""
        note = _reason(reason)

        def drafts(case: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
            facts = Facts(actor_class=command.actor.kind, via=command.actor.via, reason=ground)
            return (bare(case, command.actor, kind, "", facts, note, refs(case)),)

        return self._writer.append(command.folio, drafts, (), command)


def retained(case: Situation) -> Retention:
    """For how long the data of a case is kept."""
    return retention_of(
        case.definition.process, closed_at(case.entries, case), case.catalogue, case.now, case.calendar
    )


def closed_at(entries: Sequence[SealedEntry], case: Situation) -> datetime | None:
    """When a case ended, by the ledger's clock; ``None`` while it is open."""
    closing = case.state.closing if case.state is not None else None
    return parse_time(entries[closing.seq - 1].entry.at) if closing is not None else None


def _executed(case: Situation, actor: Actor, ground: str, parties: dict[str, str]) -> Iterator[EntryDraft]:
    """Entries that erase every payload the case has so far: several, where one could not name them all."""
    for start in range(0, len(case.entries), _REFS):
        part = case.entries[start : start + _REFS]
        files = sum(len(sealed.entry.objects) for sealed in part)
        facts = Facts(
            actor_class=actor.kind,
            via=actor.via,
            reason=ground,
            parties=parties,
            counts={"payloads": len(part), "files": files},
        )
        yield EntryDraft(
            actor=actor.id,
            role=actor.role,
            kind=EntryKind.ERASURE_EXECUTED,
            process=case.definition.label,
            refs=tuple(sealed.leaf for sealed in part),
            facts=facts.as_json(),
            payload=actor.channel(),
        )


def _allowed(actor: Actor, roles: Sequence[str]) -> None:
    if actor.role not in roles:
        raise KeepingNotAllowed(role=actor.role, allowed=list(roles))


def _closed(case: Situation) -> None:
    if case.state is None or not case.state.closed:
        raise CaseStillOpen(folio=case.entries[0].entry.case)


def _erasable(case: Situation, ground: str) -> None:
    """Refuse an erasure that something of the case forbids."""
    folio, stands = case.entries[0].entry.case, keeping_of(case.entries)
    _closed(case)
    if stands.holds:
        raise CaseHeld(folio=folio, seq=stands.holds[0].seq)
    kept = retained(case)
    if ground == TERM_OVER and not kept.over and kept.until is not None:
        raise StillRetained(folio=folio, until=kept.until.isoformat())


def _reason(text: str) -> str:
    """The reason, fit to be sealed. Raises `ReasonMissing`, `FieldInvalid`."""
    rules.reason_given(text)
    return noted(text)
