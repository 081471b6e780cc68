"""An area's review by personal link in a real browser: cards on a telephone, a grid on a desk, sound pages."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.browser.conftest import _closing, _Quiet
from tests.fakes.installation import PASSWORD
from tests.fakes.review_room import REASON, ReviewRoom

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewRoom]:
    """A desk that is served on the address its links lead to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    made = ReviewRoom.begin(tmp_path_factory.mktemp("review") / "data", {"CONSTANCIA_PUBLIC_URL": address})
    server = make_server("127.0.0.1", port, _closing(made.place.app), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()
    made.place.close()


def _sound(page: Page, name: str) -> None:
    """No violation of WCAG 2.2 AA, and nothing wider than the window; kept as a picture where one is asked for."""
    if folder := os.environ.get("CONSTANCIA_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_an_area_decides_in_parts_corrects_and_finishes(
    room: ReviewRoom, new_context: Callable[..., BrowserContext], size: dict[str, int]
) -> None:
    """From the mail's link to the thanks: two decided at once, one corrected, a filter, the end; all pages sound."""
    folio = room.campaign(rows=24)
    room.invite(folio, note="¿Quién sigue en tu equipo?")
    page = new_context(viewport=size, bypass_csp=True).new_page()
    page.goto(f"{room.place.settings.public_url}/s/{room.token()}")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revisión de usuarios: Norte")
    grid = page.locator("[data-grid]")
    expect(grid).to_have_attribute("role", "grid")
    expect(page.get_by_text("0 de 12 filas decididas")).to_be_visible()
    _sound(page, "review")
    boxes = grid.locator("tbody input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("radio", name="Certifica").check()
    page.get_by_label("Motivo").fill(REASON)
    _sound(page, "review-chosen")
    page.locator("[data-send]").click()
    expect(page.get_by_text("2 de 12 filas decididas")).to_be_visible()
    boxes.nth(1).check()
    page.get_by_role("radio", name="Baja").check()
    page.get_by_label("Motivo").fill("Me equivoqué: ya no está en mi equipo")
    page.locator("[data-send]").click()
    expect(grid.get_by_text("cambiada")).to_be_visible()
    _sound(page, "review-decided")
    page.get_by_role("link", name="sin decisión").click()
    expect(page.locator("[data-rows-count]")).to_contain_text("10")
    page.get_by_role("button", name="Terminé mi revisión").click()
    expect(page.get_by_role("heading", name="Gracias: tu revisión quedó registrada")).to_be_visible()
    _sound(page, "review-done")
    assert room.all_kinds(folio).count("review.finished") == 1


def test_the_desks_page_is_sound(room: ReviewRoom, new_context: Callable[..., BrowserContext]) -> None:
    """Whom to ask, by area, at 360 px and on a desk."""
    folio = room.campaign()
    for size in (PHONE, DESK):
        page = new_context(viewport=size, bypass_csp=True).new_page()
        page.goto(f"{room.place.settings.public_url}/entrar")
        page.fill("input[name=email]", room.specialist.email)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/entrar" not in url)
        page.goto(f"{room.place.settings.public_url}/casos/{folio}/campana/preguntar")
        page.get_by_role("link", name="Preguntar por enlace personal").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Preguntar a las áreas por enlace")
        _sound(page, "areas")
