"""A letter written from its step's form: by keyboard, seen before it is sealed, at desktop and phone size."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from identity.access import Granter
from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.papers import PERSON, Papers
from tests.browser.people import Person
from tests.browser.test_browser_alta import alta
from workflows.facts import facts_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]


def appoint(desk: Desk) -> None:
    """A director in office."""
    house = desk.place.house
    if not house.directory.holders("director_general", house.clock()):
        director = desk.place.user(
            Role.DIRECTOR, email="director.general@desk.example", name="Jesús Quiriarte"
        )
        house.posts.appoint("director_general", director.id, Granter(via="console", os_user="prueba"))


def picture(person: Person, name: str) -> None:
    """Keep a picture of the page where somebody asked for pictures."""
    folder = os.environ.get("CONSTANCIA_PICTURES", "")
    if folder:
        person.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_letter_is_written_seen_and_sealed_by_keyboard(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """The button writes the letter, its page is drawn, nothing typed is lost, and those bytes are the evidence."""
    appoint(desk)
    laura = person(bypass_csp=True)
    folio = laura.open_case({**PERSON, "rfc": "LEOP900215AB1"})
    acts = alta(papers)
    for act in acts[:5]:
        if act.step != "4":
            laura.do(folio, act)
        else:
            sheet = papers.sheet("solicitud_letras", {**PERSON, "rfc": "LEOP900215AB1"})
            laura.show(folio, "4")
            laura.attach("4", "formato", [sheet])
            laura.seal("4")
    page = laura.show(folio, "7")
    page.locator("#f-7 [name=note]").fill("Revisada con el área")
    button = page.locator("#f-7 [data-compose]")
    button.focus()
    page.keyboard.press("Enter")
    image = page.locator("#carta-7 img")
    expect(image).to_be_visible()
    page.wait_for_function("document.querySelector('#carta-7 img').naturalWidth > 500")
    expect(page.locator("#f-7 [name=note]")).to_have_value("Revisada con el área")
    expect(page.locator("#f-7 [data-files] li[data-id]")).to_have_count(1)
    found = Axe().run(page)
    assert found.response["violations"] == []
    picture(laura, "carta-escritorio")
    page.set_viewport_size({"width": 360, "height": 800})
    picture(laura, "carta-telefono")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(color_scheme="dark")
    picture(laura, "carta-oscuro")
    shown = page.locator("[name=letter_shown]").get_attribute("value")
    seq = laura.seal("7")
    entry = desk.place.house.cases.view(folio).entries[seq - 1].entry
    assert entry.objects[0].sha256 == shown
    assert list(facts_of(entry).templates) == ["carta"]


def test_a_letter_taken_out_is_no_longer_shown(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """Removing the letter from the draft takes its picture away; an own PDF then serves as before."""
    appoint(desk)
    laura = person()
    folio = laura.open_case({**PERSON, "rfc": "LEOQ900215AB1"}, kind="baja")
    for act in alta(papers)[:4]:
        if act.step == "4":
            laura.show(folio, "4")
            laura.attach("4", "formato", [papers.sheet("s", {**PERSON, "rfc": "LEOQ900215AB1"})])
            laura.seal("4")
        else:
            laura.do(folio, act)
    page = laura.show(folio, "28")
    page.locator("#f-28 [data-compose]").click()
    expect(page.locator("#carta-28 img")).to_be_visible()
    page.locator("#f-28 [data-files] li[data-id] button").last.click()
    expect(page.locator("#carta-28 img")).to_be_hidden()
    laura.attach("28", "carta_baja", [papers.letter("carta_baja_propia")])
    laura.attach("28", "captura", [papers.shot("cam_baja")])
    seq = laura.seal("28")
    assert "templates" not in desk.place.house.cases.view(folio).entries[seq - 1].entry.facts
