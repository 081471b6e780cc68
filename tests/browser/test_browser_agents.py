"""MA-002 and MA-008 by hand: the daily control, a list that opens cases, and one whole path of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.papers import Papers
from tests.browser.people import Act, Person
from tests.documents.test_documents_agent_list import HEADER, ROW, book

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def _list(folder: Path, *rows: tuple[object, ...]) -> Path:
    path = folder / "lista_cam.xlsx"
    path.write_bytes(book(HEADER, *rows).getvalue())
    return path


def _control(desk: Desk, laura: Person, process: str, series: str) -> None:
    """One click in the inbox says that nothing was found; the card then says so."""
    page = laura.go("/")
    card = page.locator("section[aria-labelledby=i-controls]")
    name = desk.place.house.definitions.current(process).by_series[series].name.es
    line = card.locator("li", has_text=name)
    if line.get_by_role("button").count():  # a business day
        line.get_by_role("button", name="Sin hallazgos hoy").click()
        expect(page.get_by_role("status").filter(has_text="Quedó sellado: sin hallazgos")).to_be_visible()
        expect(card.locator("li", has_text=name)).to_contain_text("registrado")
        house = desk.place.house
        state = house.cases.view(house.cases.controls.case_of(process, series)).state
        assert state.control is not None
        assert [count for _, count, _ in state.control.days] == [0]


def _import(laura: Person, process: str, series: str, listing: Path) -> list[str]:
    """Upload a list, look at what it would do, and open its cases."""
    page = laura.go(f"/controles/{process}/{series}/lista")
    page.locator("input[type=file]").set_input_files(str(listing))
    page.get_by_role("button", name="Leer la lista").click()
    expect(page.get_by_role("heading", name="por abrir")).to_be_visible()
    page.get_by_role("button", name=re.compile("Sellar y abrir")).click()
    expect(page.get_by_text("El control quedó sellado")).to_be_visible()
    return [link.inner_text().strip() for link in page.locator(".notice li a").all()]


def test_an_agents_account_from_the_list_to_the_thanks(
    desk: Desk, person: Callable[..., Person], papers: Papers, tmp_path: Path
) -> None:
    """MA-002: nothing found in one click, then a list with one good and one repeated row, then every step."""
    laura = person()
    desk.place.house.cases.controls.run()
    _control(desk, laura, "MA-002", "revision_diaria")
    (folio,) = _import(laura, "MA-002", "revision_diaria", _list(tmp_path, ROW, ROW))
    expect(laura.page.get_by_text("ya está en el renglón 2 de la misma lista")).to_be_visible()
    mail, shot = papers.mail, papers.shot
    for act in (
        Act("2", fields={"promotoria": "Del Valle", "cedula": "A-55213", "vigencia": "2034-12-29"},
            picks={"zona": "cdmx"}),
        Act("3", fields={"asistente_nombre": "Julio Cárdenas"}),
        Act("4", {"correo": [mail("Confirmación de alta")]}),
        Act("5", reuse=True),
        Act("6", {"correo": [mail("RE Confirmación de alta")]}, choice="adelante"),
        Act("7", ticks=["entre"]),
        Act("8", {"captura": [shot("des_datos")]}),
        Act("9", {"captura": [shot("des_alta")]}),
        Act("10", fields={"clave_cam": "AG10457"}),
        Act("11", {"captura": [shot("pro99")]}),
        Act("12", reuse=True),
        Act("13", reuse=True),
        Act("14", {"confirmacion": [mail("Alta procesada")]}),
        Act("15", {"correo": [mail("Alta completa")]}),
        Act("18", fields={"usuario": "ag10457", "destinatario": "Julio Cárdenas"},
            picks={"canal": "llamada"}, ticks=["cambio_obligatorio"]),
        Act("17", {"captura": [shot("cam_activo")]}),
        Act("16", {"correo": [mail("¿Ya entró?")]}),
        Act("19", {"correo": [mail("Muchas gracias, ya lo tengo")]}),
    ):  # fmt: skip
        laura.do(folio, act)
    state = desk.place.house.cases.view(folio).state
    assert (state.status, state.closed, state.complete) == ("cerrado", True, True)
    assert state.machine_values() == {"cam_pegasus": "Activo", "pro99": "En proceso"}


def test_an_eligible_agent_to_the_documented_account(
    desk: Desk, person: Callable[..., Person], papers: Papers, tmp_path: Path
) -> None:
    """MA-008: the day's control by one click, the case by its form, and every step to the end."""
    laura = person()
    desk.place.house.cases.controls.run()
    _control(desk, laura, "MA-008", "control_diario")
    (folio,) = _import(laura, "MA-008", "control_diario", _list(tmp_path, ("HE20881", "Laura Ibarra")))
    mail, shot = papers.mail, papers.shot
    for act in (
        Act("3", {"captura": [shot("filtro")]}),
        Act("4", fields={"cedula": "A-1", "vigencia": "2034-12-29"}),
        Act("5", fields={"comprobado": "Todo completo"}),
        Act("6", {"captura": [shot("busqueda")]}),
        Act("7", {"captura": [shot("hermes")]}),
        Act("8", fields={"usuario": "libarra"}),
        Act("9", fields={"perfil": "Estándar"}),
        Act("10", {"captura": [shot("activa")]}),
        Act("11", {"captura": [shot("respond")]}, ticks=["sin_contrasenas"]),
        Act("12", fields={"folio_hermes": "HER-2026-014"}),
        Act("13", {"correo": [mail("Alta en Hermes")]}, {"destinatario": "Laura Ibarra"},
            picks={"canal": "llamada"}, ticks=["cambio_obligatorio"]),
        Act("15", fields={"documentado": "Alta sin novedad"}),
    ):  # fmt: skip
        laura.do(folio, act)
    state = desk.place.house.cases.view(folio).state
    assert (state.status, state.closed, state.complete) == ("cerrado", True, True)
    assert state.machine_values() == {"hermes": "Comunicado"}


def test_pages_of_controls_on_a_phone(person: Callable[..., Person]) -> None:
    """At 360 pixels nothing of the controls page or of the list page runs out of the window."""
    laura = person(viewport={"width": 360, "height": 740}, color_scheme="dark")
    for path in ("/controles", "/controles/MA-002/revision_diaria/lista"):
        page = laura.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
