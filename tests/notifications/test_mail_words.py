"""What mails say: harmless whatever people typed, the same for the same mail, whole in both languages."""

from __future__ import annotations

import email
import string
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.cleaning import one_line, several_lines
from notifications.message import Letterhead, compose
from notifications.templates import MailTemplates
from tests.notifications.conftest import HEAD, TEMPLATES
from workflows.mailing import Addressee

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
OWN = ("acuse", "aviso_plazo", "mensaje", "recordatorio")
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


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("locale", ["es", "en"])
def test_every_template_is_whole(name: str, locale: str) -> None:
    """Subject, text and HTML in both languages; no picture fetched from anywhere, no script, no form."""
    wording = MailTemplates(TEMPLATES).render(name, VALUES, locale)
    assert wording.subject
    assert "contraseña" in wording.text or "password" in wording.text or name == "aviso_plazo"
    assert ('lang="en"' in wording.html) == (locale == "en")
    for bad in ("<img", "<script", "<form", "src=", "@import", "url("):
        assert bad not in wording.html


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
