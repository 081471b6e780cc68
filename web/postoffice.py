"""The post office of an installation: what mails say, how they leave, and who asks for them."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.entry import BlobRef
from evidence.ports import BlobCorrupt, BlobMissing
from notifications.desk import MailDesk
from notifications.message import Letterhead
from notifications.secretbox import SecretBox
from notifications.sender import FileGone, Sender
from notifications.smtp import SmtpTransport
from notifications.templates import MailTemplates
from notifications.transports import FolderTransport, Transport
from signing.desk import read_blob
from web.mailtelling import CaseTeller, blob_of
from workflows.mailing import Addressee, Attached
from workflows.notices import ACTOR, POST

if TYPE_CHECKING:
    from web.wiring import House

TEMPLATES = Path(__file__).parent.parent / "templates" / "email"


class PostOffice:
    """Mail out, put together from an open house."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._settings = house.settings

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
        return MailDesk(self._house.outbox, self.templates, self.box)

    @cached_property
    def sender(self) -> Sender:
        """Sends what waits."""
        return Sender(
            outbox=self._house.outbox,
            transport=self.transport,
            templates=self.templates,
            head=self.head,
            clock=self._house.clock,
            teller=CaseTeller(self._house.cases),
            resolve=self.addresses,
            box=self.box,
            attaching=self._attached,
            values={"casa": self.head.sender.name, "sitio": self._settings.public_url},
        )

    def sealed_file(self, blob: BlobRef) -> bytes:
        """A sealed file's bytes. Raises `BlobMissing`, `BlobCorrupt`, `StoreUnavailable`."""
        return read_blob(self._house.blobs, blob)

    def _attached(self, mail: str, place: int, file: Attached) -> bytes:
        """A file that goes with a mail, of the case or waiting with the mail: exactly the one that was chosen."""
        try:
            found = self.sealed_file(blob_of(file)) if file.blob else self._house.outbox.file(mail, place)
        except (BlobMissing, BlobCorrupt) as error:
            raise FileGone(file.name) from error
        if found is None or hashlib.sha256(found).hexdigest() != file.sha256:
            raise FileGone(file.name)
        return found

    def addresses(self, who: Addressee) -> tuple[Addressee, ...]:
        """Where somebody is reached now: a post by who holds it, an actor by their account or as a contact."""
        if who.address.startswith(POST):
            holders = self._house.directory.holders(who.address.removeprefix(POST), self._house.clock())
            return tuple(found for holder in holders for found in self._of_actor(holder.actor))
        if who.address.startswith(ACTOR):
            return self._of_actor(who.address.removeprefix(ACTOR))
        return (Addressee(who.address, who.name, self._language(who.address)),)

    def _language(self, address: str) -> str:
        """The language of whoever has that address here, with an account or without; ``""`` where nobody has."""
        actor = self._house.directory.actor_of(address)
        return next((found.locale for found in self._of_actor(actor)), "") if actor else ""

    def _of_actor(self, actor: str) -> tuple[Addressee, ...]:
        contact = self._house.directory.contact(actor)
        if contact is not None:
            return (Addressee(contact.email, contact.name, contact.locale),) if contact.email else ()
        user = self._house.accounts.get(actor, self._house.clock())
        return (Addressee(user.email, user.name, user.locale),) if user is not None and user.active else ()
