"""MA-006 by hand: a stranger asks, a specialist solves, nobody answers, a late answer reopens, an article stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Desk
from tests.browser.papers import Papers
from tests.browser.people import Act, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

ASKED = {
    "nombre": "Rosa Elena Cano",
    "correo": "rosa.cano@promotoria.example",
    "asunto": "No puedo entrar a Consultador",
    "descripcion": "Desde ayer me dice que la cuenta está bloqueada.",
}


def _ask(page: Page, address: str) -> str:
    """Fill in the request page as anybody would; gives the folio it shows."""
    page.goto(f"{address}/solicitar")
    for name, value in ASKED.items():
        page.locator(f'[name="d.{name}"]').fill(value)
    page.get_by_role("button", name="Enviar solicitud").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tu solicitud quedó registrada")
    found = re.search(r"MA-006-\d{4}-\d{6}", page.locator("main").inner_text())
    assert found
    return found[0]


def _work(papers: Papers) -> list[Act]:
    """From the first answer to asking for validation, with a wait for MetLife in between."""
    return [
        Act("4", {"correo": [papers.mail("RE No puedo entrar")]}),
        Act("5", fields={"clasificacion": "No puede entrar a una aplicación"}, choice="acceso"),
        Act("6", fields={"plan": "Revisar el bloqueo y pedir a MetLife que lo quite"}),
        Act("7", ticks=["declaro"]),
        Act("10", {"correo": [papers.mail("MetLife, por favor desbloquear")]}, choice="espera"),
        Act("10", {"correo": [papers.mail("MetLife ya desbloqueó")]}, choice="respondio"),
        *_solve(papers, "primera"),
    ]


def _solve(papers: Papers, which: str) -> list[Act]:
    return [
        Act("8", fields={"accion": f"Se desbloqueó la cuenta ({which} vez)"}),
        Act("9", fields={"llamada": f"Se le avisó por teléfono ({which} vez)"}),
        Act("11", fields={"causa": "Intentos fallidos", "solucion": f"Desbloqueo, {which} vez"}),
        Act("14", {"correo": [papers.mail(f"Por favor valida, {which} vez")]}),
    ]


def _days_pass(desk: Desk) -> None:
    """Move to a business day after the third, and let the timers do what they owe."""
    clock, calendar = desk.place.clock, desk.place.house.cases.calendar
    clock.offset += timedelta(days=6)
    while not calendar.is_business_day(calendar.local_day(clock())):
        clock.offset += timedelta(days=1)
    desk.place.house.cases.fire_due_timers()


def test_a_ticket_from_the_public_page_to_its_article(
    desk: Desk, person: Callable[..., Person], new_context: Callable[..., BrowserContext], papers: Papers
) -> None:
    """The whole path: public intake, a paused wait, closing by itself, a late answer that reopens, and the article."""
    laura = person()
    folio = _ask(new_context().new_page(), desk.address)
    page = laura.go(f"/casos/{folio}")
    expect(page.locator(".head__do")).to_contain_text("Pendiente de atención")
    for act in _work(papers):
        laura.do(folio, act)
        if act.choice == "espera":
            expect(laura.go(f"/casos/{folio}").locator(".head__do")).to_contain_text("En espera de tercero")
    expect(laura.go(f"/casos/{folio}").locator(".head__do")).to_contain_text("Espera la validación")
    _days_pass(desk)
    laura.enter("especialista@desk.example")
    page = laura.go(f"/casos/{folio}")
    expect(page.locator(".head__do")).to_contain_text("sin respuesta")
    expect(page.locator(".head__do")).to_contain_text("expediente incompleto")
    laura.do(folio, Act("16a", fields={"llamada": "Llamó: sigue sin entrar"}, choice="no_resuelto"))
    expect(laura.go(f"/casos/{folio}").locator(".head__do")).to_contain_text("En proceso")
    for act in _solve(papers, "segunda"):
        if act.step != "9":
            laura.do(folio, act)
    laura.do(folio, Act("16", fields={"llamada": "Llamó: ya entra"}, choice="validado"))
    article = {
        "titulo": "Consultador: cuenta bloqueada",
        "problema": "Dice que la cuenta está bloqueada.",
        "resolucion": "Se pide el desbloqueo a MetLife.",
    }
    laura.do(folio, Act("18", fields=article, choice="articulo"))
    expect(laura.go(f"/casos/{folio}").locator(".head__do")).to_contain_text("expediente completo")
    found = laura.go("/conocimiento/articulos?q=bloqueada")
    found.get_by_role("link", name=article["titulo"]).click()
    expect(found.locator("main")).to_contain_text(article["resolucion"])
    state = desk.place.house.cases.view(folio).state
    assert (state.closed, state.complete) == (True, True)
    assert [str(item.code) for item in state.exceptions if item.code == "reopened"] == ["reopened"]
    assert laura.errors == []
