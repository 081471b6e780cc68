"""A campaign of nine hundred rows, by mouse, by keyboard alone, on a phone, and without a script."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Page, expect

from identity.accounts import Role
from tests.browser.conftest import Desk
from tests.browser.papers import Papers
from tests.browser.people import Person
from tests.fakes.metlife import HEADER_ROW, extract_csv, people, statuses, workbook
from workflows.campaigncommands import AskAreas, DecideRows, TakeExtract
from workflows.commands import Actor, OpenCase, RecordStep, Upload

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

ROWS = 900
SOME = 130
PEOPLE = people(ROWS)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
REASON = "Coincide con CAM y con lo que dijo su jefe"


class Campaigns:
    """Campaigns of a desk, opened by the service where a test is not about opening one."""

    def __init__(self, desk: Desk, papers: Papers) -> None:
        self.desk = desk
        self.cases = desk.place.house.cases
        self.laura = Actor(desk.place.user(Role.ESPECIALISTA, name="Laura Ortega Prado").id, "especialista")
        self._papers = papers
        self._made = 0

    def mail(self, subject: str) -> Upload:
        """A mail with that subject."""
        path = self._papers.mail(subject)
        return Upload(path.name, io.BytesIO(path.read_bytes()))

    def open(self, *, rows: int = ROWS, asked: bool = True) -> str:
        """A campaign with its deadline, its extract and (``asked``) the areas asked; gives the folio."""
        self._made += 1
        found = PEOPLE[:rows]
        data = {"requerimiento": f"RECERT-{self._made}", "aplicacion": "pro99", "remitente": "si"}
        sheet = Upload("usuarios.xlsx", io.BytesIO(workbook(found)))
        folio = self.cases.open_case(
            OpenCase("MA-005", self.laura, data, (self.mail("Recertificación"), sheet))
        ).folio
        self.begin(folio)
        self.extract(folio, rows)
        if asked:
            self.cases.campaigns.ask(AskAreas(folio, self.laura, (self.mail("Validen a sus usuarios"),)))
        return folio

    def begin(self, folio: str) -> None:
        """The steps before the rows: applications, deadline, priority."""
        day = self.desk.place.clock() + timedelta(days=21)
        dates = {"fecha_limite": f"{day:%Y-%m-%d}", "cita": "A más tardar en tres semanas"}
        for step, data in (
            ("2", {"aplicaciones": "Pro99"}),
            ("3", dates),
            ("4", {"nota": "Prioridad absoluta"}),
        ):
            self.cases.record(RecordStep(folio, step, self.laura, data=data))

    def extract(self, folio: str, rows: int = ROWS) -> None:
        """CAM's extract."""
        uploads = (Upload("cam.csv", io.BytesIO(extract_csv(statuses(PEOPLE[:rows])))),)
        now = self.desk.place.clock()
        self.cases.campaigns.extract(TakeExtract(folio, self.laura, uploads, now))

    def decide(self, folio: str, rows: str, decision: str, actor: Actor | None = None) -> None:
        """A decision by somebody else, or by Laura."""
        self.cases.campaigns.decide(DecideRows(folio, rows, decision, REASON, actor or self.laura))


@pytest.fixture(scope="module")
def campaigns(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Campaigns:
    """The desk's campaigns."""
    return Campaigns(desk, Papers(tmp_path_factory.mktemp("campaign-papers")))


@pytest.fixture(scope="module")
def folio(campaigns: Campaigns) -> str:
    """One campaign for the tests that need but a few rows of it, each its own."""
    return campaigns.open(rows=SOME)


@pytest.fixture
def figures() -> Iterator[dict[str, float]]:
    """What the page measured of itself; printed, never judged."""
    found: dict[str, float] = {}
    yield found
    print(json.dumps(found))  # noqa: T201 - figures for whoever asks with -s


def _grid(person: Person, folio: str, query: str = "") -> Page:
    """The grid with all its rows."""
    page = person.go(f"/casos/{folio}/filas{query}")
    expect(page.locator("[data-grid]")).to_have_attribute("role", "grid")
    return page


def _measured(page: Page, name: str) -> float:
    found = page.evaluate(f"performance.getEntriesByName('{name}').map((one) => one.duration)")
    return float(found[-1])


def test_rows_are_chosen_and_decided_by_keyboard_alone(folio: str, person: Callable[..., Person]) -> None:
    """Arrows move, Shift takes a range, a number decides, Enter tells the story; no pointer, no trap."""
    page = _grid(person(), folio)
    page.locator('[data-grid] tbody tr[tabindex="0"]').focus()
    for key in ("ArrowDown", "Shift+ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("[data-chosen]")).to_have_text("3 filas elegidas")
    page.keyboard.press("1")
    expect(page.locator("#bulk-reason")).to_be_focused()
    page.keyboard.type(REASON)
    page.keyboard.press("Enter")
    expect(page.locator('[data-grid] tr[data-state="saved"]')).to_have_count(3)
    expect(page.locator("[data-rows-live]")).to_contain_text("Guardado")
    expect(page.locator('[data-grid] tbody tr[tabindex="0"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_contain_text(REASON)
    page.keyboard.press("Escape")
    expect(page.locator('[data-grid] tbody tr[tabindex="0"]')).to_be_focused()
    page.keyboard.press("Control+a")
    expect(page.locator("[data-chosen]")).to_have_text(f"{SOME} filas elegidas")
    page.keyboard.press("Escape")
    expect(page.locator("[data-grid] tr[aria-selected=true]")).to_have_count(0)


def test_what_somebody_else_decided_is_shown_and_never_overwritten_silently(
    desk: Desk, campaigns: Campaigns, folio: str, person: Callable[..., Person]
) -> None:
    """The second of two people is told who was first and for which rows, and says what shall become of them."""
    diego = desk.place.user(Role.ESPECIALISTA, email="diego@desk.example", name="Diego Salas Ibarra")
    page = _grid(person(), folio)
    first, second = (row.number for row in campaigns.cases.campaigns.roster(folio).rows[10:12])
    for number in (first, second):
        page.locator(f"#fila-{number} input[name=fila]").check()
    campaigns.decide(folio, str(second), "baja", Actor(diego.id, "especialista"))
    page.locator('input[name="decision"][value="certifica"]').check()
    page.locator("#bulk-reason").fill(REASON)
    page.locator("[data-send]").click()
    expect(page.locator("#recibo-filas")).to_contain_text(f"estas filas: {second}")
    expect(page.locator(f'#fila-{second}[data-state="theirs"]')).to_contain_text("Diego Salas Ibarra")
    page.get_by_role("button", name="Decidir sólo las demás (1)").click()
    expect(page.locator(f'#fila-{first}[data-state="saved"]')).to_contain_text("Certifica")
    rows = campaigns.cases.campaigns.roster(folio).by_number
    assert [rows[number].decision for number in (first, second)] == ["certifica", "baja"]


def test_a_selection_outlives_a_reload_and_a_correction_keeps_the_story(
    campaigns: Campaigns, folio: str, person: Callable[..., Person]
) -> None:
    """Rows, decision and reason wait on the server; a row decided again tells both decisions with their reasons."""
    laura = person()
    page = _grid(laura, folio)
    number = campaigns.cases.campaigns.roster(folio).rows[20].number
    with page.expect_response(re.compile(r"/borradores/.*/campos")):
        page.locator(f"#fila-{number} input[name=fila]").check()
        page.locator("#bulk-reason").fill("Lo confirmo mañana con su jefe")
    page = _grid(laura, folio)
    expect(page.locator("[data-chosen]")).to_have_text("1 fila elegida")
    expect(page.locator("#bulk-reason")).to_have_value("Lo confirmo mañana con su jefe")
    page.locator('input[name="decision"][value="certifica"]').check()
    page.locator("[data-send]").click()
    expect(page.locator(f'#fila-{number}[data-state="saved"]')).to_be_visible()
    page = laura.go(f"/casos/{folio}/filas/{number}")
    page.locator('input[name="decision"][value="baja"]').check()
    page.locator("#row-reason").fill("Renunció el viernes; corrijo lo anterior")
    page.get_by_role("button", name="Sellar la decisión").click()
    expect(page.locator(".book > li", has_text="Renunció el viernes")).to_contain_text("vigente")
    expect(page.locator(".book > li", has_text="Lo confirmo mañana")).to_be_visible()


PAGES = (
    "", "/filas", "/filas?decision=sin_decision", "/filas/discrepancias", f"/filas/{HEADER_ROW + 41}",
    "/campana/extracto", "/campana/preguntar", "/campana/respuestas", "/campana/final", "/campana/archivo",
    "/campana/bajas",
)  # fmt: skip


def _violations(page: Page) -> list[str]:
    """What axe finds."""
    result = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
    return [f"{item['id']}: {item['nodes'][0]['target']}" for item in result.response["violations"]]


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_page_of_a_campaign_fits_a_phone_and_leaves_axe_nothing(
    campaigns: Campaigns, folio: str, person: Callable[..., Person], width: int, scheme: str
) -> None:
    """At 360 px nothing runs off the page and a card can be chosen; in both themes axe finds nothing."""
    waiting = HEADER_ROW + 1 + (40 if width == 360 else 41)
    campaigns.decide(folio, str(waiting), "discrepancia")
    size = {"width": width, "height": 780}
    # Whoever looks has no draft of an earlier test: it could come in between the look at a box and the click on it.
    laura = person(email=f"de{width}@desk.example", viewport=size, color_scheme=scheme, bypass_csp=True)
    page = _grid(laura, folio)
    page.locator("[data-grid] tbody tr:not([hidden]) input[name=fila]").nth(1).check()
    expect(page.locator("[data-chosen]")).to_have_text("1 fila elegida")
    found = [f"/filas {item}" for item in _violations(page)]
    for path in PAGES:
        page = laura.go(f"/casos/{folio}{path}")
        page.wait_for_load_state("networkidle")
        found += [f"{path} {item}" for item in _violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{path} is wider than the screen")
    assert found == []


def test_without_scripts_rows_are_decided_from_a_plain_form(
    campaigns: Campaigns, folio: str, person: Callable[..., Person]
) -> None:
    """Pages of a table, filters that are links, all filtered rows by one tick: the same entry as with scripts."""
    laura = person(java_script_enabled=False)
    page = laura.go(f"/casos/{folio}/filas")
    expect(page.locator("tbody tr")).to_have_count(100)
    page.get_by_role("link", name="Más filas").click()
    expect(page.locator("tbody tr")).to_have_count(30)
    page = laura.go(f"/casos/{folio}/filas")
    page.locator('a[data-name="cam"][data-value="baja"]').click()
    page.get_by_role("radio", name=re.compile("filtradas")).check()
    page.locator('input[name="decision"][value="baja"]').check()
    page.locator("#bulk-reason").fill(REASON)
    page.get_by_role("button", name="Sellar la decisión").click()
    leaving = [row for row in campaigns.cases.campaigns.roster(folio).rows if row.status == "baja"]
    expect(page.locator(".receipt")).to_contain_text(f"{len(leaving)} filas")
    assert {row.decision for row in leaving} == {"baja"}


def test_who_only_reads_sees_everything_and_decides_nothing(
    folio: str, person: Callable[..., Person]
) -> None:
    """An auditor has the grid with its filters and stories, no box to tick and no bar."""
    vera = person(Role.AUDITOR_INTERNO, email="vera@desk.example", name="Vera Luna Ríos")
    page = _grid(vera, folio)
    expect(page.locator("input[name=fila], [data-bulk]")).to_have_count(0)
    expect(page.locator(".why")).to_contain_text("Tu cuenta las ve")
    page.locator('[data-grid] tbody tr[tabindex="0"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_contain_text("HID")


def test_from_metlifes_file_to_the_final_one(
    desk: Desk, campaigns: Campaigns, person: Callable[..., Person], tmp_path: Path, figures: dict[str, float]
) -> None:
    """Import with its problems, extract, question, filter, one decision for hundreds, silence, and the file made."""
    laura, papers = person(), Papers(tmp_path)
    folio = _imported(laura, papers, tmp_path)
    campaigns.begin(folio)
    _asked(laura, papers, folio, tmp_path, desk)
    active = _decided(laura, folio, figures)
    assert campaigns.cases.campaigns.roster(folio).state.by_decision["certifica"] == active
    decided = [item.entry for item in campaigns.cases.view(folio).entries if item.entry.facts.get("rows")]
    assert len([entry for entry in decided if entry.step == "14"]) == 1
    _waited(desk, campaigns, folio)
    assert campaigns.cases.campaigns.roster(folio).state.undecided == 0
    laura.enter(desk.place.user(Role.ESPECIALISTA).email)  # her session ended meanwhile
    made = _made(laura, papers, folio)
    assert made.max_row == HEADER_ROW + ROWS
    assert [made.cell(one.number, 2).value for one in PEOPLE] == [one.hid for one in PEOPLE]


def _waited(desk: Desk, campaigns: Campaigns, folio: str) -> None:
    """Days go by without an answer until silence decides, which it does on a business day."""
    for _day in range(14):
        desk.place.clock.offset += timedelta(days=1)
        campaigns.cases.fire_due_timers()
        if not campaigns.cases.campaigns.roster(folio).state.undecided:
            return


def _imported(laura: Person, papers: Papers, folder: Path) -> str:
    """Open the campaign by page: a spoilt sheet first, which names its rows; gives the folio."""

    def spoil(book: openpyxl.Workbook) -> None:
        book.worksheets[0].cell(HEADER_ROW + 3, 2).value = PEOPLE[0].hid
        book.worksheets[0].cell(HEADER_ROW + 5, 2).value = None

    page = laura.go("/casos/nuevo/MA-005")
    spoilt, good = folder / "mal.xlsx", folder / "usuarios_belife.xlsx"
    spoilt.write_bytes(workbook(PEOPLE, change=spoil))
    good.write_bytes(workbook(PEOPLE))
    page.locator("#n-file").set_input_files(spoilt)
    page.get_by_role("button", name="Revisar el archivo").click()
    expect(page.locator("#lectura .problems li")).to_have_count(2)
    expect(page.locator("#lectura")).to_contain_text(f"Renglón {HEADER_ROW + 3}")
    page.locator("#n-file").set_input_files(good)
    page.get_by_role("button", name="Revisar el archivo").click()
    expect(page.locator("#lectura")).to_contain_text("900 filas, sin HID repetidos ni vacíos")
    page.locator('[name="d.requerimiento"]').fill("RECERT-2026")
    page.locator('[name="d.aplicacion"]').select_option("belife")
    page.locator('[name="d.remitente"]').check()
    page.locator("#n-files").set_input_files(papers.mail("Recertificación BeLife"))
    expect(page.locator("[data-files] li[data-id]")).to_have_count(2)
    page.get_by_role("button", name="Abrir y sellar").click()
    expect(page.locator("#recibo")).to_be_visible()
    found = re.search(r"MA-005-\d{4}-\d{6}", page.url)
    assert found
    return found[0]


def _asked(laura: Person, papers: Papers, folio: str, folder: Path, desk: Desk) -> None:
    """CAM's extract, and the question to every area; the case's page counts down."""
    cam = folder / "cam.csv"
    cam.write_bytes(extract_csv(statuses(PEOPLE)))
    page = laura.go(f"/casos/{folio}/campana/extracto")
    page.locator("#x-file").set_input_files(cam)
    queried = desk.place.clock().astimezone(desk.place.settings.tz) - timedelta(minutes=5)
    page.locator("#x-when").fill(f"{queried:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Tomar el extracto y sellar").click()
    expect(page.locator("#recibo")).to_be_visible()
    page = laura.go(f"/casos/{folio}/campana/preguntar")
    page.locator("#p-mail").set_input_files(papers.mail("Validen a sus usuarios"))
    page.get_by_role("button", name="Registrar el envío y sellar").click()
    expect(page.locator("#recibo")).to_be_visible()
    expect(page.locator(".camp")).to_contain_text("Fecha límite")
    expect(page.locator(".camp")).to_contain_text("TODOS")


def _decided(laura: Person, folio: str, figures: dict[str, float]) -> int:
    """All who are active certified by one decision; gives how many."""
    page = _grid(laura, folio)
    expect(page.locator("[data-grid] tbody tr")).to_have_count(ROWS)
    page.locator('[data-name="cam"][data-value="activo"]').click()
    active = sum(said == "Activo" for said in statuses(PEOPLE).values())
    expect(page.locator("[data-grid] tbody tr:not([hidden])")).to_have_count(active)
    figures["filter_ms"] = _measured(page, "rows-filter")
    assert "cam=activo" in page.url
    page.locator("[data-all-box]").check()
    page.locator('input[name="decision"][value="certifica"]').check()
    page.locator("#bulk-reason").fill(REASON)
    page.locator("[data-send]").click()
    expect(page.locator("#recibo-filas .receipt")).to_contain_text(f"{active} filas")
    expect(page.locator('[data-grid] tr[data-state="saved"]')).to_have_count(active)
    expect(page.locator("[data-progress]")).to_contain_text(f"{active} de {ROWS} filas decididas")
    figures["decide_ms"] = _measured(page, "rows-decide")
    figures["answer_ms"] = _measured(page, "rows-answer")
    return active


def _made(laura: Person, papers: Papers, folio: str) -> Worksheet:
    """Disagreements resolved with the director's mail, then the final sheet, downloaded."""
    page = laura.go(f"/casos/{folio}/filas/discrepancias")
    for box in page.locator('input[name="fila"]').all():
        box.check()
    page.locator('input[name="decision"][value="baja"]').check()
    page.locator("#dis-reason").fill("El director: sin registro en CAM, se da de baja")
    page.locator("#dis-mail").set_input_files(papers.mail("Resuelvo las discrepancias"))
    page.get_by_role("button", name="Sellar la decisión").click()
    expect(page.locator(".receipt")).to_be_visible()
    expect(page.get_by_text("Ninguna discrepancia espera")).to_be_visible()
    page = laura.go(f"/casos/{folio}/campana/final")
    page.get_by_role("button", name="Hacer el archivo final y sellar").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Bajar el archivo final").click()
    return openpyxl.load_workbook(io.BytesIO(coming.value.path().read_bytes())).worksheets[0]
