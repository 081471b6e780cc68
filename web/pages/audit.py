"""The auditors' room: its engagements, one of them, its terms, and the chain that tells everything done in it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, make_response, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from auditing.attributes import attributes_of
from auditing.chain import AUDITOR_ROLES, By
from auditing.desk import Opening
from auditing.model import Engagement, Item, Kind, Result, Terms
from auditing.views import ViewQuery
from identity.accounts import Role
from web.errors import Answer
from web.i18n import gettext as _
from web.pages import auditsheets as sheets
from web.pages.auditforms import act, entries_typed, form_key
from web.pages.auditforms import page as shown
from web.pages.auditsheets import Listed, address, asked_whole, link_here, listed, sheet_of
from web.pages.auditvisit import OFFICE, Visit, may_enter, office_role, visit
from web.pages.context import KEEPERS, lens, process_names
from web.security import anyone, fresh, person, roles
from web.views import auditwords
from web.views.auditlists import EngagementLine, engagement_columns
from web.views.trouble import trouble_of
from web.wiring import House, current_house

page = Blueprint("audit", __name__, url_prefix="/auditoria")
page.add_app_template_global(auditwords.result_sign, "result_sign")
page.add_app_template_global(auditwords.severity_sign, "severity_sign")
page.add_app_template_global(auditwords.standing_sign, "standing_sign")
page.add_app_template_global(auditwords.item_sign, "item_sign")
page.add_app_template_filter(auditwords.day_text, "dmy")
page.add_app_template_global(auditwords.kind_word, "engagement_kind")
page.add_app_template_global(auditwords.method_word, "method_word")
page.add_app_template_global(auditwords.attribute_name, "attribute_name")
page.add_app_template_global(auditwords.order_sign, "order_sign")
keepers = roles(*KEEPERS)


@dataclass(frozen=True, slots=True)
class Owed:
    """A request that waits for the person looking."""

    eid: str
    title: str
    item: Item


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the testing is: ``done`` of ``total`` attributes of all samples, and how many exceptions."""

    done: int
    total: int
    exceptions: int


@page.get("")
@anyone
def room() -> str:
    """The engagements a person finds, and what was asked of them."""
    house, user = current_house(), person()
    every = house.room.register.all()
    mine = [state for state in every if may_enter(house.room, state, user)]
    today = house.room.chain.today().isoformat()
    return render_template(
        "pages/audit_room.html",
        listed=_engagements(house, mine),
        owed=[
            Owed(state.id, state.title, item)
            for state in every
            if house.room.live(state)
            for item in state.items
            if item.owner == user.id
        ],
        may_open=user.has_any(KEEPERS),
        office=user.has_any(OFFICE),
        eyes=lens(),
        today=today,
    )


@page.get("/encargos.xlsx")
@anyone
@fresh
def engagements_table() -> FlaskResponse:
    """The engagements a person finds, as a spreadsheet."""
    house, user = current_house(), person()
    mine = [state for state in house.room.register.all() if may_enter(house.room, state, user)]
    return sheet_of(_engagements(house, mine), lens(), "encargos.xlsx")


def _engagements(house: House, states: Sequence[Engagement]) -> Listed[EngagementLine]:
    """Engagements by what is asked of the page, the newest first."""
    wanted = request.args.get("estado", "")
    lines = [line for line in (_line(house, state) for state in states) if wanted in {"", _standing(line)}]
    return listed(
        _("Auditorías"),
        lines,
        engagement_columns(),
        lambda one: one.state.id,
        link_here("audit.room"),
        natural="-id",
        sheet=address("audit.engagements_table", {}, asked_whole()),
    )


def _standing(line: EngagementLine) -> str:
    return "cerradas" if line.state.closed else "vigentes" if line.live else "vencidas"


def _line(house: House, state: Engagement) -> EngagementLine:
    return EngagementLine(
        state,
        house.room.live(state),
        sum(item.standing in {"raised", "answered", "reopened"} for item in state.findings),
        sum(item.state in {"asked", "returned"} for item in state.items),
    )


@page.get("/nueva")
@keepers
@fresh
def new() -> Response:
    """The form that opens an engagement."""
    return _new(None)


@page.post("/nueva")
@keepers
@fresh
def open_one() -> Response:
    """Open it, and go there."""
    house, form = current_house(), request.form
    by = By(person().id, office_role(person()))

    def work() -> tuple[str, str]:
        told = Opening(form.get("title", ""), form.get("firm", ""), form.get("purpose", ""), _terms())
        state = house.room.engagements.open(by, told, key=form_key())
        return _("Auditoría abierta y sellada."), url_for("audit.overview", eid=state.id)

    return act(work, _new)


def _new(answer: Answer | None) -> Response:
    house, eyes = current_house(), lens()
    text = render_template(
        "pages/audit_new.html",
        typed=request.form,
        trouble=trouble_of(answer, {}, eyes) if answer else None,
        processes=process_names(house),
        people=_auditors(house),
        key=secrets.token_hex(16),
        today=house.room.chain.today().isoformat(),
    )
    return make_response(text, answer.status if answer else 200)


def _auditors(house: House) -> list[tuple[str, str, str]]:
    """Accounts that may be named: id, name, and of which kind."""
    return [
        (user.id, user.name, str(kind))
        for user in house.accounts.everyone(house.clock())
        for kind, role in AUDITOR_ROLES.items()
        if user.active and user.roles == frozenset({Role(role)})
    ]


def _terms() -> Terms:
    form = request.form
    kind = Kind.INTERNAL if form.get("kind") == "internal" else Kind.EXTERNAL
    return Terms(
        kind=kind,
        processes=tuple(item for item in form.getlist("process") if item),
        start=form.get("start", ""),
        end=form.get("end", ""),
        expires=form.get("expires", ""),
        downloads=form.get("downloads") == "si",
        masked=form.get("masked") == "si",
        auditors=tuple(item for item in form.getlist("auditor") if item),
    )


@page.get("/<eid>")
@anyone
def overview(eid: str) -> Response:
    """An engagement at a glance: terms, progress, what waits."""
    return show_overview(visit(eid))


def show_overview(found: Visit, answer: Answer | None = None) -> Response:
    """The overview, also after a refusal of one of its forms."""
    house = found.house
    latest = house.ledger.latest_checkpoint()
    return shown(
        "audit_overview",
        found,
        answer,
        progress=_progress(found.state),
        people=_auditors(house),
        processes=process_names(house),
        vkey=house.vkey.text,
        checkpoint=latest[1].decode("utf-8", "replace") if latest else "",
        views=house.room.views.page(ViewQuery(engagement=found.state.id, limit=1)).total,
    )


def _progress(state: Engagement) -> Progress:
    total = 0
    for sample in state.samples:
        population = state.population(sample.population)
        total += sample.n * len(attributes_of(state, population.process)) if population else 0
    return Progress(
        len(state.tests), total, sum(item.result is Result.EXCEPTION for item in state.tests.values())
    )


@page.post("/<eid>/condiciones")
@keepers
@fresh
def change(eid: str) -> Response:
    """Change the terms, with a reason."""
    found = visit(eid)

    def work() -> tuple[str, str]:
        terms = replace(_terms(), kind=found.state.terms.kind)
        found.room.engagements.change(found.by(), eid, terms, request.form.get("reason", ""))
        return _("Cambio sellado."), url_for("audit.overview", eid=eid)

    return act(work, lambda answer: show_overview(found, answer))


@page.post("/<eid>/abrir")
@keepers
@fresh
def grant(eid: str) -> Response:
    """Let the auditors of a masked engagement see the content of single entries."""
    found = visit(eid)

    def work() -> tuple[str, str]:
        entries = entries_typed(request.form.get("entries", ""))
        found.room.engagements.grant(found.by(), eid, entries, request.form.get("reason", ""))
        return _("Entradas abiertas; queda sellado quién lo decidió y por qué."), url_for(
            "audit.overview", eid=eid
        )

    return act(work, lambda answer: show_overview(found, answer))


@page.post("/<eid>/cerrar")
@keepers
def close(eid: str) -> Response:
    """End the engagement; what was viewed is sealed with it."""
    found = visit(eid)

    def work() -> tuple[str, str]:
        note = request.form.get("note", "")
        found.room.engagements.close(found.by(), eid, note, found.room.views_seal(eid))
        return _("Auditoría cerrada y sellada."), url_for("audit.overview", eid=eid)

    return act(work, lambda answer: show_overview(found, answer))


@page.get("/<eid>/bitacora")
@anyone
def book(eid: str) -> Response:
    """Everything done in the engagement, entry by entry."""
    found = visit(eid)
    return shown(
        "audit_book",
        found,
        listed=sheets.book(found),
        kinds=sheets.book_kinds(found),
        wanted=request.args.get("que", ""),
        link=link_here("audit.book", eid=eid),
    )
