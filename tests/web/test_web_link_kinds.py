"""Answers and one-time secrets over HTTP: the desk's forms, the person's pages, and what never leaves."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from signing.records import Request
from tests.fakes.asking_room import SECRET, AskingRoom
from tests.fakes.installation import PASSWORD
from tests.fakes.signing_room import ADDRESS, BY, PHONE_PLACE

HTTPS = {"base_url": ADDRESS}
TO_DELIVERY = ("4", "5:soporte", "6", "7", "8")


class Telephone:
    """A browser on the house's public address."""

    def __init__(self, room: AskingRoom) -> None:
        self.client: FlaskClient = room.place.app.test_client()

    def get(self, path: str) -> TestResponse:
        """GET."""
        return self.client.get(path, **HTTPS)  # type: ignore[arg-type]  # passed through

    def post(self, path: str, data: dict[str, object] | None = None) -> TestResponse:
        """A form with its token."""
        token = self.client.get("/sesion", **HTTPS).get_json()["csrf_token"]  # type: ignore[arg-type]
        return self.client.post(path, data={**(data or {}), "csrf_token": token}, **HTTPS)  # type: ignore[arg-type]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[AskingRoom]:
    """A desk at an address of https."""
    made = AskingRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def _desk(room: AskingRoom) -> Telephone:
    """The specialist, signed in."""
    desk = Telephone(room)
    answer = desk.post("/entrar", {"email": room.specialist.email, "password": PASSWORD})
    assert answer.status_code == 303
    return desk


def _opened(room: AskingRoom) -> tuple[Telephone, str]:
    phone = Telephone(room)
    answer = phone.post(f"/s/{room.token()}")
    assert answer.status_code == 303, answer.text
    return phone, str(answer.headers["Location"])


def _request(room: AskingRoom, folio: str) -> Request:
    return room.links.office.store.of_case(folio)[-1]


def test_the_desk_asks_and_the_assistant_answers(room: AskingRoom) -> None:
    """From the step's form to the answer on record: each page says what it should and nothing before the press."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    desk = _desk(room)
    assert f"/casos/{folio}/pasos/6/preguntar" in desk.get(f"/casos/{folio}?paso=6").text
    page = desk.get(f"/casos/{folio}/pasos/6/preguntar").text
    assert "Deténlo" in page
    assert "Marcela Ríos" in page
    answer = desk.post(
        f"/casos/{folio}/pasos/6/preguntar",
        {"persona": room.reader.id, "dias": "5", "nota": "Ya tiene <b>cédula</b>."},
    )
    assert answer.status_code == 303
    request = _request(room, folio)
    door = Telephone(room).get(f"/s/{room.token()}")
    for hidden in (folio, "Deténlo", "cédula", request.digest):
        assert hidden not in door.text
    phone, there = _opened(room)
    page = phone.get(there).text
    for shown in (folio, "Deténlo", "Ya tiene &lt;b&gt;cédula&lt;/b&gt;.", request.digest):
        assert shown in page
    sent = {"huella": request.digest, "respuesta": "adelante", "palabras": "Adelante, por favor"}
    assert phone.post(f"{there}/{request.id}/respuesta", sent).status_code == 303
    thanks = phone.get(there).text
    assert "Respuesta registrada" in thanks
    assert "Sí adelante" in thanks
    again = phone.post(f"{there}/{request.id}/respuesta", {**sent, "respuesta": "detenlo"})
    assert again.status_code == 409
    assert room.kinds(folio).count("answer.given") == 1
    listed = desk.get(f"/casos/{folio}/firmas").text
    assert "respondida" in listed


def test_an_answer_that_is_missing_or_unknown_is_told_on_the_page(room: AskingRoom) -> None:
    """Nothing chosen, something else, another question's digest: said, and still to be answered."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    request = room.question(folio, "6")
    phone, there = _opened(room)
    for sent, status in (
        ({"huella": request.digest}, 422),
        ({"huella": request.digest, "respuesta": "otra"}, 422),
        ({"huella": "f" * 64, "respuesta": "adelante"}, 409),
    ):
        answer = phone.post(f"{there}/{request.id}/respuesta", dict(sent))
        assert answer.status_code == status
        assert "Responder" in answer.text
    assert phone.post(f"{there}/{request.id}/abrir").status_code in {404, 409}
    assert "answer.given" not in room.kinds(folio)


def test_a_secret_is_typed_shown_once_and_found_nowhere(
    room: AskingRoom, caplog: pytest.LogCaptureFixture
) -> None:
    """The form never gives it back; one page shows it; pages afterwards, headers and logs have nothing of it."""
    caplog.set_level(logging.DEBUG)
    folio = room.walk("MA-006", *TO_DELIVERY)
    desk = _desk(room)
    where = f"/casos/{folio}/pasos/12/entregar"
    assert where in desk.get(f"/casos/{folio}?paso=12").text
    good = {"persona": room.reader.id, "dias": "2", "secreto": SECRET, "d.cambio_obligatorio": "si"}
    refused = desk.post(where, {**good, "dias": "0"})
    assert refused.status_code == 422
    assert SECRET not in refused.text
    assert desk.post(where, good).status_code == 303
    request = _request(room, folio)
    phone, there = _opened(room)
    assert SECRET not in phone.get(there).text
    assert phone.get(f"{there}/{request.id}/abrir").status_code == 405
    shown = phone.post(f"{there}/{request.id}/abrir")
    assert shown.status_code == 200
    assert SECRET in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert "noindex" in shown.headers["X-Robots-Tag"]
    again = phone.post(f"{there}/{request.id}/abrir")
    assert again.status_code == 409
    pages = [again.text, phone.get(there).text]
    last = len(room.entries(folio))
    pages += [desk.get(f"/casos/{folio}{more}").text for more in ("", "?paso=12", "/firmas")]
    pages += [desk.get(f"/casos/{folio}/entradas/{seq}").text for seq in range(1, last + 1)]
    pages += [desk.get(path).text for path in ("/correo/salida", f"/buscar?q={folio}", "/bitacora")]
    for page in pages:
        assert SECRET not in page
    assert SECRET not in caplog.text
    assert "Ya se mostró y se destruyó" in pages[1]


def test_t10_t11_headers_and_dead_ends(room: AskingRoom) -> None:
    """T10, T11: the pages keep to themselves; another browser and a used link see the page of dead links."""
    request = room.leave(room.walk("MA-006", *TO_DELIVERY), "12", data={"cambio_obligatorio": "si"})
    phone, there = _opened(room)
    for answer in (phone.get(there), phone.post(f"{there}/{request.id}/abrir")):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.findall(r"(?:src|href|action)=\"(?:https?:)?//(?!constancia\.example/)", answer.text)
    other = Telephone(room)
    assert other.get(there).status_code == 404
    assert other.post(f"{there}/{request.id}/abrir").status_code == 404
    assert other.post(f"/s/{room.token()}").status_code == 404


def test_only_the_desk_asks_and_only_where_it_makes_sense(room: AskingRoom) -> None:
    """Strangers are sent to the door; a step without answers or credentials has no such page."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    assert Telephone(room).get(f"/casos/{folio}/pasos/6/preguntar").status_code == 303
    desk = _desk(room)
    assert desk.get(f"/casos/{folio}/pasos/7/preguntar").status_code == 404
    assert desk.get(f"/casos/{folio}/pasos/6/entregar").status_code == 404


def test_the_console_asks_and_shows_no_link(room: AskingRoom) -> None:
    """`flask signatures ask`: whom the step belongs to is found; the secret of the link is not in what it prints."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    runner = room.place.app.test_cli_runner()
    email = room.specialist.email
    made = runner.invoke(args=["signatures", "ask", folio, "6", "--actor", email, "--note", "¿Procede?"])
    assert made.exit_code == 0, made.output
    request = _request(room, folio)
    assert (request.signatory, request.purpose, request.note) == (room.reader.id, "answer", "¿Procede?")
    assert room.token() not in made.output
    refused = runner.invoke(args=["signatures", "ask", folio, "7", "--actor", email])
    assert refused.exit_code != 0


def test_the_console_leaves_a_secret_that_is_in_no_argument_and_no_output(room: AskingRoom) -> None:
    """`flask signatures secret`: read from stdin, shown once behind the link, in nothing that was printed or stored."""
    folio = room.walk("MA-006", *TO_DELIVERY)
    runner = room.place.app.test_cli_runner()
    args = ["signatures", "secret", folio, "12", "--actor", room.specialist.email]
    args += ["--person", room.reader.email, "--data", '{"cambio_obligatorio": true}']
    empty = runner.invoke(args=args, input="\n")
    assert empty.exit_code == 1
    made = runner.invoke(args=args, input=f"{SECRET}\n")
    assert made.exit_code == 0, made.output
    request = _request(room, folio)
    assert request.purpose == "secret"
    assert SECRET not in made.output + "".join(room.mails())
    assert not any(SECRET.encode() in s.entry_bytes + (s.payload_bytes or b"") for s in room.entries(folio))
    standing = room.open(room.token())
    assert room.links.onetime.show(standing, request.id, PHONE_PLACE) == SECRET


def test_nobody_is_chosen_where_the_likeliest_cannot_be_asked(room: AskingRoom) -> None:
    """The specialist answers for the zone, and cannot ask themselves: the form asks for whom, and guesses no other."""
    where = "/casos/{}/pasos/6/preguntar"
    folio = room.walk("MA-002", "2", "3", "4", "5")
    desk = _desk(room)
    assert "Elige…" not in desk.get(where.format(folio)).text
    house = room.place.house
    for zone in ("acapulco", "oaxaca", "edomex", "cdmx", "nl"):
        house.posts.relieve(f"asistente_{zone}", room.reader.id, BY)
        house.posts.appoint(f"asistente_{zone}", room.specialist.id, BY)
    page = desk.get(where.format(room.walk("MA-002", "2", "3", "4", "5"))).text
    assert "Marcela Ríos" in page
    assert "Elige…" in page
