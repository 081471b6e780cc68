"""One search for everything: a page of results, and the same as JSON for the list under the search box."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from evidence.canonical import Json
from web.i18n import gettext as _
from web.pages.context import definitions, in_force, lens
from web.security import signed_in, wants_json
from web.views.lens import Lens
from web.views.listing import COUNTED_ROWS
from web.views.searching import Hit, Marked, excerpt, marked, places_of, search, words_of
from web.wiring import House, current_house
from workflows.casefile import entry_files
from workflows.ports import CaseQuery, TextHit
from workflows.texts import open_hits

page = Blueprint("searching", __name__, url_prefix="/buscar")

MOST_WORDS = 12
_FEW, _MANY = 4, 25


@dataclass(frozen=True, slots=True)
class Item:
    """One result: where it leads, a code before its name, its name and what it says, words marked."""

    href: str
    code: str
    title: Marked
    text: Marked
    mark: str


@dataclass(frozen=True, slots=True)
class Group:
    """Results of one kind. ``more`` leads to all of them, where there are more than shown; see `Page` of ``beyond``."""

    kind: str
    title: str
    total: int
    items: tuple[Item, ...]
    more: str = ""
    beyond: bool = False


@page.get("")
@signed_in
def results() -> Response | str:
    """What was found, by kind; a whole folio leads straight to its case."""
    house, eyes = current_house(), lens()
    asked = request.args.get("q", "").strip()
    if house.index.get(asked.upper()) is not None and not wants_json():
        return redirect(url_for("cases.show", folio=asked.upper()), 303)
    words = words_of(asked)[:MOST_WORDS]
    groups = tuple(find(house, eyes, asked, words, _FEW if wants_json() else _MANY))
    if wants_json():
        return Response(_json(groups), mimetype="application/json", headers={"Cache-Control": "no-store"})
    return render_template("pages/search.html", query=asked, groups=groups)


def find(house: House, eyes: Lens, asked: str, words: tuple[str, ...], most: int) -> Iterator[Group]:
    """Every kind that has something, cases first."""
    if not words:
        return
    sources: tuple[Callable[[], Group], ...] = (
        lambda: _cases(house, eyes, asked, words, most),
        lambda: _documents(house, eyes, words, most, "step"),
        lambda: _documents(house, eyes, words, most, "process"),
        lambda: _articles(house, words, most),
        lambda: _files(house, words, most),
    )
    for source in sources:
        group = source()
        if group.items:
            yield group


def _cases(house: House, eyes: Lens, asked: str, words: tuple[str, ...], most: int) -> Group:
    found = house.index.find(CaseQuery(text=" ".join(words), limit=most, count_to=COUNTED_ROWS))
    known = definitions(house)
    items = []
    for row in found.rows:
        definition = known(row.process, row.version)
        status = eyes.say(definition.status_name(row.status)) if definition else row.status
        href = url_for("cases.show", folio=row.folio)
        items.append(Item(href, row.folio, marked(row.title, words), ((status, False),), "folder"))
    more = url_for("cases.listing", q=asked) if found.total > len(items) else ""
    return Group("case", _("Casos"), found.total, tuple(items), more, beyond=found.beyond)


def _articles(house: House, words: tuple[str, ...], most: int) -> Group:
    found = house.articles.find(" ".join(words), limit=most + 1)
    items = tuple(
        Item(
            url_for("articles.show", folio=item.case_id),
            item.case_id,
            marked(item.title, words),
            excerpt(f"{item.problem} {item.solution}", words),
            "note",
        )
        for item in found[:most]
    )
    more = url_for("articles.listing", q=" ".join(words)) if len(found) > most else ""
    return Group("article", _("Artículos"), len(items), items, more)


def _files(house: House, words: tuple[str, ...], most: int) -> Group:
    """Texts inside sealed files. Who may see a case may open its files, so nothing is shown to fewer than that."""
    hits = open_hits(house.index, house.texts.search(words, most))
    items = tuple(
        Item(
            url_for("evidence.entry", folio=hit.folio, seq=hit.seq),
            hit.folio,
            marked(_file_name(house, hit), words),
            hit.passage,
            "file",
        )
        for hit in hits
    )
    return Group("file", _("Dentro de archivos"), len(items), items)


def _file_name(house: House, hit: TextHit) -> str:
    sealed = house.ledger.history(hit.folio)[hit.seq - 1]
    return str(entry_files(sealed)[hit.object].get("name", ""))


def _documents(house: House, eyes: Lens, words: tuple[str, ...], most: int, kind: str) -> Group:
    hits = [hit for hit in search(places_of(in_force(house), eyes), words) if hit.kind == kind]
    title = _("Pasos") if kind == "step" else _("Procesos")
    items = tuple(_document_item(hit) for hit in hits[:most])
    more = url_for("knowledge.processes", q=" ".join(words)) if len(hits) > most else ""
    return Group(kind, title, len(hits), items, more)


def _document_item(hit: Hit) -> Item:
    href = url_for("knowledge.process", process=hit.process, _anchor=hit.anchor)
    return Item(href, hit.code, hit.title, hit.excerpt, "open-book")


def _json(groups: tuple[Group, ...]) -> str:
    def pieces(text: Marked) -> Json:
        return [[piece, hit] for piece, hit in text]

    told: list[Json] = [
        {
            "kind": group.kind,
            "title": group.title,
            "total": group.total,
            "beyond": group.beyond,
            "items": [
                {"href": item.href, "code": item.code, "title": pieces(item.title), "text": pieces(item.text)}
                for item in group.items
            ],
        }
        for group in groups
    ]
    return json.dumps({"groups": told}, ensure_ascii=False)
