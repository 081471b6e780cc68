"""Accounts with second factors in a real browser: a passkey enrolled, entering by it, recovery codes, delicate acts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from identity.accounts import Role
from tests.browser.devices import Device
from tests.browser.serving import serving, sound
from tests.fakes.installation import PASSWORD, Installation
from tests.servers.processes import free_ports

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Served under the name that browsers bind keys to."""
    (port,) = free_ports(1)
    made = Installation(
        tmp_path_factory.mktemp("second") / "data", {"CONSTANCIA_PUBLIC_URL": f"http://localhost:{port}"}
    )
    with serving(made.app, port):
        yield made
    made.close()


def _password(page: Page, email: str) -> None:
    page.get_by_role("textbox", name="Correo").fill(email)
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_label("Contraseña", exact=True).press("Enter")


def _leave(page: Page) -> None:
    """Forget the session, once nothing is under way that would bring it back."""
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")
    page.context.clear_cookies()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_from_a_password_to_a_passkey(
    place: Installation, chromium: Browser, scheme: str, width: int
) -> None:
    """By keyboard: enrolled, recovery codes shown once, in with password and key, in by the key alone."""
    email = f"auditora-{scheme}@desk.example"
    place.user(Role.AUDITOR_INTERNO, email=email)
    context = chromium.new_context(
        reduced_motion="reduce",
        viewport={"width": width, "height": 800},
        locale="es-MX",
        color_scheme=scheme,
        bypass_csp=True,
    )
    page, errors = context.new_page(), list[str]()
    page.on("pageerror", lambda error: errors.append(str(error)))
    device, url = Device(context, page), place.settings.public_url
    page.goto(f"{url}/entrar?next=/cuenta")
    sound(page, "login")
    _password(page, email)
    page.locator("summary", has_text="Inscribir una llave de acceso").press("Enter")
    page.get_by_role("textbox", name="Nombre para reconocerla").fill("Portátil")
    page.get_by_label("Tu contraseña").fill("no es ésta")
    page.get_by_role("button", name="Inscribir una llave de acceso").press("Enter")
    expect(page.get_by_text("la contraseña no son correctos")).to_be_visible()
    page.get_by_label("Tu contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Inscribir una llave de acceso").press("Enter")
    expect(page.get_by_text("Portátil", exact=True)).to_be_visible()
    page.get_by_role("button", name="Generar códigos de recuperación").press("Enter")
    expect(page.get_by_text("Se muestran una sola vez")).to_be_visible()
    assert page.locator(".recovery-codes li").count() == 10
    sound(page, "codes")
    page.goto(f"{url}/cuenta")
    assert page.locator(".recovery-codes li").count() == 0
    sound(page, "account")

    _leave(page)
    page.goto(f"{url}/entrar?next=/cuenta")
    _password(page, email)
    expect(page.get_by_role("heading", name="Comprueba que eres tú")).to_be_visible()
    sound(page, "second")
    device.verifies(False)
    page.get_by_role("button", name="Usar mi llave de acceso").press("Enter")
    expect(page.get_by_text("No se usó ninguna llave")).to_be_visible(timeout=30_000)
    device.verifies(True)
    page.get_by_role("button", name="Usar mi llave de acceso").press("Enter")
    expect(page.get_by_role("heading", name="Mi cuenta")).to_be_visible()

    _leave(page)
    page.goto(f"{url}/entrar?next=/cuenta")
    page.get_by_role("button", name="Entrar con llave de acceso").press("Enter")
    expect(page.get_by_role("heading", name="Mi cuenta")).to_be_visible()
    place.clock.offset += timedelta(minutes=16)
    page.goto(f"{url}/exportar")
    expect(page.get_by_text("más de quince minutos")).to_be_visible()
    sound(page, "prove")
    page.get_by_role("button", name="Usar mi llave de acceso").press("Enter")
    page.wait_for_url("**/exportar")
    assert errors == []
    context.close()


def test_the_keeper_sees_and_resets(place: Installation, chromium: Browser) -> None:
    """The list and the form of whoever administers, at 360 px."""
    owner = place.user(Role.ESPECIALISTA)
    from tests.fakes.authenticator import SoftKey  # noqa: PLC0415 - only here
    from tests.fakes.signing_room import BY  # noqa: PLC0415 - only here

    keys = place.house.links.passkeys
    made = SoftKey(place.settings.public_url).create(keys.begin(owner.id, owner.email, "x"))
    keys.confirm(owner.id, "x", made, BY, "Teléfono")
    keeper = place.user(Role.ADMINISTRADOR)
    context = chromium.new_context(
        reduced_motion="reduce", viewport={"width": 360, "height": 800}, locale="es-MX", bypass_csp=True
    )
    page, url = context.new_page(), place.settings.public_url
    page.goto(f"{url}/entrar?next=/administracion/factores")
    _password(page, keeper.email)
    expect(page.get_by_text("«Teléfono»")).to_be_visible()
    sound(page, "keeper")
    page.get_by_label("Persona", exact=True).select_option(owner.id)
    page.get_by_label("Motivo").fill("perdió su teléfono ayer")
    page.get_by_role("button", name="Restablecer").press("Enter")
    expect(page.get_by_text("sus segundos factores ya no sirven")).to_be_visible()
    assert not keys.of(owner.id)
    context.close()
