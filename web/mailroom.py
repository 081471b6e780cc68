"""Mail in, put together from an open house: the mailbox, what cases know of mails, and how a bounce is told."""

from __future__ import annotations

import io
from functools import cached_property
from typing import TYPE_CHECKING

from documents.bounce import Bounce
from documents.refusals import FileRefused
from evidence.entry import SYSTEM, EntryKind
from notifications.answers import proposed_answer
from notifications.authenticity import Dns
from notifications.imap import MailboxUnavailable
from notifications.inbox import Answer, IncomingMail, IncomingState
from notifications.isolation import OriginReader
from notifications.keylookup import system_dns
from notifications.matching import Ledgers
from notifications.receiving import Received, Receiver
from web.readiness import HouseError
from web.views.mail_entries import mailbox_word
from workflows.commands import Actor, NoteMail, Receipt, Upload
from workflows.errors import UnknownCase

if TYPE_CHECKING:
    from web.wiring import House

BY_MACHINE = Actor(SYSTEM, SYSTEM, via=SYSTEM, kind="machine")
"""Who says that a mail came back: another machine."""

_CASES_OF_AN_ADDRESS = 5


class MailRoom:
    """What arrives; ``dns`` asks the name server for DKIM keys and is a parameter for tests."""

    def __init__(self, house: House, dns: Dns | None = system_dns) -> None:
        self._house = house
        self._dns = dns

    @property
    def configured(self) -> bool:
        """Whether there is a mailbox to read."""
        return self._house.settings.imap_url is not None

    def poll(self) -> Received:
        """Take what is new in the mailbox; nothing where there is none.

        Raises:
            HouseError: ``mailbox_unavailable``. evidence.ports.StoreUnavailable.
        """
        if not self.configured:
            return Received()
        try:
            return self._receiver.poll()
        except MailboxUnavailable as error:
            raise HouseError(
                "mailbox_unavailable", why=f"{mailbox_word(error.code)}: {error.detail}"
            ) from error

    def take(self, raw: bytes, source: str) -> Received:
        """Take a mail that came by another way than the mailbox, such as a file. Raises `StoreUnavailable`."""
        return self._receiver.take(raw, source)

    def noticed(self, receipt: Receipt, by: str) -> None:
        """Mails that a receipt has sealed are no longer waiting."""
        for sealed in receipt.objects:
            self.settle(sealed.sha256, IncomingState.FILED, receipt.folio, by)

    def settle(self, wanted: str, state: IncomingState, folio: str, by: str, note: str = "") -> bool:
        """Say what became of a waiting mail."""
        return self._house.inbox.settle(wanted, state, case=folio, by=by, note=note, at=self._house.clock())

    def answer(self, folio: str, text: str) -> Answer | None:
        """What a text seems to answer in an open case."""
        try:
            view = self._house.cases.view(folio)
        except UnknownCase:
            return None
        return proposed_answer(view.definition, view.state, text)

    @cached_property
    def _receiver(self) -> Receiver:
        house, wanted = self._house, self._house.settings
        return Receiver(
            inbox=house.inbox,
            box=wanted.imap_url,
            reader=house.reader,
            origins=OriginReader(house.limits),
            house=self._ledgers,
            answering=self.answer,
            bounced=self._bounced,
            clock=house.clock,
            dns=self._dns if wanted.mail_dkim else None,
            authserv=wanted.mail_authserv,
            largest=house.limits.file_bytes,
        )

    @property
    def _ledgers(self) -> Ledgers:
        return Ledgers(
            domain=self._house.mail.head.domain,
            known=lambda folio: bool(folio) and self._house.index.get(folio) is not None,
            case_of_mail=self._case_of,
            by_address=self._open_cases,
        )

    def _case_of(self, mail_id: str) -> str:
        found = self._house.outbox.get(mail_id)
        return found.request.case if found is not None else ""

    def _open_cases(self, address: str) -> list[str]:
        folios = reversed(self._house.index.by_reference("correo", address.lower()))
        rows = (self._house.index.get(folio) for folio in folios)
        return [row.folio for row in rows if row is not None and not row.closed][:_CASES_OF_AN_ADDRESS]

    def _bounced(self, mail_id: str, bounce: Bounce, mail: IncomingMail, raw: bytes) -> str:
        sent = self._house.outbox.get(mail_id)
        if sent is None or not sent.request.case:
            return ""
        facts = {"id": mail_id, "template": sent.request.template, "code": bounce.status, "copy": "whole"}
        facts |= {name: mail.facts[name] for name in ("dkim", "authserv") if name in mail.facts}
        told = {
            "to": bounce.recipient,
            "from": mail.sender,
            "subject": mail.text("subject"),
            "answer": bounce.said,
            "domain": mail.facts.get("domain", ""),
        }
        note = NoteMail(
            folio=sent.request.case,
            kind=EntryKind.MAIL_BOUNCED,
            actor=BY_MACHINE,
            step=sent.request.step,
            uploads=(Upload("devuelto.eml", io.BytesIO(raw)),),
            mail=facts,
            told=told,
            idempotency_key=f"bounce/{mail.id}",
        )
        try:
            self._house.cases.note_mail(note)
        except FileRefused:
            return ""
        return sent.request.case
