"""What follows from how a campaign stands: the step of a decision, the words of the final sheet, its version before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evidence.entry import SealedEntry
from workflows.campaigncommands import DecideRows
from workflows.claims import Situation
from workflows.errors import RowsDecided, RowsHeld
from workflows.facts import Facts, facts_of
from workflows.ranges import format_ranges
from workflows.roster import Roster, RowState
from workflows.rosterrules import RosterRules
from workflows.rosterview import RosterView
from workflows.rowdrafts import not_firm, state_of
from workflows.state import StepStatus


def deciding_step(
    situation: Situation, roster: Roster, rows: dict[int, RowState], command: DecideRows
) -> str:
    """The step a decision belongs to. Raises `RowsHeld`."""
    wanted = roster.rules
    definition = situation.definition
    awaiting = set(roster.open())
    answering = definition.by_step[wanted.answers].roles
    director = command.actor.role not in answering
    if director or (command.uploads and awaiting and set(rows) <= awaiting):
        return wanted.resolve
    not_firm(wanted, rows.values())
    held = [number for number, row in rows.items() if number in awaiting and not row.silent]
    if held:
        raise RowsHeld(rows=format_ranges(held), why="open")
    sent = state_of(situation).step(wanted.send).status is StepStatus.DONE
    return wanted.answers if sent else wanted.review


def answerable(wanted: RosterRules) -> Callable[[RowState, str], bool]:
    """What an area's answer may change: everything but what the director decided."""
    return lambda row, _decision: row.step != wanted.resolve


def words_of(roster: Roster) -> dict[str, list[int]]:
    """The rows of each word that the final sheet says."""
    words: dict[str, list[int]] = {}
    for row in roster.rows():
        if not row.decision:
            continue
        words.setdefault(roster.rules.by_decision[row.decision].words[0], []).append(row.number)
    return words


def unchanged(situation: Situation, roster: Roster, words: dict[str, list[int]]) -> None:
    """The decisions are still those that the sheet was made from. Raises `RowsDecided`."""
    if words_of(roster) != words:
        made = {number: word for word, numbers in words.items() for number in numbers}
        later = [
            row
            for row in roster.rows()
            if roster.rules.by_decision[row.decision].words[0] != made[row.number]
        ]
        last = situation.entries[max(row.seq for row in later) - 1].entry
        raise RowsDecided(
            rows=format_ranges(row.number for row in later),
            count=len(later),
            actor=last.actor,
            at=last.at,
            seq=last.seq,
        )


def version_before(situation: Situation, step: str) -> tuple[str, ...]:
    """The leaf of the final sheet before this one: versions are linked."""
    earlier = [sealed for sealed in situation.entries if is_version(sealed, step)]
    return (earlier[-1].leaf,) if earlier else ()


def is_version(sealed: SealedEntry, step: str) -> bool:
    """Whether an entry brought a version of the final sheet."""
    facts: Facts = facts_of(sealed.entry)
    return sealed.entry.step == step and bool(facts.sheet)


def answer_lines(
    wanted: RosterRules, view: RosterView, areas: Sequence[str]
) -> dict[str, list[tuple[str, ...]]]:
    """The lines of the sheets that areas answer on, by title; what was decided already stands in them."""
    sheets: dict[str, list[tuple[str, ...]]] = {}
    for area in view.areas:
        lines: list[tuple[str, ...]] = [
            (
                str(row.number),
                row.hid,
                row.name,
                row.area_name,
                wanted.by_status[row.status].name.es if row.status else "",
                wanted.by_decision[row.decision].words[0] if row.decision else "",
                "",
            )
            for row in view.rows
            if row.area == area.area and row.area in areas
        ]
        if lines:
            sheets[f"{area.name or 'Sin área'}"[:24] + f" {area.area}"] = lines
    return sheets
