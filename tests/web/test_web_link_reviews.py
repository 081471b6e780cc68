"""Reviews by link over HTTP: the desk's page, the person's page, and that a visit reaches its own area's rows alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from signing.records import Request
from tests.fakes.installation import PASSWORD
from tests.fakes.review_room import NORTH, REASON, SOUTH, ReviewRoom
from tests.fakes.signing_room import ADDRESS, BY

HTTPS = {"base_url": ADDRESS}


class Telephone:
    """A browser on the house's public address."""

    def __init__(self, room: ReviewRoom) -> None:
        self.client: FlaskClient = room.place.app.test_client()

    def token(self) -> str:
        """The form token of its session."""
        return str(self.client.get("/sesion", **HTTPS).get_json()["csrf_token"])  # type: ignore[arg-type]

    def get(self, path: str) -> TestResponse:
        """GET."""
        return self.client.get(path, **HTTPS)  # type: ignore[arg-type]  # passed through

    def post(self, path: str, data: dict[str, object] | None = None) -> TestResponse:
        """A form with its token."""
        sent = {**(data or {}), "csrf_token": self.token()}
        return self.client.post(path, data=sent, **HTTPS)  # type: ignore[arg-type]

    def send(self, path: str, body: dict[str, object]) -> TestResponse:
        """JSON, as the page's script sends it."""
        headers = {"X-CSRFToken": self.token(), "Accept": "application/json"}
        return self.client.post(path, json=body, headers=headers, **HTTPS)  # type: ignore[arg-type]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ReviewRoom]:
    """A desk at an address of https."""
    made = ReviewRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def _opened(room: ReviewRoom) -> tuple[Telephone, str]:
    phone = Telephone(room)
    answer = phone.post(f"/s/{room.token()}")
    assert answer.status_code == 303, answer.text
    return phone, str(answer.headers["Location"])


def _request(room: ReviewRoom, folio: str) -> Request:
    return room.links.office.store.of_case(folio)[-1]


def test_the_desk_asks_an_area_and_its_person_decides_and_finishes(room: ReviewRoom) -> None:
    """From the campaign's page to the thanks, without a script: what each page shows, and what it does not."""
    folio = room.campaign()
    desk = Telephone(room)
    desk.post("/entrar", {"email": room.specialist.email, "password": PASSWORD})
    where = f"/casos/{folio}/campana/enlaces"
    assert where in desk.get(f"/casos/{folio}/campana/preguntar").text
    assert "Norma Norte" in desk.get(where).text
    assert desk.post(where, {}).status_code == 422
    asked = desk.post(where, {f"area.{NORTH}": room.norma.id, "nota": "Gracias por <b>tu</b> apoyo"})
    assert asked.status_code == 303
    assert "Revisa" in desk.get(f"/casos/{folio}/firmas").text
    request = _request(room, folio)
    phone, there = _opened(room)
    page = phone.get(there).text
    by_number = room.rows(folio).by_number
    mine, theirs = room.numbers(folio), room.numbers(folio, SOUTH)
    for number in mine:
        assert by_number[number].hid in page
        assert by_number[number].email not in page
        assert by_number[number].rfc not in page
    for number in theirs:
        assert by_number[number].hid not in page
        assert by_number[number].name not in page
    assert "Gracias por &lt;b&gt;tu&lt;/b&gt; apoyo" in page
    assert "0 de 4 filas decididas" in page
    form = {"huella": request.digest, "seen": "0", "decision": "certifica", "reason": REASON}
    answer = phone.post(f"{there}/{request.id}/filas", {**form, "fila": [str(mine[0]), str(mine[1])]})
    assert answer.status_code == 303
    page = phone.get(str(answer.headers["Location"])).text
    assert "2 de 4 filas decididas" in page
    assert "sellada" in page
    assert room.token() not in page
    assert phone.post(f"{there}/{request.id}/terminar", {"huella": request.digest}).status_code == 303
    assert "tu revisión quedó registrada" in phone.get(there).text
    assert phone.post(f"{there}/{request.id}/filas", {**form, "fila": [str(mine[2])]}).status_code == 409


def test_a_visit_reaches_its_own_rows_alone(room: ReviewRoom) -> None:
    """The walk: other rows, other requests, other campaigns, other browsers, no cookie; by form and by script."""
    folio = room.campaign()
    request = room.invite(folio)
    phone, there = _opened(room)
    foreign = room.invite(folio, {SOUTH: room.sara.id})
    elsewhere = room.invite(room.campaign())
    theirs = room.numbers(folio, SOUTH)
    body = {"digest": request.digest, "seen": 0, "decision": "baja", "reason": REASON}
    before = len(room.entries(folio))
    for rows in (str(theirs[0]), f"{room.numbers(folio)[0]},{theirs[0]}", "7-9999"):
        answer = phone.send(f"{there}/{request.id}/filas", {**body, "rows": rows})
        assert answer.status_code in {403, 400}, answer.text
    for other in (foreign, elsewhere):
        assert phone.send(
            f"{there}/{other.id}/filas", {**body, "digest": other.digest, "rows": str(theirs[0])}
        ).status_code in {404, 409}
        for path in ("filas", "filas/todas", "filas/cambios?desde=0"):
            assert phone.get(f"{there}/{other.id}/{path}").status_code in {404, 409}
    stranger = Telephone(room)
    for path in ("", f"/{request.id}/filas", f"/{request.id}/filas/todas"):
        assert stranger.get(there + path).status_code == 404
    assert len(room.entries(folio)) == before
    rows = phone.get(f"{there}/{request.id}/filas/todas").text
    found = {int(n) for n in re.findall(r'data-n="(\d+)"', rows)}
    assert found == set(room.numbers(folio))
    for path in (f"{there}/{request.id}/carta.pdf", f"/casos/{folio}/filas/todas"):
        assert phone.get(path).status_code in {302, 303, 401, 404}


def test_the_script_seals_hears_what_others_decided_and_is_told_of_a_dead_link(room: ReviewRoom) -> None:
    """JSON: rows, progress and receipt come back; a repeated key is one entry; late and withdrawn are said in words."""
    folio = room.campaign()
    request = room.invite(folio)
    phone, there = _opened(room)
    rows = room.numbers(folio)
    body: dict[str, object] = {
        "digest": request.digest,
        "rows": f"{rows[0]}",
        "decision": "certifica",
        "reason": REASON,
        "seen": 0,
        "idempotency_key": "form:una",
    }
    told = phone.send(f"{there}/{request.id}/filas", body).get_json()
    again = phone.send(f"{there}/{request.id}/filas", body).get_json()
    assert told["entry"] == again["entry"]
    assert "1 de 4" in told["progress"]
    assert "Tú" in told["rows"]
    assert f"/casos/{folio}" not in told["receipt"]
    fresh = phone.get(f"{there}/{request.id}/filas/cambios?desde=0").get_json()
    assert set(re.findall(r'data-n="(\d+)"', fresh["rows"])) == {str(rows[0])}
    room.wait_until(room.window(request))
    phone, there = _opened(room)
    late = phone.send(f"{there}/{request.id}/filas", {**body, "rows": str(rows[1]), "idempotency_key": ""})
    assert (late.status_code, late.get_json()["error"]["code"]) == (409, "window_over")
    assert "plazo de tu área" in phone.get(there).text
    room.links.desk.withdraw(request.id, room.actor, "Ya no hace falta su revisión")
    dead = phone.send(f"{there}/{request.id}/filas", {**body, "rows": str(rows[1])})
    assert (dead.status_code, dead.get_json()["error"]["code"]) == (404, "link_dead")


@pytest.mark.parametrize("name", [["signatures", "review"], ["campaign", "ask-by-link"]])
def test_the_console_asks_by_link_and_shows_none(room: ReviewRoom, name: list[str]) -> None:
    """One request an area, by either name; an area without an address, or of nobody known, is refused."""
    folio = room.campaign()
    runner = room.place.app.test_cli_runner()
    asking = [*name, folio, "--actor", room.specialist.email, "--contact"]
    for wrong in ("a1", "a1=nadie@otra.example", f"a9={room.norma.email}"):
        refused = runner.invoke(args=[*asking, wrong])
        assert refused.exit_code != 0
        assert "internal" not in refused.output
    assert "review.requested" not in room.all_kinds(folio)
    done = runner.invoke(args=[*asking, f"{NORTH}={room.norma.email}"])
    assert done.exit_code == 0, done.output
    assert room.all_kinds(folio).count("review.requested") == 1
    assert room.token() not in done.output


def test_a_second_factor_stands_before_the_rows(room: ReviewRoom) -> None:
    """Asked for a code, the page offers it and shows no row; the script gets none either."""
    folio = room.campaign()
    request = room.invite(folio, factor="code")
    phone, there = _opened(room)
    page = phone.get(there).text
    assert "Falta un código" in page
    assert room.rows(folio).by_number[room.numbers(folio)[0]].hid not in page
    for path in ("filas/todas", "filas/cambios?desde=0"):
        assert "data-n=" not in phone.get(f"{there}/{request.id}/{path}").text


def test_the_desk_can_ask_for_what_a_contact_enrolled(room: ReviewRoom) -> None:
    """The form offers an application once some contact enrolled one; asked of who has none, it is refused."""
    folio, desk = room.campaign(), Telephone(room)
    desk.post("/entrar", {"email": room.specialist.email, "password": PASSWORD})
    where = f"/casos/{folio}/campana/enlaces"
    assert 'value="totp"' not in desk.get(where).text
    shown = room.links.factors.begin(room.norma.id, "Norma")
    code = pyotp.TOTP(shown.secret).at(int(room.place.clock().timestamp()))
    room.links.factors.confirm(room.norma.id, shown.id, code, BY)
    page = desk.get(where).text
    assert 'value="totp"' in page
    assert 'value="passkey"' not in page
    assert desk.post(where, {f"area.{SOUTH}": room.sara.id, "factor": "totp"}).status_code == 422
    assert desk.post(where, {f"area.{NORTH}": room.norma.id, "factor": "totp"}).status_code == 303
    assert _request(room, folio).factor == "totp"
