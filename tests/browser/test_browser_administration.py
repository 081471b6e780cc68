"""The administration room in a real browser: a zone changes hands on a date, and every page is for everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.people import Person
from tests.browser.test_browser_access import WCAG
from tests.web.test_web_administration import PAGES
from tests.workflows.samples import Samples
from workflows.commands import Actor, OpenCase, RecordStep

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def _contact(admin: Person, name: str, email: str) -> None:
    page = admin.go("/administracion/contactos")
    page.locator("#c-name").fill(name)
    page.locator("#c-email").fill(email)
    page.get_by_role("button", name="Guardar y sellar").click()
    expect(page.get_by_role("row", name=f"{name} {email}")).to_be_visible()


def _appoint(admin: Person, zone: str, who: str, since: str = "") -> None:
    page = admin.go("/administracion/zonas")
    section = page.get_by_role("region", name=zone, exact=True)
    section.get_by_text("Nombrar a alguien").click()
    section.get_by_label("Quién").select_option(label=who)
    if since:
        section.get_by_label("Desde el inicio del día").fill(since)
    section.get_by_role("button", name="Nombrar y sellar").click()
    expect(page.get_by_text("Nombramiento sellado.")).to_be_visible()


def test_a_case_sees_the_new_holder_of_a_zone_from_its_date_on(
    desk: Desk, person: Callable[..., Person]
) -> None:
    """Julio answers today; the zone is given to Alexis from tomorrow, and tomorrow the form offers Alexis."""
    admin = person(Role.ADMINISTRADOR, email="admin@desk.example", name="Ada Mora Luz")
    _contact(admin, "Julio Paz", "julio@zona.example")
    _contact(admin, "Alexis Sol", "alexis@zona.example")
    _appoint(admin, "Acapulco", "Julio Paz · julio@zona.example")
    laura = person(email="laura@desk.example")
    folio = _case(desk)
    page = laura.go(f"/casos/{folio}?paso=3")
    chooser = page.get_by_label("Asistente comercial")
    expect(chooser.locator("option:checked")).to_have_text("Julio Paz · titular")

    tomorrow = (desk.place.house.calendar.local_day(desk.place.clock()) + timedelta(days=1)).isoformat()
    page = admin.go("/administracion/zonas")
    section = page.get_by_role("region", name="Acapulco", exact=True)
    section.locator("summary", has_text="Terminar").click()
    section.get_by_label("Hasta el inicio del día").fill(tomorrow)
    section.get_by_role("button", name="Terminar el periodo").click()
    expect(page.get_by_text("Fin del periodo sellado.")).to_be_visible()
    _appoint(admin, "Acapulco", "Alexis Sol · alexis@zona.example", tomorrow)
    expect(page.get_by_role("region", name="Acapulco", exact=True).get_by_text("Por venir")).to_be_visible()

    page = laura.go(f"/casos/{folio}?paso=3")
    expect(page.get_by_label("Asistente comercial").locator("option:checked")).to_have_text(
        "Julio Paz · titular"
    )
    desk.place.clock.offset += timedelta(days=1)
    try:
        laura.enter("laura@desk.example")
        page = laura.go(f"/casos/{folio}?paso=3")
        expect(page.get_by_label("Asistente comercial").locator("option:checked")).to_have_text(
            "Alexis Sol · titular"
        )
        admin.enter("admin@desk.example")
        page = admin.go("/administracion/zonas")
        page.get_by_text("1 periodo anterior").click()
        expect(page.get_by_role("region", name="Acapulco", exact=True)).to_contain_text("Julio Paz")
        page.get_by_role("link", name="Entrada").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    finally:
        desk.place.clock.offset -= timedelta(days=1)


def _case(desk: Desk) -> str:
    """An MA-002 case of an agent in Acapulco, at step 3."""
    house, samples = desk.place.house, Samples()
    definition = house.definitions.current("MA-002")
    actor = Actor(desk.place.user(email="laura@desk.example").id, "especialista")
    typed = samples.opening(definition, {})
    files = samples.opening_files(definition, {})
    folio = house.cases.open_case(OpenCase("MA-002", actor, typed, files)).folio
    found = samples.step(definition, definition.by_step["2"], "", house.cases.view(folio).state.params)
    house.cases.record(RecordStep(folio, "2", actor, **found))  # type: ignore[arg-type]
    return folio


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_room_is_for_everybody(person: Callable[..., Person], width: int, scheme: str) -> None:
    """Axe finds nothing and no page scrolls sideways, light and dark, wide and on a small phone."""
    admin = person(
        Role.ADMINISTRADOR,
        email="admin@desk.example",
        name="Ada Mora Luz",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    )
    found, axe = [], Axe()
    for path in PAGES:
        page = admin.go(path)
        page.wait_for_load_state("networkidle")
        result = axe.run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        found += [
            f"{path} {item['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
            for item in result.response["violations"]
            for node in item["nodes"][:4]
        ]
        if page.evaluate("document.documentElement.scrollWidth - window.innerWidth") > 0:
            found.append(f"{path} scrolls sideways")
    assert found == []
