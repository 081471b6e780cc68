"""Reading a workbook (.xlsx): sheets, rows, columns, text. Formulas are never calculated.

The ZIP is judged before openpyxl sees it: number of members, declared unpacked size, ratio, XML declarations, macros
and embedded objects. (`zipfile` never yields more bytes than a member declares, so the declared sizes bind.)
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

import openpyxl
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from documents.limits import MIB, Limits
from documents.office import check_parts, is_dde
from documents.reading import Passage, Reading, clean, excerpt
from documents.refusals import Refuse
from documents.secret_cells import LabelledCells
from documents.secrets_scan import announces
from documents.sniffing import Kind
from documents.ziplayout import check_layout
from evidence.canonical import Json

_CHUNK = 64 * 1024
_RATIO_FLOOR = 10 * MIB
_PASSAGE_CHARS = 32_768

Cell = object


def read(stream: BinaryIO, kind: Kind, limits: Limits) -> Reading:
    """Facts: ``sheets`` (``name``, ``rows``, ``columns``, ``hidden``), ``author``, ``modified``, ``text``.

    Raises:
        Refuse: macros, active_content (embedded files), xml_declarations, encrypted, over_limit, secret_found.
    """
    warnings = check_package(stream, kind, limits)
    stream.seek(0)
    workbook = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    try:
        found = len(worksheets(workbook))
        if found > limits.sheets:
            raise _over("sheets", found, limits.sheets)
        survey = _Survey(limits)
        sheets: list[Json] = [survey.sheet(sheet) for sheet in worksheets(workbook)]
        about: dict[str, Json] = {
            "sheets": sheets,
            "author": clean(str(workbook.properties.creator or ""), 200),
            "modified": _moment(workbook.properties.modified),
            "text": excerpt(survey.passages, limits.excerpt_chars),
        }
    finally:
        workbook.close()
    if survey.formulas:
        warnings.append("formulas")
    if any(sheet.sheet_state != "visible" for sheet in worksheets(workbook)):
        warnings.append("hidden_sheets")
    return Reading(about, tuple(warnings), tuple(survey.passages))


def worksheets(workbook: Workbook) -> list[ReadOnlyWorksheet]:
    """The sheets that hold cells; charts have none."""
    sheets: list[Any] = list(workbook.worksheets)  # the stubs know nothing of read-only sheets
    return [sheet for sheet in sheets if isinstance(sheet, ReadOnlyWorksheet)]


def bounded_rows(sheet: ReadOnlyWorksheet, limits: Limits) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """``(row number, values)`` of a sheet in constant memory; what the sheet says of its own size is not believed.

    Raises:
        Refuse: over_limit (rows, columns), also for a single cell that stands far below or far to the right.
    """
    sheet.reset_dimensions()
    rows: Iterator[tuple[Cell, ...]] = sheet.iter_rows(values_only=True)  # type: ignore[misc]
    for number, row in enumerate(rows, start=1):
        if number > limits.rows:
            raise _over("rows", number, limits.rows)
        if len(row) > limits.columns:
            raise _over("columns", len(row), limits.columns)
        yield number, row


def cell_text(value: Cell) -> str:
    """A cell as text: dates the ISO way, whole numbers without a fraction, no control characters."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if not isinstance(value, bool | int | float | str | dt.timedelta):
        return "="  # array and table formulas come as objects
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return clean(str(value), 32_767).strip()


def column_letters(index: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class _Survey:
    """One walk through all cells: counts, text, labels that announce a secret."""

    def __init__(self, limits: Limits) -> None:
        self.passages: list[Passage] = []
        self.formulas = False
        self._limits = limits
        self._cells = 0
        self._room = limits.searchable_chars

    def sheet(self, sheet: ReadOnlyWorksheet) -> dict[str, Json]:
        """Facts of one sheet."""
        title = clean(sheet.title, 100)
        rows = columns = 0
        labels = LabelledCells(announces)
        for number, row in bounded_rows(sheet, self._limits):
            texts = [cell_text(value) for value in row]
            self._count(len(texts))
            for column, word, value in labels.row(texts):
                place = f"cell {title}!{column_letters(column)}{number}"
                self.passages.append(Passage(place, f"{word}: {value}", ""))
            filled = [index for index, text in enumerate(texts) if text]
            if not filled:
                continue
            rows, columns = number, max(columns, filled[-1] + 1)
            self.formulas = self.formulas or any(text.startswith("=") for text in texts)
            if any(is_dde(text) for text in texts if text.startswith("=")):
                raise Refuse("active_content", family="xlsx", what="dde")
            self._keep(title, texts)
        return {"name": title, "rows": rows, "columns": columns, "hidden": sheet.sheet_state != "visible"}

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > self._limits.cells:
            raise _over("cells", self._cells, self._limits.cells)

    def _keep(self, title: str, texts: list[str]) -> None:
        if self._room <= 0:
            return
        line = "\t".join(text.replace("\n", " ") for text in texts if text)
        self._room -= len(line)
        last = self.passages[-1] if self.passages else None
        if last and last.place == f"sheet {title}" and len(last.text) < _PASSAGE_CHARS:
            self.passages[-1] = Passage(last.place, f"{last.text}\n{line}", "")
        else:
            self.passages.append(Passage(f"sheet {title}", line, ""))


def check_package(stream: BinaryIO, kind: Kind, limits: Limits) -> list[str]:
    """Judge the ZIP before any reader unpacks it; gives warning codes.

    Raises:
        Refuse: over_limit, encrypted, macros, active_content, xml_declarations, polyglot.
    """
    stream.seek(0)
    with zipfile.ZipFile(stream) as package:
        members = package.infolist()
        if len(members) > limits.zip_members:
            raise _over("members", len(members), limits.zip_members)
        unpacked = sum(member.file_size for member in members)
        if unpacked > limits.unpacked_bytes:
            raise _over("unpacked_bytes", unpacked, limits.unpacked_bytes)
        for member in members:
            _check_member(member, kind, limits)
        check_layout(stream, members, kind.family)
        for member in members:
            if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                _refuse_declarations(package, member)
        return ["external_links"] if check_parts(package, members, kind.family) else []


def _check_member(member: zipfile.ZipInfo, kind: Kind, limits: Limits) -> None:
    name = member.filename.lower()
    if member.flag_bits & 1:
        raise Refuse("encrypted", family=kind.family)
    ratio = member.file_size // max(1, member.compress_size)
    if member.file_size > _RATIO_FLOOR and ratio > limits.ratio:
        raise _over("ratio", ratio, limits.ratio)
    if name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/"):
        raise Refuse("macros", family=kind.family)
    if name.startswith(("xl/embeddings/", "xl/activex/")):
        raise Refuse("active_content", family=kind.family, what="embedded_files")


def _refuse_declarations(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse a document type (and with it entities): it can only stand before the first element."""
    parser = expat.ParserCreate()
    state = {"open": False}

    def started(_name: str, _attributes: dict[str, str]) -> None:
        state["open"] = True

    def declared(*_declaration: object) -> None:
        raise Refuse("xml_declarations", family="xlsx")

    parser.StartElementHandler = started
    parser.StartDoctypeDeclHandler = declared
    with package.open(member) as part:
        while not state["open"] and (piece := part.read(_CHUNK)):
            parser.Parse(piece, False)


def _over(what: str, found: int, limit: int) -> Refuse:
    return Refuse("over_limit", family="xlsx", what=what, found=found, limit=limit)


def _moment(moment: dt.datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""
