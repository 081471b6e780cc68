"""What the kinds of this folder share when the desk asks: who, until when, about which question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, format_time
from signing.desk import RequestDesk, next_reminder
from signing.office import Office, Place
from signing.ports import Person
from signing.records import Purpose, Request
from signing.tokens import new_id
from workflows.answeracts import AskAnswer
from workflows.answering import likely, question_digest
from workflows.commands import Actor

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
    desk.check_terms(ask.expires_at, ask.factor, office.reachable(ask.person))
    request_id = new_id("r-")
    whole = question_of(ask, request_id, question)
    document = BlobRef(question_digest(whole), len(canonical_bytes(whole)), MEDIA, "")
    request = request_of(office, purpose, ask, request_id, document, name, actor, place, {"about": ask.about})

    def write() -> None:
        keep(request)
        office.cases.answers.ask(_command(ask, request, whole, actor))

    desk.enter(request, write)
    return request


def question_of(ask: Ask, request_id: str, words: Mapping[str, Json]) -> dict[str, Json]:
    """What a link is bound to where there is no letter: ``words``, and of which request of which case they are."""
    return {
        **words,
        "request": request_id,
        "folio": ask.folio,
        "step": ask.step,
        "about": ask.about,
        "note": ask.note.strip(),
    }


def request_of(  # noqa: PLR0913 - what a request is made of
    office: Office,
    purpose: Purpose,
    ask: Ask,
    request_id: str,
    document: BlobRef,
    name: str,
    actor: Actor,
    place: Place,
    details: Mapping[str, str],
) -> Request:
    """The row of what is asked, by who asks from where."""
    now = office.clock()
    return Request(
        id=request_id,
        purpose=purpose,
        folio=ask.folio,
        step=ask.step,
        signatory=ask.person,
        asked_by=actor.id,
        document=document,
        name=name,
        expires_at=format_time(ask.expires_at),
        created_at=format_time(now),
        factor=ask.factor,
        remind_at=next_reminder(office, now),
        asker_mark=office.marks.of("address", place.address),
        asker_device=office.marks.of("device", place.address, place.user_agent),
        note=ask.note.strip(),
        details=details,
    )


def askable(office: Office, folio: str, contacts: Sequence[str]) -> tuple[Person, ...]:
    """Who can be asked about a case, the likeliest first, and then ``contacts``."""
    first = likely(office.cases.requests.situation(folio))
    known = (office.people.person(actor) for actor in dict.fromkeys((*first, *contacts)))
    return tuple(item for item in known if item is not None)


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
