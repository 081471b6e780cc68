"""Tokens of the API: made by administration, shown once, ended at any time; each of these is an entry."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from identity.access import ACCESS_CASE, Granter
from identity.accounts import IdentityError, Role
from identity.tokendesk import Issued
from identity.tokens import MOST_DAYS, SERVICE_ROLES, Service, ServiceRole, TokenDays, scopes_of
from notifications.hookdesk import UnknownHook
from web.errors import Answer, answer_for
from web.i18n import gettext as _
from web.pages.administration import changes_of
from web.pages.context import in_force, lens, process_names
from web.security import fresh, person, roles
from web.views.lens import role_name
from web.views.tokens import scope_words, service_lines
from web.wiring import House, current_house

page = Blueprint("tokens", __name__, url_prefix="/administracion/tokens")
administrators = roles(Role.ADMINISTRADOR)


@page.get("")
@administrators
def listing() -> Response:
    """Every service with its tokens, and the form for a new one."""
    return _listing()


@page.post("")
@administrators
@fresh
def add() -> Response:
    """Make a token: its text is on this answer and nowhere again."""
    try:
        issued = _issue(current_house())
    except IdentityError as error:
        return _listing(answer=answer_for(error))
    return _listing(issued=issued)


@page.post("/<token_id>/revocar")
@administrators
def revoke(token_id: str) -> BaseResponse:
    """End a token."""
    try:
        current_house().tokens.revoke(token_id, _by())
    except IdentityError as error:
        return _listing(answer=answer_for(error))
    flash(_("Token revocado: ya no abre nada."), "ok")
    return redirect(url_for("tokens.listing"), 303)


@page.post("/cuentas/<service_id>/cerrar")
@administrators
def close(service_id: str) -> BaseResponse:
    """End a service with all its tokens."""
    try:
        current_house().tokens.close(service_id, _by())
    except IdentityError as error:
        return _listing(answer=answer_for(error))
    flash(_("Cuenta de servicio cerrada, con todos sus tokens."), "ok")
    return redirect(url_for("tokens.listing"), 303)


@page.post("/avisos/<hook_id>/terminar")
@administrators
def end_hook(hook_id: str) -> BaseResponse:
    """End a subscription."""
    try:
        current_house().hooks.desk.close(hook_id, _by())
    except UnknownHook:
        abort(404)
    flash(_("Suscripción terminada: ya no se le avisa."), "ok")
    return redirect(url_for("tokens.listing"), 303)


def _issue(house: House) -> Issued:
    """What the form asks for; everything is looked at before anything is written."""
    form = request.form
    scopes = scopes_of(form.getlist("scope"))
    known = {item.process for item in in_force(house)}
    processes = [process for process in form.getlist("process") if process in known]
    days = form.get("days", "").strip()
    if not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= MOST_DAYS):
        raise TokenDays
    service = _service(house)
    return house.tokens.issue(service.id, scopes=scopes, processes=processes, days=int(days), by=_by())


def _service(house: House) -> Service:
    chosen = request.form.get("service", "")
    if chosen:
        return house.tokens.open_service(chosen)
    role = request.form.get("role", "")
    if role not in {str(item) for item in SERVICE_ROLES}:
        raise ServiceRole(role_name(role) or "—")
    return house.tokens.add_service(request.form.get("name", ""), Role(role), _by())


def _by() -> Granter:
    return Granter(person().id, str(Role.ADMINISTRADOR), "web")


def _listing(*, answer: Answer | None = None, issued: Issued | None = None) -> Response:
    house, eyes = current_house(), lens()
    services, desk = house.tokens.store.services(), house.hooks.desk
    hooks = [(item, desk.alive(item)) for item in desk.store.everything()]
    text = render_template(
        "pages/admin_tokens.html",
        answer=answer,
        issued=issued,
        until=eyes.moment(issued.token.expires_at) if issued else None,
        services=service_lines(services, house.tokens.store.tokens(), hooks, eyes),
        choices=[(item.id, item.name) for item in services if item.closed_at is None],
        roles=[(str(role), role_name(str(role))) for role in sorted(SERVICE_ROLES)],
        scopes=scope_words(),
        processes=process_names(house),
        typed=request.form if answer else {},
        ticked=frozenset(request.form.getlist("scope") + request.form.getlist("process")) if answer else (),
        most=MOST_DAYS,
        changes=changes_of(
            house.ledger.history(ACCESS_CASE),
            eyes,
            lambda facts: str(facts.get("subject", "")).startswith("s-"),
        ),
    )
    return make_response(text, answer.status if answer else 200)
