"""Passkeys over HTTP: the director's way from a call to a signature of level N3, and the desk's lists and command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.entry import EntryKind
from identity.accounts import Role
from signing.consent import consent_for
from signing.records import Request
from tests.fakes.authenticator import SoftKey
from tests.fakes.installation import PASSWORD
from tests.fakes.signing_room import ADDRESS, BY, SigningRoom
from tests.web.test_web_links import HTTPS, Desk, Telephone


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


def _opened(room: SigningRoom) -> tuple[Telephone, str]:
    phone = Telephone(room)
    answer = phone.post(f"/s/{room.token()}")
    assert answer.status_code == 303
    return phone, answer.headers["Location"]


def _json(phone: Telephone, path: str, body: dict[str, Any] | None = None) -> Any:
    token = phone.client.get("/sesion", **HTTPS).get_json()["csrf_token"]
    return phone.client.post(path, json=body or {}, headers={"X-CSRFToken": token}, **HTTPS)


def _called(room: SigningRoom, phone: Telephone, there: str, request: Request) -> None:
    phone.post(f"{there}/codigo/pedir")
    visit = room.links.codes.callers(request.id)[0]
    code = room.links.codes.issue(request.id, visit.id, room.actor)
    assert phone.post(f"{there}/codigo", {"codigo": code}).status_code == 303


def _form(request: Request, **more: object) -> dict[str, object]:
    return {
        "carta": request.id,
        f"huella-{request.id}": request.digest,
        "consentimiento": consent_for("es").version,
        "metodo": "typed",
        "nombre": "Jesús Quiriarte",
        **more,
    }


def test_from_a_call_to_a_signature_by_key(room: SigningRoom) -> None:
    """Enrolled after a code read out; the next letter asks for it, opens with it and is signed by it, at N3."""
    desk, key = _desk(room, Role.ESPECIALISTA), SoftKey(ADDRESS)
    first = room.ask(room.case(), factor="code")
    phone, there = _opened(room)
    assert _json(phone, f"{there}/llave/inscribir/pedir").status_code == 403
    _called(room, phone, there, first)
    assert phone.post(f"{there}/firmar", _form(first)).status_code == 303
    assert "Inscribir una llave de acceso" in phone.get(there).text
    options = _json(phone, f"{there}/llave/inscribir/pedir").get_json()["options"]
    assert options["rp"]["id"] == "constancia.example"
    sent = {"answer": key.create(options), "label": "Mi teléfono"}
    done = _json(phone, f"{there}/llave/inscribir", sent)
    assert done.status_code == 200, done.text
    assert "Mi teléfono" in phone.get(done.get_json()["next"]).text

    folio = room.case(2)
    assert 'value="passkey"' in desk.page(f"/casos/{folio}/firmas").text
    second = room.ask(folio, factor="passkey")
    phone, there = _opened(room)
    page = phone.get(there).text
    assert "Usar mi llave de acceso" in page
    assert "codigo/pedir" not in page
    assert second.digest not in page
    assert phone.post(f"{there}/aplicacion/codigo", {"codigo": "123456"}).status_code == 404
    options = _json(phone, f"{there}/llave/pedir").get_json()["options"]
    assert options["userVerification"] == "required"
    opened = _json(phone, f"{there}/llave/comprobar", {"answer": key.get(options)})
    assert opened.get_json() == {"next": there}
    page = phone.get(there).text
    assert second.digest in page
    assert "Firmar con mi llave" in page
    refused = phone.post(f"{there}/firmar", _form(second))
    assert refused.status_code == 403
    assert "la firma también la hace tu llave" in refused.text
    options = _json(phone, f"{there}/llave/firmar", {"letters": [second.id]}).get_json()["options"]
    proof = json.dumps(key.get(options))
    assert phone.post(f"{there}/firmar", _form(second, llave=proof)).status_code == 303
    sealed = next(s for s in room.entries(folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert sealed.entry.facts["level"] == "N3"
    with phone.get(f"{there}/{second.id}/firmada.pdf") as signed:
        assert signed.data.startswith(b"%PDF")
    assert "N3" in phone.get(f"/verificar/{folio}").text
    entry = desk.page(f"/casos/{folio}/entradas/{sealed.entry.seq}").text
    assert "N3" in entry
    assert "ES256" in entry


def test_the_keeper_revokes_a_key_and_the_page_says_what_to_do(room: SigningRoom) -> None:
    """Who administers sees whose it is and ends it; the request that asked for it then sends its reader to the desk."""
    desk, keeper = _desk(room, Role.ESPECIALISTA), _desk(room, Role.ADMINISTRADOR)
    options = room.links.passkeys.begin(room.director.id, "Jesús", "prueba")
    made = SoftKey(ADDRESS).create(options)
    room.links.passkeys.confirm(room.director.id, "prueba", made, BY, "Mi teléfono")
    page = keeper.page("/administracion/factores").text
    assert "llave de acceso" in page
    assert "Mi teléfono" in page
    device = room.links.passkeys.of(room.director.id)[0].id
    path = f"/administracion/factores/{device}/revocar"
    assert desk.send_form(path, {}).status_code == 403
    third = room.ask(room.case(3), factor="passkey")
    phone, there = _opened(room)
    assert keeper.send_form(path, {}).status_code == 303
    page = phone.get(there).text
    assert "Falta tu llave de acceso" in page
    assert "te la envíe de nuevo con código por teléfono" in page
    assert third.digest not in page
    assert 'value="passkey"' not in desk.page(f"/casos/{room.case(4)}/firmas").text


def test_refusals_are_told_as_json_with_what_to_do(room: SigningRoom) -> None:
    """Another origin, no answer, a visit of somebody else: status, code and advice; nothing opens."""
    key = SoftKey("https://evil.example")
    options = room.links.passkeys.begin(room.director.id, "Jesús", "prueba")
    honest = SoftKey(ADDRESS)
    room.links.passkeys.confirm(room.director.id, "prueba", honest.create(options), BY)
    key.held = honest.held
    request = room.ask(room.case(), factor="passkey")
    phone, there = _opened(room)
    options = _json(phone, f"{there}/llave/pedir").get_json()["options"]
    told = _json(phone, f"{there}/llave/comprobar", {"answer": key.get(options)})
    assert told.status_code == 403
    assert told.get_json()["error"]["code"] == "passkey_invalid"
    assert "dirección del navegador" in told.get_json()["error"]["advice"]
    assert _json(phone, f"{there}/llave/comprobar", {"answer": 7}).status_code == 422
    assert _json(phone, f"{there}/llave/comprobar", {"answer": "x" * 70_000}).status_code == 422
    stranger = Telephone(room)
    assert _json(stranger, f"{there}/llave/pedir").status_code == 404
    assert stranger.get(f"{there}/llave").status_code == 404
    for broken in ("{", "[" * 30_000):
        answer = phone.post(f"{there}/firmar", _form(request, llave=broken))
        assert answer.status_code == 422
        assert "llave de acceso" in answer.text
    deep = phone.client.post(
        f"{there}/llave/comprobar",
        data="[" * 30_000,
        headers={"X-CSRFToken": phone.client.get("/sesion", **HTTPS).get_json()["csrf_token"]},  # type: ignore[arg-type]
        content_type="application/json",
        **HTTPS,  # type: ignore[arg-type]
    )
    assert (deep.status_code, deep.get_json()["error"]["code"]) == (422, "passkey_invalid")


def test_who_has_a_key_may_use_it_where_nothing_is_asked_for(room: SigningRoom) -> None:
    """Behind a plain link the page offers the key; in English too."""
    options = room.links.passkeys.begin(room.director.id, "Jesús", "prueba")
    room.links.passkeys.confirm(room.director.id, "prueba", SoftKey(ADDRESS).create(options), BY)
    room.ask(room.case())
    phone, there = _opened(room)
    assert "nivel N3" in phone.get(there).text
    assert "passkey" in phone.get(there, headers={"Accept-Language": "en"}).text.lower()


def test_the_command_lists_and_revokes(room: SigningRoom) -> None:
    """By address, without a secret or a credential id; revoking twice is the same entry; unknown is refused."""
    options = room.links.passkeys.begin(room.director.id, "Jesús", "prueba")
    key = SoftKey(ADDRESS)
    made = room.links.passkeys.confirm(room.director.id, "prueba", key.create(options), BY, "Llavero")
    run = room.place.app.test_cli_runner().invoke
    listed = run(args=["factors", "list", "--email", "director@empresa.example"])
    rows = json.loads(listed.stdout)["factors"]
    assert [(row["id"], row["kind"], row["label"], row["state"]) for row in rows] == [
        (made.id, "passkey", "Llavero", "active")
    ]
    assert json.loads(run(args=["factors", "revoke", made.id]).stdout)["state"] == "revoked"
    assert not room.links.passkeys.of(room.director.id)
    assert run(args=["factors", "revoke", "f-nadie"]).exit_code == 1
    assert run(args=["factors", "list", "--email", "nadie@empresa.example"]).exit_code == 1
