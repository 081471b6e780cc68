"""What is decided about the data of a case: legal holds, placed and lifted; each an entry of the case."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import ANSWERABLE, Role
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.context import answers_for_data, lens
from web.pages.forms import MENDABLE, key_posted
from web.security import person, roles
from web.views.keeping import keeping_card
from web.views.trouble import trouble_of
from web.wiring import current_house
from workflows.commands import Actor, Receipt
from workflows.keepdesk import ANSWERABLE as ANSWERABLE_ROLES
from workflows.keepdesk import HOLDERS
from workflows.keepingacts import LiftHold, PlaceHold

page = Blueprint("keeping", __name__, url_prefix="/casos/<folio>/datos")
holders = roles(*(Role(role) for role in HOLDERS))
answerable = roles(*ANSWERABLE)


@page.get("")
@holders
def show(folio: str) -> Response:
    """How the data of the case stands, and what the person looking may do about it."""
    return _show(folio)


@page.post("/retener")
@holders
def place(folio: str) -> Response:
    """Place a legal hold."""

    def act() -> Receipt:
        command = PlaceHold(folio, _actor(HOLDERS), _text("reason"), key_posted(""))
        return current_house().cases.keeping.place(command)

    return _done(folio, act, _("Retención legal sellada: nada de este caso se borra hasta que se levante."))


@page.post("/levantar/<int:seq>")
@answerable
def lift(folio: str, seq: int) -> Response:
    """Lift one."""

    def act() -> Receipt:
        command = LiftHold(folio, seq, _actor(ANSWERABLE_ROLES), _text("reason"), key_posted(""))
        return current_house().cases.keeping.lift(command)

    return _done(folio, act, _("Retención legal levantada."))


def _actor(allowed: tuple[str, ...]) -> Actor:
    return actor_for(person(), allowed)


def _text(name: str) -> str:
    return request.form.get(name, "").strip()


def _done(folio: str, act: Callable[[], Receipt], said: str) -> Response:
    """Seal and come back; what can be mended is told on the page, with what was typed."""
    try:
        receipt = act()
    except MENDABLE as error:
        answer = answer_for(error)
        if answer is None or answer.status == 404:
            raise
        return _show(folio, answer)
    flash(_("%(said)s Entrada %(n)s.", said=said, n=receipt.seq), "ok")
    return redirect(url_for("keeping.show", folio=folio), 303)


def _show(folio: str, answer: Answer | None = None) -> Response:
    house, eyes = current_house(), lens()
    view = house.cases.view(folio, answerable=answers_for_data())
    row = house.index.get(folio)
    text = render_template(
        "pages/keeping.html",
        folio=folio,
        title=row.title if row else folio,
        keeping=keeping_card(house, view, eyes),
        key=secrets.token_hex(16),
        typed=request.form if answer else {},
        trouble=trouble_of(answer, {}, eyes) if answer else None,
    )
    return make_response(text, answer.status if answer else 200)
