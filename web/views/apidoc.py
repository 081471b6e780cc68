"""The API's operations for people: the same declarations the document is made from, grouped as it groups them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from web.api.callers import ROOT
from web.api.declared import Group, Operation
from web.api.words import API
from web.errors import api_answer
from web.views.tokens import scope_words


@dataclass(frozen=True, slots=True)
class OperationLine:
    """One operation, as its declaration tells it (Spanish alone: it is the document's text)."""

    id: str
    method: str
    path: str
    scope: str
    summary: str
    text: str
    params: tuple[tuple[str, str, str], ...]
    body: str
    keyed: bool
    files: bool


@dataclass(frozen=True, slots=True)
class GroupLine:
    """Operations on one subject."""

    tag: str
    text: str
    operations: tuple[OperationLine, ...]


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """A refusal of the API itself."""

    code: str
    status: int
    message: str
    advice: str


def group_lines(groups: Iterable[Group]) -> tuple[GroupLine, ...]:
    """All of them, in the order of the document."""
    return tuple(
        GroupLine(group.tag, group.text, tuple(_line(item) for item in group.operations)) for group in groups
    )


def problem_lines() -> tuple[ProblemLine, ...]:
    """What the API refuses by itself, by status."""
    found = [(code, api_answer(code)) for code in API]
    lines = [ProblemLine(code, item.status, item.message, item.advice) for code, item in found]
    return tuple(sorted(lines, key=lambda line: (line.status, line.code)))


def scope_lines() -> dict[str, str]:
    """Scopes in words."""
    return scope_words()


def _line(operation: Operation) -> OperationLine:
    return OperationLine(
        id=operation.id,
        method=operation.method,
        path=ROOT + operation.path,
        scope=operation.scope,
        summary=operation.summary,
        text=operation.text,
        params=tuple((param.name, param.where, param.text) for param in operation.params),
        body=operation.body,
        keyed=operation.keyed,
        files=operation.files,
    )
