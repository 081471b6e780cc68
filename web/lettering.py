"""The letters of this installation: the desk that composes them, and what a draft remembers of one it holds."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import IO

from evidence.canonical import Json
from evidence.words import digest_words
from signing.letters import Letter, Letterhead, Typesetter
from signing.letters_desk import LetterDesk
from web.settings import Settings
from web.wiring import Draft, DraftFile, House
from workflows.commands import UsedTemplate
from workflows.errors import LetterChanged
from workflows.step import Text

MARK = "_letter"
"""Where a staged file's ``about`` says which template made it; nobody outside can set it."""

OFFICE = "Mesa de Ayuda"
DEMO_NOTICE = "Documento de demostración. Los datos de las personas son ficticios."


@cache
def _typesetter() -> Typesetter:
    """One for the process: the fonts are read once."""
    return Typesetter()


def letter_desk(house: House) -> LetterDesk:
    """Composes letters of this house's cases."""
    return LetterDesk(
        house.cases, house.directory, _Names(house), house.clock, letterhead(house.settings), _typesetter()
    )


def letterhead(settings: Settings) -> Letterhead:
    """Whose letters they are; the demonstration's say what they are."""
    return Letterhead(
        organisation=settings.organisation,
        office=OFFICE,
        place=settings.place,
        notice=DEMO_NOTICE if settings.demo else "",
        public_url=settings.public_url,
    )


def mark_of(letter: Letter) -> Json:
    """What a draft remembers of a letter."""
    used = letter.template
    return {"name": used.name, "version": used.version, "sha256": used.sha256, "filled": letter.filled}


def template_of(about: Mapping[str, Json]) -> UsedTemplate | None:
    """The template that made a staged file, ``None`` for one that came from outside."""
    mark = about.get(MARK)
    if not isinstance(mark, dict):
        return None
    return UsedTemplate(str(mark["name"]), str(mark["version"]), str(mark["sha256"]))


def letters_in(draft: Draft) -> tuple[DraftFile, ...]:
    """The letters of ours that wait in a draft."""
    return tuple(file for file in draft.files if MARK in file.about)


def see_unchanged(house: House, draft: Draft, shown: frozenset[str], step: str = "") -> None:
    """See that each letter in a draft is one of those shown, by digest, and still says what the case says.

    ``step`` is whose letter it is; the draft's own, unless it is a correction's.

    Raises:
        LetterChanged: it is not; nothing is sealed.
    """
    step = step or draft.key.step
    for file in letters_in(draft):
        if file.sha256 not in shown:
            raise LetterChanged(step=step)
        mark = file.about[MARK]
        filled = str(mark["filled"]) if isinstance(mark, dict) else ""
        letter_desk(house).stands(draft.key.folio, step, filled)


@dataclass(frozen=True, slots=True)
class Offer:
    """The letter a step's form can write into slot ``slot``; the rest describes the one that waits in the draft.

    ``pages`` are its page numbers, ``words`` and ``sha256`` its digest; without a letter ``file`` is ``""``.
    """

    slot: str
    title: Text
    file: str = ""
    name: str = ""
    pages: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    sha256: str = ""


def offer_of(house: House, process: str, draft: Draft, step: str = "") -> Offer | None:
    """What the form of a draft's step offers, ``None`` where no letter of ours is its evidence; ``step`` as above."""
    found = letter_desk(house).offered(process, step or draft.key.step)
    if found is None:
        return None
    offer = Offer(found[0].slot, found[1].title)
    for file in letters_in(draft):
        pages = file.about.get("pages", 1)
        offer = replace(
            offer,
            file=file.id,
            name=file.name,
            pages=tuple(range(1, pages + 1)) if isinstance(pages, int) else (1,),
            words=digest_words(file.sha256),
            sha256=file.sha256,
        )
    return offer


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file of our own making, as the draft takes files."""

    filename: str
    content: bytes

    @property
    def stream(self) -> IO[bytes]:
        """A fresh stream of it."""
        return io.BytesIO(self.content)


class _Names:
    """Names of people by id; ``""`` for one nobody knows, so that no letter bears an id."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, actor: str) -> str:
        user = self._house.accounts.get(actor, self._house.clock())
        if user is not None:
            return user.name
        contact = self._house.directory.contact(actor)
        return contact.name if contact is not None else ""
