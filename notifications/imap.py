"""A mailbox read by IMAP (RFC 9051): opened for reading only, so that nothing in it ever changes.

What was read is remembered by UIDVALIDITY and UID. A mailbox that was made anew (another UIDVALIDITY) is read from its
beginning; what is here already is recognised by its bytes.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from notifications.cleaning import one_line
from notifications.smtp import own_machine
from notifications.tls import ABSENT, context_for, tls_code

_SECONDS = 30.0
_PORTS = {"imaps": 993, "imap": 143}
_UID = re.compile(rb"UID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxUnavailable(Exception):
    """The mailbox cannot be read now; ``code``: ``connection``, ``login``, ``folder``, or of `notifications.tls`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail arrives. ``tls`` as in `notifications.smtp.SmtpServer`."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    folder: str = "INBOX"
    authority: Path | None = None

    def __repr__(self) -> str:
        return f"Mailbox({self.name!r})"

    @property
    def name(self) -> str:
        """By which its position is remembered: no password in it."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"

    @classmethod
    def from_url(cls, raw: str) -> Mailbox:
        """``imaps://user:password@host/folder``; ``imap://`` means STARTTLS; ``?ca=FILE`` names a private authority.

        Raises:
            ValueError: another form, with what is wrong.
        """
        parts = urlsplit(raw)
        if parts.scheme not in _PORTS or not parts.hostname or not parts.username or not parts.password:
            raise ValueError("must look like imaps://user:password@host/INBOX")
        options = parse_qs(parts.query)
        if options.keys() - {"ca", "tls"}:
            raise ValueError("takes nothing after the folder but ?ca=FILE and tls=none")
        tls = "implicit" if parts.scheme == "imaps" else "starttls"
        if options.get("tls") == ["none"]:
            if parts.scheme == "imaps" or not own_machine(parts.hostname):
                raise ValueError("may go without TLS only to this very machine")
            tls = "none"
        ca = options.get("ca", [""])[0]
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            tls=tls,
            user=unquote(parts.username),
            password=unquote(parts.password),
            folder=unquote(parts.path.strip("/")) or "INBOX",
            authority=Path(ca) if ca else None,
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail of the mailbox: its UIDVALIDITY and UID, its size, and its bytes (``None``: larger than we read)."""

    position: tuple[int, int]
    size: int
    raw: bytes | None


def new_mails(box: Mailbox, since: tuple[int, int], *, most: int, largest: int) -> Iterator[Fetched]:
    """Mails that came after a position, the earliest first, at most ``most``; ones over ``largest`` without bytes.

    Raises:
        MailboxUnavailable: also in the middle; what was given counts.
    """
    link = _open(box)
    try:
        validity = _select(link, box.folder)
        after = since[1] if since[0] == validity else 0
        for uid in _uids(link, after)[:most]:
            size = _size(link, uid)
            if size is None:  # somebody took it out of the mailbox meanwhile
                continue
            raw = _body(link, uid) if size <= largest else None
            if raw is not None or size > largest:
                yield Fetched((validity, uid), size, raw)
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxUnavailable("connection", _line(error)) from error
    finally:
        _leave(link)


def _leave(link: imaplib.IMAP4) -> None:
    """Take leave if the server still listens, and let go of the connection in any case."""
    with suppress(imaplib.IMAP4.error, OSError):
        link.logout()
    with suppress(OSError):
        link.shutdown()


def _open(box: Mailbox) -> imaplib.IMAP4:
    try:
        context = context_for(box.authority)
        if box.tls == "implicit":
            link: imaplib.IMAP4 = imaplib.IMAP4_SSL(box.host, box.port, ssl_context=context, timeout=_SECONDS)
        else:
            link = imaplib.IMAP4(box.host, box.port, timeout=_SECONDS)
            if box.tls == "starttls":
                _start_tls(link, context)
    except ssl.SSLError as error:
        raise MailboxUnavailable(tls_code(error), _line(error)) from error
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxUnavailable("connection", _line(error)) from error
    try:
        link.login(box.user, box.password)
    except (imaplib.IMAP4.error, OSError) as error:
        _leave(link)
        if isinstance(error, OSError | imaplib.IMAP4.abort):
            raise MailboxUnavailable("connection", _line(error)) from error
        raise MailboxUnavailable("login", "the server did not accept the account") from error
    return link


def _start_tls(link: imaplib.IMAP4, context: ssl.SSLContext) -> None:
    """Go on over TLS, or not at all: nothing was said yet that somebody between could use."""
    try:
        if "STARTTLS" not in link.capabilities:
            raise MailboxUnavailable(ABSENT, "the server does not offer STARTTLS")
        link.starttls(context)
    except BaseException:
        with suppress(OSError):  # a handshake that failed has closed the connection itself
            link.shutdown()
        raise


def _select(link: imaplib.IMAP4, folder: str) -> int:
    """Open the folder for reading only; gives its UIDVALIDITY."""
    quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    status, _count = link.select(quoted, readonly=True)
    found = link.response("UIDVALIDITY")[1]
    if status != "OK" or not found or not found[0]:
        raise MailboxUnavailable("folder", one_line(folder, 100))
    return int(found[0])


def _uids(link: imaplib.IMAP4, after: int) -> list[int]:
    """UIDs above ``after``; ``n:*`` always gives the last mail, also when it is older."""
    _status, found = link.uid("SEARCH", f"UID {after + 1}:*")
    numbers = (found[0] or b"").split() if found else []
    return sorted(uid for uid in map(int, numbers) if uid > after)


def _size(link: imaplib.IMAP4, uid: int) -> int | None:
    """What the server says it weighs; ``None`` for a mail that is not there any more."""
    _status, found = link.uid("FETCH", str(uid), "(RFC822.SIZE)")
    told = b" ".join(item for item in found if isinstance(item, bytes))
    match = _SIZE.search(told)
    return int(match.group(1)) if match else None


def _body(link: imaplib.IMAP4, uid: int) -> bytes | None:
    """The mail's bytes, fetched so that it does not count as read."""
    _status, found = link.uid("FETCH", str(uid), "(UID BODY.PEEK[])")
    for item in found:
        if isinstance(item, tuple):
            match = _UID.search(item[0])
            if match is None or int(match.group(1)) == uid:
                return bytes(item[1])
    return None


def _line(error: BaseException) -> str:
    return one_line(f"{type(error).__name__}: {error}", 300)
