"""Personal links as they are used: fetched by anybody, which changes nothing; opened by a person in one browser."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from evidence.canonical import Json
from evidence.entry import EntryKind, format_time, parse_time
from identity.throttle import Limit
from signing.errors import LinkDead
from signing.office import Office, Place
from signing.records import DONE, OPEN, Link, Request, Visit
from signing.tokens import is_token, new_id, new_token, token_hash
from workflows.commands import UNIDENTIFIED, UNKNOWN, Actor
from workflows.facts import Facts
from workflows.requests import LINK_ROLE, VIA_LINK
from workflows.signatories import signatory_actor
from workflows.signatureacts import RequestNote

VISIT = timedelta(minutes=45)
BY_ADDRESS = Limit(
    free=60, first=timedelta(seconds=30), longest=timedelta(minutes=15), memory=timedelta(hours=1)
)
"""How often one address may miss: unknown links, and cookies that open nothing."""
BY_LINK = Limit(
    free=40, first=timedelta(seconds=30), longest=timedelta(minutes=15), memory=timedelta(hours=1)
)
"""How often one link may be opened."""
_MACHINES = re.compile(
    r"bot\b|crawl|spider|preview|scan|safelinks|barracuda|mimecast|proofpoint|urldefense|slurp|curl/|wget|python-|"
    r"headless|go-http|java/|okhttp|facebookexternalhit|whatsapp|telegram|skypeuri|slack",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A person behind a link: the visit, its link, and the requests it leads to, with those still to be answered."""

    visit: Visit
    link: Link
    requests: tuple[Request, ...]
    now: str

    @property
    def open(self) -> tuple[Request, ...]:
        """Requests that can still be answered."""
        return tuple(item for item in self.requests if item.waits(self.now))

    def request(self, request_id: str) -> Request:
        """One of the requests. Raises `LinkDead`."""
        for item in self.requests:
            if item.id == request_id:
                return item
        raise LinkDead


class LinkDesk:
    """See the module."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def fetched(self, token: str, place: Place, method: str) -> Link:
        """Somebody or something asked for the link's page; nothing changes by it.

        One entry a day and class of visitor says so, however often it happens; all fetches are counted.

        Raises:
            LinkDead, TooManyTries.
        """
        link = self._alive(token, place)
        machine = method != "GET" or not place.user_agent or bool(_MACHINES.search(place.user_agent))
        kind = "machine" if machine else UNKNOWN
        count = self._office.store.count_fetch(link.token_hash)
        request = self._office.store.request(link.request)
        if request is None:
            raise LinkDead
        private: dict[str, Json] = {"user_agent": place.user_agent[:300], "address": _address(place)}
        told = RequestNote(
            request.folio,
            EntryKind.LINK_FETCHED,
            request.id,
            Actor(UNIDENTIFIED, LINK_ROLE, via=VIA_LINK, kind=kind),
            f"link/{link.id}/fetched/{kind}/{self._office.now()[:10]}",
            Facts(through=link.id, counts={"fetches": count}),
            private,
        )
        self._office.note(told)
        return link

    def open(self, token: str, place: Place) -> tuple[Visit, str]:
        """A person opened the link: the visit, and the secret for the browser's cookie.

        Raises:
            LinkDead, TooManyTries.
        """
        office = self._office
        link = self._alive(token, place)
        office.limit("link-open", link.token_hash, BY_LINK)
        secret, now = new_token(), office.clock()
        until = min(now + VISIT, parse_time(link.expires_at))
        visit = Visit(
            id=new_id("v-"),
            cookie_hash=token_hash(secret),
            token_hash=link.token_hash,
            signatory=link.signatory,
            opened_at=format_time(now),
            expires_at=format_time(until),
        )
        office.store.add_visit(visit)
        for request in self._led_to(link):
            if request.waits(format_time(now)):
                self._opened(visit, link, request, place)
        return visit, secret

    def stand(self, visit_id: str, secret: str, place: Place) -> Standing:
        """The visit that a browser's cookie proves, as it stands now.

        Raises:
            LinkDead: no such visit, another browser, its time is over, or nothing is behind its link any more.
            TooManyTries.
        """
        office = self._office
        visit = office.store.visit(visit_id)
        if visit is None or not hmac.compare_digest(visit.cookie_hash, token_hash(secret)):
            office.limit("link-miss", place.address, BY_ADDRESS)
            raise LinkDead
        now = office.now()
        link = office.store.link(visit.token_hash)
        if link is None or not now < visit.expires_at:
            raise LinkDead
        seen = tuple(item for item in self._usable(link) if _shown(item, now))
        if not seen:
            raise LinkDead
        return Standing(visit, link, seen, now)

    def actor(self, request: Request, signatory: str = "") -> Actor:
        """Who acts behind the link: whom it was made for, in the role of the step's performer."""
        situation = self._office.cases.requests.situation(request.folio)
        step = situation.definition.by_step[request.step]
        return signatory_actor(situation.definition, step, signatory or request.signatory)

    def _alive(self, token: str, place: Place) -> Link:
        """The link of a token, if it still leads to something to be answered. All others look alike."""
        office = self._office
        link = office.store.link(token_hash(token)) if is_token(token) else None
        now = office.now()
        if link is None or not any(item.waits(now) for item in self._usable(link)):
            office.limit("link-miss", place.address, BY_ADDRESS)
            raise LinkDead
        return link

    def _usable(self, link: Link) -> Iterator[Request]:
        """Of `_led_to` those whose case may be used: what was blocked or erased is shown to nobody outside."""
        requests = self._office.cases.requests
        return (item for item in self._led_to(link) if requests.usable(item.folio))

    def _led_to(self, link: Link) -> tuple[Request, ...]:
        """Requests to which the link is still bound."""
        found = []
        for item in self._office.store.items(link.token_hash):
            request = self._office.store.request(item.request)
            if request is not None and item.leads_to(request, link):
                found.append(request)
        return tuple(found)

    def _opened(self, visit: Visit, link: Link, request: Request, place: Place) -> None:
        private: dict[str, Json] = {"user_agent": place.user_agent[:300], "address": _address(place)}
        told = RequestNote(
            request.folio,
            EntryKind.LINK_OPENED,
            request.id,
            self.actor(request),
            f"visit/{visit.id}/{request.id}",
            Facts(through=link.id, counts={"fetches": link.fetches}),
            private,
        )
        self._office.note(told)


def _shown(request: Request, now: str) -> bool:
    """What a visit still shows: what waits, and what was just answered; nothing once it expired or was taken back."""
    if now >= request.expires_at:
        return False
    return request.status in OPEN | DONE


def _address(place: Place) -> dict[str, Json]:
    return {"raw": place.raw, "resolved": place.address}
