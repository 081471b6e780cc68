"""Writing sheets of rows: the one an area answers on, and the original workbook with everybody's decision in it.

The final workbook is the original, opened and saved again: its styles, other sheets and columns stay, and no key is
rewritten. What the format lets a program add by itself (times of saving, the order of time stamps in the ZIP) is set
to fixed values, so that the same decisions on the same workbook are the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import BinaryIO

import openpyxl
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from documents.limits import DEFAULT_LIMITS, Limits
from documents.refusals import FileRefused, Refuse, hostile
from documents.row_sheets import FORMS, KEY, RowsReading, _read, row_key
from documents.sniffing import XLSX, identify
from documents.spreadsheet import cell_text, check_package
from documents.workbook_bytes import workbook_bytes

FIXED = "2000-01-01T00:00:00Z"
_EPOCH = (2000, 1, 1, 0, 0, 0)
_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")
COLUMN = "Decisión"
ANSWER_COLUMNS = ("Renglón", "HID", "Nombre", "Área", "Estatus CAM", COLUMN, "Motivo")
"""Columns of the sheet that an area answers on."""

_WIDTHS = (10, 16, 36, 24, 18, 20, 44)


def write_answer_sheets(
    target: BinaryIO, sheets: Mapping[str, Sequence[Sequence[str]]], options: Sequence[str]
) -> None:
    """Write one sheet for each area, with ``ANSWER_COLUMNS``; the decision is chosen from ``options``."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    taken: set[str] = set()
    for title, rows in (sheets or {"Renglones": ()}).items():
        sheet = workbook.create_sheet(_title(title, taken))
        _fill(sheet, rows, options)
    buffer = io.BytesIO()
    workbook.save(buffer)
    target.write(_settled(buffer.getvalue()))


def _fill(sheet: Worksheet, rows: Sequence[Sequence[str]], options: Sequence[str]) -> None:
    sheet.append(list(ANSWER_COLUMNS))
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DDE6EE")
    for row in rows:
        sheet.append([_plain(value) for value in row])
    for index, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "C2"
    last = max(2, len(rows) + 1)
    choice = DataValidation(type="list", formula1='"' + ",".join(options) + '"', allow_blank=True)
    sheet.add_data_validation(choice)
    choice.add(f"F2:F{last}")
    for cells in sheet.iter_rows(min_row=2, max_row=last, min_col=6, max_col=7):
        for cell in cells:
            cell.protection = Protection(locked=False)
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _plain(value: str) -> str:
    """A text that no program takes for a formula."""
    return f"'{value}" if value.startswith("=") else value


def _title(name: str, taken: set[str]) -> str:
    """A sheet's title: without what the format forbids, at most 31 characters, each once."""
    base = re.sub(r"[\[\]:*?/\\']", " ", name).strip()[:26] or "Renglones"
    title, number = base, 1
    while title.casefold() in taken:
        number += 1
        title = f"{base} {number}"
    taken.add(title.casefold())
    return title


def write_final(
    stream: BinaryIO, words: Mapping[int, str], *, name: str, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """The original workbook with a word in the decision column of each row of ``words``.

    A sheet without such a column gets one at the right of its header. Read again before it is given: the same rows,
    the same keys.

    Raises:
        FileRefused: the original cannot be opened, or what was written does not hold the same rows (``damaged``).
    """
    try:
        if identify(stream, "xlsx") is not XLSX:
            raise Refuse("content_mismatch", extension="xlsx", found=identify(stream, "xlsx").extension)
        with hostile("xlsx"):
            check_package(stream, XLSX, limits)
            before = _read(stream, XLSX, FORMS["roster"], limits)
            stream.seek(0)
            made = _written(stream, before, words)
            after = _read(io.BytesIO(made), XLSX, FORMS["roster"], limits)
        if _keys(before) != _keys(after) or set(words) != {row.row for row in before.rows}:
            raise Refuse("damaged", family="xlsx")
    except Refuse as refusal:
        raise FileRefused(refusal.code, name, refusal.fields) from refusal
    finally:
        stream.seek(0)
    return made


def _keys(reading: RowsReading) -> list[tuple[int, str, str]]:
    return [(row.row, row.key, row.cells[KEY]) for row in reading.rows]


def _written(stream: BinaryIO, reading: RowsReading, words: Mapping[int, str]) -> bytes:
    workbook = openpyxl.load_workbook(stream)
    try:
        sheet = workbook[reading.sheet]
        if not isinstance(sheet, Worksheet):
            raise Refuse("damaged", family="xlsx")
        column = reading.columns.get("decision", -1) + 1 or _new_column(sheet, reading)
        key = reading.columns[KEY] + 1
        for row in reading.rows:
            if row_key(cell_text(sheet.cell(row.row, key).value)) != row.key:
                raise Refuse("damaged", family="xlsx")
            sheet.cell(row.row, column).value = words.get(row.row, "")
        package = workbook_bytes(workbook)
    finally:
        workbook.close()
    return _settled(package)


def _new_column(sheet: Worksheet, reading: RowsReading) -> int:
    """A column at the right of the header, dressed as its neighbour."""
    last = max(cell.column for cell in sheet[reading.header] if cell.value is not None)
    for number in (reading.header, *(row.row for row in reading.rows)):
        _dress(sheet.cell(number, last), sheet.cell(number, last + 1))
    sheet.cell(reading.header, last + 1).value = COLUMN
    sheet.column_dimensions[get_column_letter(last + 1)].width = 18
    return last + 1


def _dress(like: object, cell: object) -> None:
    if isinstance(like, Cell) and isinstance(cell, Cell) and like.has_style:
        cell.font, cell.fill = copy(like.font), copy(like.fill)  # type: ignore[assignment]  # proxies of styles
        cell.border, cell.alignment = copy(like.border), copy(like.alignment)  # type: ignore[assignment]


def _settled(package: bytes) -> bytes:
    """The same package with fixed times, so that equal contents are equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(out, "w") as target:
        for item in sorted(source.infolist(), key=_first):
            data = source.read(item)
            if item.filename == "docProps/core.xml":
                data = _TIMES.sub(rb"\g<1>" + FIXED.encode() + rb"\g<3>", data)
            info = zipfile.ZipInfo(item.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            target.writestr(info, data)
    return out.getvalue()


def _first(item: zipfile.ZipInfo) -> tuple[bool, str]:
    return item.filename != "[Content_Types].xml", item.filename


def spread(words: Mapping[str, Iterable[int]]) -> dict[int, str]:
    """A word for each row, from rows for each word."""
    return {number: word for word, numbers in words.items() for number in numbers}


def write_table(target: BinaryIO, title: str, rows: Sequence[Sequence[str]]) -> None:
    """Write one sheet of texts, its first row the header."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = _title(title, set())
    for row in rows:
        sheet.append([_plain(value) for value in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    buffer = io.BytesIO()
    workbook.save(buffer)
    target.write(_settled(buffer.getvalue()))
