"""A mail's bytes: the same for the same mail, down to the boundary, so that what was sent can be told again.

RFC 5322 with a text and an HTML part. It says that a program wrote it (RFC 3834), so that no answering machine answers,
and refers to its case by a Message-ID that answers carry in ``References``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from notifications.cleaning import one_line
from notifications.templates import Wording
from workflows.mailing import Addressee, Attached

_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who the house is in its mails: ``sender`` writes, ``domain`` is of Message-IDs, answers go to ``reply_to``."""

    sender: Addressee
    domain: str
    reply_to: str = ""


def case_reference(folio: str, domain: str) -> str:
    """The Message-ID by which all mails of a case belong together."""
    return f"<caso.{folio.lower()}@{domain}>"


def compose(
    head: Letterhead,
    to: tuple[Addressee, ...],
    wording: Wording,
    *,
    message_id: str,
    date: datetime,
    case: str = "",
    files: Sequence[tuple[Attached, bytes]] = (),
) -> bytes:
    """The mail with its files, lines ended by CR LF, all of it ASCII.

    Raises:
        ValueError: an address that no header may hold.
    """
    mail = EmailMessage(_POLICY)
    mail["From"] = _address(head.sender)
    mail["To"] = tuple(_address(item) for item in to)
    if head.reply_to:
        mail["Reply-To"] = _address(Addressee(head.reply_to))
    mail["Subject"] = wording.subject
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id
    if case:
        mail["References"] = case_reference(case, head.domain)
        mail["X-Constancia-Case"] = case
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(wording.text, cte="quoted-printable")
    mail.add_alternative(wording.html, subtype="html", cte="quoted-printable")
    boundary = "=_" + message_id.strip("<>").partition("@")[0]
    mail.set_boundary(boundary)
    for file, content in files:
        main, sub = _kind(file.media)
        mail.add_attachment(content, maintype=main, subtype=sub, filename=one_line(file.name, 180))
    if files:
        mail.set_boundary(boundary + "-m")
    return mail.as_bytes()


def _kind(media: str) -> tuple[str, str]:
    """Type and subtype of a file's part: a mail goes as bytes, for ``message/rfc822`` may not be encoded (RFC 2046)."""
    main, _slash, sub = media.partition("/")
    return ("application", "octet-stream") if main == "message" else (main, sub)


def _address(who: Addressee) -> Address:
    """The header's form of an address; names are data, whatever they hold.

    Raises:
        ValueError: the address is none.
    """
    name, address = one_line(who.name, 200), who.address
    if not address.isascii() or one_line(address) != address or address.count("@") != 1 or " " in address:
        raise ValueError("not an address")
    try:
        return Address(display_name=name, addr_spec=address)
    except (MessageError, IndexError) as error:
        raise ValueError("not an address") from error
