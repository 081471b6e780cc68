"""Mail to a server by SMTP (RFC 5321), over TLS that is verified (RFC 8314, RFC 3207).

The dialogue is spelled out instead of left to ``sendmail``: between the server's 354 and its last answer lies the one
moment in which nobody can know whether it took the mail, and who sends must have written down before that it begins.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from notifications.cleaning import one_line
from notifications.tls import ABSENT, context_for, tls_code
from notifications.transports import Envelope, InDoubt, NotNow, Refused, Taken

_SECONDS = 30.0
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes out. ``tls`` is ``implicit``, ``starttls`` (required), or ``none``: on this very machine only."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = ""
    authority: Path | None = None

    def __repr__(self) -> str:
        return f"SmtpServer({self.host!r}, {self.port}, {self.tls!r})"

    @classmethod
    def from_url(cls, raw: str) -> SmtpServer:
        """``smtps://user:password@host:465`` or ``smtp://host:587``; ``?ca=FILE`` names a private authority.

        ``smtp://`` means STARTTLS, and no mail without it; plain only to the machine itself, and never with a password.

        Raises:
            ValueError: another form, with what is wrong.
        """
        parts = urlsplit(raw)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("must look like smtps://user:password@host:465 or smtp://host:587")
        options = parse_qs(parts.query)
        if parts.path.strip("/") or options.keys() - {"ca", "tls"}:
            raise ValueError("takes nothing after the port but ?ca=FILE and tls=none")
        tls = "implicit" if parts.scheme == "smtps" else "starttls"
        if options.get("tls") == ["none"]:
            if parts.scheme == "smtps" or not own_machine(parts.hostname) or parts.username:
                raise ValueError("may go without TLS only to this very machine, and without a password")
            tls = "none"
        ca = options.get("ca", [""])[0]
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            tls=tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            authority=Path(ca) if ca else None,
        )


def own_machine(host: str) -> bool:
    """Whether a name is that of this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class SmtpTransport:
    """One connection a mail: a desk sends tens a day, and nothing of one mail can disturb another."""

    def __init__(self, server: SmtpServer, *, hello: str, seconds: float = _SECONDS) -> None:
        self._server = server
        self._hello = hello
        self._seconds = seconds

    def seen(self, message_id: str) -> bool | None:  # noqa: ARG002 - the port's; servers cannot be asked
        """A server cannot be asked."""
        return None

    def deliver(self, mail: Envelope, handing: Callable[[], None]) -> Taken:
        """See the port."""
        link = self._connect()
        try:
            refused = self._address(link, mail)
            self._said(link.docmd("DATA"), 354)
            handing()
            return Taken(self._hand_over(link, mail.content), refused)
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow("connection", _line(error)) from error
        finally:
            with suppress(smtplib.SMTPException, OSError):
                link.close()

    def _connect(self) -> smtplib.SMTP:
        wanted, context = self._server, self._context()
        try:
            if wanted.tls == "implicit":
                link: smtplib.SMTP = smtplib.SMTP_SSL(
                    wanted.host, wanted.port, self._hello, timeout=self._seconds, context=context
                )
            else:
                link = smtplib.SMTP(wanted.host, wanted.port, self._hello, timeout=self._seconds)
            try:
                self._greet(link, context)
            except BaseException:
                link.close()
                raise
        except ssl.SSLError as error:
            raise NotNow(tls_code(error), _line(error)) from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotNow("login", _answer(error.smtp_code, error.smtp_error)) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotNow(ABSENT if wanted.tls == "starttls" else "login", _line(error)) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow("connection", _line(error)) from error
        return link

    def _greet(self, link: smtplib.SMTP, context: ssl.SSLContext) -> None:
        link.ehlo()
        if self._server.tls == "starttls":
            link.starttls(context=context)
            link.ehlo()
        if self._server.user:
            try:
                link.login(self._server.user, self._server.password)
            except smtplib.SMTPServerDisconnected as error:  # some servers hang up on a wrong password
                raise NotNow("login", "the server hung up at the login") from error

    def _context(self) -> ssl.SSLContext:
        try:
            return context_for(self._server.authority)
        except OSError as error:
            raise NotNow("tls", _line(error)) from error

    def _address(self, link: smtplib.SMTP, mail: Envelope) -> dict[str, str]:
        """Say whom it is from and to; returns recipients that are refused while others are not."""
        self._said(link.mail(mail.sender), 250)
        refused, last = {}, (0, b"")
        for address in mail.to:
            last = link.rcpt(address)
            if last[0] not in {250, 251}:
                refused[address] = _answer(*last)
        if len(refused) == len(mail.to):
            self._said(last, 250)
        return refused

    def _hand_over(self, link: smtplib.SMTP, content: bytes) -> str:
        """The mail itself and its final dot. Whatever breaks here leaves a doubt; an answer settles it."""
        try:
            link.send(_dotted(content))
            answer = link.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise InDoubt("no_answer", _line(error)) from error
        self._said(answer, 250)
        with suppress(smtplib.SMTPException, OSError):
            link.quit()
        return _answer(*answer)

    @staticmethod
    def _said(answer: tuple[int, bytes], wanted: int) -> None:
        code, text = answer
        if code == wanted:
            return
        if 500 <= code < 600:
            raise Refused(str(code), _answer(code, text))
        raise NotNow(str(code), _answer(code, text))


def _dotted(content: bytes) -> bytes:
    """RFC 5321, 4.5.2: lines end in CR LF, one that begins with a dot gets another, and a dot alone ends it all."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return one_line(f"{code} {words}", 300)


def _line(error: BaseException) -> str:
    timeout = "timeout" if isinstance(error, socket.timeout) else str(error)
    return one_line(f"{type(error).__name__}: {timeout}", 300)
