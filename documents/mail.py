"""Reading a mail (.eml): who wrote to whom, when, about what, and what it brings.

Limits on headers, parts and depth are checked on the raw lines before the parser builds anything. Header facts such as
a DKIM signature or Authentication-Results are copied as the file states them: the file is a claim, and no more is made
of it here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from email import message_from_binary_file, message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from typing import BinaryIO

from documents.limits import Limits
from documents.markup import plain_text
from documents.names import safe_name, split_extension
from documents.reading import Passage, Reading, clean, excerpt
from documents.refusals import Refuse
from documents.sniffing import BY_EXTENSION, Kind
from evidence.canonical import Json

_MAX_ADDRESSES = 500
_MAX_VALUE = 16_000
_HEAD_BYTES = 64 * 1024
_CONTENT_TYPE = re.compile(rb"\Acontent-type[ \t]*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside a mail: safe name, media type as claimed, size in bytes, hex SHA-256."""

    name: str
    media: str
    size: int
    sha256: str

    def as_json(self) -> dict[str, Json]:
        """The member of ``about.attachments``."""
        return {"name": self.name, "media": self.media, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready to be shown: decoded headers in their order of interest, its text, its attachments.

    ``twin`` is what its HTML says besides the plain text that is shown; ``files`` are the attachments' names and bytes.
    """

    headers: dict[str, Json]
    body: str
    attachments: tuple[Attachment, ...]
    twin: str = ""
    files: tuple[tuple[str, bytes], ...] = ()


def read(stream: BinaryIO, kind: Kind, limits: Limits) -> Reading:  # noqa: ARG001 - every reader has this shape
    """Facts of a mail.

    ``from``, ``to``, ``cc`` (objects of ``name`` and ``address``), ``date`` (ISO 8601 UTC, ``""`` when unreadable),
    ``date_raw``, ``subject``, ``message_id``, ``in_reply_to``, ``references``, ``attachments``, ``received`` (count),
    ``dkim`` (domains of DKIM-Signature headers), ``authentication_results`` (verbatim), ``text``.

    Raises:
        Refuse: over_limit (headers, header_bytes, parts, depth).
    """
    mail = parse(stream, limits)
    return reading_of(mail, limits)


def reading_of(mail: Mail, limits: Limits) -> Reading:
    """The same for every kind of mail file."""
    subject = mail.headers["subject"]
    passages = (
        Passage("subject", str(subject)),
        Passage("body", mail.body),
        *([Passage("body", mail.twin)] if mail.twin else []),
    )
    about: dict[str, Json] = {
        **mail.headers,
        "attachments": [attachment.as_json() for attachment in mail.attachments],
        "text": excerpt(passages[1:2], limits.excerpt_chars),
    }
    odd = any(_would_be_refused(attachment.name) for attachment in mail.attachments)
    return Reading(about, ("attachment_type",) if odd else (), passages, mail.files)


def parse(stream: BinaryIO, limits: Limits) -> Mail:
    """The whole mail, its limits checked first."""
    check_lines(stream, limits)
    stream.seek(0)
    try:
        message = message_from_binary_file(stream, policy=compat32)
    except RecursionError as error:
        raise _over("depth", limits.mail_depth + 1, limits.mail_depth) from error
    leaves = list(_leaves(message, 0, limits))
    files = tuple(_file(part) for part in leaves if _is_attachment(part))
    attachments = tuple(
        Attachment(name, clean(part.get_content_type(), 100), len(data), hashlib.sha256(data).hexdigest())
        for (name, data), part in zip(files, filter(_is_attachment, leaves), strict=True)
    )
    texts = [part for part in leaves if not _is_attachment(part)]
    body, twin = _texts(texts, limits.searchable_chars)
    return Mail(_headers(message), body, attachments, twin, files)


def attachment_at(stream: BinaryIO, number: int, limits: Limits) -> tuple[str, bytes]:
    """Safe name and bytes of the attachment of that number, counted as `parse` lists them.

    Raises:
        Refuse: over_limit; ``empty`` where there is none of that number.
    """
    check_lines(stream, limits)
    stream.seek(0)
    message = message_from_binary_file(stream, policy=compat32)
    parts = [part for part in _leaves(message, 0, limits) if _is_attachment(part)]
    if not 0 <= number < len(parts):
        raise Refuse("empty")
    return _file(parts[number])


def check_lines(stream: BinaryIO, limits: Limits) -> None:
    """Count headers, their bytes and the parts on the raw lines, in constant memory."""
    stream.seek(0)
    headers = header_bytes = parts = 0
    in_top = True
    while line := stream.readline(64 * 1024):
        if in_top:
            in_top = bool(line.strip(b"\r\n"))
            header_bytes += len(line)
            headers += not line.startswith((b" ", b"\t"))
            if headers > limits.mail_headers:
                raise _over("headers", headers, limits.mail_headers)
            if header_bytes > limits.mail_header_bytes:
                raise _over("header_bytes", header_bytes, limits.mail_header_bytes)
        elif _CONTENT_TYPE.match(line):
            parts += 1
            if parts > limits.mail_parts:
                raise _over("parts", parts, limits.mail_parts)


def _leaves(message: Message, depth: int, limits: Limits) -> Iterator[Message]:
    """Parts that hold content. A mail inside the mail is walked too: its text is read, its files are listed."""
    if depth > limits.mail_depth:
        raise _over("depth", depth, limits.mail_depth)
    if len(message.keys()) > limits.mail_headers:
        raise _over("headers", len(message.keys()), limits.mail_headers)
    if not message.is_multipart():
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _leaves(part, depth + 1, limits)


def _headers(message: Message) -> dict[str, Json]:
    raw_date = _header(message, "date")
    return {
        "from": _addresses(message, "from"),
        "to": _addresses(message, "to"),
        "cc": _addresses(message, "cc"),
        "date": iso_date(raw_date),
        "date_raw": raw_date[:200],
        "subject": _header(message, "subject")[:1000],
        "message_id": _header(message, "message-id")[:1000],
        "in_reply_to": _header(message, "in-reply-to")[:1000],
        "references": _header(message, "references")[:4000],
        "received": len(message.get_all("received", [])),
        "dkim": [_dkim_domain(str(value)) for value in message.get_all("dkim-signature", [])[:10]],
        "authentication_results": [
            clean(_unfold(str(value)), 1000) for value in message.get_all("authentication-results", [])[:10]
        ],
    }


def headers_of(data: bytes) -> dict[str, Json]:
    """The headers of a mail whose content is not read, from its first bytes alone; nothing where they make no sense."""
    try:
        return _headers(message_from_bytes(data[:_HEAD_BYTES], policy=compat32))
    except Exception:  # noqa: BLE001 - a stranger's headers: what cannot be read is not told
        return {}


def iso_date(text: str) -> str:
    """A mail's date in UTC, ISO 8601; ``""`` when it is missing or cannot be read."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""


def _header(message: Message, name: str) -> str:
    return decoded(next(iter(_raw(message, name)), ""))


def _raw(message: Message, name: str) -> list[str]:
    """A header's values as they stand in the file; letters outside of ASCII are read as `decoded` reads them."""
    return [str(value) for known, value in message.raw_items() if known.lower() == name]


def decoded(raw: str) -> str:
    """A header value as people read it: unfolded, RFC 2047 words decoded, harmless in JSON."""
    raw = _unfold(_unescaped(raw[:_MAX_VALUE]))
    try:
        pieces = decode_header(raw)
    except Exception:  # noqa: BLE001 - binascii and codec errors on hostile words: the raw value is shown instead
        return clean(raw, _MAX_VALUE)
    text = "".join(
        piece if isinstance(piece, str) else _decode_bytes(piece, charset or "ascii")
        for piece, charset in pieces
    )
    return clean(text, _MAX_VALUE).replace("\n", " ").strip()


def _unescaped(text: str) -> str:
    """Bytes that a careless sender left undeclared: UTF-8 where they are that, else as Windows writes."""
    if text.isascii() or not any("\udc80" <= letter <= "\udcff" for letter in text):
        return text
    data = text.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _decode_bytes(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError):
        return data.decode("cp1252", "replace")


def _unfold(value: str) -> str:
    return re.sub(r"\r?\n[ \t]?", " ", value).strip()


def _addresses(message: Message, name: str) -> Json:
    raw = [_unescaped(_unfold(value)[:_MAX_VALUE]) for value in _raw(message, name)]
    pairs = getaddresses(raw)[:_MAX_ADDRESSES]
    return [
        {"name": decoded(shown), "address": clean(address, 320).lower()}
        for shown, address in pairs
        if shown or address
    ]


def _dkim_domain(value: str) -> str:
    match = re.search(r"(?:\A|;)\s*d\s*=\s*([^;\s]{1,255})", _unfold(value[:_MAX_VALUE]))
    return clean(match.group(1), 255).lower() if match else ""


def _is_attachment(part: Message) -> bool:
    disposition = str(part.get("content-disposition", "")).strip().lower()
    return (
        disposition.startswith("attachment")
        or part.get_content_maintype() != "text"
        or _file_name(part) != ""
    )


def _file_name(part: Message) -> str:
    try:
        return decoded(part.get_filename() or "")
    except Exception:  # noqa: BLE001 - the parameter parser raises nearly anything on hostile continuations
        return ""


def _file(part: Message) -> tuple[str, bytes]:
    return safe_name(_file_name(part) or "adjunto"), _content(part)


def _content(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _texts(parts: list[Message], limit: int) -> tuple[str, str]:
    """All plain texts, or what the others say where there is none; then what these say that the plain ones do not."""
    plain = [part for part in parts if part.get_content_subtype() == "plain"]
    body = _joined(plain or parts, limit)
    twin = _joined([part for part in parts if part not in plain], limit) if plain else ""
    return body, "" if twin.split() == body.split() else twin


def _joined(parts: list[Message], limit: int) -> str:
    return "\n\n".join(_part_text(part, limit) for part in parts)[:limit].strip()


def _part_text(part: Message, limit: int) -> str:
    text = _decode_bytes(_content(part)[: limit * 4], part.get_content_charset() or "utf-8")
    text = plain_text(text) if part.get_content_subtype() == "html" else text
    return clean(text.replace("\r\n", "\n"), limit)


def _would_be_refused(name: str) -> bool:
    extension = split_extension(name)[1]
    return bool(extension) and extension not in BY_EXTENSION


def _over(what: str, found: int, limit: int) -> Refuse:
    return Refuse("over_limit", family="eml", what=what, found=found, limit=limit)
