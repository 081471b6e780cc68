"""A campaign's workbook of 900 rows: taken in whole, shown, and made into the final one.

Ours reads in confined processes, checks every row, seals the file and writes the entry. The baseline does the least
that touches the same bytes: openpyxl reads every cell of the same sheet in this very process, and stores nothing.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl

from benchmarks.desk import BenchDesk, present
from benchmarks.measure import Figure, compare
from documents.isolation import SeparateReader
from documents.row_answers import spread, write_final
from tests.fakes import metlife
from tests.workflows.desk import ANA, eml, upload
from workflows.campaigncommands import TakeExtract
from workflows.commands import OpenCase, RecordStep
from workflows.rosterview import RosterQuery

ROWS = 900
BESIDE = "openpyxl reads the same sheet, one process, nothing stored"


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Seconds to take 900 rows in, milliseconds to show fifty of them, seconds for the final workbook."""
    people = metlife.people(ROWS)
    sheet = metlife.workbook(people)
    desk = BenchDesk(scratch, reader=SeparateReader())
    folios: list[str] = []

    def take_in() -> float:
        opening = {"requerimiento": f"R-{len(folios)}", "aplicacion": "belife", "remitente": "si"}
        command = OpenCase("MA-005", ANA, opening, (eml(), upload("usuarios.xlsx", sheet)))
        begun = time.perf_counter()
        folios.append(desk.cases.open_case(command).folio)
        return time.perf_counter() - begun

    def plain() -> float:
        begun = time.perf_counter()
        _plainly(sheet)
        return time.perf_counter() - begun

    yield compare("import_900", take_in, BESIDE, plain, unit="s", better="lower", rounds=rounds)
    folio = _reviewed(desk, folios[0], people)

    def shown() -> float:
        begun = time.perf_counter()
        desk.cases.campaigns.roster(folio).find(RosterQuery(status="activo", sort="name", limit=50))
        return (time.perf_counter() - begun) * 1000

    def derived() -> float:
        begun = time.perf_counter()
        desk.cases.view(folio)
        return (time.perf_counter() - begun) * 1000

    yield compare(
        "50 of 900 rows", shown, "deriving the case alone", derived, unit="ms", better="lower", rounds=rounds
    )
    words = {"Certifica": [person.number for person in people]}

    def final() -> float:
        begun = time.perf_counter()
        write_final(io.BytesIO(sheet), spread(words), name="final.xlsx")
        return time.perf_counter() - begun

    def resaved() -> float:
        begun = time.perf_counter()
        openpyxl.load_workbook(io.BytesIO(sheet)).save(io.BytesIO())
        return time.perf_counter() - begun

    yield compare(
        "final_900", final, "openpyxl loads and saves it", resaved, unit="s", better="lower", rounds=rounds
    )


def _plainly(sheet: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(sheet), read_only=True)
    for page in book.worksheets:
        for _row in page.iter_rows(values_only=True):
            pass
    book.close()


def _reviewed(desk: BenchDesk, folio: str, people: tuple[metlife.Person, ...]) -> str:
    """The campaign with a date and a status for every row."""
    far = (present() + timedelta(days=40)).date().isoformat()
    data = {"fecha_limite": far, "cita": "La del correo"}
    desk.cases.record(RecordStep(folio, "3", ANA, data=data))
    extract = upload("cam.csv", metlife.extract_csv(metlife.statuses(people)))
    desk.cases.campaigns.extract(TakeExtract(folio, ANA, (extract,), present()))
    return folio
