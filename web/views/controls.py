"""Periodic controls as pages show them: today's line, the days missing, and a list row by row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from web.controls import Missing, Report, Standing
from web.i18n import gettext as _
from web.i18n import ngettext
from web.messages import FIELD_PROBLEMS
from web.views.lens import Lens
from web.views.saying import day_words
from workflows.definition import Series
from workflows.findings import BadRow, GoodRow


@dataclass(frozen=True, slots=True)
class Day:
    """A business day without its control; ``open``: it may still be recorded."""

    iso: str
    words: str
    folio: str
    open: bool


@dataclass(frozen=True, slots=True)
class Month:
    """The report of a month: a line in words, and whether it is an observation."""

    words: str
    folio: str
    observed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One control. ``tone`` and ``state`` say how today stands; ``mine``: this person may record it."""

    process: str
    series: str
    name: str
    folio: str
    seq: int
    tone: str
    mark: str
    state: str
    due: bool
    gaps: tuple[Day, ...]
    months: tuple[Month, ...]
    mine: bool

    @property
    def told(self) -> bool:
        """Whether it belongs in the inbox: to who records it, and to everybody while a day is missing."""
        return self.mine or bool(self.gaps)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that opens nothing, and why."""

    row: int
    column: str
    text: str
    value: str
    folio: str


def control_line(item: Standing, lens: Lens) -> Line:
    """One control as this person sees it."""
    tone, mark, state = _state(item)
    return Line(
        process=item.process,
        series=item.series,
        name=lens.say(item.name),
        folio=item.folio,
        seq=item.seq,
        tone=tone,
        mark=mark,
        state=state,
        due=item.owed and not item.recorded,
        gaps=tuple(_day(gap) for gap in item.gaps if gap.day != item.today or gap.open),
        months=tuple(_month(report, item) for report in item.reports),
        mine=not lens.roles.isdisjoint(item.roles),
    )


def column_word(column: str) -> str:
    """What a column of a list is called."""
    names = {
        "clave": _("clave"), "nombre": _("nombre"), "promotoria": _("promotoría"), "zona": _("zona"),
        "cedula": _("cédula"), "vigencia": _("vigencia"), "correo": _("correo"), "tipo": _("tipo"),
        "estatus": _("estatus"),
    }  # fmt: skip
    return names.get(column, column)


def columns_words(series: Series) -> str:
    """The columns that a list of a control may have, those by which its rows are chosen included."""
    return ", ".join(column_word(name) for name in dict.fromkeys((*series.columns, *series.only)))


def rest_words(row: GoodRow, series: Series) -> str:
    """What a good row says beside key and name, so that a person can tell that it was read right."""
    shown = (name for column, name in series.columns.items() if column not in {"clave", "nombre", "tipo"})
    return " · ".join(day_words(row.data[name]) for name in shown if row.data.get(name))


def wrong_row(item: BadRow) -> Wrong:
    """A row of a list in words."""
    known = FIELD_PROBLEMS.get(item.problem)
    fields = {"expected": item.expected, "found": item.found}
    text = _(known) % fields if known else item.problem
    return Wrong(item.row, column_word(item.column), text, day_words(item.found[:60]), item.folio)


def _state(item: Standing) -> tuple[str, str, str]:
    if item.recorded:
        found = ngettext("%(num)d hallazgo", "%(num)d hallazgos", item.findings)
        return (
            "ok",
            "check",
            _("Hoy: registrado, %(found)s", found=found if item.findings else _("sin hallazgos")),
        )
    if item.owed:
        return "warn", "clock", _("Hoy: falta registrarlo")
    return "idle", "ring", _("Hoy no es día hábil")


def _day(gap: Missing) -> Day:
    found = date.fromisoformat(gap.day)
    names = (_("lunes"), _("martes"), _("miércoles"), _("jueves"), _("viernes"), _("sábado"), _("domingo"))
    return Day(
        gap.day,
        f"{names[found.weekday()]} {found.day:02d}/{found.month:02d}/{found.year}",
        gap.folio,
        gap.open,
    )


def _month(report: Report, item: Standing) -> Month:
    counts = report.counts
    words = _(
        "%(period)s: %(looked)s de %(owed)s días revisados, %(findings)s hallazgos",
        period=report.period,
        looked=counts.get("looked", 0),
        owed=counts.get("owed", 0),
        findings=counts.get("findings", 0),
    )
    if "volume" in counts:
        words += " · " + ngettext("%(num)d alta", "%(num)d altas", counts["volume"])
    if item.expected is not None:
        words += " " + _("(se esperan %(least)s a %(most)s)", least=item.expected[0], most=item.expected[1])
    return Month(words, report.folio, report.observed)
