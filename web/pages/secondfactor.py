"""Between a good password and a session: the second factor; a login by passkey alone; and a session proved again.

Templates and what they get: ``session/second.html``: ``what`` (``enter`` or ``prove``), ``held`` (what the person has),
``code``, ``ask`` and ``send`` (where the form and the script go), ``next`` and ``answer``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

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
from flask import session as cookie
from flask_login import current_user  # type: ignore[import-untyped]  # publishes no types
from werkzeug.wrappers import Response as BaseResponse

from evidence.canonical import Json
from identity.accounts import IdentityError, User
from identity.oidc.errors import DirectoryOnly
from identity.recovery import RECOVERY
from identity.sessions import digest
from identity.throttle import Limit
from signing.errors import LinkError
from signing.tokens import new_id
from web.errors import Answer, answer_for
from web.i18n import ngettext
from web.pages.scripted import refused, told_of
from web.pages.session import directory_name
from web.secondfactor import DOOR, LOGIN, PROVE, LoginStale
from web.security import anyone, begin_session, enrols, person, public, safe_next
from web.wiring import current_house

page = Blueprint("second", __name__)
WAITS, ONWARD, DOORS, KNOCK = "second", "onward", "doors", "knock"
"""What the cookie remembers: the login that waits, where it goes on, by which door, and this browser's login by key."""
KNOCKS = Limit(free=60, first=timedelta(seconds=30), longest=timedelta(minutes=10), memory=timedelta(hours=1))
_REFUSED = (IdentityError, LinkError)


@page.get("/entrar/segundo")
@public
def ask() -> BaseResponse:
    """The form of the second factor, for who gave a good password in this browser."""
    try:
        return _enter(_waiting())
    except LoginStale:
        return redirect(url_for("session.enter"), 303)


@page.post("/entrar/segundo")
@public
def answer() -> BaseResponse:
    """A code of the application, or a recovery code."""
    house = current_house()
    try:
        user = _waiting()
    except LoginStale:
        return redirect(url_for("session.enter"), 303)
    try:
        kind = house.second.code(user, _typed(), request.remote_addr or "")
        house.second.ended(cookie.get(WAITS, ""))
    except _REFUSED as error:
        return _enter(user, answer_for(error))
    onward = _begun(user)
    if kind == RECOVERY:
        flash(_left(house.second.held(user.id).codes), "warn")
    return redirect(onward, 303)


@page.post("/entrar/segundo/llave/pedir")
@public
def ask_key() -> Response:
    """What the person's passkey shall sign."""
    return _told(lambda: {"options": current_house().second.ask_key(LOGIN + "-key", _scope(), _waiting().id)})


@page.post("/entrar/segundo/llave")
@public
def answer_key() -> Response:
    """What it signed."""

    def act() -> dict[str, Json]:
        house, user = current_house(), _waiting()
        house.second.key(LOGIN + "-key", _scope(), told_of().get("answer"), user.id)
        house.second.ended(cookie.get(WAITS, ""))
        return {"next": _begun(user)}

    return _told(act)


@page.post("/entrar/llave/pedir")
@public
def knock() -> Response:
    """What a passkey shall sign to enter by itself: the device offers those it has for this house."""

    def act() -> dict[str, Json]:
        house = current_house()
        house.links.office.limit("door-key", request.remote_addr or "", KNOCKS)
        cookie[KNOCK] = cookie.get(KNOCK) or new_id("n-")
        return {"options": house.second.ask_key(DOOR, str(cookie[KNOCK]))}

    return _told(act)


@page.post("/entrar/llave")
@public
def enter_by_key() -> Response:
    """What it signed: its owner's session begins."""

    def act() -> dict[str, Json]:
        told = told_of()
        user = current_house().second.by_key(
            str(cookie.get(KNOCK, "")), told.get("answer"), request.remote_addr or ""
        )
        if current_house().openid.only(user):
            raise DirectoryOnly
        begin_session(user, proven=True)
        return {"next": safe_next(str(told.get("next", "")))}

    return _told(act)


@page.get("/cuenta/comprobar")
@anyone
@enrols
def prove() -> BaseResponse:
    """Prove a second factor anew, before something delicate."""
    return _prove(safe_next(request.args.get("next")))


@page.post("/cuenta/comprobar")
@anyone
@enrols
def proved() -> BaseResponse:
    """A code of the application, or a recovery code."""
    onward, house = safe_next(request.form.get("next")), current_house()
    try:
        house.second.code(person(), _typed(), request.remote_addr or "")
    except _REFUSED as error:
        return _prove(onward, answer_for(error))
    house.sessions.prove(current_user.get_id())
    return redirect(onward, 303)


@page.post("/cuenta/comprobar/llave/pedir")
@anyone
@enrols
def prove_key() -> Response:
    """What the person's passkey shall sign."""
    return _told(lambda: {"options": current_house().second.ask_key(PROVE, person().id, person().id)})


@page.post("/cuenta/comprobar/llave")
@anyone
@enrols
def proved_key() -> Response:
    """What it signed."""

    def act() -> dict[str, Json]:
        house, told = current_house(), told_of()
        house.second.key(PROVE, person().id, told.get("answer"), person().id)
        house.sessions.prove(current_user.get_id())
        return {"next": safe_next(str(told.get("next", "")))}

    return _told(act)


def wait_for_second(user: User, onward: str, *, door: str = "", sid: str = "") -> str:
    """A good password, or the directory's word, of somebody with a second factor: the browser remembers it.

    Gives where to go; ``door`` and ``sid`` are the session's to be.
    """
    cookie.clear()
    cookie[WAITS], cookie[ONWARD] = current_house().second.begin(user), onward
    cookie[DOORS] = [door, sid]
    return url_for("second.ask")


def _waiting() -> User:
    return current_house().second.pending(str(cookie.get(WAITS, "")))


def _scope() -> str:
    return digest(str(cookie.get(WAITS, "")))


def _begun(user: User) -> str:
    """The session, and where it goes on."""
    onward, (door, sid) = safe_next(cookie.get(ONWARD)), cookie.get(DOORS) or ("", "")
    begin_session(user, proven=True, door=door, sid=sid)
    return onward


def _typed() -> str:
    return request.form.get("codigo", "")[:60]


def _left(number: int) -> str:
    return ngettext(
        "Usaste un código de recuperación; te queda %(num)d.",
        "Usaste un código de recuperación; te quedan %(num)d.",
        number,
    )


def _enter(user: User, answer: Answer | None = None) -> BaseResponse:
    return _page("enter", user, answer, "second.answer", "second.ask_key", "second.answer_key")


def _prove(onward: str, answer: Answer | None = None) -> BaseResponse:
    return _page(
        "prove", person(), answer, "second.proved", "second.prove_key", "second.proved_key", onward=onward
    )


def _page(
    what: str, user: User, answer: Answer | None, code: str, asked: str, sent: str, onward: str = ""
) -> BaseResponse:
    body = render_template(
        "session/second.html",
        what=what,
        held=current_house().second.held(user.id),
        directory=directory_name() if what == "prove" and current_house().openid.bound(user.id) else "",
        answer=answer,
        code=url_for(code),
        ask=url_for(asked),
        send=url_for(sent),
        next=onward,
    )
    response = make_response(body, answer.status if answer else 200)
    if answer is not None and answer.status == 429:
        response.headers["Retry-After"] = "60"
    return response


def _told(act: Callable[[], dict[str, Json]]) -> Response:
    try:
        return jsonify(act())
    except _REFUSED as error:
        return refused(error)
