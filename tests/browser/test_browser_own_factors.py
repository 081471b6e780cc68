"""An authenticator application on a telephone: enrolled after a code read out, then used in the call's place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.linked import at_its_address
from tests.browser.serving import sound
from tests.fakes.signing_room import SigningRoom

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningRoom]:
    """Served on a port that is known beforehand, since mailed links name it."""
    data = tmp_path_factory.mktemp("own") / "data"
    with at_its_address(lambda env: SigningRoom.begin(data, env)) as made:
        yield made


def _arrive(room: SigningRoom, page: Page) -> None:
    page.goto(f"{room.place.settings.public_url}/s/{room.token()}")
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/enlace/**")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_call_to_ones_own_application(room: SigningRoom, chromium: Browser, scheme: str) -> None:
    """360 px: a code read out, the answer, the QR, the first code; the next letter opens with the application."""
    context = chromium.new_context(
        reduced_motion="reduce",
        viewport={"width": 360, "height": 740},
        locale="es-MX",
        color_scheme=scheme,
        bypass_csp=True,
    )
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    number = 1 if scheme == "light" else 5
    first = room.ask(room.case(number), factor="code")
    _arrive(room, page)
    page.get_by_role("button", name="Pedir el código").click()
    page.wait_for_load_state("networkidle")
    visit = room.links.codes.callers(first.id)[0]
    page.get_by_role("textbox", name="Código").fill(room.links.codes.issue(first.id, visit.id, room.actor))
    page.get_by_role("button", name="Comprobar").click()
    expect(page.get_by_text("No reconozco").first).to_be_visible()
    standing = page.url
    form = page.locator(f'form[action$="/{first.id}/rechazar"]')
    page.locator("details", has=form).locator("summary").click()
    form.locator('[name="motivo"]').fill("No me corresponde firmarla")
    form.get_by_role("button").click()
    page.goto(standing)
    sound(page, "offer")
    page.get_by_role("button", name="Inscribir mi aplicación").click()
    picture = page.get_by_role("img", name="Código QR para tu aplicación de códigos")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    sound(page, "shown")
    secret = page.locator(".factor-key").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Código de tu aplicación").fill(_code(room, secret))
    page.get_by_role("button", name="Confirmar").click()
    expect(page.get_by_text("quedó inscrita")).to_be_visible()
    sound(page, "done")
    room.place.clock.offset += timedelta(seconds=30)
    second = room.ask(room.case(number + 1), factor="totp")
    _arrive(room, page)
    sound(page, "asked")
    page.get_by_role("textbox", name="Código de tu aplicación").fill(_code(room, secret))
    page.get_by_role("button", name="Comprobar mi aplicación").click()
    expect(page.get_by_role("img").first).to_be_visible()
    assert errors == []
    context.close()
    room.links.desk.withdraw(second.id, room.actor, "Llegó firmada en papel")
    for item in room.links.factors.store.of(room.director.id):
        room.links.factors.store.revoke(item.id)


def _code(room: SigningRoom, secret: str) -> str:
    return pyotp.TOTP(secret).at(int(room.place.clock().timestamp()))
