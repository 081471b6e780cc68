"""Returning a signed letter on a telephone in a real browser, and the desk's page of it: by thumb, keyboard, reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.linked import PHONE, at_its_address
from tests.browser.serving import sound
from tests.fakes.installation import PASSWORD
from tests.fakes.returning_room import ReturningRoom, photograph


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReturningRoom]:
    """A desk that is served on the address its links lead to."""
    data = tmp_path_factory.mktemp("returning") / "data"
    with at_its_address(lambda env: ReturningRoom.begin(data, env)) as made:
        yield made


def test_a_letter_is_photographed_sent_and_taken(
    room: ReturningRoom, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    """Files gathered, one taken out again, a refusal that keeps the rest, thanks; then the desk's one press."""
    folio = room.custody()
    room.wanted(folio, note="Fírmala con tinta azul, por favor.")
    scanned, other = tmp_path / "carta firmada.pdf", tmp_path / "equivocada.png"
    scanned.write_bytes(room.signed(folio))
    other.write_bytes(photograph())
    address = room.place.settings.public_url
    page = new_context(viewport=PHONE, bypass_csp=True).new_page()
    page.goto(f"{address}/s/{room.token()}")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Carta custodia")
    sound(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar la carta").click()
    assert Path(download.value.path()).read_bytes() == room.sent_letter(folio)
    page.get_by_label("Tomar una foto").set_input_files(other)
    page.get_by_label("Elegir archivos").set_input_files(scanned)
    expect(page.get_by_role("listitem").filter(has_text="KB")).to_have_count(2)
    page.get_by_role("button", name="Quitar equivocada.png").press("Enter")
    expect(page.get_by_role("listitem").filter(has_text="KB")).to_have_count(1)
    send = page.get_by_role("button", name="Enviar la carta firmada")
    send.click()
    expect(page.get_by_text("Falta confirmar que la carta no muestra contraseñas")).to_be_visible()
    expect(page.get_by_text("carta firmada.pdf")).to_be_visible()
    sound(page)
    page.get_by_label("La carta no muestra contraseñas").press("Space")
    send.press("Enter")
    expect(page.get_by_role("heading", name="Recibimos tu carta")).to_be_visible(timeout=30_000)
    sound(page)
    assert room.kinds(folio).count("document.returned") == 1
    for size in (PHONE, {"width": 1280, "height": 900}):
        desk = new_context(viewport=size, bypass_csp=True).new_page()
        desk.goto(f"{address}/entrar")
        desk.fill("input[name=email]", room.specialist.email)
        desk.fill("input[name=password]", PASSWORD)
        desk.keyboard.press("Enter")
        desk.wait_for_url(lambda url: "/entrar" not in url)
        desk.goto(f"{address}/casos/{folio}")
        desk.get_by_role("link", name="Revisar la carta").click()
        expect(desk.get_by_text(f"Confirmado por software: el folio es {folio}")).to_be_visible()
        sound(desk)
    desk.get_by_role("button", name="Aceptar y sellar el paso").click()
    desk.wait_for_url(lambda url: "sellada=" in url)
    assert room.place.house.cases.view(folio).state.step("24").status == "hecho"
