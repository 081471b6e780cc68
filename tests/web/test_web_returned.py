"""Signed letters by link over HTTP: the desk's forms, the person's page, what is refused and what never leaves."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from identity.accounts import Role
from tests.fakes.installation import PASSWORD
from tests.fakes.returning_room import ReturningRoom, photograph
from tests.fakes.signing_room import PHONE_PLACE
from tests.web.test_web_link_kinds import Telephone


@pytest.fixture
def room(tmp_path: Path) -> Iterator[ReturningRoom]:
    """A desk at an address of https."""
    made = ReturningRoom.begin(tmp_path / "data")
    yield made
    made.place.close()


def _desk(room: ReturningRoom) -> Telephone:
    desk = Telephone(room)
    assert desk.post("/entrar", {"email": room.specialist.email, "password": PASSWORD}).status_code == 303
    return desk


def _opened(room: ReturningRoom) -> tuple[Telephone, str]:
    phone = Telephone(room)
    answer = phone.post(f"/s/{room.token()}")
    assert answer.status_code == 303, answer.text
    return phone, str(answer.headers["Location"])


def _sent(digest: str, *contents: tuple[str, bytes], tick: str = "si") -> dict[str, object]:
    files = [(io.BytesIO(data), name) for name, data in contents]
    return {"huella": digest, "sin_contrasenas": tick, "archivo": files}


def test_from_the_steps_form_to_the_evidence(room: ReturningRoom) -> None:
    """Asked from step 23, downloaded, returned, shown on the case with its findings, taken with one press."""
    folio = room.custody()
    desk = _desk(room)
    where = f"/casos/{folio}/pasos/23/pedir-carta"
    assert where in desk.get(f"/casos/{folio}?paso=23").text
    page = desk.get(where).text
    assert "carta_custodia.pdf" in page
    assert "Marcela Ríos" in page
    answer = desk.post(where, {"persona": room.reader.id, "dias": "5", "nota": "Falta <b>tu firma</b>."})
    assert answer.status_code == 303
    request = room.links.office.store.of_case(folio)[-1]
    door = Telephone(room).get(f"/s/{room.token()}")
    for hidden in (folio, "custodia", request.digest):
        assert hidden not in door.text
    phone, there = _opened(room)
    page = phone.get(there).text
    for shown in (
        folio,
        "Carta custodia",
        "Falta &lt;b&gt;tu firma&lt;/b&gt;.",
        request.digest,
        "Tomar una foto",
    ):
        assert shown in page
    blank = phone.get(f"{there}/{request.id}/carta-por-firmar.pdf")
    assert blank.data == room.sent_letter(folio)
    assert blank.headers["Cache-Control"] == "no-store"
    sent = _sent(request.digest, ("escaneo.pdf", room.signed(folio)), ("hoja 2.png", photograph()))
    assert phone.post(f"{there}/{request.id}/carta-firmada", sent).status_code == 303
    assert "Recibimos tu carta" in phone.get(there).text
    again = phone.post(f"{there}/{request.id}/carta-firmada", _sent(request.digest, ("b.png", photograph(3))))
    assert again.status_code == 409
    assert room.kinds(folio).count("document.returned") == 1
    seq = len(room.entries(folio))
    seq = next(s.entry.seq for s in room.entries(folio) if s.entry.kind == "document.returned")
    case = desk.get(f"/casos/{folio}").text
    assert "Llegó la carta firmada" in case
    assert "llegó la carta" in desk.get(f"/casos/{folio}/firmas").text
    page = desk.get(f"/casos/{folio}/devueltas/{seq}").text
    for shown in (f"el folio es {folio}", "Confirma tú: que firmó quien debía", "escaneo.pdf", "hoja 2.png"):
        assert shown in page
    assert "Distinto: páginas 2/1" in page
    taken = desk.post(f"/casos/{folio}/devueltas/{seq}/aceptar")
    assert taken.status_code == 303
    assert room.place.house.cases.view(folio).state.step("24").status == "hecho"
    assert "Llegó la carta firmada" not in desk.get(f"/casos/{folio}").text
    assert desk.post(f"/casos/{folio}/devueltas/{seq}/aceptar").status_code == 409
    pages = [page, case, *(desk.get(f"/casos/{folio}/entradas/{n}").text for n in (seq, seq + 1))]
    assert all(room.token() not in text for text in pages)


def test_what_is_refused_is_told_in_spanish_and_may_be_mended(room: ReturningRoom) -> None:
    """No file, no tick, the unsigned letter, a program under a PDF's name: a sentence each, and the form again."""
    folio = room.custody()
    request = room.wanted(folio)
    phone, there = _opened(room)
    picture = ("a.png", photograph())
    for sent, status, words in (
        (_sent(request.digest), 422, "no elegiste ningún archivo"),
        (_sent(request.digest, picture, tick=""), 422, "no muestra contraseñas"),
        (_sent(request.digest, ("carta.pdf", room.sent_letter(folio))), 422, "sin firma"),
        (_sent("f" * 64, picture), 409, "no es el que viste"),
        (_sent(request.digest, ("carta.pdf", b"MZ\x90\x00")), 0, "carta.pdf"),
    ):
        answer = phone.post(f"{there}/{request.id}/carta-firmada", sent)
        assert answer.status_code == status or (not status and 400 <= answer.status_code < 500)
        assert words in answer.text
        assert "Enviar la carta firmada" in answer.text
    assert "document.returned" not in room.kinds(folio)


def test_too_much_at_once_is_told(room: ReturningRoom) -> None:
    """More than an upload may weigh: 413 with how much fits, on the same page."""
    room.place.close()
    small = ReturningRoom.begin(room.place.settings.data.parent / "small", {"CONSTANCIA_MAX_UPLOAD_MB": "1"})
    try:
        folio = small.custody()
        request = small.wanted(folio)
        phone, there = _opened(small)
        heavy = ("a.pdf", b"%PDF-1.7\n" + bytes(2 * 1024 * 1024))
        answer = phone.post(f"{there}/{request.id}/carta-firmada", _sent(request.digest, heavy))
        answer.request.environ["wsgi.input"].close()  # the test client's own copy on disk
        assert answer.status_code == 413
        assert "caben 1 MB" in answer.text
        assert "document.returned" not in small.kinds(folio)
    finally:
        small.place.close()


def test_it_is_sent_back_with_a_reason_and_a_new_link(room: ReturningRoom) -> None:
    """Without a reason nothing happens; with one the case says why and the person gets another link."""
    folio = room.custody()
    request = room.wanted(folio)
    phone, there = _opened(room)
    phone.post(f"{there}/{request.id}/carta-firmada", _sent(request.digest, ("a.png", photograph())))
    seq = next(s.entry.seq for s in room.entries(folio) if s.entry.kind == "document.returned")
    desk = _desk(room)
    assert desk.post(f"/casos/{folio}/devueltas/{seq}/regresar", {"motivo": ""}).status_code == 422
    before = room.token()
    answer = desk.post(
        f"/casos/{folio}/devueltas/{seq}/regresar", {"motivo": "No se lee la firma\r\nni el nombre"}
    )
    assert answer.status_code == 303
    assert "No se lee la firma" in room.mails()[-1]
    assert room.token() != before
    assert "Ya se revisó" in desk.get(f"/casos/{folio}/devueltas/{seq}").text
    other, elsewhere = _opened(room)
    assert "No se lee la firma" in other.get(elsewhere).text


def test_strangers_and_wrong_places_get_nothing(room: ReturningRoom) -> None:
    """The desk's pages are the desk's; a step without such a letter, and an entry that brought none, have no page."""
    folio = room.custody()
    request = room.wanted(folio)
    _phone, there = _opened(room)
    stranger = Telephone(room)
    assert stranger.get(f"/casos/{folio}/pasos/24/pedir-carta").status_code == 303
    for path in ("carta-por-firmar.pdf",):
        assert stranger.get(f"{there}/{request.id}/{path}").status_code == 404
    sent = _sent(request.digest, ("a.png", photograph()))
    assert stranger.post(f"{there}/{request.id}/carta-firmada", sent).status_code == 404
    desk = _desk(room)
    assert desk.get(f"/casos/{folio}/pasos/9/pedir-carta").status_code == 404
    assert desk.get(f"/casos/{folio}/devueltas/1").status_code == 404
    assert desk.post(f"/casos/{folio}/devueltas/1/aceptar").status_code == 404


def test_the_console_asks_and_shows_no_link(room: ReturningRoom) -> None:
    """`flask signatures ask FOLIO 24`: the letter is asked for; the secret of the link is not in what it prints."""
    folio = room.custody()
    runner = room.place.app.test_cli_runner()
    email = room.specialist.email
    args = ["signatures", "ask", folio, "24", "--actor", email, "--person", "marcela@zona.example"]
    made = runner.invoke(args=args)
    assert made.exit_code == 0, made.output
    request = room.links.office.store.of_case(folio)[-1]
    assert (request.signatory, request.purpose) == (room.reader.id, "upload")
    assert room.token() not in made.output


def test_a_letter_to_be_looked_at_is_on_top_of_the_inbox(room: ReturningRoom) -> None:
    """With its case and who returned it, until it is taken; to nobody who could not take it."""
    folio = room.custody()
    request = room.wanted(folio)
    desk = _desk(room)
    assert "Cartas devueltas por revisar" not in desk.get("/").text
    standing = room.open(room.token())
    room.links.returns.give(standing, request.id, room.form(request, ("foto.png", photograph())), PHONE_PLACE)
    page = desk.get("/").text
    assert "Cartas devueltas por revisar" in page
    (came,) = [item for _, item in room.links.returns.unseen()]
    assert f"/casos/{folio}/devueltas/{came.seq}" in page
    assert "Marcela Ríos" in page
    room.place.user(Role.AUDITOR_INTERNO)
    other = Telephone(room)
    other.post("/entrar", {"email": "auditor_interno@desk.example", "password": PASSWORD})
    assert "Cartas devueltas por revisar" not in other.get("/").text
    desk.post(f"/casos/{folio}/devueltas/{came.seq}/aceptar")
    assert "Cartas devueltas por revisar" not in desk.get("/").text


def test_the_console_lists_sends_back_and_takes_what_came(room: ReturningRoom) -> None:
    """`flask signatures returned|return|accept`: as the pages do, without ever printing a link."""
    runner = room.place.app.test_cli_runner()

    def run(*arguments: str) -> dict[str, Any]:
        made = runner.invoke(args=["signatures", *arguments])
        assert made.exit_code == 0, made.output
        return dict(json.loads(made.stdout))

    folio, email = room.custody(), room.specialist.email
    request = room.wanted(folio)
    for colour in (90, 120):
        standing = room.open(room.token())
        form = room.form(standing.requests[0], ("foto.png", photograph(colour)))
        room.links.returns.give(standing, standing.requests[0].id, form, PHONE_PLACE)
        (item,) = run("returned")["returned"]
        assert (item["folio"], item["step"], item["by"]) == (folio, "24", room.reader.id)
        if colour == 90:
            wrong = runner.invoke(
                args=["signatures", "return", folio, str(item["seq"]), "--actor", email, "--reason", "no"]
            )
            assert wrong.exit_code == 1
            reason = ("--reason", "No se ve la firma: toma otra foto.")
            again = run("return", folio, str(item["seq"]), "--actor", email, *reason)
            assert again["id"] != request.id
            assert room.token() not in json.dumps(again)
    receipt = run("accept", folio, str(item["seq"]), "--actor", email, "--json")
    assert receipt["folio"] == folio
    entry = room.entries(folio)[receipt["seq"] - 1]
    assert (entry.entry.step, entry.entry.facts["via"]) == ("24", "console")
    assert run("returned")["returned"] == []
    late = runner.invoke(args=["signatures", "accept", folio, str(item["seq"]), "--actor", email])
    assert late.exit_code == 1
    assert runner.invoke(args=["signatures", "accept", folio, "1", "--actor", email]).exit_code == 1
