"""Entering by the company's directory over HTTP, against providers that are honest and ones that are not."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from evidence.entry import EntryKind
from evidence.ports import StoreUnavailable
from identity.access import ACCESS_CASE, Granter
from identity.accounts import Role, User
from identity.oidc.errors import DirectoryTaken
from tests.fakes.installation import PASSWORD, Browser, Installation
from tests.servers.openid import CLIENT, SECRET, Key, OpenId, openid_provider
from web.app import create_app
from web.directory import KNOCKS
from web.logs import LOG, JsonLines
from web.wiring import House

BY = Granter(via="console", os_user="prueba")
BACK = "/entrar/directorio/regreso"


@pytest.fixture
def provider() -> Iterator[OpenId]:
    """An honest provider, until a test tells it otherwise."""
    with openid_provider() as told:
        yield told


def _env(provider: OpenId, **more: str) -> dict[str, str]:
    return {
        "CONSTANCIA_PUBLIC_URL": "http://localhost:5000",
        "CONSTANCIA_OIDC_ISSUER": provider.issuer,
        "CONSTANCIA_OIDC_CLIENT_ID": CLIENT,
        "CONSTANCIA_OIDC_CLIENT_SECRET": SECRET,
        "CONSTANCIA_INSIDE_HOSTS": provider.host,
        **more,
    }


@pytest.fixture
def make(provider: OpenId, tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    """Installations that know the provider."""
    made: list[Installation] = []

    def one(**more: str) -> Installation:
        made.append(Installation(tmp_path / f"data{len(made)}", _env(provider, **more)))
        provider.clock = lambda: made[-1].clock().timestamp()
        return made[-1]

    yield one
    for place in made:
        place.close()


@pytest.fixture
def place(make: Callable[..., Installation]) -> Installation:
    """One of them."""
    return make()


def _bound(place: Installation, provider: OpenId, *roles: Role) -> User:
    user = place.user(*roles)
    place.house.openid.identities.bind(user.id, provider.issuer, provider.sub, BY)
    return user


def _at_provider(answer: TestResponse, provider: OpenId) -> str:
    """What the browser does at the provider: the address it is sent back to, path and query."""
    assert answer.status_code == 200, answer.text
    where = answer.headers["Refresh"].removeprefix("0; url=")
    assert where.startswith(provider.issuer + "/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
    parts = urlsplit(provider.authorize(asked))
    return f"{parts.path}?{parts.query}"


def _enter(browser: Browser, provider: OpenId, onward: str = "/cuenta") -> TestResponse:
    return browser.get(_at_provider(browser.post_form("/entrar/directorio", {"next": onward}), provider))


def _inside(browser: Browser) -> bool:
    return bool(browser.get("/sesion").get_json()["signed_in"])


def test_somebody_bound_enters_and_goes_on_where_they_wanted(place: Installation, provider: OpenId) -> None:
    """The button, the provider, the way back; a session with no role but those the account has."""
    user = _bound(place, provider)
    browser = place.stranger()
    answer = _enter(browser, provider, "/buscar")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/buscar")
    assert _inside(browser)
    assert provider.asked[0]["scope"] == "openid"
    assert "prompt" not in provider.asked[0]
    assert place.house.accounts.get(user.id, place.clock()) == user


def test_who_is_not_bound_does_not_enter(place: Installation, provider: OpenId) -> None:
    """However well the provider knows them, and though an account has the address it tells: deny by default."""
    user = place.user()
    provider.change = {"email": user.email, "email_verified": True}
    browser = place.stranger()
    answer = _enter(browser, provider)
    assert answer.status_code == 403
    assert "ninguna cuenta de aquí" in answer.text
    assert not _inside(browser)
    assert place.house.identities.everyone() == []


def test_a_closed_account_or_a_released_binding_does_not_enter(place: Installation, provider: OpenId) -> None:
    """Each by itself; and the sessions that came by the directory are there to be ended."""
    user = _bound(place, provider)
    place.house.accounts.set_active(user.id, active=False)
    assert _enter(place.stranger(), provider).status_code == 403
    place.house.accounts.set_active(user.id, active=True)
    browser = place.stranger()
    _enter(browser, provider)
    assert place.house.openid.identities.release(user.id, BY)
    assert place.house.sessions.end_at_directory(user.id, "") == 1
    assert not _inside(browser)
    assert _enter(place.stranger(), provider).status_code == 403


HOSTILE: dict[str, dict[str, Any]] = {
    "another issuer": {"change": {"iss": "https://otro.example"}},
    "for another client": {"change": {"aud": "otro"}},
    "for several, and not saying for whom": {"change": {"aud": [CLIENT, "otro"]}},
    "authorised for another": {"change": {"azp": "otro"}},
    "of another sign-in": {"change": {"nonce": "otro"}},
    "without a nonce": {"drop": {"nonce"}},
    "expired": {"change": {"exp": 1_000_000_000}},
    "without an end": {"drop": {"exp"}},
    "issued long ago": {"change": {"iat": 1_000_000_000}},
    "from the future": {"change": {"iat": 4_000_000_000, "exp": 4_000_000_300}},
    "not yet good": {"change": {"nbf": 4_000_000_000}},
    "of nobody": {"drop": {"sub"}},
    "of somebody too long": {"change": {"sub": "x" * 256}},
    "not signed": {"alg": "none"},
    "signed with the public key": {"alg": "HS256"},
    "of another kind": {"header": {"typ": "logout+jwt"}},
    "with what must be understood": {"header": {"crit": ["exp"], "exp": 1}},
    "by a key nobody published": {"published": [Key("uno")]},
    "by a key id nobody published": {"published": [Key("dos")]},
}


@pytest.mark.parametrize("how", HOSTILE)
def test_no_token_that_is_wrong_opens_a_session(place: Installation, provider: OpenId, how: str) -> None:
    """Core, section 3.1.3.7, and RFC 8725, check by check; each in a provider that is honest otherwise."""
    _bound(place, provider)
    for name, value in HOSTILE[how].items():
        setattr(provider, name, value)
    browser = place.stranger()
    answer = _enter(browser, provider)
    assert answer.status_code == 403, answer.text
    assert "no se pudo comprobar" in answer.text
    assert not _inside(browser)


def test_the_audience_may_be_several_that_say_for_whom(place: Installation, provider: OpenId) -> None:
    """A list of audiences with ``azp`` is good (Core, section 2)."""
    _bound(place, provider)
    provider.change = {"aud": [CLIENT, "otro"], "azp": CLIENT}
    assert _enter(place.stranger(), provider).status_code == 303


def test_an_answer_is_good_once_and_in_one_browser(place: Installation, provider: OpenId) -> None:
    """Replayed it opens nothing, nor in another browser, nor after ten minutes."""
    _bound(place, provider)
    browser = place.stranger()
    back = _at_provider(browser.post_form("/entrar/directorio"), provider)
    assert place.stranger().get(back).status_code == 401
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 401
    late = place.stranger()
    back = _at_provider(late.post_form("/entrar/directorio"), provider)
    place.clock.offset += timedelta(minutes=11)
    assert late.get(back).status_code == 401
    assert not _inside(late)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"state": "otro"}, 403), ({"code": "otro"}, 403), ({"code": ""}, 403), ({"iss": "https://otro"}, 403)],
)
def test_an_answer_to_something_else_is_refused(
    place: Installation, provider: OpenId, change: dict[str, str], status: int
) -> None:
    """Another state (a forged request), another code (injected), another issuer (mix-up, RFC 9207)."""
    _bound(place, provider)
    browser = place.stranger()
    told = parse_qs(urlsplit(_at_provider(browser.post_form("/entrar/directorio"), provider)).query)
    answer = browser.get(BACK, query_string={**{name: values[0] for name, values in told.items()}, **change})
    assert answer.status_code == status
    assert not _inside(browser)


def test_a_code_of_another_browsers_sign_in_cannot_be_injected(place: Installation, provider: OpenId) -> None:
    """PKCE: the code is bound to the verifier of the browser that began (RFC 9700, section 4.5)."""
    _bound(place, provider)
    thief, owner = place.stranger(), place.stranger()
    stolen = parse_qs(urlsplit(_at_provider(owner.post_form("/entrar/directorio"), provider)).query)
    mine = parse_qs(urlsplit(_at_provider(thief.post_form("/entrar/directorio"), provider)).query)
    sent = {"state": mine["state"][0], "iss": mine["iss"][0], "code": stolen["code"][0]}
    assert thief.get(BACK, query_string=sent).status_code == 403
    assert not _inside(thief)


def test_a_provider_that_names_issuers_must_name_itself(place: Installation, provider: OpenId) -> None:
    """RFC 9207, section 2.4: announced and absent is refused; neither announced nor there is fine."""
    _bound(place, provider)
    provider.says_issuer = False
    assert _enter(place.stranger(), provider).status_code == 303
    provider.says_issuer, browser = True, place.stranger()
    other = create_app(place.settings, House(place.settings, clock=place.clock))
    browser = Browser(other.test_client())
    told = parse_qs(urlsplit(_at_provider(browser.post_form("/entrar/directorio"), provider)).query)
    answer = browser.get(BACK, query_string={"state": told["state"][0], "code": told["code"][0]})
    assert answer.status_code == 403


def test_keys_that_change_are_found_and_made_up_ones_not_asked_for_again(
    place: Installation, provider: OpenId
) -> None:
    """Core, section 10.1.1: a new key is fetched when a token names it; no oftener than once a minute."""
    _bound(place, provider)
    assert _enter(place.stranger(), provider).status_code == 303
    provider.key = Key("dos")
    client = place.house.openid.provider
    assert _enter(place.stranger(), provider).status_code == 403  # asked less than a minute ago
    client._keys_at -= 61
    assert _enter(place.stranger(), provider).status_code == 303
    assert provider.fetched.count("/jwks") == 2
    client._keys_at -= 61
    provider.header = {"kid": "inventado"}
    for _ in range(3):
        assert _enter(place.stranger(), provider).status_code == 403
    assert provider.fetched.count("/jwks") == 3


def test_a_configuration_of_another_issuer_is_refused(place: Installation, provider: OpenId) -> None:
    """Discovery, section 4.3."""
    provider.metadata = {"issuer": "https://otro.example"}
    answer = place.stranger().post_form("/entrar/directorio")
    assert answer.status_code == 403


def test_no_address_but_those_named_is_spoken_to(place: Installation, provider: OpenId) -> None:
    """A configuration that leads inside is not followed: neither keys nor tokens are asked of other hosts."""
    _bound(place, provider)
    provider.metadata = {"token_endpoint": "http://127.0.0.1:9/token"}
    answer = _enter(place.stranger(), provider)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_directory_that_is_down_is_said_to_be(place: Installation, provider: OpenId) -> None:
    """503, and passwords go on opening what they opened."""
    provider.down = True
    assert place.stranger().post_form("/entrar/directorio").status_code == 503
    assert _inside(place.client())


def test_who_is_turned_away_at_the_directory_is_told(place: Installation, provider: OpenId) -> None:
    """An error of the provider's is no session, and none of its words reach the page."""
    provider.refuses = True
    answer = _enter(place.stranger(), provider)
    assert answer.status_code == 403
    assert "access_denied" not in answer.text


def test_a_sign_in_begun_at_one_worker_ends_at_another(place: Installation, provider: OpenId) -> None:
    """What lies between is in the database and in the browser."""
    _bound(place, provider)
    here = place.stranger()
    back = _at_provider(here.post_form("/entrar/directorio"), provider)
    house = House(place.settings, clock=place.clock)
    other = create_app(place.settings, house).test_client()
    name = "constancia"
    cookie = here.client.get_cookie(name)
    assert cookie is not None
    other.set_cookie(name, cookie.value)
    assert other.get(back).status_code == 303
    assert other.get("/sesion").get_json()["signed_in"]
    assert here.get(back).status_code == 401
    house.close()


def test_nothing_the_directory_says_is_kept_or_logged(
    place: Installation, provider: OpenId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No token, code, nonce or state in the database or the log; a refusal names the check that failed."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(JsonLines().format(record))  # type: ignore[method-assign]
    monkeypatch.setattr(LOG, "handlers", [handler])
    level = LOG.level
    LOG.setLevel(logging.INFO)
    made: list[str] = []
    real = provider.token
    provider.token = lambda claims, typ="JWT": made.append(real(claims, typ)) or made[-1]  # type: ignore[method-assign,func-returns-value]
    user = _bound(place, provider)
    _enter(place.stranger(), provider)
    provider.change = {"aud": "otro"}
    _enter(place.stranger(), provider)
    LOG.setLevel(level)
    told = "\n".join(lines)
    assert [json.loads(line)["what"] for line in lines if json.loads(line)["event"] == "directory"] == ["aud"]
    assert any(json.loads(line).get("user") == user.id for line in lines)
    kept = b"".join(path.read_bytes() for path in place.settings.data.glob("constancia.sqlite3*"))
    assert len(made) == 2
    secret = [
        *made,
        *provider.codes,
        *(asked[name] for asked in provider.asked for name in ("nonce", "state")),
    ]
    for item in secret:
        assert item not in told
        assert item.encode() not in kept


def test_an_invitation_binds_once(place: Installation, provider: OpenId) -> None:
    """The link leads to the directory; who comes back is bound and inside; an entry says so, without their subject."""
    user = place.user()
    place.house.openid.invite(user, BY)
    token = _link(place)
    browser = place.stranger()
    assert user.email in browser.get(f"/entrar/invitacion/{token}").text
    back = _at_provider(browser.post_form(f"/entrar/invitacion/{token}"), provider)
    assert browser.get(back).status_code == 303
    assert _inside(browser)
    assert place.stranger().get(f"/entrar/invitacion/{token}").status_code == 404
    (entry,) = [
        one for one in place.house.ledger.history(ACCESS_CASE) if one.entry.facts.get("factor") == "directory"
    ]
    assert entry.entry.kind is EntryKind.ACCESS_GRANTED
    assert entry.entry.actor == user.id
    assert provider.sub.encode() not in entry.entry_bytes
    assert entry.payload()["identity"] == {"issuer": provider.issuer, "subject": provider.sub}


def _link(place: Installation) -> str:
    """The secret of the invitation's link, as it waits in the outbox."""
    return place.tokens[-1]  # type: ignore[attr-defined]


def test_who_is_bound_by_an_earlier_directory_is_not_invited(place: Installation) -> None:
    """The link could bind nobody: whoever invites is told, not whoever gets it."""
    user = place.user()
    place.house.openid.identities.bind(user.id, "https://antes.example", "persona-1", BY)
    with pytest.raises(DirectoryTaken):
        place.house.openid.invite(user, BY)


def test_who_is_bound_already_is_not_bound_to_a_second_account(place: Installation, provider: OpenId) -> None:
    """Nor is the invitation spent on it."""
    _bound(place, provider)
    other = place.user(Role.SUPERVISOR)
    place.house.openid.invite(other, BY)
    token = _link(place)
    browser = place.stranger()
    back = _at_provider(browser.post_form(f"/entrar/invitacion/{token}"), provider)
    assert browser.get(back).status_code == 409
    assert not _inside(browser)
    provider.sub = "persona-2"
    back = _at_provider(browser.post_form(f"/entrar/invitacion/{token}"), provider)
    assert browser.get(back).status_code == 303


@pytest.fixture(autouse=True)
def _links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may know the links that only mails hold."""
    from web import directory  # noqa: PLC0415 - only here

    real = directory.new_token

    def keep() -> str:
        token = real()
        Installation.tokens = [*getattr(Installation, "tokens", []), token]  # type: ignore[attr-defined]
        return token

    monkeypatch.setattr(directory, "new_token", keep)


def test_an_account_may_enter_by_the_directory_alone(
    make: Callable[..., Installation], provider: OpenId
) -> None:
    """A role so set: its password opens nothing, wrong ones tell nothing more; the directory does; others as ever."""
    place = make(CONSTANCIA_OIDC_ONLY_ROLES="especialista")
    user = _bound(place, provider)
    browser = place.stranger()
    right = browser.post_form("/entrar", {"email": user.email, "password": PASSWORD})
    assert right.status_code == 403
    assert "sólo por el directorio" in right.text
    wrong = browser.post_form("/entrar", {"email": user.email, "password": "otra cosa larga"})
    assert wrong.status_code == 401
    assert not _inside(browser)
    assert _enter(browser, provider).status_code == 303
    page = browser.get("/cuenta").text
    assert "Entras sólo por el directorio" in page
    assert "Contraseña nueva" not in page
    changed = browser.post_form("/cuenta/contrasena", {"current": PASSWORD, "fresh": "otra frase bien larga"})
    assert changed.status_code == 403
    assert _inside(place.client(Role.SUPERVISOR))


def test_a_directory_with_two_factors_is_proof_enough(
    make: Callable[..., Installation], provider: OpenId
) -> None:
    """A role that wants a second factor has it by ``amr``; without it, one is enrolled here first."""
    place = make(CONSTANCIA_SECOND_FACTOR_ROLES="supervisor")
    _bound(place, provider, Role.SUPERVISOR)
    strong, weak = place.stranger(), place.stranger()
    _enter(strong, provider)
    assert strong.get("/tablero").status_code == 200
    provider.amr = ("pwd",)
    _enter(weak, provider)
    assert weak.get("/tablero").headers["Location"].startswith("/cuenta")


def test_a_new_password_leaves_the_session_the_directorys(
    make: Callable[..., Installation], provider: OpenId
) -> None:
    """What its role wants is still given by the directory, and its end there ends it."""
    place = make(CONSTANCIA_SECOND_FACTOR_ROLES="supervisor")
    _bound(place, provider, Role.SUPERVISOR)
    browser = place.stranger()
    _enter(browser, provider)
    form = {"current": PASSWORD, "fresh": "otra frase bien larga", "again": "otra frase bien larga"}
    assert browser.post_form("/cuenta/contrasena", form).status_code == 303
    assert browser.get("/tablero").status_code == 200
    assert _notice(place, provider.logout_token()) == 200
    assert not _inside(browser)


@pytest.mark.parametrize(("claim", "value"), [("acr", "mfa"), ("amr", ["otp", "mfa"])])
def test_strength_is_said_by_amr_or_acr(
    place: Installation, provider: OpenId, claim: str, value: object
) -> None:
    """Either counts."""
    user, provider.amr = _bound(place, provider), ()
    provider.change = {claim: value}
    _enter(place.stranger(), provider)
    (row,) = place.house.sessions.of(user.id)
    assert row.proven_at is not None


def _stale(place: Installation, provider: OpenId) -> Browser:
    browser = place.stranger()
    _enter(browser, provider)
    place.clock.offset += timedelta(minutes=16)
    return browser


def test_what_is_delicate_is_proved_at_the_directory_anew(place: Installation, provider: OpenId) -> None:
    """Asked with ``prompt=login`` and ``max_age=0``; who proved themselves just now goes on."""
    _bound(place, provider, Role.SUPERVISOR)
    browser = _stale(place, provider)
    asked = browser.get("/exportar")
    assert asked.status_code == 303
    assert "/cuenta/comprobar" in asked.headers["Location"]
    assert "Comprobar con" in browser.get(asked.headers["Location"]).text
    back = _at_provider(browser.post_form("/cuenta/comprobar/directorio", {"next": "/exportar"}), provider)
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
    assert browser.get(back).headers["Location"] == "/exportar"
    assert browser.get("/exportar").status_code == 200


@pytest.mark.parametrize("why", ["long ago", "unsaid", "somebody else"])
def test_no_proof_of_long_ago_or_of_another_counts(place: Installation, provider: OpenId, why: str) -> None:
    """``auth_time`` must be there and be now; and it must be the person whose session it is."""
    _bound(place, provider, Role.SUPERVISOR)
    browser = _stale(place, provider)
    if why == "long ago":
        provider.change = {"auth_time": int(place.clock().timestamp()) - 600}
    elif why == "unsaid":
        provider.drop = {"auth_time"}
    else:
        other = place.user(Role.ESPECIALISTA)
        provider.sub = "persona-2"
        place.house.openid.identities.bind(other.id, provider.issuer, provider.sub, BY)
    back = _at_provider(browser.post_form("/cuenta/comprobar/directorio", {"next": "/exportar"}), provider)
    assert browser.get(back).status_code == 403
    assert browser.get("/exportar").status_code == 303


def test_the_page_left_says_that_the_directory_stays_open(place: Installation, provider: OpenId) -> None:
    """RP-Initiated Logout: offered, with the way back, and without any token in the address."""
    _bound(place, provider)
    browser = place.stranger()
    _enter(browser, provider)
    left = browser.post_form("/salir")
    assert left.status_code == 200
    assert f"{provider.issuer}/leave?client_id={CLIENT}" in left.text
    assert "id_token_hint" not in left.text
    assert not _inside(browser)
    assert place.client().post_form("/salir").status_code == 303


def _notice(place: Installation, token: str) -> int:
    return place.app.test_client().post("/salir/directorio/aviso", data={"logout_token": token}).status_code


def test_a_session_that_ends_at_the_directory_ends_here(place: Installation, provider: OpenId) -> None:
    """By its id, or all of a person's; sessions by password stay; the same message counts once."""
    user = _bound(place, provider)
    ours, theirs = place.client(), place.stranger()
    _enter(theirs, provider)
    token = provider.logout_token()
    assert _notice(place, token) == 200
    assert not _inside(theirs)
    assert _inside(ours)
    assert _notice(place, token) == 400
    _enter(theirs, provider)
    assert _notice(place, provider.logout_token(sid=None)) == 200
    assert not _inside(theirs)
    assert len(place.house.sessions.of(user.id)) == 1


def test_good_messages_are_not_counted_and_bad_ones_are(place: Installation, provider: OpenId) -> None:
    """The directory tells of everybody from one address, and so does an office; who guesses from there is stopped."""
    _bound(place, provider)
    browser = place.stranger()
    for _ in range(KNOCKS.free + 5):
        assert _notice(place, provider.logout_token()) == 200
        assert _enter(browser, provider).status_code == 303
    for _ in range(KNOCKS.free + 1):
        assert _notice(place, "a.b.c") == 400
    assert _notice(place, provider.logout_token()) == 400
    assert _inside(browser)


def test_a_message_that_could_not_be_done_may_be_sent_again(
    place: Installation, provider: OpenId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away: the directory tries again, and the session ends."""
    _bound(place, provider)
    browser, token = place.stranger(), provider.logout_token()
    _enter(browser, provider)
    with monkeypatch.context() as broken:
        broken.setattr(place.house.sessions, "end_at_directory", _away)
        assert _notice(place, token) == 503
    assert _notice(place, token) == 200
    assert not _inside(browser)


def _away(*_told: str) -> int:
    raise StoreUnavailable("away")


@pytest.mark.parametrize(
    "change",
    [
        {"events": {}},
        {"events": None},
        {"nonce": "algo"},
        {"sub": None, "sid": None},
        {"jti": None},
        {"aud": "otro"},
        {"iss": "https://otro.example"},
        {"exp": 1_000_000_000},
    ],
)
def test_no_other_message_ends_a_session(
    place: Installation, provider: OpenId, change: dict[str, object]
) -> None:
    """Back-Channel Logout, section 2.6."""
    _bound(place, provider)
    browser = place.stranger()
    _enter(browser, provider)
    assert _notice(place, provider.logout_token(**change)) == 400
    assert _inside(browser)


def test_an_id_token_is_no_logout_token_and_nonsense_is_neither(
    place: Installation, provider: OpenId
) -> None:
    """Nor is one signed by nobody."""
    for token in ("", "a.b.c", "x" * 70000, provider.token({"sub": provider.sub})):
        assert _notice(place, token) == 400
    provider.alg = "none"
    assert _notice(place, provider.logout_token()) == 400


def test_without_a_directory_there_is_no_door(tmp_path: Path) -> None:
    """Neither button nor way: 404."""
    place = Installation(tmp_path / "data")
    assert "/entrar/directorio" not in place.stranger().get("/entrar").text
    assert place.stranger().post_form("/entrar/directorio").status_code == 404
    assert place.stranger().get(BACK).status_code == 401
    place.close()
