"""The other ways out of a personal link: not to sign, to pass on, to know nothing of it."""

from __future__ import annotations

from evidence.entry import EntryKind
from signing.act import placed
from signing.behind import BehindLink
from signing.desk import ASKED
from signing.errors import LinkDead, NotDelegable, RfcInvalid
from signing.expected import RFC, expected_details
from signing.levels import level_of
from signing.links import Standing
from signing.office import Place
from signing.records import OPEN, Purpose, Request, Status
from workflows import rules
from workflows.facts import Facts
from workflows.signatureacts import DeclineSignature


class RefusingDesk(BehindLink):
    """See the module."""

    def decline(self, standing: Standing, request_id: str, reason: str, place: Place) -> None:
        """The signatory does not sign. Raises `ReasonMissing`, `AlreadyAnswered`, `LinkDead`."""
        request = self.open_request(standing, request_id)
        if request.purpose is not Purpose.SIGN:
            raise LinkDead
        command = DeclineSignature(
            request.folio,
            request.id,
            self.links.actor(request),
            reason,
            Facts(
                through=standing.link.id, factor=standing.visit.factor, level=level_of(standing.visit.factor)
            ),
            placed(place),
        )
        self.settled(request, lambda: self.office.cases.requests.decline(command))
        self.office.store.move(request.id, tuple(OPEN), Status.DECLINED)
        self.mail_done(request, "declined")

    def delegate(
        self, standing: Standing, request_id: str, to: str, reason: str, place: Place, *, rfc: str = ""
    ) -> None:
        """Pass the request on to who was appointed to stand in, with a reason; the link dies.

        With ``rfc``, that person's as the signatory states it, they may sign with their e.firma.

        Raises:
            NotDelegable, ReasonMissing, RfcInvalid, AlreadyAnswered, LinkDead.
        """
        office = self.office
        request = self.open_request(standing, request_id)
        if not request.delegable or to not in self.stand_ins(request):
            raise NotDelegable  # also to who could not prove what the request asks for
        rules.reason_given(reason)
        wanted = rfc.strip().upper()
        if wanted and not RFC.fullmatch(wanted):
            raise RfcInvalid
        self.tell(
            standing,
            request,
            EntryKind.SIGNATURE_DELEGATED,
            f"request/{request.id}/delegated/{request.generation}",
            Facts(signatory=request.signatory, delegate=to, through=standing.link.id),
            place=place,
            note=reason,
            private={"rfc": wanted} if wanted else None,
            open_only=True,
        )
        details = {**request.details, **expected_details(wanted, to)}
        if office.store.renew(request.id, to, details):
            self.issuer.mail(request.id, ASKED)

    def stand_ins(self, request: Request) -> tuple[str, ...]:
        """Who may sign in the signatory's place; never who asked."""
        if not request.delegable:
            return ()
        found = self.office.people.stand_ins(request.signatory, self.office.clock())
        able = self.office.enrolled
        return tuple(a for a in found if a != request.asked_by and able(a, request.factor))

    def report(self, standing: Standing, request_id: str, words: str, place: Place) -> None:
        """«No reconozco»: the person knows nothing of this; the link dies. Raises `LinkDead`, `AlreadyAnswered`."""
        request = self.open_request(standing, request_id)
        self.tell(
            standing,
            request,
            EntryKind.LINK_REPORTED,
            f"request/{request.id}/reported",
            place=place,
            note=words,
            open_only=True,
        )
        self.office.store.move(request.id, tuple(OPEN), Status.REPORTED)
        self.mail_done(request, "reported")
