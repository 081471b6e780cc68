"""A campaign's sheet before its case is opened: columns recognised, rows by area, and every problem with what to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from documents.row_sheets import FORMS, RowsReading
from web.views.answersheet import column_name
from web.views.sheet import Problem, problem_text


@dataclass(frozen=True, slots=True)
class RosterReading:
    """The sheet, read. ``columns`` found and ``absent`` among those it may have; ``areas`` with their rows."""

    name: str
    sheet: str
    header: int
    rows: int
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    areas: tuple[tuple[str, int], ...]
    errors: tuple[Problem, ...]


def roster_reading(reading: RowsReading, name: str) -> RosterReading:
    """The reading in words."""
    form = FORMS["roster"]
    areas = Counter(row.cells.get("zona", "") for row in reading.rows)
    return RosterReading(
        name=name,
        sheet=reading.sheet,
        header=reading.header,
        rows=len(reading.rows),
        columns=tuple(column_name(code) for code in reading.columns),
        absent=tuple(
            column_name(code) for code in (*form.required, *form.optional) if code not in reading.columns
        ),
        areas=tuple(sorted(areas.items(), key=lambda item: (-item[1], item[0]))),
        errors=tuple(
            Problem(item.row, column_name(item.column), problem_text(item.code), item.value)
            for item in reading.errors
        ),
    )
