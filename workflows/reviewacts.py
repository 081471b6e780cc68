"""What is told to `workflows.reviewing`: an area's person is asked to review her rows by link, decides, and is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evidence.canonical import Json
from workflows.commands import Actor
from workflows.facts import Facts


@dataclass(frozen=True, slots=True)
class AskReview:
    """Ask ``person`` to review the rows of ``area`` through a personal link.

    ``question`` is what the link is bound to (sheet, rows, terms); ``request`` is the request's opaque id.
    """

    folio: str
    area: str
    request: str
    actor: Actor
    person: str
    question: Mapping[str, Json]
    expires_at: datetime
    factor: str = ""
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class FinishReview:
    """Whom the link was made for says that she is done."""

    folio: str
    request: str
    actor: Actor
    facts: Facts = field(default_factory=Facts)
    private: Mapping[str, Json] = field(default_factory=dict)
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ByLink:
    """That rows are decided through a personal link: of which request, and what is known of the visit."""

    request: str
    facts: Facts = field(default_factory=Facts)
    private: Mapping[str, Json] = field(default_factory=dict)


ReviewCommand = AskReview | FinishReview
