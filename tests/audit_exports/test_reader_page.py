from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from audit_exports.markup import both, render, tag
from tests.audit_exports.resealing import unpack

CASE = "ZZ-001-2026-000001"
PAGES = ("index.html", "LEEME.html", "personas/index.html", f"casos/{CASE}/index.html",
         "procesos/ZZ-001/2026-01-02.html")  # fmt: skip

browser_needed = pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")


@pytest.fixture(scope="module")
def folder(package: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample package, unpacked as an auditor would."""
    return unpack(package, tmp_path_factory.mktemp("paquete")) / "data"


class Elements(HTMLParser):
    """Collects element names and links."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def parsed(data: bytes) -> Elements:
    elements = Elements()
    elements.feed(data.decode())
    return elements


def test_text_never_becomes_markup() -> None:
    """Escaping is a property of the type, whatever the text."""
    nasty = "<script>&\"'</p>\u202e\x07"
    assert render([nasty, 1, None, tag("b", nasty)]) == (
        "&lt;script&gt;&amp;&quot;&#x27;&lt;/p&gt;\ufffd\ufffd1"
        "<b>&lt;script&gt;&amp;&quot;&#x27;&lt;/p&gt;\ufffd\ufffd</b>"
    )
    assert tag("a", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;"></a>'
    assert both("<", ">") == '<span lang="es">&lt;</span><span lang="en">&gt;</span>'


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_nothing_but_their_own_script_and_style(files: dict[str, bytes], path: str) -> None:
    """One script and one style, both allowed by hash; no handlers, no frames, no forms, no outside address."""
    elements = parsed(files[f"data/{path}"])
    assert elements.names.count("script") == elements.names.count("style") == 1
    assert not {"iframe", "object", "embed", "form", "base", "b"} & set(elements.names)
    assert not [name for name in elements.attributes if name.startswith("on")]
    assert not [link for link in elements.links if "//" in link or link.startswith(("data:", "javascript:"))]
    policy = re.search(
        r'http-equiv="Content-Security-Policy" content="([^"]*)"', files[f"data/{path}"].decode()
    )
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "unsafe" not in policy[1]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_leads_to_a_file_of_the_package(folder: Path, path: str) -> None:
    """Relative, percent-encoded, and there."""
    page = folder / path
    for link in parsed(page.read_bytes()).links:
        target, _, fragment = link.partition("#")
        assert not target or (page.parent / unquote(target)).is_file(), link
        assert not fragment or target or f'id="{fragment}"' in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES)
def test_both_languages_are_complete(files: dict[str, bytes], path: str) -> None:
    """Spanish and English come in pairs, none of them empty."""
    text = files[f"data/{path}"].decode()
    pairs = re.findall(r'<span lang="(es|en)">(.*?)</span>', text)
    assert [language for language, _ in pairs] == ["es", "en"] * (len(pairs) // 2)
    assert all(words for _, words in pairs)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own context, without a base address."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def quiet(page: Page) -> list[str]:
    """What the page says on its console or asks of the network; nothing, it is hoped."""
    said: list[str] = []

    def console(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", console)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None
    )
    return said


@pytest.mark.browser
@browser_needed
def test_the_reader_opens_from_disk(page: Page, quiet: list[str], folder: Path) -> None:
    """Process, case, steps, evidence: by links, with pictures shown, without network, error or alert."""
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("link", name="José Ángel Muñoz").click()
    assert page.get_by_role("heading", level=1).inner_text() == "José Ángel Muñoz <b>&\"'"
    assert page.locator("#p2").get_by_text("<script>alert('nota')</script>").is_visible()
    sizes = page.evaluate("Promise.all([...document.images].map(i => i.decode().then(() => i.naturalWidth)))")
    assert sizes == [4, 2, 3]
    page.locator("#p2").get_by_role("link", name="Autorización año 2026.pdf").wait_for()
    assert quiet == []


@pytest.mark.browser
@browser_needed
def test_search_language_and_theme_work_and_stay(page: Page, quiet: list[str], folder: Path) -> None:
    """Search ignores accents and looks into files' names; the choices hold on the next page."""
    page.goto((folder / "index.html").as_uri())
    cards = page.locator(".hallable:visible")
    box = page.get_by_role("searchbox")
    for words, count in (("munoz", 1), ("AUTORIZACION", 1), ("zz-001", 2), ("nadie", 0), ("", 2)):
        box.fill(words)
        assert cards.count() == count
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", name="Audit package").is_visible()
    page.get_by_role("button", name="Light / dark").click()
    page.get_by_role("link", name="Beatriz").click()
    assert page.get_by_text("mandatory steps missing").first.is_visible()
    assert page.evaluate("document.documentElement.dataset.tema") == "oscuro"
    assert page.evaluate("document.documentElement.lang") == "en"
    assert quiet == []


@pytest.mark.browser
@browser_needed
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_are_accessible_and_fit_a_phone(browser: Browser, folder: Path, path: str, scheme: str) -> None:
    """Axe finds no violation in either language; at 360 px nothing is wider than the screen."""
    context = browser.new_context(
        viewport={"width": 360, "height": 780},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto((folder / path).as_uri())
    for _ in range(2):
        found = Axe().run(page).response["violations"]
        assert json.loads(json.dumps([item["id"] for item in found])) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.locator("[data-hace=idioma]").click()
    context.close()


@pytest.mark.browser
@browser_needed
def test_pages_read_without_their_script(browser: Browser, folder: Path) -> None:
    """Scripts forbidden: the text is all there, in Spanish, and no button promises what it cannot do."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / f"casos/{CASE}/index.html").as_uri())
    assert page.get_by_role("heading", name="Enviar la carta al señor Núñez").is_visible()
    assert page.get_by_text("Send the letter", exact=True).is_hidden()
    assert page.locator("button:visible").count() == 0
    context.close()


@pytest.mark.browser
@browser_needed
def test_cases_are_sifted_by_process_state_and_exception(page: Page, quiet: list[str], folder: Path) -> None:
    """Filters narrow the cards together with the search, count what is left, and speak the page's language."""
    page.goto((folder / "index.html").as_uri())
    cards = page.locator(".hallable:visible")
    for name, value, count in (
        ("estado", "cerrado", 1),
        ("excepcion", "ninguna", 1),
        ("estado", "abierto", 1),
    ):
        page.locator(f"[data-filtra={name}]").select_option(value)
        assert cards.count() == count
    page.get_by_role("searchbox").fill("nadie")
    assert cards.count() == 0
    assert page.locator(".cuenta").inner_text() == "0 / 2"
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("combobox", name="State").locator("option").first.inner_text() == "Any state"
    assert quiet == []


@pytest.mark.browser
@browser_needed
def test_a_case_has_its_timeline(page: Page, quiet: list[str], folder: Path) -> None:
    """A line an entry, in order, leading to its place in the chain; the files of the case beside it."""
    page.goto((folder / f"casos/{CASE}/index.html").as_uri())
    lines = page.locator(".linea > li")
    assert lines.count() == 4
    assert "Recibir la petición" in lines.first.inner_text()
    lines.nth(1).get_by_role("link").click()
    assert page.url.endswith("#e2")
    assert page.get_by_role("link", name="carátula").get_attribute("href") == "caratula.pdf"
    assert quiet == []
