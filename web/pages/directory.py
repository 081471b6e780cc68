"""Entering by the company's directory: the button, the way back, invitations to bind, and sessions that end there.

Templates and what they get: ``session/away.html``: ``where`` (the directory); ``session/bind.html``: ``user``,
``until``, ``token``; ``session/left.html``: ``where``; ``session/directory_refused.html``: ``answer``.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import current_user  # type: ignore[import-untyped]  # publishes no types
from werkzeug.wrappers import Response as BaseResponse

from identity.accounts import IdentityError
from identity.oidc.errors import DirectoryRefused, DirectoryUnreachable
from identity.sessions import DIRECTORY_DOOR, STRONG_DOOR
from signing.errors import LinkError
from web.directory import BIND, ENTER, KNOCKS, PROVE, Arrival, Waiting
from web.errors import answer_for
from web.i18n import gettext as _
from web.i18n import locale
from web.logs import LOG
from web.pages.context import lens
from web.pages.secondfactor import wait_for_second
from web.security import anyone, begin_session, enrols, person, public, safe_next
from web.wiring import current_house

page = Blueprint("directory", __name__)
SECRET = "oidc"  # noqa: S105 - the name of what the cookie keeps
_REFUSED = (IdentityError, LinkError)


@page.post("/entrar/directorio")
@public
def enter() -> BaseResponse:
    """Go to the directory to enter."""
    return _away(Waiting(ENTER, onward=safe_next(request.form.get("next"))))


@page.post("/cuenta/comprobar/directorio")
@anyone
@enrols
def prove() -> BaseResponse:
    """Go to the directory to prove anew who one is, before something delicate."""
    return _away(Waiting(PROVE, account=person().id, onward=safe_next(request.form.get("next"))))


@page.get("/entrar/directorio/regreso")
@public
def back() -> BaseResponse:
    """What the browser brings back from the directory; believed once."""
    house, token = current_house(), str(cookie.pop(SECRET, ""))
    try:
        house.links.office.limit("directory-back", request.remote_addr or "", KNOCKS)
        arrival = house.openid.finish(token, request.args.to_dict())
    except _REFUSED as error:
        return _refused(error)
    for kind in ("directory", "directory-back"):  # a whole house may stand behind one address
        house.links.office.succeeded(kind, request.remote_addr or "")
    if arrival.waiting.what == PROVE:
        return _proved(arrival)
    onward = _begun(arrival)  # a fresh session: what is said to the person is said in it
    if arrival.waiting.what == BIND:
        flash(_("Tu cuenta quedó ligada a tu usuario del directorio."), "ok")
    return redirect(onward, 303)


@page.get("/entrar/invitacion/<token>")
@public
def invitation(token: str) -> BaseResponse:
    """Whom the link is for; looking changes nothing, so that machines may."""
    house = current_house()
    try:
        found, user = house.openid.guest(token, request.remote_addr or "")
    except _REFUSED as error:
        return _dead(error)
    until = lens().moment(found.expires_at)
    return _hidden(make_response(render_template("session/bind.html", user=user, until=until, token=token)))


@page.post("/entrar/invitacion/<token>")
@public
def accept(token: str) -> BaseResponse:
    """Go to the directory; who comes back is bound to the account, and the link has ended."""
    try:
        found, user = current_house().openid.guest(token, request.remote_addr or "")
    except _REFUSED as error:
        return _dead(error)
    return _away(Waiting(BIND, user.id, found.token_hash, onward=url_for("session.account")))


@page.post("/salir/directorio/aviso")
@public
def ended() -> Response:
    """The directory's own message that a session ended there (OpenID Connect Back-Channel Logout 1.0, section 2.5)."""
    house = current_house()
    try:
        house.links.office.limit("directory-ended", request.remote_addr or "", KNOCKS)
        house.openid.end(request.form.get("logout_token", ""))
    except _REFUSED as error:
        _log(error)
        return Response("", 503 if isinstance(error, DirectoryUnreachable) else 400)
    # the directory tells of everybody's sessions from one address
    house.links.office.succeeded("directory-ended", request.remote_addr or "")
    return Response("", 200)


def _away(waiting: Waiting) -> BaseResponse:
    """A page that leads to the directory.

    No redirect answers the form: the policy of pages, ``form-action 'self'``, reaches through redirects, and where the
    directory leads the browser next is its own business.
    """
    house = current_house()
    try:
        house.links.office.limit("directory", request.remote_addr or "", KNOCKS)
        token, where = house.openid.begin(waiting, locale())
    except _REFUSED as error:
        return _refused(error)
    cookie[SECRET] = token
    response = make_response(render_template("session/away.html", where=where))
    response.headers["Refresh"] = f"0; url={where}"
    return response


def _begun(arrival: Arrival) -> str:
    """The session, or first the second factor that is enrolled here where the directory asked for none."""
    house, user, who = current_house(), arrival.user, arrival.person
    onward = safe_next(arrival.waiting.onward)
    door = STRONG_DOOR if who.strong else DIRECTORY_DOOR
    if not who.strong and house.second.has(user.id):
        return wait_for_second(user, onward, door=door, sid=who.sid)
    begin_session(user, proven=who.strong, door=door, sid=who.sid)
    return onward


def _proved(arrival: Arrival) -> BaseResponse:
    """The session that asked is proved; one that ended meanwhile is asked to begin again."""
    user = getattr(current_user, "user", None)
    if user is None or user.id != arrival.user.id:
        return redirect(url_for("session.enter"), 303)
    current_house().sessions.prove(current_user.get_id())
    return redirect(safe_next(arrival.waiting.onward), 303)


def _refused(error: Exception) -> BaseResponse:
    """What went wrong, and the door again."""
    _log(error)
    answer = answer_for(error)
    if answer is None:
        raise error
    response = make_response(render_template("session/directory_refused.html", answer=answer), answer.status)
    if answer.status in {429, 503}:
        response.headers["Retry-After"] = "60"
    return response


def _log(error: Exception) -> None:
    """Which check failed, for whoever runs the house; never what was in the answer."""
    why = error.why if isinstance(error, DirectoryRefused) else getattr(error, "code", "")
    LOG.warning("directory", extra={"what": why})


def _dead(error: Exception) -> BaseResponse:
    answer = answer_for(error)
    if answer is None:
        raise error
    phone = current_house().settings.desk_phone
    text = render_template("pages/link_dead.html", answer=answer, phone=phone)
    return _hidden(make_response(text, answer.status))


def _hidden(response: Response) -> Response:
    """Nothing here is for search engines."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
