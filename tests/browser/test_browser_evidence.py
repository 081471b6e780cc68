"""Evidence in every natural way, and nothing lost or doubled on the way."""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.papers import PERSON, Papers, png
from tests.browser.people import Act, Person
from tests.fakes.installation import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
]  # a real browser on a busy machine takes its time

_PASTE = """([bytes, name, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0))], name, { type }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
_DROP = """([bytes, name, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(bytes), (sign) => sign.charCodeAt(0))], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector("h1").dispatchEvent(event);
  }
}"""


def _who(number: int) -> dict[str, str]:
    """A different person for every case."""
    return {**PERSON, "nombre": f"Persona Número {number}", "rfc": f"PENU90010{number}AB{number}"}


def test_a_pasted_screenshot_is_sealed_byte_for_byte_under_a_telling_name(
    desk: Desk, person: Callable[..., Person]
) -> None:
    """Ctrl+V stages the picture as captura_<folio>_<paso>_<fecha>.png, and the sealed bytes are those pasted."""
    laura = person()
    folio = laura.open_case(_who(1), ticket="TK-1001")
    page = laura.show(folio, "3")
    shot = png("pegada")
    page.evaluate(_PASTE, [base64.b64encode(shot).decode(), "image.png", "image/png"])
    expect(page.locator("#f-3 [data-files] .files__name")).to_have_text(
        re.compile(rf"^captura_{folio}_3_\d{{4}}-\d\d-\d\d_\d{{6}}\.png$")
    )
    seq = laura.seal("3")
    sealed = desk.place.house.cases.view(folio).entries[seq - 1]
    assert [blob.sha256 for blob in sealed.entry.objects] == [hashlib.sha256(shot).hexdigest()]


def test_a_mail_dropped_anywhere_finds_its_place_and_says_when(
    person: Callable[..., Person], papers: Papers
) -> None:
    """A dropped .eml goes to the slot that takes mails, and its date fills in when it happened."""
    laura = person()
    folio = laura.open_case(_who(2), ticket="TK-1002")
    page = laura.show(folio, "2")
    mail = papers.mail("Confirmamos tu solicitud")
    page.evaluate(_DROP, [base64.b64encode(mail.read_bytes()).decode(), mail.name, "message/rfc822"])
    expect(page.locator('#f-2 [data-files] li[data-file-slot="correo"]')).to_have_count(1)
    expect(page.locator("#f-2 [name=occurred_at]")).not_to_have_value("")
    expect(page.locator(".veil")).to_have_count(0)
    laura.seal("2")


def test_a_reload_keeps_what_was_typed_and_uploaded(person: Callable[..., Person], papers: Papers) -> None:
    """Text, tick, choice and file of an unfinished step are there again after a reload and on the inbox."""
    laura = person()
    folio = laura.open_case(_who(3), ticket="TK-1003")
    page = laura.show(folio, "3")
    laura.attach("3", "estatus", [papers.shot("a_medias")])
    page.locator("#f-3 [name=note]").fill("Falta preguntar a Martha")
    expect(page.locator("#f-3 [data-draft-state]")).to_contain_text("Borrador guardado")
    page = laura.show(folio, "3")
    expect(page.locator("#f-3 [name=note]")).to_have_value("Falta preguntar a Martha")
    expect(page.locator("#f-3 [data-files]")).to_contain_text("a_medias.png")
    laura.go("/")
    expect(page.get_by_text("Tienes 1 borrador sin sellar")).to_be_visible()
    laura.show(folio, "3")
    laura.seal("3")


def test_a_double_click_seals_one_entry(desk: Desk, person: Callable[..., Person]) -> None:
    """Two clicks in a row, and even two identical requests at once, leave one entry."""
    laura = person()
    folio = laura.open_case(_who(4), ticket="TK-1004")
    laura.show(folio, "3")
    laura.fill(Act("3", ticks=["declaro"]))
    button = laura.page.locator("#f-3 [data-seal]")
    expect(button).to_have_attribute("aria-disabled", "false")
    body = laura.page.evaluate("new URLSearchParams(new FormData(document.querySelector('#f-3'))).toString()")
    send = """([url, body]) => {
        const headers = { "Content-Type": "application/x-www-form-urlencoded" };
        const once = () => fetch(url, { method: "POST", body, headers });
        return Promise.all([once(), once()]).then((all) => all.map((one) => one.status));
    }"""
    assert laura.page.evaluate(send, [f"/casos/{folio}/pasos/3", body]) == [200, 200]
    assert [item.entry.step for item in desk.place.house.cases.view(folio).entries] == ["1", "3"]


def test_two_people_on_one_step_one_entry_and_the_other_is_told(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """Who comes second reads who was first, and keeps files and words in the draft."""
    laura = person()
    diego = person(Role.ESPECIALISTA, email="diego@desk.example", name="Diego Salas Ibarra")
    folio = laura.open_case(_who(5), ticket="TK-1005")
    diego.show(folio, "3")
    diego.attach("3", "estatus", [papers.shot("la_de_diego")])
    laura.do(folio, Act("3", ticks=["declaro"]))
    diego.page.locator("#f-3 [data-seal]").click()
    expect(diego.page.get_by_role("alert")).to_contain_text("Otra persona lo registró antes")
    expect(diego.page.get_by_role("alert")).to_contain_text("Laura Ortega Prado")
    assert len(desk.place.house.cases.view(folio).entries) == 2
    kept = desk.place.house.drafts.of_user(diego_id(desk))
    assert [file.name for draft in kept for file in draft.files] == ["la_de_diego.png"]


def diego_id(desk: Desk) -> str:
    """Diego's account."""
    found = desk.place.house.accounts.by_email("diego@desk.example", desk.place.clock())
    assert found is not None
    return found.user.id


def test_a_file_that_is_not_what_it_says_is_refused_where_it_was_dropped(
    person: Callable[..., Person], papers: Papers
) -> None:
    """The row of the file says what it really is and what to do; sealing still says what is missing."""
    laura = person()
    folio = laura.open_case(_who(6), ticket="TK-1006")
    page = laura.show(folio, "2")
    page.locator('#f-2 input[name="file.correo"]').set_input_files(papers.html_called_pdf())
    expect(page.locator("#f-2 [data-files] li")).to_contain_text("dice ser pdf")
    expect(page.locator("#f-2 [data-why]")).to_contain_text("Falta: Correo de confirmación")
    page.locator("#f-2 [data-seal]").click(force=True)  # it says it is disabled, and answers all the same
    expect(page.locator('#f-2 input[name="file.correo"]')).to_be_focused()


def test_the_step_works_without_scripts(desk: Desk, person: Callable[..., Person], papers: Papers) -> None:
    """A plain multipart form seals the same entry."""
    laura = person()
    folio = laura.open_case(_who(7), ticket="TK-1007")
    plain = person(java_script_enabled=False)
    page = plain.go(f"/casos/{folio}?paso=2")
    page.locator('#f-2 input[name="file.correo"]').set_input_files(papers.mail("Sin guiones"))
    page.get_by_role("button", name="Sellar paso 2").click()
    expect(page.locator("#recibo-t")).to_contain_text("Entrada 2 sellada")
    assert desk.place.house.cases.view(folio).entries[1].entry.step == "2"


def test_a_correction_keeps_both_entries_in_view(person: Callable[..., Person], papers: Papers) -> None:
    """Who sealed it annuls it with a reason: the old entry says by which, the new one why, the step is open again."""
    laura = person()
    folio = laura.open_case(_who(8), ticket="TK-1008")
    laura.do(folio, Act("3", {"estatus": [papers.shot("equivocada")]}))
    page = laura.go(f"/casos/{folio}/entradas/2")
    page.get_by_role("link", name="Anular o sustituir").click()
    expect(page.locator("[data-replace]")).to_be_visible()
    page.get_by_label("Anular con motivo").check()
    expect(page.locator("[data-replace]")).to_be_hidden()
    page.get_by_label("Motivo", exact=True).fill("La captura es de otro ticket; me lo dijo Martha.")
    page.get_by_role("button", name="Sellar la corrección").click()
    expect(page.locator("#recibo-t")).to_contain_text("Entrada 3 sellada")
    expect(page.locator("#e2")).to_contain_text("corregida por la 3")
    expect(page.locator("#e3")).to_contain_text("La captura es de otro ticket")
    expect(page.locator(".steps li", has_text="Pendiente de atención").first).to_contain_text("abierto")


def test_who_may_not_reads_who_may(person: Callable[..., Person]) -> None:
    """An auditor sees the step, who records it, and no form; waiving says which role can."""
    laura = person()
    folio = laura.open_case(_who(9), ticket="TK-1009")
    nora = person(Role.AUDITOR_INTERNO, email="nora@audit.example", name="Nora Quintana")
    page = nora.go(f"/casos/{folio}?paso=3")
    expect(page.locator("#paso-3")).to_contain_text("Este paso lo registra: Especialista de Mesa de Ayuda")
    expect(page.locator("#f-3")).to_have_count(0)
    page.locator("#paso-3").get_by_text("Dispensar este paso").click()
    expect(page.locator("#paso-3")).to_contain_text("Sólo puede dispensarlo: Supervisión de Mesa de Ayuda")
    assert "Abrir caso" not in nora.go("/").locator("main").inner_text()


def test_verifying_shows_progress_and_a_verdict_in_words(person: Callable[..., Person], desk: Desk) -> None:
    """A case and the whole log verify as sound, with their level and what was recomputed."""
    laura = person()
    folio = laura.open_case({**PERSON, "rfc": "VEVE900101AB1"}, ticket="TK-1010")
    desk.steward.run_due(float("inf"))
    page = laura.go(f"/casos/{folio}")
    page.get_by_role("button", name="Verificar este caso").click()
    expect(page.locator(".verdict__word")).to_have_text("Válida", timeout=20_000)
    laura.go("/bitacora")
    page.get_by_role("button", name="Verificar también el contenido").click()
    expect(page.locator(".verdict__word")).to_have_text("Válida", timeout=20_000)
    expect(page.locator(".verdict")).to_contain_text("Nivel A")


def test_an_auditor_takes_a_package_of_a_case(
    desk: Desk, person: Callable[..., Person], tmp_path: Path
) -> None:
    """The package downloads under a readable name, holds the case, and the export is in the log."""
    laura = person()
    folio = laura.open_case({**PERSON, "rfc": "EXEX900101AB1"}, ticket="TK-1011")
    nora = person(Role.AUDITOR_INTERNO, email="nora@audit.example", name="Nora Quintana")
    page = nora.go(f"/casos/{folio}")
    page.get_by_role("link", name="Exportar este caso").click()
    expect(page.get_by_label("Folio (si es un caso)")).to_have_value(folio)
    page.get_by_role("button", name="Preparar paquete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Paquete listo", timeout=30_000)
    with page.expect_download() as caught:
        page.get_by_role("link", name="Descargar").click()
    assert caught.value.suggested_filename.startswith(f"constancia-{folio}-")
    caught.value.save_as(tmp_path / "paquete.zip")
    assert any(folio in name for name in zipfile.ZipFile(tmp_path / "paquete.zip").namelist())
    assert desk.place.house.ledger.history("system:exports")


def test_the_sheet_of_the_request_opens_the_case_and_waits_for_its_step(
    person: Callable[..., Person], papers: Papers
) -> None:
    """Row errors are listed by row; a good sheet fills the form and becomes the draft of step 4."""
    laura = person()
    page = laura.go("/casos/nuevo/MA-001")
    good, bad = _who(1), {**_who(2), "rfc": "MAL"}
    good["rfc"] = "HOJA900101AB1"
    page.get_by_label("Archivo .xlsx").set_input_files(papers.sheet("mala", bad))
    page.get_by_role("button", name="Leer el Excel").click()
    expect(page.locator(".reading")).to_contain_text("Renglón 2")
    page.get_by_label("Archivo .xlsx").set_input_files(papers.sheet("buena", good))
    page.get_by_role("button", name="Leer el Excel").click()
    expect(page.locator('[id="n-d.rfc"]')).to_have_value("HOJA900101AB1")
    page.get_by_label("Qué se solicita").select_option("alta")
    page.locator('[id="n-d.ticket"]').fill("TK-1012")
    page.get_by_role("button", name="Abrir y sellar").click()
    expect(page.locator("#recibo")).to_be_visible()
    folio = re.search(r"MA-001-\d{4}-\d{6}", page.url)
    assert folio
    laura.show(folio[0], "4")
    expect(page.locator("#f-4 [data-files]")).to_contain_text("buena.xlsx")
    laura.seal("4")


def test_opening_takes_files_from_anywhere_and_says_what_it_lacks(
    person: Callable[..., Person], papers: Papers
) -> None:
    """A dropped mail waits in the draft through a reload and is sealed with the opening; the sheet has its place."""
    laura = person()
    page = laura.go("/casos/nuevo/MA-001")
    expect(page.locator("[data-opening] [data-why]")).to_contain_text("«Nombre completo»")
    mail = papers.mail("Solicitud de alta")
    page.evaluate(_DROP, [base64.b64encode(mail.read_bytes()).decode(), mail.name, "message/rfc822"])
    expect(page.locator("[data-opening] [data-files] li[data-id]")).to_contain_text(mail.name)
    page.get_by_label("Archivo .xlsx").set_input_files(papers.sheet("nueva", _who(1)))
    expect(page.locator("[data-picked]")).to_have_text("Elegido: nueva.xlsx")
    page.reload()
    expect(page.locator("[data-opening] [data-files] li[data-id]")).to_contain_text(mail.name)
    laura.open_case({**_who(1), "rfc": "SOSO900101AB1"}, ticket="TK-1014")
    expect(page.locator("#e1")).to_contain_text(mail.name)


def test_a_session_that_ends_in_the_middle_costs_nothing(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """Text and file wait through a login in the middle; what is typed after the end stays on the page until saved."""
    laura = person()
    folio = laura.open_case({**_who(1), "rfc": "SISI900101AB1"}, ticket="TK-1015")
    page = laura.show(folio, "2")
    laura.attach("2", "correo", [papers.mail("Antes de salir")])
    page.locator("#f-2 [name=note]").fill("lo que ya había escrito")
    expect(page.locator("#f-2 [data-draft-state]")).to_contain_text("Borrador guardado")
    _end_sessions(desk)
    page.locator("#f-2 [data-seal]").click()
    _enter(page)
    expect(page.locator("#f-2 [data-files] li[data-id]")).to_have_count(1)
    expect(page.locator("#f-2 [name=note]")).to_have_value("lo que ya había escrito")
    expect(page.locator("#f-2 [data-seal]")).to_have_attribute("aria-disabled", "false")  # the draft is known
    _end_sessions(desk)
    page.locator("#f-2 [name=note]").fill("lo que ya había escrito y algo más")
    expect(page.locator("#f-2 [data-draft-state]")).to_contain_text("Tu sesión terminó")
    page.locator("#f-2 [data-seal]").click()
    expect(page.locator("#f-2 [name=note]")).to_have_value("lo que ya había escrito y algo más")
    with laura.context.expect_page() as other:
        page.get_by_role("link", name="Entrar en otra pestaña").click()
    _enter(other.value)
    expect(other.value.get_by_role("heading", level=1)).to_have_text("Mi bandeja")
    page.locator("#f-2 [data-seal]").click()
    expect(page.locator("#recibo-t")).to_contain_text("Entrada 2 sellada")
    expect(page.locator("#e2")).to_contain_text("lo que ya había escrito y algo más")


def _end_sessions(desk: Desk) -> None:
    """At the server: an answer under way could give a browser its cookie back."""
    assert desk.place.house.sessions.end_all(desk.place.user(email="especialista@desk.example").id)


def _enter(page: Page) -> None:
    page.wait_for_url("**/entrar**")
    page.get_by_label("Correo").fill("especialista@desk.example")
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()


def test_a_preview_that_fails_says_so_and_nothing_jumps(
    person: Callable[..., Person], papers: Papers
) -> None:
    """The room is kept while the page is drawn; without an answer there are plain words, and the download stays."""
    laura = person()
    folio = laura.open_case({**_who(1), "rfc": "VIVI900101AB1"}, ticket="TK-1016")
    laura.do(folio, Act("3", {"estatus": [papers.shot("vista")]}))
    page = laura.page
    page.route("**/vista?*", lambda _route: None)
    page.goto(f"{laura.address}/casos/{folio}/entradas/2", wait_until="domcontentloaded")
    expect(page.get_by_text("Preparando la vista…")).to_be_visible()
    before = page.locator(".preview img").bounding_box()
    page.unroute("**/vista?*")
    page.reload()
    expect(page.locator('[data-view][data-state="ready"]')).to_have_count(1)
    assert page.locator(".preview img").bounding_box() == before
    page.route("**/vista?*", lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("No se pudo mostrar aquí")).to_be_visible()
    expect(page.get_by_role("link", name="Descargar")).to_be_visible()


def test_what_belongs_elsewhere_is_sent_there(person: Callable[..., Person]) -> None:
    """A request for an agent is refused with its destination, and the refusal has a folio of its own."""
    laura = person()
    page = laura.go("/casos/nuevo/MA-001")
    page.get_by_text("Rechazar y encaminar").click()
    page.get_by_role("radio", name=re.compile("MA-002")).check()
    page.get_by_role("button", name="Rechazar y registrar").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text(re.compile("rechaz", re.IGNORECASE))
    assert "/casos/MA-001-" in page.url
