"""Tables of the auditors' room: lines in words, and the same as spreadsheets whose cells are never formulas."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import Response

from audit_exports.sheet import Cell, Column, Sheet, write_workbook
from auditing.model import Attribute, Engagement, Result, Sample
from auditing.population import Row
from auditing.views import View
from web.downloads import download
from web.i18n import gettext as _
from web.views.auditwords import attribute_name, result_sign, view_word
from web.views.kinds import Sign
from web.views.lens import Lens, Moment
from web.views.listing import progress
from workflows.definition import Definition
from workflows.ports import CaseRow
from workflows.state import CaseState


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in scope. ``title`` is empty where personal data is withheld."""

    folio: str
    title: str
    sign: Sign
    complete: bool
    progress: str
    exceptions: int
    opened: Moment


def case_line(
    row: CaseRow, definition: Definition | None, state: CaseState | None, title: str, eyes: Lens
) -> CaseLine:
    """A line from the index, or from the state as of a date."""
    status = state.status if state is not None else row.status
    closed = state.closed if state is not None else row.closed
    complete = state.complete if state is not None else row.complete
    word = eyes.say(definition.status_name(status)) if definition else status
    tone, mark = (
        ("ok" if complete else "warn", "check" if complete else "warn") if closed else ("wait", "target")
    )
    told = row.document.get("exceptions")
    exceptions = len(state.exceptions) if state is not None else len(told) if isinstance(told, list) else 0
    return CaseLine(
        folio=row.folio,
        title=title,
        sign=Sign(word, tone, mark),
        complete=complete,
        progress=_progress(row, state),
        exceptions=exceptions,
        opened=eyes.moment(row.opened_at),
    )


def _progress(row: CaseRow, state: CaseState | None) -> str:
    if state is None:
        return progress(row.document.get("steps"))
    done, total = state.done_and_total()
    return f"{done}/{total}"


def spreadsheet(
    eyes: Lens, name: str, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str | int]]
) -> Response:
    """One sheet as a download, streamed from a spool."""
    sheet = Sheet(title[:31], [Column(heading, width) for heading, width in columns])
    for row in rows:
        sheet.add(*(Cell(value) for value in row))
    target = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024))  # noqa: SIM115 - the answer closes it
    write_workbook(target, [sheet], title=title, created=eyes.moment(eyes.now).iso)
    size = target.tell()
    target.seek(0)
    return download(target, name, size=size)


def _yes(told: bool) -> str:
    return _("sí") if told else _("no")


def case_sheet(lines: Sequence[CaseLine], eyes: Lens, name: str) -> Response:
    """Cases in scope as a spreadsheet."""
    columns = [
        (_("Folio"), 22),
        (_("Caso"), 40),
        (_("Estado"), 28),
        (_("Expediente completo"), 12),
        (_("Avance"), 10),
        (_("Excepciones"), 12),
        (_("Abierto (UTC)"), 22),
    ]
    rows = (
        (
            line.folio,
            line.title,
            line.sign.word,
            _("sí") if line.complete else _("no"),
            line.progress,
            line.exceptions,
            line.opened.iso,
        )
        for line in lines
    )
    return spreadsheet(eyes, name, _("Casos"), columns, rows)


def population_sheet(rows: Sequence[Row], eyes: Lens, name: str) -> Response:
    """A frozen list as a spreadsheet; the sealed file itself is the CSV."""
    columns = [(_("Folio"), 22), (_("Abierto (UTC)"), 30), (_("Huella de la primera entrada"), 68)]
    return spreadsheet(
        eyes, name, _("Población"), columns, ((row.folio, row.opened_at, row.leaf) for row in rows)
    )


def sample_sheet(
    state: Engagement, sample: Sample, attributes: Sequence[Attribute], eyes: Lens, name: str
) -> Response:
    """A sample with its tests: one row a case, two columns an attribute."""
    columns = [(_("Lugar"), 8), (_("Folio"), 22)]
    for item in attributes:
        columns += [(attribute_name(item, eyes), 18), (_("Nota"), 40)]

    def row(place: int, folio: str) -> Sequence[str | int]:
        cells: list[str | int] = [place, folio]
        for item in attributes:
            test = state.tests.get((sample.id, folio, item.code))
            cells += [result_sign(test.result if test else None).word, test.note if test else ""]
        return cells

    return spreadsheet(
        eyes, name, sample.id, columns, (row(place, folio) for place, folio in enumerate(sample.folios, 1))
    )


def view_sheet(views: Iterable[View], eyes: Lens, name: str) -> Response:
    """The log of views as a spreadsheet, oldest first."""
    columns = [
        (_("Número"), 9),
        (_("Cuándo (UTC)"), 30),
        (_("Auditoría"), 14),
        (_("Quién"), 32),
        (_("Papel"), 18),
        (_("Qué"), 28),
        (_("De qué"), 34),
    ]
    rows = (
        (
            view.number,
            view.at,
            view.engagement,
            eyes.who(view.actor),
            view.role,
            view_word(view.what),
            view.subject,
        )
        for view in views
    )
    return spreadsheet(eyes, name, _("Consultas"), columns, rows)


def exceptions_of(state: Engagement, sample: Sample) -> int:
    """How many tests of a sample came out as exceptions."""
    return sum(test.result is Result.EXCEPTION for key, test in state.tests.items() if key[0] == sample.id)
