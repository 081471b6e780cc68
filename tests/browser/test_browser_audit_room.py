"""The auditors' room in a real browser: an invitation from mail to room, tables without a script, any date, axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from identity.accounts import Role
from tests.browser.conftest import Desk, at_work
from tests.browser.people import Person
from tests.browser.test_browser_audit import WCAG
from tests.fakes.audit_room import Room
from tests.fakes.installation import Installation
from tests.servers.processes import free_ports

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
NEW, PASSWORD = "nora@despacho.example", "una frase larga y propia"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Room, str]]:
    """A desk on a public address of loopback, and an engagement with something in every list."""
    (port,) = free_ports(1)
    place = Installation(
        tmp_path_factory.mktemp("room") / "data", {"CONSTANCIA_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    )
    room = Room(place)
    engagement = room.open()
    assert room.freeze(engagement).status_code == 303
    assert room.draw(engagement).status_code == 303
    test = {"r.datos": "ok", "n.datos": "", "r.firma": "exception", "n.firma": "No está"}
    assert room.out.post_form(f"{engagement}/muestras/S1/{room.folios[0]}/pruebas", test).status_code == 303
    with at_work(place, port) as desk:
        yield desk, room, engagement


def person(context: BrowserContext, desk: Desk, email: str) -> Person:
    """Somebody signed in."""
    return Person(context, desk.address, email)


def test_from_the_mail_to_the_room(
    stage: tuple[Desk, Room, str], new_context: Callable[..., BrowserContext]
) -> None:
    """Supervision invites in the page; on a telephone the guest chooses a password, enters, and sees the engagement."""
    desk, room, engagement = stage
    boss = person(new_context(), desk, "boss@desk.example")
    page = boss.go(engagement)
    page.get_by_label("Nombre", exact=True).fill("Nora Quintana")
    page.get_by_label("Correo", exact=True).fill(NEW)
    page.get_by_role("button", name="Invitar por correo").click()
    expect(page.locator("main")).to_contain_text("sin usar")
    house = room.place.house
    house.mail.sender.run(limit=20)
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in _mails(house.settings.data)
    ]
    text = next(str(one.get_body(("plain",)).get_content()) for one in mails if NEW in str(one["To"]))  # type: ignore[union-attr]
    link = urlsplit(re.findall(r"http\S+/invitacion/\S+", text)[0]).path

    phone = new_context(viewport={"width": 360, "height": 780}, color_scheme="dark").new_page()
    phone.goto(desk.address + link)
    result = Axe().run(phone, options={"runOnly": {"type": "tag", "values": WCAG}})
    assert result.violations_count == 0, result.generate_report()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone.get_by_label("Contraseña nueva").fill(PASSWORD)
    phone.get_by_role("button", name="Guardar mi contraseña").click()
    phone.get_by_label("Correo").fill(NEW)
    phone.get_by_label("Contraseña").fill(PASSWORD)
    phone.get_by_role("button", name="Entrar").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Anual")
    phone.goto(desk.address + link)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Esta invitación ya no sirve.")
    expect(boss.go(engagement).locator("main")).to_contain_text("eligió su contraseña")


def _mails(data: Path) -> list[Path]:
    return sorted((data / "outbox").rglob("*.eml"), key=lambda path: path.stat().st_mtime_ns)


def test_tables_sort_without_a_script_and_dates_are_addresses(
    stage: tuple[Desk, Room, str], new_context: Callable[..., BrowserContext]
) -> None:
    """With scripts off: headings turn the order round, and the population shows how its cases stood on a date."""
    desk, room, engagement = stage
    auditor = person(new_context(java_script_enabled=False), desk, "out@audit.example")
    page = auditor.go(f"{engagement}/casos")
    first = page.locator("tbody tr").first
    expect(first).to_contain_text(room.folios[-1])
    page.get_by_role("columnheader", name="Caso").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Caso")).to_have_attribute("aria-sort", "ascending")
    expect(first).to_contain_text(room.folios[0])
    page.get_by_role("columnheader", name="Caso").get_by_role("link").click()
    expect(page.get_by_role("columnheader", name="Caso")).to_have_attribute("aria-sort", "descending")
    page = auditor.go(f"{engagement}/poblaciones/P1")
    page.get_by_label("Ver cómo estaban el").fill("2001-01-01T10:00")
    page.get_by_role("button", name="Ver a esa fecha").click()
    expect(page.locator("main")).to_contain_text("todavía no se abría")
    page.get_by_role("link", name="al congelarla").click()
    expect(page.locator("main")).to_contain_text("Estado el")
    assert auditor.errors == []


@pytest.mark.parametrize("look", [{}, {"viewport": {"width": 360, "height": 780}, "color_scheme": "dark"}])
def test_axe_finds_nothing_in_lists_and_on_dates(
    stage: tuple[Desk, Room, str], new_context: Callable[..., BrowserContext], look: dict[str, object]
) -> None:
    """Every new page of the room, wide and light, narrow and dark; nothing scrolls sideways but its tables."""
    desk, room, engagement = stage
    assert Role.AUDITOR_EXTERNO
    auditor, boss = (
        person(new_context(**look), desk, email) for email in ("out@audit.example", "boss@desk.example")
    )
    folio, found = room.folios[0], []
    asked = [(auditor, path) for path in (
        "/casos?orden=-folio", "/casos?estado=abiertos&a_la_fecha=2099-01-01T10:00", f"/casos/{folio}/entradas",
        f"/casos/{folio}/entradas/1?a_la_fecha=2099-01-01T10:00", "/poblaciones", "/poblaciones/P1?orden=-abierto",
        "/muestras/S1?orden=-excepciones", "/pruebas", "/hallazgos", "/solicitudes", "/bitacora")]  # fmt: skip
    for who, path in [*asked, (boss, ""), (boss, "/consultas?orden=quien")]:
        page = who.go(engagement + path)
        result = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        if result.violations_count:
            found.append((path, result.generate_report()))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert found == []
