"""Mail in, from a real IMAP server to a case: taken once, byte for byte, matched, proposed, confirmed by a person."""

from __future__ import annotations

import email
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from evidence.entry import EntryKind
from identity.accounts import Role
from notifications.inbox import IncomingMail
from tests.fakes.installation import Browser, Installation
from tests.servers.imap import ImapServer
from tests.workflows.desk import TICKET
from web.mailroom import MailRoom
from workflows.commands import Actor, OpenCase, RecordStep

STEPS = (
    ("4", "", {"respuesta": "Lo revisamos"}),
    ("5", "acceso", {"clasificacion": "No puede entrar"}),
    ("6", "", {"plan": "Revisar CAM"}),
    ("7", "", {"declaro": "si"}),
    ("8", "", {"accion": "Se desbloqueó"}),
    ("9", "", {"llamada": "Se le avisó por teléfono"}),
    ("11", "", {"causa": "Intentos fallidos", "solucion": "Desbloqueo"}),
    ("14", "", {"llamada": "Se le pidió probar"}),
)


@pytest.fixture
def place(tmp_path: Path, imap: ImapServer) -> Iterator[Installation]:
    """An installation with a mailbox; nobody is asked for DKIM keys."""
    made = Installation(
        tmp_path / "data", {"CONSTANCIA_IMAP_URL": imap.url, "CONSTANCIA_MAIL_AUTHSERV": "mx.desk.example"}
    )
    made.house.mailroom = MailRoom(made.house, dns=None)
    yield made
    made.close()


@pytest.fixture
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


def letter(subject: str, text: str, **headers: str) -> bytes:
    """A mail as another server would deliver it."""
    mail = EmailMessage(SMTP)
    mail["Received"] = "from mx.example by mx.desk.example; Mon, 30 Nov 2026 10:00:00 -0600"
    mail["From"] = headers.pop("sender", "Rosa Elena Cano <rosa.cano@promotoria.example>")
    mail["To"] = "mesa@desk.example"
    mail["Subject"] = subject
    mail["Date"] = "Mon, 12 Jan 2026 10:00:00 -0600"
    mail["Message-ID"] = headers.pop("message_id", "<respuesta-1@promotoria.example>")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def waiting(place: Installation) -> list[IncomingMail]:
    """What nobody has filed."""
    return list(place.house.inbox.waiting())


def asked_for_validation(place: Installation) -> str:
    """A ticket whose user was asked whether it works."""
    actor = Actor(place.user(Role.ESPECIALISTA).id, "especialista")
    cases = place.house.cases
    folio = cases.open_case(OpenCase("MA-006", actor, TICKET)).folio
    for step, choice, data in STEPS:
        cases.record(RecordStep(folio, step, actor, data=data, choice=choice))
    return folio


def test_each_mail_is_taken_once_and_kept_byte_for_byte(place: Installation, imap: ImapServer) -> None:
    """A second poll takes nothing, nor does one of the mailbox made anew; the mailbox itself is untouched."""
    raw = letter("Hola", "No sé a quién escribirle.\n.\n-- \nñandú")
    imap.put(raw)
    assert place.house.mailroom.poll().new == 1
    assert place.house.mailroom.poll().new == 0
    (mail,) = waiting(place)
    assert place.house.inbox.raw(mail.id) == raw
    imap.begin_anew()
    again = place.house.mailroom.poll()
    assert (again.new, again.repeated) == (0, 1)
    assert len(waiting(place)) == 1
    assert b"Seen" not in imap.flags()


def test_a_second_copy_is_the_same_mail_and_a_forged_one_is_shown(
    place: Installation, imap: ImapServer
) -> None:
    """Another route makes no other mail; another text under a known Message-ID waits, and says what it repeats."""
    imap.put(letter("Hola", "Uno."))
    imap.put(letter("Hola", "Uno.").replace(b"from mx.example", b"from mx2.example"))
    imap.put(letter("Hola", "Otro texto."))
    done = place.house.mailroom.poll()
    assert (done.new, done.repeated) == (2, 1)
    first, forged = waiting(place)
    assert (first.twin, forged.twin) == ("", first.id)


@pytest.mark.parametrize(
    ("subject", "text", "why"),
    [
        ("RE: {folio}", "Hola", "subject"),
        ("Hola", "Es del folio {folio}.", "body"),
        ("Hola", "Sigo igual", "address"),
    ],
)
def test_a_mail_finds_its_case(
    place: Installation, imap: ImapServer, subject: str, text: str, why: str
) -> None:
    """By the folio in its subject or text, or by who writes."""
    folio = asked_for_validation(place)
    imap.put(letter(subject.format(folio=folio), text.format(folio=folio)))
    place.house.mailroom.poll()
    (mail,) = waiting(place)
    assert (mail.matches[0].folio, mail.matches[0].why) == (folio, why)


def test_an_answer_to_our_mail_finds_its_case(place: Installation, imap: ImapServer) -> None:
    """References to a mail we sent are the surest ground, whatever subject and sender say."""
    folio = asked_for_validation(place)
    place.house.mail.sender.run()
    sent = place.house.outbox.of_case(folio)[0].message_id(place.house.mail.head.domain)
    imap.put(letter("Otro asunto", "Hola", sender="otra@persona.example", References=sent))
    place.house.mailroom.poll()
    assert waiting(place)[0].matches[0].why == "references"


def test_a_proposal_is_confirmed_by_a_person(place: Installation, imap: ImapServer, laura: Browser) -> None:
    """The mail seems to say that it works: proposed, not recorded; one press by the specialist, the actor, closes."""
    folio = asked_for_validation(place)
    before = len(place.house.ledger.history(folio))
    raw = letter(f"RE: {folio}", "Muchas gracias, ya quedó.\n\n> ¿Nos confirmas? No funciona el enlace")
    imap.put(raw)
    place.house.mailroom.poll()
    (mail,) = waiting(place)
    assert mail.answer is not None
    assert (mail.answer.step, mail.answer.choice) == ("16", "validado")
    assert len(place.house.ledger.history(folio)) == before
    assert "Confirmar y sellar" in laura.get("/correo").text
    assert "ya quedo" in laura.get(f"/casos/{folio}").text
    said = {"folio": folio, "step": "16", "choice": "validado"}
    assert laura.post_form(f"/correo/{mail.id}/registrar", said).status_code == 303
    entry = place.house.ledger.history(folio)[before].entry
    assert (entry.step, entry.actor) == ("16", place.user(Role.ESPECIALISTA).id)
    assert place.house.cases.view(folio).state.closed
    with place.house.blobs.open(entry.objects[0]) as stream:
        assert stream.read() == raw
    assert waiting(place) == []
    assert place.house.inbox.raw(mail.id) is None
    assert laura.post_form(f"/correo/{mail.id}/registrar", said).status_code == 409


def test_who_may_not_record_may_not_file(place: Installation, imap: ImapServer) -> None:
    """The queue is for the desk: auditors and strangers see nothing of it."""
    imap.put(letter("Hola", "Hola"))
    place.house.mailroom.poll()
    (mail,) = waiting(place)
    assert place.client(Role.AUDITOR_EXTERNO).get("/correo").status_code == 403
    assert place.stranger().get(f"/correo/{mail.id}").status_code == 303


def test_a_mail_without_a_step_is_filed_and_one_put_aside_says_why(
    place: Installation, imap: ImapServer, laura: Browser
) -> None:
    """Filed: an entry with the mail. Put aside: an entry with the reason, where a case was proposed."""
    folio = asked_for_validation(place)
    imap.put(letter("Gracias", "Buen día", message_id="<a@x.example>"))
    imap.put(letter(f"Publicidad {folio}", "Compra", message_id="<b@x.example>"))
    place.house.mailroom.poll()
    first, second = waiting(place)
    assert laura.post_form(f"/correo/{first.id}/registrar", {"folio": folio}).status_code == 303
    assert place.house.ledger.history(folio)[-1].entry.kind is EntryKind.MAIL_RECEIVED
    assert laura.post_form(f"/correo/{second.id}/descartar", {"reason": "no"}).status_code == 422
    assert (
        laura.post_form(
            f"/correo/{second.id}/descartar", {"reason": "Es publicidad, no es nuestro"}
        ).status_code
        == 303
    )
    last = place.house.ledger.history(folio)[-1]
    assert last.entry.kind is EntryKind.MAIL_DISCARDED
    assert last.payload()["note"] == "Es publicidad, no es nuestro"
    assert waiting(place) == []


def test_a_mail_opens_a_ticket(place: Installation, imap: ImapServer, laura: Browser) -> None:
    """An unmatched mail becomes the opening's draft with what it says; opened there, it waits no longer."""
    imap.put(letter("No imprime", "La impresora no responde.", sender="Luis Mora <luis@otra.example>"))
    place.house.mailroom.poll()
    (mail,) = waiting(place)
    assert mail.matches == ()
    answer = laura.post_form(f"/correo/{mail.id}/abrir", {"process": "MA-006"})
    form = laura.get(answer.headers["Location"]).text
    assert "luis@otra.example" in form
    assert "No imprime" in form
    typed = {f"d.{name}": value for name, value in TICKET.items()} | {
        "d.correo": "luis@otra.example",
        "d.canal": "correo",
    }
    assert laura.post_form("/casos/nuevo/MA-006", typed).status_code == 303
    assert waiting(place) == []


def test_attachments_go_where_the_step_wants_them(
    place: Installation, imap: ImapServer, laura: Browser
) -> None:
    """A step that takes a mail and a letter gets both out of one mail; what no place takes stays inside it."""
    from tests.fakes.papers import pdf  # noqa: PLC0415

    raw = email.message_from_bytes(letter("Carta firmada", "Va la carta."), policy=SMTP)
    assert isinstance(raw, EmailMessage)
    raw.add_attachment(pdf(), maintype="application", subtype="pdf", filename="carta_firmada.pdf")
    raw.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="virus.exe")
    imap.put(raw.as_bytes())
    place.house.mailroom.poll()
    (mail,) = waiting(place)
    definition = place.house.definitions.current("MA-001")
    from web.filing import uploads_of  # noqa: PLC0415

    names = [upload.name for upload in uploads_of(place.house, mail, definition.by_step["9"])]
    assert names == ["correo.eml", "carta_firmada.pdf"]
    assert laura.get(f"/correo/{mail.id}").status_code == 200


BOUNCE = """From: MAILER-DAEMON@mx.desk.example\r
To: mesa-de-ayuda@localhost\r
Subject: Undelivered Mail Returned to Sender\r
Date: Mon, 12 Jan 2026 10:00:05 -0600\r
Message-ID: <dsn-1@mx.desk.example>\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
I'm sorry to have to inform you that your message could not be delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.desk.example\r
\r
Final-Recipient: rfc822; rosa.cano@promotoria.example\r
Action: {action}\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 no such user\r
\r
--b\r
Content-Type: message/rfc822\r
\r
From: mesa-de-ayuda@localhost\r
Message-ID: {message_id}\r
Subject: Recibimos tu solicitud\r
\r
--b--\r
"""


def test_a_bounce_is_told_on_its_case(place: Installation, imap: ImapServer, laura: Browser) -> None:
    """A report that our mail came back is an entry of its case, by a machine; a delay, or a mail of nobody, is not."""
    folio = asked_for_validation(place)
    place.house.mail.sender.run()
    ours = place.house.outbox.of_case(folio)[0].message_id(place.house.mail.head.domain)
    imap.put(BOUNCE.format(action="delayed", message_id=ours).encode())
    imap.put(BOUNCE.format(action="failed", message_id="<" + "0" * 32 + "@localhost>").encode())
    imap.put(BOUNCE.format(action="failed", message_id=ours).encode())
    assert place.house.mailroom.poll().bounces == 1
    last = place.house.ledger.history(folio)[-1].entry
    assert (last.kind, last.facts["actor_class"]) == (EntryKind.MAIL_BOUNCED, "machine")
    page = laura.get(f"/casos/{folio}").text
    assert "correo devuelto" in page
    assert "550 5.1.1 no such user" in page
    assert len(waiting(place)) == 2


def test_what_our_own_server_says_is_recorded_and_nobody_elses(place: Installation, imap: ImapServer) -> None:
    """Authentication-Results of the configured server, the topmost header only."""
    ours = "mx.desk.example; spf=pass smtp.mailfrom=x.example; dkim=pass header.d=x.example; dmarc=pass"
    imap.put(letter("Uno", "Uno", message_id="<1@x.example>", Authentication_Results=ours))
    imap.put(
        letter(
            "Dos",
            "Dos",
            message_id="<2@x.example>",
            Authentication_Results=ours.replace("mx.desk", "mx.malo"),
        )
    )
    place.house.mailroom.poll()
    assert [mail.facts.get("authserv", "") for mail in waiting(place)] == [
        "spf=pass dkim=pass dmarc=pass",
        "",
    ]


def test_what_cannot_be_read_waits_for_a_person(
    place: Installation, imap: ImapServer, laura: Browser
) -> None:
    """A mail with a password in it is not read into pages; it waits, says why, and can be put aside."""
    imap.put(letter("Mis datos", "Mi contraseña: Verano2026! gracias"))
    place.house.mailroom.poll()
    (mail,) = waiting(place)
    assert (mail.text("refused"), mail.sender) == ("secret_found", "rosa.cano@promotoria.example")
    assert "Verano2026" not in laura.get(f"/correo/{mail.id}").text
    assert (
        laura.post_form(f"/correo/{mail.id}/descartar", {"reason": "Trae una contraseña"}).status_code == 303
    )


def test_a_mailbox_that_does_not_answer_says_so(tmp_path: Path) -> None:
    """The command tells what to look at, and exits with 1."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_IMAP_URL": "imap://u:p@127.0.0.1:9/INBOX?tls=none"})
    found = made.app.test_cli_runner().invoke(args=["mail", "poll"])
    assert (found.exit_code, "mailbox_unavailable" in found.output) == (1, True)
    made.close()
