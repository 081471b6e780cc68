"""The review of accesses in a real browser: decided by keyboard, looked at wide and on a telephone in the dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.people import Person

pytestmark = pytest.mark.browser


def _well(page: Page, pictures: Path, name: str) -> None:
    """Nothing for axe, nothing sideways; a picture to look at."""
    page.screenshot(path=pictures / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name  # type: ignore[index]
    assert Axe().run(page).violations_count == 0, name


def test_a_review_from_opening_to_silence(desk: Desk, person: Callable[..., Person], tmp_path: Path) -> None:
    """Opened, one person decided by keyboard, the rest suspended; at 1280 px, and at 360 px in the dark."""
    for number, role in enumerate((Role.ESPECIALISTA, Role.CAPTURISTA, Role.SUPERVISOR)):
        desk.place.user(role, email=f"p{number}@desk.example", name=f"Persona {number} Ñuñez")
    director = person(
        Role.DIRECTOR, email="jq@desk.example", name="Jesús Quiriarte", bypass_csp=True,
        viewport={"width": 360, "height": 800}, color_scheme="dark",
    )  # fmt: skip
    admin = person(Role.ADMINISTRADOR, email="adm@desk.example", name="Olga Ríos", bypass_csp=True)
    page = admin.page
    page.goto(f"{desk.address}/revision-de-accesos")
    _well(page, tmp_path, "empty")
    page.get_by_role("button", name="Abrir y sellar").press("Enter")
    expect(page.get_by_text("se suspenden solas").first).to_be_visible()
    _well(page, tmp_path, "open")
    row = page.get_by_role("row", name="Persona 0 Ñuñez")
    row.get_by_role("radio", name="Conservar").check()
    row.get_by_label("Por qué").fill("sigue en la mesa")
    row.get_by_role("button", name="Sellar la decisión").press("Enter")
    expect(page.get_by_text("«sigue en la mesa»")).to_be_visible()
    page.goto(desk.address)
    expect(page.get_by_text("Ir a la revisión")).to_be_visible()
    _well(page, tmp_path, "inbox")

    desk.place.clock.offset += timedelta(days=16)
    desk.place.house.reviews.run()
    for email, role in (("jq@desk.example", Role.DIRECTOR), ("adm@desk.example", Role.ADMINISTRADOR)):
        from identity.access import Granter  # noqa: PLC0415 - the console's way back in

        user = desk.place.user(role, email=email)
        desk.place.house.access.grant(user.id, role, Granter(via="console"))
    director.enter("jq@desk.example")
    director.page.goto(f"{desk.address}/revision-de-accesos")
    expect(director.page.get_by_text("suspendida por silencio").first).to_be_visible()
    _well(director.page, tmp_path, "silence")
    desk.place.clock.offset -= timedelta(days=16)
