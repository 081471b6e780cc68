"""The application factory: settings in, a Flask application out; opening nothing until the first request needs it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from flask.json.provider import DefaultJSONProvider
from flask_login import LoginManager  # type: ignore[import-untyped]  # publishes no types
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]  # publishes no types
from werkzeug.middleware.proxy_fix import ProxyFix

from web import commands, errors, i18n, logs, meters, paced, pages, security, viewing
from web.api import registering
from web.pages.passkeys import key_origin
from web.requests import StagingRequest
from web.security import Visitor
from web.settings import Settings
from web.wiring import House, HouseHolder, current_house

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "web" / "static"
_MIB = 1024 * 1024


class StrangersJson(DefaultJSONProvider):
    """JSON as strangers send it: what is nested too deeply is as malformed as what is cut off."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value. Raises ValueError."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class Constancia(Flask):
    """Flask with the request class that spools uploads into the staging directory."""

    request_class = StagingRequest
    json_provider_class = StrangersJson

    def log_exception(self, exc_info: Any) -> None:
        """What escaped even the error table: types and places, never the texts (they may quote what people typed)."""
        logs.LOG.critical("escaped", exc_info=exc_info)


def create_app(settings: Settings, house: House | None = None) -> Flask:
    """Build the application.

    Args:
        settings: one installation. Where `flask init` has not been yet, commands work and pages answer 503.
        house: an open house to use instead of opening one from the settings (tests, the demo's seeding).

    Raises:
        web.security.UndeclaredAccess: an endpoint does not say who may call it.
    """
    app = Constancia("web", static_folder=str(STATIC), template_folder=str(ROOT / "templates" / "web"))
    app.config.update(_config(settings))
    app.extensions["constancia"] = HouseHolder(settings, house)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    _install_i18n(app)
    logs.install(app)
    security.guard(app, settings, _login_manager())
    paced.install(app)
    forms = CSRFProtect(app)
    pages.register(app)
    registering.register(app, forms)
    forms.exempt(pages.directory.ended)  # the directory has no form token; its signature stands for it
    viewing.install(app)
    errors.install(app)
    meters.install(app)
    commands.register(app)
    app.jinja_env.globals.update(asset=asset, key_origin=key_origin)
    security.check_declared(app)
    return app


def _config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key or secrets.token_hex(32),
        "CONSTANCIA_TZ": settings.tz,
        "MAX_CONTENT_LENGTH": (settings.max_draft_mb + 2) * _MIB,
        "MAX_FORM_MEMORY_SIZE": 2 * _MIB,
        "MAX_FORM_PARTS": 1000,
        "SESSION_COOKIE_NAME": "__Host-constancia" if settings.https else "constancia",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        "SEND_FILE_MAX_AGE_DEFAULT": 0,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: an open form must not grow stale
        "WTF_CSRF_SSL_STRICT": False,  # wants a Referer, which our policy forbids; web.security checks Origin
        "WTF_CSRF_HEADERS": ["X-CSRFToken"],
        "TEMPLATES_AUTO_RELOAD": False,
    }


def _login_manager() -> LoginManager:
    login = LoginManager()
    login.session_protection = None  # sessions live on the server; a changed address must not log people out

    @login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login publishes no types
    def load(token: str) -> Visitor | None:
        house = current_house()
        user = house.sessions.user(token)
        return Visitor(user, token) if user is not None else None

    return login


def _install_i18n(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        i18n.gettext, i18n.ngettext, newstyle=False
    )
    app.jinja_env.filters.update(i18n.FILTERS)
    app.jinja_env.globals.update(locale=i18n.locale, languages=i18n.LANGUAGES)


def asset(filename: str) -> str:
    """The address of a static file with a digest of its content, so that it may be kept for ever."""
    return _asset(filename, request.script_root)


@cache  # a page names the icons' file more than a hundred times
def _asset(filename: str, _mount: str) -> str:
    digest = hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:12]
    return url_for("static", filename=filename, v=digest)
