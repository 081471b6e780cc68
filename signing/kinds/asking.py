"""What the kinds of this folder share when the desk asks: who, until when, about which question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, format_time
from signing.desk import RequestDesk
from signing.errors import NoAddress
from signing.office import Office, Place
from signing.ports import Person
from signing.records import Purpose, Request, Status
from signing.tokens import new_id
from workflows.answeracts import AskAnswer
from workflows.answering import question_digest
from workflows.commands import Actor
from workflows.errors import Refusal

MEDIA = "application/json"


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody is to be asked about a step: until when, with which second factor (``""``: none), in which words.

    ``data`` are values of the step's form that the request fixes; ``about`` says whom or what the case is about.
    """

    folio: str
    step: str
    person: str
    expires_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)
    factor: str = ""
    note: str = ""
    about: str = ""


def ask_about(  # noqa: PLR0913 - what a request is made of
    office: Office,
    desk: RequestDesk,
    purpose: Purpose,
    ask: Ask,
    name: str,
    question: Mapping[str, Json],
    actor: Actor,
    place: Place,
    *,
    keep: Callable[[Request], None] = lambda _request: None,
) -> Request:
    """The row and the entry of a request; its mail has not gone out yet. ``keep`` puts what hangs on it beside the row.

    Raises:
        LinkError: see its kinds. And what `workflows.answering.AnswerBook.ask` raises; then nothing waits.
    """
    office.address_of("/")
    who = reachable(office, ask.person)
    desk.check_terms(ask.expires_at, ask.factor, who)
    now = office.clock()
    request_id = new_id("r-")
    whole: dict[str, Json] = {
        **question,
        "request": request_id,
        "folio": ask.folio,
        "step": ask.step,
        "about": ask.about,
        "note": ask.note.strip(),
    }
    request = Request(
        id=request_id,
        purpose=purpose,
        folio=ask.folio,
        step=ask.step,
        signatory=who.id,
        asked_by=actor.id,
        document=BlobRef(question_digest(whole), len(canonical_bytes(whole)), MEDIA, ""),
        name=name,
        expires_at=format_time(ask.expires_at),
        created_at=format_time(now),
        factor=ask.factor,
        remind_at=desk.next_reminder(now),
        asker_mark=office.marks.of("address", place.address),
        asker_device=office.marks.of("device", place.address, place.user_agent),
        note=ask.note.strip(),
        details={"about": ask.about},
    )
    office.store.add_request(request)
    keep(request)
    try:
        office.cases.answers.ask(_command(ask, request, whole, actor))
    except Refusal:
        office.store.move(request.id, [Status.NEW], Status.VOID)
        raise
    return request


def reachable(office: Office, person: str) -> Person:
    """Somebody known who has an address. Raises `UnknownPerson`, `NoAddress`."""
    who = office.person(person)
    if not who.email:
        raise NoAddress(name=who.name)
    return who


def _command(ask: Ask, request: Request, question: Mapping[str, Json], actor: Actor) -> AskAnswer:
    return AskAnswer(
        folio=ask.folio,
        step=ask.step,
        request=request.id,
        purpose=request.purpose,
        actor=actor,
        person=request.signatory,
        question=question,
        expires_at=ask.expires_at,
        data=ask.data,
        factor=ask.factor,
        note=ask.note,
    )
