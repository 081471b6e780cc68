"""What the clock does to cases: warnings, expiries and automatic closings, recorded as entries by the system.

Derived from evidence, never from a schedule kept elsewhere: any number of processes may run this at any time, and a
run that was missed is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from evidence.entry import BlobRef, EntryDraft, EntryKind, MalformedEntry
from evidence.ports import AppendConflict, BlobCorrupt, ReferenceTaken
from workflows.calendar import OutOfCalendar
from workflows.claims import Situation
from workflows.commands import SYSTEM_ACTOR, Receipt
from workflows.corrections import bare
from workflows.derive import NotACase
from workflows.errors import Refusal
from workflows.facts import EvidenceFact, Facts, RowFact
from workflows.ports import CaseIndex
from workflows.roster import fold_roster
from workflows.state import TimerState
from workflows.timers import CLOSE, SETTLE
from workflows.writer import CaseWriter


class TimersIncomplete(Exception):
    """Some cases' timers could not be handled; the others' were. ``failures`` are ``(folio, what)``."""

    def __init__(self, receipts: Sequence[Receipt], failures: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{folio}: {what}" for folio, what in failures))
        self.receipts = tuple(receipts)
        self.failures = tuple(failures)


OF_ONE_CASE = (
    Refusal,
    NotACase,
    OutOfCalendar,
    BlobCorrupt,
    MalformedEntry,
    ReferenceTaken,
    AppendConflict,
)
"""What is wrong with one case, and must not keep the others waiting: a damaged one above all."""


Follow = Callable[[datetime], tuple[list[Receipt], list[tuple[str, str]]]]
"""What else the system records by itself at a moment: its receipts, and ``(folio, what)`` of what failed."""


class _NothingDue(Exception):
    """Another process, or a person, was quicker."""


def fire(writer: CaseWriter, index: CaseIndex, now: datetime, follow: Follow | None = None) -> list[Receipt]:
    """Record everything that is due at ``now``, then what ``follow`` finds to say of other cases.

    Raises:
        TimersIncomplete: after all cases were tried.
    """
    receipts: list[Receipt] = []
    failures: list[tuple[str, str]] = []
    for folio in index.due_before(now):
        try:
            receipts += _fire_case(writer, folio, now)
        except OF_ONE_CASE as error:
            failures.append((folio, str(error)))
    if follow is not None:
        found, failed = follow(now)
        receipts += found
        failures += failed
    if failures:
        raise TimersIncomplete(receipts, failures)
    return receipts


def _fire_case(writer: CaseWriter, folio: str, now: datetime) -> list[Receipt]:
    state = writer.situation(writer.history(folio), now).state
    receipts = []
    for timer in state.timers if state is not None else ():
        if not timer.pending:
            continue
        receipt = _fire_timer(writer, folio, timer, now)
        if receipt is not None:
            receipts.append(receipt)
    return receipts


def _fire_timer(writer: CaseWriter, folio: str, timer: TimerState, now: datetime) -> Receipt | None:
    key = "/".join(("timer", folio, timer.timer, str(timer.run), timer.due_at, "+".join(timer.pending)))

    def drafts(situation: Situation, _blobs: Sequence[BlobRef]) -> tuple[EntryDraft, ...]:
        current = situation.state.timers if situation.state is not None else ()
        same = next((item for item in current if (item.timer, item.run) == (timer.timer, timer.run)), None)
        if same is None or same.pending != timer.pending or same.due_at != timer.due_at:
            raise _NothingDue
        return tuple(_mark(situation, same, mark) for mark in same.pending)

    try:
        return writer.append_by_system(folio, drafts, now, key)
    except _NothingDue:
        return None


def _mark(situation: Situation, timer: TimerState, mark: str) -> EntryDraft:
    facts = Facts(
        actor_class=SYSTEM_ACTOR.kind,
        via=SYSTEM_ACTOR.via,
        timer=timer.timer,
        mark=mark,
        run=timer.run,
        due_at=timer.due_at,
        calendar=situation.calendar.id,
    )
    if mark not in {CLOSE, SETTLE}:
        return bare(situation, SYSTEM_ACTOR, EntryKind.TIMER_EXPIRED, timer.step, facts)
    step = situation.definition.by_step[situation.definition.by_timer[timer.timer].closing_step]
    shown = tuple(EvidenceFact(slot, "SYS") for slot in step.evidence.all)
    computed = replace(facts, evidence=shown)
    if mark == CLOSE:
        return bare(situation, SYSTEM_ACTOR, EntryKind.CASE_CLOSED, step.code, computed)
    settled = replace(computed, areas=(timer.area,), rows=_by_silence(situation, timer.area))
    kind = EntryKind.EVIDENCE_RECORDED
    return bare(situation, SYSTEM_ACTOR, kind, step.code, settled, f"{step.name.es}.")


def _by_silence(situation: Situation, area: str) -> tuple[RowFact, ...]:
    """The rows of an area that did not answer, with what the register makes of each."""
    rules = situation.definition.roster
    if rules is None:
        return ()
    return fold_roster(rules, [sealed.entry for sealed in situation.entries]).by_silence(area)
