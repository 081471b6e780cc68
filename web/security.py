"""What every request passes: host, origin, who may, and the headers of every answer. Nothing is open by omission.

Each endpoint says who may call it with `public`, `signed_in` or `roles`; an application with an endpoint that says
nothing does not start.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask_login import (  # type: ignore[import-untyped]  # publishes no types
    LoginManager,
    current_user,
    login_user,
    logout_user,
)
from werkzeug.wrappers import Response as BaseResponse

from identity.accounts import STAFF, Role, User
from identity.sessions import STRONG_DOOR
from web.api import callers
from web.i18n import ngettext
from web.settings import Settings
from web.wiring import current_house

View = TypeVar("View", bound=Callable[..., Any])
_MARK, _FRESH, _ENROLS = "_constancia_access", "_constancia_fresh", "_constancia_enrols"
FRESH = timedelta(minutes=15)
"""How long a proof of a second factor lasts for what is delicate."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PROBES = frozenset({"health.live", "health.ready"})


class UndeclaredAccess(RuntimeError):
    """Endpoints that do not say who may call them; the application refuses to start."""

    def __init__(self, endpoints: list[str]) -> None:
        super().__init__(f"declare @public, @signed_in or @roles for: {', '.join(endpoints)}")
        self.endpoints = endpoints


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an endpoint: everybody, the signed in with one of ``roles``, or who brings a ``token``.

    ``scope`` is what the token must open; an empty one is satisfied by every token that lives.
    """

    public: bool
    roles: frozenset[Role] = frozenset()
    token: bool = False
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The signed-in person of a request, as Flask-Login wants it; ``token`` is the session's."""

    user: User
    token: str
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """What the cookie carries: the session's token, never the user's id."""
        return self.token


def public(view: View) -> View:
    """Anybody may call this, signed in or not."""
    return _declare(view, Access(public=True))


def signed_in(view: View) -> View:
    """Everybody who belongs to the house may call this; external auditors may not."""
    return _declare(view, Access(public=False, roles=STAFF))


def anyone(view: View) -> View:
    """Every role may call this, external auditors too: it shows nothing of cases, or only those of an engagement."""
    return _declare(view, Access(public=False, roles=frozenset(Role)))


def roles(*allowed: Role) -> Callable[[View], View]:
    """Only these roles may call this."""
    return lambda view: _declare(view, Access(public=False, roles=frozenset(allowed)))


def by_token(scope: str) -> Callable[[View], View]:
    """Other systems may call this, by a token with that scope; a signed-in person may not."""
    return lambda view: _declare(view, Access(public=False, token=True, scope=scope))


def fresh(view: View) -> View:
    """Delicate: who has a second factor must have proved it lately (`FRESH`), or does so first."""
    setattr(view, _FRESH, True)
    return view


def enrols(view: View) -> View:
    """Open, too, to who must first choose a password or enrol the second factor that their role wants."""
    setattr(view, _ENROLS, True)
    return view


def _declare(view: View, access: Access) -> View:
    setattr(view, _MARK, access)
    return view


def access_of(view: Callable[..., Any]) -> Access | None:
    """What an endpoint declared."""
    found = getattr(view, _MARK, None)
    return found if isinstance(found, Access) else None


def person() -> User:
    """The signed-in user; only for endpoints that are not public."""
    user = current_user.user
    assert isinstance(user, User)  # noqa: S101 - the guard let the request in
    return user


def outsider() -> bool:
    """Whether the signed-in person is an external auditor and nothing of the house."""
    user = maybe_person()
    return user is not None and not user.has_any(STAFF)


def maybe_person() -> User | None:
    """The signed-in user, if any."""
    user = getattr(current_user, "user", None)
    return user if isinstance(user, User) else None


def guard(app: Flask, settings: Settings, login: LoginManager) -> None:
    """Install checks and headers, before the form tokens' own check: who lost the session hears that first."""
    login.init_app(app)
    public(app.view_functions["static"])
    app.before_request(callers.forget_cookies)
    app.before_request(lambda: _check_host(settings))
    app.before_request(lambda: _check_origin(settings))
    app.before_request(_check_begun)
    app.before_request(_check_access)
    app.after_request(lambda response: _add_headers(response, settings))
    app.jinja_env.globals["csp_nonce"] = nonce


def check_declared(app: Flask) -> None:
    """Called when every blueprint is registered.

    Raises:
        UndeclaredAccess: an endpoint does not say who may call it.
    """
    silent = [name for name, view in app.view_functions.items() if access_of(view) is None]
    if silent:
        raise UndeclaredAccess(sorted(silent))


def _check_host(settings: Settings) -> None:
    """Only our own name: a foreign Host header would end up in links, and loopback must not be rebound by DNS."""
    if request.endpoint in _PROBES:
        return
    if _far(settings):
        good = request.host.lower() == urlsplit(settings.public_url).netloc.lower()
    else:
        good = (urlsplit(f"//{request.host}").hostname or "") in _LOOPBACK
    if not good:
        abort(400, "unknown_host")


def _far(settings: Settings) -> bool:
    """Whether people come from elsewhere: a public address on loopback has more than one name."""
    return bool(settings.public_url) and urlsplit(settings.public_url).hostname not in _LOOPBACK


def _check_origin(settings: Settings) -> None:
    """Other sites may not post here, whatever cookies the browser adds; form tokens are the second lock."""
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        abort(403, "foreign_origin")
    origin = request.headers.get("Origin")
    # Under `Referrer-Policy: no-referrer` browsers send "null" with a form: it says nothing, the token decides.
    ours = settings.public_url if _far(settings) else request.host_url.rstrip("/")
    if origin not in {None, "null"} and origin != ours:
        abort(403, "foreign_origin")


def _check_begun() -> None:
    """Where `flask init` has not been, nothing but the advice is served."""
    if request.endpoint not in _PROBES and request.endpoint != "static":
        current_house()


def _check_access() -> BaseResponse | None:
    if request.endpoint is None:
        return None
    view = current_app.view_functions.get(request.endpoint)
    access = access_of(view) if view is not None else None
    if access is None:
        abort(403)
    if access.public:
        return None
    if access.token:
        callers.admit(access.scope)
        return None
    user = maybe_person()
    if user is None:
        if wants_json():
            abort(401)
        return redirect(url_for("session.enter", next=_page_behind()), 303)
    if not user.has_any(access.roles):
        abort(403)
    return _check_second(view, user)


def begin_session(user: User, *, proven: bool = False, door: str = "", sid: str = "") -> None:
    """A fresh session: what the cookie held before does not live on after it. ``proven``: by a second factor.

    ``door`` and ``sid``: see `identity.sessions.SessionRow`.
    """
    end_session()
    session.permanent = True
    agent = request.headers.get("User-Agent", "")
    sessions = current_house().sessions
    token = sessions.start(user.id, agent, proven=proven, door=door, sid=sid)
    login_user(Visitor(user, token))
    if ended := sessions.end_beyond(user.id, token):
        told = ngettext(
            "Tenías demasiadas sesiones abiertas: se cerró la más antigua.",
            "Tenías demasiadas sesiones abiertas: se cerraron las %(num)d más antiguas.",
            ended,
        )
        flash(told, "warn")


def end_session() -> None:
    """Log out, here and in the database."""
    if isinstance(current_user._get_current_object(), Visitor):  # noqa: SLF001 - Werkzeug's proxy has no other name for it
        current_house().sessions.end(current_user.get_id())
        logout_user()
    session.clear()


def _check_second(view: Callable[..., Any] | None, user: User) -> BaseResponse | None:
    """A password of one's own, the second factor that a role wants, and the fresh proof that a delicate act wants."""
    house = current_house()
    if not getattr(view, _ENROLS, False) and user.given and not house.openid.only(user):
        if wants_json():
            abort(403, "password_given")
        return redirect(url_for("session.account", _anchor="contrasena"), 303)
    if not getattr(view, _ENROLS, False) and lacks_second(user):
        if wants_json():
            abort(403, "second_factor_missing")
        return redirect(url_for("session.account", _anchor="segundo"), 303)
    if not getattr(view, _FRESH, False) or not (house.second.has(user.id) or house.openid.bound(user.id)):
        return None
    if house.sessions.proven_since(current_user.get_id(), FRESH):
        return None
    if wants_json():
        abort(403, "second_factor_stale")
    return redirect(url_for("second.prove", next=_page_behind()), 303)


def lacks_second(user: User) -> bool:
    """Whether the signed-in person's role wants a second factor that neither they nor this session's directory gave."""
    house = current_house()
    if not house.second.lacks(user):
        return False
    row = house.sessions.row(current_user.get_id())
    return row is None or row.door != STRONG_DOOR


def _page_behind() -> str:
    """Where to go on after logging in: the page asked for, or the nearest one above the address of a form."""
    if request.method in {"GET", "HEAD"}:
        return request.full_path.rstrip("?")
    adapter, path = current_app.create_url_adapter(request), request.path
    while adapter is not None and path.strip("/"):
        if adapter.test(path, "GET"):
            return path
        path = path.rstrip("/").rpartition("/")[0]
    return "/"


def wants_json() -> bool:
    """Whether the caller is a script: it asks for JSON, or sends it."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.is_json


def nonce() -> str:
    """This response's CSP nonce."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def content_policy() -> str:
    """The Content-Security-Policy of pages."""
    own = f"'self' 'nonce-{nonce()}'"
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {own}",
            f"style-src {own}",
            "img-src 'self' blob: data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )


def _add_headers(response: Response, settings: Settings) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("X-Frame-Options", "DENY")
    headers["Referrer-Policy"] = "no-referrer"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    if settings.https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response


def safe_next(raw: str | None, fallback: str = "/") -> str:
    """A path on this site to go on to after logging in; anything else becomes ``fallback``."""
    if not raw or not raw.startswith("/") or raw[1:2] in {"/", "\\"}:
        return fallback
    if "\\" in raw or any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in raw):
        return fallback
    return raw
