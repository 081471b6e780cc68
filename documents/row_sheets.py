"""Sheets of many people with a key: a recertification file, an extract of a register, an area's answers.

As with request sheets people move columns, write titles above the table and add accents: the header is the row that
names most of the columns wanted, and columns are found by name. Every problem is data (row, column, code, value), all
of them at once, so that a sheet of nine hundred rows is mended in one go. Rows are named by the number that the
spreadsheet program shows.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import openpyxl

from documents.identifiers import fold
from documents.limits import DEFAULT_LIMITS, Limits
from documents.refusals import FileRefused, Refuse, hostile
from documents.request_form import HEADER_SEARCH_ROWS, MAX_CELL_CHARS, RowProblem
from documents.sniffing import XLSX, Kind, identify
from documents.spreadsheet import bounded_rows, cell_text, check_package, column_letters, worksheets

MAX_ROWS = 4_000
"""Rows one campaign may have: its entries name rows one by one where decisions alternate, in at most 32 KiB."""

KEY = "hid"

_NAMES: Mapping[str, tuple[str, ...]] = {
    "hid": (
        "hid", "h i d", "h id", "id hid", "hid usuario", "hid metlife", "numero de empleado", "num empleado",
        "no empleado", "numero de empleado metlife", "numero empleado metlife", "employee id", "clave hid",
    ),
    "nombre": (
        "nombre", "nombre completo", "nombre del usuario", "nombre de usuario", "usuario", "nombre y apellidos",
        "full name", "user name", "colaborador", "empleado",
    ),
    "correo": ("correo", "correo electronico", "email", "e mail", "mail"),
    "rfc": ("rfc", "r f c", "rfc con homoclave"),
    "zona": ("zona", "zona comercial", "region", "plaza", "area", "direccion", "gerencia", "promotoria"),
    "jefe": ("jefe", "jefe directo", "nombre del jefe", "responsable", "supervisor", "manager"),
    "tipo": ("tipo", "tipo de usuario", "perfil", "tipo usuario"),
    "estatus": (
        "estatus", "status", "estado", "estatus cam", "estatus en cam", "estatus cam pegasus", "situacion",
    ),
    "decision": (
        "decision", "certificacion", "certifica", "respuesta", "accion", "estatus final", "resultado",
        "recertificacion",
    ),
    "motivo": ("motivo", "comentarios", "observaciones", "por que", "comentario"),
    "renglon": ("renglon", "fila", "row", "no renglon"),
}  # fmt: skip
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names}


@dataclass(frozen=True, slots=True)
class Form:
    """Which columns a kind of sheet must have, which may be there, and which may hold nothing in no row."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    filled: tuple[str, ...]


FORMS: Mapping[str, Form] = {
    "roster": Form(
        (KEY, "nombre"), ("correo", "rfc", "zona", "jefe", "tipo", "decision", "estatus"), (KEY, "nombre")
    ),
    "extract": Form((KEY, "estatus"), ("nombre", "correo", "rfc"), (KEY,)),
    "answers": Form((KEY, "decision"), ("renglon", "nombre", "motivo", "zona"), (KEY,)),
}
"""Kinds of sheets by name."""

ROW_CODES: Mapping[str, str] = {
    "no_header": "no row names the key and what else must be there",
    "column_twice": "two columns have the same meaning; ``value`` is the second one's letter",
    "no_rows": "there is a header and nothing below it",
    "too_many_rows": "more rows than ``value``",
    "empty": "a cell that must hold something is empty",
    "formula": "the cell holds a formula; it is not calculated: paste the value",
    "too_long": "the cell holds more text than a field may have",
    "hid_twice": "the same key stands in an earlier row; ``value`` is that row's number",
}


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number and its cells by field, trimmed; columns that the sheet does not have are absent."""

    row: int
    cells: Mapping[str, str]

    @property
    def key(self) -> str:
        """The key as it is compared."""
        return row_key(self.cells.get(KEY, ""))


@dataclass(frozen=True, slots=True)
class RowsReading:
    """A sheet read: its title, the row of its header, columns by field (from 0), rows, and every problem found."""

    sheet: str
    header: int
    columns: Mapping[str, int]
    rows: tuple[SheetRow, ...]
    errors: tuple[RowProblem, ...]


def row_key(text: str) -> str:
    """A key as it is compared: upper case, no blanks, and no zeros in front where it is a number.

    Spreadsheet programs make 00123 into 123 and back; the cell itself is never rewritten.
    """
    bare = "".join(text.upper().split())
    return (bare.lstrip("0") or "0") if bare.isdigit() else bare


def read_rows(
    stream: BinaryIO, *, form: str, name: str = "renglones.xlsx", limits: Limits = DEFAULT_LIMITS
) -> RowsReading:
    """Read a sheet of a kind in `FORMS`; leaves the stream at its start. Extracts may also be CSV.

    Raises:
        FileRefused: it is no file that may be opened; problems of its content are in `RowsReading.errors`.
    """
    try:
        kind = identify(stream, name.rpartition(".")[2].lower())
        if kind is not XLSX and not (form == "extract" and kind.family == "text"):
            raise Refuse("content_mismatch", extension="xlsx", found=kind.extension)
        with hostile(kind.family):
            return _read(stream, kind, FORMS[form], limits)
    except Refuse as refusal:
        raise FileRefused(refusal.code, name, refusal.fields) from refusal
    finally:
        stream.seek(0)


def _read(stream: BinaryIO, kind: Kind, form: Form, limits: Limits) -> RowsReading:
    if kind is not XLSX:
        return _best(form, [("", list(_csv_rows(stream, limits)))])
    check_package(stream, XLSX, limits)
    stream.seek(0)
    workbook = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    try:
        visible = (sheet for sheet in worksheets(workbook) if sheet.sheet_state == "visible")
        tables = [
            (
                sheet.title,
                [(number, [cell_text(v) for v in row]) for number, row in bounded_rows(sheet, limits)],
            )
            for sheet in visible
        ]
        return _best(form, tables)
    finally:
        workbook.close()


def _csv_rows(stream: BinaryIO, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Rows of a CSV in UTF-8 or Windows-1252, with the delimiter that its first lines use most."""
    stream.seek(0)
    data = stream.read(limits.file_bytes)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = "\n".join(text.splitlines()[:HEADER_SEARCH_ROWS])
    delimiter = max(",;\t|", key=head.count)
    for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
        if number > limits.rows:
            raise Refuse("over_limit", family="text", what="rows", found=number, limit=limits.rows)
        if len(row) > limits.columns:
            raise Refuse("over_limit", family="text", what="columns", found=len(row), limit=limits.columns)
        yield number, [cell_text(value) for value in row]


def _best(form: Form, tables: Sequence[tuple[str, Sequence[tuple[int, list[str]]]]]) -> RowsReading:
    """The table whose header names most of the columns, the first of equals."""
    best: tuple[int, RowsReading] | None = None
    for title, rows in tables:
        found = _header(form, rows)
        if found is None:
            continue
        header, columns, twice = found
        if best is None or len(columns) > best[0]:
            reading = _Rows(form, columns).read(title, header, rows, twice)
            best = (len(columns), reading)
    return best[1] if best is not None else RowsReading("", 0, {}, (), (RowProblem(0, "", "no_header"),))


def _header(
    form: Form, rows: Iterable[tuple[int, list[str]]]
) -> tuple[int, dict[str, int], list[RowProblem]] | None:
    wanted = {*form.required, *form.optional}
    best: tuple[int, dict[str, int], list[RowProblem]] | None = None
    for number, texts in rows:
        if number > HEADER_SEARCH_ROWS:
            break
        columns: dict[str, int] = {}
        twice: list[RowProblem] = []
        for index, text in enumerate(texts):
            field = _FIELD_OF.get(_label(text), "")
            if field not in wanted:
                continue
            if field in columns:
                twice.append(RowProblem(number, field, "column_twice", column_letters(index)))
            else:
                columns[field] = index
        if set(form.required) <= columns.keys() and (best is None or len(columns) > len(best[1])):
            best = (number, columns, twice)
    return best


class _Rows:
    """The rows below a header, checked one after another."""

    def __init__(self, form: Form, columns: Mapping[str, int]) -> None:
        self._form = form
        self._columns = columns
        self._seen: dict[str, int] = {}
        self._errors: list[RowProblem] = []

    def read(
        self, title: str, header: int, rows: Iterable[tuple[int, list[str]]], twice: Sequence[RowProblem]
    ) -> RowsReading:
        """Every row that holds anything in a column of ours, and every problem."""
        self._errors += [item for item in twice if item.column in (*self._form.required, "decision")]
        found: list[SheetRow] = []
        for number, texts in rows:
            cells = self._cells(texts)
            if number <= header or not any(cells.values()):
                continue
            if len(found) >= MAX_ROWS:
                self._errors.append(RowProblem(number, "", "too_many_rows", str(MAX_ROWS)))
                break
            found.append(SheetRow(number, cells))
            self._check(found[-1])
        if not found:
            self._errors.append(RowProblem(header, "", "no_rows"))
        return RowsReading(title, header, dict(self._columns), tuple(found), tuple(self._errors))

    def _cells(self, texts: Sequence[str]) -> dict[str, str]:
        return {
            field: " ".join(texts[index].split()) if index < len(texts) else ""
            for field, index in self._columns.items()
        }

    def _check(self, row: SheetRow) -> None:
        problems = [
            problem for field, text in row.cells.items() if (problem := self._shape(row.row, field, text))
        ]
        self._errors += problems
        key = row.key
        if not key or any(problem.column == KEY for problem in problems):
            return
        earlier = self._seen.setdefault(key, row.row)
        if earlier != row.row:
            self._errors.append(RowProblem(row.row, KEY, "hid_twice", str(earlier)))

    def _shape(self, number: int, field: str, text: str) -> RowProblem | None:
        if not text:
            return RowProblem(number, field, "empty") if field in self._form.filled else None
        if text.startswith("="):
            return RowProblem(number, field, "formula")
        if len(text) > MAX_CELL_CHARS:
            return RowProblem(number, field, "too_long", text[:40])
        return None


def _label(text: str) -> str:
    """A header as the names above spell it: folded, without marks and bracketed remarks."""
    return " ".join(re.sub(r"\([^)]*\)|[^a-z0-9 ]", " ", fold(text)).split())
