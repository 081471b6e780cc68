"""The page behind a personal link: each letter with what is known of it, and how it can be answered."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.words import digest_words
from signing.consent import Consent, consent_for, efirma_consent_for
from signing.levels import satisfies
from signing.links import Standing
from signing.records import Request, Status
from web.linkroom import LinkRoom
from web.views.lens import Lens, Moment

MOST_PAGES = 30


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: ``pages`` are the numbers of its pages; ``closed`` one whose second factor is still missing.

    ``efirma`` says that an e.firma may sign it; ``efirma_of_another`` that it was asked of who passed the letter on.
    """

    id: str
    name: str
    folio: str
    asker: str
    note: str
    asked: Moment
    expires: Moment
    digest: str
    words: tuple[str, ...]
    pages: tuple[int, ...]
    status: str
    open: bool
    closed: bool
    delegates: tuple[tuple[str, str], ...]
    check: str
    efirma: bool
    efirma_of_another: bool


@dataclass(frozen=True, slots=True)
class LinkPage:
    """The whole page. ``call`` is the reference to read out once a code was asked for."""

    name: str
    post: str
    letters: tuple[Letter, ...]
    consent: Consent
    efirma_consent: Consent
    phone: str
    call: str
    until: Moment

    @property
    def open(self) -> tuple[Letter, ...]:
        """Letters that can be signed now."""
        return tuple(item for item in self.letters if item.open and not item.closed)

    @property
    def closed(self) -> tuple[Letter, ...]:
        """Letters that wait for the code."""
        return tuple(item for item in self.letters if item.open and item.closed)

    @property
    def done(self) -> tuple[Letter, ...]:
        """Letters that were answered."""
        return tuple(item for item in self.letters if not item.open)


def link_page(standing: Standing, room: LinkRoom, lens: Lens, phone: str) -> LinkPage:
    """Build the page of a visit."""
    who = room.office.people.person(standing.visit.signatory)
    return LinkPage(
        name=who.name if who else "",
        post=who.post if who else "",
        letters=tuple(_letter(item, standing, room, lens) for item in standing.requests),
        consent=consent_for(lens.locale),
        efirma_consent=efirma_consent_for(lens.locale),
        phone=phone,
        call=standing.visit.call,
        until=lens.moment(standing.visit.expires_at),
    )


def _letter(item: Request, standing: Standing, room: LinkRoom, lens: Lens) -> Letter:
    asker = room.office.people.person(item.asked_by)
    pages = min(int(item.details.get("pages", "1")), MOST_PAGES)
    people = [(actor, room.office.people.person(actor)) for actor in room.refusing.stand_ins(item)]
    return Letter(
        id=item.id,
        name=item.title,
        folio=item.folio,
        asker=asker.name if asker else "",
        note=item.note,
        asked=lens.moment(item.created_at),
        expires=lens.moment(item.expires_at),
        digest=item.digest,
        words=digest_words(item.digest),
        pages=tuple(range(1, pages + 1)),
        status=str(item.status),
        open=item.waits(standing.now) and item.status is not Status.SIGNED,
        closed=not satisfies(standing.visit.factor, item.factor),
        delegates=tuple((actor, who.name) for actor, who in people if who is not None),
        check=room.office.check_page(item.folio),
        efirma=room.efirma.offered(item),
        efirma_of_another=room.efirma.of_another(item),
    )
