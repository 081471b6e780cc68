"""Reading what an evidence file says where a slot asks for it, and comparing it with the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from documents.agent_list import AgentListing, read_agent_list
from documents.identifiers import fold
from documents.inspection import Inspection, inspect
from documents.paper import read_paper
from documents.request_form import AccountRequest, FormReading, read_account_requests
from documents.row_answers import spread, write_final
from documents.row_sheets import RowsReading, read_rows
from evidence.canonical import Json
from workflows.errors import FieldProblem
from workflows.ports import DocumentReader

_SHOWN = 80

Comparison = Callable[[Mapping[str, str], Sequence[str]], tuple[FieldProblem, ...]]
"""From the case's opening data and the names to compare, to what differs."""


class DirectReader:
    """A `workflows.ports.DocumentReader` in this very process: for files of our own making and for tests."""

    def inspect(self, stream: BinaryIO, *, name: str) -> Inspection:
        """`documents.inspection.inspect`."""
        return inspect(stream, name=name)

    def account_requests(self, stream: BinaryIO, *, name: str) -> FormReading:
        """`documents.request_form.read_account_requests`."""
        return read_account_requests(stream, name=name)

    def rows(self, stream: BinaryIO, *, form: str, name: str) -> RowsReading:
        """`documents.row_sheets.read_rows`."""
        return read_rows(stream, form=form, name=name)

    def final_rows(self, stream: BinaryIO, words: Mapping[str, Sequence[int]], *, name: str) -> bytes:
        """`documents.row_answers.write_final`."""
        return write_final(stream, spread(words), name=name)

    def agent_list(self, stream: BinaryIO, *, name: str) -> AgentListing:
        """`documents.agent_list.read_agent_list`."""
        return read_agent_list(stream, name=name)

    def paper(self, stream: BinaryIO, *, name: str) -> dict[str, Json]:
        """`documents.paper.read_paper` without looking for codes: these letters are of our own making."""
        return read_paper(stream, name=name, look=False).as_json()


@dataclass(frozen=True, slots=True)
class RosterComparison:
    """A campaign's sheet as it was read; every problem of it refuses the opening."""

    reading: RowsReading

    def __call__(self, _data: Mapping[str, str], _names: Sequence[str]) -> tuple[FieldProblem, ...]:
        """The problems of the sheet; there is nothing of the case to compare it with."""
        return row_problems(self.reading)


def row_problems(reading: RowsReading) -> tuple[FieldProblem, ...]:
    """Every problem of a sheet of rows as a page shows it."""
    return tuple(
        FieldProblem(problem.column or "archivo", problem.code, problem.row, problem.value[:_SHOWN])
        for problem in reading.errors
    )


def read_roster(reader: DocumentReader, stream: BinaryIO, name: str) -> Comparison:
    """Read a campaign's sheet."""
    return RosterComparison(reader.rows(stream, form="roster", name=name))


def read_accounts(reader: DocumentReader, stream: BinaryIO, name: str) -> Comparison:
    """Read MA-001's request sheet; what comes back compares it with a case, and may do so again after a conflict."""
    reading = reader.account_requests(stream, name=name)
    broken = tuple(
        FieldProblem(problem.column or "formato", problem.code, problem.row, problem.value[:_SHOWN])
        for problem in reading.errors
    )

    def compare(data: Mapping[str, str], names: Sequence[str]) -> tuple[FieldProblem, ...]:
        if broken:
            return broken
        rfc = data.get("rfc", "")
        row = next((row for row in reading.rows if row.rfc == rfc), None)
        if row is None:
            return (FieldProblem("rfc", "absent", 0, "", rfc),)
        return tuple(_differences(row, data, names))

    return compare


def _differences(row: AccountRequest, data: Mapping[str, str], names: Sequence[str]) -> list[FieldProblem]:
    """Fields that say something else, compared as people read them: case, accents and blanks do not count."""
    problems = []
    for name in names:
        found, expected = str(getattr(row, name)), data.get(name, "")
        if expected and fold(found) != fold(expected):
            problems.append(FieldProblem(name, "differs", row.row, found[:_SHOWN], expected[:_SHOWN]))
    return problems


READ: Mapping[str, Callable[[DocumentReader, BinaryIO, str], Comparison]] = {
    "account_requests": read_accounts,
    "roster": read_roster,
}
"""One function for every reader a definition may name (`workflows.validation.READERS`)."""
