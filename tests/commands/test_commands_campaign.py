"""A campaign from the console: the whole way, through the confined reader and the real stores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from identity.accounts import Role
from tests.fakes import metlife
from tests.fakes.installation import Installation
from tests.fakes.papers import eml

ACTOR = ("--actor", "especialista@desk.example")
DATA = json.dumps({"requerimiento": "RECERT-2026", "aplicacion": "belife", "remitente": True})
PEOPLE = metlife.small()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """An installation with a specialist, and the files of a small campaign beside it."""
    made = Installation(tmp_path / "data")
    made.user(Role.ESPECIALISTA)
    (tmp_path / "metlife.eml").write_bytes(eml("Recertificación"))
    (tmp_path / "usuarios.xlsx").write_bytes(metlife.workbook(PEOPLE))
    (tmp_path / "cam.csv").write_bytes(metlife.extract_csv(metlife.statuses(PEOPLE)))
    yield made
    made.close()


def run(place: Installation, *arguments: str) -> Result:
    """Run a command on the installation."""
    return place.app.test_cli_runner().invoke(args=["campaign", *arguments])


def told(result: Result, code: int = 0) -> dict[str, Any]:
    """The JSON object of a command that ended with ``code``."""
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def begin(place: Installation, folder: Path) -> str:
    """Open the campaign; gives its folio."""
    files = ("--file", f"correo={folder / 'metlife.eml'}", "--file", f"archivo={folder / 'usuarios.xlsx'}")
    return str(told(run(place, "import", *ACTOR, "--data", DATA, *files))["folio"])


def test_a_campaign_by_command(place: Installation, tmp_path: Path) -> None:
    """Import, extract, ask, answer, decide and make the final workbook, each one JSON object."""
    folio = begin(place, tmp_path)
    dated = json.dumps({"fecha_limite": "2029-11-20", "cita": "A más tardar el 20 de noviembre"})
    recorded = place.app.test_cli_runner().invoke(
        args=["cases", "record", folio, "3", *ACTOR, "--data", dated, "--json"]
    )
    told(recorded)
    queried = ("--queried-at", "2026-03-03T09:00")
    told(run(place, "extract", folio, *ACTOR, "--file", str(tmp_path / "cam.csv"), *queried))
    told(run(place, "ask", folio, *ACTOR, "--file", str(tmp_path / "metlife.eml")))
    out = tmp_path / "norte.xlsx"
    told(run(place, "export", folio, "--area", "a1", "--out", str(out)))
    out.write_bytes(metlife.answered(out.read_bytes(), lambda _row: ("Certifica", "")))
    told(run(place, "answers", folio, "a1", *ACTOR, "--file", str(out)))
    rest = told(run(place, "rows", folio, "--decision", "sin_decision"))
    assert (rest["total"], rest["matching"]) == (3, "8,10,12")
    told(run(place, "decide", folio, rest["matching"], "baja", *ACTOR, "--reason", "Ya no trabajan aquí"))
    made = told(run(place, "final", folio, *ACTOR))
    assert made["state"] == {"campana": "Consolidada"}
    rows = told(run(place, "rows", folio))
    assert {row["decision"] for row in rows["rows"]} == {"certifica", "baja"}
    assert [area["status"] for area in rows["areas"]] == ["resuelta", "resuelta"]


def test_a_bad_sheet_is_told_by_row(place: Installation, tmp_path: Path) -> None:
    """Repeated and empty HIDs are all named with their rows, and nothing is opened."""

    def spoil(book: Any) -> None:
        sheet = book.worksheets[0]
        sheet["B8"] = sheet["B7"].value
        sheet["B10"] = None

    (tmp_path / "usuarios.xlsx").write_bytes(metlife.workbook(PEOPLE, change=spoil))
    files = (
        "--file",
        f"correo={tmp_path / 'metlife.eml'}",
        "--file",
        f"archivo={tmp_path / 'usuarios.xlsx'}",
    )
    error = told(run(place, "import", *ACTOR, "--data", DATA, *files), 1)["error"]
    assert [(item["row"], item["problem"]) for item in error["problems"]] == [(8, "hid_twice"), (10, "empty")]


def test_a_step_of_rows_has_its_own_door(place: Installation, tmp_path: Path) -> None:
    """Recording the final workbook by hand is refused with where it is made."""
    folio = begin(place, tmp_path)
    files = ("--file", str(tmp_path / "usuarios.xlsx"))
    result = place.app.test_cli_runner().invoke(
        args=["cases", "record", folio, "15", *ACTOR, *files, "--json"]
    )
    assert told(result, 1)["error"]["code"] == "rows_elsewhere"
