"""What is made of a mail that arrived: its origin, the case it belongs to, what it seems to answer."""

from __future__ import annotations

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from notifications.answers import own_words, proposed_answer
from notifications.authenticity import LookupFailed, dkim_of, trusted_results
from notifications.matching import Ledgers, folios_in, matches_of, own_mails
from notifications.receiving import core_digest
from tests.workflows.desk import TICKET, Desk
from workflows.commands import Actor, OpenCase, RecordStep

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
MAIL = (
    b"From: Ana <ana@x.example>\r\nTo: mesa@desk.example\r\nSubject: Si\r\nDate: x\r\n\r\nSi, adelante.\r\n"
)


def record(_name: bytes) -> bytes:
    """The DNS of x.example."""
    import base64  # noqa: PLC0415

    der = KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def signed(mail: bytes = MAIL, domain: bytes = b"x.example", **more: object) -> bytes:
    """The mail as x.example's server would sign it."""
    header = dkim.sign(mail, b"s1", domain, PEM, include_headers=[b"from", b"to", b"subject"], **more)
    return bytes(header) + mail


def test_a_signature_that_holds_passes_and_names_its_domain() -> None:
    """The bytes are those that were signed, by a key that the domain publishes."""
    assert dkim_of(signed(), "x.example", record) == ("pass", "x.example")


@pytest.mark.parametrize(
    ("old", "new"), [(b"Si, adelante.", b"No, detenlo."), (b"Subject: Si", b"Subject: No")]
)
def test_a_changed_mail_fails(old: bytes, new: bytes) -> None:
    """One word of the text, or of a signed header, and it does not hold."""
    assert dkim_of(signed().replace(old, new), "x.example", record)[0] == "fail"


def test_a_signature_over_a_part_of_the_body_does_not_pass() -> None:
    """With ``l=`` anything could follow what was signed."""
    assert dkim_of(signed(length=True) + b"Y otra cosa.\r\n", "x.example", record)[0] == "fail"


def test_without_a_name_server_nothing_is_known() -> None:
    """A signature is there, and nobody can be asked: unknown, neither good nor bad."""

    def down(_name: bytes) -> bytes:
        raise LookupFailed("timeout")

    assert dkim_of(signed(), "x.example", down) == ("unknown", "x.example")
    assert dkim_of(signed(), "x.example", None)[0] == "unknown"
    assert dkim_of(MAIL, "x.example", record) == ("none", "")
    assert dkim_of(signed(), "x.example", lambda _name: None)[0] == "fail"


def test_the_senders_own_signature_is_told_before_others() -> None:
    """A list's signature passes too; what matters first is the domain in From."""
    both = signed(signed(), b"lista.example")
    assert dkim_of(both, "x.example", record) == ("pass", "x.example")


@pytest.mark.parametrize(
    "junk", [b"DKIM-Signature: v=1; a=rsa-sha256; b=\xff;\r\n\r\nx", b"DKIM-Signature: \r\n\r\n"]
)
def test_a_hostile_signature_is_no_signature_that_holds(junk: bytes) -> None:
    """Whatever it makes the checker raise, it does not pass."""
    assert dkim_of(junk, "x.example", record)[0] == "fail"


def test_only_the_topmost_word_of_the_named_server_counts() -> None:
    """A header further down came with the mail."""
    ours, theirs = "mx.desk; spf=fail smtp.mailfrom=x", "mx.desk; spf=pass smtp.mailfrom=x"
    assert trusted_results([ours, theirs], "mx.desk") == "spf=fail"
    assert trusted_results(["otro; spf=pass smtp.mailfrom=x", theirs], "mx.desk") == ""
    assert trusted_results([theirs], "") == ""
    assert trusted_results([";;;"], "mx.desk") == ""


def test_folios_are_read_whole() -> None:
    """As they are written, in any case; not out of longer numbers."""
    assert folios_in("Re: ma-001-2026-000123 y MA-006-2026-000004") == (
        "MA-001-2026-000123",
        "MA-006-2026-000004",
    )
    assert folios_in("MA-001-2026-0001234 XMA-001-2026-00012") == ()


def test_the_surest_ground_comes_first_and_each_case_once() -> None:
    """What it answers, then the subject, the text, the address; cases that are not there are left out."""
    ours = "a" * 32
    house = Ledgers(
        "desk.example",
        lambda folio: folio not in {"", "MA-006-2026-000009"},
        lambda mail: "MA-006-2026-000001" if mail == ours else "",
        lambda _address: ["MA-006-2026-000004", "MA-006-2026-000002"],
    )
    references = f"<{ours}@desk.example> <{'b' * 32}@otra.example> <caso.ma-006-2026-000005@desk.example>"
    found = matches_of(
        "MA-006-2026-000002", "MA-006-2026-000009 MA-006-2026-000003", references, "a@x", house
    )
    assert [(item.folio[-1], item.why) for item in found] == [
        ("5", "references"), ("1", "references"), ("2", "subject"), ("3", "body"), ("4", "address"),
    ]  # fmt: skip
    assert own_mails(references, "desk.example") == (ours,)


def test_only_what_the_writer_added_is_read() -> None:
    """The quoted mail below holds our own question."""
    text = "Ya quedó.\n\nEl lun, 12 ene 2026 a las 10:00, Mesa escribió:\n> ¿No funciona?"
    assert own_words(text) == "Ya quedó."
    assert own_words("Gracias\n-----Mensaje original-----\nDe: mesa") == "Gracias"
    assert own_words("> todo citado") == ""


@pytest.fixture
def ticket() -> tuple[Desk, str]:
    """A ticket that waits for its user's word."""
    desk, actor = Desk(), Actor("u-ana", "especialista")
    folio = desk.cases.open_case(OpenCase("MA-006", actor, TICKET)).folio
    for step, choice, data in (
        ("4", "", {"respuesta": "Lo revisamos"}),
        ("5", "acceso", {"clasificacion": "No puede entrar"}),
        ("6", "", {"plan": "Revisar CAM"}),
        ("7", "", {"declaro": "si"}),
        ("8", "", {"accion": "Se desbloqueó"}),
        ("9", "", {"llamada": "Se le avisó"}),
        ("11", "", {"causa": "Intentos", "solucion": "Desbloqueo"}),
        ("14", "", {"llamada": "Se le pidió probar"}),
    ):
        desk.cases.record(RecordStep(folio, step, actor, data=data, choice=choice))
    return desk, folio


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Ya quedó, muchas gracias", "validado"),
        ("Sí, ya funciona", "validado"),
        ("No funciona todavía", "no_resuelto"),
        ("Sigue igual que ayer", "no_resuelto"),
        ("No puedo entrar", "no_resuelto"),
        ("Ya quedó el correo pero no puedo entrar", ""),
        ("Estoy de vacaciones", ""),
        ("> Ya quedó", ""),
    ],
)
def test_an_answer_is_proposed_or_left_blank(ticket: tuple[Desk, str], text: str, choice: str) -> None:
    """What is plain is proposed; two meanings, or none, leave the choice to the person."""
    desk, folio = ticket
    view = desk.cases.view(folio)
    found = proposed_answer(view.definition, view.state, text)
    assert found is not None
    assert (found.step, found.slot, found.choice) == ("16", "correo", choice)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Sí, adelante", "adelante"),
        ("Proceda por favor", "adelante"),
        ("Deténlo por favor", "detenlo"),
        ("Que no proceda", "detenlo"),
        ("Te aviso cuando proceda", "espera"),
        ("Gracias", ""),
    ],
)
def test_the_three_answers_of_an_assistant(text: str, choice: str) -> None:
    """«Sí adelante», «Deténlo», «Te aviso cuando proceda», as people write them."""
    from documents.identifiers import fold  # noqa: PLC0415
    from notifications.answers import _choice  # noqa: PLC0415
    from tests.workflows.desk import registry  # noqa: PLC0415

    step = registry().current("MA-002").by_step["6"]
    assert _choice(step, fold(text))[0] == choice


def test_two_copies_of_a_mail_have_one_core() -> None:
    """What servers add on the way does not count; what the mail says does."""
    first = b"Received: from a\r\n by b\r\nX-Spam: no\r\n" + MAIL
    assert core_digest(first) == core_digest(b"Received: from c\r\n" + MAIL) == core_digest(MAIL)
    assert core_digest(MAIL.replace(b"adelante", b"detenlo")) != core_digest(MAIL)
