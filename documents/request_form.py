"""Reading MA-001's request sheet: who needs an account, as rows with structured errors.

People move columns, write titles above the table, add accents and colons. The header row is the row that names most
of the fields; columns are found by name. Every problem is data (row, column, code, value), so that a page can say in
Spanish, line by line, what to mend.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import openpyxl

from documents.identifiers import check_rfc, fold, is_email, normalise_email
from documents.limits import DEFAULT_LIMITS, Limits
from documents.refusals import FileRefused, Refuse, hostile
from documents.sniffing import XLSX, identify
from documents.spreadsheet import bounded_rows, cell_text, check_package, column_letters, worksheets

MAX_ROWS = 10_000
HEADER_SEARCH_ROWS = 50
MAX_CELL_CHARS = 300

REQUIRED = ("nombre", "rfc", "correo", "zona", "paquete")
OPTIONAL = ("promotoria", "puesto", "tipo")

_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "nombre": (
        "nombre", "nombre completo", "nombre del usuario", "nombre de usuario", "nombre y apellidos", "usuario",
        "nombre s", "nombres", "colaborador", "empleado",
    ),
    "rfc": (
        "rfc", "r f c", "rfc con homoclave", "rfc usuario", "rfc del usuario", "registro federal de contribuyentes",
    ),
    "correo": (
        "correo", "correo electronico", "e mail", "email", "mail", "correo e", "cuenta de correo",
        "direccion de correo",
    ),
    "zona": ("zona", "zona comercial", "region", "plaza", "estado", "zona geografica"),
    "paquete": ("paquete", "paq", "paquete de aplicaciones", "paquete 1 2", "paquete 1 o 2", "perfil"),
    "promotoria": ("promotoria", "nombre de la promotoria", "promotor", "clave de promotoria", "oficina"),
    "puesto": ("puesto", "cargo", "funcion"),
    "tipo": ("tipo", "tipo de movimiento", "movimiento", "alta baja", "alta o baja", "solicitud", "tipo de solicitud"),
}  # fmt: skip
_FIELD_OF = {name: field for field, names in _SYNONYMS.items() for name in names}
_PACKAGE = re.compile(r"\A(?:paquete|paq|p)?\s*(1|2|i|ii|uno|dos)\Z")
_PACKAGES = {"1": "1", "i": "1", "uno": "1", "2": "2", "ii": "2", "dos": "2"}
_MOVEMENTS = {"alta": "alta", "a": "alta", "nuevo": "alta", "baja": "baja", "b": "baja"}

ERROR_CODES: Mapping[str, str] = {
    "no_header": "no row names at least the name and the RFC",
    "column_missing": "a required column is not there; ``column`` is the field's name",
    "column_twice": "two columns have the same meaning; ``value`` is the second one's letter",
    "no_rows": "there is a header and nothing below it",
    "too_many_rows": "more rows than ``value``",
    "empty": "a required cell is empty",
    "formula": "the cell holds a formula; it is not calculated: paste the value",
    "too_long": "the cell holds more text than a field may have",
    "rfc_company": "12 characters: the RFC of a company; these accounts are for persons",
    "rfc_generic": "one of the generic RFC, which identify nobody",
    "rfc_malformed": "not four letters, a date and three characters",
    "rfc_bad_date": "the six digits are no date",
    "email_malformed": "not an address",
    "package_unknown": "neither 1 nor 2",
    "movement_unknown": "neither alta nor baja",
    "rfc_twice": "the same RFC stands in an earlier row; ``value`` is that row's number",
}
WARNING_CODES: Mapping[str, str] = {
    "rfc_check_digit": "the last character does not follow SAT's rule; check it against the tax certificate",
    "email_twice": "the same address stands in an earlier row; ``value`` is that row's number",
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a cell: sheet row from 1 (0: the whole sheet), field name, code, and the value as typed."""

    row: int
    column: str
    code: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """One person of the sheet, normalised; ``row`` is the sheet's row. ``tipo`` is ``""`` where the sheet is silent."""

    row: int
    nombre: str
    rfc: str
    correo: str
    zona: str
    paquete: str
    promotoria: str = ""
    puesto: str = ""
    tipo: str = ""


@dataclass(frozen=True, slots=True)
class FormReading:
    """The sheet's people, and every problem found; ``rows`` holds only those without an error."""

    sheet: str
    rows: tuple[AccountRequest, ...]
    errors: tuple[RowProblem, ...]
    warnings: tuple[RowProblem, ...]


def read_account_requests(
    stream: BinaryIO, *, name: str = "solicitud.xlsx", limits: Limits = DEFAULT_LIMITS
) -> FormReading:
    """Read the request sheet; leaves the stream at its start.

    Raises:
        FileRefused: it is no workbook that may be opened; problems of its content are in `FormReading.errors`.
    """
    try:
        if identify(stream, "xlsx") is not XLSX:
            raise Refuse("content_mismatch", extension="xlsx", found=identify(stream, "xlsx").extension)
        with hostile("xlsx"):
            check_package(stream, XLSX, limits)
            return _read(stream, limits)
    except Refuse as refusal:
        raise FileRefused(refusal.code, name, refusal.fields) from refusal
    finally:
        stream.seek(0)


def _read(stream: BinaryIO, limits: Limits) -> FormReading:
    stream.seek(0)
    workbook = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    try:
        best: _Table | None = None
        for sheet in worksheets(workbook):
            if sheet.sheet_state != "visible":
                continue
            table = _find_header(sheet.title, _texts(bounded_rows(sheet, limits)))
            if table is not None and (best is None or len(table.columns) > len(best.columns)):
                best = table
        if best is None:
            return FormReading("", (), (RowProblem(0, "", "no_header"),), ())
        chosen = next(sheet for sheet in worksheets(workbook) if sheet.title == best.title)
        return best.read(_texts(bounded_rows(chosen, limits)))
    finally:
        workbook.close()


def _texts(rows: Iterator[tuple[int, tuple[object, ...]]]) -> Iterator[tuple[int, list[str]]]:
    for number, row in rows:
        yield number, [cell_text(value) for value in row]


def _find_header(title: str, rows: Iterator[tuple[int, list[str]]]) -> _Table | None:
    """The first of the rows that name most fields; a header names at least the person and the RFC."""
    best: _Table | None = None
    for number, texts in rows:
        if number > HEADER_SEARCH_ROWS:
            break
        table = _Table.of(title, number, texts)
        if {"nombre", "rfc"} <= table.columns.keys() and (
            best is None or len(table.columns) > len(best.columns)
        ):
            best = table
    return best


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the header is and which column holds which field."""

    title: str
    header: int
    columns: Mapping[str, int]
    twice: tuple[RowProblem, ...]

    @classmethod
    def of(cls, title: str, number: int, texts: list[str]) -> _Table:
        columns: dict[str, int] = {}
        twice: list[RowProblem] = []
        for index, text in enumerate(texts):
            field = _FIELD_OF.get(_label(text))
            if field is None:
                continue
            if field in columns:
                twice.append(RowProblem(number, field, "column_twice", column_letters(index)))
            else:
                columns[field] = index
        return cls(title, number, columns, tuple(twice))

    def read(self, rows: Iterator[tuple[int, list[str]]]) -> FormReading:
        errors = [*self.twice]
        errors += [
            RowProblem(self.header, field, "column_missing")
            for field in REQUIRED
            if field not in self.columns
        ]
        people = _People()
        count = 0
        for number, texts in rows:
            if number <= self.header:
                continue
            cells = {
                field: texts[index] if index < len(texts) else "" for field, index in self.columns.items()
            }
            if not any(cells.values()):
                continue
            count += 1
            if count > MAX_ROWS:
                errors.append(RowProblem(number, "", "too_many_rows", str(MAX_ROWS)))
                break
            people.add(number, cells)
        if count == 0:
            errors.append(RowProblem(self.header, "", "no_rows"))
        found = (*errors, *people.errors)
        return FormReading(self.title, tuple(people.rows), found, tuple(people.warnings))


class _People:
    """Rows checked one after another, with what was seen before."""

    def __init__(self) -> None:
        self.rows: list[AccountRequest] = []
        self.errors: list[RowProblem] = []
        self.warnings: list[RowProblem] = []
        self._rfcs: dict[str, int] = {}
        self._emails: dict[str, int] = {}

    def add(self, number: int, cells: Mapping[str, str]) -> None:
        """Check one row; it joins ``rows`` when nothing is wrong with it."""
        problems = [problem for field in cells if (problem := _shape(number, field, cells[field]))]
        spoiled = {problem.column for problem in problems}
        values = {field: " ".join(cells[field].split()) for field in cells}
        for field, check in (
            ("rfc", self._rfc), ("correo", self._email), ("paquete", _package), ("tipo", _movement)
        ):  # fmt: skip
            if values.get(field) and field not in spoiled:
                values[field], code, shown = check(number, values[field])
                if code:
                    problems.append(RowProblem(number, field, code, shown))
        self.errors += problems
        if not problems and all(values.get(field) for field in REQUIRED):
            self.rows.append(AccountRequest(number, **{field: values[field] for field in values}))

    def _rfc(self, number: int, typed: str) -> tuple[str, str, str]:
        verdict = check_rfc(typed)
        if verdict.problem:
            return verdict.value, f"rfc_{verdict.problem}", typed
        earlier = self._rfcs.setdefault(verdict.value, number)
        if earlier != number:
            return verdict.value, "rfc_twice", str(earlier)
        if verdict.warning:
            self.warnings.append(RowProblem(number, "rfc", f"rfc_{verdict.warning}", typed))
        return verdict.value, "", ""

    def _email(self, number: int, typed: str) -> tuple[str, str, str]:
        value = normalise_email(typed)
        if not is_email(value):
            return value, "email_malformed", typed
        earlier = self._emails.setdefault(value, number)
        if earlier != number:
            self.warnings.append(RowProblem(number, "correo", "email_twice", str(earlier)))
        return value, "", ""


def _shape(number: int, field: str, text: str) -> RowProblem | None:
    """Problems any cell may have. A formula is named, not shown: its text could be one in somebody's export."""
    if not text:
        return RowProblem(number, field, "empty") if field in REQUIRED else None
    if text.startswith(("=", "+", "@")) or (text.startswith("-") and not text[1:].strip().isdigit()):
        return RowProblem(number, field, "formula")
    if len(text) > MAX_CELL_CHARS:
        return RowProblem(number, field, "too_long", text[:40])
    return None


def _package(_number: int, typed: str) -> tuple[str, str, str]:
    match = _PACKAGE.match(fold(typed))
    return (_PACKAGES[match.group(1)], "", "") if match else (typed, "package_unknown", typed)


def _movement(_number: int, typed: str) -> tuple[str, str, str]:
    value = _MOVEMENTS.get(fold(typed), "")
    return (value, "", "") if value else (typed, "movement_unknown", typed)


def _label(text: str) -> str:
    """A header as the synonyms spell it: folded, without marks and bracketed remarks."""
    return " ".join(re.sub(r"\([^)]*\)|[^a-z0-9 ]", " ", fold(text)).split())
