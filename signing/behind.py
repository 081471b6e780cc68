"""What all acts behind a personal link have in common: the request must wait, the case is told, who asked is mailed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from evidence.canonical import Json
from evidence.entry import EntryKind
from signing.act import placed
from signing.errors import AlreadyAnswered, LinkDead
from signing.issuing import Issuer
from signing.links import LinkDesk, Standing
from signing.office import Office, Place
from signing.ports import Notice
from signing.records import OPEN, Purpose, Request, Status
from workflows.errors import RequestSettled
from workflows.facts import Facts
from workflows.signatureacts import RequestNote

DONE, RECEIPT = "firma_hecha", "firma_acuse"
ENDINGS = {
    "signed": "firmó",
    "declined": "no firmó",
    "reported": "no reconoce la solicitud de",
    "answered": "respondió",
    "shown": "abrió lo que le dejaste",
    "returned": "devolvió la carta firmada",
}
ENDINGS_EN = {
    "signed": "signed",
    "declined": "did not sign",
    "reported": "does not recognise the request of",
    "answered": "answered",
    "shown": "opened what you left",
    "returned": "returned the signed letter",
}
TEMPLATES = {"answered": "respuesta_hecha", "shown": "respuesta_hecha", "returned": "carta_devuelta"}
"""What the mail to who asked says, by how the request ended."""


class BehindLink:
    """See the module. ``PURPOSE``: of which requests it is for (``None``: of all), ``ENDED``: how they end by it."""

    PURPOSE: ClassVar[Purpose | None] = None
    ENDED: ClassVar[Status] = Status.SIGNED

    def __init__(self, office: Office, links: LinkDesk, issuer: Issuer) -> None:
        self.office = office
        self.links = links
        self.issuer = issuer

    def request(self, standing: Standing, request_id: str) -> Request:
        """One of the requests, of this purpose. Raises `LinkDead`."""
        found = standing.request(request_id)
        if self.PURPOSE is not None and found.purpose is not self.PURPOSE:
            raise LinkDead
        return found

    def open_request(self, standing: Standing, request_id: str) -> Request:
        """One of the requests, while it waits. Raises `LinkDead`, `AlreadyAnswered`."""
        request = self.request(standing, request_id)
        if not request.waits(standing.now):
            raise AlreadyAnswered(how=request.status)
        return request

    def settled(self, request: Request, act: Callable[[], object]) -> None:
        """Do something that ends the request; who comes late hears how it ended."""
        try:
            act()
        except RequestSettled as settled:
            how = Status(str(settled.fields["why"]))
            self.office.store.move(request.id, tuple(OPEN), how)
            raise AlreadyAnswered(how=how) from settled

    def tell(  # noqa: PLR0913 - what an entry says
        self,
        standing: Standing,
        request: Request,
        kind: EntryKind,
        key: str,
        facts: Facts | None = None,
        *,
        place: Place | None = None,
        note: str = "",
        private: Mapping[str, Json] | None = None,
        open_only: bool = False,
    ) -> None:
        """Record something of a request by whom the link was made for. Raises `AlreadyAnswered` with ``open_only``."""
        told = RequestNote(
            request.folio,
            kind,
            request.id,
            self.links.actor(request),
            key,
            facts or Facts(through=standing.link.id),
            {**(placed(place) if place is not None else {}), **(private or {})},
            note,
            open=open_only,
        )
        self.settled(request, lambda: self.office.note(told))

    def mail_receipts(self, request: Request) -> None:
        """Tell who asked, and who signed."""
        self.mail_done(request, self.ENDED)
        if self.ENDED is not Status.SIGNED:
            return
        who = self.office.person(request.signatory)
        context = self.office.words_of(request)
        key = f"request/{request.id}/receipt"
        if who.email:
            notice = Notice(RECEIPT, who.email, who.name, context, key, request.folio, request.step)
            self.office.postman.post(notice)

    def mail_done(self, request: Request, how: str) -> None:
        """Tell who asked how it ended."""
        asker = self.office.people.person(request.asked_by)
        if asker is None or not asker.email:
            return
        who = self.office.people.person(request.signatory)
        context = {
            **self.office.words_of(request),
            "firmante": who.name if who else "",
            "como": ENDINGS[how],
            "como_en": ENDINGS_EN[how],
        }
        key = f"request/{request.id}/{how}"
        notice = Notice(
            TEMPLATES.get(how, DONE), asker.email, asker.name, context, key, request.folio, request.step
        )
        self.office.postman.post(notice)
