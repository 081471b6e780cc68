"""Who may correct, who may stand in, whose answer is waited for; and that a refusal never costs a file."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from evidence.canonical import Json
from identity.access import Granter
from identity.accounts import Role, User
from tests.browser.papers import PERSON, Papers, png
from tests.fakes.installation import Browser, Installation
from web.pages.forms import draft_view
from web.wiring import Draft, DraftKey

BOSS = Granter(via="console", os_user="prueba")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation."""
    made = Installation(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def laura(place: Installation) -> Browser:
    """A signed-in specialist."""
    return place.client(Role.ESPECIALISTA)


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    """Files to bring."""
    return Papers(tmp_path / "papers")


def _typed(**more: str) -> dict[str, object]:
    fields = {**PERSON, "tipo": "alta", "ticket": "TK-1", **more}
    return {f"d.{name}": value for name, value in fields.items()}


def _post(browser: Browser, path: str, data: dict[str, object]) -> TestResponse:
    form = {"csrf_token": browser.token(), **data}
    return browser.client.post(path, data=form, content_type="multipart/form-data")


def _open(browser: Browser) -> str:
    answer = _post(browser, "/casos/nuevo/MA-001", _typed())
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])


def _shot(name: str = "pendiente.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(png(name)), name


def _record(browser: Browser, folio: str, step: str, data: dict[str, object]) -> None:
    answer = _post(browser, f"/casos/{folio}/pasos/{step}", data)
    assert answer.status_code == 303, answer.text


def test_who_records_a_step_corrects_it_and_the_page_says_so(place: Installation, laura: Browser) -> None:
    """The author finds the way to correct her own entry; who records other steps reads whose it is, and is refused."""
    folio = _open(laura)
    _record(laura, folio, "3", {"file.estatus": _shot()})
    page = laura.get(f"/casos/{folio}/entradas/2").text
    assert "Anular o sustituir" in page
    assert "Puede hacerlo: Especialista de Mesa de Ayuda, Supervisión de Mesa de Ayuda" in page
    martha = place.client(Role.CAPTURISTA, email="martha@desk.example")
    page = martha.get(f"/casos/{folio}/entradas/2").text
    assert "Puede corregirla: Especialista de Mesa de Ayuda, Supervisión de Mesa de Ayuda" in page
    assert "Tu cuenta no tiene ese papel" in page
    wish = {"how": "annul", "reason": "La captura era de otro ticket."}
    assert martha.post_form(f"/casos/{folio}/entradas/2/corregir", wish).status_code == 403
    assert laura.post_form(f"/casos/{folio}/entradas/2/corregir", wish).status_code == 303
    assert "Anular o sustituir" not in laura.get(f"/casos/{folio}/entradas/3").text, "an annulment is final"


def test_the_opening_is_replaced_and_a_waiver_annulled(place: Installation, laura: Browser) -> None:
    """The forms offer what the rules allow for each entry and nothing else."""
    folio = _open(laura)
    boss = place.client(Role.SUPERVISOR, email="jefa@desk.example")
    waived = boss.post_form(
        f"/casos/{folio}/pasos/2/dispensar", {"reason": "El ticket se confirmó por teléfono."}
    )
    assert waived.status_code == 303
    opening = laura.get(f"/casos/{folio}/entradas/1/corregir").text
    assert 'value="replace"' in opening
    assert 'value="annul"' not in opening
    waiver = boss.get(f"/casos/{folio}/entradas/2/corregir").text
    assert 'value="annul"' in waiver
    assert 'value="replace"' not in waiver


def _deputies(place: Installation) -> tuple[User, User]:
    """Cinthya, who holds the desk's post, and Carlos, her backup."""
    cinthya = place.user(email="cinthya@desk.example", name="Cinthya")
    carlos = place.user(email="carlos@desk.example", name="Carlos")
    place.house.posts.appoint("mesa_de_ayuda", cinthya.id, BOSS)
    place.house.posts.name_backup(carlos.id, cinthya.id, BOSS)
    return cinthya, carlos


def test_a_backup_acts_for_the_holder_and_both_names_stay(place: Installation, laura: Browser) -> None:
    """The form names the holder with the date; the entry says for whom; nobody else is offered or believed."""
    cinthya, carlos = _deputies(place)
    folio = _open(laura)
    backup = place.client(email=carlos.email)
    form = backup.get(f"/casos/{folio}?paso=3").text
    assert re.search(
        rf'<option value="{cinthya.id}">Cinthya, titular desde el \d\d/\d\d/\d{{4}}</option>', form
    )
    assert "acting_for" not in laura.get(f"/casos/{folio}?paso=3").text
    refused = _post(laura, f"/casos/{folio}/pasos/3", {"file.estatus": _shot(), "acting_for": cinthya.id})
    assert refused.status_code == 403
    assert "Nadie puede actuar por esa persona" in refused.text
    _record(backup, folio, "3", {"file.estatus": _shot(), "acting_for": cinthya.id})
    assert place.house.ledger.history(folio)[1].entry.facts["acting_for"] == cinthya.id
    for path in (f"/casos/{folio}", f"/casos/{folio}/entradas/2"):
        assert "en nombre de Cinthya" in laura.get(path).text


def test_a_refused_opening_keeps_every_file(place: Installation, laura: Browser, papers: Papers) -> None:
    """A bad RFC and a bad file cost neither text nor the good file; the next try seals it, with nothing chosen anew."""
    mail = papers.mail("Solicitud")
    liar = papers.html_called_pdf()
    chosen = [(io.BytesIO(mail.read_bytes()), mail.name), (io.BytesIO(liar.read_bytes()), liar.name), _shot()]
    answer = _post(laura, "/casos/nuevo/MA-001", {**_typed(), "files": chosen})
    assert answer.status_code == 422
    assert re.search(r"field__wrong.*dice ser pdf", answer.text), "beside the picker"
    answer = _post(laura, "/casos/nuevo/MA-001", _typed(rfc="MAL"))
    assert answer.status_code == 422
    for page in (answer.text, laura.get("/casos/nuevo/MA-001").text):
        assert mail.name in page
        assert "pendiente.png" in page
    assert "MA-001: solicitud por abrir" in laura.get("/").text
    waiting = json.loads(laura.get_json("/borradores/nuevo-MA-001/apertura").data)["files"]
    picture = next(file["id"] for file in waiting if file["name"] == "pendiente.png")
    folio = (
        _post(laura, "/casos/nuevo/MA-001", {**_typed(), "drop": picture})
        .headers["Location"]
        .split("?")[0][-18:]
    )
    files = place.house.ledger.history(folio)[0].payload()["files"]
    assert isinstance(files, list)
    assert [file["name"] for file in files if isinstance(file, dict)] == [mail.name]
    assert "solicitud por abrir" not in laura.get("/").text


def test_a_refused_correction_keeps_its_new_file(place: Installation, laura: Browser) -> None:
    """Without a reason nothing is sealed, and the file is still there for the next try."""
    folio = _open(laura)
    _record(laura, folio, "3", {"file.estatus": _shot()})
    path = f"/casos/{folio}/entradas/2/corregir"
    again: dict[str, object] = {"how": "replace", "d.sin_contrasenas": "si"}
    answer = _post(laura, path, {**again, "reason": "", "file.estatus": _shot("buena.png")})
    assert answer.status_code == 422
    assert "buena.png" in laura.get(path).text
    assert "corrección de la entrada 2" in laura.get("/").text
    assert _post(laura, path, {**again, "reason": "La captura era de otro ticket."}).status_code == 303
    files = place.house.ledger.history(folio)[2].payload()["files"]
    assert isinstance(files, list)
    assert [file["name"] for file in files if isinstance(file, dict)] == ["buena.png"]


def test_what_waits_for_the_director_is_told_in_his_words(
    place: Installation, laura: Browser, papers: Papers
) -> None:
    """His inbox starts with what he is asked; the case says that it waits for him and who records the answer."""
    folio = _open(laura)
    sent = place.clock() - timedelta(minutes=5)
    steps: list[tuple[str, dict[str, object]]] = [
        ("2", {"file.correo": _file(papers.mail("Recibida", sent))}),
        ("3", {"file.estatus": _shot()}),
        ("4", {"file.formato": _file(papers.sheet("solicitud", dict(PERSON)))}),
        ("5", {"file.estatus": _shot("en_proceso.png")}),
        ("6", {"d.paquete": "1"}),
        ("7", {"file.carta": _file(papers.letter("carta"))}),
        ("8", {"file.correo": _file(papers.mail("Carta para firma", sent))}),
    ]
    for step, data in steps:
        _record(laura, folio, step, {"d.sin_contrasenas": "si", **data})
    director = place.client(Role.DIRECTOR, email="director@desk.example")
    page = director.get("/").text
    assert "1 caso espera por ti" in page
    assert page.index("Esperan por ti") < page.index("Espera la firma del Director General")
    assert "Me toca hoy" not in page
    assert "Abrir caso" not in page
    form = director.get(f"/casos/{folio}?paso=9").text
    assert "El caso espera tu respuesta. Cuando la des, la registra: Especialista de Mesa de Ayuda." in form
    nora = place.client(Role.AUDITOR_INTERNO, email="nora@audit.example")
    assert "Nada espera por ti" in nora.get("/").text
    assert "Este paso lo registra: Especialista de Mesa de Ayuda" in nora.get(f"/casos/{folio}?paso=9").text


def _file(path: Path) -> tuple[io.BytesIO, str]:
    return io.BytesIO(path.read_bytes()), path.name


def test_a_preview_has_its_room_before_it_is_drawn(laura: Browser) -> None:
    """A picture's size stands in the page, with words for when it cannot be drawn."""
    folio = _open(laura)
    _record(laura, folio, "3", {"file.estatus": _shot()})
    page = laura.get(f"/casos/{folio}/entradas/2").text
    assert re.search(r'data-view="picture".*<img[^>]* width="640" height="360"', page)
    assert "No se pudo mostrar aquí" in page


@pytest.mark.parametrize("step", ["corregir-x", "corregir-1"])
def test_a_draft_of_any_name_leaves_the_inbox_readable(laura: Browser, step: str) -> None:
    """Whatever step somebody names to the drafts' API, the inbox lists it."""
    folio = _open(laura)
    token = {"X-CSRFToken": laura.token()}
    saved = laura.client.put(
        f"/borradores/{folio}/{step}/campos", json={"fields": {"note": "algo"}}, headers=token
    )
    assert saved.status_code == 200
    assert laura.get("/").status_code == 200


@pytest.mark.parametrize(
    ("posted", "back"),
    [
        ("/casos/MA-001-2026-000001/pasos/2", "/casos/MA-001-2026-000001/pasos/2"),
        ("/casos/MA-001-2026-000001/pasos/2/dispensar", "/casos/MA-001-2026-000001/pasos/2"),
        ("/casos/MA-001-2026-000001/rechazar", "/casos/MA-001-2026-000001"),
        ("/casos/nuevo/MA-001/leer", "/casos/nuevo/MA-001"),
        ("/exportar", "/exportar"),
    ],
)
def test_a_login_asked_for_by_a_form_comes_back_to_its_page(
    place: Installation, laura: Browser, posted: str, back: str
) -> None:
    """Whoever posts after the session ended goes on at a page that can be shown, never at a form's bare address."""
    _open(laura)
    answer = place.stranger().post_form(posted)
    assert answer.status_code == 303
    onward = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    assert onward == back
    boss = place.client(Role.SUPERVISOR, email="jefa@desk.example")
    assert boss.client.get(onward, follow_redirects=True).status_code == 200


def test_another_tab_s_different_evidence_is_not_called_a_repetition(laura: Browser) -> None:
    """The step is done in one tab; what the other one brings is neither sealed nor thrown away; it can be discarded."""
    folio = _open(laura)
    first = {"file.estatus": _shot("una.png"), "d.sin_contrasenas": "si"}
    _record(laura, folio, "3", {**first, "idempotency_key": "form:uno"})
    other = {
        "file.estatus": _shot("otra.png"),
        "note": "desde la otra pestaña",
        "idempotency_key": "form:dos",
    }
    answer = _post(laura, f"/casos/{folio}/pasos/3", {**other, "d.sin_contrasenas": "si"})
    assert answer.status_code == 409
    assert "Ya lo habías registrado" in answer.text
    left = laura.get(f"/casos/{folio}?paso=3").text.partition("data-left-over")[2]
    assert "otra.png" in left
    assert "desde la otra pestaña" in left
    assert laura.post_form(f"/casos/{folio}/pasos/3/descartar").status_code == 303
    assert "data-left-over" not in laura.get(f"/casos/{folio}?paso=3").text


@pytest.mark.parametrize("kept", ["carta_firmada:9:0", ["carta_firmada:9:0", "dsn:13:0"]])
def test_a_sealed_file_ticked_for_reuse_stays_ticked(kept: str | list[Json]) -> None:
    """One tick is kept as a text, several as a list: the form is shown with all of them."""
    draft = Draft("d", DraftKey("u", "MA-001-2026-000001", "16"), {"reuse": kept, "note": "algo"}, (), "")
    assert draft_view(draft).reuse == frozenset([kept] if isinstance(kept, str) else kept)
