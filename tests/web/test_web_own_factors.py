"""Authenticator applications over HTTP: enrolled on an account and behind a link, shown once, revoked by who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from identity.accounts import Role
from tests.fakes.installation import PASSWORD
from tests.fakes.signing_room import SigningRoom
from tests.web.test_web_links import Desk, Telephone

KEY = re.compile(r"factor-key\">([A-Z2-7 ]+)<")
FORM = re.compile(r'name="aplicacion" value="(f-[a-z2-7]+)"')


@pytest.fixture
def room(tmp_path: Path) -> Iterator[SigningRoom]:
    """A desk with a director, at an address of https."""
    made = SigningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def _desk(room: SigningRoom, role: Role) -> Desk:
    user = room.place.user(role, name="Laura Ortega")
    found = Desk(room.place.app.test_client())
    assert found.send_form("/entrar", {"email": user.email, "password": PASSWORD}).status_code == 303
    return found


def _shown(page: str) -> tuple[str, str]:
    """The secret and the enrolment's id."""
    return KEY.findall(page)[0].replace(" ", ""), FORM.findall(page)[0]


def _code(room: SigningRoom, secret: str) -> str:
    return pyotp.TOTP(secret).at(int(room.place.clock().timestamp()))


def test_an_account_enrols_with_its_password_and_sees_the_key_once(room: SigningRoom) -> None:
    """A wrong password begins nothing; a wrong code shows the form again without the key; a good one confirms."""
    desk = _desk(room, Role.ESPECIALISTA)
    assert "/cuenta/aplicacion" in desk.page("/cuenta").text
    refused = desk.send_form("/cuenta/aplicacion", {"current": "otra cosa"})
    assert refused.status_code == 401
    assert not KEY.search(refused.text)
    page = desk.send_form("/cuenta/aplicacion", {"current": PASSWORD})
    secret, form = _shown(page.text)
    assert "data:image/svg+xml" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    wrong = desk.send_form("/cuenta/aplicacion/confirmar", {"aplicacion": form, "codigo": "12"})
    assert wrong.status_code == 422
    assert FORM.findall(wrong.text) == [form]
    assert not KEY.search(wrong.text)
    sent = {"aplicacion": form, "codigo": _code(room, secret)}
    assert desk.send_form("/cuenta/aplicacion/confirmar", sent).status_code == 303
    assert not KEY.search(desk.page("/cuenta/aplicacion").text)
    assert desk.send_form("/cuenta/aplicacion", {"current": PASSWORD}).status_code == 409


def test_the_whole_way_behind_links_and_its_end(room: SigningRoom) -> None:
    """Code by telephone, signature, enrolment; next letter by the application; revoked, the third one cannot ask it."""
    desk, keeper = _desk(room, Role.ESPECIALISTA), _desk(room, Role.ADMINISTRADOR)
    first = room.ask(room.case(), factor="code")
    phone, there = _opened(room)
    assert phone.post(f"{there}/aplicacion").status_code == 403
    phone.post(f"{there}/codigo/pedir")
    visit = room.links.codes.callers(first.id)[0]
    code = room.links.codes.issue(first.id, visit.id, room.actor)
    assert phone.post(f"{there}/codigo", {"codigo": code}).status_code == 303
    away = phone.post(f"{there}/{first.id}/rechazar", {"motivo": "No me corresponde firmarla"})
    assert away.status_code == 303
    assert f"{there}/aplicacion" in phone.get(there).text
    secret, form = _shown(phone.post(f"{there}/aplicacion").text)
    done = phone.post(f"{there}/aplicacion/confirmar", {"aplicacion": form, "codigo": _code(room, secret)})
    assert done.status_code == 200
    assert "quedó inscrita" in done.text
    room.place.clock.offset += timedelta(seconds=30)
    folio = room.case(2)
    assert 'value="totp"' in desk.page(f"/casos/{folio}/firmas").text
    second = room.ask(folio, factor="totp")
    phone, there = _opened(room)
    assert "codigo/pedir" not in phone.get(there).text
    assert second.digest not in phone.get(there).text
    assert phone.post(f"{there}/aplicacion/codigo", {"codigo": "1"}).status_code == 422
    assert phone.post(f"{there}/aplicacion/codigo", {"codigo": _code(room, secret)}).status_code == 303
    assert second.digest in phone.get(there).text
    page = keeper.page("/administracion/factores").text
    assert "Jesús Quiriarte" in page
    assert secret not in page
    entry = keeper.page(re.findall(r'href="(/casos/system:access/entradas/[0-9]+)"', page)[0])
    assert "aplicación de códigos" in entry.text
    assert secret not in entry.text
    path = f"/administracion/factores/{form}/revocar"
    assert desk.send_form(path, {}).status_code == 403
    assert desk.page("/administracion/factores").status_code == 403
    assert keeper.send_form(path, {}).status_code == 303
    assert "revocada" in keeper.page("/administracion/factores").text
    assert 'value="totp"' not in desk.page(f"/casos/{room.case(3)}/firmas").text


def _opened(room: SigningRoom) -> tuple[Telephone, str]:
    phone = Telephone(room)
    answer = phone.post(f"/s/{room.token()}")
    assert answer.status_code == 303
    return phone, answer.headers["Location"]
