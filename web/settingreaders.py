"""How settings are read from text: each reader returns the value or raises ``ValueError`` with what it must be."""

from __future__ import annotations

import os
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from identity.accounts import Role
from notifications.imap import Mailbox
from notifications.smtp import SmtpServer
from workflows.mailing import Addressee


def text(raw: str) -> str:
    """Any text, trimmed."""
    return raw.strip()


def path(raw: str) -> Path:
    """An absolute path."""
    return Path(raw).expanduser().absolute()


def optional_path(raw: str) -> Path | None:
    """The same, or ``None``."""
    return path(raw) if raw else None


def addresses(raw: str) -> tuple[str, ...]:
    """Addresses of the web, separated by blanks."""
    found = tuple(raw.split())
    if any(urlsplit(item).scheme not in {"http", "https"} or not urlsplit(item).hostname for item in found):
        raise ValueError("must be addresses beginning with http:// or https://, separated by blanks")
    return found


def hosts(raw: str) -> frozenset[str]:
    """``host:port``, separated by blanks."""
    if any(not item.rpartition(":")[0] or not item.rpartition(":")[2].isdigit() for item in raw.split()):
        raise ValueError("must be host:port, separated by blanks")
    return frozenset(raw.split())


def metrics(raw: str) -> str:
    """Who may read the numbers: nobody, this machine, or whoever bears a token."""
    if raw in {"", "loopback"} or (len(raw) >= 20 and raw.isascii() and raw.isprintable() and " " not in raw):
        return raw
    raise ValueError("must be loopback, or a token of 20 printable ASCII characters or more without blanks")


def natural(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers within bounds."""

    def read(raw: str) -> int:
        value = int(raw) if raw.isascii() and raw.isdigit() else -1
        if not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def switch(raw: str) -> bool:
    """True or false."""
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if raw.lower() not in words:
        raise ValueError("must be true or false")
    return words[raw.lower()]


def perhaps(raw: str) -> bool | None:
    """The same, or ``None``."""
    return switch(raw) if raw else None


def zone(raw: str) -> ZoneInfo:
    """A time zone."""
    try:
        return ZoneInfo(raw)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a time zone of the tz database, such as America/Mexico_City") from error


def public_url(raw: str) -> str:
    """Scheme and host alone."""
    if not raw:
        return ""
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("must be scheme and host alone, such as https://constancia.example")
    return f"{parts.scheme}://{parts.netloc}"


def database_url(raw: str) -> str:
    """SQLite or PostgreSQL."""
    if raw and not raw.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("must start with sqlite:/// or postgresql://")
    return raw


def origin(raw: str) -> str:
    """A log's name."""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/")
    if len(raw) > 120 or not set(raw) <= allowed:
        raise ValueError("may hold letters, digits and . - _ / only, at most 120, such as desk.example/log")
    return raw


def secret(raw: str) -> str:
    """A long secret, or none."""
    if raw and len(raw) < 32:
        raise ValueError("is shorter than 32 characters; `flask init` generates one")
    return raw


def master_key(raw: str) -> str:
    """An age identity, or several separated by blanks; as lines."""
    lines = raw.split()
    if any(not line.startswith("AGE-SECRET-KEY-1") for line in lines):
        raise ValueError("must be an age identity, AGE-SECRET-KEY-1..., as `age-keygen` makes them")
    return "\n".join(lines)


def roles(raw: str) -> frozenset[Role]:
    """Names of roles, separated by blanks or commas."""
    try:
        return frozenset(Role(name) for name in raw.replace(",", " ").split())
    except ValueError:
        raise ValueError(f"must be roles: {', '.join(Role)}") from None


def imap(raw: str) -> Mailbox | None:
    """The mailbox in which mail arrives, if one is named."""
    return Mailbox.from_url(raw) if raw else None


def smtp(raw: str) -> SmtpServer | None:
    """A mail server, or ``None``."""
    return SmtpServer.from_url(raw) if raw else None


def mailbox(raw: str) -> Addressee:
    """A mail address with its name."""
    name, address = parseaddr(raw)
    if raw and (not address.isascii() or address.count("@") != 1 or " " in address):
        raise ValueError("must be an address such as Mesa de ayuda <mesa@example.org>")
    return Addressee(address, name)


def line(raw: str) -> str:
    """One line of text."""
    if len(raw) > 120 or not raw.isprintable():
        raise ValueError("must be one line of at most 120 characters")
    return raw


def clamd(raw: str) -> str:
    """Where an antivirus listens: ``host:port``, or the absolute path of a socket; empty for none."""
    host, _, port = raw.rpartition(":")
    if raw and not raw.startswith("/") and not (host and port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError("must be host:port, or the absolute path of clamd's socket")
    return raw


def ocr(raw: str) -> str:
    """``auto``, ``no``, or the absolute path of a program."""
    if raw not in {"auto", "no"} and not (raw.startswith("/") and os.access(raw, os.X_OK)):
        raise ValueError("must be auto, no, or the absolute path of a program")
    return raw


def issuer(raw: str) -> str:
    """An OpenID Connect issuer (Discovery 1.0, section 3): scheme, host and perhaps a path, and nothing after it."""
    parts = urlsplit(raw)
    if raw and (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in raw
    ):
        raise ValueError(
            "must be an address such as https://directorio.example/empresa, without query or fragment"
        )
    return raw


def words(raw: str) -> frozenset[str]:
    """Words separated by blanks."""
    return frozenset(raw.split())
