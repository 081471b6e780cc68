"""A real SMTP server on loopback (aiosmtpd), told what to answer."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.processes import free_ports


@dataclass
class Post:
    """What the server took, and how it is told to behave.

    ``answer`` is its word after the mail (``""``: it takes it); ``rcpt`` its word by recipient; with ``die`` it closes
    the connection after the mail without a word, and with ``die_early`` at the first recipient.
    """

    answer: str = ""
    rcpt: dict[str, str] = field(default_factory=dict)
    die: bool = False
    die_early: bool = False
    keep_when_dying: bool = True
    taken: list[bytes] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer a recipient."""
        if self.die_early:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        """Answer a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        if self.die:
            if self.keep_when_dying:
                self.taken.append(content)
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
            return "250 never heard"
        if self.answer:
            return self.answer
        self.taken.append(content)
        return "250 2.0.0 queued"


class _Controller(Controller):
    def factory(self) -> SMTP:
        with warnings.catch_warnings():  # it does not know that the whole connection is TLS
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            return SMTP(self.handler, **self.SMTP_kwargs)


@contextmanager
def smtp_server(
    post: Post,
    *,
    tls: ssl.SSLContext | None = None,
    implicit: ssl.SSLContext | None = None,
    user: tuple[str, str] | None = None,
) -> Iterator[Post]:
    """Serve ``post`` on a free port of loopback: plain, STARTTLS required (``tls``), or TLS from the first byte."""

    def known(_s: SMTP, _se: Session, _e: Envelope, _m: str, given: Any) -> AuthResult:
        found = isinstance(given, LoginPassword) and user is not None
        return AuthResult(success=found and (given.login.decode(), given.password.decode()) == user)

    more: dict[str, Any] = {"tls_context": tls, "require_starttls": tls is not None}
    if user is not None:
        more |= {"authenticator": known, "auth_required": True}
    if implicit is not None:
        more |= {"ssl_context": implicit, "auth_require_tls": False}
    controller = _Controller(post, hostname="127.0.0.1", port=free_ports(1)[0], **more)
    controller.start()
    try:
        post.port = controller.port
        yield post
    finally:
        controller.stop()
