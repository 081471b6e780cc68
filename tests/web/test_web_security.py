"""What every request passes, seen from outside: access, origins, hosts, headers, cookies and logins."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, request
from werkzeug.routing import Rule

from identity.accounts import Role
from tests.fakes.installation import PASSWORD, Browser, Installation
from web import security
from web.app import create_app
from web.logs import LOG, JsonLines
from web.security import UndeclaredAccess, access_of, public, safe_next
from web.settings import Settings

PUBLIC = {
    "static",
    "health.live",
    "tlog.checkpoint",
    "tlog.tile",
    "requesting.form",
    "requesting.send",
    "requesting.sent",
    "health.ready",
    "receipts.of_visit",
    "receipts.of_letter",
    "receipts.of_request",
    "auditinvite.show",
    "auditinvite.accept",
    "metrics.show",
    "session.enter",
    "session.log_in",
    "session.leave",
    "session.status",
    "session.language",
    "look.theme",
    "personal.fetched",
    "personal.opened",
    "personal.show",
    "personal.picture",
    "personal.text",
    "personal.letter",
    "personal.signed",
    "personal.sign",
    "efirma.prepare",
    "efirma.complete",
    "personal.decline",
    "personal.delegate",
    "personal.report",
    "personal.call",
    "personal.code",
    "factors.prove",
    "factors.begin_behind",
    "factors.confirm_behind",
    "passkeys.ask",
    "passkeys.prove",
    "passkeys.ask_sign",
    "passkeys.begin",
    "passkeys.confirm",
    "passkeys.done",
    "second.ask",
    "second.answer",
    "second.ask_key",
    "second.answer_key",
    "second.knock",
    "second.enter_by_key",
    "directory.enter",
    "directory.back",
    "directory.invitation",
    "directory.accept",
    "directory.ended",
    "linkkinds.answer",
    "linkkinds.reveal",
    "returnlink.letter",
    "returnlink.send",
    "linkreview.rows",
    "linkreview.every",
    "linkreview.changes",
    "linkreview.decide",
    "linkreview.finish",
    "checking.show",
    "api.openapi",
    "apidocs.show",
    "sealpage.show",
    "sealpage.root",
    "sealpage.chain",
}
"""Everything a stranger may call; a new one is added here by somebody who has thought about it."""


def _requests(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with each of its methods and a path that matches it.

    Operations of the API are walked in ``tests/api/test_api_access.py``: they know tokens, not people.
    """
    filled = {"default": "x", "int": "1", "path": "x", "UnicodeConverter": "x"}
    for rule in app.url_map.iter_rules():
        if _access(app.view_functions[rule.endpoint]).token:
            assert rule.rule.startswith("/api/v1/")
            continue
        path = re.sub(
            r"<(?:(\w+)[^:>]*:)?\w+>", lambda found: filled.get(found[1] or "default", "x"), rule.rule
        )
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, path


def test_only_the_listed_endpoints_are_public(place: Installation) -> None:
    """The list above is the whole list, in both directions where the page exists."""
    declared = {name for name, view in place.app.view_functions.items() if _access(view).public}
    assert declared <= PUBLIC
    assert {"static", "session.enter", "session.log_in"} <= declared


def _access(view: object) -> security.Access:
    found = access_of(view)  # type: ignore[arg-type]  # a view function
    assert found is not None
    return found


def test_a_stranger_gets_nowhere(place: Installation) -> None:
    """Every route that is not public sends a stranger to the login, and a script a 401, whatever the method."""
    walked = 0
    for rule, method, path in _requests(place.app):
        if _access(place.app.view_functions[rule.endpoint]).public:
            continue
        browser = place.stranger()
        headers = {"X-CSRFToken": browser.token()}
        answer = browser.client.open(path, method=method, headers=headers)
        assert answer.status_code == 303, (rule, method)
        assert answer.location.startswith("/entrar?next="), (rule, method)
        answer = browser.client.open(path, method=method, headers={**headers, "Accept": "application/json"})
        assert answer.status_code == 401, (rule, method)
        assert answer.get_json()["error"]["code"] == "login_required"
        walked += 1
    assert walked >= 8


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_is_declared_for_it_and_nothing_else(place: Installation, role: Role) -> None:
    """Every route answers 403 to the roles it does not name, and something else to those it does."""
    browser = place.client(role)
    token = browser.token()
    for rule, method, path in _requests(place.app):
        access = _access(place.app.view_functions[rule.endpoint])
        if access.public:
            continue
        headers = {"Accept": "application/json", "X-CSRFToken": token}
        answer = browser.client.open(path, method=method, headers=headers)
        code = (answer.get_json(silent=True) or {}).get("error", {}).get("code")
        assert (code == "forbidden") == (role not in access.roles), (rule, method, answer.status_code)
        answer.close()
        token = browser.token()


def test_auditors_and_administrators_write_nothing(place: Installation) -> None:
    """No route that changes a case or a draft names a role that only reads."""
    readers = {Role.AUDITOR_INTERNO, Role.AUDITOR_EXTERNO, Role.ADMINISTRADOR}
    for rule, method, path in _requests(place.app):
        if method != "GET" and path.startswith(("/borradores", "/casos/nuevo")):
            assert not _access(place.app.view_functions[rule.endpoint]).roles & readers, rule


def test_an_application_with_a_silent_endpoint_does_not_start(place: Installation) -> None:
    """A view that says nothing about access is a start-up error that names it."""
    app = create_app(place.settings, place.house)
    app.add_url_rule("/hole", "hole", lambda: "open")
    with pytest.raises(UndeclaredAccess, match="hole"):
        security.check_declared(app)
    assert create_app(place.settings, place.house).view_functions


def test_every_change_needs_its_form_token(place: Installation) -> None:
    """A POST without the session's token changes nothing and says so; a message of the directory's has a signature."""
    browser = place.client()
    for rule, method, path in _requests(place.app):
        if method == "GET" or rule.endpoint == "directory.ended":
            continue
        answer = browser.client.open(path, method=method, headers={"Accept": "application/json"})
        assert answer.status_code in {400, 403}, (rule, method)
        assert answer.get_json()["error"]["code"] in {"csrf", "forbidden"}, (rule, method)
    other = place.client(Role.SUPERVISOR).token()
    answer = browser.client.post("/salir", data={"csrf_token": other}, headers={"Accept": "application/json"})
    assert answer.get_json()["error"]["code"] == "csrf"


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://localhost:81"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, False),
    ],
)
def test_other_sites_cannot_post_here(place: Installation, headers: dict[str, str], passes: bool) -> None:
    """Even with a good token: the browser says where a form comes from, and we listen."""
    browser = place.client()
    sent = {**headers, "X-CSRFToken": browser.token(), "Accept": "application/json"}
    answer = browser.client.post("/idioma", data={"idioma": "en"}, headers=sent)
    assert (answer.status_code == 303) is passes
    if not passes:
        assert answer.get_json()["error"]["code"] == "foreign_origin"


def test_a_foreign_host_header_is_refused(place: Installation, tmp_path: Path) -> None:
    """Without a public address only loopback names work; with one, only it. Probes may use any."""
    client = place.stranger().client
    for host, status in (
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
    ):
        assert client.get("/entrar", headers={"Host": host}).status_code == status, host
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200
    public_place = Installation(tmp_path / "other", {"CONSTANCIA_PUBLIC_URL": "https://desk.example"})
    client = public_place.stranger().client
    for host, status in (("desk.example", 200), ("localhost", 400), ("desk.example.evil.org", 400)):
        answer = client.get("/entrar", headers={"Host": host}, base_url="https://desk.example")
        assert answer.status_code == status, host
    public_place.close()


def test_pages_carry_strict_headers_with_a_fresh_nonce(place: Installation) -> None:
    """Nothing from elsewhere, nothing inline without this answer's nonce, no framing, no sniffing, no storing."""
    client = place.stranger().client
    first, second = (client.get("/entrar").headers for _ in range(2))
    policy = first["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert re.search(r"'nonce-[\w-]{20,}'", policy)
    assert policy != second["Content-Security-Policy"]
    assert first["X-Content-Type-Options"] == "nosniff"
    assert first["Referrer-Policy"] == "no-referrer"
    assert first["Cache-Control"] == "no-store"
    assert first["Cross-Origin-Opener-Policy"] == "same-origin"
    assert first["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in first["Permissions-Policy"]
    assert "Strict-Transport-Security" not in first
    assert "Server" not in first


def test_over_https_cookies_are_bound_to_the_host(tmp_path: Path) -> None:
    """Secure, HttpOnly, SameSite, the __Host- name, and HSTS."""
    place = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_URL": "https://desk.example"})
    client = place.app.test_client()
    answer = client.get("/sesion", base_url="https://desk.example")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-constancia=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    place.close()


def test_a_login_starts_a_fresh_session_and_a_logout_ends_it(place: Installation) -> None:
    """What the cookie held before does not survive the login; a copied cookie is worth nothing after the logout."""
    place.user()
    browser = place.stranger()
    before = browser.token()
    assert (
        browser.post_form("/entrar", {"email": "especialista@desk.example", "password": PASSWORD}).status_code
        == 303
    )
    assert browser.client.post("/idioma", data={"csrf_token": before, "idioma": "en"}).status_code == 400
    copied = browser.client.get_cookie("constancia")
    assert copied is not None
    assert browser.get_json("/sesion").get_json()["signed_in"] is True
    assert browser.post_form("/salir").status_code == 303
    thief = Browser(place.app.test_client())
    thief.client.set_cookie("constancia", copied.value)
    assert thief.get_json("/sesion").get_json()["signed_in"] is False


def test_a_session_ends_idle_and_when_the_account_is_shut(place: Installation) -> None:
    """Two hours without a request end it; so does closing the account, at once."""
    browser = place.client()
    assert browser.get_json("/sesion").get_json()["signed_in"] is True
    place.clock.offset += timedelta(minutes=119)
    assert browser.get_json("/sesion").get_json()["signed_in"] is True
    place.clock.offset += timedelta(minutes=121)
    assert browser.get_json("/sesion").get_json()["signed_in"] is False
    again = place.client()
    place.house.accounts.set_active(place.user().id, active=False)
    assert again.get_json("/sesion").get_json()["signed_in"] is False


def test_wrong_and_unknown_logins_answer_alike_and_are_throttled_across_restarts(place: Installation) -> None:
    """The same page for both; after too many attempts 429 with a time, from another application on the data too."""
    place.user()
    pages = set()
    for email in ("especialista@desk.example", "nobody@desk.example"):
        answer = place.stranger().post_form("/entrar", {"email": email, "password": "no es ésta"})
        assert answer.status_code == 401
        pages.add(re.sub(r'(nonce|value|content)="[^"]*"', "", answer.text))
    assert len(pages) == 1
    for _ in range(8):
        place.stranger().post_form(
            "/entrar", {"email": "especialista@desk.example", "password": "no es ésta"}
        )
    place.app = place.make_app()
    answer = place.stranger().post_form(
        "/entrar", {"email": "especialista@desk.example", "password": PASSWORD}
    )
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    place.clock.offset += timedelta(minutes=16)
    answer = place.stranger().post_form(
        "/entrar", {"email": "especialista@desk.example", "password": PASSWORD}
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("/casos?x=1", "/casos?x=1"),
        (None, "/"),
        ("", "/"),
        ("casos", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\\b", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_after_the_login_one_stays_on_this_site(raw: str | None, safe: str) -> None:
    """Only a plain path of ours is gone on to."""
    assert safe_next(raw) == safe


def test_the_log_holds_no_address_query_name_or_secret(
    place: Installation, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed and a good login, a search and a fault leave routes and opaque ids, and no text that people typed."""
    user = place.user()
    monkeypatch.setattr(LOG, "propagate", True)
    with caplog.at_level(logging.INFO, logger="constancia"):
        place.stranger().post_form(
            "/entrar", {"email": "alguien@desk.example", "password": "secreto secreto"}
        )
        browser = place.client()
        browser.get("/nada?q=Nombre%20Privado")
        monkeypatch.setattr(place.house.accounts, "set_locale", _fails)
        assert browser.post_form("/idioma", {"idioma": "en"}).status_code == 500
    lines = [JsonLines().format(record) for record in caplog.records]
    text = "\n".join(lines)
    for private in ("alguien", "secreto", "Privado", "127.0.0.1", "desk.example", "texto ajeno"):
        assert private not in text
    assert user.id in text
    incident = next(json.loads(line) for line in lines if "incident" in line)
    assert incident["failure"][0] == "RuntimeError"
    assert any("_fails" in line for line in incident["failure"])


def _fails(*_args: object) -> None:
    raise RuntimeError("texto ajeno de una persona")


def test_a_fault_shows_an_incident_number_and_nothing_else(
    place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person gets a number to report; types, texts and traces stay inside."""
    browser = place.client()
    monkeypatch.setattr(place.house.accounts, "set_locale", _fails)
    answer = browser.post_form("/idioma", {"idioma": "en"})
    assert answer.status_code == 500
    assert "texto ajeno" not in answer.text
    assert "Traceback" not in answer.text
    answer = browser.send("POST", "/idioma", data={"idioma": "en"})
    error = answer.get_json()["error"]
    assert error["code"] == "internal"
    assert re.fullmatch(r"[0-9a-f]{8}", error["incident"])


def test_forwarded_headers_count_only_as_many_as_configured(place: Installation, tmp_path: Path) -> None:
    """With no trusted proxy the header is a lie; with one, its last hop is the address."""
    seen: list[str] = []

    def watch(made: Installation) -> None:
        @made.app.before_request
        def note() -> None:
            seen.append(request.remote_addr or "")

    headers = {"X-Forwarded-For": "6.6.6.6, 10.1.1.1"}
    watch(place)
    place.app.test_client().get("/healthz", headers=headers)
    proxied = Installation(tmp_path / "proxied", {"CONSTANCIA_TRUSTED_PROXIES": "1"})
    watch(proxied)
    proxied.app.test_client().get("/healthz", headers=headers)
    assert seen == ["127.0.0.1", "10.1.1.1"]
    proxied.close()


def test_before_inception_pages_say_what_to_do_and_probes_are_not_ready(tmp_path: Path) -> None:
    """An installation nobody has begun serves nothing but the advice how to begin."""
    app = create_app(Settings.from_env({"CONSTANCIA_DATA": str(tmp_path)}))
    client = app.test_client()
    for path in ("/entrar", "/", "/tareas/x"):
        page = client.get(path)
        assert page.status_code == 503
        assert "flask init" in page.text
        told = client.get(path, headers={"Accept": "application/json"}).get_json()["error"]
        assert told["code"] == "not_initialised"
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_ready_names_the_part_that_is_not(place: Installation) -> None:
    """With the key gone, /readyz answers 503 and says so."""
    client = place.stranger().client
    assert client.get("/readyz").get_json()["parts"]["database"] == {"ok": True}
    assert client.get("/readyz").status_code == 200
    place.house.__dict__.pop("key", None)
    place.settings.key_file.unlink()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["key"]["ok"] is False


def test_declaring_is_visible_on_the_view() -> None:
    """The decorators leave the function as it is and mark it."""

    @public
    def view() -> str:
        return "x"

    assert view() == "x"
    assert _access(view).public
