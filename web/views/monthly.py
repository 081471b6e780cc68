"""The monthly report: the board's numbers of a month as a workbook, each with its meaning and the address of its list.

Written by the spreadsheet writer of the audit packages: the same figures give the same bytes, and what people typed is
never taken for a formula. Its date is the month's end (or the present, in a month that goes on), not when it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from audit_exports.sheet import Cell, Column, Sheet, write_workbook
from web.i18n import gettext as _
from web.views.board import SUMMARY, BoardView, Line, Link, meaning_of
from web.views.kinds import exception_word
from web.views.lens import Lens
from web.views.period import Period, month_name, span_of
from web.views.periodic import Rows, campaigns, control_months, zone_lines
from web.views.tallies import Days, Names, Tallies, which_word
from web.views.volume import volume_of
from workflows.board import Board, Occurrence, Span, Which
from workflows.definition import Definition
from workflows.tally import FigureKind


@dataclass(frozen=True, slots=True)
class Sources:
    """What a report is made from."""

    board: Board
    index: Rows
    definitions: tuple[Definition, ...]
    lens: Lens
    link: Link


def write_monthly(sink: BinaryIO, sources: Sources, period: Period) -> None:
    """Write the workbook of a month."""
    span = span_of(period.first, period.last, sources.lens)
    codes = [one.process for one in sources.definitions]
    sheets = [_summary(sources, period, span, codes)]
    sheets += [_figures(sources, period, span, process) for process in ("", *codes)]
    sheets += [_exceptions(sources, span), _controls(sources, period), _zones(sources, span)]
    if span.at < span.until:  # what stands against a deadline is of the present
        sheets.append(_campaigns(sources))
    sheets.append(_meanings())
    title = _("Informe mensual de la mesa de ayuda, %(month)s", month=month_name(period.first))
    write_workbook(sink, sheets, title=title, created=f"{span.at[:19]}Z")


def report_name(period: Period) -> str:
    """The file's name."""
    return f"informe-{period.code}.xlsx"


def _summary(sources: Sources, period: Period, span: Span, codes: Sequence[str]) -> Sheet:
    """Processes below each other, the numbers of the board's table beside each other."""
    columns = [Column(_("Proceso"), 12), Column(_("Nombre"), 44)]
    sheet = Sheet(_("Resumen"), [*columns, *(Column(which_word(which), 13) for which in SUMMARY)])
    told = Tallies(sources.board, span)
    names = Names(sources.definitions, sources.lens)
    for code in codes:
        sheet.add(code, names.process(code), *(told.of(which, code).cases for which in SUMMARY))
    sheet.add(_("Todos"), month_name(period.first), *(told.of(which).cases for which in SUMMARY))
    return sheet


def _figures(sources: Sources, period: Period, span: Span, process: str) -> Sheet:
    """Every number of the board of one process (or of all), in its order."""
    sheet = Sheet(process or _("Todos"), _columns())
    view = BoardView(
        Tallies(sources.board, span, process),
        Days(period.first, period.last),
        Names(sources.definitions, sources.lens, process),
        sources.link,
    )
    _lines(sheet, _("Resumen"), view.summary(process))
    for row in volume_of(sources.board, period, process, sources.lens, sources.link):
        _lines(sheet, f"{_('Volumen')} · {row.text}", (row.opened, row.closed))
    for section in view.sections(process, now=span.at < span.until):
        _lines(sheet, section.title, section.lines)
    return sheet


def _columns() -> list[Column]:
    return [
        Column(_("Apartado"), 30),
        Column(_("Cifra"), 50),
        Column(_("Casos"), 10),
        Column(_("Duración o atraso"), 32),
        Column(_("Lista de esos casos"), 80),
    ]


def _lines(sheet: Sheet, heading: str, lines: Sequence[Line]) -> None:
    for line in lines:
        sheet.add(heading, line.text, line.number, line.note, line.href)


def _exceptions(sources: Sources, span: Span) -> Sheet:
    """Each exception of the month, one a row: the board counts cases, this lists what happened in them."""
    columns = [
        Column(_("Proceso"), 10), Column(_("Caso"), 22), Column(_("Paso"), 8), Column(_("Excepción"), 40),
        Column(_("Registrada (UTC)"), 22), Column(_("Detalle"), 40),
    ]  # fmt: skip
    sheet = Sheet(_("Excepciones"), columns)
    for one in sources.board.occurrences(FigureKind.EXCEPTION, span):
        sheet.add(*_occurrence(one, sources))
    return sheet


def _detail(one: Occurrence, sources: Sources) -> str:
    """What the exception says, in words where it says the code of a ground or of a step's choice."""
    figure, names = one.figure, Names(sources.definitions, sources.lens, one.process)
    definition = next((item for item in sources.definitions if item.process == one.process), None)
    step = definition.by_step.get(figure.step) if definition is not None else None
    choices = {item.code: sources.lens.say(item.name) for item in step.branches} if step is not None else {}
    return choices.get(figure.detail) or names.code(Which.REFUSAL, figure.detail)


def _occurrence(one: Occurrence, sources: Sources) -> tuple[Cell | str | int, ...]:
    figure = one.figure
    return (
        one.process,
        one.folio,
        figure.step,
        exception_word(figure.code),
        f"{figure.at[:19]}Z",
        _detail(one, sources),
    )


def _controls(sources: Sources, period: Period) -> Sheet:
    """The month of each periodic control: its gaps, and its volume beside the one expected."""
    columns = [
        Column(_("Proceso"), 10), Column(_("Control"), 34), Column(_("Mes"), 10), Column(_("Caso"), 22),
        Column(_("Días revisados"), 14), Column(_("Hallazgos"), 12), Column(_("Días sin control"), 40),
        Column(_("Volumen"), 10), Column(_("Esperado"), 12), Column(_("Observación"), 46),
    ]  # fmt: skip
    sheet = Sheet(_("Controles"), columns)
    months = control_months(sources.index, sources.definitions, period.first, period.last, sources.lens)
    for one in months:
        expected = f"{one.expected[0]}–{one.expected[1]}" if one.expected else ""
        volume = one.volume if one.volume >= 0 else ""
        sheet.add(
            one.process, one.name, one.period, one.folio, one.looked, one.findings, ", ".join(one.gaps),
            volume, expected, one.remark,
        )  # fmt: skip
    return sheet


def _zones(sources: Sources, span: Span) -> Sheet:
    """What the managers of zones get: their cases of the month."""
    columns = [
        Column(_("Proceso"), 10), Column(_("Zona"), 28), Column(_("Abiertos"), 12), Column(_("Cerrados"), 12),
        Column(_("Pendientes"), 12),
    ]  # fmt: skip
    sheet = Sheet(_("Por zona"), columns)
    for one in zone_lines(sources.index, sources.definitions, span, sources.lens):
        sheet.add(one.process, one.zone, one.opened, one.closed, one.standing)
    return sheet


def _campaigns(sources: Sources) -> Sheet:
    """How far each open recertification is, area by area (by code: the names are in the sealed sheet)."""
    columns = [
        Column(_("Caso"), 22), Column(_("Campaña"), 40), Column(_("Fecha límite (UTC)"), 22), Column(_("Área"), 10),
        Column(_("Renglones"), 12), Column(_("Decididos"), 12), Column(_("Por silencio"), 12),
        Column(_("Esperan al director"), 18), Column(_("Si no se envía a tiempo"), 60),
    ]  # fmt: skip
    sheet = Sheet(_("Recertificación"), columns)
    for one in campaigns(sources.index, sources.definitions, sources.lens):
        due = one.due.moment.iso if one.due else ""
        sheet.add(
            one.folio,
            one.title,
            due,
            _("todas"),
            one.rows,
            one.decided,
            one.silent,
            one.open,
            one.consequence,
        )
        for area in one.areas:
            sheet.add(
                one.folio, one.title, due, area.code, area.rows, area.decided, area.silent, area.open, ""
            )
    return sheet


def _meanings() -> Sheet:
    """How each number is counted."""
    sheet = Sheet(_("Definiciones"), [Column(_("Cifra"), 30), Column(_("Cómo se cuenta"), 100)])
    for which in SUMMARY:
        sheet.add(which_word(which), meaning_of(which))
    return sheet
