"""Passkeys in a real browser with a virtual authenticator: the director's telephone, from a call to a signature."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from evidence.entry import EntryKind
from signing.records import Request
from tests.browser.devices import Device
from tests.browser.linked import at_its_address
from tests.browser.serving import sound
from tests.fakes.signing_room import SigningRoom

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningRoom]:
    """Served on a port that is known beforehand, under the name that browsers bind keys to."""
    data = tmp_path_factory.mktemp("keys") / "data"
    with at_its_address(lambda env: SigningRoom.begin(data, env), "localhost") as made:
        yield made


def _arrive(room: SigningRoom, page: Page) -> None:
    page.goto(f"{room.place.settings.public_url}/s/{room.token()}")
    page.get_by_role("main").get_by_role("button").first.press("Enter")
    page.wait_for_url("**/enlace/**")


def _called(room: SigningRoom, page: Page, request: Request) -> None:
    page.get_by_role("button", name="Pedir el código").press("Enter")
    page.wait_for_load_state("networkidle")
    visit = room.links.codes.callers(request.id)[0]
    page.get_by_role("textbox", name="Código").fill(room.links.codes.issue(request.id, visit.id, room.actor))
    page.get_by_role("button", name="Comprobar").press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_call_to_a_signature_with_ones_own_key(
    room: SigningRoom, chromium: Browser, scheme: str
) -> None:
    """360 px, by keyboard: enrolled after a call; cancelled, then used; the next letter signed by it; a copy ends."""
    context = chromium.new_context(
        reduced_motion="reduce",
        viewport={"width": 360, "height": 740},
        locale="es-MX",
        color_scheme=scheme,
        bypass_csp=True,
    )
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    device = Device(context, page)
    number = 1 if scheme == "light" else 5
    first = room.ask(room.case(number), factor="code")
    _arrive(room, page)
    _called(room, page, first)
    page.get_by_role("textbox", name="Nombre").fill("Jesús Quiriarte")
    page.get_by_role("button", name="Firmar", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="La próxima vez usa una llave de acceso")).to_be_visible()
    sound(page, "offer")
    page.get_by_role("textbox", name="Nombre para reconocerla").fill("Mi teléfono")
    device.verifies(False)
    page.get_by_role("button", name="Inscribir una llave de acceso").press("Enter")
    expect(page.get_by_text("No se usó ninguna llave")).to_be_visible(timeout=30_000)
    sound(page, "cancelled")
    device.verifies(True)
    page.get_by_role("button", name="Inscribir una llave de acceso").press("Enter")
    expect(page.get_by_text("Tu llave de acceso quedó inscrita")).to_be_visible()
    expect(page.get_by_text("Mi teléfono")).to_be_visible()
    sound(page, "done")

    second = room.ask(room.case(number + 1), factor="passkey")
    _arrive(room, page)
    sound(page, "asked")
    page.get_by_role("button", name="Usar mi llave de acceso").press("Enter")
    expect(page.get_by_role("button", name="Firmar con mi llave")).to_be_visible()
    sound(page, "opened")
    device.verifies(False)
    page.get_by_role("button", name="Firmar con mi llave").press("Enter")
    expect(page.get_by_text("No se usó ninguna llave")).to_be_visible(timeout=30_000)
    device.verifies(True)
    page.get_by_role("button", name="Firmar con mi llave").press("Enter")
    expect(page.get_by_role("heading", name="Firmada")).to_be_visible()
    signed = next(s for s in room.entries(second.folio) if s.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert signed.entry.facts["level"] == "N3"

    third = room.ask(room.case(number + 2), factor="passkey")
    _arrive(room, page)
    device.count(1)
    page.get_by_role("button", name="Usar mi llave de acceso").press("Enter")
    expect(page.get_by_text("puede haber una copia")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Falta tu llave de acceso")).to_be_visible()
    sound(page, "lost")
    assert not room.links.passkeys.of(room.director.id)
    assert errors == []
    context.close()
    room.links.desk.withdraw(third.id, room.actor, "Llegó firmada en papel")


def test_a_browser_without_keys_and_another_address_are_told(room: SigningRoom, chromium: Browser) -> None:
    """No button that cannot work; the page says why, and where keys are."""
    context = chromium.new_context(reduced_motion="reduce", locale="es-MX")
    page = context.new_page()
    device = Device(context, page)
    first = room.ask(room.case(10), factor="code")
    _arrive(room, page)
    _called(room, page, first)
    page.get_by_role("textbox", name="Nombre").fill("Jesús Quiriarte")
    page.get_by_role("button", name="Firmar", exact=True).click()
    expect(page.get_by_role("heading", name="Firmada")).to_be_visible()
    page.wait_for_load_state()  # its script listens by then
    page.get_by_role("button", name="Inscribir una llave de acceso").click()
    expect(page.get_by_text("Tu llave de acceso quedó inscrita")).to_be_visible()
    assert device.id
    second = room.ask(room.case(11), factor="passkey")
    old = chromium.new_context(reduced_motion="reduce", locale="es-MX")
    old.add_init_script("delete window.PublicKeyCredential")
    page = old.new_page()
    _arrive(room, page)
    expect(page.get_by_text("Este navegador no puede usar llaves de acceso")).to_be_visible()
    expect(page.get_by_role("button", name="Usar mi llave de acceso")).to_be_hidden()
    elsewhere = old.new_page()
    url = room.place.settings.public_url
    elsewhere.goto(f"{url.replace('localhost', '127.0.0.1')}/s/{room.token()}")
    elsewhere.get_by_role("main").get_by_role("button").first.click()
    expect(elsewhere.get_by_text(f"abre esta página en {url}")).to_be_visible()
    old.close()
    context.close()
    room.links.desk.withdraw(second.id, room.actor, "Llegó firmada en papel")
