"""Pages without a browser: what they hand out is what was sealed, and what they may not they do not."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.checkpoint import Checkpoint
from evidence.tlog_proof import parse_proof
from evidence.tree import leaf_hash
from identity.accounts import Role
from tests.browser.papers import PERSON, Papers, png
from tests.fakes.installation import Browser, Installation
from web.inception import settle


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
def folio(place: Installation, laura: Browser) -> str:
    """A case with a screenshot in its second entry, published."""
    answer = laura.post_form("/casos/nuevo/MA-001", _typed())
    assert answer.status_code == 303, answer.text
    made = str(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    _seal(laura, made, "3", {"file.estatus": (io.BytesIO(png("pendiente")), "pendiente.png")})
    settle(place.house)
    return made


def _typed(**more: str) -> dict[str, str]:
    fields = {**PERSON, "tipo": "alta", "ticket": "TK-1", **more}
    return {f"d.{name}": value for name, value in fields.items()}


def _seal(browser: Browser, folio: str, step: str, data: dict[str, object], key: str = "") -> str:
    form = {"csrf_token": browser.token(), "idempotency_key": key, **data}
    answer = browser.client.post(
        f"/casos/{folio}/pasos/{step}", data=form, content_type="multipart/form-data"
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_the_bytes_of_a_page_are_the_bytes_that_were_hashed(
    place: Installation, laura: Browser, folio: str
) -> None:
    """Exact bytes hash to the leaf shown, and the proof leads from there to the signed head."""
    sealed = place.house.ledger.history(folio)[1]
    with laura.get(f"/casos/{folio}/entradas/2/bytes") as exact:
        data = exact.data
    assert leaf_hash(data).hex() == sealed.leaf
    assert sealed.leaf in laura.get(f"/casos/{folio}/entradas/2").text
    with laura.get(f"/casos/{folio}/entradas/2/prueba") as answer:
        proof = parse_proof(answer.data)
    head = proof.verify(leaf_hash(data), (place.house.vkey,), place.house.settings.origin)
    assert isinstance(head, Checkpoint)
    assert proof.index == sealed.index


def test_a_file_leaves_as_it_was_sealed_and_its_preview_is_drawn_anew(laura: Browser, folio: str) -> None:
    """The download is the original as an attachment; the preview is another PNG and never cached or framed."""
    with laura.get(f"/casos/{folio}/entradas/2/archivos/0") as original:
        assert original.data == png("pendiente")
        assert original.headers["Content-Disposition"].startswith("attachment")
    preview = laura.get(f"/casos/{folio}/entradas/2/archivos/0/vista")
    assert preview.mimetype == "image/png"
    assert preview.data.startswith(b"\x89PNG")
    assert laura.get(f"/casos/{folio}/entradas/2/archivos/7").status_code == 404


def test_a_changed_object_is_a_finding_and_not_a_byte_of_it_leaves(
    place: Installation, laura: Browser, folio: str
) -> None:
    """Somebody edits a stored file: the download refuses loudly, and verifying the case says which entry."""
    blob = place.house.ledger.history(folio)[1].entry.objects[0]
    path = place.settings.data / "objects" / blob.key
    path.chmod(0o600)
    path.write_bytes(b"X" + path.read_bytes()[1:])
    answer = laura.get(f"/casos/{folio}/entradas/2/archivos/0")
    assert answer.status_code == 500
    assert "hallazgo de integridad" in answer.text
    begun = laura.post_form(f"/casos/{folio}/verificar")
    text = _finished(laura, begun.headers["Location"])
    assert "Inválida" in text
    assert "El contenido de un archivo cambió." in text
    assert f"/casos/{folio}/entradas/2" in text


def _finished(browser: Browser, path: str) -> str:
    for _ in range(200):
        text = browser.get(path).text
        if "data-job=" not in text:
            return text
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_the_same_form_sent_twice_is_one_entry(place: Installation, laura: Browser, folio: str) -> None:
    """A repeated plain request with the same key and content leads to the same receipt."""
    mail, name = _mail(place)
    letter = mail.getvalue()
    first = _seal(laura, folio, "2", {"file.correo": (io.BytesIO(letter), name)}, key="form:abc")
    second = _seal(laura, folio, "2", {"file.correo": (io.BytesIO(letter), name)}, key="form:abc")
    assert [item.entry.step for item in place.house.ledger.history(folio)] == ["1", "3", "2"]
    assert "sellada=3" in first
    assert "sellada" in second


def _mail(place: Installation) -> tuple[io.BytesIO, str]:
    path = Papers(place.settings.data.parent).mail("Confirmación", place.clock() - timedelta(minutes=5))
    return io.BytesIO(path.read_bytes()), path.name


def test_a_refused_step_keeps_the_upload_and_says_what_is_wrong(
    place: Installation, laura: Browser, folio: str
) -> None:
    """Sealing step 9 too early answers 422 on the case's page; the file waits in the draft."""
    form = {
        "csrf_token": laura.token(),
        "file.correo": (io.BytesIO(_mail(place)[0].read()), "carta.eml"),
        "choice": "autorizada",
    }
    answer = laura.client.post(f"/casos/{folio}/pasos/9", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Antes del paso 9 falta" in answer.text
    draft = json.loads(laura.get_json(f"/borradores/{folio}/9").data)
    assert [file["name"] for file in draft["files"]] == ["carta.eml"]


@pytest.mark.parametrize("role", [Role.AUDITOR_INTERNO, Role.ADMINISTRADOR])
def test_who_only_reads_reads_everything_and_writes_nothing(
    place: Installation, folio: str, role: Role
) -> None:
    """Auditors see case, entry, log and knowledge; every writing address answers 403."""
    reader = place.client(role, email=f"{role}@example.mx")
    for path in (
        "/",
        "/casos",
        f"/casos/{folio}",
        f"/casos/{folio}/entradas/2",
        "/bitacora",
        "/procesos/MA-001",
        "/exportar",
    ):
        assert reader.get(path).status_code == 200, path
    for path in (f"/casos/{folio}/pasos/2", f"/casos/{folio}/pasos/2/dispensar", f"/casos/{folio}/rechazar",
                 f"/casos/{folio}/entradas/2/corregir", "/casos/nuevo/MA-001"):  # fmt: skip
        assert reader.post_form(path).status_code == 403, path


def test_a_specialist_takes_no_packages_out(laura: Browser) -> None:
    """Recording and exporting are different rights."""
    assert laura.get("/exportar").status_code == 403
    assert "Exportar" not in laura.get("/").text


def test_the_case_shows_what_was_known_at_a_date(place: Installation, laura: Browser, folio: str) -> None:
    """As of a moment between two entries the later one is not there, and nothing can be recorded."""
    place.clock.offset = timedelta(hours=1)
    _seal(laura, folio, "2", {"file.correo": _mail(place)})
    between = place.clock() - timedelta(minutes=30)
    moment = between.astimezone(place.settings.tz).strftime("%Y-%m-%dT%H:%M")
    text = laura.get(f"/casos/{folio}?a_la_fecha={moment}").text
    assert 'id="e2"' in text
    assert 'id="e3"' not in text
    assert "data-evidence" not in text
    assert 'id="e3"' in laura.get(f"/casos/{folio}").text
    assert laura.get(f"/casos/{folio}?a_la_fecha=nunca").status_code == 400


def test_cases_are_found_by_what_people_know(laura: Browser, folio: str) -> None:
    """RFC, a piece of the name without accents, the ticket; a whole folio leads straight there."""
    for words in ("RUOM900215AB1", "maria fernanda", "tk-1"):
        assert folio in laura.get("/casos", query_string={"q": words}).text, words
    assert folio not in laura.get("/casos", query_string={"q": "nadie"}).text
    assert laura.get("/casos", query_string={"q": folio.lower()}).status_code == 303
    assert laura.get("/casos?despues=no-es-un-cursor").status_code == 400


def test_unknown_places_answer_404_with_a_way_out(laura: Browser, folio: str) -> None:
    """Cases, entries, processes and steps that do not exist say so in Spanish."""
    for path in ("/casos/MA-001-2026-999999", f"/casos/{folio}/entradas/99", "/procesos/MA-004", "/casos/nuevo/MA-004",
                 "/procesos/MA-001/1999-01-01.toml", "/bitacora/verificaciones/nada"):  # fmt: skip
        answer = laura.get(path)
        assert answer.status_code == 404, path
        assert "Ir a mi bandeja" in answer.text


def test_the_definition_s_file_is_the_one_cases_pin(place: Installation, laura: Browser) -> None:
    """The knowledge page hands out the exact bytes whose digest it shows."""
    definition = place.house.definitions.current("MA-001")
    assert definition.digest in laura.get("/procesos/MA-001").text
    with laura.get(f"/procesos/MA-001/{definition.version}.toml") as file:
        assert file.data == definition.source
    assert (
        "Elaborar la <mark>carta</mark> <mark>custodia</mark>" in laura.get("/procesos?q=CARTA+custodia").text
    )


def test_a_second_case_of_the_same_person_leads_to_the_first(laura: Browser, folio: str) -> None:
    """Opening twice is refused with a link to the case that is open, and what was typed is still there."""
    answer = laura.post_form("/casos/nuevo/MA-001", _typed(ticket="TK-2"))
    assert answer.status_code == 409
    assert f'href="/casos/{folio}"' in answer.text
    assert 'value="RUOM900215AB1"' in answer.text


def test_an_export_of_nonsense_is_refused_where_it_was_asked(place: Installation) -> None:
    """A period that ends before it starts and a folio that does not exist start no job."""
    boss = place.client(Role.SUPERVISOR, email="jefa@desk.example")
    upside_down = {"what": "all", "from": "2026-02-01", "to": "2026-01-01"}
    assert boss.post_form("/exportar", upside_down).status_code == 422
    assert (
        "Ese folio no existe"
        in boss.post_form("/exportar", {"what": "case", "case": "MA-001-2026-999999"}).text
    )


def test_hostile_bytes_are_never_read_in_the_server_itself(
    place: Installation, laura: Browser, folio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preview, a mail on the entry's page and the request's spreadsheet are read in a process that may die."""
    mail, name = _mail(place)
    _seal(laura, folio, "2", {"file.correo": (mail, name)})

    def here(*_arguments: object, **_options: object) -> None:
        raise AssertionError("read in the server's own process")

    monkeypatch.setattr("documents.preview._render", here)
    monkeypatch.setattr("documents.request_form._read", here)
    assert laura.get(f"/casos/{folio}/entradas/2/archivos/0/vista").mimetype == "image/png"
    assert "Confirmación" in laura.get(f"/casos/{folio}/entradas/3").text
    sheet = Papers(place.settings.data.parent).sheet("solicitud")
    form = {"csrf_token": laura.token(), "sheet": (io.BytesIO(sheet.read_bytes()), sheet.name)}
    answer = laura.client.post("/casos/nuevo/MA-001/leer", data=form, content_type="multipart/form-data")
    assert answer.status_code == 200


def test_what_a_screenshot_shows_is_asked_kept_in_the_draft_and_told(laura: Browser, folio: str) -> None:
    """System and date are fields of places for screenshots; a refusal gives them back, the entry tells them."""
    form = laura.get(f"/casos/{folio}?paso=5").text
    assert 'name="shot.estatus.system"' in form
    assert '<option value="CAM Pegasus">' in form
    typed = {"shot.estatus.system": "Mesa de servicio", "shot.estatus.date": "2024-02-30"}
    picture = {"file.estatus": (io.BytesIO(png("en proceso")), "en_proceso.png")}
    answer = laura.client.post(
        f"/casos/{folio}/pasos/5",
        data={"csrf_token": laura.token(), **typed, **picture},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 422
    assert 'value="Mesa de servicio"' in answer.text
    _seal(laura, folio, "5", {**typed, "shot.estatus.date": "2024-02-28"})
    assert "Mesa de servicio · 28/02/2024" in laura.get(f"/casos/{folio}").text
    assert "Mesa de servicio · 28/02/2024" in laura.get(f"/casos/{folio}/entradas/3").text
