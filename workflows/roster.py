"""The rows of a campaign as entries show them: a pure fold, standard library and `evidence` alone.

An entry names rows by their NUMBER in the sealed sheet (``facts.rows``: ranges with what they now are) and never by
what stands in them: identifiers and names stay in the sheet, which is an object, and in payloads. Who reads the sheet
too (`workflows.rosterview`) can tell people apart; whoever has the entries alone derives the same counts and states.

The order of entries decides (corrections in their place, `workflows.history`). The last valid decision on a row wins,
with two exceptions: silence fills only rows without a decision, and what was decided in the step ``resolve`` is
changed only there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from evidence.canonical import Json
from evidence.entry import Entry
from workflows.facts import RowFact
from workflows.history import Effective, resolve
from workflows.ranges import MAX_ROWS, parse_ranges
from workflows.rosterrules import RosterRules

MOST_NAMED = 2 * MAX_ROWS
"""Rows that one entry may name in all, repetitions counted: the work that an entry makes has a bound."""


@dataclass(frozen=True, slots=True)
class RowState:
    """One row of the sheet: ``number`` as the spreadsheet program shows it.

    ``status`` and ``decision`` are codes of the definition, ``""`` while there is none; ``seq`` is the entry that
    decided, ``step`` its step, ``status_seq`` the entry that brought the status. ``silent``: decided because the area
    did not answer. ``own`` is the actor id whose account the row's address belongs to. ``link`` is the folio of the
    case opened for it, ``earlier`` the entries whose decisions on it were replaced.
    """

    number: int
    area: str = ""
    own: str = ""
    status: str = ""
    status_seq: int = 0
    decision: str = ""
    seq: int = 0
    step: str = ""
    silent: bool = False
    link: str = ""
    earlier: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AreaState:
    """One area: how many rows, how many decided (``silent`` of them by silence), how many await somebody else.

    ``sent_seq`` is the last entry that asked it, 0 while nobody did. ``complete``: every row is decided.
    """

    area: str
    rows: int
    decided: int
    silent: int
    open: int
    sent_seq: int

    @property
    def complete(self) -> bool:
        """Whether every row of it has a decision."""
        return self.decided == self.rows

    def as_json(self) -> dict[str, Json]:
        """The members by name."""
        return {
            "area": self.area,
            "rows": self.rows,
            "decided": self.decided,
            "silent": self.silent,
            "open": self.open,
            "sent_seq": self.sent_seq,
        }


@dataclass(frozen=True, slots=True)
class RosterState:
    """What a case state says of its roster. ``sheet`` is the SHA-256 of the imported workbook.

    ``by_status`` and ``by_decision`` count rows by code (``""``: none yet). ``final_seq`` is the entry that brought the
    final sheet and counts, 0 for none; ``stale``: decisions came after it.
    """

    sheet: str
    rows: int
    by_status: Mapping[str, int]
    by_decision: Mapping[str, int]
    areas: tuple[AreaState, ...]
    undecided: int
    open: int
    silent: int
    own: int
    final_seq: int
    stale: bool
    links: tuple[str, ...]

    def as_json(self) -> dict[str, Json]:
        """The member ``roster`` of a case state."""
        return {
            "sheet": self.sheet,
            "rows": self.rows,
            "by_status": dict(self.by_status),
            "by_decision": dict(self.by_decision),
            "areas": [area.as_json() for area in self.areas],
            "undecided": self.undecided,
            "open": self.open,
            "silent": self.silent,
            "own": self.own,
            "final_seq": self.final_seq,
            "stale": self.stale,
            "links": list(self.links),
        }


@dataclass(slots=True)
class _Row:
    """A row while entries are folded."""

    area: str = ""
    own: str = ""
    status: str = ""
    status_seq: int = 0
    decision: str = ""
    seq: int = 0
    step: str = ""
    silent: bool = False
    link: str = ""
    earlier: list[int] = field(default_factory=list)


class Roster:
    """The rows while entries are read, one after another, in the order in which they count."""

    def __init__(self, rules: RosterRules) -> None:
        self.rules = rules
        self.sheet = ""
        self.final_seq = 0
        self.stale = False
        self._rows: dict[int, _Row] = {}
        self._sent: dict[str, int] = {}
        self._deciding = {rules.review, rules.answers, rules.resolve, rules.silence}

    def apply(self, item: Effective) -> list[str]:
        """Take an entry in; gives what of its facts could not be (``rows``, ``sheet``, ``areas``), for an exception."""
        step = item.entry.step
        problems: list[str] = []
        if step == self.rules.imports and not self._rows:
            self.sheet = item.facts.sheet
            problems += self._import(item.facts.rows)
        else:
            said = _spread(item.facts.rows)
            problems += {word for fact, numbers in said for word in self._change(item, fact, numbers)}
        if step == self.rules.send:
            known = {row.area for row in self._rows.values()}
            problems += ["areas" for area in item.facts.areas if area not in known]
            self._sent |= {area: item.entry.seq for area in item.facts.areas if area in known}
        if step == self.rules.final and item.facts.sheet:
            self.final_seq, self.stale = item.entry.seq, False
        return sorted(set(problems))

    def rows(self) -> Iterator[RowState]:
        """Every row, by number."""
        for number, row in sorted(self._rows.items()):
            yield RowState(
                number,
                row.area,
                row.own,
                row.status,
                row.status_seq,
                row.decision,
                row.seq,
                row.step,
                row.silent,
                row.link,
                tuple(row.earlier),
            )

    def undecided(self, area: str = "") -> tuple[int, ...]:
        """Numbers of the rows (of an area) without a decision."""
        return tuple(
            number
            for number, row in sorted(self._rows.items())
            if not row.decision and (not area or row.area == area)
        )

    def owing(self) -> frozenset[str]:
        """The areas with rows that have no decision."""
        return frozenset(row.area for row in self._rows.values() if not row.decision)

    def open(self) -> tuple[int, ...]:
        """Numbers of the rows that await somebody else's decision."""
        return tuple(n for n, row in sorted(self._rows.items()) if self._is_open(row.decision))

    def removable(self) -> tuple[int, ...]:
        """Numbers of the rows whose access ends and for which no case was opened."""
        removing = {item.code for item in self.rules.decisions if item.removes}
        return tuple(n for n, row in sorted(self._rows.items()) if row.decision in removing and not row.link)

    def dormant(self, step: str) -> bool:
        """Whether a step has nothing to do while the rows stand as they do: nobody owes it."""
        if step == self.rules.resolve:
            return not self.open()
        if step in {self.rules.answers, self.rules.silence}:
            return bool(self._rows) and not self.undecided()
        return step == self.rules.removals and not self.removable()

    def unsettled(self) -> tuple[str, ...]:
        """Steps in which what is lacking to a decision on every row can be recorded; empty: all are settled."""
        found = []
        if not self._rows or any(not row.decision for row in self._rows.values()):
            found.append(self.rules.answers)
        if self.open():
            found.append(self.rules.resolve)
        return tuple(found)

    def by_silence(self, area: str) -> tuple[RowFact, ...]:
        """What silence makes of the undecided rows of an area: the decision that follows from each one's status."""
        numbers: dict[str, list[int]] = {}
        for number in self.undecided(area):
            status = self.rules.by_status[self._rows[number].status or self.rules.absent]
            numbers.setdefault(status.silence, []).append(number)
        return tuple(RowFact.of(rows, decision=code) for code, rows in sorted(numbers.items()))

    def state(self) -> RosterState:
        """The counts."""
        rows = self._rows.values()
        return RosterState(
            sheet=self.sheet,
            rows=len(rows),
            by_status=dict(sorted(Counter(row.status for row in rows).items())),
            by_decision=dict(sorted(Counter(row.decision for row in rows).items())),
            areas=self._areas(),
            undecided=sum(not row.decision for row in rows),
            open=len(self.open()),
            silent=sum(row.silent for row in rows),
            own=sum(bool(row.own) for row in rows),
            final_seq=self.final_seq,
            stale=self.stale,
            links=tuple(row.link for _, row in sorted(self._rows.items()) if row.link),
        )

    def _areas(self) -> tuple[AreaState, ...]:
        members: dict[str, list[_Row]] = {}
        for row in self._rows.values():
            members.setdefault(row.area, []).append(row)
        return tuple(
            AreaState(
                area,
                len(rows),
                sum(bool(row.decision) for row in rows),
                sum(row.silent for row in rows),
                sum(self._is_open(row.decision) for row in rows),
                self._sent.get(area, 0),
            )
            for area, rows in sorted(members.items())
        )

    def _is_open(self, decision: str) -> bool:
        return bool(decision) and self.rules.by_decision[decision].open

    def _import(self, facts: Iterable[RowFact]) -> Iterator[str]:
        for fact, numbers in _spread(facts):
            if not numbers or len(self._rows.keys() | set(numbers)) > MAX_ROWS:
                yield "rows"
                continue
            for number in numbers:
                row = self._rows.setdefault(number, _Row())
                row.area, row.own = fact.area or row.area, fact.own or row.own

    def _change(self, item: Effective, fact: RowFact, numbers: Sequence[int]) -> Iterator[str]:
        """What one fact changes, row by row; yields a word for each part of it that says nothing here."""
        if not numbers:
            yield "rows"
        step, seq = item.entry.step, item.entry.seq
        for number in numbers:
            row = self._rows.get(number)
            if row is None:
                yield "rows"
                continue
            if step == self.rules.status_step and fact.status in self.rules.by_status:
                row.status, row.status_seq = fact.status, seq
            elif step == self.rules.removals and fact.link:
                row.link = fact.link
            elif step in self._deciding and fact.decision in self.rules.by_decision:
                yield from self._decide(row, fact.decision, step, seq)
            else:
                yield "rows"

    def _decide(self, row: _Row, decision: str, step: str, seq: int) -> Iterator[str]:
        silent = step == self.rules.silence
        if row.decision and (silent or (row.step == self.rules.resolve and step != row.step)):
            yield "decision"
            return
        if row.seq:
            row.earlier.append(row.seq)
        row.decision, row.seq, row.step, row.silent = decision, seq, step, silent
        self.stale = bool(self.final_seq)


def _spread(facts: Iterable[RowFact]) -> Iterator[tuple[RowFact, Sequence[int]]]:
    """Each fact with its rows; none where its ranges are not such, or the entry has named as many as it may."""
    named = 0
    for fact in facts:
        numbers: Sequence[int] = ()
        if named <= MOST_NAMED:
            with suppress(ValueError):
                numbers = parse_ranges(fact.at)
        named += len(numbers)
        yield fact, numbers if named <= MOST_NAMED else ()


def fold_roster(rules: RosterRules, entries: Sequence[Entry]) -> Roster:
    """The roster that the entries of one case amount to; never raises on what they say."""
    roster = Roster(rules)
    for item in resolve(entries).effective:
        roster.apply(item)
    return roster
