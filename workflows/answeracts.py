"""What is told to `workflows.answering`: somebody is asked for an answer or left a secret; it came, or was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evidence.canonical import Json
from workflows.commands import Actor
from workflows.facts import Facts


@dataclass(frozen=True, slots=True)
class AskAnswer:
    """Ask ``person`` about ``step`` through a personal link.

    ``question`` is exactly what they are shown; its digest binds link and answer. ``data`` are values of the step's
    form that the request fixes. ``purpose`` says what kind of request it is, ``request`` is its opaque id.
    """

    folio: str
    step: str
    request: str
    purpose: str
    actor: Actor
    person: str
    question: Mapping[str, Json]
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)
    factor: str = ""
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class GiveAnswer:
    """What whom a link was made for answered: branch ``choice`` of the step, in their own words if they like."""

    folio: str
    request: str
    actor: Actor
    choice: str
    note: str = ""
    facts: Facts = field(default_factory=Facts)
    private: Mapping[str, Json] = field(default_factory=dict)
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ReceiveSecret:
    """Whom a link was made for has the secret before them. Nothing of the secret is ever in here."""

    folio: str
    request: str
    actor: Actor
    facts: Facts = field(default_factory=Facts)
    private: Mapping[str, Json] = field(default_factory=dict)
    idempotency_key: str = ""


AnswerCommand = AskAnswer | GiveAnswer | ReceiveSecret
