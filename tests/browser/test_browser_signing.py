"""The director's whole way on a telephone, from the mail in the outbox to the validated PDF; scanners look first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from evidence.entry import EntryKind
from tests.browser.serving import serving
from tests.fakes.installation import PASSWORD
from tests.fakes.signing_room import LINK, SigningRoom
from tests.servers.processes import free_ports

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
_EXPECTED = "Failed to load resource"


@dataclass
class House:
    """A running installation whose public address is its own loopback port."""

    room: SigningRoom
    address: str
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        """Hear what the page complains of."""
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.errors.append(said.text)
                if said.type in {"error", "warning"} and _EXPECTED not in said.text
                else None
            ),
        )
        return page


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Served on a port that is known before, since links lead to the configured address alone."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    room = SigningRoom.begin(tmp_path / "data", {"CONSTANCIA_PUBLIC_URL": address})
    made = House(room, address)
    with serving(room.place.app, port):
        yield made
    room.place.close()
    assert made.errors == []


def _mailed(house: House) -> str:
    """The address in the last mail that has one."""
    text = next(item for item in reversed(house.room.mails()) if "/s/" in item)
    found = LINK.search(text)
    assert found is not None
    return found[0]


def _ask(house: House, context: BrowserContext, folio: str, factor: str = "") -> Page:
    """The specialist asks from the case's page."""
    page = house.watch(context.new_page())
    page.goto(f"{house.address}/entrar")
    page.get_by_label("Correo").fill(house.room.specialist.email)
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Entrar").click()
    page.goto(f"{house.address}/casos/{folio}")
    page.get_by_role("link", name="Pedir firma por enlace").click()
    page.get_by_label("Comprobación adicional").select_option(factor)
    page.get_by_role("button", name="Enviar el enlace").click()
    expect(page.get_by_role("status").filter(has_text="El enlace va en camino")).to_be_visible()
    return page


def _narrow(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def _accessible(page: Page) -> None:
    result = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert [item["id"] for item in result.response["violations"]] == []


def test_the_director_signs_on_a_telephone(
    house: House, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    """From the case's page to the mail, from there to the PDF: drawn by hand, validated, checked in the browser."""
    folio = house.room.case(1)
    desk = _ask(house, new_context(), folio)
    phone = new_context(**PHONE, bypass_csp=True)
    page = house.watch(phone.new_page())
    page.goto(_mailed(house))
    _accessible(page)
    assert _narrow(page)
    page.get_by_role("button", name="Continuar").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Carta-1")
    assert "/s/" not in page.url
    for picture in page.locator(".link-pages img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.evaluate("image => image.naturalWidth") > 600
    assert _narrow(page)
    _accessible(page)
    page.get_by_label("Dibujada").check()
    pad = page.locator(".link-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    for n in range(12):
        page.mouse.move(box["x"] + 20 + 15 * n, box["y"] + 40 + 10 * (n % 4))
    page.mouse.up()
    page.get_by_role("button", name="Firmar", exact=True).tap()
    expect(page.get_by_role("heading", name="Firmada")).to_be_visible()
    _accessible(page)
    assert _narrow(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="Descargar la carta firmada").tap()
    pdf = Path(started.value.path()).read_bytes()
    assert house.room.place.house.signer.validate(pdf).good
    page.get_by_role("link", name="Comprobarla").tap()
    (tmp_path / "firmada.pdf").write_bytes(pdf)
    (tmp_path / "otra.pdf").write_bytes(pdf[:-1])
    page.locator("[data-file]").set_input_files(tmp_path / "firmada.pdf")
    expect(page.locator("[data-said]")).to_contain_text("Es exactamente este archivo")
    page.locator("[data-file]").set_input_files(tmp_path / "otra.pdf")
    expect(page.locator("[data-said]")).to_contain_text("no es ninguno")
    _accessible(page)
    assert _narrow(page)
    desk.goto(f"{house.address}/casos/{folio}")
    expect(desk.get_by_text("firmada", exact=True).first).to_be_visible()
    assert house.room.place.house.cases.view(folio).state.step("9").status == "hecho"


def test_a_scanner_that_runs_scripts_and_clicks_nothing_changes_nothing(
    house: House, new_context: Callable[..., BrowserContext]
) -> None:
    """T1, T2: HEAD, GET, OPTIONS and a browser that waits for everything to load; then the person opens it as ever."""
    request = house.room.ask(house.room.case(1))
    address = _mailed(house)
    scanner = new_context(user_agent="Mozilla/5.0 (compatible; SafeLinks)")
    for method in ("HEAD", "OPTIONS", "GET"):
        assert scanner.request.fetch(address, method=method).ok
    for _ in range(3):
        page = house.watch(scanner.new_page())
        page.goto(address, wait_until="networkidle")
        page.wait_for_load_state("networkidle")
        assert page.url == address
        page.close()
    kinds = house.room.kinds(request.folio)
    assert "link.opened" not in kinds
    assert house.room.links.office.store.request(request.id).status == "pending"  # type: ignore[union-attr]
    page = house.watch(new_context(**PHONE).new_page())
    page.goto(address)
    page.get_by_role("button", name="Continuar").tap()
    expect(page.get_by_role("button", name="Firmar", exact=True)).to_be_visible()


def test_several_letters_are_signed_by_keyboard_in_one_gesture(
    house: House, new_context: Callable[..., BrowserContext]
) -> None:
    """Each is ticked after its review; Enter signs those, and what was not ticked waits on."""
    requests = [house.room.ask(house.room.case(n)) for n in (1, 2, 3)]
    page = house.watch(new_context(viewport={"width": 360, "height": 740}).new_page())
    page.goto(_mailed(house))
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Continuar").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 cartas esperan tu firma")
    ticks = page.get_by_label("Revisé esta carta y la firmo")
    for n in (0, 1):
        ticks.nth(n).focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Firmar", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Firmada")).to_have_count(2)
    expect(page.get_by_role("button", name="Firmar", exact=True)).to_be_visible()
    signed = [house.room.kinds(item.folio).count("document.signed") for item in requests]
    assert sorted(signed) == [0, 1, 1]


def test_a_code_read_out_by_telephone_opens_the_letter(
    house: House, new_context: Callable[..., BrowserContext]
) -> None:
    """The caller says the reference, the desk reads out the code once, and the signature is of level N2."""
    folio = house.room.case(1)
    desk = _ask(house, new_context(), folio, "code")
    page = house.watch(new_context(**PHONE).new_page())
    page.goto(_mailed(house))
    page.get_by_role("button", name="Continuar").tap()
    expect(page.get_by_role("heading", name="Falta un código")).to_be_visible()
    assert page.locator(".link-pages").count() == 0
    page.get_by_role("button", name="Pedir el código").tap()
    call = page.locator(".link-call").inner_text()
    desk.reload()
    expect(desk.get_by_text(call)).to_be_visible()
    desk.get_by_role("button", name="Generar código").click()
    code = desk.locator(".code-read").inner_text()
    assert re.fullmatch(r"\d{3} \d{3}", code)
    page.get_by_role("textbox", name="Código").fill(code)
    page.get_by_role("button", name="Comprobar").tap()
    page.get_by_role("button", name="Firmar", exact=True).tap()
    expect(page.get_by_role("heading", name="Firmada")).to_be_visible()
    entries = house.room.entries(folio)
    signed = next(item.entry for item in entries if item.entry.kind is EntryKind.DOCUMENT_SIGNED)
    assert signed.facts["level"] == "N2"


def test_declining_on_a_telephone(house: House, new_context: Callable[..., BrowserContext]) -> None:
    """The reason is asked for, the case ends, and the page says what became of it."""
    request = house.room.ask(house.room.case(1))
    page = house.watch(new_context(**PHONE).new_page())
    page.goto(_mailed(house))
    page.get_by_role("button", name="Continuar").tap()
    page.get_by_text("Rechazar", exact=True).tap()
    page.get_by_label("Por qué no la firmas").fill("No procede: falta su ingreso")
    page.get_by_role("button", name="No firmo").tap()
    expect(page.get_by_role("heading", name="Respondiste que no firmas")).to_be_visible()
    assert house.room.place.house.cases.view(request.folio).state.status == "rechazado"
