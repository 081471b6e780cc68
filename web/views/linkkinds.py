"""Pages behind personal links that are no signatures: a question with its answers, a secret that waits."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.entry import EntryKind
from evidence.words import digest_words
from signing.levels import satisfies
from signing.links import Standing
from signing.records import Purpose, Request
from web.linkroom import LinkRoom
from web.views.lens import Lens, Moment

TEMPLATES = {
    Purpose.ANSWER: "pages/link_answer.html",
    Purpose.SECRET: "pages/link_secret.html",
    Purpose.UPLOAD: "pages/link_return.html",
}


@dataclass(frozen=True, slots=True)
class KindItem:
    """One request. ``about`` says whom the case is about; ``chosen`` is the answer that was given.

    For a letter to be returned: its ``name``, whether it can be had as ``letter``, and how many files fit, or 0.
    """

    id: str
    title: str
    folio: str
    about: str
    asker: str
    note: str
    expires: Moment
    digest: str
    words: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    chosen: str
    open: bool
    closed: bool
    name: str = ""
    letter: bool = False
    risky: bool = False
    most: int = 0


@dataclass(frozen=True, slots=True)
class KindPage:
    """The whole page. ``call`` is the reference to read out once a code was asked for."""

    items: tuple[KindItem, ...]
    phone: str
    call: str
    until: Moment

    @property
    def open(self) -> tuple[KindItem, ...]:
        """Those that can be answered now."""
        return tuple(item for item in self.items if item.open and not item.closed)

    @property
    def closed(self) -> tuple[KindItem, ...]:
        """Those that wait for a code."""
        return tuple(item for item in self.items if item.open and item.closed)

    @property
    def done(self) -> tuple[KindItem, ...]:
        """Those that were answered."""
        return tuple(item for item in self.items if not item.open)


def kind_page(standing: Standing, room: LinkRoom, lens: Lens, phone: str) -> tuple[KindPage, str]:
    """The page of a visit, and the template that shows it."""
    page = KindPage(
        items=tuple(_item(item, standing, room, lens) for item in standing.requests),
        phone=phone,
        call=standing.visit.call,
        until=lens.moment(standing.visit.expires_at),
    )
    return page, TEMPLATES[standing.link.purpose]


def _item(item: Request, standing: Standing, room: LinkRoom, lens: Lens) -> KindItem:
    asker = room.office.people.person(item.asked_by)
    definition = room.office.cases.view(item.folio).definition
    upload = item.purpose is Purpose.UPLOAD
    options = (
        tuple((branch.code, lens.say(branch.name)) for branch in room.answers.options(item))
        if item.purpose is Purpose.ANSWER
        else ()
    )
    return KindItem(
        id=item.id,
        title=lens.say(definition.by_step[item.step].name),
        folio=item.folio,
        about=item.details.get("about", ""),
        asker=asker.name if asker else "",
        note=item.note,
        expires=lens.moment(item.expires_at),
        digest=item.digest,
        words=digest_words(item.digest),
        options=options,
        chosen=dict(options).get(_chosen(item, room), ""),
        open=item.waits(standing.now),
        closed=not satisfies(standing.visit.factor, item.factor),
        name=item.title,
        letter=item.details.get("letter") == "si",
        risky=upload and room.returns.risky(item),
        most=room.returns.most(item) if upload else 0,
    )


def _chosen(item: Request, room: LinkRoom) -> str:
    for sealed in room.office.cases.view(item.folio).entries:
        facts = sealed.entry.facts
        if sealed.entry.kind is EntryKind.ANSWER_GIVEN and facts.get("request") == item.id:
            return str(facts.get("choice", ""))
    return ""
