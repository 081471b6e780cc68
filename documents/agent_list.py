"""Reading a list of agents, as CAM Pegasus or Hermes give it: a workbook, a CSV, or text pasted from a screen.

The header row is the row that names most of the known columns, wherever it stands and in whatever order; everything
else is data. What is wrong is named by row and column, so that a page can say what to mend; what a value must be is
for the process to say, which knows its fields.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import openpyxl

from documents.identifiers import fold
from documents.limits import DEFAULT_LIMITS, Limits
from documents.refusals import FileRefused, Refuse, hostile
from documents.request_form import HEADER_SEARCH_ROWS, MAX_CELL_CHARS, RowProblem
from documents.sniffing import XLSX, identify
from documents.spreadsheet import bounded_rows, cell_text, check_package, column_letters, worksheets
from documents.text import detect_encoding

MAX_AGENTS = 2_000
MAX_TEXT = 2_000_000

_SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "clave": (
        "clave", "clave de agente", "clave agente", "clave del agente", "cve", "cve agente", "no agente",
        "numero de agente", "agente clave", "id agente",
    ),
    "nombre": ("nombre", "nombre completo", "nombre del agente", "nombre agente", "agente", "nombre y apellidos"),
    "promotoria": ("promotoria", "nombre de la promotoria", "promotor", "clave de promotoria", "oficina"),
    "zona": ("zona", "zona comercial", "zona geografica", "region", "plaza", "estado"),
    "cedula": ("cedula", "cedula profesional", "numero de cedula", "no cedula", "cedula cnsf", "licencia"),
    "vigencia": ("vigencia", "vigencia de cedula", "vigencia cedula", "vence", "vencimiento", "vigente hasta"),
    "correo": ("correo", "correo electronico", "email", "e mail", "mail"),
    "tipo": ("tipo", "tipo de agente", "canal", "clasificacion", "perfil"),
    "estatus": ("estatus", "status", "estatus cam", "estado del tramite", "situacion"),
}  # fmt: skip
_COLUMN_OF = {name: column for column, names in _SYNONYMS.items() for name in names}
COLUMNS = tuple(_SYNONYMS)
_DAY_FIRST = re.compile(r"([0-3]?[0-9])[/.-]([01]?[0-9])[/.-]([0-9]{4})(?:[ T].*)?")
_YEAR_FIRST = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T].*)?")

LIST_CODES: Mapping[str, str] = {
    "no_agents_header": "no row names at least the agent's key and name",
    "too_many_agents": "more rows than ``value``",
}
"""Codes of problems beside those of `documents.request_form.ERROR_CODES` that this reader shares."""


@dataclass(frozen=True, slots=True)
class ListedAgent:
    """One row: its number in the sheet (or line of the text), and what its known columns say."""

    row: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AgentListing:
    """The rows without a problem of form, the columns found, and every problem."""

    rows: tuple[ListedAgent, ...]
    columns: tuple[str, ...]
    errors: tuple[RowProblem, ...]


def read_agent_list(
    stream: BinaryIO, *, name: str = "lista.xlsx", limits: Limits = DEFAULT_LIMITS
) -> AgentListing:
    """Read a list; leaves the stream at its start.

    Raises:
        FileRefused: neither a workbook that may be opened nor a text; problems of content are in ``errors``.
    """
    try:
        kind = identify(stream, name.rpartition(".")[2].lower())
        if kind is XLSX:
            with hostile("xlsx"):
                check_package(stream, XLSX, limits)
                return _workbook(stream, limits)
        if kind.family == "text":
            return _text(stream)
        raise Refuse("type_not_allowed", found=kind.extension)
    except Refuse as refusal:
        raise FileRefused(refusal.code, name, refusal.fields) from refusal
    finally:
        stream.seek(0)


Rows = Callable[[], Iterator[tuple[int, list[str]]]]
"""The rows from the start, as often as asked: once to find the header, once to read."""


def _workbook(stream: BinaryIO, limits: Limits) -> AgentListing:
    stream.seek(0)
    workbook = openpyxl.load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    try:
        sheets = [sheet for sheet in worksheets(workbook) if sheet.sheet_state == "visible"]

        def rows_of(place: int) -> Iterator[tuple[int, list[str]]]:
            for number, row in bounded_rows(sheets[place], limits):
                yield number, [cell_text(value) for value in row]

        return _best([lambda n=n: rows_of(n) for n in range(len(sheets))])  # type: ignore[misc]
    finally:
        workbook.close()


def _text(stream: BinaryIO) -> AgentListing:
    encoding = detect_encoding(stream)
    stream.seek(0)
    text = stream.read(MAX_TEXT).decode(encoding, "replace")
    lines = text.splitlines()
    first = next(
        (line for line in lines if _COLUMN_OF.keys() & {_label(c) for c in re.split(r"[,;\t|]", line)}), ""
    )
    delimiter = max("\t,;|", key=first.count)
    with hostile("text"):
        parsed = [
            (n, [cell.strip() for cell in row])
            for n, row in enumerate(csv.reader(lines, delimiter=delimiter), 1)
        ]
    return _best([lambda: iter(parsed)])


def _best(candidates: Iterable[Rows]) -> AgentListing:
    """The table of the sheet whose header names most columns."""
    found: tuple[int, dict[str, int], list[RowProblem], Rows] | None = None
    for rows in candidates:
        header = _header(rows())
        if header is not None and (found is None or len(header[1]) > len(found[1])):
            found = (*header, rows)
    if found is None:
        return AgentListing((), (), (RowProblem(0, "", "no_agents_header"),))
    number, columns, twice, rows = found
    return _read(number, columns, twice, rows())


def _header(rows: Iterator[tuple[int, list[str]]]) -> tuple[int, dict[str, int], list[RowProblem]] | None:
    best: tuple[int, dict[str, int], list[RowProblem]] | None = None
    for number, texts in rows:
        if number > HEADER_SEARCH_ROWS:
            break
        columns: dict[str, int] = {}
        twice: list[RowProblem] = []
        for index, text in enumerate(texts):
            column = _COLUMN_OF.get(_label(text))
            if column in columns:
                twice.append(RowProblem(number, column, "column_twice", column_letters(index)))
            elif column is not None:
                columns[column] = index
        if {"clave", "nombre"} <= columns.keys() and (best is None or len(columns) > len(best[1])):
            best = (number, columns, twice)
    return best


def _read(
    header: int, columns: Mapping[str, int], twice: list[RowProblem], rows: Iterator[tuple[int, list[str]]]
) -> AgentListing:
    found: list[ListedAgent] = []
    errors = list(twice)
    count = 0
    for number, texts in rows:
        cells = {name: texts[at] if at < len(texts) else "" for name, at in columns.items()}
        if number <= header or not any(cells.values()):
            continue
        count += 1
        if count > MAX_AGENTS:
            errors.append(RowProblem(number, "", "too_many_agents", str(MAX_AGENTS)))
            break
        problems = [problem for name, text in cells.items() if (problem := _shape(number, name, text))]
        errors += problems
        if not problems:
            values = {name: _value(name, text) for name, text in cells.items() if text.strip()}
            found.append(ListedAgent(number, values))
    if count == 0:
        errors.append(RowProblem(header, "", "no_rows"))
    return AgentListing(tuple(found), tuple(columns), tuple(errors))


def _shape(number: int, column: str, text: str) -> RowProblem | None:
    """Problems any cell may have. A formula is named, not shown: its text could be one in somebody's export."""
    if text.startswith(("=", "+", "@")):
        return RowProblem(number, column, "formula")
    if len(text) > MAX_CELL_CHARS:
        return RowProblem(number, column, "too_long", str(len(text)))
    return None


def _value(column: str, text: str) -> str:
    plain = " ".join(text.split())
    return _day(plain) if column == "vigencia" else plain


def _day(text: str) -> str:
    """A date in the spelling of fields; what is no date stays as it is, for the process to refuse."""
    if match := _YEAR_FIRST.fullmatch(text):
        return "-".join(match.groups())
    if match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
        return f"{year}-{int(month):02d}-{int(day):02d}"
    return text


def _label(text: str) -> str:
    """A header as the synonyms spell it: folded, without marks and bracketed remarks."""
    return " ".join(re.sub(r"\([^)]*\)|[^a-z0-9 ]", " ", fold(text)).split())
