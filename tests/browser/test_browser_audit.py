"""An auditor's whole visit in a real browser, from the invitation to a package verified offline."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from auditing.attributes import defaults
from auditing.sampling import draw
from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.papers import PERSON, Papers
from tests.browser.people import Act, Person
from web.inception import settle

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
]  # a real browser on a busy machine takes its time
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CASES = 27
OUT, BOSS, MEMBER = "nora@audit.example", "abraham@desk.example", "bruno@audit.example"


@pytest.fixture(scope="module")
def folios(desk: Desk, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Cases of MA-001; the first has files in it."""
    desk.place.user(Role.AUDITOR_EXTERNO, email=OUT, name="Nora Quintana")
    desk.place.user(Role.AUDITOR_EXTERNO, email=MEMBER, name="Bruno Salas")
    laura = desk.place.user(email="laura@desk.example", name="Laura Ortega Prado")
    client = desk.place.client(email="laura@desk.example")
    found = []
    for n in range(CASES):
        rfc = f"LO{chr(65 + n // 26)}{chr(65 + n % 26)}900101AB1"
        given = {**PERSON, "tipo": "alta", "ticket": f"TK-{n}", "nombre": f"Persona {n}", "rfc": rfc}
        answer = client.post_form(
            "/casos/nuevo/MA-001", {f"d.{name}": value for name, value in given.items()}
        )
        assert answer.status_code == 303, answer.text
        found.append(answer.headers["Location"].split("?")[0].rsplit("/", 1)[1])
    context = chromium.new_context(locale="es-MX", timezone_id="America/Mexico_City")
    context.set_default_timeout(15_000)
    hand = Person(context, desk.address, laura.email)
    papers = Papers(tmp_path_factory.mktemp("papers"))
    first = draw("visita-2026", found, 25)[0]
    hand.do(first, Act("2", {"correo": [papers.mail("Confirmación")]}))
    hand.do(first, Act("3", {"estatus": [papers.shot("ticket")]}))
    context.close()
    settle(desk.place.house)
    return found


@pytest.fixture
def nora(person: Callable[..., Person]) -> Iterator[Callable[..., Person]]:
    """The external auditor."""

    def make(**options: object) -> Person:
        return person(Role.AUDITOR_EXTERNO, email=OUT, name="Nora Quintana", **options)

    return make


@pytest.fixture
def boss(person: Callable[..., Person]) -> Callable[..., Person]:
    """Who opens engagements."""

    def make(**options: object) -> Person:
        return person(Role.SUPERVISOR, Role.ESPECIALISTA, email=BOSS, name="Abraham Ríos Vega", **options)

    return make


def _open(one: Person, title: str, who: str, **ticks: bool) -> str:
    """Open an engagement in the page; gives its address."""
    page = one.go("/auditoria")
    page.get_by_role("link", name="Abrir una auditoría").click()
    page.get_by_label("Nombre del encargo").fill(title)
    page.get_by_label("Despacho o área que audita").fill("Quintana y Asociados")
    page.get_by_label("Casos abiertos desde").fill("2000-01-01")
    page.get_by_label("Casos abiertos hasta").fill("2099-12-31")
    page.get_by_label("Último día de acceso").fill("2099-12-31")
    page.get_by_role("checkbox", name="MA-001").check()
    page.get_by_role("checkbox", name=who).check()
    if ticks.get("masked"):
        page.get_by_role("checkbox", name="Reservar datos personales").check()
    page.get_by_role("button", name="Abrir y sellar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    return page.url.removeprefix(one.address)


@pytest.fixture(scope="module")
def worked(desk: Desk, folios: list[str]) -> str:
    """An engagement with something on every page of it, told through the forms; gives its address."""
    out, boss = (
        desk.place.client(Role.AUDITOR_EXTERNO, email=MEMBER),
        desk.place.client(Role.SUPERVISOR, Role.ESPECIALISTA, email=BOSS),
    )
    auditor, owner = (
        desk.place.user(Role.AUDITOR_EXTERNO, email=MEMBER).id,
        desk.place.user(email="laura@desk.example").id,
    )
    terms = {
        "title": "Revisión",
        "kind": "external",
        "process": "MA-001",
        "start": "2000-01-01",
        "end": "2099-12-31",
    }
    terms |= {"expires": "2099-12-31", "auditor": auditor, "masked": "si", "downloads": "si"}
    address = str(boss.post_form("/auditoria/nueva", terms).headers["Location"])
    span = {"process": "MA-001", "start": "2000-01-01", "end": "2099-12-31"}
    for path, form in (
        ("poblaciones", span),
        ("poblaciones/P1/muestras", {"method": "size", "n": "5", "seed": "visita-2026"}),
        (
            "hallazgos",
            {"severity": "minor", "title": "Falta", "text": "Falta algo", "entries": f"{folios[0]}/1"},
        ),
        ("solicitudes", {"owner": owner, "due": "2020-01-01", "title": "El acuse"}),
        ("solicitudes", {"owner": owner, "due": "2099-01-01", "title": "La carta"}),
    ):
        assert out.post_form(f"{address}/{path}", form).status_code == 303, path
    assert boss.post_form(f"{address}/pedido/R1", {"entries": f"{folios[1]}/1"}).status_code == 303
    return address


def test_the_visit(
    desk: Desk, folios: list[str], nora: Callable[..., Person], boss: Callable[..., Person], tmp_path: Path
) -> None:
    """From the invitation to an offline verdict, without leaving the room; the supervisor sees what was looked at."""
    address = _open(boss(), "Auditoría anual", "Nora Quintana")
    visitor = nora()
    page = visitor.go("/auditoria")
    page.get_by_role("link", name="Auditoría anual").click()

    page.get_by_role("link", name="Congela la población").click()
    page.get_by_role("button", name="Congelar").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Población P1")
    expect(page.locator("main")).to_contain_text("ninguno")
    page.get_by_role("link", name="Recalcular desde la bitácora").click()
    expect(page.locator("main")).to_contain_text("Recalculada: coincide")
    page.get_by_label("Semilla").fill("visita-2026")
    expect(page.get_by_label("Cuántos casos")).to_have_value("25")
    page.get_by_role("button", name="Extraer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Muestra S1")
    expect(page.locator("main")).to_contain_text("vuelta a extraer: coincide")
    drawn = draw("visita-2026", folios, 25)
    assert tuple(page.locator(".audit-matrix tbody th").all_inner_texts()) == drawn

    page.get_by_role("link", name="Recorrer los casos").click()
    _walk(desk, visitor, drawn)
    _conclude(visitor, drawn[0])
    _take_home(desk, visitor, address, tmp_path)

    watcher = boss()
    page = watcher.go(f"{address}/consultas")
    expect(page.locator("main")).to_contain_text("Nora Quintana")
    expect(page.locator("main")).to_contain_text("paquete descargado")
    page = watcher.go(f"{address}/hallazgos/F1")
    page.get_by_label("Respuesta de la mesa").fill("De acuerdo.")
    page.get_by_role("button", name="Sellar la respuesta").click()
    expect(page.locator("main")).to_contain_text("respondido")


def _walk(desk: Desk, visitor: Person, drawn: tuple[str, ...]) -> None:
    """One case by keyboard alone: entries turned in place, every attribute answered, the next case begun."""
    page, keys = visitor.page, visitor.page.keyboard
    title = page.locator("#w-line")
    expect(title).to_contain_text("Recibir el ticket")
    page.wait_for_load_state("load")  # its script is there
    keys.press("t")
    keys.press("1")  # the first attribute; what is typed must outlive the turning of entries
    page.locator("body").evaluate("() => document.activeElement.blur()")
    keys.press("ArrowRight")
    expect(title).to_contain_text("Confirmar la recepción")
    expect(page.locator("[data-walk]")).to_contain_text("Confirmación")
    keys.press("ArrowRight")
    expect(title).to_contain_text("Pendiente de atención")
    expect(page.locator("[data-walk] figure img")).to_have_js_property("complete", True)
    expect(page).to_have_url(re.compile("entrada=3"))
    keys.press("ArrowLeft")
    expect(title).to_contain_text("Confirmar la recepción")
    page.reload()
    expect(page.locator('[name="r.datos"][value="ok"]')).to_be_checked()
    page.wait_for_load_state("load")
    keys.press("t")
    keys.press("2")
    keys.type("La carta llegó después de la solicitud.")
    keys.press("Escape")
    codes = [item.code for item in defaults()["MA-001"]]
    for _code in codes[2:]:
        keys.press("t")
        keys.press("3")
    keys.press("Control+Enter")
    expect(page).to_have_url(re.compile(drawn[1]))
    expect(page.locator("main")).to_contain_text(f"Pruebas selladas de {drawn[0]}")
    eid = page.url.split("/auditoria/")[1].split("/")[0]
    tests = desk.place.house.room.register.get(eid).tests
    page.wait_for_load_state("load")
    told = {code: tests["S1", drawn[0], code] for code in codes}
    assert [str(told[code].result) for code in codes] == ["ok", "exception", *["na"] * (len(codes) - 2)]
    assert told["firma"].note == "La carta llegó después de la solicitud."
    keys.press("p")
    expect(page).to_have_url(re.compile(drawn[0]))


def _conclude(visitor: Person, folio: str) -> None:
    """From the entry on the screen to a finding about it."""
    page = visitor.page
    expect(page.locator("#w-line")).to_be_visible()
    page.wait_for_load_state("load")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#w-line")).to_contain_text("Confirmar la recepción")
    page.keyboard.press("h")
    expect(page.get_by_label("Entradas que lo muestran")).to_have_value(f"{folio}/2")
    page.get_by_role("radio", name="mayor").check()
    page.get_by_label("Título").fill("Alta sin autorización previa")
    page.get_by_label("Qué se encontró").fill("El alta se pidió antes de la firma.")
    page.get_by_role("button", name="Levantar y sellar").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alta sin autorización previa")
    expect(page.locator("main")).to_contain_text(f"{folio} / 2")


def _take_home(desk: Desk, visitor: Person, address: str, folder: Path) -> None:
    """The package of the sample, verified by the tool in a process of its own with a key kept beforehand."""
    page = visitor.go(f"{address}/exportar")
    page.get_by_role("button", name="Preparar paquete").click()
    expect(page.get_by_role("link", name="Descargar")).to_be_visible(timeout=90_000)
    with page.expect_download() as caught:
        page.get_by_role("link", name="Descargar").click()
    caught.value.save_as(folder / "paquete.zip")
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "audit_exports.verify",
            folder / "paquete.zip",
            "--vkey",
            desk.place.house.vkey.text,
        ],
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert told.returncode == 0, told.stdout.decode() + told.stderr.decode()


def test_what_is_masked_is_nowhere_on_the_screen(
    folios: list[str], worked: str, person: Callable[..., Person]
) -> None:
    """The walk shows steps, dates and digests; no name, no typed text, no picture, no way to open a file."""
    bruno = person(Role.AUDITOR_EXTERNO, email=MEMBER, name="Bruno Salas")
    first = draw("visita-2026", folios, 25)[0]
    page = bruno.go(f"{worked}/casos/{first}?muestra=S1&entrada=3")
    expect(page.locator("[data-walk]")).to_contain_text("reservados en esta auditoría")
    text = page.locator("main").inner_text()
    assert "Persona" not in text
    assert "ticket.png" not in text
    assert page.locator("[data-walk] img").count() == 0
    assert page.get_by_role("link", name="Descargar").count() == 0
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#w-line")).to_contain_text("Confirmar la recepción")


def _pages(address: str, folio: str) -> list[str]:
    inside = ("", "/casos", f"/casos/{folio}", f"/casos/{folio}?muestra=S1", f"/casos/{folio}/entradas/1")
    work = ("/poblaciones", "/poblaciones/P1?comprobar=1", "/muestras/S1", "/hallazgos", "/hallazgos/F1")
    rest = ("/solicitudes", "/atributos", "/bitacora", "/exportar")
    return ["/auditoria", *(address + path for path in (*inside, *work, *rest))]


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_room(
    desk: Desk,
    folios: list[str],
    worked: str,
    person: Callable[..., Person],
    boss: Callable[..., Person],
    scheme: str,
    width: int,
) -> None:
    """Every page of the room, for its auditor, the supervisor and who was asked, in light and dark, wide and narrow."""
    folio = draw("visita-2026", folios, 25)[0]
    looks = {"color_scheme": scheme, "bypass_csp": True, "viewport": {"width": width, "height": 800}}
    bruno = person(Role.AUDITOR_EXTERNO, email=MEMBER, name="Bruno Salas", **looks)
    laura = person(Role.ESPECIALISTA, email="laura@desk.example", name="Laura Ortega Prado", **looks)
    out = desk.place.client(Role.AUDITOR_EXTERNO, email=MEMBER)
    begun = [
        str(out.post_form(f"{worked}{path}", form).headers["Location"])
        for path, form in (("/exportar", {"sample": "encargo"}), (f"/casos/{folio}/verificar", {}))
    ]
    office = [
        f"{worked}/consultas",
        "/auditoria/consultas",
        "/auditoria/nueva",
        worked,
        f"{worked}/hallazgos/F1",
        f"{worked}/pedido/R1",
    ]
    axe, found = Axe(), []
    asked = ["/auditoria", f"{worked}/pedido/R2"]
    for one, paths in ((bruno, [*_pages(worked, folio), *begun]), (boss(**looks), office), (laura, asked)):
        for path in paths:
            page = one.go(path)
            page.wait_for_load_state("networkidle")
            result = axe.run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
            found += [
                f"{path} {item['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
                for item in result.response["violations"]
                for node in item["nodes"][:3]
            ]
    assert found == [], "\n".join(found)


def test_the_room_fits_a_phone(folios: list[str], worked: str, person: Callable[..., Person]) -> None:
    """No page of it scrolls sideways at 360 pixels."""
    bruno = person(
        Role.AUDITOR_EXTERNO, email=MEMBER, name="Bruno Salas", viewport={"width": 360, "height": 740}
    )
    too_wide = []
    for path in _pages(worked, draw("visita-2026", folios, 25)[0]):
        extra = bruno.go(path).evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if extra > 0:
            too_wide.append((path, extra))
    assert too_wide == []
