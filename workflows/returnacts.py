"""What is told to `workflows.returning`: a signed letter is asked for by link, it came, the desk judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evidence.canonical import Json
from workflows.commands import Actor, Upload
from workflows.facts import Facts


@dataclass(frozen=True, slots=True)
class AskReturn:
    """Ask ``person`` to return the signed letter of ``step``; ``seq`` is the entry of the letter (0: none in PDF).

    ``digest`` is of the letter, or of the question where there is none: link and answer are bound to it.
    """

    folio: str
    step: str
    request: str
    purpose: str
    actor: Actor
    person: str
    seq: int
    digest: str
    question: Mapping[str, Json]
    expires_at: datetime
    factor: str = ""
    note: str = ""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class GiveReturn:
    """The files that whom a link was made for sends back; ``no_secrets``: they say that none shows a password."""

    folio: str
    request: str
    actor: Actor
    uploads: tuple[Upload, ...]
    no_secrets: bool = False
    facts: Facts = field(default_factory=Facts)
    private: Mapping[str, Json] = field(default_factory=dict)
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class JudgeReturn:
    """The desk takes what entry ``seq`` brought as the step's evidence, or with a ``reason`` does not."""

    folio: str
    seq: int
    actor: Actor
    reason: str = ""
    idempotency_key: str = ""


ReturnCommand = AskReturn | GiveReturn | JudgeReturn
