"""Entering, leaving and the language.

Templates and what they get:

* ``session/login.html``: ``email`` and ``next`` (refill the form), ``answer`` (`web.errors.Answer` of a refused
  attempt, or ``None``). The form posts ``email``, ``password``, ``next`` and ``csrf_token`` to ``/entrar``.
* ``session/account.html``: ``answer`` (of a refused change), ``min_length``, ``account`` (`web.views.account`) and
  ``codes`` (new recovery codes). A form posts ``current`` and ``fresh`` to ``/cuenta/contrasena``.
* ``errors/error.html``: ``answer``.
"""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import current_user  # type: ignore[import-untyped]  # publishes no types
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]  # publishes no types
from werkzeug.wrappers import Response as BaseResponse

from identity.accounts import LOCALES, IdentityError
from identity.login import LoginRefused, LoginThrottled
from identity.oidc.errors import DirectoryOnly
from identity.passwords import MIN_LENGTH, PasswordRefused
from identity.sessions import SessionRow
from web.errors import Answer, answer_for, respond
from web.i18n import COOKIE, gettext, locale
from web.pages.context import lens
from web.security import (
    anyone,
    begin_session,
    end_session,
    enrols,
    fresh,
    maybe_person,
    outsider,
    person,
    public,
    safe_next,
    wants_json,
)
from web.views.account import account_view
from web.wiring import current_house

page = Blueprint("session", __name__)


@page.get("/entrar")
@public
def enter() -> BaseResponse:
    """The login form; who is signed in already goes on."""
    onward = safe_next(request.args.get("next"))
    if maybe_person() is not None:
        return redirect(onward, 303)
    return _form("", onward, None)


@page.post("/entrar")
@public
def log_in() -> BaseResponse:
    """Check address and password, and start a fresh session."""
    email, onward = request.form.get("email", ""), safe_next(request.form.get("next"))
    house = current_house()
    try:
        user = house.door.enter(email, request.form.get("password", ""), request.remote_addr or "")
    except (LoginRefused, LoginThrottled) as error:
        answer = answer_for(error)
        if wants_json() and answer is not None:
            return respond(answer)
        return _form(email, onward, answer)
    if house.openid.only(user):
        return _only(email, onward)
    if house.second.has(user.id):
        from web.pages.secondfactor import wait_for_second  # noqa: PLC0415 - that page stands on this one

        onward = wait_for_second(user, onward)
    else:
        begin_session(user)
    return jsonify(next=onward) if wants_json() else redirect(onward, 303)


@page.post("/salir")
@public
def leave() -> BaseResponse:
    """End the session, here and in the database; who came by the directory is told that its own goes on."""
    house = current_house()
    row = house.sessions.row(current_user.get_id()) if maybe_person() is not None else None
    end_session()
    return forgotten(_left(row))


def _left(row: SessionRow | None) -> BaseResponse:
    house = current_house()
    where = house.openid.leaving(locale()) if row is not None and row.door else ""
    if where:
        return make_response(render_template("session/left.html", where=where))
    return redirect(url_for("session.enter"), 303)


def forgotten(response: BaseResponse) -> BaseResponse:
    """The browser forgets what it kept of this site; a session that merely ended leaves what waits to be sent."""
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@page.get("/sesion")
@public
def status() -> Response:
    """For scripts: who is signed in, and a form token that is good now (a page may outlive its session)."""
    user = maybe_person()
    return jsonify(signed_in=user is not None, name=user.name if user else "", csrf_token=generate_csrf())


@page.post("/idioma")
@public
def language() -> BaseResponse:
    """Choose the language: remembered in a cookie, and with the account when signed in."""
    chosen = request.form.get("idioma", "")
    response = redirect(safe_next(request.form.get("next")), 303)
    if chosen not in LOCALES:
        return response
    user = maybe_person()
    if user is not None:
        current_house().accounts.set_locale(user.id, chosen)
    response.set_cookie(
        COOKIE, chosen, max_age=31_536_000, secure=request.is_secure, httponly=True, samesite="Lax"
    )
    return response


@page.get("/cuenta")
@anyone
@enrols
def account() -> Response:
    """The signed-in person's own account."""
    return account_response(None)


@page.post("/cuenta/contrasena")
@anyone
@enrols
@fresh
def change_password() -> BaseResponse:
    """A new password, for who knows the old one; every other session of the account ends."""
    house, user = current_house(), person()
    row = house.sessions.row(current_user.get_id())
    try:
        if house.openid.only(user):
            raise DirectoryOnly
        house.door.enter(user.email, request.form.get("current", ""), request.remote_addr or "")
        if request.form.get("fresh") == request.form.get("current"):
            raise PasswordRefused("password_same")
        house.access.set_password(user.id, request.form.get("fresh", ""))
    except IdentityError as error:
        return account_response(answer_for(error))
    house.sessions.end_all(user.id)
    door, sid = (
        (row.door, row.sid) if row is not None else ("", "")
    )  # whose end at the directory still ends it
    begin_session(user, proven=house.second.has(user.id) or house.openid.bound(user.id), door=door, sid=sid)
    flash(gettext("Tu contraseña cambió; las demás sesiones se cerraron."), "ok")
    return redirect(url_for("session.account"), 303)


def _only(email: str, onward: str) -> BaseResponse:
    """A good password that opens nothing any more: told to who knows it, and to nobody else."""
    answer = answer_for(DirectoryOnly())
    if wants_json() and answer is not None:
        return respond(answer)
    return _form(email, onward, answer)


def directory_name() -> str:
    """What people call the company's directory, ``""`` where there is none."""
    house = current_house()
    return (house.settings.oidc_name or gettext("el directorio de la empresa")) if house.openid.open else ""


def _form(email: str, onward: str, answer: Answer | None) -> Response:
    page_text = render_template(
        "session/login.html", email=email, next=onward, answer=answer, directory=directory_name()
    )
    response = make_response(page_text, answer.status if answer else 200)
    if answer is not None and answer.status == 429:
        response.headers["Retry-After"] = "60"
    return response


def account_response(answer: Answer | None, codes: tuple[str, ...] = ()) -> Response:
    """The account's page; ``codes`` are new recovery codes, shown on this answer and never again."""
    view = account_view(current_house(), person(), lens(), current_user.get_id())
    text = render_template(
        "session/account.html",
        answer=answer,
        codes=codes,
        min_length=MIN_LENGTH,
        may_enrol=not outsider(),
        directory=directory_name(),
        account=view,
    )
    return make_response(text, answer.status if answer else 200)
