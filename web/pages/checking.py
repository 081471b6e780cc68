"""The public page that says what is known of a case's letters: digests, dates, levels and states, and nobody's name.

A file dropped there is hashed in the reader's browser and compared: it never leaves their machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, make_response, render_template
from werkzeug.wrappers import Response

from evidence.entry import EntryKind, SealedEntry
from evidence.words import digest_words
from web.i18n import gettext as _
from web.pages.context import lens
from web.security import public
from web.views.lens import Lens, Moment
from web.views.requestlist import stamp_word, status_sign
from web.wiring import current_house
from workflows.errors import UnknownCase
from workflows.facts import facts_of
from workflows.history import resolve
from workflows.requests import requests_of

page = Blueprint("checking", __name__)
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A letter of the case: what it is, since when it is on record, its digest and the words for it."""

    what: str
    at: Moment
    digest: str
    words: tuple[str, ...]
    level: str
    seal: str
    stamp: str
    void: bool
    seq: int


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A signature asked for: its state and date."""

    status: str
    tone: str
    mark: str
    at: Moment
    digest: str
    level: str


@page.get("/verificar/<folio>")
@public
def show(folio: str) -> Response:
    """What is known of a case's letters."""
    house, eyes = current_house(), lens()
    try:
        entries = house.cases.view(folio).entries
    except UnknownCase:
        abort(404)
    files = tuple(_files(entries, eyes))
    plain = [sealed.entry for sealed in entries]
    requests = tuple(
        KnownRequest(
            sign.word, sign.tone, sign.mark, eyes.moment(item.ended_at or item.at), item.digest, item.level
        )
        for item in requests_of(plain)
        for sign in (status_sign(item.status),)
    )
    response = make_response(
        render_template("pages/check_letter.html", folio=folio, files=files, requests=requests)
    )
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _files(known: Sequence[SealedEntry], eyes: Lens) -> Iterator[KnownFile]:
    """Letters and signed letters, in the order they were recorded; annulled ones are shown as such."""
    counts = resolve([sealed.entry for sealed in known]).in_force()
    for sealed in known:
        facts = facts_of(sealed.entry)
        by_link = sealed.entry.kind in {EntryKind.DOCUMENT_SIGNED, EntryKind.DOCUMENT_STAMPED}
        for kind, number in letters_in(sealed):
            blob = sealed.entry.objects[number]
            yield KnownFile(
                what=_what(kind, by_link=by_link),
                at=eyes.moment(sealed.entry.at),
                digest=blob.sha256,
                words=digest_words(blob.sha256),
                level=facts.level,
                seal=facts.seal.get("profile", ""),
                stamp=stamp_word(facts.seal.get("stamp", "")),
                void=sealed.entry.seq not in counts,
                seq=sealed.entry.seq,
            )


def letters_in(sealed: SealedEntry) -> list[tuple[str, int]]:
    """The letters an entry brought: type of evidence and place among its objects."""
    if sealed.entry.kind is EntryKind.DOCUMENT_STAMPED:
        return [("SGN", 0)]
    return [
        (fact.type, fact.object)
        for fact in facts_of(sealed.entry).evidence
        if fact.object >= 0 and not fact.source and fact.type in {"DOC", "SGN"}
    ]


def _what(kind: str, *, by_link: bool) -> str:
    if by_link:
        return _("Carta firmada electrónicamente")
    return _("Carta firmada") if kind == "SGN" else _("Carta sin firma")
