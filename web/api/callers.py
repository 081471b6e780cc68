"""Who calls the API: a bearer token and nothing else; cookies are not looked at, and no form is asked for a token.

A caller is admitted in this order: token, rate, scope. What is refused names no token, and no log line holds one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import current_app, g, request
from flask_login import AnonymousUserMixin  # type: ignore[import-untyped]  # publishes no types

from evidence.canonical import Json
from identity.accounts import AUDITORS
from identity.tokens import Caller, Token
from web.holder import HouseHolder, current_house
from web.i18n import LANGUAGES
from workflows.commands import Actor

ROOT = "/api/v1"
WINDOW_SECONDS = 60
_REALM = 'Bearer realm="constancia"'


class ApiRefused(Exception):
    """The API does not do that; ``code`` is a key of `web.api.words.API`.

    ``problems`` say of each place of the request what is wrong there; ``headers`` go with the answer.
    """

    def __init__(
        self,
        code: str,
        *,
        problems: Sequence[Mapping[str, Json]] = (),
        headers: Mapping[str, str] | None = None,
        **fields: Json,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.problems = problems
        self.headers = headers or {}
        self.fields: Mapping[str, Json] = fields


def forget_cookies() -> None:
    """Before anything else of a request to the API: whoever is signed in in the browser is nobody here."""
    if not request.path.startswith(ROOT):
        return
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login keeps it; it has no other way in
    wanted = (tag.lower().partition("-")[0] for tag in request.accept_languages.values())
    g.locale = next((tag for tag in wanted if tag in LANGUAGES), "es")


def admit(scope: str) -> None:
    """Let a request in whose token opens ``scope`` (``""``: any token that lives).

    Raises:
        ApiRefused: ``token_missing``, ``token_invalid``, ``rate_exceeded``, ``scope_missing``.
    """
    found = _recognised()
    g.caller, g.caller_id = found, found.service.id
    _count(found.token)
    if scope and scope not in found.token.scopes:
        challenge = f'{_REALM}, error="insufficient_scope", scope="{scope}"'
        raise ApiRefused("scope_missing", headers={"WWW-Authenticate": challenge}, scope=scope)


def caller() -> Caller:
    """The caller; only behind `admit`."""
    found = g.caller
    assert isinstance(found, Caller)  # noqa: S101 - put there by `admit`
    return found


def actor() -> Actor:
    """The caller as the ledger names it."""
    found = caller()
    return Actor(
        id=found.service.id, role=str(found.service.role), via="api", kind="machine", token=found.token.id
    )


def need_process(process: str) -> None:
    """Refuse what lies outside the processes of the token.

    Raises:
        ApiRefused: ``process_not_allowed``; asked before anything is looked up, so that it gives nothing away.
    """
    if not caller().token.covers(process):
        raise ApiRefused("process_not_allowed", process=process)


def note_view(what: str, subject: str) -> None:
    """Log what an auditor's system is shown, before it leaves, as pages do for auditors."""
    found = caller()
    if found.service.role in AUDITORS:
        current_house().room.log(found.service.id, str(found.service.role), f"api.{what}", subject[:200])


def _recognised() -> Caller:
    kind, _blank, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise ApiRefused("token_missing", headers={"WWW-Authenticate": _REALM})
    found = current_house().tokens.recognise(text.strip())
    if found is None:
        raise ApiRefused("token_invalid", headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'})
    return found


def _count(token: Token) -> None:
    """Count the request; `rate_headers` says how many are left."""
    house, limit = current_house(), _limit()
    moment = int(house.clock().timestamp())
    minute, second = divmod(moment, WINDOW_SECONDS)
    used = house.rates.count(token.id, minute)
    g.api_rate = (max(0, limit - used), WINDOW_SECONDS - second)
    if used > limit:
        raise ApiRefused("rate_exceeded", headers={"Retry-After": str(WINDOW_SECONDS - second)}, limit=limit)


def rate_headers() -> dict[str, str]:
    """``RateLimit-Policy`` and ``RateLimit`` of the request (draft-ietf-httpapi-ratelimit-headers-10)."""
    if "api_rate" not in g:
        return {}
    left, seconds = g.api_rate
    return {
        "RateLimit-Policy": f'"minute";q={_limit()};w={WINDOW_SECONDS}',
        "RateLimit": f'"minute";r={left};t={seconds}',
    }


def _limit() -> int:
    holder: HouseHolder = current_app.extensions["constancia"]
    return holder.settings.api_rate
