"""Reading an Outlook message (.msg): the same facts as a mail.

A .msg is what a mailbox program made of the mail: transport headers may be missing, and the original bytes that a DKIM
signature covers are gone. It is taken, and graded lower than an .eml by whoever judges evidence.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import getaddresses
from typing import BinaryIO

import oxmsg
from oxmsg.attachment import Attachment as StoredAttachment

from documents.limits import Limits
from documents.mail import Attachment, Mail, decoded, iso_date, reading_of
from documents.markup import plain_text
from documents.names import safe_name
from documents.reading import Reading, clean
from documents.refusals import Refuse
from documents.sniffing import Kind
from evidence.canonical import Json

_MAX_RECIPIENTS = 500


def read(stream: BinaryIO, kind: Kind, limits: Limits) -> Reading:  # noqa: ARG001 - every reader has this shape
    """Facts of an Outlook message, named as those of `documents.mail.read`.

    ``received``, ``dkim`` and ``authentication_results`` are missing: the format does not keep them faithfully.

    Raises:
        Refuse: over_limit (parts).
    """
    return reading_of(parse(stream, limits), limits)


def parse(stream: BinaryIO, limits: Limits) -> Mail:
    """The whole message."""
    stream.seek(0)
    message = oxmsg.Message.load(stream)
    if message.attachment_count > limits.mail_parts:
        raise Refuse(
            "over_limit", family="msg", what="parts", found=message.attachment_count, limit=limits.mail_parts
        )
    html = plain_text(message.html_body or "")
    body = message.body or html
    files = tuple(_file(item) for item in message.attachments)
    attachments = tuple(
        Attachment(name, clean(item.mime_type or "", 100), len(data), hashlib.sha256(data).hexdigest())
        for (name, data), item in zip(files, message.attachments, strict=True)
    )
    twin = "" if html.split() == body.split() else clean(html, limits.searchable_chars)
    shown = clean(body.replace("\r\n", "\n"), limits.searchable_chars)
    return Mail(_headers(message), shown, attachments, twin, files)


def _headers(message: oxmsg.Message) -> dict[str, Json]:
    found = {name.lower(): str(value) for name, value in message.message_headers.items()}
    recipients: list[Json] = [
        {
            "name": clean(str(item.name or ""), 200),
            "address": clean(str(item.email_address or ""), 320).lower(),
        }
        for item in list(message.recipients)[:_MAX_RECIPIENTS]
    ]
    raw_date = decoded(found.get("date", ""))
    return {
        "from": [
            {"name": clean(name, 200), "address": clean(address, 320).lower()}
            for name, address in getaddresses([message.sender or ""])
        ],
        "to": recipients,
        "cc": [],
        "date": iso_date(raw_date) or _moment(message.sent_date),
        "date_raw": raw_date[:200],
        "subject": clean(message.subject, 1000),
        "message_id": decoded(found.get("message-id", ""))[:1000],
        "in_reply_to": decoded(found.get("in-reply-to", ""))[:1000],
    }


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _file(stored: StoredAttachment) -> tuple[str, bytes]:
    return safe_name(stored.file_name or "adjunto"), stored.file_bytes or b""
