"""Lists of agents: found by their header wherever it stands, wrong cells named by row and column."""

from __future__ import annotations

import io

import openpyxl
import pytest

from documents.agent_list import COLUMNS, MAX_AGENTS, read_agent_list
from documents.isolation import SeparateReader
from documents.refusals import FileRefused
from workflows.series_checks import LISTED


def book(*rows: tuple[object, ...]) -> io.BytesIO:
    """A workbook of these rows."""
    found = openpyxl.Workbook()
    sheet = found.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    found.save(out)
    return io.BytesIO(out.getvalue())


HEADER = ("Clave de agente", "Nombre del agente", "Promotoría", "Zona", "Cédula", "Vigencia", "Estatus")
ROW = ("AG10457", "Jorge Nava", "Del Valle", "CDMX", "A-55213", "31/12/2026", "Solicitado")


def test_definitions_know_the_readers_columns() -> None:
    """The loader's closed list of columns, kept apart so that it needs no parser, is the reader's."""
    assert LISTED == COLUMNS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pegado.txt", "Clave\tNombre\tVigencia\nAG1\tAna Ruiz\t2026-12-31\n"),
        ("lista.csv", "CLAVE,NOMBRE,VIGENCIA\nAG1,Ana Ruiz,31-12-2026\n"),
        ("lista.csv", "Reporte de CAM\n\nNombre completo;Cve. agente;Vence\nAna Ruiz;AG1;31/12/2026\n"),
        ("lista.txt", "Clave|Nombre|Vigencia\nAG1|Ana Ruiz|2026-12-31 00:00\n"),
    ],
)
def test_text_in_any_shape(name: str, text: str) -> None:
    """Tabs, commas, semicolons and bars, with a title above, in any order of columns."""
    found = read_agent_list(io.BytesIO(text.encode()), name=name)
    assert [row.values for row in found.rows] == [
        {"clave": "AG1", "nombre": "Ana Ruiz", "vigencia": "2026-12-31"}
    ]
    assert found.errors == ()


def test_a_workbook_with_a_title() -> None:
    """The header need not be the first row; rows keep the sheet's numbers."""
    found = read_agent_list(book(("Agentes en Solicitado",), (), HEADER, ROW), name="cam.xlsx")
    assert [(row.row, row.values["clave"], row.values["vigencia"]) for row in found.rows] == [
        (4, "AG10457", "2026-12-31")
    ]
    assert found.columns == ("clave", "nombre", "promotoria", "zona", "cedula", "vigencia", "estatus")


@pytest.mark.parametrize(
    ("rows", "errors"),
    [
        ((("Zona", "Promotoría"), ("CDMX", "X")), [(0, "", "no_agents_header")]),
        ((HEADER,), [(1, "", "no_rows")]),
        ((("Clave", "Nombre", "Agente"), ("AG1", "Ana", "x")), [(1, "nombre", "column_twice")]),
        ((("Clave", "Nombre"), ("=A1", "Ana"), ("AG2", "x" * 400)),
         [(2, "clave", "formula"), (3, "nombre", "too_long")]),
        ((("Clave", "Nombre"), *((f"AG{n}", "N") for n in range(MAX_AGENTS + 1))),
         [(MAX_AGENTS + 2, "", "too_many_agents")]),
    ],
    ids=["no header", "no rows", "a column twice", "bad cells", "too many"],
)  # fmt: skip
def test_what_is_wrong_is_named(
    rows: tuple[tuple[object, ...], ...], errors: list[tuple[int, str, str]]
) -> None:
    """Each problem has its row, its column and its code."""
    found = read_agent_list(book(*rows), name="cam.xlsx")
    assert [(item.row, item.column, item.code) for item in found.errors] == errors


def test_a_picture_is_no_list() -> None:
    """What is neither workbook nor text is refused as a file."""
    with pytest.raises(FileRefused):
        read_agent_list(io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(40)), name="cam.png")


def test_the_confined_process_reads_the_same() -> None:
    """Read in a process that dies afterwards, the list is the same value."""
    stream = book(HEADER, ROW, ("=1", "B"))
    assert SeparateReader().agent_list(stream, name="cam.xlsx") == read_agent_list(stream, name="cam.xlsx")
