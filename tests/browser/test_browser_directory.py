"""Entering by the company's directory in a real browser, policy and all: the button, the directory, back, and out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from identity.access import Granter
from identity.accounts import Role
from tests.browser.serving import serving, sound
from tests.fakes.installation import Installation
from tests.servers.openid import CLIENT, SECRET, OpenId, openid_provider
from tests.servers.processes import free_ports

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenId]:
    """An honest provider."""
    with openid_provider() as told:
        yield told


@pytest.fixture(scope="module")
def place(provider: OpenId, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Served under another name than the provider, so that the way there is to another site."""
    (port,) = free_ports(1)
    env = {
        "CONSTANCIA_PUBLIC_URL": f"http://localhost:{port}",
        "CONSTANCIA_OIDC_ISSUER": provider.issuer,
        "CONSTANCIA_OIDC_CLIENT_ID": CLIENT,
        "CONSTANCIA_OIDC_CLIENT_SECRET": SECRET,
        "CONSTANCIA_OIDC_NAME": "la cuenta de la empresa",
        "CONSTANCIA_INSIDE_HOSTS": provider.host,
        "CONSTANCIA_OIDC_ONLY_ROLES": "supervisor",
    }
    made = Installation(tmp_path_factory.mktemp("directory") / "data", env)
    provider.clock = lambda: made.clock().timestamp()
    with serving(made.app, port):
        yield made
    made.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_from_an_invitation_to_the_way_out(  # noqa: PLR0915 - one person's whole way
    place: Installation, provider: OpenId, chromium: Browser, scheme: str, width: int
) -> None:
    """By keyboard, under the pages' own policy: bound by the link, in by the button, proved anew, out of both."""
    user = place.user(Role.SUPERVISOR, email=f"jefa-{scheme}@desk.example")
    provider.sub = f"persona-{scheme}"
    links: list[str] = []
    desk, real = place.house.mail.desk, place.house.mail.desk.enqueue

    def enqueue(*told: object, **more: object) -> object:
        links.append(more["secrets"]["enlace"])  # type: ignore[index]  # what the mail will show
        return real(*told, **more)  # type: ignore[arg-type]  # passed through

    desk.enqueue = enqueue  # type: ignore[assignment,method-assign]  # looked at on its way
    place.house.openid.invite(user, Granter(via="console"))
    del desk.enqueue
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, locale="es-MX", color_scheme=scheme
    )
    plain = chromium.new_context(
        viewport={"width": width, "height": 800}, locale="es-MX", color_scheme=scheme, bypass_csp=True
    )
    page, errors, url = context.new_page(), list[str](), place.settings.public_url
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda told: errors.append(told.text) if "Content Security" in told.text else None)

    looked = plain.new_page()
    for name, path in (("login", "/entrar"), ("bind", links[-1].removeprefix(url))):
        looked.goto(url + path)
        sound(looked, name)

    page.goto(links[-1])
    page.get_by_role("button", name="Ir al directorio").press("Enter")
    expect(page.get_by_role("heading", name="Directorio")).to_be_visible()
    page.get_by_role("link", name="Soy yo").press("Enter")
    expect(page.get_by_text("quedó ligada")).to_be_visible()

    expect(page.get_by_text("Entras sólo por el directorio")).to_be_visible()
    plain.add_cookies(context.cookies(url))  # type: ignore[arg-type]  # cookies as they came
    looked.goto(f"{url}/cuenta")
    sound(looked, "account")
    place.clock.offset += timedelta(minutes=16)
    page.goto(f"{url}/exportar")
    page.get_by_role("button", name="Comprobar con la cuenta de la empresa").press("Enter")
    expect(page.get_by_role("heading", name="Directorio")).to_be_visible()
    looked.goto(f"{url}/cuenta/comprobar?next=/exportar")
    sound(looked, "prove")
    page.get_by_role("link", name="Soy yo").press("Enter")
    page.wait_for_url("**/exportar")

    page.evaluate("document.querySelector('form[action$=\"/salir\"]').requestSubmit()")
    expect(page.get_by_role("heading", name="Saliste", exact=True)).to_be_visible()
    page.get_by_role("link", name="Salir también del directorio").press("Enter")
    expect(page.get_by_role("heading", name="Saliste del directorio")).to_be_visible()
    page.get_by_role("link", name="Volver").press("Enter")
    page.get_by_role("button", name="Entrar con la cuenta de la empresa").press("Enter")
    page.get_by_role("link", name="Soy yo").press("Enter")
    page.wait_for_url(f"{url}/")
    place.house.openid.identities.release(user.id, Granter(via="console"))
    looked.context.clear_cookies()
    looked.goto(f"{url}/entrar")
    looked.get_by_role("button", name="Entrar con la cuenta de la empresa").press("Enter")
    looked.get_by_role("link", name="Soy yo").press("Enter")
    expect(looked.get_by_role("heading", name="No entraste")).to_be_visible()
    sound(looked, "refused")
    assert errors == []
    context.close()
    plain.close()
