"""What a person does about their own account's factors and sessions, from «Mi cuenta»."""

from __future__ import annotations

from flask import Blueprint, Response, flash, jsonify, redirect, request, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # publishes no types
from werkzeug.wrappers import Response as BaseResponse

from identity.access import Granter
from identity.accounts import IdentityError, User
from identity.oidc.errors import DirectoryLate
from signing.errors import FactorAbsent, LinkError
from web.errors import answer_for
from web.i18n import gettext as _
from web.i18n import ngettext
from web.pages.scripted import refused, told_of
from web.pages.session import account_response
from web.security import FRESH, anyone, enrols, fresh, person
from web.wiring import current_house

page = Blueprint("accountfactors", __name__, url_prefix="/cuenta")


@page.post("/llaves/pedir")
@anyone
@enrols
@fresh
def begin() -> Response:
    """What a new passkey is to be like, for who knows the password."""
    house, user = current_house(), person()
    try:
        confirm_self(user, str(told_of().get("current", "")))
        return jsonify(options=house.links.passkeys.begin(user.id, user.email, _scope()))
    except (IdentityError, LinkError) as error:
        return refused(error)


@page.post("/llaves")
@anyone
@enrols
def confirm() -> Response:
    """The new passkey."""
    house, user, told = current_house(), person(), None
    try:
        told = told_of()
        first = not house.second.has(user.id)
        label = str(told.get("label", ""))
        house.links.passkeys.confirm(user.id, _scope(), told.get("answer"), own(user), label)
    except LinkError as error:
        return refused(error)
    enrolled(first=first)
    flash(_("Tu llave de acceso quedó inscrita."), "ok")
    return jsonify(next=url_for("session.account", _anchor="segundo"))


@page.post("/factores/<factor_id>/quitar")
@anyone
@fresh
def remove(factor_id: str) -> BaseResponse:
    """End one's own application or passkey."""
    house, user = current_house(), person()
    try:
        if all(item.id != factor_id for item in house.links.factors.store.of(user.id)):
            raise FactorAbsent
        house.links.factors.revoke(factor_id, own(user))
    except LinkError as error:
        return account_response(answer_for(error))
    flash(_("Revocada: ya no sirve aquí."), "ok")
    return redirect(url_for("session.account", _anchor="segundo"), 303)


@page.post("/recuperacion")
@anyone
@fresh
def recovery() -> BaseResponse:
    """Ten new recovery codes, on this answer and never again."""
    house, user = current_house(), person()
    if not house.second.has(user.id):
        return account_response(answer_for(FactorAbsent()))
    return account_response(None, codes=house.second.recovery.issue(user.id, own(user)))


@page.post("/sesiones/<session_id>/cerrar")
@anyone
def close(session_id: str) -> BaseResponse:
    """End one of one's own sessions."""
    current_house().sessions.end_of(person().id, session_id)
    flash(_("Esa sesión se cerró."), "ok")
    return redirect(url_for("session.account", _anchor="sesiones"), 303)


@page.post("/sesiones/cerrar")
@anyone
def close_others() -> BaseResponse:
    """End all of them but this one."""
    number = current_house().sessions.end_others(person().id, current_user.get_id())
    flash(ngettext("Se cerró %(num)d sesión.", "Se cerraron %(num)d sesiones.", number), "ok")
    return redirect(url_for("session.account", _anchor="sesiones"), 303)


def by_directory() -> bool:
    """Whether this session was opened by the company's directory: then no password stands for the person."""
    row = current_house().sessions.row(current_user.get_id())
    return row is not None and bool(row.door)


def confirm_self(user: User, password: str) -> None:
    """The person again, before their factors change: by the password, or by a directory's word a few minutes old.

    Raises:
        LoginRefused, LoginThrottled: the password. DirectoryLate: they entered by the directory too long ago.
    """
    house = current_house()
    row = house.sessions.row(current_user.get_id())
    if row is None or not row.door:
        house.door.enter(user.email, password, request.remote_addr or "")
    elif house.clock() - max(row.created_at, row.proven_at or row.created_at) >= FRESH:
        raise DirectoryLate


def own(user: User) -> Granter:
    """A person changing what is theirs."""
    return Granter(user.id, min((str(role) for role in user.roles), default="system"), "web")


def enrolled(*, first: bool) -> None:
    """A factor was enrolled here: this session has proved it; with the first one, those begun without it end."""
    house, token = current_house(), current_user.get_id()
    house.sessions.prove(token)
    if first:
        house.sessions.end_others(person().id, token)


def _scope() -> str:
    return f"account/{person().id}"
