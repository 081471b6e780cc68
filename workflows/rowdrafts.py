"""Entries that act on rows: the checks before, and the draft of one, repeatable after a conflict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evidence.entry import BlobRef, EntryDraft
from workflows import rules
from workflows.claims import Claim, RowClaim, Situation
from workflows.commands import Actor
from workflows.drafting import draft, entry_kind, state_claim
from workflows.errors import (
    AreaUnknown,
    DecisionUnknown,
    GuardUnmet,
    NotACampaign,
    RowsClosed,
    RowsDecided,
    RowsHeld,
    RowsUnknown,
)
from workflows.ranges import format_ranges, spread_ranges
from workflows.roster import Roster, RowState, fold_roster
from workflows.rosterrules import RosterRules
from workflows.state import CaseState, StepStatus
from workflows.step import Step
from workflows.uploads import PreparedFile


@dataclass(frozen=True, slots=True)
class Act:
    """One act on rows: who, in which step, with what, and what it says of rows."""

    step: str
    actor: Actor
    rows: RowClaim
    files: tuple[PreparedFile, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    choice: str = ""
    note: str = ""
    occurred_at: datetime | None = None
    acting_for: str = ""
    system: tuple[str, ...] = ()


def row_draft(
    situation: Situation, act: Act, blobs: Sequence[BlobRef], refs: tuple[str, ...] = ()
) -> EntryDraft:
    """The entry of an act, its evidence judged as that of any step."""
    step = situation.definition.by_step[act.step]
    claim = Claim(
        step=step,
        actor=act.actor,
        files=act.files,
        data=act.data,
        choice=act.choice,
        note=act.note,
        occurred_at=act.occurred_at,
        acting_for=act.acting_for,
        rows=act.rows,
        system=act.system,
    )
    stated = state_claim(situation, claim)
    return draft(situation, claim, stated, entry_kind(step, stated.branch), blobs, refs)


def rules_of(situation: Situation) -> RosterRules:
    """The rules of the rows. Raises `NotACampaign`."""
    found = situation.definition.roster
    if found is None:
        raise NotACampaign(folio=situation.entries[0].entry.case if situation.entries else "")
    return found


def roster_of(situation: Situation) -> Roster:
    """The rows as they stand in a situation. Raises `NotACampaign`."""
    return fold_roster(rules_of(situation), [sealed.entry for sealed in situation.entries])


def state_of(situation: Situation) -> CaseState:
    """The state of a case that has entries."""
    if situation.state is None:
        raise NotACampaign(folio="")
    return situation.state


def may_record(situation: Situation, code: str, actor: Actor) -> Step:
    """The step, once it is clear that this role may record it now (rows need not make it anybody's turn).

    Raises:
        RoleNotAllowed, GuardUnmet, CaseClosed.
    """
    definition, state = situation.definition, state_of(situation)
    step = definition.by_step[code]
    rules.role_allowed(code, step.roles, actor)
    if not step.after_closing:
        rules.case_open(state)
    unmet = state.step(code).unmet
    if unmet and state.step(code).status is not StepStatus.DONE:
        raise GuardUnmet(
            step=code, unmet=[{"step": item, "name": definition.by_step[item].name.es} for item in unmet]
        )
    return step


def takes_evidence(situation: Situation, code: str, actor: Actor) -> Step:
    """The step, where it is open for another entry. Raises what `rules.step_takes_evidence` does."""
    definition = situation.definition
    step = definition.by_step[code]
    rules.role_allowed(code, step.roles, actor)
    plain = [sealed.entry for sealed in situation.entries]
    rules.step_takes_evidence(definition, state_of(situation), step, plain)
    return step


def rows_open(situation: Situation) -> None:
    """Decisions may still change: the final sheet of this round was not made. Raises `RowsClosed`."""
    final = state_of(situation).step(rules_of(situation).final)
    if final.status is StepStatus.DONE:
        raise RowsClosed(step=final.step, seq=max(final.entries))


def named_rows(roster: Roster, text: str) -> dict[int, RowState]:
    """The rows that a person names, by number. Raises `RowsUnknown`."""
    known = {row.number: row for row in roster.rows()}
    try:
        numbers = spread_ranges(text)
    except ValueError as error:
        raise RowsUnknown(rows=text[:200]) from error
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise RowsUnknown(rows=format_ranges(unknown))
    return {number: known[number] for number in numbers}


def known_decision(roster_rules: RosterRules, code: str, *, resolving: bool) -> None:
    """The decision exists, and resolves where that is asked. Raises `DecisionUnknown`."""
    options = [item.code for item in roster_rules.decisions if not (resolving and item.open)]
    if code not in options:
        raise DecisionUnknown(decision=code, options=list(options))


def known_areas(roster: Roster, areas: Iterable[str]) -> None:
    """Every area is one of the campaign's. Raises `AreaUnknown`."""
    known = [area.area for area in roster.state().areas]
    for area in areas:
        if area not in known:
            raise AreaUnknown(area=area, options=list(known))


def not_decided_since(situation: Situation, rows: Iterable[RowState], seen: int, actor: Actor) -> None:
    """Nobody else decided these rows after what the person saw. Raises `RowsDecided`."""
    entries = situation.entries
    later = [row for row in rows if 0 < seen < row.seq and entries[row.seq - 1].entry.actor != actor.id]
    if later:
        last = entries[max(row.seq for row in later) - 1].entry
        raise RowsDecided(
            rows=format_ranges(row.number for row in later),
            count=len(later),
            actor=last.actor,
            at=last.at,
            seq=last.seq,
        )


def not_firm(roster_rules: RosterRules, rows: Iterable[RowState]) -> None:
    """The director decided none of these rows. Raises `RowsHeld`."""
    firm = [row.number for row in rows if row.step == roster_rules.resolve]
    if firm:
        raise RowsHeld(rows=format_ranges(firm), why="firm")
