"""People are faster than a page on a bad line: what they do before its script has come, or overtakes, is not lost."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.conftest import Desk
from tests.browser.papers import Papers
from tests.browser.people import Person
from tests.fakes.metlife import people, workbook
from tests.workflows.desk import local
from workflows.commands import Actor, OpenCase, Upload

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OPENING = "/casos/nuevo/MA-005"
STAGED = "[data-files] li[data-id]"


@contextmanager
def _held(page: Page, pattern: str) -> Iterator[list[Route]]:
    """Requests of that kind get no answer until the block ends."""
    held: list[Route] = []
    page.route(pattern, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    yield held
    for route in held:
        route.continue_()
    page.unroute(pattern)


def _until_held(page: Page, held: list[Route]) -> None:
    while not held:
        page.wait_for_timeout(20)


def test_a_file_chosen_before_the_script_has_come_is_uploaded(
    person: Callable[..., Person], papers: Papers
) -> None:
    """What was chosen and typed while the page was still loading is in the draft once it has loaded."""
    laura = person()
    page = laura.page
    with _held(page, "**/evidence.js*") as held:
        page.goto(laura.address + OPENING, wait_until="commit")
        page.locator("#n-files").set_input_files(papers.mail("Recertificación"))
        page.locator('[name="d.requerimiento"]').fill("RECERT-1")
        _until_held(page, held)
        saving = page.expect_response(re.compile(r"/borradores/.*/campos"))
    with saving:
        expect(page.locator(STAGED)).to_have_count(1)
    page.reload()
    expect(page.locator(STAGED)).to_have_count(1)
    expect(page.locator('[name="d.requerimiento"]')).to_have_value("RECERT-1")


def test_an_upload_is_not_overtaken_by_an_older_answer(person: Callable[..., Person], papers: Papers) -> None:
    """The draft as it was before an upload, told late, does not take the file off the page."""
    laura = person(email="nora@desk.example", name="Nora Gil Paz")
    page = laura.page

    answers: list[tuple[Route, APIResponse]] = []
    page.route("**/borradores/nuevo-MA-005/apertura", lambda route: answers.append((route, route.fetch())))
    page.goto(laura.address + OPENING)
    while not answers:
        page.wait_for_timeout(20)
    page.locator("#n-files").set_input_files(papers.mail("Recertificación"))
    page.wait_for_timeout(1500)  # time for the upload to be told first, if it does not wait
    for route, answer in answers:
        route.fulfill(response=answer)
    expect(page.locator("form[data-evidence] [data-why]")).not_to_contain_text("subiendo")
    expect(page.locator(STAGED)).to_have_count(1)


def test_a_contact_is_sealed_before_the_script_has_come(desk: Desk, person: Callable[..., Person]) -> None:
    """The button of the quick log works from the first moment: fields that are not due never stop it."""
    desk.place.clock.offset = local("2026-11-23 10:00") - datetime.now(UTC)
    laura = person(email="irma@desk.example", name="Irma Soto Vega")
    page = laura.page
    with _held(page, "**/attention.js*"):
        page.goto(laura.address + "/atencion/nueva", wait_until="commit")
        for name, value in (("clave", "AG7"), ("motivo", "Olvidó su acceso"), ("diagnostico", "Bloqueado")):
            page.locator(f'[name="d.{name}"]').fill(value)
        page.locator('[name="d.asunto"]').select_option("contrasena")
        page.locator('[name="d.sistema"]').select_option("pro99")
        page.locator('[name="d.reseteo"]').check()
        page.locator('[name="d.reseteo_hecho"]').select_option("completado")
        page.locator('[name="d.verificacion"]').select_option("devolucion")
        page.get_by_role("button", name="Sellar el contacto").click(no_wait_after=True)
        page.wait_for_url("**/atencion/nueva?sellado=*", wait_until="commit")
    assert desk.place.house.cases.view(page.url.rpartition("=")[2]).state.status == "resuelto"


def test_a_row_ticked_before_all_rows_are_here_stays_chosen(
    desk: Desk, person: Callable[..., Person], papers: Papers
) -> None:
    """A campaign's grid takes over what was ticked in the plain table that the page came with."""
    laura = person(email="rita@desk.example", name="Rita Mora Gil")
    actor = Actor(desk.place.user(email="rita@desk.example").id, "especialista")
    mail = papers.mail("Recertificación")
    uploads = (
        Upload(mail.name, io.BytesIO(mail.read_bytes())),
        Upload("usuarios.xlsx", io.BytesIO(workbook(people(12)))),
    )
    data = {"requerimiento": "RECERT-E", "aplicacion": "pro99", "remitente": "si"}
    folio = desk.place.house.cases.open_case(OpenCase("MA-005", actor, data, uploads)).folio
    page = laura.page
    with _held(page, "**/filas/todas*") as held:
        page.goto(f"{laura.address}/casos/{folio}/filas")
        page.locator("input[name=fila]").nth(2).check()
        _until_held(page, held)
    expect(page.locator("[data-grid]")).to_have_attribute("role", "grid")
    expect(page.locator("[data-chosen]")).to_have_text("1 fila elegida")
