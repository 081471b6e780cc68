"""Reading what an evidence file says where a slot asks for it, and comparing it with the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from documents.identifiers import fold
from documents.inspection import Inspection, inspect
from documents.request_form import AccountRequest, FormReading, read_account_requests
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
    "account_requests": read_accounts
}
"""One function for every reader a definition may name (`workflows.validation.READERS`)."""
