"""An area's answered sheet before it is sealed: what each row would become, and every problem with its row."""

from __future__ import annotations

from dataclasses import dataclass

from documents.identifiers import fold
from documents.row_sheets import RowsReading, SheetRow, row_key
from web.i18n import gettext as _
from web.views.grid import Word, decision_word
from web.views.lens import Lens
from web.views.sheet import Problem, problem_text
from workflows.rosterrules import RosterRules
from workflows.rosterview import RosterRow, RosterView


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the sheet that would change a decision."""

    number: int
    hid: str
    name: str
    before: Word
    after: Word
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sheet would do: changes, rows that stay as they are, rows left empty, and what is wrong."""

    columns: tuple[str, ...]
    rows: int
    changes: tuple[Change, ...]
    same: int
    empty: int
    missing: int
    problems: tuple[Problem, ...]


def preview_of(reading: RowsReading, view: RosterView, rules: RosterRules, lens: Lens, area: str) -> Preview:
    """Compare a sheet with the roster; the service decides again when it is sealed, whole."""
    by_key = {row_key(row.hid): row for row in view.rows}
    words = {fold(word): item.code for item in rules.decisions for word in (item.code, *item.words)}
    problems = [
        Problem(item.row, column_name(item.column), problem_text(item.code), item.value)
        for item in reading.errors
    ]
    changes, same, empty, seen = [], 0, 0, set()
    for line in reading.rows:
        row, told = by_key.get(line.key), line.cells.get("decision", "")
        code = words.get(fold(told), "")
        wrong = _wrong(line, row, told, code, area)
        if wrong is not None:
            problems.append(wrong)
        if row is None or (area and row.area != area):
            continue
        seen.add(row.number)
        empty += not told
        same += bool(code) and code == row.decision
        if code and code != row.decision:
            before, after = decision_word(rules, row.decision, lens), decision_word(rules, code, lens)
            changes.append(Change(row.number, row.hid, row.name, before, after, line.cells.get("motivo", "")))
    asked = [row for row in view.rows if not area or row.area == area]
    return Preview(
        tuple(column_name(name) for name in reading.columns),
        len(reading.rows),
        tuple(changes),
        same,
        empty,
        sum(row.number not in seen for row in asked),
        tuple(problems),
    )


def _wrong(line: SheetRow, row: RosterRow | None, told: str, code: str, area: str) -> Problem | None:
    """What is wrong with a line: nobody of the area, or no answer of the list."""
    if row is None or (area and row.area != area):
        return Problem(line.row, "HID", _("no es un usuario de esta área; no se agregan filas"), line.key)
    if told and not code:
        return Problem(line.row, _("decisión"), _("no es una de las respuestas de la lista"), told)
    return None


def column_name(code: str) -> str:
    """A column of a sheet of rows as people call it."""
    names = {
        "hid": _("HID"),
        "nombre": _("nombre"),
        "correo": _("correo"),
        "rfc": _("RFC"),
        "zona": _("área o zona"),
        "jefe": _("jefe"),
        "tipo": _("tipo"),
        "estatus": _("estatus"),
        "decision": _("decisión"),
        "motivo": _("motivo"),
        "renglon": _("renglón"),
    }
    return names.get(code, code)
