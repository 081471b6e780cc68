from __future__ import annotations

import io
import re
import zipfile
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook.workbook import Workbook

from audit_exports.sheet import MAX_TEXT, Cell, Column, Sheet, column_name, neutral, write_workbook

CASE = "ZZ-001-2026-000001"


@pytest.fixture(scope="module")
def book(files: dict[str, bytes]) -> Workbook:
    """The sample package's workbook, read by openpyxl."""
    return openpyxl.load_workbook(io.BytesIO(files["data/workbook.xlsx"]))


def rows(book: Workbook, sheet: str) -> list[dict[str, object]]:
    """A sheet's rows by heading."""
    heads, *body = [[cell.value for cell in row] for row in book[sheet].iter_rows()]
    return [dict(zip(map(str, heads), row, strict=True)) for row in body]


def test_the_workbook_has_its_sheets(book: Workbook) -> None:
    """Cover first; then process, population, cases and their tests, chain, access and lists, in this order."""
    tables = (
        "Proceso RACI KPI Normas Población Muestra Casos|Matriz de pasos|Atributos Evidencias Excepciones SLA "
        "Recertificación|Recertificación por área|Firmas Cadena Accesos Personas Catálogos Calendario"
    )
    names = [
        name
        for part in tables.split("|")
        for name in ([part] if " de " in part or " por " in part else part.split())
    ]
    assert book.sheetnames == ["Portada", *names]


def test_the_step_matrix_has_a_row_for_every_step_of_every_case(book: Workbook) -> None:
    """Required and missing are words, not colours alone."""
    found = {str(row["clave"]): row for row in rows(book, "Matriz de pasos")}
    assert len(found) == 8
    assert (found[f"{CASE}/p4"]["estado"], found[f"{CASE}/p4"]["obligatorio"]) == ("Hecho", "sí")
    assert found["ZZ-001-2026-000002/p2"]["estado"] == "Abierto"


def test_keys_are_unique_and_leaves_are_whole(book: Workbook) -> None:
    """Every sheet's first column is a key; the chain sheet has the leaf that the entry hashes to."""
    for sheet in book.sheetnames[1:]:
        assert book[sheet].freeze_panes == "A2"
        keys = [row[0].value for row in book[sheet].iter_rows(min_row=2)]
        assert len(keys) == len(set(keys))
    leaves = [str(row["hoja (SHA-256)"]) for row in rows(book, "Cadena")]
    assert len(leaves) == 5
    assert all(re.fullmatch("[0-9a-f]{64}", leaf) for leaf in leaves)


def test_links_lead_to_files_of_the_package(book: Workbook, files: dict[str, bytes]) -> None:
    """Every hyperlink is a relative path to something that is there."""
    links = [
        cell.hyperlink.target for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink
    ]
    assert len(links) > 20
    assert all(f"data/{unquote(str(link))}" in files for link in links)


def test_no_cell_is_a_formula_and_dangerous_ones_are_neutralised(book: Workbook) -> None:
    """Whatever people typed, opening the workbook computes nothing."""
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "－1"])
def test_formula_starters_get_an_apostrophe(text: str) -> None:
    """Also those a spreadsheet takes for ASCII ones."""
    assert neutral(text) == "'" + text
    assert neutral("a" + text) == "a" + text


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.text(max_size=50), min_size=1, max_size=5))
def test_any_text_makes_well_formed_xml_and_comes_back(texts: list[str]) -> None:
    """Control characters become a replacement sign; everything else is read back as it was written."""
    sheet = Sheet("Hoja", [Column("a", 10)])
    for text in texts:
        sheet.add(text)
    sink = io.BytesIO()
    write_workbook(sink, [sheet], title="<&>", created="2026-01-01T00:00:00Z")
    with zipfile.ZipFile(sink) as archive:
        tree = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - we wrote it
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    found = [item.text or "" for item in tree.iter(f"{space}t")][1:]
    for text, back in zip(texts, found, strict=True):
        wanted = neutral(text).replace("\r\n", "\n").replace("\r", "\n")
        assert len(back) >= len(wanted)
        if text.isprintable() and "_x" not in text:
            assert back == wanted


def test_too_long_a_text_is_cut_where_excel_would_refuse_it() -> None:
    """A cell holds 32,767 characters."""
    sheet = Sheet("Hoja", widths=[10])
    sheet.add("x" * 40_000)
    sink = io.BytesIO()
    write_workbook(sink, [sheet], title="", created="2026-01-01T00:00:00Z")
    data = sink.getvalue()
    assert data.count(b"x" * MAX_TEXT) == 1
    assert b"x" * (MAX_TEXT + 1) not in data


def test_the_same_rows_give_the_same_bytes() -> None:
    """Nothing of the day or machine is in the file; what looks like an escape is kept as text."""

    def once() -> bytes:
        sheet = Sheet("Hoja", [Column("a", 10), Column("b", 20)])
        sheet.add(Cell("_x0041_", "casos/ñ.html"), 7)
        sink = io.BytesIO()
        write_workbook(sink, [sheet], title="t", created="2026-01-01T00:00:00Z")
        return sink.getvalue()

    assert once() == once()
    assert b"_x005F_x0041_" in once()


def test_columns_are_named_like_spreadsheets_do() -> None:
    """A to Z, then AA."""
    assert [column_name(number) for number in (1, 26, 27, 52, 703)] == ["A", "Z", "AA", "AZ", "AAA"]
