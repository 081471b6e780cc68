"""Second factors of accounts over HTTP: asked after the password, passkeys alone, recovery, sessions, reset, policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evidence.entry import EntryKind, format_time
from identity.access import ACCESS_CASE
from identity.accounts import Role, User
from identity.recovery import RecoveryRow
from tests.fakes.authenticator import SoftKey
from tests.fakes.installation import PASSWORD, Installation

ADDRESS = "https://constancia.example"
HTTPS: dict[str, Any] = {"base_url": ADDRESS}
CODE = re.compile(r"<li>((?:[a-z2-7]{4}-){5}[a-z2-7]{4})</li>")


class Person:
    """A browser of somebody with an account."""

    def __init__(self, place: Installation, user: User) -> None:
        self.place, self.user = place, user
        self.client: FlaskClient = place.app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        """GET."""
        return self.client.get(path, **HTTPS, **more)

    def post(self, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        """A form with its token."""
        return self.client.post(path, data={**(data or {}), "csrf_token": self._token()}, **HTTPS)

    def json(self, path: str, body: dict[str, Any] | None = None) -> TestResponse:
        """What the page's script sends."""
        return self.client.post(path, json=body or {}, headers={"X-CSRFToken": self._token()}, **HTTPS)

    def enter(self, onward: str = "/cuenta") -> TestResponse:
        """Address and password."""
        return self.post("/entrar", {"email": self.user.email, "password": PASSWORD, "next": onward})

    def inside(self) -> bool:
        """Whether there is a session."""
        return bool(self.client.get("/sesion", **HTTPS).get_json()["signed_in"])

    def _token(self) -> str:
        return str(self.client.get("/sesion", **HTTPS).get_json()["csrf_token"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation at an address of https."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_URL": ADDRESS})
    yield made
    made.close()


def _person(place: Installation, role: Role = Role.ESPECIALISTA) -> Person:
    return Person(place, place.user(role))


def _app(place: Installation, user: User) -> str:
    """An application in force; its secret, one step later."""
    desk = place.house.links.factors
    shown = desk.begin(user.id, user.email)
    code = pyotp.TOTP(shown.secret).at(int(place.clock().timestamp()))
    from tests.fakes.signing_room import BY  # noqa: PLC0415 - only here

    desk.confirm(user.id, shown.id, code, BY)
    place.clock.offset += timedelta(seconds=30)
    return shown.secret


def _code(place: Installation, secret: str) -> str:
    code = pyotp.TOTP(secret).at(int(place.clock().timestamp()))
    place.clock.offset += timedelta(seconds=30)
    return code


def _key(person: Person) -> SoftKey:
    """A passkey enrolled on the account's page."""
    key = SoftKey(ADDRESS)
    options = person.json("/cuenta/llaves/pedir", {"current": PASSWORD}).get_json()["options"]
    sent = {"answer": key.create(options), "current": PASSWORD, "label": "Portátil"}
    assert person.json("/cuenta/llaves", sent).status_code == 200
    return key


def test_a_password_alone_does_not_enter_where_there_is_a_second_factor(place: Installation) -> None:
    """Until the code is right there is no session; wrong ones are told; then it goes on where one wanted."""
    person = _person(place)
    secret = _app(place, person.user)
    answer = person.enter("/cuenta")
    assert answer.headers["Location"] == "/entrar/segundo"
    assert not person.inside()
    assert person.get("/cuenta").status_code == 303
    assert person.get("/entrar/segundo").status_code == 200
    refused = person.post("/entrar/segundo", {"codigo": "12"})
    assert refused.status_code == 422
    assert not person.inside()
    good = person.post("/entrar/segundo", {"codigo": _code(place, secret)})
    assert good.headers["Location"] == "/cuenta"
    assert person.inside()
    assert Person(place, person.user).get("/entrar/segundo").headers["Location"] == "/entrar"


def test_a_waiting_login_ends_and_is_of_one_browser(place: Installation) -> None:
    """After ten minutes, or in another browser, the code opens nothing; nor is a login completed twice."""
    person = _person(place)
    secret = _app(place, person.user)
    person.enter()
    place.clock.offset += timedelta(minutes=11)
    late = person.post("/entrar/segundo", {"codigo": _code(place, secret)})
    assert late.headers["Location"] == "/entrar"
    other = Person(place, person.user)
    assert other.post("/entrar/segundo", {"codigo": _code(place, secret)}).headers["Location"] == "/entrar"
    assert not person.inside()
    assert not other.inside()


def test_guesses_are_counted_across_browsers(place: Installation) -> None:
    """Recovery codes are guessed as slowly as passwords, whichever browser they come from."""
    person = _person(place)
    _app(place, person.user)
    statuses = []
    for _n in range(12):
        browser = Person(place, person.user)
        browser.enter()
        statuses.append(browser.post("/entrar/segundo", {"codigo": "aaaa-aaaa-aaaa-aaaa"}).status_code)
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_a_passkey_is_a_second_factor_and_enters_by_itself(place: Installation) -> None:
    """After the password; without any; not with an answer of another browser, another handle, or a stranger's."""
    person = _person(place)
    assert person.enter().headers["Location"] == "/cuenta"
    assert person.json("/cuenta/llaves/pedir", {"current": "otra"}).status_code == 401
    key = _key(person)
    assert "Portátil" in person.get("/cuenta").text
    person.post("/salir")
    person.enter()
    assert "Usar mi llave de acceso" in person.get("/entrar/segundo").text
    options = person.json("/entrar/segundo/llave/pedir").get_json()["options"]
    done = person.json("/entrar/segundo/llave", {"answer": key.get(options)})
    assert done.get_json() == {"next": "/cuenta"}
    assert person.inside()

    alone, other = Person(place, person.user), Person(place, person.user)
    options = alone.json("/entrar/llave/pedir").get_json()["options"]
    assert options["allowCredentials"] == []
    answer = key.get(options)
    other.json("/entrar/llave/pedir")
    assert other.json("/entrar/llave", {"answer": answer}).status_code == 409
    lying = {**answer, "response": {**answer["response"], "userHandle": "dS1vdHJh"}}
    assert alone.json("/entrar/llave", {"answer": lying}).status_code == 403
    options = alone.json("/entrar/llave/pedir").get_json()["options"]
    good = alone.json("/entrar/llave", {"answer": key.get(options), "next": "//evil.example"})
    assert good.get_json() == {"next": "/"}
    assert alone.inside()
    stranger = SoftKey(ADDRESS)
    stranger.create(place.house.links.passkeys.begin("c-nadie", "Nadie", "x"))
    options = other.json("/entrar/llave/pedir").get_json()["options"]
    assert other.json("/entrar/llave", {"answer": stranger.get(options)}).status_code == 403
    assert not other.inside()


def test_a_closed_account_does_not_enter_by_key(place: Installation) -> None:
    """Nor does the key of somebody without an account, who signs behind links."""
    person = _person(place)
    person.enter()
    key = _key(person)
    place.house.accounts.set_active(person.user.id, active=False)
    browser = Person(place, person.user)
    options = browser.json("/entrar/llave/pedir").get_json()["options"]
    assert browser.json("/entrar/llave", {"answer": key.get(options)}).status_code == 401
    assert not browser.inside()


def test_recovery_codes_are_shown_once_and_enter_once(place: Installation) -> None:
    """Ten on one answer; one enters and is told; used again it does not; without a factor there are none."""
    person = _person(place)
    person.enter()
    assert person.post("/cuenta/recuperacion").status_code == 404
    _key(person)
    shown = person.post("/cuenta/recuperacion")
    codes = CODE.findall(shown.text)
    assert len(codes) == 10
    assert shown.headers["Cache-Control"] == "no-store"
    assert not CODE.search(person.get("/cuenta").text)
    person.post("/salir")
    person.enter()
    assert person.post("/entrar/segundo", {"codigo": codes[0].upper()}).status_code == 303
    assert "te quedan 9" in person.get("/cuenta").text
    person.post("/salir")
    person.enter()
    assert person.post("/entrar/segundo", {"codigo": codes[0]}).status_code == 422


def test_recovery_codes_are_long_enough_to_need_no_slow_hash_and_those_of_before_still_open(
    place: Installation,
) -> None:
    """120 bits and more; a short one that was given before is compared as it was."""
    person = _person(place)
    person.enter()
    _key(person)
    codes = CODE.findall(person.post("/cuenta/recuperacion").text)
    assert all(len(code.replace("-", "")) * 5 >= 120 for code in codes)
    house, old = place.house, "abcd-efgh-ijkl-mnop"
    desk = house.second.recovery
    now = format_time(house.clock())
    desk._store.replace(
        person.user.id, [RecoveryRow(desk._mark(person.user.id, old), person.user.id, "rc-1", now)]
    )
    person.post("/salir")
    person.enter()
    assert person.post("/entrar/segundo", {"codigo": old.upper()}).status_code == 303


def test_sessions_are_listed_and_ended_one_by_one(place: Installation) -> None:
    """One's own, with browser and time; another person's id ends nothing; enrolling a first factor ends the rest."""
    person, other = _person(place), _person(place, Role.SUPERVISOR)
    second = Person(place, person.user)
    for browser in (person, second, other):
        browser.enter()
    page = person.get("/cuenta", headers={"User-Agent": "x"}).text
    found = re.findall(r"/cuenta/sesiones/(s-[0-9a-f]+)/cerrar", page)
    assert len(found) == 1
    other.post(f"/cuenta/sesiones/{found[0]}/cerrar")
    assert second.inside()
    person.post(f"/cuenta/sesiones/{found[0]}/cerrar")
    assert not second.inside()
    second.enter()
    person.post("/cuenta/sesiones/cerrar")
    assert not second.inside()
    second.enter()
    _key(person)
    assert (person.inside(), second.inside(), other.inside()) == (True, False, True)


def test_what_is_delicate_asks_again_after_a_quarter_of_an_hour(place: Installation) -> None:
    """Exporting, revoking, enrolling: at once after a proof, and after another one later; never of who has none."""
    keeper = _person(place, Role.ADMINISTRADOR)
    keeper.enter()
    auditor = _person(place, Role.AUDITOR_INTERNO)
    auditor.enter()
    assert auditor.get("/exportar").status_code == 200
    key = _key(auditor)
    assert auditor.get("/exportar").status_code == 200
    place.clock.offset += timedelta(minutes=16)
    away = auditor.get("/exportar")
    assert away.headers["Location"] == "/cuenta/comprobar?next=/exportar"
    assert auditor.json("/cuenta/llaves/pedir", {"current": PASSWORD}).status_code == 403
    page = auditor.get(away.headers["Location"])
    assert "más de quince minutos" in page.text
    options = auditor.json("/cuenta/comprobar/llave/pedir").get_json()["options"]
    sent = {"answer": key.get(options), "next": "/exportar"}
    assert auditor.json("/cuenta/comprobar/llave", sent).get_json() == {"next": "/exportar"}
    assert auditor.get("/exportar").status_code == 200
    secret = _app(place, keeper.user)
    device = place.house.links.passkeys.of(auditor.user.id)[0].id
    away = keeper.post(f"/administracion/factores/{device}/revocar")
    assert away.headers["Location"].startswith("/cuenta/comprobar")
    assert place.house.links.passkeys.of(auditor.user.id)
    assert keeper.post("/cuenta/comprobar", {"codigo": "1"}).status_code == 422
    proved = keeper.post(
        "/cuenta/comprobar", {"codigo": _code(place, secret), "next": "/administracion/factores"}
    )
    assert proved.headers["Location"] == "/administracion/factores"
    assert keeper.post(f"/administracion/factores/{device}/revocar").status_code == 303
    assert not place.house.links.passkeys.of(auditor.user.id)


def test_the_keeper_resets_a_person_for_a_reason(place: Installation) -> None:
    """Factors, codes and sessions end; each is an entry with the reason in its payload; without one nothing happens."""
    keeper, person = _person(place, Role.ADMINISTRADOR), _person(place)
    keeper.enter()
    person.enter()
    _key(person)
    person.post("/cuenta/recuperacion")
    path = "/administracion/factores/restablecer"
    assert keeper.post(path, {"persona": person.user.id, "motivo": "x"}).status_code == 422
    assert person.post(path, {"persona": person.user.id, "motivo": "perdió su teléfono"}).status_code == 403
    assert person.inside()
    sent = {"persona": person.user.id, "motivo": "perdió su teléfono ayer"}
    assert keeper.post(path, sent).status_code == 303
    assert not person.inside()
    assert place.house.second.held(person.user.id).codes == 0
    assert person.enter().headers["Location"] == "/cuenta"
    told = [s for s in place.house.ledger.history(ACCESS_CASE) if s.entry.kind is EntryKind.ACCESS_REVOKED]
    assert [s.entry.facts["factor"] for s in told] == ["passkey", "recovery"]
    assert {s.payload()["note"] for s in told} == {"perdió su teléfono ayer"}
    assert {s.entry.actor for s in told} == {keeper.user.id}
    run = place.app.test_cli_runner().invoke
    _key(person)
    assert run(args=["factors", "reset", "--email", person.user.email, "--reason", "x"]).exit_code == 1
    done = run(args=["factors", "reset", "--email", person.user.email, "--reason", "lo pidió por escrito"])
    assert done.exit_code == 0, done.output
    assert not place.house.second.has(person.user.id)


def test_a_role_may_want_a_second_factor(tmp_path: Path) -> None:
    """Until one is enrolled only the account opens; afterwards everything does; other roles are as before."""
    env = {"CONSTANCIA_PUBLIC_URL": ADDRESS, "CONSTANCIA_SECOND_FACTOR_ROLES": "administrador, supervisor"}
    place = Installation(tmp_path / "data", env)
    keeper, person = _person(place, Role.SUPERVISOR), _person(place)
    keeper.enter()
    person.enter()
    assert keeper.get("/casos").headers["Location"] == "/cuenta#segundo"
    assert keeper.json("/borradores").status_code in {403, 404, 405}
    assert "Tu función pide un segundo factor" in keeper.get("/cuenta").text
    assert person.get("/casos").status_code == 200
    _key(keeper)
    assert keeper.get("/casos").status_code == 200
    device = place.house.links.passkeys.of(keeper.user.id)[0].id
    assert keeper.post(f"/cuenta/factores/{device}/quitar").status_code == 303
    assert keeper.get("/casos").headers["Location"] == "/cuenta#segundo"
    assert person.post(f"/cuenta/factores/{device}/quitar").status_code == 404
    place.close()
