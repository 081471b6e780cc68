"""The desk of who answers for personal data: what waits, what is held, and what is known of one person.

Whom one looks for is only ever posted: names and addresses stand in no address and no log.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request, url_for

from identity.accounts import ANSWERABLE, Role
from web.acting import actor_for
from web.downloads import download
from web.errors import Answer, answer_for
from web.pages.context import lens
from web.security import fresh, person, roles
from web.subjectfolder import folder, log_subject
from web.subjects import Dossier, Finding, Person, PersonUnclear, dossier_of, in_order
from web.views.keeping import due
from web.views.lens import Moment
from web.views.subjects import source_word, what_word
from web.wiring import House, current_house
from workflows.keepdesk import OFFICER
from workflows.keeping import ASKED, BLOCKED, ERASED, HELD, MARK
from workflows.withholding import WAITING

page = Blueprint("subjects", __name__, url_prefix="/datos-personales")
answerable = roles(*ANSWERABLE)
officers = roles(Role.DATOS_PERSONALES)
_SHOWN = 400
DUE = "plazo"
"""The list of cases that need not be kept any longer."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing known, as the page lists it; ``href`` leads to its entry or case."""

    folio: str
    seq: int
    at: Moment | None
    what: str
    value: str
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found in one kind of place; ``total`` counts also what is not listed here."""

    word: str
    note: str
    total: int
    lines: tuple[Line, ...]


@page.get("")
@answerable
@fresh
def overview() -> Response:
    """What waits for a decision, and the form to look for a person."""
    return _overview()


@page.post("/buscar")
@officers
@fresh
def find() -> Response:
    """Everything known of one person, as a list to look through."""
    house, eyes = current_house(), lens()
    asked = _asked()
    try:
        found = dossier_of(house, asked, eyes)
    except PersonUnclear as error:
        return _overview(answer_for(error))
    text = render_template("pages/subject.html", asked=asked, groups=_groups(found), counts=found.counts())
    return make_response(text)


@page.post("/carpeta")
@officers
@fresh
def export() -> Response:
    """The same as a folder to hand over; that it was made is sealed first."""
    house, eyes = current_house(), lens()
    asked = _asked()
    try:
        found = dossier_of(house, asked, eyes)
    except PersonUnclear as error:
        return _overview(answer_for(error))
    made = folder(house, asked, found, eyes)
    sealed = log_subject(house, found, actor_for(person(), (OFFICER,)))
    return download(made, f"acceso-{sealed.entry.seq:04}-{eyes.today():%Y%m%d}.zip")


def _asked() -> Person:
    form = request.form
    return Person(*(form.get(name, "").strip()[:200] for name in ("name", "rfc", "email")))


def _overview(answer: Answer | None = None) -> Response:
    house = current_house()
    text = render_template(
        "pages/subjects.html",
        lists=[
            (ASKED, _rows(house, ASKED)),
            (DUE, due(house, _SHOWN)),
            *((kind, _rows(house, kind)) for kind in (HELD, BLOCKED, ERASED)),
        ],
        quarantines=len(house.index.by_reference(MARK, WAITING)),
        may_find=person().has_any(frozenset({Role.DATOS_PERSONALES})),
        answer=answer,
        typed=request.form if answer else {},
    )
    return make_response(text, answer.status if answer else 200)


def _rows(house: House, kind: str) -> list[tuple[str, str]]:
    """Cases that stand so, the newest first, with their title."""
    folios = house.index.by_reference(MARK, kind)[::-1][:_SHOWN]
    rows = ((folio, house.index.get(folio)) for folio in folios)
    return [(folio, row.title if row is not None else folio) for folio, row in rows]


def _groups(found: Dossier) -> list[Group]:
    ordered = in_order(found.findings)
    groups = []
    for source in dict.fromkeys(item.source for item in ordered):
        word, mine = source_word(source), [item for item in ordered if item.source == source]
        lines = tuple(_line(item) for item in mine[:_SHOWN])
        groups.append(Group(word.word, word.note, len(mine), lines))
    return groups


def _line(item: Finding) -> Line:
    href = ""
    if item.folio and not item.folio.startswith(("audit:", "nuevo-")):
        entry = url_for("evidence.entry", folio=item.folio, seq=item.seq) if item.seq else ""
        href = entry or ("" if ":" in item.folio else url_for("cases.show", folio=item.folio))
    return Line(item.folio, item.seq, lens().maybe(item.at), what_word(item.what), item.value[:2000], href)
