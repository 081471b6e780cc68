"""The auditors' room over the web: who finds which engagement, cases, files and tables; and that all is logged."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from auditing.chain import By
from auditing.sampling import draw
from identity.accounts import Role
from tests.browser.papers import PERSON, png
from tests.fakes.audit_room import NAME, YEAR, Room
from tests.fakes.installation import Browser, Installation
from web.security import access_of


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A fresh one."""
    place = Installation(tmp_path / "data")
    yield Room(place)
    place.close()


def _reads(app: Flask, eid: str, folio: str) -> Iterator[str]:
    """Every address of the room about an engagement that is read, with parts that exist."""
    parts = {
        "eid": eid,
        "folio": folio,
        "seq": "2",
        "number": "0",
        "pid": "P1",
        "sid": "S1",
        "form": "csv",
        "fid": "F1",
    }
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/auditoria/<eid>") and "GET" in (rule.methods or set()):
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: parts.get(found[1], "x"), rule.rule)
            if "/x" not in path:
                yield path


def _worked(room: Room) -> str:
    """An engagement with a population, a sample and a finding."""
    address = room.open()
    assert room.freeze(address).status_code == 303
    assert room.draw(address).status_code == 303
    finding = {
        "severity": "minor",
        "title": "Falta",
        "text": "Falta la firma",
        "entries": f"{room.folios[0]}/1",
    }
    assert room.out.post_form(f"{address}/hallazgos", finding).status_code == 303
    return address


def test_an_external_auditor_reaches_the_room_and_nothing_of_the_desk(room: Room) -> None:
    """Every page of the desk refuses; a case's address leads into the room where an engagement covers it."""
    folio = room.folios[0]
    for path in (
        f"/casos/{folio}/entradas/1",
        f"/casos/{folio}/entradas/2/archivos/0",
        "/bitacora",
        "/buscar?q=a",
    ):
        assert room.out.get(path).status_code == 403, path
    for path in ("/tablero", "/exportar", "/conocimiento/articulos", "/administracion"):
        assert room.out.get(path).status_code == 403, path
    assert room.out.get(f"/casos/{folio}").status_code == 404
    assert room.out.get("/casos/MA-001-2020-000001").status_code == 404
    assert room.out.get("/").headers["Location"] == "/auditoria"
    assert "No tienes ninguna auditoría vigente" in room.out.get("/auditoria").text
    address = room.open()
    assert room.out.get(f"/casos/{folio}").headers["Location"] == f"{address}/casos/{folio}"
    assert room.other.get(f"/casos/{folio}").status_code == 404


def test_every_page_of_an_engagement_is_its_auditors_alone(room: Room) -> None:
    """All addresses of the room: its auditor and the supervisor read; anybody else gets what a guess would get."""
    address = _worked(room)
    eid = address.rsplit("/", 1)[1]
    guess = room.other.get("/auditoria/2026-999999")
    assert guess.status_code == 404
    walked = 0
    for path in _reads(room.place.app, eid, room.folios[0]):
        mine, boss = room.out.get(path).status_code, room.boss.get(path).status_code
        assert boss == 200, path
        assert mine == (403 if "consultas" in path else 200), path
        for stranger in (room.other, room.inside, room.desk):
            answer = stranger.get(path)
            assert answer.status_code in {404, 403}, (path, answer.status_code)
            if answer.status_code == 404:
                assert _plain(answer) == _plain(guess), path
        walked += 1
    assert walked >= 18


def _plain(answer: TestResponse) -> str:
    """What an answer says, without nonces, tokens and the shell around it."""
    return " ".join(
        re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2].partition("</main>")[0]).split()
    )


def test_cases_outside_the_scope_are_as_good_as_not_there(room: Room) -> None:
    """Another process, another period and a folio nobody has: one and the same answer, for pages, files and checks."""
    inside, folio = room.open(), room.folios[0]
    for changed in ({"process": "MA-006"}, {"start": f"{YEAR - 1}-01-01", "end": f"{YEAR - 1}-12-31"}):
        address = room.open(**changed)
        for path in (
            "",
            "/entradas/1",
            "/entradas/2/archivos/0",
            "/entradas/2/archivos/0/vista",
            "/entradas/1/bytes",
        ):
            found = room.out.get(f"{address}/casos/{folio}{path}")
            guessed = room.out.get(f"{address}/casos/MA-001-{YEAR}-999999{path}")
            assert (found.status_code, _plain(found)) == (404, _plain(guessed)), path
        assert room.out.post_form(f"{address}/casos/{folio}/verificar").status_code == 404
        assert folio not in room.out.get(f"{address}/casos?proceso=MA-001").text
    assert folio in room.out.get(f"{inside}/casos").text
    for path in ("/entradas/99", "/entradas/2/archivos/9", "/entradas/0"):
        assert room.out.get(f"{inside}/casos/{folio}{path}").status_code == 404
    for strange in ("system:access", f"audit:{inside.rsplit('/', 1)[1]}", "x" * 300):
        assert room.out.get(f"{inside}/casos/{strange}/entradas/1").status_code == 404


def test_access_ends_on_the_last_day_and_when_it_is_closed(room: Room) -> None:
    """The day after, an external auditor finds nothing and an open form writes nothing; the supervisor still reads."""
    last = (date.today() + timedelta(days=3)).isoformat()  # noqa: DTZ011
    address = room.open(expires=last)
    assert room.freeze(address).status_code == 303
    room.place.clock.offset = timedelta(days=5)
    room.out = room.place.client(Role.AUDITOR_EXTERNO, email="out@audit.example")
    room.boss = room.place.client(Role.SUPERVISOR, email="boss@desk.example")
    assert room.out.get(address).status_code == 404
    assert room.draw(address).status_code == 404
    assert "Anual" not in room.out.get("/auditoria").text
    assert room.boss.get(address).status_code == 200
    changed = {
        "start": f"{YEAR}-01-01",
        "end": f"{YEAR}-12-31",
        "expires": f"{YEAR + 1}-12-31",
        "reason": "Más tiempo",
    }
    changed["auditor"] = room.id_of("out@audit.example")
    assert room.boss.post_form(f"{address}/condiciones", changed).status_code == 303
    assert room.out.get(address).status_code == 200
    assert room.boss.post_form(f"{address}/cerrar", {"note": "Fin"}).status_code == 303
    assert room.out.get(address).status_code == 404
    assert "Fin" in room.boss.get(address).text


def test_masking_withholds_everything_people_wrote_and_every_file(room: Room) -> None:
    """Names, typed data, file names and contents are nowhere: pages, lists, tables, previews, downloads."""
    address, folio = room.open(masked="si"), room.folios[0]
    room.freeze(address)
    room.draw(address)
    pages = ["", "/casos", f"/casos/{folio}", f"/casos/{folio}?entrada=2", f"/casos/{folio}/entradas/2",
             "/poblaciones/P1",
             "/muestras/S1", f"/casos/{folio}?muestra=S1", f"/casos/{folio}?a_la_fecha={YEAR}-12-31T10:00"]  # fmt: skip
    secrets = (NAME, PERSON["promotoria"], "persona0@correo.example", "captura de", "Ana Ñuñez")
    for page in pages:
        answer = room.out.get(address + page)
        assert answer.status_code == 200, page
        told = answer.text.partition("<main")[2]
        for secret in secrets[:4]:
            assert secret not in told, (page, secret)
    assert NAME in room.boss.get(f"{address}/casos/{folio}").text
    for path in ("/archivos/0", "/archivos/0/vista"):
        assert room.out.get(f"{address}/casos/{folio}/entradas/2{path}").status_code == 403, path
    table = openpyxl.load_workbook(io.BytesIO(room.out.get(f"{address}/casos/tabla.xlsx").data))
    assert NAME not in str([[cell.value for cell in row] for row in table.active.iter_rows()])
    assert room.out.get(f"{address}/casos?q={NAME.split()[0]}").text.count('class="folio"') >= 3
    raw = json.loads(room.out.get(f"{address}/casos/{folio}/entradas/1/bytes").data)
    assert raw["case"] == folio
    for sample in ("S1", ""):
        answer = room.out.post_form(f"{address}/exportar", {"sample": sample})
        assert (answer.status_code, "sólo se entrega el paquete del encargo" in answer.text) == (403, True)


def test_the_package_of_a_masked_engagement_holds_nothing_people_wrote(room: Room) -> None:
    """Its auditor prepares and takes it; what they typed, their files and their names are in no file of it."""
    address, folio = room.open(masked="si"), room.folios[0]
    room.freeze(address)
    room.draw(address)
    form = room.out.get(f"{address}/exportar").text
    assert "datos reservados" in form
    assert '<option value="S1">' not in form
    data = _package(room.out, address)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = package.namelist()
        # Definitions and their documents are public texts of the house, with examples of their own.
        held = {name: package.read(name) for name in names if not name.startswith("data/procesos/")}
    assert any(name.startswith(f"data/casos/{folio}/entries/") for name in names)
    assert not [name for name in names if name.startswith("data/casos/") and "/payloads/" in name]
    for secret in (NAME, PERSON["promotoria"], "persona0@correo.example", "captura de", "laura@desk.example"):
        assert [name for name, piece in held.items() if secret.encode() in piece] == [], secret


def test_a_package_prepared_before_the_terms_masked_is_not_handed_over(room: Room) -> None:
    """The file is still there with everything in it; the door is not."""
    address = room.open()
    room.freeze(address)
    room.draw(address)
    place = _prepared(room.out, address)
    assert room.out.get(f"{place}/paquete").status_code == 200
    terms = room.place.house.room.register.get(address.rsplit("/", 1)[1]).terms
    by = By(room.id_of("boss@desk.example"), "supervisor")
    room.place.house.room.engagements.change(
        by, address.rsplit("/", 1)[1], replace(terms, masked=True), "Ahora con datos reservados"
    )
    assert room.out.get(f"{place}/paquete").status_code == 403


def _package(browser: Browser, address: str) -> bytes:
    """The engagement's package, prepared and taken."""
    return browser.get(f"{_prepared(browser, address)}/paquete").data


def _prepared(browser: Browser, address: str) -> str:
    """The address of a package that is ready."""
    place = browser.post_form(f"{address}/exportar", {"sample": "encargo"}).headers["Location"]
    for _try in range(600):
        if f"{place}/paquete" in browser.get(place).text:
            return str(place)
        time.sleep(0.1)
    raise AssertionError(browser.get(place).text)


def test_an_entry_that_was_opened_shows_and_its_neighbours_do_not(room: Room) -> None:
    """The grant is of the house, has a reason, and covers exactly the entries named."""
    address, folio, other = room.open(masked="si"), room.folios[0], room.folios[1]
    form = {"entries": f"{folio}/2", "reason": "Hace falta ver la captura"}
    assert room.out.post_form(f"{address}/abrir", form).status_code == 403
    assert room.boss.post_form(f"{address}/abrir", {**form, "entries": f"{folio}/99"}).status_code == 422
    assert room.boss.post_form(f"{address}/abrir", form).status_code == 303
    assert room.out.get(f"{address}/casos/{folio}/entradas/2/archivos/0").data == png("pendiente 0")
    assert room.out.get(f"{address}/casos/{folio}/entradas/2/archivos/0/vista").mimetype == "image/png"
    assert room.out.get(f"{address}/casos/{other}/entradas/2/archivos/0").status_code == 403
    assert NAME not in room.out.get(f"{address}/casos/{folio}?entrada=1").text.partition("<main")[2].replace(
        f"captura de {NAME}", ""
    )


def test_without_downloads_files_are_looked_at_and_nothing_is_taken(room: Room) -> None:
    """Previews show; files, tables, lists and packages answer that the engagement does not allow it."""
    address, folio = room.open(downloads=""), room.folios[0]
    room.freeze(address)
    room.draw(address)
    assert room.out.get(f"{address}/casos/{folio}/entradas/2/archivos/0/vista").status_code == 200
    for path in (f"/casos/{folio}/entradas/2/archivos/0", "/casos/tabla.xlsx", "/poblaciones/P1/lista.csv",
                 "/poblaciones/P1/lista.xlsx", "/muestras/S1/tabla.xlsx"):  # fmt: skip
        answer = room.out.get_json(address + path)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "audit_no_downloads"), path
    assert room.out.post_form(f"{address}/exportar", {"sample": ""}).status_code == 403
    assert room.boss.get(f"{address}/muestras/S1/tabla.xlsx").status_code == 200


def test_auditors_write_their_own_work_and_nothing_else(room: Room) -> None:
    """Every form of the desk refuses them; their entries lie in the engagement's chain, no case has one more."""
    before = {folio: len(room.place.house.ledger.history(folio)) for folio in room.folios}
    address = _worked(room)
    for rule in room.place.app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            access = access_of(room.place.app.view_functions[rule.endpoint])
            assert access is not None
            if access.public or rule.rule.startswith("/auditoria/<eid>"):
                continue
            own = rule.endpoint.partition(".")[0] in {"second", "accountfactors"}
            own = own or rule.endpoint in {"session.change_password", "directory.prove"}  # their own account
            assert own or Role.AUDITOR_EXTERNO not in access.roles, (rule, method)
    for browser in (room.other, room.inside, room.desk):
        assert room.draw(address, by=browser).status_code == 404
        assert room.freeze(address, by=browser).status_code == 404
    assert room.freeze(address, by=room.boss).status_code == 403
    for path in ("/condiciones", "/cerrar", "/abrir"):
        assert room.out.post_form(address + path, {"reason": "x"}).status_code == 403
    answer = {"text": "Yo mismo"}
    assert room.out.post_form(f"{address}/hallazgos/F1/respuesta", answer).status_code == 403
    assert {folio: len(room.place.house.ledger.history(folio)) for folio in room.folios} == before


def test_a_sample_on_the_page_is_the_one_anybody_draws(room: Room) -> None:
    """The page, the table and the sealed file agree with an independent draw; every result is sealed with its note."""
    address = _worked(room)
    csv = room.out.get(f"{address}/poblaciones/P1/lista.csv").data.decode().splitlines()[1:]
    drawn = draw("semilla", [line.split(",")[0] for line in csv], 3)
    page = room.out.get(f"{address}/muestras/S1")
    assert "vuelta a extraer: coincide" in page.text
    table = openpyxl.load_workbook(io.BytesIO(room.out.get(f"{address}/muestras/S1/tabla.xlsx").data)).active
    assert tuple(row[1].value for row in list(table.iter_rows())[1:]) == drawn
    assert "Recalculada: coincide" in room.out.get(f"{address}/poblaciones/P1?comprobar=1").text
    test = f"{address}/muestras/S1/{drawn[0]}/pruebas"
    lacking = room.out.post_form(test, {"r.firma": "exception", "n.firma": "", "r.datos": "ok"})
    assert lacking.status_code == 422
    assert "Una excepción dice qué se encontró" in lacking.text
    sealed = room.out.post_form(
        test, {"r.firma": "exception", "n.firma": "=HYPERLINK(1)", "r.datos": "ok", "onward": "1"}
    )
    assert f"/casos/{drawn[1]}?muestra=S1" in sealed.headers["Location"]
    assert (
        room.out.post_form(f"{address}/muestras/S1/MA-001-2020-000001/pruebas", {"r.datos": "ok"}).status_code
        == 404
    )
    table = openpyxl.load_workbook(io.BytesIO(room.out.get(f"{address}/muestras/S1/tabla.xlsx").data)).active
    cells = [cell.value for row in table.iter_rows() for cell in row]
    assert "'=HYPERLINK(1)" in cells
    assert "=HYPERLINK(1)" not in cells


def test_a_request_shows_its_owner_that_request_alone(room: Room) -> None:
    """Who is asked sees the item and answers with entries; those open to the auditors even outside the scope."""
    address, folio = room.open(process="MA-006"), room.folios[0]
    form = {"owner": room.id_of("laura@desk.example"), "due": f"{YEAR + 1}-01-15", "title": "El acuse"}
    assert room.out.post_form(f"{address}/solicitudes", form).status_code == 303
    assert "El acuse" in room.desk.get("/auditoria").text
    assert room.desk.get(address).status_code == 404
    assert room.desk.get(f"{address}/pedido/R1").status_code == 200
    assert room.desk.get(f"{address}/pedido/R2").status_code == 404
    assert room.inside.get(f"{address}/pedido/R1").status_code == 404
    assert room.out.get(f"{address}/casos/{folio}/entradas/2").status_code == 404
    assert room.desk.post_form(f"{address}/pedido/R1", {"entries": "eso"}).status_code == 422
    assert (
        room.desk.post_form(f"{address}/pedido/R1", {"entries": f"{folio}/2", "text": "Es ésta"}).status_code
        == 303
    )
    assert room.out.get(f"{address}/casos/{folio}/entradas/2").status_code == 200
    assert room.out.get(f"{address}/casos/{folio}/entradas/1").status_code == 404
    assert room.out.get(f"{address}/casos/{folio}").status_code == 404
    returned = room.out.post_form(f"{address}/solicitudes/R1/dictamen", {"accepted": "no", "text": "Otra"})
    assert returned.status_code == 303
    assert "Otra" in room.desk.get(f"{address}/pedido/R1").text


def test_everything_auditors_see_is_logged_before_it_leaves(room: Room) -> None:
    """In the room and outside it: who, what, of which case; the desk's own reading is not; the office alone sees it."""
    address, folio = room.open(), room.folios[0]
    room.out.get(f"{address}/casos/{folio}?entrada=2")
    room.out.get(f"{address}/casos/{folio}/entradas/2/archivos/0")
    room.out.get(f"{address}/casos/MA-001-2020-000001")
    room.inside.get(f"/casos/{folio}")
    room.desk.get(f"/casos/{folio}")
    log = room.boss.get("/auditoria/consultas").text
    eid = address.rsplit("/", 1)[1]
    views = room.place.house.room.views
    told = [(view.actor, view.what, view.subject) for view in views.all(engagement=eid)]
    out = room.id_of("out@audit.example")
    assert (out, "auditcases.show", f"{folio}/2") in told
    assert (out, "auditcases.download", f"{folio}/2/0") in told
    assert not any("MA-001-2020" in subject for _actor, _what, subject in told)
    outside = [(view.actor, view.subject) for view in views.all() if view.what == "cases.show"]
    assert outside == [(room.id_of("in@desk.example"), folio)]
    assert "fuera de encargo" in log
    for browser in (room.out, room.inside, room.desk):
        assert browser.get("/auditoria/consultas").status_code == 403
    sheet = openpyxl.load_workbook(io.BytesIO(room.boss.get(f"{address}/consultas.xlsx").data)).active
    assert sheet.max_row == len(told) + 1
    room.boss.post_form(f"{address}/cerrar", {"note": ""})
    closing = room.place.house.ledger.history(f"audit:{eid}")[-1].entry
    assert closing.facts["views"] == len(told)


def test_where_the_log_of_views_cannot_be_written_nothing_is_shown(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk stops the reading, not the logging."""
    from evidence.ports import StoreUnavailable  # noqa: PLC0415

    address, folio = room.open(), room.folios[0]

    def fail(_view: object) -> None:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(room.place.house.room.views, "add", fail)
    answer = room.out.get(f"{address}/casos/{folio}")
    assert answer.status_code >= 500
    assert NAME not in answer.text


def test_an_engagement_is_exported_by_whoever_finds_it(room: Room) -> None:
    """The desk's own export form knows no more engagements than the room does; its auditor exports it whole."""
    address = _worked(room)
    eid = address.rsplit("/", 1)[1]
    asked = {"what": "engagement", "engagement": eid}
    assert room.inside.post_form("/exportar", asked).status_code == 404
    assert room.out.post_form("/exportar", asked).status_code == 403
    assert room.boss.post_form("/exportar", asked).status_code == 303
    assert room.out.post_form(f"{address}/exportar", {"sample": "encargo"}).status_code == 303
    papers = openpyxl.load_workbook(io.BytesIO(room.out.get(f"{address}/papeles.xlsx").data))
    assert papers.sheetnames == ["Encargo", "Poblaciones", "Muestras", "Pruebas", "Hallazgos", "Solicitudes"]
    assert papers["Muestras"].max_row == 4


def test_who_was_asked_for_something_finds_the_room_until_it_is_answered(room: Room) -> None:
    """The navigation has the room, with a count, for the owner of a request alone, and only while it waits for them."""
    address, folio = room.open(), room.folios[0]
    room.place.client(Role.ESPECIALISTA, email="other@desk.example")

    def told(browser: Browser) -> list[str]:
        """The room in the navigation, its count for it; nothing where it is not there."""
        bar = browser.get("/").text.partition("</header>")[0].partition('<nav class="nav"')[2]
        return re.findall(r'<a href="/auditoria"[^>]*>Auditoría(?: <span class="nav__n">(\d+)<)?', bar)

    assert (told(room.desk), told(room.boss)) == ([], [""])
    asked = {"owner": room.id_of("laura@desk.example"), "due": f"{YEAR}-12-31"}
    for name in ("El acuse", "La carta"):
        assert room.out.post_form(f"{address}/solicitudes", {**asked, "title": name}).status_code == 303
    other = room.place.client(Role.ESPECIALISTA, email="other@desk.example")
    assert (told(room.desk), told(other), told(room.boss)) == (["2"], [], [""])
    assert "solicitudes por responder" in room.desk.get("/").text
    assert room.desk.post_form(f"{address}/pedido/R1", {"entries": f"{folio}/1"}).status_code == 303
    assert told(room.desk) == ["1"]
    back = {"accepted": "", "text": "Falta la carta"}
    assert room.out.post_form(f"{address}/solicitudes/R1/dictamen", back).status_code == 303
    assert told(room.desk) == ["2"]
    assert room.boss.post_form(f"{address}/cerrar", {"note": "Terminó"}).status_code == 303
    assert told(room.desk) == []


def test_a_refusal_keeps_what_was_typed(room: Room) -> None:
    """A finding without a severity comes back whole, and nothing is sealed."""
    address = room.open()
    form = {
        "severity": "",
        "title": "Sin autorización previa",
        "text": "Se creó antes",
        "entries": "MA-001-2020-000001/1",
    }
    answer = room.out.post_form(f"{address}/hallazgos", form)
    assert answer.status_code == 422
    for text in ("Sin autorización previa", "Se creó antes", "MA-001-2020-000001/1"):
        assert text in answer.text
    assert room.place.house.room.register.get(address.rsplit("/", 1)[1]).findings == ()
