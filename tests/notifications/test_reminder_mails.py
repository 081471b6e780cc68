"""What goes out by itself: reminders and alerts of posts, each once, to who answers now, in the language they chose."""

from __future__ import annotations

import email
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from evidence.entry import EntryKind
from identity.access import Granter
from identity.accounts import Role
from tests.fakes.installation import Installation
from tests.fakes.metlife import people, workbook
from tests.fakes.signing_room import SigningRoom
from tests.notifications.test_mailbox import STEPS
from tests.workflows.desk import TICKET, eml
from workflows.commands import Actor, OpenCase, RecordStep, Upload
from workflows.loader import load
from workflows.notices import _awaited

MONDAY = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
CONSOLE = Granter(via="console", os_user="prueba")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation on a Monday morning."""
    made = Installation(tmp_path / "data")
    made.clock.offset = MONDAY - datetime.now(UTC)
    yield made
    made.close()


def later(place: Installation, days: int, hours: int = 0) -> None:
    """Move on to so long after that Monday at ten, fire what is due and send what waits."""
    place.clock.offset = MONDAY + timedelta(days=days, hours=hours) - datetime.now(UTC)
    place.house.cases.fire_due_timers(place.clock())
    place.house.mail.sender.run(limit=100)


def sent(place: Installation, template: str) -> list[EmailMessage]:
    """The mails of a template that left, in their order."""
    rows = [mail for mail in reversed(place.house.outbox.latest(200)) if mail.request.template == template]
    found = (place.house.mail.folder.read(row.message_id(place.house.mail.head.domain)) for row in rows)
    return [cast("EmailMessage", email.message_from_bytes(raw, policy=default)) for raw in found if raw]


def text_of(mail: EmailMessage) -> str:
    """Its plain part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return cast("str", part.get_content())


def awaiting_validation(place: Installation, email: str = TICKET["correo"]) -> str:
    """A ticket whose user was asked on that Monday whether it works."""
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    folio = place.house.cases.open_case(OpenCase("MA-006", actor, {**TICKET, "correo": email})).folio
    for step, choice, data in STEPS:
        place.house.cases.record(RecordStep(folio, step, actor, data=data, choice=choice))
    return folio


def campaign(place: Installation) -> str:
    """A campaign due on Friday, 11 December."""
    laura = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    sheet = Upload("usuarios.xlsx", io.BytesIO(workbook(people(3))))
    data = {"requerimiento": "R-1", "aplicacion": "pro99", "remitente": "si"}
    cases = place.house.cases
    folio = cases.open_case(OpenCase("MA-005", laura, data, (eml(), sheet))).folio
    cases.record(RecordStep(folio, "2", laura, data={"aplicaciones": "Pro99"}))
    dates = {"fecha_limite": "2026-12-11", "cita": "A más tardar el 11 de diciembre"}
    cases.record(RecordStep(folio, "3", laura, data=dates))
    return folio


def test_who_does_not_answer_is_reminded_once_and_the_case_has_the_mail(place: Installation) -> None:
    """Nothing on the first day; on the second business day one mail to who asked; firing again sends nothing more."""
    folio = awaiting_validation(place)
    later(place, 1, hours=9)
    assert sent(place, "recordatorio") == []
    later(place, 2, hours=9)
    later(place, 2, hours=9)
    (mail,) = sent(place, "recordatorio")
    assert (mail["To"], mail["Subject"]) == (TICKET["correo"], f"Esperamos tu respuesta [{folio}]")
    assert TICKET["descripcion"] not in mail.as_string()
    last = place.house.ledger.history(folio)[-1].entry
    assert (last.kind, last.facts["mail"]["template"]) == (EntryKind.MAIL_SENT, "recordatorio")  # type: ignore[call-overload,index]
    with place.house.blobs.open(last.objects[0]) as stream:
        assert stream.read() == place.house.mail.folder.read(mail["Message-ID"])


def test_who_answered_is_not_reminded(place: Installation) -> None:
    """The answer came on the first day: no reminder on the second, nor ever."""
    folio = awaiting_validation(place)
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    place.house.cases.record(RecordStep(folio, "16", actor, uploads=(eml(),), choice="validado"))
    later(place, 2)
    later(place, 9)
    assert sent(place, "recordatorio") == []


def letter_sent_by_hand(room: SigningRoom) -> str:
    """A case whose letter went to the director by mail on that Monday."""
    folio = room.case()
    room.place.house.cases.record(RecordStep(folio, "8", room.actor, uploads=(eml(),)))
    return folio


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director, on that Monday."""
    place = Installation(tmp_path / "room", {"CONSTANCIA_PUBLIC_URL": "https://desk.example"})
    place.clock.offset = MONDAY - datetime.now(UTC)
    director = place.house.contacts.add("Jesús Quiriarte", CONSOLE, email="director@empresa.example")
    place.house.posts.appoint("director_general", director.id, CONSOLE)
    yield SigningRoom(place, place.user(), director)
    place.close()


def test_the_reminder_goes_to_who_is_to_answer(room: SigningRoom) -> None:
    """The director's signature is missing: the director is written to, not the person the account is for."""
    folio = letter_sent_by_hand(room)
    later(room.place, 2, hours=9)
    (mail,) = sent(room.place, "recordatorio")
    assert "director@empresa.example" in mail["To"]
    assert mail["Subject"] == f"Esperamos tu respuesta [{folio}]"


def test_a_link_brings_its_own_reminders(room: SigningRoom) -> None:
    """Asked by personal link, the director is reminded by mails whose link opens, and by no other."""
    room.ask(room.case())
    later(room.place, 2, hours=9)
    room.links.sweeper.run(room.place.clock())
    room.place.house.mail.sender.run(limit=100)
    assert sent(room.place, "recordatorio") == []
    assert len(sent(room.place, "firma_recordatorio")) == 1


def test_nobody_is_written_to_in_the_insurers_place() -> None:
    """Of a step that MetLife performs no address follows from the case: its reminder stays in the inbox."""
    definition = load(Path("workflows/definitions/ma-002/2025-12-15.toml").read_bytes())
    step = definition.by_step["14"]
    situation = SimpleNamespace(definition=definition, entries=())
    assert _awaited(situation, (), step) == ()  # type: ignore[arg-type]  # what it reads of a situation


def test_the_posts_of_a_deadline_are_mailed_at_each_mark(place: Installation) -> None:
    """D-10 to D-1, each once and each to who holds the post that day; a post that nobody holds is told as a failure."""
    folio = campaign(place)
    carlos = place.user(Role.AUDITOR_INTERNO, email="carlos@desk.example", name="Carlos Nava")
    place.house.posts.appoint("recertificacion", carlos.id, CONSOLE)
    later(place, 3)
    assert sent(place, "aviso_plazo") == []
    later(place, 4)
    (mail,) = sent(place, "aviso_plazo")
    assert mail["To"] == "Carlos Nava <carlos@desk.example>"
    assert mail["Subject"].startswith(f"Plazo de {folio}: ")
    assert f"Caso: {folio}" in text_of(mail)
    elena = place.user(Role.ESPECIALISTA, email="elena@desk.example", name="Elena Solís")
    place.house.posts.relieve("recertificacion", carlos.id, CONSOLE)
    place.house.posts.appoint("recertificacion", elena.id, CONSOLE)
    later(place, 11)
    assert {mail["To"] for mail in sent(place, "aviso_plazo")[1:]} == {"Elena Solís <elena@desk.example>"}
    later(place, 18)
    kinds = [item.entry.kind for item in place.house.ledger.history(folio)]
    assert kinds.count(EntryKind.MAIL_SENT) == len(sent(place, "aviso_plazo"))


def test_a_post_without_a_holder_is_told_in_its_case(place: Installation) -> None:
    """The alert could reach nobody: the case says so, with the reason, and nothing waits for ever."""
    folio = campaign(place)
    later(place, 4)
    last = place.house.ledger.history(folio)[-1].entry
    assert (last.kind, last.facts["mail"]["code"]) == (EntryKind.MAIL_FAILED, "nobody")  # type: ignore[call-overload,index]
    assert sent(place, "aviso_plazo") == []


def test_a_mail_is_in_the_language_of_whom_it_goes_to(place: Installation) -> None:
    """A user who chose English gets the alert in English, step and process included; so is the case's copy."""
    folio = campaign(place)
    user = place.user(Role.ESPECIALISTA, email="jane@desk.example", name="Jane Roe")
    place.house.accounts.set_locale(user.id, "en")
    place.house.posts.appoint("recertificacion", user.id, CONSOLE)
    later(place, 4)
    (mail,) = sent(place, "aviso_plazo")
    assert mail["Subject"].startswith(f"Deadline of {folio}: ")
    definition = place.house.cases.view(folio).definition
    assert definition.name.en in text_of(mail)
    assert definition.name.es not in text_of(mail)
    entry = place.house.ledger.history(folio)[-1].entry
    with place.house.blobs.open(entry.objects[0]) as stream:
        assert email.message_from_binary_file(stream, policy=default)["Subject"] == mail["Subject"]


def test_a_contact_chooses_too_and_strangers_get_the_houses_language(place: Installation) -> None:
    """The same reminder: to an address nobody here has, in Spanish; to a contact who chose English, in English."""
    place.house.contacts.add("Jane Roe", CONSOLE, email="jane@x.example", locale="en")
    first, second = awaiting_validation(place), awaiting_validation(place, "jane@x.example")
    later(place, 2, hours=9)
    assert {mail["To"]: mail["Subject"] for mail in sent(place, "recordatorio")} == {
        TICKET["correo"]: f"Esperamos tu respuesta [{first}]",
        "jane@x.example": f"We are waiting for your answer [{second}]",
    }


def test_a_post_of_two_languages_is_written_to_in_the_houses(place: Installation) -> None:
    """Two holders, one of whom chose English: one mail to both, in Spanish."""
    campaign(place)
    jane = place.house.contacts.add("Jane Roe", CONSOLE, email="jane@x.example", locale="en")
    luis = place.house.contacts.add("Luis Mora", CONSOLE, email="luis@x.example")
    place.house.posts.appoint("recertificacion", jane.id, CONSOLE)
    place.house.posts.appoint("recertificacion", luis.id, CONSOLE, rank=1)
    later(place, 4)
    (mail,) = sent(place, "aviso_plazo")
    assert mail["To"] == "Jane Roe <jane@x.example>, Luis Mora <luis@x.example>"
    assert mail["Subject"].startswith("Plazo de ")
