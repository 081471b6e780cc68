"""Personal links as they are made: one secret, bound to purpose, request, signatory and document, in one mail."""

from __future__ import annotations

from evidence.entry import EntryKind
from signing.errors import LinkDead
from signing.office import Office
from signing.ports import Notice
from signing.records import OPEN, Link, LinkItem, Purpose, Request, Status
from signing.tokens import new_id, new_token, token_hash
from workflows.commands import SYSTEM_ACTOR
from workflows.facts import Facts
from workflows.signatureacts import RequestNote

TEMPLATES = {
    (Purpose.ANSWER, "firma_solicitada"): "respuesta_solicitada",
    (Purpose.ANSWER, "firma_recordatorio"): "respuesta_recordatorio",
    (Purpose.REVIEW, "firma_solicitada"): "revision_solicitada",
    (Purpose.REVIEW, "firma_recordatorio"): "revision_recordatorio",
    (Purpose.SECRET, "firma_solicitada"): "secreto_enviado",
    (Purpose.SECRET, "firma_recordatorio"): "secreto_recordatorio",
    (Purpose.UPLOAD, "firma_solicitada"): "carta_por_devolver",
    (Purpose.UPLOAD, "firma_recordatorio"): "carta_por_devolver_recordatorio",
}
"""What a mail about a signature is for another purpose."""
_MAILED = OPEN | {Status.NEW}


class Issuer:
    """See the module."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def mail(self, request_id: str, template: str) -> None:
        """Mail a fresh link for a request that waits. Its secret goes into the mail and is kept nowhere in the clear.

        It also leads to whatever else waits for the same person for the same purpose. A link that the request had
        before is dead from here on.

        Raises:
            LinkDead: the request waits no more. NoPublicAddress, UnknownPerson.
        """
        office = self._office
        request = office.store.request(request_id)
        if request is None or request.status not in _MAILED or office.now() >= request.expires_at:
            raise LinkDead
        again = self._issued_before(request)
        if again:
            office.store.renew(request.id)
            request = office.store.request(request_id) or request
        token = new_token()
        address = office.address_of(f"/s/{token}")
        link = Link(
            token_hash=token_hash(token),
            id=new_id("l-"),
            purpose=request.purpose,
            request=request.id,
            signatory=request.signatory,
            created_at=office.now(),
            expires_at=request.expires_at,
        )
        office.store.add_link(link, self._items(link, request))
        facts = Facts(through=link.id, signatory=link.signatory, expires_at=link.expires_at)
        kind = EntryKind.LINK_RESENT if again else EntryKind.LINK_ISSUED
        office.note(RequestNote(request.folio, kind, request.id, SYSTEM_ACTOR, f"link/{link.id}", facts))
        who = office.person(request.signatory)
        office.postman.post(
            Notice(
                TEMPLATES.get((request.purpose, template), template),
                who.email,
                who.name,
                office.words_of(request),
                f"link/{link.id}",
                request.folio,
                request.step,
                {"enlace": address},
            )
        )

    def _items(self, link: Link, request: Request) -> tuple[LinkItem, ...]:
        others = [
            item
            for item in self._office.store.waiting_for(request.signatory)
            if item.id != request.id and item.purpose == request.purpose
        ]
        return tuple(
            LinkItem(link.token_hash, item.id, item.digest, item.generation) for item in (request, *others)
        )

    def _issued_before(self, request: Request) -> bool:
        states = self._office.cases.requests.of_case(request.folio)
        found = next((item for item in states if item.request == request.id), None)
        return found is not None and str(EntryKind.LINK_ISSUED) in found.counts
