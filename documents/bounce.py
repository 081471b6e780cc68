"""Reports that a mail came back: ``multipart/report; report-type=delivery-status`` (RFC 3462, RFC 3464).

Read as strictly as real servers allow. What a mail merely looks like does not matter: only the machine-readable part
counts, and only a delivery that failed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_binary_file
from email.message import Message
from email.policy import compat32
from typing import BinaryIO

from documents.limits import Limits
from documents.mail import check_lines
from documents.reading import clean

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery that failed: the mail's Message-ID, the RFC 3463 status, whom it was for, what the server said."""

    message_id: str
    status: str
    recipient: str
    said: str


def bounce_of(stream: BinaryIO, limits: Limits) -> Bounce | None:
    """The failure a mail reports, ``None`` for any other mail.

    Raises:
        documents.refusals.Refuse: over_limit, as for every mail.
    """
    check_lines(stream, limits)
    stream.seek(0)
    message = message_from_binary_file(stream, policy=compat32)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = [part for part in message.get_payload() if isinstance(part, Message)]
    report = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    failed = _failed(report) if report is not None else None
    original = _original_id(parts)
    if failed is None or not original:
        return None
    status = _STATUS.search(str(failed.get("status", "")))
    return Bounce(
        message_id=original,
        status=status.group(1) if status else "5.0.0",
        recipient=_typed(failed, "final-recipient") or _typed(failed, "original-recipient"),
        said=_typed(failed, "diagnostic-code"),
    )


def _failed(report: Message) -> Message | None:
    """The first recipient's block that says so; a delay is no failure."""
    blocks = report.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if isinstance(block, Message) and str(block.get("action", "")).strip().lower() == "failed":
            return block
    return None


def _original_id(parts: list[Message]) -> str:
    """The Message-ID of the mail that came back: of the copy the report brings, whole or headers only."""
    for part in parts:
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            inner = part.get_payload(0)
            if isinstance(inner, Message) and inner.get("message-id"):
                return clean(str(inner["message-id"]).strip(), 500)
        if part.get_content_type() in {"text/rfc822-headers", "message/rfc822-headers"}:
            payload = part.get_payload(decode=True)
            text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
            match = re.search(r"^message-id:\s*(<[^>\r\n]{1,300}>)", text, re.IGNORECASE | re.MULTILINE)
            if match:
                return clean(match.group(1), 500)
    return ""


def _typed(block: Message, name: str) -> str:
    """A field whose value begins with its type and a semicolon."""
    value = re.sub(r"\r?\n[ \t]+", " ", str(block.get(name, "")))
    return clean(value.partition(";")[2].strip() or value.strip(), 300)
