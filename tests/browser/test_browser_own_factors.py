"""An authenticator application on a telephone: enrolled after a code read out, then used in the call's place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.browser.conftest import _closing, _Quiet
from tests.fakes.signing_room import SigningRoom
from tests.servers.processes import free_ports

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningRoom]:
    """Served on a port that is known beforehand, since mailed links name it."""
    (port,) = free_ports(1)
    made = SigningRoom.begin(
        tmp_path_factory.mktemp("own") / "data", {"CONSTANCIA_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    )
    server = make_server("127.0.0.1", port, _closing(made.place.app), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()
    made.place.close()


def _arrive(room: SigningRoom, page: Page) -> None:
    page.goto(f"{room.place.settings.public_url}/s/{room.token()}")
    page.get_by_role("main").get_by_role("button").first.click()
    page.wait_for_url("**/enlace/**")


def _well(page: Page, pictures: Path, name: str) -> None:
    """Nothing for axe, nothing sideways; a picture to look at."""
    page.screenshot(path=pictures / f"{name}.png", full_page=True)
    assert Axe().run(page).violations_count == 0, name
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], name  # type: ignore[index]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_call_to_ones_own_application(
    room: SigningRoom, chromium: Browser, tmp_path: Path, scheme: str
) -> None:
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
    _well(page, tmp_path, "offer")
    page.get_by_role("button", name="Inscribir mi aplicación").click()
    picture = page.get_by_role("img", name="Código QR para tu aplicación de códigos")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") > 0
    _well(page, tmp_path, "shown")
    secret = page.locator(".factor-key").inner_text().replace(" ", "")
    page.get_by_role("textbox", name="Código de tu aplicación").fill(_code(room, secret))
    page.get_by_role("button", name="Confirmar").click()
    expect(page.get_by_text("quedó inscrita")).to_be_visible()
    _well(page, tmp_path, "done")
    room.place.clock.offset += timedelta(seconds=30)
    second = room.ask(room.case(number + 1), factor="totp")
    _arrive(room, page)
    _well(page, tmp_path, "asked")
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
