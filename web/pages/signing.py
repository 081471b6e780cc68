"""The desk's page of a case's personal links: ask for a signature, follow it, send the link again, read out a code."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from identity.accounts import RECORDERS
from signing.desk import Wish
from signing.errors import LinkError
from web.acting import actor_for
from web.errors import Answer, answer_for
from web.pages.context import lens
from web.pages.personal import place
from web.security import person, roles
from web.views.requestlist import Asking, asking, request_lines
from web.wiring import current_house
from workflows.commands import Actor
from workflows.errors import Refusal

page = Blueprint("signing", __name__, url_prefix="/casos/<folio>/firmas")
MOST_DAYS = 60


@page.get("")
@roles(*RECORDERS)
def show(folio: str) -> Response:
    """The case's requests, and the form to ask for a signature."""
    return _page(folio)


@page.post("")
@roles(*RECORDERS)
def ask(folio: str) -> Response:
    """Ask for a signature by link."""
    house = current_house()
    days = request.form.get("dias", "5")
    term = int(days) if days.isascii() and days.isdigit() else 0
    seq, _, number = request.form.get("carta", "").partition(".")
    try:
        found = house.links.desk.ask(
            Wish(
                folio,
                request.form.get("paso", ""),
                request.form.get("firmante", ""),
                int(seq) if seq.isdigit() else 0,
                int(number) if number.isdigit() else 0,
                house.clock() + timedelta(days=min(term, 10 * MOST_DAYS)),
                factor=request.form.get("factor", ""),
                delegable=request.form.get("delegable") == "si",
                note=_plain("nota"),
                rfc=request.form.get("rfc", "")[:20],
            ),
            _actor(folio, request.form.get("paso", "")),
            place(),
        )
    except (LinkError, Refusal) as error:
        return _page(folio, answer_for(error))
    return redirect(url_for("signing.show", folio=folio, enviada=found.id), 303)


@page.post("/<request_id>/reenviar")
@roles(*RECORDERS)
def resend(folio: str, request_id: str) -> Response:
    """Mail a new link; the earlier ones die."""
    try:
        found = current_house().links.desk.resend(request_id, _actor(folio, ""))
    except (LinkError, Refusal) as error:
        return _page(folio, answer_for(error))
    return redirect(url_for("signing.show", folio=folio, enviada=found.id), 303)


@page.post("/<request_id>/retirar")
@roles(*RECORDERS)
def withdraw(folio: str, request_id: str) -> Response:
    """Take the request back, with a reason."""
    reason = _plain("motivo")
    try:
        current_house().links.desk.withdraw(request_id, _actor(folio, ""), reason)
    except (LinkError, Refusal) as error:
        return _page(folio, answer_for(error))
    return redirect(url_for("signing.show", folio=folio), 303)


@page.post("/<request_id>/codigo/<visit>")
@roles(*RECORDERS)
def code(folio: str, request_id: str, visit: str) -> Response:
    """A code for a caller, shown on this answer and never again."""
    try:
        made = current_house().links.codes.issue(request_id, visit, _actor(folio, ""))
    except (LinkError, Refusal) as error:
        return _page(folio, answer_for(error))
    return _page(folio, code=made)


def _plain(name: str) -> str:
    """A text of several lines as people mean it; browsers send CR LF."""
    return request.form.get(name, "").replace("\r\n", "\n")


def _actor(folio: str, step: str) -> Actor:
    """The person, in the role that the step takes."""
    definition = current_house().cases.view(folio).definition
    found = definition.by_step.get(step)
    working = found.roles if found is not None else tuple(r for s in definition.steps for r in s.roles)
    return actor_for(person(), working)


def _page(folio: str, trouble: Answer | None = None, code: str = "") -> Response:
    house, eyes = current_house(), lens()
    view = house.cases.view(folio)
    row = house.index.get(folio)
    forms: tuple[Asking, ...] = () if view.state.closed else asking(house.links.desk, view, eyes, _contacts())
    lines = request_lines(house.links, folio, view.definition, eyes)
    text = render_template(
        "pages/signing.html",
        folio=folio,
        title=row.title if row else folio,
        lines=lines,
        forms=tuple(item for item in forms if item.step not in {line.step for line in lines if line.waits}),
        sent=next((line for line in lines if line.id == request.args.get("enviada")), None),
        trouble=trouble,
        code=code,
        typed=request.form,
        reachable=bool(house.settings.public_url),
        most=MOST_DAYS,
    )
    return make_response(text, trouble.status if trouble else 200)


def _contacts() -> tuple[str, ...]:
    return tuple(item.id for item in current_house().directory.contacts() if item.email)
