"""Sheets of rows: found whatever their shape, refused row by row, and given back in the shape they came in."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from documents.letters import read_letter
from documents.limits import DEFAULT_LIMITS
from documents.pdf import read as read_pdf
from documents.refusals import FileRefused
from documents.row_answers import FIXED, spread, write_final
from documents.row_sheets import MAX_ROWS, read_rows, row_key
from documents.sniffing import PDF
from tests.fakes import metlife

PEOPLE = metlife.people(12)


def read(content: bytes, form: str = "roster", name: str = "hoja.xlsx") -> Any:
    """Read bytes as a sheet."""
    return read_rows(io.BytesIO(content), form=form, name=name)


def problems(change: Callable[[openpyxl.Workbook], None], form: str = "roster") -> list[tuple[int, str, str]]:
    """What is told of a spoilt workbook: row, column and code."""
    return [(e.row, e.column, e.code) for e in read(metlife.workbook(PEOPLE, change=change), form).errors]


def test_nine_hundred_rows() -> None:
    """The real size: every row with its HID, zone and address, under the number the spreadsheet program shows."""
    people = metlife.people(900)
    found = read(metlife.workbook(people))
    assert (found.header, found.errors, len(found.rows)) == (6, (), 900)
    assert [(row.row, row.cells["hid"], row.cells["zona"]) for row in found.rows] == [
        (person.number, person.hid, person.zone) for person in people
    ]


def test_columns_in_any_order_and_spelling() -> None:
    """Columns moved, upper case, without accents, with remarks: the same rows."""

    def shuffle(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet["B6"], sheet["C6"], sheet["G6"] = "HID (número)", "NOMBRE", "REGIÓN"
        sheet.move_range("B6:B18", cols=10)

    found = read(metlife.workbook(PEOPLE, change=shuffle))
    assert found.errors == ()
    assert found.rows[0].cells["zona"] == PEOPLE[0].zone
    assert found.rows[0].cells["hid"] == PEOPLE[0].hid


def test_every_problem_at_once() -> None:
    """Repeated, empty and calculated cells, all with their rows, in one reading."""

    def spoil(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet["B8"] = int(str(sheet["B7"].value))  # the same key without its zeros
        sheet["B9"] = None
        sheet["B11"] = '=CONCATENATE("3","1")'
        sheet["C12"] = "  "

    assert problems(spoil) == [
        (8, "hid", "hid_twice"),
        (9, "hid", "empty"),
        (11, "hid", "formula"),
        (12, "nombre", "empty"),
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda book: book.worksheets[0].delete_rows(1, 30), "no_header"),
        (lambda book: book.worksheets[0].delete_rows(7, 30), "no_rows"),
        (lambda book: book.worksheets[0].cell(6, 12, "HID"), "column_twice"),
        (lambda book: setattr(book.worksheets[0], "sheet_state", "hidden"), "no_header"),
    ],
)
def test_a_sheet_that_is_none(change: Callable[[openpyxl.Workbook], None], code: str) -> None:
    """No header, nothing below it, two columns for the key, or a sheet nobody sees."""
    assert code in [found for _, _, found in problems(change)]


def test_too_many_rows_are_refused() -> None:
    """More rows than an entry can name are a problem, not a cut."""
    found = read(metlife.workbook(metlife.people(MAX_ROWS + 1)))
    assert [item.code for item in found.errors] == ["too_many_rows"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"%PDF-1.4", b"HID;Nombre\n1;Ana\n"])
def test_what_is_no_workbook(content: bytes) -> None:
    """Something else under the name of a workbook is refused at the door."""
    with pytest.raises(FileRefused):
        read(content)


def test_extracts_as_csv_and_workbook_say_the_same() -> None:
    """CAM's button gives a CSV with semicolons and a mark; its report a workbook: one reading."""
    said = metlife.statuses(PEOPLE)
    as_csv = read(metlife.extract_csv(said), "extract", "cam.csv")
    as_book = read(metlife.extract_xlsx(said), "extract")
    keyed = [{row.key: row.cells["estatus"] for row in found.rows} for found in (as_csv, as_book)]
    assert keyed[0] == keyed[1] == {row_key(hid): status for hid, status in said.items()}
    latin = read("HID,Estatus\n1,Sin información\n".encode("cp1252"), "extract", "cam.csv")
    assert latin.rows[0].cells["estatus"] == "Sin información"


def _words(word: str = "Certifica") -> dict[int, str]:
    return {person.number: word for person in PEOPLE}


def test_the_final_workbook_is_the_original_with_a_word_in_each_row() -> None:
    """Styles, widths, other sheets, all other cells and every HID stay; the answer column holds the decisions."""
    original = metlife.workbook(PEOPLE)
    made = write_final(io.BytesIO(original), {**_words(), 9: "Baja"}, name="final.xlsx")
    before, after = (openpyxl.load_workbook(io.BytesIO(data)) for data in (original, made))
    assert before.sheetnames == after.sheetnames
    assert after["Instrucciones"]["A1"].value == before["Instrucciones"]["A1"].value
    old, new = before["Usuarios"], after["Usuarios"]
    assert (new.freeze_panes, new.column_dimensions["C"].width) == ("C7", 38)
    assert new["C6"].fill.fgColor.rgb == old["C6"].fill.fgColor.rgb
    changed = [
        cell.coordinate for row in new.iter_rows() for cell in row if cell.value != old[cell.coordinate].value
    ]
    assert changed == [f"J{person.number}" for person in PEOPLE]
    assert (new["J9"].value, new["J10"].value) == ("Baja", "Certifica")


def test_the_same_decisions_are_the_same_bytes() -> None:
    """Made twice, hours apart, the final workbook is the same object for the store."""
    original = metlife.workbook(PEOPLE)
    first, second = (write_final(io.BytesIO(original), _words(), name="f.xlsx") for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        core = package.read("docProps/core.xml").decode()
        assert {item.date_time for item in package.infolist()} == {(2000, 1, 1, 0, 0, 0)}
    assert core.count(FIXED) == 2
    assert first != write_final(io.BytesIO(original), _words("Baja"), name="f.xlsx")


def test_a_workbook_without_an_answer_column_gets_one() -> None:
    """At the right of the header, dressed as its neighbour."""
    original = metlife.workbook(PEOPLE, change=lambda book: book.worksheets[0].delete_cols(10))
    made = openpyxl.load_workbook(io.BytesIO(write_final(io.BytesIO(original), _words(), name="f.xlsx")))
    assert [made["Usuarios"][f"J{row}"].value for row in (6, 7)] == ["Decisión", "Certifica"]
    assert made["Usuarios"]["J6"].font.b


@pytest.mark.parametrize("words", [{7: "Baja"}, {**_words(), 40: "Baja"}])
def test_rows_in_are_rows_out(words: dict[int, str]) -> None:
    """A final workbook that lacks a row, or has one nobody sent, is not made."""
    with pytest.raises(FileRefused):
        write_final(io.BytesIO(metlife.workbook(PEOPLE)), words, name="f.xlsx")


def test_words_by_row() -> None:
    """Rows for each word are a word for each row."""
    assert spread({"Baja": [7], "Certifica": [8, 9]}) == {7: "Baja", 8: "Certifica", 9: "Certifica"}


APPLICATIONS = {"belife": ("BeLife", "B'Life"), "pro99": ("Pro99",)}


def test_a_letter_is_read() -> None:
    """Date, application and count, from the PDF's own text."""
    found = read_pdf(io.BytesIO(metlife.letter(count=900)), PDF, DEFAULT_LIMITS)
    letter = read_letter(str(found.about["text"]), APPLICATIONS)
    assert (letter.date, letter.application, letter.count) == ("2026-11-12", "belife", "900")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("", "", "")),
        ("Fecha 12/11/2026. Aplicativo B'LIFE. Total de usuarios: 1,204", ("2026-11-12", "belife", "1204")),
        ("Del 12 de noviembre de 2026 al 20 de noviembre de 2026, BeLife y Pro99", ("", "", "")),
        ("31/02/2026, 900 usuarios y 12 cuentas", ("", "", "")),
    ],
)
def test_what_is_not_said_once_is_not_read(text: str, expected: tuple[str, str, str]) -> None:
    """Two dates, two applications, two counts or a day that does not exist: then a person looks."""
    found = read_letter(text, APPLICATIONS)
    assert (found.date, found.application, found.count) == expected
