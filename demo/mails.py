"""Mails with proper headers, as they would be dragged out of a mailbox."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from demo.people import DOMAIN
from demo.rendering import ZONE

DESK = ("Mesa de Ayuda N1", f"soporte@{DOMAIN}")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside a mail."""

    name: str
    data: bytes
    subtype: str = "pdf"


def mail(
    sender: tuple[str, str],
    to: tuple[str, str],
    subject: str,
    lines: Sequence[str],
    moment: datetime,
    *,
    attached: Sequence[Attached] = (),
    answers: str = "",
) -> bytes:
    """A mail as it was delivered; the same bytes for the same arguments.

    ``answers`` is the subject of the mail it replies to (its id is derived in the same way).
    """
    local = moment.astimezone(ZONE)
    domain = sender[1].partition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["Received"] = (
        f"from smtp.{domain} (smtp.{domain} [192.0.2.25]) by mx.{DOMAIN} with ESMTPS id {_tag(subject, moment)[:12]}; "
        f"{format_datetime(local)}"
    )
    if domain != DOMAIN:
        _vouch(message, domain, subject, moment)
    message["From"] = f"{_quoted(sender[0])} <{sender[1]}>"
    message["To"] = f"{_quoted(to[0])} <{to[1]}>"
    message["Subject"] = subject
    message["Date"] = format_datetime(local)
    message["Message-ID"] = message_id(subject, domain)
    if answers:
        message["In-Reply-To"] = message_id(answers, to[1].partition("@")[2])
    message.set_content("\n".join(lines) + "\n", cte="8bit")
    for item in attached:
        message.add_attachment(item.data, maintype="application", subtype=item.subtype, filename=item.name)
    if attached:
        message.set_boundary(f"=_{_tag(subject, moment)[:24]}")
    return message.as_bytes()


def _vouch(message: EmailMessage, domain: str, subject: str, moment: datetime) -> None:
    """What a receiving server and a signing domain would have written; invented, and nobody verifies it here."""
    message["Authentication-Results"] = (
        f"mx.{DOMAIN}; spf=pass smtp.mailfrom={domain}; dkim=pass header.d={domain}"
    )
    message["DKIM-Signature"] = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s2026; h=from:to:subject:date; "
        f"bh={_tag('body', moment)}; b={_tag(subject, moment)}"
    )


def message_id(subject: str, domain: str) -> str:
    """The id of the mail with that subject from that domain."""
    return f"<{hashlib.sha256(subject.encode()).hexdigest()[:20]}@{domain}>"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', "'") + '"'


def _tag(text: str, moment: datetime) -> str:
    return hashlib.sha256(f"{text}{moment.isoformat()}".encode()).hexdigest()
