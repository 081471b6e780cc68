"""From a password that slipped in to its destruction, in a real browser: reported, looked at, decided, asked anew."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from evidence.entry import EntryKind
from identity.accounts import Role, User
from tests.browser.serving import serving, sound
from tests.fakes.installation import PASSWORD, Installation
from tests.servers.processes import free_ports
from tests.web.test_web_drafts import DATA
from tests.web.test_web_quarantine import MAIL, SECRET
from tests.web.test_web_second_factors import _app as app_of
from workflows.commands import Actor, OpenCase, RecordStep, Upload
from workflows.readers import DirectReader

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Served by a real server."""
    (port,) = free_ports(1)
    made = Installation(
        tmp_path_factory.mktemp("quarantine") / "data", {"CONSTANCIA_PUBLIC_URL": f"http://localhost:{port}"}
    )
    with serving(made.app, port):
        yield made
    made.close()


def _enter(page: Page, place: Installation, user: User, secret: str = "") -> None:
    page.goto(f"{place.settings.public_url}/entrar")
    page.get_by_role("textbox", name="Correo").fill(user.email)
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_label("Contraseña", exact=True).press("Enter")
    if secret:
        expect(page.locator("input[name=codigo]")).to_be_visible()
        code = pyotp.TOTP(secret).at(int(place.clock().timestamp()))
        page.locator("input[name=codigo]").fill(code)
        page.locator("input[name=codigo]").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mi bandeja")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_reported_looked_at_and_destroyed(
    place: Installation, chromium: Browser, scheme: str, width: int
) -> None:
    """By keyboard where it counts: nobody sees it from the report on, one look for the officer, then it is gone."""
    house = place.house
    house.cases._reader = DirectReader()
    specialist = place.user()
    officer = place.user(Role.DATOS_PERSONALES, name="Olga Prieto", email=f"olga-{scheme}@desk.example")
    secret = app_of(place, officer)
    data = {**DATA, "rfc": "PEGL800101XY2" if width > 400 else "PEGL800101XY3"}
    actor = Actor(specialist.id, "especialista")
    folio = house.cases.open_case(OpenCase("MA-001", actor, data)).folio
    seq = house.cases.record(RecordStep(folio, "2", actor, (Upload("su acceso.eml", io.BytesIO(MAIL)),))).seq
    url, errors = place.settings.public_url, list[str]()

    def tab() -> Page:
        context = chromium.new_context(
            reduced_motion="reduce",
            viewport={"width": width, "height": 800},
            locale="es-MX",
            color_scheme=scheme,
            bypass_csp=True,
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    page, desk = tab(), tab()
    _enter(page, place, specialist)
    _report(page, f"{url}/casos/{folio}", seq)
    _enter(desk, place, officer, secret)
    _destroy(desk, folio)
    desk.goto(f"{url}/datos-personales/cuarentena")
    sound(desk, "quarantine-queue")
    page.goto(f"{url}/casos/{folio}")
    expect(page.get_by_text("Falta una copia testada").first).to_be_visible()
    sound(page, "quarantine-case-destroyed")
    page.goto(f"{url}/")
    expect(page.get_by_text("Falta una copia testada del paso 2").first).to_be_visible()
    sound(page, "quarantine-inbox-owed")
    page.get_by_role("link", name=f"Subirla en {folio}").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Corregir")
    sound(page, "quarantine-correct")
    kinds = [item.entry.kind for item in house.ledger.history(folio)]
    assert kinds.count(EntryKind.QUARANTINE_VIEWED) == kinds.count(EntryKind.QUARANTINE_DESTROYED) == 1
    assert errors == []


def _report(page: Page, case: str, seq: int) -> None:
    """From the entry's page; afterwards neither entry nor case shows it."""
    page.goto(f"{case}/entradas/{seq}")
    expect(page.get_by_text(SECRET)).to_be_visible()
    page.get_by_role("link", name="Reportar y poner en cuarentena").press("Enter")
    expect(page.get_by_role("checkbox", name="su acceso.eml")).to_be_checked()
    sound(page, "quarantine-report")
    page.get_by_role("radio", name="Muestra una contraseña").check()
    page.get_by_role("textbox", name="Dónde se ve").fill("En el texto del correo, en el segundo renglón.")
    page.get_by_role("button", name="Poner en cuarentena y sellar").press("Enter")
    expect(page.get_by_text("desde ahora nadie lo ve").first).to_be_visible()
    expect(page.get_by_text(SECRET)).to_have_count(0)
    sound(page, "quarantine-entry-waiting")
    page.goto(case)
    expect(page.get_by_text("Cambia esa contraseña ahora")).to_be_visible()
    sound(page, "quarantine-case-waiting")


def _destroy(desk: Page, folio: str) -> None:
    """From the inbox: one look, then the decision."""
    sound(desk, "quarantine-inbox-officer")
    desk.get_by_role("link", name=f"Decidir sobre {folio}").press("Enter")
    expect(desk.get_by_text(SECRET)).to_have_count(0)
    expect(desk.get_by_text("En el texto del correo, en el segundo renglón.")).to_be_visible()
    sound(desk, "quarantine-decide")
    desk.get_by_role("button", name="Ver para decidir").press("Enter")
    expect(desk.get_by_text(SECRET)).to_be_visible()
    sound(desk, "quarantine-seen")
    desk.locator("summary", has_text="Era cierto: destruir").press("Enter")
    box = desk.locator("details[open]", has_text="Era cierto: destruir")
    box.get_by_role("textbox", name="Motivo").fill("Era una contraseña; ya se cambió.")
    box.get_by_role("textbox", name="Escribe el folio para confirmar").fill(folio)
    sound(desk, "quarantine-destroying")
    box.get_by_role("button", name="Destruir y sellar").press("Enter")
    expect(desk.get_by_text("Ya nadie puede leerlo")).to_be_visible()
    sound(desk, "quarantine-destroyed")
