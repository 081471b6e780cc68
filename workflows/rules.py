"""The rules a command must satisfy: one function each, raising the refusal that says what to do.

A closed vocabulary on purpose: definitions choose among these rules with data, and hold no expressions. Every rule is
a pure function of the definition, the derived state and the command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor
from workflows.definition import Branch, Definition, Series, Step
from workflows.errors import (
    CaseClosed,
    CaseNotClosed,
    ChoiceMissing,
    ChoiceUnknown,
    DateNotCredible,
    DutiesConflict,
    EvidenceMissing,
    GuardUnmet,
    NoDelegate,
    NoSeries,
    NotHolder,
    NotSupersedable,
    NotWaivable,
    ReasonMissing,
    RoleNotAllowed,
    RowsElsewhere,
    StepNotOpen,
    UnknownEntry,
    UnknownStep,
    WindowClosed,
)
from workflows.facts import EvidenceFact, time_text
from workflows.ports import Directory
from workflows.progress import lacking
from workflows.state import CaseState, StepStatus

REASON_LENGTH = 10
_TOLERANCE = timedelta(minutes=5)


def known_step(definition: Definition, code: str) -> Step:
    """The step of that code."""
    step = definition.by_step.get(code)
    if step is None:
        raise UnknownStep(process=definition.process, step=code)
    return step


def known_series(definition: Definition, code: str) -> Series:
    """The periodic control of that code."""
    found = definition.by_series.get(code)
    if found is None:
        raise NoSeries(process=definition.process, series=code)
    return found


def role_allowed(step_code: str, roles: Sequence[str], actor: Actor) -> None:
    """Only the roles named may do this."""
    if actor.role not in roles:
        raise RoleNotAllowed(step=step_code, role=actor.role, allowed=list(roles))


def may_act_for(
    definition: Definition,
    step: Step,
    actor: Actor,
    principal: str,
    directory: Directory | None,
    moment: datetime,
) -> None:
    """Acting for somebody else is for roles with deputies, and for named backups where a directory names them.

    In a role without deputies (an authoriser's) nobody stands in, but who was appointed to with a document.
    """
    if principal and not stands_in(definition, actor, principal, directory, moment):
        raise NoDelegate(step=step.code, acting_for=principal)


def stands_in(
    definition: Definition, actor: Actor, principal: str, directory: Directory | None, moment: datetime
) -> bool:
    """Whether an actor may act for another in their role, at a moment."""
    deputies = definition.by_role[actor.role].deputies
    if principal == actor.id:
        return False
    if directory is None:
        return deputies
    if deputies:
        return directory.may_act_for(actor.id, principal, moment)
    return directory.appointed(actor.id, principal, moment)


def holds_post(
    step: Step, actor: Actor, principal: str, directory: Directory | None, moment: datetime
) -> None:
    """A step with a post is for who holds it then, or for who says that they act for such a holder."""
    if not step.post or directory is None:
        return
    holders = [holder.actor for holder in directory.holders(step.post, moment)]
    if (principal or actor.id) in holders:
        return
    principals: list[Json] = [
        holder for holder in holders if holder != actor.id and directory.may_act_for(actor.id, holder, moment)
    ]
    raise NotHolder(step=step.code, post=step.post, principals=principals)


def credible_date(occurred: datetime | None, now: datetime, calendar: BusinessCalendar) -> None:
    """Nothing has happened in the future, nor before the calendar begins."""
    if occurred is None:
        return
    if occurred > now + _TOLERANCE:
        raise DateNotCredible(occurred_at=time_text(occurred), problem="future")
    if calendar.local_day(occurred) < calendar.first:
        raise DateNotCredible(occurred_at=time_text(occurred), problem="before_calendar")


def case_open(state: CaseState) -> None:
    """The case has not ended."""
    found = state.closing
    if found is not None:
        raise CaseClosed(folio=state.folio, outcome=found.outcome, seq=found.seq, at=found.at)


def not_of_rows(definition: Definition, step: Step) -> None:
    """The step is not one whose evidence the roster makes or reads: those are recorded with the rows."""
    if definition.roster is not None and step.code in definition.roster.reserved:
        raise RowsElsewhere(step=step.code)


def step_takes_evidence(
    definition: Definition, state: CaseState, step: Step, entries: Sequence[Entry]
) -> None:
    """The step is open (or done and repeatable, or waived with its requirements met)."""
    found = state.step(step.code)
    if found.status is StepStatus.DONE and not found.repeatable:
        raise _taken(step, found.status, entries[found.entries[-1] - 1])
    if found.status is StepStatus.NOT_APPLICABLE:
        case_open(state)
        raise _taken(step, found.status, None)
    if step.only_closed and not state.closed:
        raise CaseNotClosed(folio=state.folio, step=step.code)
    if found.unmet:
        raise GuardUnmet(step=step.code, unmet=_named(definition, found.unmet))
    if step.by_system:
        raise RoleNotAllowed(step=step.code, role="", allowed=["system"])


def chosen_branch(step: Step, choice: str) -> Branch | None:
    """The branch chosen, or the default one; ``None`` for a step without branches."""
    options: list[Json] = [branch.code for branch in step.branches]
    if not choice:
        if step.branches and step.default_branch is None:
            raise ChoiceMissing(step=step.code, options=options)
        return step.default_branch
    branch = step.branch(choice)
    if branch is None:
        raise ChoiceUnknown(step=step.code, choice=choice, options=options)
    return branch


def within_window(state: CaseState, step: Step, branch: Branch | None, moment: datetime) -> None:
    """A case is reopened while its window is open, counted to when the answer came; after that by another branch."""
    if branch is None or not branch.reopens_case:
        return
    windows = [timer for timer in state.timers if timer.timer == branch.within and not timer.ended_seq]
    if state.closed and any(timer.started_at <= time_text(moment) <= timer.due_at for timer in windows):
        return
    options: list[Json] = [other.code for other in step.branches if not other.reopens_case]
    until = max((timer.due_at for timer in windows), default="")
    raise WindowClosed(folio=state.folio, step=step.code, choice=branch.code, until=until, options=options)


def sufficient_evidence(step: Step, branch: Branch | None, facts: Iterable[EvidenceFact]) -> None:
    """All of what is asked for, or one whole alternative."""
    evidence = branch.evidence if branch is not None and branch.evidence is not None else step.evidence
    missing = lacking(evidence, [fact.slot for fact in facts])
    if missing:
        alternatives: list[Json] = [list(slots) for slots in evidence.alternatives()]
        raise EvidenceMissing(step=step.code, alternatives=alternatives, missing=list(missing))


def duties_apart(
    definition: Definition, step_code: str, held: Iterable[tuple[str, str]], new: Mapping[str, str]
) -> None:
    """Nobody holds two duties that must lie apart. ``held`` and ``new`` name duties with the actor who has them."""
    apart = {duty.code: duty.apart for duty in definition.duties}
    everything = [*held, *new.items()]
    for duty, actor in new.items():
        for other, holder in everything:
            if holder == actor and other in apart.get(duty, ()):
                raise DutiesConflict(duty=duty, held=other, step=step_code)


def reason_given(reason: str) -> None:
    """A reason is a sentence, not a full stop."""
    if len(reason.strip()) < REASON_LENGTH:
        raise ReasonMissing(minimum=REASON_LENGTH)


def waivable(state: CaseState, step: Step, rule: str) -> None:
    """The step may be done without; or, for duties, it has one and is not done yet.

    What turned out badly is on record: a waiver is no way past a test that failed.
    """
    found = state.step(step.code)
    branch = step.branch(found.choice) if found.entries else None
    if rule == "step" and branch is not None and not branch.done:
        raise NotWaivable(step=step.code, status=str(found.status), why="recorded", choice=branch.code)
    if rule == "duties":
        allowed = bool(step.duty) and found.status in {StepStatus.OPEN, StepStatus.BLOCKED}
    else:
        allowed = rule == "step" and step.waivable and found.status in {StepStatus.OPEN, StepStatus.BLOCKED}
    if not allowed:
        fixed = not step.waivable and rule == "step"
        raise NotWaivable(step=step.code, status=str(found.status), why="never" if fixed else "")


def supersedable(state: CaseState, entries: Sequence[Entry], seq: int, *, annul: bool) -> Entry:
    """The entry to correct: one of a person's that still counts; an opening can be corrected but not annulled."""
    if not 1 <= seq <= len(entries):
        raise UnknownEntry(folio=state.folio, seq=seq)
    entry = entries[seq - 1]
    by = dict(state.superseded).get(seq)
    if by is not None:
        raise NotSupersedable(seq=seq, why="superseded", by=by)
    by_link = entry.kind in ANNUL_ONLY or entry.facts.get("through")
    if entry.kind not in CORRECTABLE or (by_link and not annul):
        raise NotSupersedable(seq=seq, why="kind")
    if (annul and seq in opening_versions(state)) or (
        entry.kind is EntryKind.EVIDENCE_SUPERSEDED and entry.facts.get("annul")
    ):
        raise NotSupersedable(seq=seq, why="kind")
    if entry.facts.get("actor_class") == "system":
        raise NotSupersedable(seq=seq, why="system")
    return entry


def opening_versions(state: CaseState) -> frozenset[int]:
    """``seq`` of the opening entry and of every correction of it."""
    versions = {1}
    for seq, by in state.superseded:
        if seq in versions:
            versions.add(by)
    return frozenset(versions)


def _taken(step: Step, status: StepStatus, entry: Entry | None) -> StepNotOpen:
    if entry is None:
        return StepNotOpen(step=step.code, status=str(status), seq=0, actor="", at="")
    return StepNotOpen(step=step.code, status=str(status), seq=entry.seq, actor=entry.actor, at=entry.at)


def _named(definition: Definition, codes: Iterable[str]) -> list[Json]:
    return [{"step": code, "name": definition.by_step[code].name.es} for code in codes]


BY_LINK = frozenset(
    {
        EntryKind.DOCUMENT_SIGNED,
        EntryKind.SIGNATURE_DECLINED,
        EntryKind.ANSWER_GIVEN,
        EntryKind.SECRET_SHOWN,
    }
)
"""What somebody did through a personal link: nobody edits it; the process's correctors may annul it."""

ANNUL_ONLY = BY_LINK | {EntryKind.STEP_WAIVED, EntryKind.CASE_REFUSED, EntryKind.CASE_LINKED}
CORRECTABLE = ANNUL_ONLY | {
    EntryKind.CASE_OPENED,
    EntryKind.EVIDENCE_RECORDED,
    EntryKind.EVIDENCE_SUPERSEDED,
    EntryKind.CASE_CLOSED,
}
