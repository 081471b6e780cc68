"""The post office of an installation: what mails say, how they leave, and who asks for them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from evidence.ports import Clock
from notifications.desk import MailDesk
from notifications.message import Letterhead
from notifications.outbox import Outbox
from notifications.secretbox import SecretBox
from notifications.sender import Sender
from notifications.smtp import SmtpTransport
from notifications.templates import MailTemplates
from notifications.transports import FolderTransport, Transport
from web.settings import Settings

TEMPLATES = Path(__file__).parent.parent / "templates" / "email"


class PostOffice:
    """Mail out, put together from the settings."""

    def __init__(self, settings: Settings, outbox: Outbox, clock: Clock) -> None:
        self._settings = settings
        self._outbox = outbox
        self._clock = clock

    @property
    def head(self) -> Letterhead:
        """Who writes. The domain of Message-IDs is that of the sender's address."""
        sender = self._settings.mail_from
        return Letterhead(sender, sender.address.rpartition("@")[2])

    @cached_property
    def folder(self) -> FolderTransport:
        """The folder of mails, where there is no server."""
        return FolderTransport(self._settings.data / "outbox")

    @cached_property
    def transport(self) -> Transport:
        """The way out."""
        server = self._settings.smtp_url
        return self.folder if server is None else SmtpTransport(server, hello=self.head.domain)

    @cached_property
    def templates(self) -> MailTemplates:
        """The wording."""
        return MailTemplates(TEMPLATES)

    @cached_property
    def box(self) -> SecretBox:
        """Keeps the secrets of mails that wait."""
        return SecretBox(self._settings.secret_key)

    @cached_property
    def desk(self) -> MailDesk:
        """Where mails are asked for (`signing.ports.MailSender`)."""
        return MailDesk(self._outbox, self.templates, self.box)

    @cached_property
    def sender(self) -> Sender:
        """Sends what waits."""
        return Sender(
            outbox=self._outbox,
            transport=self.transport,
            templates=self.templates,
            head=self.head,
            clock=self._clock,
            box=self.box,
            values={"casa": self.head.sender.name, "sitio": urlsplit(self._settings.public_url).netloc},
        )
