"""What auditors viewed, for those who keep the house: filtered, sorted and paged by links, and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flask import Blueprint, Response, abort, render_template, request

from auditing.views import View, ViewPage, ViewQuery
from web.i18n import gettext as _
from web.pages.auditsheets import address, asked_whole, link_here
from web.pages.auditvisit import OFFICE, visit
from web.pages.context import lens
from web.security import fresh, roles
from web.views.audittables import spreadsheet
from web.views.auditwords import view_word
from web.views.lens import Lens
from web.views.tables import Column, headings, heads
from web.wiring import current_house

page = Blueprint("auditviews", __name__, url_prefix="/auditoria")
office = roles(*OFFICE)
_ROWS = 100
_BATCH = 500
_NATURAL = "-cuando"
_ORDERS = {"cuando": "at", "quien": "actor", "que": "what", "de": "subject", "encargo": "engagement"}


@page.get("/consultas")
@office
def everything() -> str:
    """Everything auditors viewed, in the room and outside it, newest first."""
    return _log("")


@page.get("/consultas.xlsx")
@office
@fresh
def everything_table() -> Response:
    """The same as a spreadsheet."""
    return _sheet("", "consultas.xlsx")


@page.get("/<eid>/consultas")
@office
def of_engagement(eid: str) -> str:
    """What was viewed in one engagement."""
    visit(eid)
    return _log(eid)


@page.get("/<eid>/consultas.xlsx")
@office
@fresh
def of_engagement_table(eid: str) -> Response:
    """The same as a spreadsheet."""
    visit(eid)
    return _sheet(eid, f"{eid}-consultas.xlsx")


def _log(eid: str) -> str:
    house, eyes = current_house(), lens()
    query, order = _asked(eid)
    found = _find(query)
    endpoint = "auditviews.of_engagement" if eid else "auditviews.everything"
    parts = {"eid": eid} if eid else {}
    link = link_here(endpoint, **parts)
    return render_template(
        "pages/audit_views.html",
        state=house.room.register.get(eid) if eid else None,
        rows=[
            (view, eyes.moment(view.at), eyes.who(view.actor), view_word(view.what)) for view in found.rows
        ],
        total=found.total,
        heads=heads(_columns(eyes), order, link, natural=_NATURAL),
        link=link,
        first=link(desde="") if query.after else "",
        following=link(desde=found.next) if found.next else "",
        sheet=address(f"{endpoint}_table", parts, asked_whole()),
        actor=query.actor,
        actor_name=eyes.who(query.actor) if query.actor else "",
        what=query.what,
        whats=sorted(
            ((what, view_word(what)) for what in house.room.views.whats(eid)), key=lambda one: one[1]
        ),
    )


def _asked(eid: str) -> tuple[ViewQuery, str]:
    """The query of an address, and the order as addresses say it."""
    order = request.args.get("orden", "")
    if order.removeprefix("-") not in _ORDERS:
        order = _NATURAL
    query = ViewQuery(
        engagement=eid,
        actor=request.args.get("quien", ""),
        what=request.args.get("que", ""),
        order=_ORDERS[order.removeprefix("-")],
        falls=order.startswith("-"),
        after=request.args.get("desde", ""),
        limit=_ROWS,
    )
    return query, order


def _find(query: ViewQuery) -> ViewPage:
    try:
        return current_house().room.views.page(query)
    except ValueError:  # a cursor that this log did not give
        abort(400)


def _sheet(eid: str, name: str) -> Response:
    eyes = lens()
    columns = _columns(eyes)
    rows = (
        [column.cell(view) for column in columns] for view in _every(replace(_asked(eid)[0], limit=_BATCH))
    )
    return spreadsheet(eyes, name, _("Consultas"), headings(columns), rows)


def _every(query: ViewQuery) -> Iterator[View]:
    while True:
        found = _find(query)
        yield from found.rows
        if not found.next:
            return
        query = replace(query, after=found.next)


def _columns(eyes: Lens) -> list[Column[View]]:
    return [
        Column("numero", _("Número"), 9, lambda view: view.number, shown=False),
        Column("cuando", _("Cuándo"), 30, lambda view: view.at, title=_("Cuándo (UTC)")),
        Column("quien", _("Quién"), 32, lambda view: eyes.who(view.actor)),
        Column("papel", _("Papel"), 18, lambda view: view.role, shown=False),
        Column("que", _("Qué"), 28, lambda view: view_word(view.what)),
        Column("de", _("De qué"), 34, lambda view: view.subject),
        Column("encargo", _("Encargo"), 14, lambda view: view.engagement),
    ]
