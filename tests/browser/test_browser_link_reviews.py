"""An area's review by personal link in a real browser: cards on a telephone, a grid on a desk, sound pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.linked import PHONE, at_its_address
from tests.browser.serving import sound
from tests.fakes.installation import PASSWORD
from tests.fakes.review_room import REASON, ReviewRoom

DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewRoom]:
    """A desk that is served on the address its links lead to."""
    data = tmp_path_factory.mktemp("review") / "data"
    with at_its_address(lambda env: ReviewRoom.begin(data, env)) as made:
        yield made


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
    sound(page, "review")
    boxes = grid.locator("tbody input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("radio", name="Certifica").check()
    page.get_by_label("Motivo").fill(REASON)
    sound(page, "review-chosen")
    page.locator("[data-send]").click()
    expect(page.get_by_text("2 de 12 filas decididas")).to_be_visible()
    boxes.nth(1).check()
    page.get_by_role("radio", name="Baja").check()
    page.get_by_label("Motivo").fill("Me equivoqué: ya no está en mi equipo")
    page.locator("[data-send]").click()
    expect(grid.get_by_text("cambiada")).to_be_visible()
    sound(page, "review-decided")
    page.get_by_role("link", name="sin decisión").click()
    expect(page.locator("[data-rows-count]")).to_contain_text("10")
    page.get_by_role("button", name="Terminé mi revisión").click()
    expect(page.get_by_role("heading", name="Gracias: tu revisión quedó registrada")).to_be_visible()
    sound(page, "review-done")
    assert room.all_kinds(folio).count("review.finished") == 1


def test_the_desks_page_issound(room: ReviewRoom, new_context: Callable[..., BrowserContext]) -> None:
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
        sound(page, "areas")
