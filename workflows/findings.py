"""From a list of findings to cases: which rows are good, which are not and why, and where some of them belong.

Nothing is written here. Rows are judged by the fields of the opening they fill, against the list itself (the same
agent twice) and against cases that are open; what a process refuses is named with its destination.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from documents.agent_list import AgentListing, ListedAgent
from documents.identifiers import fold
from evidence.canonical import Json
from workflows.casefile import OPEN_REFERENCE
from workflows.corrections import ground_of
from workflows.definition import Definition, Field, Ground, Series
from workflows.errors import FieldProblem
from workflows.ports import CaseIndex
from workflows.values import check_values, reference_value


@dataclass(frozen=True, slots=True)
class GoodRow:
    """A row from which a case is opened: its opening values, and the value that tells the agent.

    ``unread``: by column, what was written where one of the field's options was due and none is named; the field's
    default stands in its place, so a person should look.
    """

    row: int
    data: Mapping[str, str]
    key: str
    unread: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """The members by name."""
        return {"row": self.row, "key": self.key, "data": dict(self.data), "unread": dict(self.unread)}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that opens nothing: ``problem`` as in `FieldProblem`; ``folio`` of the case that has the agent already."""

    row: int
    column: str
    problem: str
    found: str = ""
    expected: str = ""
    folio: str = ""

    def as_json(self) -> dict[str, Json]:
        """The members by name."""
        return {
            "row": self.row,
            "column": self.column,
            "problem": self.problem,
            "found": self.found,
            "expected": self.expected,
            "folio": self.folio,
        }


@dataclass(frozen=True, slots=True)
class RoutedRow:
    """A row that belongs elsewhere: it is recorded as refused, with its destination."""

    row: int
    data: Mapping[str, str]
    key: str
    ground: str
    destination: str

    def as_json(self) -> dict[str, Json]:
        """The members by name."""
        return {"row": self.row, "key": self.key, "refusal": self.ground, "destination": self.destination}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a list would do. ``skipped`` rows say of themselves that they are no findings."""

    good: tuple[GoodRow, ...]
    routed: tuple[RoutedRow, ...]
    bad: tuple[BadRow, ...]
    skipped: int = 0

    def as_json(self) -> dict[str, Json]:
        """The members by name."""
        return {
            "good": [item.as_json() for item in self.good],
            "routed": [item.as_json() for item in self.routed],
            "refused": [item.as_json() for item in self.bad],
            "skipped": self.skipped,
        }


class Judge:
    """Judges the rows of one list. ``same_list`` says whether a case was opened from this very list before."""

    def __init__(self, definition: Definition, series: Series, index: CaseIndex, own: frozenset[str]) -> None:
        """``own`` are folios of cases that were opened from this list before: a repeated click is no duplicate."""
        self._definition = definition
        self._series = series
        self._index = index
        self._own = own
        step = definition.by_step[definition.opening.step]
        self._fields = {item.name: item for item in (*definition.opening.fields, *step.fields)}
        self._key = next((item for item in self._fields.values() if item.unique_open), None)
        self._column_of = {name: column for column, name in series.columns.items()}

    def proposal(self, listing: AgentListing) -> Proposal:
        """Every row of the list in one of the three ways, or skipped."""
        bad = [BadRow(e.row, e.column, e.code, e.value) for e in listing.errors]
        good: list[GoodRow] = []
        routed: list[RoutedRow] = []
        seen: dict[str, int] = {}
        skipped = 0
        for item in listing.rows:
            if not self._wanted(item):
                skipped += 1
                continue
            data = self._data(item)
            problems = tuple(self._problems(item, data)) or tuple(self._twice(item, data, seen))
            ground = ground_of(self._definition, data)
            if problems:
                bad += problems
            elif ground is not None:
                found = self._route(item, data, ground)
                (routed if isinstance(found, RoutedRow) else bad).append(found)  # type: ignore[arg-type]
            elif folio := self._open_case(data):
                bad.append(
                    BadRow(item.row, self._key_column(), "open_case", self._spelled(data), folio=folio)
                )
            else:
                good.append(GoodRow(item.row, data, self._spelled(data), self._unread(item)))
        return Proposal(tuple(good), tuple(routed), tuple(bad), skipped)

    def _wanted(self, item: ListedAgent) -> bool:
        return all(
            fold(item.values.get(column, word)) == fold(word) for column, word in self._series.only.items()
        )

    def _data(self, item: ListedAgent) -> dict[str, str]:
        data: dict[str, str] = {}
        for column, name in self._series.columns.items():
            value = item.values.get(column, "")
            field = self._fields[name]
            if field.options:
                value = _option(field, value)
            if value:
                data[name] = value
        return data

    def _unread(self, item: ListedAgent) -> dict[str, str]:
        """Cells that name no option of their field."""
        choices = {column: self._fields[name] for column, name in self._series.columns.items()}
        return {
            column: typed
            for column, field in choices.items()
            if field.options and (typed := item.values.get(column, "")) and not _option(field, typed)
        }

    def _problems(self, item: ListedAgent, data: Mapping[str, str]) -> Iterator[BadRow]:
        checked = check_values(self._definition, self._fields.values(), data, {})
        for problem in checked.problems:
            yield self._bad(item, problem)

    def _twice(self, item: ListedAgent, data: Mapping[str, str], seen: dict[str, int]) -> Iterator[BadRow]:
        spelled = self._spelled(data)
        earlier = seen.setdefault(spelled, item.row)
        if spelled and earlier != item.row:
            yield BadRow(item.row, self._key_column(), "listed_twice", spelled, str(earlier))

    def _route(self, item: ListedAgent, data: Mapping[str, str], ground: Ground) -> RoutedRow | BadRow:
        """A row for elsewhere is recorded once, not every day it is still on the list."""
        spelled = self._spelled(data)
        before = self._index.by_reference(self._key.reference, spelled) if self._key else ()
        mine = [
            folio for folio in before if folio.startswith(self._definition.process) and folio not in self._own
        ]
        if mine:
            return BadRow(item.row, self._key_column(), "routed_before", spelled, ground.name.es, mine[-1])
        return RoutedRow(item.row, data, spelled, ground.code, ground.destination)

    def _open_case(self, data: Mapping[str, str]) -> str:
        if self._key is None:
            return ""
        kind = f"{OPEN_REFERENCE}:{self._definition.process}:{self._key.name}"
        folios = self._index.by_reference(kind, self._spelled(data))
        return next((folio for folio in folios if folio not in self._own), "")

    def _spelled(self, data: Mapping[str, str]) -> str:
        if self._key is None:
            return ""
        checked = check_values(
            self._definition, [self._key], {self._key.name: data.get(self._key.name, "")}, {}
        )
        return reference_value(self._key, checked.data.get(self._key.name, ""))

    def _key_column(self) -> str:
        return self._column_of.get(self._key.name, "") if self._key is not None else ""

    def _bad(self, item: ListedAgent, problem: FieldProblem) -> BadRow:
        column = self._column_of.get(problem.field, problem.field)
        return BadRow(item.row, column, problem.problem, problem.found, problem.expected)


def _option(field: Field, typed: str) -> str:
    """The option a cell names by its code or among its words; ``""`` leaves the field to its default."""
    words = fold(typed).replace("/", " ").split()
    return next((option.code for option in field.options if fold(option.code) in words), "")
