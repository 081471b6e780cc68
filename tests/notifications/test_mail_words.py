"""What mails say: harmless whatever people typed, the same for the same mail, whole in both languages."""

from __future__ import annotations

import email
import io
import re
import string
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.limits import DEFAULT_LIMITS
from documents.mail import attachment_at
from documents.sniffing import BY_EXTENSION
from notifications.cleaning import one_line, several_lines
from notifications.message import Letterhead, compose
from notifications.templates import MailTemplates
from tests.notifications.conftest import HEAD, TEMPLATES
from workflows.mailing import Addressee, Attached

WHEN = datetime(2026, 1, 15, 16, 0, tzinfo=UTC)
VALUES = {
    "casa": "Mesa de ayuda",
    "folio": "MA-006-2026-000001",
    "sitio": "https://desk.example",
    "asunto": "Hola",
    "mensaje": "Uno\n\nDos",
    "paso": "Validar",
    "proceso": "Tickets",
}
LINKED = {
    "quien": "Laura Ortega",
    "carta": "Carta de autorización",
    "palabras": "ámbar · barco · cobre · duna · eje · faro",
    "huella": "0" * 64,
    "vence": "01/12/2026 10:00",
    "vence_en": "2026-12-01 10:00",
    "telefono": "55 5000 0000",
    "comprobar": "https://desk.example/verificar/MA-001-2026-000001",
    "nota": "Gracias por tu apoyo",
    "enlace": "https://desk.example/s/secreto",
    "firmante": "Jesús Quiriarte",
    "como": "firmó",
    "como_en": "signed",
    "paso_en": "Validate",
    "encargo": "Auditoría 2026",
    "nombre": "Ana Peña",
    "espacio": "https://desk.example/auditoria",
    "vigencia": "31/12/2026",
    "vigencia_en": "2026-12-31",
    "proceso_en": "Tickets, in English",
    "revision": "2026-T4",
    "faltan": "4",
    "pasada": "",
}
"""What mails about personal links are filled with (`signing.office`), and what definitions say in English."""
ALL = sorted(item.name for item in TEMPLATES.iterdir() if item.is_dir())
SPANISH = re.compile(
    r"\b(?:el|la|los|que|enlace|carta|palabras|vence|nunca|correo|caso|paso)\b", re.IGNORECASE
)
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
typed = st.text(
    alphabet=st.one_of(
        st.sampled_from("\r\n\t\x00\x0b\x0c\x1b\x85\u2028\u2029<>\"'&:;,@=?" + TURNING),
        st.characters(codec="utf-8"),
        st.sampled_from(string.ascii_letters),
    ),
    max_size=80,
)


def written(values: dict[str, str], name: str = "Ana", template: str = "mensaje") -> EmailMessage:
    """A mail of the product's own templates, read back by the standard library."""
    wording = MailTemplates(TEMPLATES).render(template, {**VALUES, **values})
    raw = compose(
        HEAD, (Addressee("ana@example.org", name),), wording, message_id="<a@desk.example>", date=WHEN
    )
    return cast("EmailMessage", email.message_from_bytes(raw, policy=default))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(subject=typed, text=typed, name=typed)
def test_nothing_typed_becomes_a_header_a_tag_or_another_recipient(
    subject: str, text: str, name: str
) -> None:
    """CR, LF, HTML, right-to-left overrides in subject, text and name: the same headers, one address, no live tag."""
    mail = written({"asunto": subject, "mensaje": text}, name)
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert [item.addr_spec for item in mail["To"].addresses] == ["ana@example.org"]
    assert not set(str(mail["Subject"])) & set(TURNING + "\r\n")
    html = mail.get_body(("html",))
    assert html is not None
    shown = html.get_content()
    assert not set(shown) & set(TURNING)
    assert shown.count("<") == written(
        {"asunto": "a", "mensaje": several_lines(text).replace("<", "x")}
    ).get_body(("html",)).get_content().count("<")  # type: ignore[union-attr]  # it has one


@given(text=typed)
def test_a_line_is_a_line(text: str) -> None:
    """Cleaning twice is cleaning once, and a line has no break of any alphabet."""
    once = one_line(text)
    assert one_line(once) == once
    assert len(once.splitlines()) <= 1
    assert several_lines(several_lines(text)) == several_lines(text)


@pytest.mark.parametrize("extension", sorted(BY_EXTENSION))
def test_a_file_of_every_kind_comes_out_as_it_went_in(extension: str) -> None:
    """Byte for byte, a mail within the mail too, as our own door reads it."""
    content = "Subject: uno\r\n\r\nSí, adelante.\r\n".encode()
    file = Attached(f"papel.{extension}", BY_EXTENSION[extension].media, "", len(content))
    wording = MailTemplates(TEMPLATES).render("mensaje", VALUES)
    raw = compose(
        HEAD,
        (Addressee("ana@example.org"),),
        wording,
        message_id="<a@desk.example>",
        date=WHEN,
        files=[(file, content)],
    )
    assert attachment_at(io.BytesIO(raw), 0, DEFAULT_LIMITS) == (file.name, content)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("locale", ["es", "en"])
def test_every_template_is_whole(name: str, locale: str) -> None:
    """Subject, text and HTML in both languages, one language each; nothing fetched, no script, no form."""
    wording = MailTemplates(TEMPLATES).render(name, {**VALUES, **LINKED}, locale)
    assert wording.subject
    assert ('lang="en"' in wording.html) == (locale == "en")
    for bad in ("<img", "<script", "<form", "src=", "@import", "url("):
        assert bad not in wording.html
    given = {**VALUES, **LINKED}
    if locale == "en":
        for text in (wording.subject, wording.text, _visible(wording.html)):
            assert not SPANISH.search(_without(text, given)), SPANISH.search(_without(text, given))
    secret = given["enlace"] in wording.text
    assert secret == (given["enlace"] in wording.html)
    assert not secret or given["vence_en" if locale == "en" else "vence"] in wording.text


def _without(text: str, given: dict[str, str]) -> str:
    for value in sorted(given.values(), key=len, reverse=True):
        text = text.replace(value, "")
    return text


def _visible(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


@pytest.mark.parametrize("name", ALL)
def test_both_languages_ask_for_the_same(name: str) -> None:
    """An English template names the same values as the Spanish one: none is lost in translation, none is new."""
    for part in (f"{name}/subject.txt", f"{name}/body.txt", f"{name}/body.html", "_asked.html"):
        stem, _, suffix = part.rpartition(".")
        spanish = (TEMPLATES / part).read_text()
        english = (TEMPLATES / f"{stem}.en.{suffix}").read_text()
        if '{% extends "mensaje/body.html" %}' in english:
            continue
        names = [set(re.findall(r"{{ (\w+)|{% if (\w+)|button\((\w+)", text)) for text in (spanish, english)]
        plain = [{word.removesuffix("_en") for found in group for word in found if word} for group in names]
        assert plain[0] == plain[1], part


def test_every_template_of_the_product_can_be_asked_for() -> None:
    """No folder lacks a part."""
    templates = MailTemplates(TEMPLATES)
    for name in templates.names():
        templates.require(name)


def test_the_same_mail_is_the_same_bytes() -> None:
    """Down to the boundary: a mail handed over again can be recognised."""
    wording = MailTemplates(TEMPLATES).render("acuse", VALUES)
    to = (Addressee("ana@example.org", "Ana Peña"),)
    twice = [
        compose(HEAD, to, wording, message_id="<a@x>", date=WHEN, case="MA-006-2026-000001") for _ in range(2)
    ]
    assert twice[0] == twice[1]
    assert twice[0].isascii()
    mail = email.message_from_bytes(twice[0], policy=default)
    assert mail["References"] == "<caso.ma-006-2026-000001@desk.example>"
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    "bad", ["", "ana", "ana@", "a@b@c", "ana@example.org\r\nBcc: x@y", "a b@c.d", "ñ@c.d"]
)
def test_what_is_no_address_is_refused(bad: str) -> None:
    """Nothing is composed to it."""
    wording = MailTemplates(TEMPLATES).render("acuse", VALUES)
    with pytest.raises(ValueError, match=r"\w"):
        compose(
            Letterhead(Addressee("m@x.y"), "x.y"), (Addressee(bad),), wording, message_id="<a@x>", date=WHEN
        )
