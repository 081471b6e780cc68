"""The review of accesses in a real browser: decided by keyboard, looked at wide and on a telephone in the dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.people import Person
from tests.browser.serving import sound

pytestmark = pytest.mark.browser


def test_a_review_from_opening_to_silence(desk: Desk, person: Callable[..., Person]) -> None:
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
    sound(page, "empty")
    page.get_by_role("button", name="Abrir y sellar").press("Enter")
    expect(page.get_by_text("se suspenden solas").first).to_be_visible()
    sound(page, "open")
    row = page.get_by_role("row", name="Persona 0 Ñuñez")
    row.get_by_role("radio", name="Conservar").check()
    row.get_by_label("Por qué").fill("sigue en la mesa")
    row.get_by_role("button", name="Sellar la decisión").press("Enter")
    expect(page.get_by_text("«sigue en la mesa»")).to_be_visible()
    page.goto(desk.address)
    expect(page.get_by_text("Ir a la revisión")).to_be_visible()
    sound(page, "inbox")

    desk.place.clock.offset += timedelta(days=16)
    desk.place.house.reviews.run()
    for email, role in (("jq@desk.example", Role.DIRECTOR), ("adm@desk.example", Role.ADMINISTRADOR)):
        from identity.access import Granter  # noqa: PLC0415 - the console's way back in

        user = desk.place.user(role, email=email)
        desk.place.house.access.grant(user.id, role, Granter(via="console"))
    director.enter("jq@desk.example")
    director.page.goto(f"{desk.address}/revision-de-accesos")
    expect(director.page.get_by_text("suspendida por silencio").first).to_be_visible()
    sound(director.page, "silence")
    desk.place.clock.offset -= timedelta(days=16)
