"""Mail as the desk sees it: acknowledgements, mails written from a step, what became of them."""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

import pytest

from evidence.entry import EntryKind
from identity.accounts import Role
from notifications.smtp import SmtpServer, SmtpTransport
from tests.fakes.installation import Browser, Installation
from tests.servers.smtp import Post, smtp_server
from tests.workflows.desk import PERSON, TICKET
from workflows.commands import Actor, OpenCase

ASK = {f"d.{name}": value for name, value in TICKET.items() if name != "canal"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation that takes requests from the public."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_REQUESTS": "true"})
    yield made
    made.close()


@pytest.fixture
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


def asked(place: Installation) -> str:
    """A ticket sent by a stranger."""
    assert place.stranger().post_form("/solicitar", ASK).status_code == 303
    return [folio for folio in place.house.ledger.cases() if not folio.startswith("system:")][-1]


def outgoing(place: Installation) -> list[EmailMessage]:
    """Every mail in the folder."""
    folder = place.settings.data / "outbox"
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns) if folder.exists() else []
    return [
        cast("EmailMessage", email.message_from_bytes(file.read_bytes(), policy=default)) for file in files
    ]


def kinds(place: Installation, folio: str) -> list[str]:
    """The kinds of a case's entries."""
    return [str(item.entry.kind) for item in place.house.ledger.history(folio)]


def test_a_stranger_is_acknowledged_by_mail(place: Installation) -> None:
    """The acknowledgement is queued with the ticket, leaves with the next round, and is an entry with the sent mail."""
    folio = asked(place)
    assert outgoing(place) == []
    place.house.mail.sender.run()
    (mail,) = outgoing(place)
    assert mail["Subject"] == f"Recibimos tu solicitud [{folio}]"
    assert mail["To"] == TICKET["correo"]
    sent = place.house.ledger.history(folio)[-1]
    assert sent.entry.kind is EntryKind.MAIL_SENT
    assert sent.entry.step == "2"
    (file,) = (place.settings.data / "outbox").iterdir()
    with place.house.blobs.open(sent.entry.objects[0]) as stream:
        assert stream.read() == file.read_bytes()
    assert TICKET["correo"] not in sent.entry_bytes.decode()


def test_an_acknowledgement_repeats_nothing_that_was_typed(place: Installation) -> None:
    """Whoever sends a request under another's address cannot make us mail that other their words."""
    words = {**ASK, "d.asunto": "COMPRA-AQUI barato", "d.nombre": "http://malo.example"}
    assert place.stranger().post_form("/solicitar", words).status_code == 303
    place.house.mail.sender.run()
    (mail,) = outgoing(place)
    assert "COMPRA" not in mail.as_string()
    assert "malo.example" not in mail.as_string()


def test_one_press_sends_and_seals(place: Installation, laura: Browser) -> None:
    """A mail written from a step leaves and is that step's evidence, by who wrote it; the receipt is shown."""
    folio = _opened(place)
    form = laura.get(f"/casos/{folio}/pasos/2/correo").text
    assert PERSON["correo"] in form
    assert "Recibimos la solicitud de alta de cuenta de María Fernanda Ruiz Ortega" in form
    answer = laura.post_form(f"/casos/{folio}/pasos/2/correo", _mail())
    assert answer.status_code == 303, answer.text
    assert "sellada=" in answer.headers["Location"]
    (mail,) = outgoing(place)
    entry = place.house.ledger.history(folio)[-1].entry
    assert (entry.kind, entry.step) == (EntryKind.EVIDENCE_RECORDED, "2")
    assert entry.actor == place.user(Role.ESPECIALISTA).id
    with place.house.blobs.open(entry.objects[0]) as stream:
        assert email.message_from_binary_file(stream, policy=default)["Message-ID"] == mail["Message-ID"]
    assert laura.get(answer.headers["Location"].split("#")[0]).status_code == 200


def test_pressing_twice_sends_once(place: Installation, laura: Browser) -> None:
    """The same form posted again is the same mail and the same entry."""
    folio = _opened(place)
    for _turn in range(2):
        assert laura.post_form(f"/casos/{folio}/pasos/2/correo", _mail()).status_code == 303
    assert len(outgoing(place)) == 1
    assert kinds(place, folio).count("evidence.recorded") == 1


def test_what_the_step_refuses_is_not_sent(place: Installation, laura: Browser) -> None:
    """A password in the text, an address that is none, a step that is not open: refused, and nothing leaves."""
    folio = _opened(place)
    for wrong in ({"mensaje": "Tu contraseña: Verano2026!"}, {"para": "nadie"}, {"asunto": " "}):
        answer = laura.post_form(f"/casos/{folio}/pasos/2/correo", {**_mail(), **wrong})
        assert answer.status_code == 422, wrong
    assert laura.post_form(f"/casos/{folio}/pasos/26/correo", _mail()).status_code in {409, 422}
    assert outgoing(place) == []
    assert place.house.outbox.latest() == []


def test_a_header_cannot_be_typed(place: Installation, laura: Browser) -> None:
    """Line breaks and direction marks in subject and address make no header and no second recipient."""
    folio = _opened(place)
    evil = {
        "asunto": "Hola\r\nBcc: espia@malo.example\u202egpj.exe",
        "mensaje": "<script>x</script> & \u202etxet",
    }
    assert laura.post_form(f"/casos/{folio}/pasos/2/correo", {**_mail(), **evil}).status_code == 303
    (mail,) = outgoing(place)
    assert mail["Bcc"] is None
    assert "\u202e" not in str(mail["Subject"])
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    twice = {**_mail(), "para": "ana@example.org,espia@malo.example"}
    assert laura.post_form(f"/casos/{folio}/pasos/8/correo", twice).status_code == 422


def test_a_dead_server_keeps_the_mail_and_the_step_follows(tmp_path: Path) -> None:
    """Nobody answers: the person is told, nothing is sealed; once the server is back the mail leaves and seals."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_SMTP_URL": "smtp://127.0.0.1:9?tls=none"})
    laura = place.client(Role.ESPECIALISTA)
    folio = _opened(place)
    before = kinds(place, folio)
    answer = laura.post_form(f"/casos/{folio}/pasos/2/correo", _mail())
    assert answer.headers["Location"].endswith(folio)
    assert "espera en la salida" in laura.get(f"/casos/{folio}").text
    assert kinds(place, folio) == before
    with smtp_server(Post()) as post:
        _point_to(place, post.port)
        place.clock.offset += timedelta(minutes=2)
        assert place.house.mail.sender.run().sent == 1
        assert len(post.taken) == 1
    assert kinds(place, folio) == [*before, "evidence.recorded"]
    place.close()


def test_a_refused_mail_is_told_in_the_case(tmp_path: Path) -> None:
    """The server refuses the address: the step stays open, and the case says which mail did not leave and why."""
    with smtp_server(Post(rcpt={"ana@example.org": "550 5.1.1 nobody"})) as post:
        env = {"CONSTANCIA_SMTP_URL": f"smtp://127.0.0.1:{post.port}?tls=none"}
        place = Installation(tmp_path / "data", env)
        laura = place.client(Role.ESPECIALISTA)
        folio = _opened(place)
        laura.post_form(f"/casos/{folio}/pasos/2/correo", _mail())
    last = place.house.ledger.history(folio)[-1]
    assert last.entry.kind is EntryKind.MAIL_FAILED
    assert last.entry.facts["mail"]["code"] == "550"  # type: ignore[index,call-overload]  # an object, by the format
    page = laura.get(f"/casos/{folio}").text
    assert "correo que no salió" in page
    assert "550 5.1.1 nobody" in page
    place.close()


def test_mailed_cases_still_verify_and_rebuild(place: Installation, laura: Browser) -> None:
    """Entries about mails change no state: the rebuild finds nothing to mend, and the case shows as before."""
    folio = asked(place)
    before = place.house.cases.view(folio).state.machine_values()
    place.house.mail.sender.run()
    view = place.house.cases.view(folio)
    assert view.state.machine_values() == before
    assert not [item for item in view.state.exceptions if str(item.code) == "unreadable"]
    report = place.house.cases.rebuild()
    assert (report.differences, report.failures) == ((), ())
    assert laura.get(f"/casos/{folio}").status_code == 200


def _mail() -> dict[str, str]:
    return {
        "para": "ana@example.org",
        "asunto": "Recibimos la solicitud",
        "mensaje": "Hola:\n\nRecibimos la solicitud.",
        "idempotency_key": "una-vez",
    }


def _opened(place: Installation) -> str:
    """A case of MA-001 whose next step is the confirmation."""
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    return place.house.cases.open_case(OpenCase("MA-001", actor, PERSON)).folio


def _point_to(place: Installation, port: int) -> None:
    """The same house with a server that answers."""
    place.house.mail.sender._transport = SmtpTransport(
        SmtpServer("127.0.0.1", port, "none"), hello="x.example"
    )
