"""Answering, and opening a one-time secret, on a telephone in a real browser: by thumb, keyboard and screen reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Error, expect

from tests.browser.linked import PHONE, at_its_address
from tests.browser.serving import sound
from tests.fakes.asking_room import SECRET, AskingRoom
from tests.fakes.installation import PASSWORD

TO_DELIVERY = ("4", "5:soporte", "6", "7", "8")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AskingRoom]:
    """A desk that is served on the address its links lead to."""
    data = tmp_path_factory.mktemp("asking") / "data"
    with at_its_address(lambda env: AskingRoom.begin(data, env)) as made:
        yield made


def _address(room: AskingRoom) -> str:
    return room.place.settings.public_url


def test_an_answer_by_keyboard_on_a_phone(
    room: AskingRoom, new_context: Callable[..., BrowserContext]
) -> None:
    """From the mail's link to the thanks without touching the screen; every page sound."""
    folio = room.walk("MA-002", "2", "3", "4", "5")
    room.question(folio, "6", note="¿Procede el alta de este agente?")
    page = new_context(viewport=PHONE, bypass_csp=True).new_page()
    page.goto(f"{_address(room)}/s/{room.token()}")
    sound(page)
    page.get_by_role("button", name="Continuar").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Respuesta del asistente")
    sound(page)
    first = page.get_by_role("radio").first
    first.focus()
    page.keyboard.press("Space")
    expect(first).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Adelante, gracias.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Responder")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Respuesta registrada")).to_be_visible()
    sound(page)
    assert room.kinds(folio).count("answer.given") == 1


def test_a_secret_on_a_phone_is_shown_once(
    room: AskingRoom, new_context: Callable[..., BrowserContext]
) -> None:
    """A press shows it; going back, reloading the visit and the browser's storage have it no more."""
    folio = room.walk("MA-006", *TO_DELIVERY)
    room.leave(folio, "12", data={"cambio_obligatorio": "si"})
    context = new_context(viewport=PHONE, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{_address(room)}/s/{room.token()}")
    page.get_by_role("button", name="Continuar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Entrega confidencial")
    visit = page.url
    sound(page)
    page.get_by_role("button", name="Mostrar ahora, una sola vez").click()
    expect(page.get_by_text(SECRET)).to_be_visible()
    sound(page)
    page.goto(visit)
    expect(page.get_by_role("heading", name="Ya se mostró y se destruyó")).to_be_visible()
    sound(page)
    with pytest.raises(Error, match="ERR_CACHE_MISS"):  # the browser has kept nothing to go back to
        page.go_back()
    expect(page.get_by_text(SECRET)).to_have_count(0)
    assert SECRET not in str(context.storage_state())
    assert room.kinds(folio).count("secret.shown") == 1


def test_the_desks_forms_are_sound_and_keep_no_secret(
    room: AskingRoom, new_context: Callable[..., BrowserContext]
) -> None:
    """Both forms at 360 px and on a desk's screen; what is typed as the secret goes to no draft nor storage."""
    ticket = room.walk("MA-006", *TO_DELIVERY)
    agent = room.walk("MA-002", "2", "3", "4", "5")
    for size in (PHONE, {"width": 1280, "height": 900}):
        context = new_context(viewport=size, bypass_csp=True)
        page = context.new_page()
        page.goto(f"{_address(room)}/entrar")
        page.fill("input[name=email]", room.specialist.email)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/entrar" not in url)
        page.goto(f"{_address(room)}/casos/{agent}?paso=6")
        page.get_by_role("link", name="Pedir respuesta por enlace").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Pedir respuesta por enlace")
        sound(page)
        page.goto(f"{_address(room)}/casos/{ticket}?paso=12")
        page.get_by_role("link", name="Entregar con un enlace de un solo uso").click()
        page.get_by_label("Lo que entregas").fill(SECRET)
        sound(page)
        page.reload()
        expect(page.get_by_label("Lo que entregas")).to_have_value("")
        stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert SECRET not in stored
