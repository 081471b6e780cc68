"""Tables of the auditors' room: lines in words, and the same as spreadsheets whose cells are never formulas."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import Response

from audit_exports.sheet import Cell, Column, Sheet, write_workbook
from web.downloads import download
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
    closed: bool
    complete: bool
    progress: str
    exceptions: int
    opened: Moment
    due: Moment | None = None


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
        closed=closed,
        complete=complete,
        progress=_progress(row, state),
        exceptions=exceptions,
        opened=eyes.moment(row.opened_at),
        due=eyes.maybe(row.next_due) if state is None else None,
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
