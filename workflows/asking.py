"""What a command asks, told apart from what another one asks, and the ledger's refusals in the words of cases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime

from evidence.canonical import Json
from evidence.ports import IdempotencyMismatch, ReferenceTaken
from workflows.answeracts import AnswerCommand
from workflows.campaigncommands import RowCommand
from workflows.casefile import OPEN_REFERENCE
from workflows.commands import (
    Actor,
    LinkCase,
    NoteMail,
    NoticeRefusal,
    OpenCase,
    OpenSet,
    Part,
    RecordSet,
    RecordStep,
    RefuseRequest,
    Reuse,
    Supersede,
    WaiveStep,
)
from workflows.errors import DuplicateCase, DuplicateReference, RequestReused
from workflows.facts import Facts, time_text
from workflows.keepingacts import KeepingCommand
from workflows.returnacts import ReturnCommand
from workflows.reviewacts import ReviewCommand
from workflows.signatureacts import SignatureCommand
from workflows.uploads import PreparedFile

Command = (
    LinkCase
    | NoticeRefusal
    | NoteMail
    | OpenCase
    | OpenSet
    | RecordSet
    | RecordStep
    | Supersede
    | WaiveStep
    | RefuseRequest
    | RowCommand
    | SignatureCommand
    | AnswerCommand
    | ReturnCommand
    | ReviewCommand
    | KeepingCommand
)


def request_digest(command: Command, files: Sequence[PreparedFile]) -> str:
    """Hex SHA-256 of what a command asks, its files by content: equal for a repeated click, different for another."""
    asked: dict[str, Json] = {"command": type(command).__name__, **_members(command)}
    asked["files"] = [
        [file.name, file.slot, file.sha256, file.system, file.taken] for file in files if not file.made
    ]
    text = json.dumps(asked, sort_keys=True)  # ASCII: a form may hold what no entry may, and is refused later
    return hashlib.sha256(text.encode()).hexdigest()


def _members(command: Command | Part) -> dict[str, Json]:
    """What is asked, by name; files are told by their content, and the key is not part of the question."""
    names = (item.name for item in fields(command))
    return {
        name: _plain(getattr(command, name))
        for name in names
        if name not in {"uploads", "idempotency_key", "by_link"}
    }


def _plain(value: object) -> Json:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Actor):
        return [value.id, value.role]
    if isinstance(value, Facts):
        return value.as_json()
    if isinstance(value, Reuse):
        return [value.slot, value.seq, value.object]
    if isinstance(value, OpenCase | Part):
        return _members(value)
    if isinstance(value, Mapping):
        return {str(name): str(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a request")


def ledger_key(command: Command, place: str) -> str:
    """The ledger's key: one person's key on one case for one kind of command cannot meet another's."""
    if not command.idempotency_key:
        return ""
    return f"{type(command).__name__}/{place}/{command.actor.id}/{command.idempotency_key}"


@contextmanager
def in_words_of_cases(command: Command) -> Iterator[None]:
    """The ledger's refusals in the words of cases."""
    try:
        yield
    except IdempotencyMismatch as error:
        raise RequestReused(idempotency_key=command.idempotency_key) from error
    except ReferenceTaken as error:
        prefix, _, rest = error.kind.partition(":")
        if prefix == OPEN_REFERENCE and rest:
            process, _, name = rest.partition(":")
            raise DuplicateCase(process=process, field=name, folio=error.case) from error
        raise DuplicateReference(kind=error.kind, value=error.value, folio=error.case) from error
