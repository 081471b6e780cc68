"""The story of one row of a campaign: each decision with who, when and why, the latest first; nothing is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.canonical import Json
from evidence.entry import SealedEntry
from web.views.grid import Word, decision_word, status_word
from web.views.lens import Lens, Moment
from workflows.casefile import CaseView
from workflows.ranges import parse_ranges
from workflows.rosterrules import RosterRules
from workflows.rosterview import RosterRow
from workflows.rowmatching import WHY


@dataclass(frozen=True, slots=True)
class Chapter:
    """An entry that said something of the row. ``counts``: it is what holds now; ``void_by`` corrected it (0: none)."""

    seq: int
    step: str
    name: str
    word: Word
    who: str
    role: str
    recorded: Moment
    occurred: Moment | None
    why: str
    counts: bool
    void_by: int


def story_of(row: RosterRow, case: CaseView, rules: RosterRules, lens: Lens) -> tuple[Chapter, ...]:
    """Every entry that gave the row a status or a decision, the latest first."""
    void = dict(case.state.superseded)
    found = [
        _chapter(row, sealed, fact, case, rules, lens, void)
        for sealed in case.entries
        for fact in _facts(sealed, row.number)
    ]
    return tuple(reversed(found))


def _facts(sealed: SealedEntry, number: int) -> Iterator[dict[str, Json]]:
    """What an entry's facts say of one row; ranges that cannot be read say nothing."""
    rows = sealed.entry.facts.get("rows")
    for item in rows if isinstance(rows, list) else ():
        if isinstance(item, dict) and (item.get("status") or item.get("decision")):
            try:
                if number in parse_ranges(str(item.get("at", ""))):
                    yield item
            except ValueError:
                continue


def _chapter(
    row: RosterRow,
    sealed: SealedEntry,
    fact: dict[str, Json],
    case: CaseView,
    rules: RosterRules,
    lens: Lens,
    void: dict[int, int],
) -> Chapter:
    entry, definition = sealed.entry, case.definition
    decision, status = str(fact.get("decision", "")), str(fact.get("status", ""))
    step = definition.by_step.get(entry.step)
    occurred = entry.facts.get("occurred_at")
    return Chapter(
        seq=entry.seq,
        step=entry.step,
        name=lens.say(step.name) if step is not None else "",
        word=decision_word(rules, decision, lens) if decision else status_word(rules, status, lens),
        who=lens.who(entry.actor),
        role=lens.role(definition, entry.role),
        recorded=lens.moment(entry.at),
        occurred=lens.maybe(occurred) if isinstance(occurred, str) else None,
        why=why_of(sealed, row.number),
        counts=bool(decision) and entry.seq == row.seq,
        void_by=void.get(entry.seq, 0),
    )


def why_of(sealed: SealedEntry, number: int) -> str:
    """The reason an entry gives for a row: its own where the payload has one, else that of the whole entry."""
    payload = sealed.payload()
    own, data = payload.get(WHY), payload.get("data")
    if isinstance(own, dict) and own.get(str(number)):
        return str(own[str(number)])
    told = data.get("nota") if isinstance(data, dict) else ""
    return str(payload.get("reason") or told or payload.get("note") or "")
