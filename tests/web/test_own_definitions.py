"""An installation's own processes: added by a file, released through the ledger, and never changed afterwards."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from evidence.entry import EntryKind
from identity.accounts import Role
from tests.fakes.installation import Browser, Installation
from tests.fakes.papers import eml, pdf, png
from tests.fakes.people import cheap_passwords
from web.app import create_app
from web.releases import DEFINITIONS_CASE
from web.views.fields import PREFIX
from web.wiring import House

ROOT = Path(__file__).parents[2]
EIGHTH = ROOT / "tests" / "processes" / "st-001" / "2026-01-15.toml"


class Own(Installation):
    """An installation with a directory of definitions, that can be started again."""

    def __init__(self, tmp: Path) -> None:
        self.folder = tmp / "procesos"
        (self.folder / "st-001").mkdir(parents=True)
        shutil.copy(EIGHTH, self.folder / "st-001")
        super().__init__(tmp / "data", {"CONSTANCIA_DEFINITIONS": str(self.folder)})
        self.restart()

    def restart(self) -> None:
        """The same data, read by a program started anew."""
        self.house.close()
        self.house = House(self.settings, clock=self.clock, passwords=cheap_passwords())
        self.app = create_app(self.settings, self.house)

    def release(self, version: str, *changes: tuple[str, str]) -> Path:
        """Write another version of the eighth process."""
        text = EIGHTH.read_text(encoding="utf-8").replace('version = "2026-01-15"', f'version = "{version}"')
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = self.folder / "st-001" / f"{version}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: str, code: int = 0) -> Any:
        """A command's JSON object."""
        result = self.app.test_cli_runner().invoke(args=list(arguments))
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def published(self) -> list[str]:
        """Labels of what the ledger published."""
        rows = self.house.ledger.history(DEFINITIONS_CASE)
        return [row.entry.process for row in rows if row.entry.kind is EntryKind.DEFINITION_PUBLISHED]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Own]:
    """A fresh installation with an eighth process."""
    made = Own(tmp_path)
    yield made
    made.close()


def stage(browser: Browser, base: str, name: str, content: bytes, slot: str) -> None:
    """Upload a file to a draft as the page does."""
    parts: list[tuple[str, object]] = [("slot", slot), ("archivo", FileStorage(io.BytesIO(content), name))]
    boundary, body = encode_multipart(MultiDict(parts))
    kind = f"multipart/form-data; boundary={boundary}"
    assert browser.send("POST", f"{base}/archivos", data=body, content_type=kind).status_code in {200, 201}


def open_case(browser: Browser, equipment: str, kind: str = "portatil") -> str:
    """Open a case of the eighth process by its page."""
    stage(browser, "/borradores/nuevo-ST-001/apertura", "cita.eml", eml(), "cita")
    values = {"equipo": equipment, "usuario": "Rosa Mejía", "clase": kind}
    answer = browser.post_form("/casos/nuevo/ST-001", {PREFIX + name: v for name, v in values.items()})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"]).split("/casos/")[1].split("?")[0]


def record(browser: Browser, folio: str, step: str, **form: str) -> None:
    """Record a step by its page."""
    answer = browser.post_form(f"/casos/{folio}/pasos/{step}", form)
    assert answer.status_code == 303, answer.text


def work(browser: Browser, folio: str) -> None:
    """Steps 2 to 4."""
    stage(browser, f"/borradores/{folio}/2", "respaldo.png", png(), "captura")
    record(browser, folio, "2")
    record(browser, folio, "3", **{PREFIX + "trabajo": "Limpieza y parches", PREFIX + "bateria": "91 %"})
    stage(browser, f"/borradores/{folio}/4", "responsiva.pdf", pdf(), "responsiva")
    record(browser, folio, "4")


def verify(place: Own, package: Path) -> dict[str, Any]:
    """The auditor's offline tool, in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "audit_exports.verify",
        str(package),
        "--vkey",
        place.house.vkey.text,
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_an_eighth_process_by_its_file_alone(place: Own, tmp_path: Path) -> None:
    """A file makes a process: opened and worked by pages, read in the knowledge base, exported and verified offline."""
    assert "ST-001@2026-01-15" in place.published()
    browser = place.client(Role.ESPECIALISTA, Role.AUDITOR_INTERNO)
    folio = open_case(browser, "LAP-0042")
    assert folio.startswith("ST-001-")
    work(browser, folio)
    record(browser, folio, "5", choice="falla", **{PREFIX + "respuesta": "No enciende"})
    record(browser, folio, "3", **{PREFIX + "trabajo": "Cambio de memoria", PREFIX + "bateria": "91 %"})
    stage(browser, f"/borradores/{folio}/4", "responsiva.pdf", pdf(2), "responsiva")
    record(browser, folio, "4")
    record(browser, folio, "5", choice="conforme", **{PREFIX + "respuesta": "Ahora sí"})
    state = place.house.cases.view(folio).state
    assert (state.status, state.closed, state.complete) == ("conforme", True, True)
    page = browser.get("/procesos/ST-001").text
    for text in (
        "Dar a cada equipo su mantenimiento semestral",
        "paso-3",
        "¿Cuánto tiempo se guarda el respaldo?",
    ):
        assert text in page
    assert "ST-001" in browser.get("/procesos?q=bateria").text
    out = tmp_path / "paquete.zip"
    place.run(
        "packages", "export", "--out", str(out), "--case", folio, "--actor", "especialista@desk.example"
    )
    assert verify(place, out)["verdict"] == "valid"


def test_a_refusal_of_the_eighth_process_is_told_and_recorded(place: Own) -> None:
    """What its file refuses is refused with the file's own words, and the request is on record."""
    browser = place.client()
    stage(browser, "/borradores/nuevo-ST-001/apertura", "cita.eml", eml(), "cita")
    values = {"equipo": "SRV-1", "usuario": "Rosa Mejía", "clase": "servidor"}
    answer = browser.post_form("/casos/nuevo/ST-001", {PREFIX + name: v for name, v in values.items()})
    assert "Los servidores los mantiene Infraestructura N3." in answer.text


def test_two_versions_side_by_side(place: Own, tmp_path: Path) -> None:
    """A version published while a case runs: it ends by the old rules, new cases take the new; one package has both."""
    browser = place.client(Role.ESPECIALISTA, Role.AUDITOR_INTERNO)
    old = open_case(browser, "LAP-0001")
    place.release(
        "2026-03-01", ("limit = 3", "limit = 7"), ('name = "Respaldar los datos"', 'name = "Respaldar todo"')
    )
    assert place.run("definitions", "publish") == {"published": ["ST-001@2026-03-01"]}
    assert place.run("definitions", "publish") == {"published": []}
    place.restart()
    browser = place.client(Role.ESPECIALISTA, Role.AUDITOR_INTERNO)
    new = open_case(browser, "LAP-0002")
    for folio in (old, new):
        work(browser, folio)
    views = [place.house.cases.view(folio) for folio in (old, new)]
    assert [view.definition.version for view in views] == ["2026-01-15", "2026-03-01"]
    due = [timer.due_at for view in views for timer in view.state.timers]
    assert due[0] < due[1]
    assert "Respaldar los datos" in browser.get(f"/casos/{old}").text
    assert "Respaldar todo" in browser.get(f"/casos/{new}").text
    assert "Respaldar todo" in browser.get("/procesos/ST-001").text
    rows = place.run("definitions", "list", "--json")["definitions"]
    forces = {row["version"]: row["in_force"] for row in rows if row["process"] == "ST-001"}
    assert forces == {"2026-01-15": False, "2026-03-01": True}
    told = place.run("definitions", "diff", "ST-001@2026-01-15", "ST-001", "--json")["changes"]
    assert [change["place"] for change in told] == ["timer.prueba.limit", "step.2.name"]
    out = tmp_path / "paquete.zip"
    place.run(
        "packages", "export", "--out", str(out), "--process", "ST-001", "--actor", "especialista@desk.example"
    )
    assert verify(place, out)["verdict"] == "valid"
    names = zipfile.ZipFile(out).namelist()
    assert sum(name.endswith((".toml",)) and "ST-001" in name.upper() for name in names) == 2, names


def test_what_was_released_outlives_its_file(place: Own) -> None:
    """Without the file, even without the directory, cases and the process go on from the ledger's copy."""
    folio = open_case(place.client(), "LAP-0001")
    shutil.rmtree(place.folder)
    place.env = {key: value for key, value in place.env.items() if key != "CONSTANCIA_DEFINITIONS"}
    place.restart()
    assert place.house.cases.view(folio).definition.label == "ST-001@2026-01-15"
    work(place.client(), folio)
    assert place.run("definitions", "show", "ST-001")["version"] == "2026-01-15"


REFUSED = {
    "the bytes of a released version": (
        "2026-01-15",
        ("limit = 3", "limit = 9"),
        "ya se publicó con otro contenido",
    ),
    "a version before the one in force": ("2025-06-01", ("limit = 3", "limit = 9"), "ya está en vigor"),
    "a file with mistakes": (
        "2026-04-01",
        ('requires = ["3"]', 'requires = ["33"]'),
        "no existe un paso anterior",
    ),
    "a file under another name": (
        "2026-04-02",
        ('version = "2026-04-02"', 'version = "2026-04-03"'),
        "contiene ST-001",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_may_not_be_released_is_refused_whole(place: Own, why: str) -> None:
    """One bad file refuses the publication and the start of the server, with the reason; nothing is published."""
    version, change, words = REFUSED[why]
    place.release("2026-05-01")
    place.release(version, change)
    before = place.published()
    for command in (("definitions", "publish"), ("db", "upgrade")):
        error = place.run(*command, code=1)["error"]
        assert error["code"] == "definitions_unfit"
        assert any(words in problem["message"] for problem in error["problems"]), error
    refused = place.app.test_cli_runner().invoke(args=["serve", "--port", "0"])
    assert refused.exit_code == 1
    assert words in refused.output
    assert place.published() == before


def test_check_tells_errors_and_slips_with_lines(place: Own) -> None:
    """`definitions check`: exit 1 and every error with line and two languages; exit 0 and doubts for what runs."""
    bad = place.release(
        "2026-05-01", ('unit = "habiles"', 'unit = "horas"'), ('performer = "usuario"', 'performer = "x"')
    )
    error = place.run("definitions", "check", str(bad), code=1)["error"]
    lines = bad.read_text(encoding="utf-8").splitlines()
    found = {problem["place"]: problem for problem in error["problems"]}
    assert lines[found["step.5.performer"]["line"] - 1] == 'performer = "x"'
    assert lines[found["timer.prueba.unit"]["line"] - 1] == 'unit = "horas"'
    assert {"message", "message_en"} <= found["timer.prueba.unit"].keys()
    odd = place.release("2026-05-02", ('statuses = ["En taller",', 'statuses = ["Perdido", "En taller",'))
    (doubt,) = place.run("definitions", "check", str(odd))["warnings"]
    assert (doubt["place"], doubt["message_en"]) == ("machine.equipo.statuses", "nothing leads to «Perdido»")


def test_show_hands_out_the_released_bytes(place: Own) -> None:
    """`definitions show --source` gives the file whose digest cases pin; an unknown label is refused."""
    result = place.app.test_cli_runner().invoke(args=["definitions", "show", "ST-001@2026-01-15", "--source"])
    assert result.stdout_bytes == EIGHTH.read_bytes()
    assert place.run("definitions", "show", "ST-009", code=1)["error"]["code"] == "no_such_version"
