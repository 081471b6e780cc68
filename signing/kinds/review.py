"""Reviews by personal link: an area's person decides the rows of her area, a press at a time, and says when done.

A request is of one area of one campaign. It is open for many decisions and ends by one act; its link outlives the
area's days by a little, so that who comes late is told so in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, format_time, parse_time
from identity.throttle import Limit
from signing.act import placed
from signing.acting import SigningDesk, cleared
from signing.desk import RequestDesk
from signing.errors import DocumentDiffers
from signing.kinds.asking import MEDIA, Ask, request_of
from signing.links import Standing
from signing.office import Place
from signing.records import Purpose, Request, Status
from signing.tokens import new_id
from workflows.answering import question_digest
from workflows.campaigncommands import AskAreas, DecideRows
from workflows.commands import Actor, Receipt
from workflows.errors import AreaUnknown, NotACampaign
from workflows.ranges import format_ranges
from workflows.reviewacts import AskReview, ByLink, FinishReview
from workflows.reviewerrors import AreaNotAsked
from workflows.rosterrules import RosterRules
from workflows.rosterview import AreaProgress, RosterView

GRACE = 2
"""Business days that a link outlives the area's own: it then says that the days are over, and decides nothing."""
PRESSES = Limit(
    free=300, first=timedelta(seconds=10), longest=timedelta(minutes=5), memory=timedelta(hours=1)
)
"""Decisions through one request before they are slowed down: a person's pace, and far above it."""


@dataclass(frozen=True, slots=True)
class Invite:
    """Who is to review which areas (area to person), with which second factor (``""``: none), in which words."""

    folio: str
    areas: Mapping[str, str]
    factor: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A press: what the page showed (``digest``, ``seen``: last entry), which rows as ranges, what and why."""

    digest: str
    rows: str
    decision: str
    reason: str
    seen: int
    key: str = ""


class ReviewDesk(SigningDesk):
    """See the module. The claim that lets one signature through lets one end of a review through."""

    PURPOSE = Purpose.REVIEW
    ENDED = Status.ANSWERED

    def ask(self, desk: RequestDesk, invite: Invite, actor: Actor, place: Place) -> tuple[Request, ...]:
        """Ask areas, a request and a mail each; those that were not asked yet are recorded as asked by link.

        Everything that can be known before is checked before anything is written.

        Raises:
            LinkError: see its kinds. And what `workflows.campaigns.CampaignService.ask` and
                `workflows.reviewing.ReviewBook.ask` raise.
        """
        office = self.office
        office.address_of("/")
        view = office.cases.campaigns.roster(invite.folio)
        known = {area.area: area for area in view.areas}
        for area, person in invite.areas.items():
            if area not in known:
                raise AreaUnknown(area=area, options=list(known))
            who = office.reachable(person)
            desk.check_terms(office.clock() + timedelta(days=1), invite.factor, who)
        unasked = tuple(area for area in invite.areas if not known[area].sent_at)
        if unasked:
            ask = AskAreas(invite.folio, actor, (), unasked, note=invite.note, linked=True)
            office.cases.campaigns.ask(ask)
            view = office.cases.campaigns.roster(invite.folio)
        return tuple(
            desk.launch(self._asked(desk, invite, view, area, person, actor, place))
            for area, person in invite.areas.items()
        )

    def decide(self, standing: Standing, request_id: str, said: Decision, place: Place) -> Receipt:
        """One decision on some of her rows: one entry, in her name.

        Raises:
            AlreadyAnswered, FactorNeeded, DocumentDiffers, LinkDead, TooManyTries; and what
            `workflows.campaigns.CampaignService.decide` raises.
        """
        request = self.open_request(standing, request_id)
        self.office.limit("link-review", request.id, PRESSES)
        cleared(standing.visit, request)
        if said.digest != request.digest:
            raise DocumentDiffers
        return self._receipt(standing, request, said, place)

    def finish(self, standing: Standing, request_id: str, digest: str, place: Place) -> Request:
        """She is done; the link decides nothing more.

        Raises:
            AlreadyAnswered, StillSigning, FactorNeeded, DocumentDiffers, LinkDead.
        """
        request = self.open_request(standing, request_id)
        cleared(standing.visit, request)
        if digest != request.digest:
            raise DocumentDiffers
        command = FinishReview(
            request.folio,
            request.id,
            self.links.actor(request),
            self.visited(standing, request, place),
            placed(place),
        )
        self.claimed(request, lambda: self._finished(command))
        return replace(request, status=Status.ANSWERED)

    def rows(self, request: Request) -> RosterView:
        """The rows of a request's area and nothing of any other."""
        view = self.office.cases.campaigns.roster(request.folio)
        area = request.details.get("area", "")
        return replace(
            view,
            rows=tuple(row for row in view.rows if row.area == area),
            areas=tuple(item for item in view.areas if item.area == area),
        )

    def rules(self, request: Request) -> RosterRules:
        """The campaign's rules of rows. Raises `NotACampaign`."""
        found = self.office.cases.view(request.folio).definition.roster
        if found is None:
            raise NotACampaign(folio=request.folio)
        return found

    def _finished(self, command: FinishReview) -> None:
        self.office.cases.reviews.finish(command)

    def _receipt(self, standing: Standing, request: Request, said: Decision, place: Place) -> Receipt:
        link = ByLink(request.id, self.visited(standing, request, place), placed(place))
        return self.office.cases.campaigns.decide(
            DecideRows(
                folio=request.folio,
                rows=said.rows,
                decision=said.decision,
                reason=said.reason,
                actor=self.links.actor(request),
                seen=said.seen,
                idempotency_key=said.key,
                by_link=link,
            )
        )

    def _expires(self, due: str) -> datetime:
        calendar = self.office.calendar
        day = calendar.add(calendar.local_day(parse_time(due)), GRACE, "habiles")
        return max(calendar.opening_of(day), parse_time(due) + timedelta(hours=1))

    def _asked(
        self,
        desk: RequestDesk,
        invite: Invite,
        view: RosterView,
        code: str,
        person: str,
        actor: Actor,
        place: Place,
    ) -> Request:
        office = self.office
        area = next(item for item in view.areas if item.area == code)
        now = office.clock()
        if not area.due_at or area.due_at <= format_time(now):
            raise AreaNotAsked(area=area.name or code)
        request_id, step = new_id("r-"), self._step(invite.folio)
        question = _question(invite, view, area, request_id)
        document = BlobRef(question_digest(question), len(canonical_bytes(question)), MEDIA, "")
        until, note = self._expires(area.due_at), invite.note.strip()
        asked = Ask(invite.folio, step, person, until, factor=invite.factor, note=note)
        name = f"{invite.folio} · {area.name or code}"
        request = request_of(
            office, Purpose.REVIEW, asked, request_id, document, name, actor, place, {"area": code}
        )
        ask = AskReview(invite.folio, code, request.id, actor, person, question, until, invite.factor, note)
        desk.enter(request, lambda: office.cases.reviews.ask(ask))
        return request

    def _step(self, folio: str) -> str:
        found = self.office.cases.view(folio).definition.roster
        return found.answers if found is not None else ""


def _question(invite: Invite, view: RosterView, area: AreaProgress, request_id: str) -> dict[str, Json]:
    """What the link is bound to: this sheet, these rows of it, these terms."""
    numbers = [row.number for row in view.rows if row.area == area.area]
    return {
        "request": request_id,
        "folio": invite.folio,
        "sheet": view.sheet,
        "area": area.area,
        "rows": format_ranges(numbers),
        "until": area.due_at,
        "note": invite.note.strip(),
    }
