"""The request page and its abuses, and cases that go on from others, on pages and by command."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml
from tests.workflows.desk import TICKET
from workflows.children import kin

ASK = {f"d.{name}": value for name, value in TICKET.items() if name != "canal"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation that takes requests from the public."""
    made = Installation(tmp_path / "data", {"CONSTANCIA_PUBLIC_REQUESTS": "true"})
    yield made
    made.close()


@pytest.fixture
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


def _cases(place: Installation) -> list[str]:
    return [folio for folio in place.house.ledger.cases() if not folio.startswith("system:")]


def _asked(place: Installation) -> str:
    """A ticket sent by a stranger."""
    assert place.stranger().post_form("/solicitar", ASK).status_code == 303
    return _cases(place)[-1]


def _opened(laura: Browser, process: str, **fields: str) -> str:
    answer = laura.post_form(f"/casos/nuevo/{process}", fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])


def _run(place: Installation, *arguments: str) -> Result:
    return place.app.test_cli_runner().invoke(args=list(arguments))


def test_a_stranger_asks_and_is_acknowledged(place: Installation) -> None:
    """The request is a ticket: three entries, by nobody identified and the system; the folio is shown once."""
    stranger = place.stranger()
    assert stranger.post_form("/solicitar", ASK).headers["Location"] == "/solicitar/enviada"
    (folio,) = _cases(place)
    page = stranger.get("/solicitar/enviada").text
    assert folio in page
    assert "Recibimos tu solicitud" in page
    assert stranger.get("/solicitar/enviada").status_code == 303
    entries = place.house.ledger.history(folio)
    assert [(item.entry.step, item.entry.actor) for item in entries] == [
        ("1", "unidentified"),
        ("2", "system"),
        ("3", "system"),
    ]
    first = entries[0].entry
    assert (first.facts["actor_class"], first.role, first.facts["params"]["canal"]) == (
        "unknown",
        "usuario",
        "pagina",
    )
    assert folio in str(entries[1].payload()["note"])
    assert "no identificada" in place.client().get(f"/casos/{folio}").text


def test_an_address_with_an_account_gets_the_same_answer(place: Installation) -> None:
    """Whether an address has an account cannot be told from the page, nor is the request its owner's."""
    known = place.user(Role.ESPECIALISTA)
    answers = []
    for address in (known.email, "nadie@otra.example"):
        stranger = place.stranger()
        answer = stranger.post_form("/solicitar", {**ASK, "d.correo": address})
        page = stranger.get("/solicitar/enviada").text.replace(_cases(place)[-1], "FOLIO")
        answers.append((answer.status_code, page.count("FOLIO"), len(page)))
    assert answers[0] == answers[1]
    for folio in _cases(place):
        assert place.house.ledger.history(folio)[0].entry.actor == "unidentified"


def test_a_stranger_cannot_choose_what_the_page_fixes(place: Installation) -> None:
    """The channel is the page's, whatever is posted; unknown fields are told and nothing is opened."""
    place.stranger().post_form("/solicitar", {**ASK, "d.canal": "telefono"})
    (folio,) = _cases(place)
    assert place.house.cases.view(folio).state.params["canal"] == "pagina"
    assert place.stranger().post_form("/solicitar", {**ASK, "d.rol": "director"}).status_code == 422
    assert _cases(place) == [folio]


@pytest.mark.parametrize("gone", ["d.asunto", "d.nombre", "d.correo", "d.descripcion"])
def test_what_is_missing_is_said_beside_its_field(place: Installation, gone: str) -> None:
    """A request without subject, name or any contact is shown again with what was typed; nothing is opened."""
    answer = place.stranger().post_form("/solicitar", {**ASK, gone: ""})
    assert answer.status_code == 422
    assert TICKET["asunto" if gone == "d.descripcion" else "descripcion"] in answer.text
    assert _cases(place) == []


def test_too_many_requests_are_held_back(place: Installation) -> None:
    """After some from one mailbox the door shuts for a while, across restarts; logging in is another door."""
    answers = [place.stranger().post_form("/solicitar", ASK).status_code for _ in range(8)]
    assert answers[:5] == [303] * 5
    assert 429 in answers
    assert len(_cases(place)) == answers.count(303)
    other = {**ASK, "d.correo": "otra@otra.example"}
    assert place.stranger().post_form("/solicitar", other).status_code == 303
    assert place.client().get("/").status_code == 200
    place.clock.offset += timedelta(hours=7)
    assert place.stranger().post_form("/solicitar", ASK).status_code == 303


def test_many_addresses_from_one_network_are_held_back_too(place: Installation) -> None:
    """Changing the mailbox does not help whoever floods from one place."""
    answers = [
        place.stranger().post_form("/solicitar", {**ASK, "d.correo": f"u{n}@x.example"}).status_code
        for n in range(14)
    ]
    assert 429 in answers
    assert answers.count(303) < 12


def test_what_is_too_large_is_not_read(place: Installation) -> None:
    """A request of megabytes, or one with a file, is refused before anything is made of it."""
    stranger = place.stranger()
    assert stranger.post_form("/solicitar", {**ASK, "d.descripcion": "x" * 100_000}).status_code == 413
    data = {**ASK, "csrf_token": stranger.token(), "f": (open(__file__, "rb"), "x.py")}  # noqa: SIM115, PTH123
    assert stranger.client.post("/solicitar", data=data).status_code == 413
    assert _cases(place) == []


def test_other_sites_cannot_ask_in_somebodys_browser(place: Installation) -> None:
    """Without the form's token, or from another site, nothing is opened."""
    stranger = place.stranger()
    assert stranger.client.post("/solicitar", data=ASK).status_code == 400
    headers = {"Origin": "https://otro.example"}
    data = {**ASK, "csrf_token": stranger.token()}
    assert stranger.client.post("/solicitar", data=data, headers=headers).status_code == 403
    assert _cases(place) == []


def test_the_same_click_twice_is_one_ticket(place: Installation) -> None:
    """A form sent twice opens one ticket."""
    stranger = place.stranger()
    for _ in range(2):
        assert stranger.post_form("/solicitar", {**ASK, "idempotency_key": "solicitud:1"}).status_code == 303
    assert len(_cases(place)) == 1


def test_without_the_setting_there_is_no_page(tmp_path: Path) -> None:
    """By default nobody outside may ask by page."""
    made = Installation(tmp_path / "data")
    stranger = made.stranger()
    assert stranger.get("/solicitar").status_code == 404
    assert stranger.post_form("/solicitar", ASK).status_code == 404
    made.close()


def test_on_somebodys_behalf(place: Installation, laura: Browser) -> None:
    """By telephone the specialist writes it down: the entry is theirs, the channel says how it came."""
    fields = {**ASK, "d.canal": "telefono", "d.correo": "", "d.telefono": "55 1234 5678"}
    folio = _opened(laura, "MA-006", **fields)
    first = place.house.ledger.history(folio)[0].entry
    assert (first.facts["actor_class"], first.facts["params"]["canal"]) == ("person", "telefono")


def test_one_day_is_one_day(laura: Browser) -> None:
    """A term of one day is said in the singular on the case's page."""
    asked = {f"d.{name}": value for name, value in TICKET.items()}
    page = laura.get(f"/casos/{_opened(laura, 'MA-006', **asked)}").text
    assert "1 día hábil, desde la entrada 1" in page
    assert "1 días" not in page


def test_a_refused_request_goes_on_where_it_belongs(place: Installation, laura: Browser) -> None:
    """Support asked of MA-001 is refused, offered to be opened in MA-006 with its data, and linked both ways."""
    refused = laura.post_form(
        "/casos/nuevo/MA-001", {"d.tipo": "soporte", "d.nombre": "Rosa Cano", "d.correo": "rosa@x.example"}
    )
    assert refused.status_code == 422
    assert "No se selló nada" not in refused.text
    assert "Se rechazó, y quedó registrado" in refused.text
    assert "Destino: MA-006" in refused.text
    folio = _cases(place)[0]
    page = laura.get(f"/casos/{folio}").text
    assert f"/casos/nuevo/MA-006?origen={folio}" in page
    form = laura.get(f"/casos/nuevo/MA-006?origen={folio}").text
    assert "Rosa Cano" in form
    assert "rosa@x.example" in form
    child = _opened(laura, "MA-006", **ASK, **{"d.canal": "proceso", "origen": folio})
    assert f"/casos/{child}" in laura.get(f"/casos/{folio}").text
    assert "Pendiente de atención" in laura.get(f"/casos/{folio}").text
    assert f"/casos/{folio}" in laura.get(f"/casos/{child}").text
    state = place.house.cases.view(folio).state
    assert [(route.destination, route.link) for route in state.routes] == [("MA-006", child)]
    assert f"/casos/nuevo/MA-006?origen={folio}" not in laura.get(f"/casos/{folio}").text


def test_a_step_opens_its_child_with_what_waits_in_its_draft(place: Installation, laura: Browser) -> None:
    """Classifying as an account: the note typed in the step goes with it, and both cases are sealed in one go."""
    folio = _asked(place)
    laura.post_form(f"/casos/{folio}/pasos/4", {"d.respuesta": "Lo revisamos hoy"})
    page = laura.get(f"/casos/{folio}?paso=5").text
    assert f"/casos/nuevo/MA-001?origen={folio}&amp;paso=5&amp;opcion=cuentas_administrativos" in page
    saved = laura.send(
        "PUT", f"/borradores/{folio}/5/campos", json={"fields": {"d.clasificacion": "Pide una cuenta nueva"}}
    )
    assert saved.status_code < 300, saved.text
    fields = {
        "d.tipo": "alta", "d.usuario": "administrativo", "d.nombre": "Rosa Cano", "d.rfc": "RUOA900215AB1",
        "d.correo": "rosa@x.example", "d.zona": "CDMX", "d.paquete": "1", "d.ticket": folio,
    }  # fmt: skip
    origin = {"origen": folio, "paso": "5", "opcion": "cuentas_administrativos"}
    child = _opened(laura, "MA-001", **fields, **origin)
    view = place.house.cases.view(folio)
    assert view.data()["5"]["clasificacion"] == "Pide una cuenta nueva"
    assert [(item.how, item.folio, item.step) for item in kin(view.state, place.house.index)] == [
        ("child", child, "5")
    ]


def test_what_the_step_lacks_is_said_before_anything_is_opened(place: Installation, laura: Browser) -> None:
    """Without the step's own evidence no case is opened there."""
    folio = _asked(place)
    laura.post_form(f"/casos/{folio}/pasos/4", {"d.respuesta": "Lo revisamos hoy"})
    fields = {"d.tipo": "baja", "d.nombre": "Rosa Cano", "d.rfc": "RUOA900215AB1", "d.correo": "r@x.example",
              "d.zona": "CDMX", "d.ticket": "T-1"}  # fmt: skip
    origin = {"origen": folio, "paso": "5", "opcion": "cuentas_administrativos"}
    answer = laura.post_form("/casos/nuevo/MA-001", {**fields, **origin})
    assert answer.status_code == 422
    assert _cases(place) == [folio]


def test_by_command(place: Installation, laura: Browser) -> None:
    """The console opens a child with what is known in its parent, and links two cases."""
    del laura
    folio = _asked(place)
    actor = ("--actor", "especialista@desk.example")
    more = json.dumps({"canal": "proceso", "descripcion": "Sigue aquí"})
    made = _run(place, "cases", "open", "MA-006", "--parent", folio, *actor, "--data", more)
    assert made.exit_code == 0, made.output
    child = made.stdout.strip()
    view = place.house.cases.view(child)
    assert (view.state.parent, view.data()["1"]["nombre"]) == (folio, TICKET["nombre"])
    assert [route.link for route in place.house.cases.view(folio).state.routes] == [child]
    other = _asked(place)
    linked = _run(place, "cases", "link", other, folio, *actor, "--note", "mismo asunto", "--json")
    assert linked.exit_code == 0, linked.output
    assert json.loads(linked.stdout)["folio"] == other
    again = _run(place, "cases", "link", other, folio, *actor)
    assert again.exit_code == 1
    shown = json.loads(_run(place, "cases", "show", child, "--json").stdout)
    assert shown["parent"] == folio


def test_a_mail_fills_the_form_and_is_the_evidence(place: Installation, laura: Browser) -> None:
    """Sender, subject and text are read into the form; the mail itself is sealed as what the user asked."""
    answer = laura.send(
        "POST",
        "/casos/nuevo/MA-006/correo",
        data={"mail": (io.BytesIO(eml("No abre Consultador")), "pedido.eml")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 200, answer.text
    assert "No abre Consultador" in answer.text
    fields = {**ASK, "d.canal": "correo"}
    folio = _opened(laura, "MA-006", **fields)
    first = place.house.ledger.history(folio)[0].entry
    assert [(item["slot"], item["type"]) for item in first.facts["evidence"]] == [
        ("solicitud", "EML"),
        ("solicitud", "TKT"),
    ]
    wrong = laura.send(
        "POST",
        "/casos/nuevo/MA-006/correo",
        data={"mail": (io.BytesIO(b"MZ\x90\x00"), "virus.exe")},
        content_type="multipart/form-data",
    )
    assert wrong.status_code == 422
