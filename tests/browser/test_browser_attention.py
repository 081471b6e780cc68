"""MA-007 on one screen, by keyboard and on a phone; and a mailbox of MA-003 from its request to its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from identity.access import Granter
from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.papers import Papers
from tests.browser.people import Act, Person
from tests.workflows.desk import local

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MONDAY = "2026-11-23 10:00"


@pytest.fixture
def at(desk: Desk) -> Iterator[Callable[[str], None]]:
    """Moves the house's clock; afterwards it runs as before."""
    before = desk.place.clock.offset

    def move(moment: str) -> None:
        desk.place.clock.offset = local(moment) - datetime.now(UTC)

    yield move
    desk.place.clock.offset = before


def _type(page: Page, *keys: str) -> None:
    """Words are typed, names of keys in brackets are pressed."""
    for key in keys:
        if key.startswith("["):
            page.keyboard.press(key.strip("[]"))
        else:
            page.keyboard.type(key)


def test_a_whole_contact_by_keyboard_alone(
    desk: Desk, person: Callable[..., Person], at: Callable[[str], None]
) -> None:
    """From the empty screen to the closed case without a mouse: typing, tabs, blanks, and Ctrl+Enter."""
    at(MONDAY)
    laura = person()
    page = laura.go("/casos/nuevo/MA-007")
    expect(page).to_have_url(re.compile(r"/atencion/nueva$"))
    expect(page.locator('[name="d.clave"]')).to_be_focused()
    _type(page, "ag 48213", "[Tab]", "[Tab]", "Pro99", "[Tab]", "No puede entrar", "[Tab]", "[Tab]")
    _type(
        page,
        "Sesión trabada",
        "[Tab]",
        "Pro99",
        "[Tab]",
        "Alta",
        "[Tab]",
        "[Space]",
        "[Tab]",
        "[Tab]",
        "[Tab]",
    )
    _type(page, "Se limpió la sesión", "[Control+Enter]")
    page.wait_for_url("**/atencion/nueva?sellado=*")
    folio = page.url.rpartition("=")[2]
    state = desk.place.house.cases.view(folio).state
    assert (state.closed, state.complete, state.status) == (True, True, "resuelto")
    assert state.params["urgencia"] == "alta"
    assert state.exceptions == ()
    expect(page.locator('[name="d.clave"]')).to_be_focused()
    assert page.locator("#q-keys option").first.get_attribute("value") == "AG48213"


def test_on_a_phone_and_what_is_refused_keeps_what_was_typed(
    desk: Desk, person: Callable[..., Person], at: Callable[[str], None]
) -> None:
    """At 360 pixels nothing overflows; a refused submit says in which step, keeps every word, and seals nothing."""
    at(MONDAY)
    laura = person()
    page = laura.go("/atencion/nueva")
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator('[name="d.clave"]').fill("AG7")
    page.locator('[name="d.asunto"]').select_option("contrasena")
    page.locator('[name="d.motivo"]').fill("Olvidó su acceso")
    page.locator('[name="d.diagnostico"]').fill("Bloqueado")
    page.locator('[name="d.sistema"]').select_option("pro99")
    expect(page.locator('[name="d.verificacion"]')).to_be_hidden()
    page.locator('[name="d.reseteo"]').check()
    page.locator('[name="d.reseteo_hecho"]').select_option("completado")
    page.locator('[name="d.verificacion"]').evaluate("field => { field.required = false; }")
    before = desk.place.house.ledger.tree_size()
    page.get_by_role("button", name="Sellar el contacto").click()
    expect(page.get_by_role("alert")).to_contain_text("2a Verificar la identidad")
    assert desk.place.house.ledger.tree_size() == before
    expect(page.locator('[name="d.motivo"]')).to_have_value("Olvidó su acceso")
    page.locator('[name="d.verificacion"]').select_option("devolucion")
    page.get_by_role("button", name="Sellar el contacto").click()
    page.wait_for_url("**/atencion/nueva?sellado=*")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_at_night_a_contact_is_queued_or_refused(
    desk: Desk, person: Callable[..., Person], at: Callable[[str], None]
) -> None:
    """Outside the hours the screen asks for the contact alone; either way there is a folio."""
    at("2026-11-23 19:30")
    laura = person()
    for choice, status in (("Dejar en cola", "En cola"), ("Rechazar", "fuera_de_horario")):
        page = laura.go("/atencion/nueva")
        expect(page.get_by_text("El servicio abre el 24/11/2026 08:00")).to_be_visible()
        expect(page.locator('[name="d.diagnostico"]')).to_have_count(0)
        page.locator('[name="d.clave"]').fill("AG9")
        page.locator('[name="d.asunto"]').select_option("pro99")
        page.locator('[name="d.motivo"]').fill("Llamó de noche")
        page.get_by_text(choice, exact=True).click()
        page.get_by_role("button", name="Registrar el contacto y sellar").click()
        page.wait_for_url("**/atencion/nueva?sellado=*")
        assert desk.place.house.cases.view(page.url.rpartition("=")[2]).state.status == status


def test_what_was_in_time_is_recorded_in_full_after_it(
    person: Callable[..., Person], at: Callable[[str], None]
) -> None:
    """After closing time, a contact of before it gets the whole screen, once its hour is said."""
    at("2026-11-24 18:20")
    page = person().go("/atencion/nueva")
    expect(page.locator('[name="d.diagnostico"]')).to_have_count(0)
    page.get_by_label("Si fue antes, ocurrió el").fill("2026-11-24T17:50")
    page.get_by_role("button", name="Usar esa hora").click()
    expect(page.locator('[name="d.diagnostico"]')).to_be_visible()
    expect(page.locator('[name="occurred_at"]')).to_have_value("2026-11-24T17:50")


def test_what_is_not_solved_goes_on_in_the_case(
    desk: Desk, person: Callable[..., Person], at: Callable[[str], None]
) -> None:
    """Not solved now: the promise is kept watch over, and the case opens at its follow-up ticket."""
    at(MONDAY)
    laura = person()
    page = laura.go("/atencion/nueva")
    page.locator('[name="d.clave"]').fill("AG8")
    page.locator('[name="d.asunto"]').select_option("belife")
    page.locator('[name="d.motivo"]').fill("Falta una póliza")
    page.locator('input[name="fin"][value="seguimiento"]').check()
    page.locator('[name="d.diagnostico"]').fill("No aparece")
    page.locator('[name="d.sistema"]').select_option("belife")
    page.locator('[name="d.pendiente"]').fill("Lo revisa MetLife")
    page.locator('[name="d.promesa"]').fill("2026-11-25T12:00")
    page.get_by_role("button", name="Sellar el contacto").click()
    page.wait_for_url("**/casos/MA-007-*")
    expect(page.locator("#paso-10")).to_be_visible()
    folio = re.search(r"MA-007-\d{4}-\d{6}", page.url)
    assert folio
    state = desk.place.house.cases.view(folio[0]).state
    assert [timer.timer for timer in state.timers] == ["promesa"]


def test_a_mailbox_from_its_request_to_its_end(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """MA-003 by clicking: who holds cPanel creates an agent's mailbox, and both receptions are confirmed."""
    cinthya = person(Role.ESPECIALISTA, Role.CPANEL, email="cinthya@desk.example", name="Cinthya Ríos")
    house = desk.place.house
    user = house.accounts.by_email("cinthya@desk.example", house.clock())
    assert user is not None
    house.posts.appoint("cpanel", user.user.id, Granter(via="console", os_user="prueba"))
    desk.place.clock.offset += timedelta(seconds=2)
    page = cinthya.go("/casos/nuevo/MA-003")
    page.locator('[name="d.flujo"]').select_option("alta")
    page.locator('[name="d.usuario"]').select_option("agente")
    for name, value in (("nombre", "Iñaki"), ("apellido", "Peña"), ("clave", "ag-777")):
        page.locator(f'[name="d.{name}"]').fill(value)
    page.locator('[name="d.ticket"]').fill("TK-1")
    page.get_by_role("button", name="Abrir y sellar").click()
    expect(page.locator("#recibo")).to_be_visible()
    found = re.search(r"MA-003-\d{4}-\d{6}", page.url)
    assert found
    shot, mail = papers.shot, papers.mail
    for act in (
        Act("2", fields={"comprobado": "Clave en CAM"}),
        Act("3", ticks=["revisada"]),
        Act("5", ticks=["declaro"]),
        Act("6", {"captura": [shot("cuenta")]}, ticks=["sin_contrasenas"]),
        Act("7", fields={"correo_personal": "persona@correo.example"}, choice="recibido"),
        Act("8", {"captura": [shot("redireccion")]}, ticks=["sin_contrasenas"]),
        Act("9", {"captura": [shot("copia")]}, ticks=["sin_contrasenas"]),
        Act("10", {"correo": [mail("Prueba TuAgente")]}),
        Act("11", {"respuesta": [mail("Sí me llegó")]}, choice="recibido"),
        Act("12", {"respuesta": [mail("Capacitación lo recibió")]}, choice="recibido"),
        Act("13", {"correo": [mail("Tu correo está activo")]}),
        Act("14", fields={"registro": "Inventario, renglón 118"}),
    ):
        cinthya.do(found[0], act)
    view = house.cases.view(found[0])
    assert (view.state.status, view.state.complete) == ("activo", True)
    assert view.data()["3"]["direccion"] == "ag777@tuagente.example"
