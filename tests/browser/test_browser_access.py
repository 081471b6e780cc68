"""Every page for everybody: axe, light and dark, 360 px, keyboard, two languages, strict content policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect

from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.papers import PERSON, Papers
from tests.browser.people import Act, Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
]  # a real browser on a busy machine takes its time
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def folio(desk: Desk, chromium, tmp_path_factory) -> str:  # type: ignore[no-untyped-def]
    """A case some steps on its way, with a mail, a sheet, a picture, a letter and a correction in it."""
    papers = Papers(tmp_path_factory.mktemp("papers"))
    context = chromium.new_context(reduced_motion="reduce", locale="es-MX", timezone_id="America/Mexico_City")
    context.set_default_timeout(15_000)
    laura = Person(
        context, desk.address, desk.place.user(email="laura@desk.example", name="Laura Ortega Prado").email
    )
    made = laura.open_case(PERSON)
    for act in (
        Act("2", {"correo": [papers.mail("Confirmación de recepción")]}),
        Act("3", {"estatus": [papers.shot("ticket")]}),
        Act("4", {"formato": [papers.sheet("solicitud")]}),
        Act("6", picks={"paquete": "1"}),
        Act("7", {"carta": [papers.letter("carta", 2)]}),
    ):
        laura.do(made, act)
    laura.show(made, "8")
    laura.attach("8", "correo", [papers.mail("Carta para firma")])
    context.close()
    desk.steward.run_due(float("inf"))
    return made


@pytest.mark.parametrize("width", [1280, 1160, 1024, 980])
def test_the_bar_of_somebody_with_every_section_fits(person: Callable[..., Person], width: int) -> None:
    """Who has all sections of the house and a long name sees them side by side, or in the menu; nothing is cut off."""
    roles = (Role.SUPERVISOR, Role.ESPECIALISTA, Role.ADMINISTRADOR)
    abraham = person(*roles, email="todo@desk.example", name="Maximiliano Villavicencio")
    page = abraham.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(abraham.address + "/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def pages(folio: str) -> list[str]:
    """Every kind of page."""
    return [
        "/",
        "/casos",
        "/casos?q=nadie-se-llama-así",
        "/casos/nuevo/MA-001",
        f"/casos/{folio}",
        f"/casos/{folio}?sellada=2",
        f"/casos/{folio}?paso=9",
        f"/casos/{folio}?a_la_fecha=2099-01-01T10:00",
        f"/casos/{folio}/entradas/2",
        f"/casos/{folio}/entradas/3",
        f"/casos/{folio}/entradas/4",
        f"/casos/{folio}/entradas/6",
        f"/casos/{folio}/entradas/2/corregir",
        "/bitacora",
        "/tablero",
        "/tablero?proceso=MA-001&periodo=13s",
        "/procesos",
        "/procesos?q=custodia",
        "/procesos/MA-001",
        "/buscar?q=custodia",
        "/buscar?q=zzzz",
        "/exportar",
        "/cuenta",
        "/cuenta/aplicacion",
        "/guia-de-estilo",
        "/no-existe",
    ]


@pytest.fixture
def boss(person: Callable[..., Person]) -> Callable[..., Person]:
    """Somebody who may see every page."""

    def make(**options: object) -> Person:
        return person(
            Role.SUPERVISOR,
            Role.ESPECIALISTA,
            email="abraham@desk.example",
            name="Abraham Ríos Vega",
            **options,
        )

    return make


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(folio: str, boss: Callable[..., Person], scheme: str) -> None:
    """No violation of WCAG 2.2 AA nor of axe's best practices, in light and in dark."""
    abraham = boss(color_scheme=scheme, bypass_csp=True)
    axe, found = Axe(), []
    for path in pages(folio):
        page = abraham.go(path)
        page.wait_for_load_state("networkidle")
        result = axe.run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        found += [
            f"{path} {item['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
            for item in result.response["violations"]
            for node in item["nodes"][:4]
        ]
    assert found == []


def test_the_door_has_nothing_for_axe(desk: Desk, new_context: Callable[..., BrowserContext]) -> None:
    """The login page, fresh and after a refusal."""
    page = new_context(bypass_csp=True).new_page()
    page.goto(desk.address + "/entrar")
    assert Axe().run(page).violations_count == 0
    page.get_by_label("Correo").fill("nadie@desk.example")
    page.get_by_label("Contraseña").fill("no es la buena")
    page.get_by_role("button", name="Entrar").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert Axe().run(page).violations_count == 0


def test_no_page_scrolls_sideways_at_360_pixels(folio: str, boss: Callable[..., Person]) -> None:
    """On a small phone the page itself never scrolls horizontally; wide tables do so in their own box."""
    abraham = boss(viewport={"width": 360, "height": 740})
    too_wide = []
    for path in pages(folio):
        page = abraham.go(path)
        extra = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if extra > 0:
            too_wide.append((path, extra))
    assert too_wide == []


def test_the_bar_of_many_roles_stays_in_the_window(boss: Callable[..., Person]) -> None:
    """Whoever has every room in the bar loses none of it: it folds into the menu before it overflows."""
    page = boss().page
    for width in (800, 961, 1024, 1180, 1217, 1280, 1366):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_step_is_done_by_keyboard_alone(desk: Desk, folio: str, boss: Callable[..., Person]) -> None:
    """From the skip link to the receipt without a mouse: tick, note, seal."""
    abraham = boss()
    page = abraham.show(folio, "5")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.getAttribute('name')")
        if name == "d.declaro":
            page.keyboard.press("Space")
        elif name == "note":
            page.keyboard.type("Sin ratón")
        if page.evaluate("document.activeElement.matches('[data-seal]')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("Enter")
    expect(page.locator("#recibo")).to_be_focused()
    assert any(item.entry.step == "5" for item in desk.place.house.cases.view(folio).entries)


def test_control_k_goes_to_the_search_and_a_folio_to_its_case(
    folio: str, boss: Callable[..., Person]
) -> None:
    """Ctrl+K focuses the search; a whole folio opens its case; a piece of a name finds it."""
    abraham = boss()
    page = abraham.go("/procesos")
    page.keyboard.press("Control+k")
    expect(page.locator("#buscar")).to_be_focused()
    page.keyboard.type(folio.lower())
    page.keyboard.press("Enter")
    expect(page.locator("main .folio").first).to_have_text(folio)
    page.goto(abraham.address + "/casos?q=maria+fernanda")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_list_under_the_search_box_is_used_by_keyboard(folio: str, boss: Callable[..., Person]) -> None:
    """Ctrl+K, words, an arrow and Enter lead to a step; Escape closes the list and keeps what was typed."""
    abraham = boss()
    page = abraham.go("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("remote scan")
    box, found = page.get_by_role("combobox"), page.locator("#halladas")
    expect(found.get_by_role("option", name="Paso 10 · Acceder a Remote SCAN")).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    expect(box).to_have_value("remote scan")
    box.fill("carta custodia firmada")
    step = found.get_by_role("option", name="Paso 24 · Recibir la carta custodia firmada")
    expect(step).to_be_visible()
    for _ in range(12):
        page.keyboard.press("ArrowDown")
        if step.get_attribute("aria-selected") == "true":
            break
    expect(step).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(step.get_attribute("id")))
    page.keyboard.press("Enter")
    page.wait_for_url("**/procesos/MA-001#paso-24")
    expect(page.locator("#paso-24")).to_be_in_viewport()
    assert folio


def test_the_theme_is_remembered(boss: Callable[..., Person]) -> None:
    """Dark chosen in the menu holds at once and on the next page, whatever the machine prefers."""
    abraham = boss(color_scheme="light")
    page = abraham.go("/")
    page.locator(".bar details.menu summary").last.click()
    with page.expect_response("**/tema"):
        page.get_by_role("button", name="Oscura").click()
    expect(page.locator("html")).to_have_css("background-color", "rgb(17, 23, 26)")
    abraham.go("/casos")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_english_is_complete_on_every_page(folio: str, boss: Callable[..., Person]) -> None:
    """After switching, pages say they are English and none of the shell's Spanish is left."""
    abraham = boss()
    page = abraham.go("/")
    page.locator(".bar details.menu summary").last.click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    spanish = [
        "Mi bandeja",
        "Casos",
        "Procesos",
        "Bitácora",
        "Exportar",
        "Verificar",
        "Sellar",
        "Registrado",
        "Ocurrió",
        "hecho",
        "bloqueado",
    ]
    left = []
    for path in pages(folio):
        text = abraham.go(path).locator("body").inner_text()
        left += [(path, word) for word in spanish if f" {word} " in f" {text} ".replace("\n", " ")]
    page.locator(".bar details.menu summary").last.click()
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es-MX")
    assert left == []


def test_what_ran_was_allowed(folio: str, boss: Callable[..., Person]) -> None:
    """Every page sends a policy that allows nothing by default; pages with scripts report no violation."""
    abraham = boss()
    for path in pages(folio):
        answer = abraham.page.goto(abraham.address + path)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
