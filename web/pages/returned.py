"""The desk's pages of signed letters by link: ask for one, look at what came back, take it or send it back."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from signing.errors import LinkError
from signing.kinds.asking import Ask
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.asking import first_choice
from web.pages.context import lens
from web.pages.evidence import find, show_file
from web.pages.personal import place
from web.security import person, roles
from web.views.papers import sealed_lines
from web.wiring import House, current_house
from workflows.commands import Actor
from workflows.definition import Step
from workflows.errors import Refusal
from workflows.returnacts import JudgeReturn
from workflows.returning import arrived, return_step

page = Blueprint("returned", __name__, url_prefix="/casos/<folio>")
recorders = roles(*RECORDERS)
MOST_DAYS = 60


@page.get("/pasos/<step>/pedir-carta")
@recorders
def form(folio: str, step: str) -> Response:
    """The form that asks for the signed letter."""
    return _form(folio, step)


@page.post("/pasos/<step>/pedir-carta")
@recorders
def ask(folio: str, step: str) -> Response:
    """Ask for the signed letter by link."""
    house = current_house()
    found = _step(house, folio, step)
    days = request.form.get("dias", "5")
    term = int(days) if days.isascii() and days.isdigit() else 0
    wanted = Ask(
        folio,
        found.code,
        request.form.get("persona", ""),
        house.clock() + timedelta(days=min(term, 10 * MOST_DAYS)),
        factor=request.form.get("factor", ""),
        note=request.form.get("nota", "").replace("\r\n", "\n"),
        about=_title(house, folio),
    )
    try:
        made = house.links.returns.ask(house.links.desk, wanted, actor_for(person(), found.roles), place())
    except (LinkError, Refusal) as error:
        return _form(folio, step, answer_for(error))
    return redirect(url_for("signing.show", folio=folio, enviada=made.id), 303)


@page.get("/devueltas/<int:seq>")
@recorders
def show(folio: str, seq: int) -> Response:
    """What came back, with what software found and what a person must see."""
    return _page(folio, seq)


@page.post("/devueltas/<int:seq>/aceptar")
@recorders
def accept(folio: str, seq: int) -> Response:
    """Take it as the step's evidence."""
    house = current_house()
    try:
        receipt = house.links.returns.accept(folio, seq, _actor(house, folio, seq))
    except Refusal as error:
        return _page(folio, seq, answer_for(error))
    house.mailroom.noticed(receipt, person().id)
    return redirect(url_for("cases.show", folio=folio, sellada=receipt.seq, _anchor="recibo"), 303)


@page.post("/devueltas/<int:seq>/regresar")
@recorders
def send_back(folio: str, seq: int) -> Response:
    """Not take it, for a reason; a new link goes out."""
    house = current_house()
    reason = request.form.get("motivo", "").replace("\r\n", "\n")
    judged = JudgeReturn(folio, seq, _actor(house, folio, seq), reason)
    try:
        made = house.links.returns.send_back(house.links.desk, judged, place(), _title(house, folio))
    except LinkError as error:
        return _not_sent(house, folio, seq, error)
    except Refusal as error:
        return _page(folio, seq, answer_for(error))
    return redirect(url_for("signing.show", folio=folio, enviada=made.id), 303)


def _not_sent(house: House, folio: str, seq: int, error: LinkError) -> Response:
    """The letter was refused, or not, and no new link went out: say which."""
    answer = answer_for(error)
    item = next((one for one in arrived(house.cases.view(folio).entries) if one.seq == seq), None)
    if item is None or not item.settled or answer is None:
        return _page(folio, seq, answer)
    flash(
        _("La carta se regresó y así consta, pero el enlace nuevo no salió: %(why)s", why=answer.message),
        "late",
    )
    return redirect(url_for("cases.show", folio=folio), 303)


def _actor(house: House, folio: str, seq: int) -> Actor:
    view = house.cases.view(folio)
    item = next((one for one in arrived(view.entries) if one.seq == seq), None)
    if item is None:
        abort(404)
    return actor_for(person(), view.definition.by_step[item.step].roles)


def _step(house: House, folio: str, step: str) -> Step:
    found = return_step(house.cases.view(folio).definition, step)
    if found is None:
        abort(404)
    return found


def _title(house: House, folio: str) -> str:
    row = house.index.get(folio)
    return row.title if row else ""


def _form(folio: str, step: str, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    found = _step(house, folio, step)
    contacts = tuple(item.id for item in house.directory.contacts() if item.email)
    people = tuple(who for who in house.links.returns.people(folio, contacts) if who.id != person().id)
    text = render_template(
        "pages/ask_return.html",
        folio=folio,
        title=_title(house, folio) or folio,
        step=found.code,
        begun=step,
        step_name=eyes.say(found.name),
        people=people,
        provable=house.links.desk.provable(people),
        proposed=first_choice(house, folio, people),
        letter=house.links.returns.letter(folio, found.code),
        said=request.form if request.method == "POST" else {},
        trouble=answer,
        reachable=bool(house.settings.public_url),
        open=found.code in house.links.returns.steps(folio),
        most=MOST_DAYS,
    )
    return make_response(text, answer.status if answer else 200)


def _page(folio: str, seq: int, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    view = house.cases.view(folio)
    item = next((one for one in arrived(view.entries) if one.seq == seq), None)
    if item is None:
        abort(404)
    found = find(folio, seq, eyes)
    text = render_template(
        "pages/returned.html",
        folio=folio,
        title=_title(house, folio) or folio,
        item=item,
        who=eyes.who(item.actor),
        at=eyes.moment(item.at),
        step_name=eyes.say(view.definition.by_step[item.step].name),
        line=found.line,
        files=tuple((file, show_file(found.sealed, file, eyes)) for file in found.line.files),
        papers=sealed_lines(house, folio, seq, found.entries),
        flags=found.sealed.entry.facts.get("flags") or (),
        can=not item.settled and item.step in view.state.open_steps,
        trouble=answer,
        reason=request.form.get("motivo", ""),
    )
    return make_response(text, answer.status if answer else 200)
