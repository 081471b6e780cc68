"""What a board and a report say beside counts: controls that return, campaigns against their deadline, zones.

Everything is read off the projections' documents of the few cases concerned: months of a control, open campaigns, the
cases of one month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Protocol

from evidence.canonical import Json
from web.i18n import gettext as _
from web.i18n import ngettext
from web.views.lens import Due, Lens
from workflows.board import CaseSet, Span, Which
from workflows.casefile import CONTROL, control_key
from workflows.definition import Definition, Series
from workflows.ports import CaseQuery, CaseRow, Page

ZONES = "zonas"
_PAGE = 200


class Rows(Protocol):
    """What of the case index is read here."""

    def find(self, query: CaseQuery) -> Page[CaseRow]: ...  # noqa: D102 - see the port
    def get(self, folio: str) -> CaseRow | None: ...  # noqa: D102
    def by_reference(self, kind: str, value: str) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class ControlMonth:
    """A month of a control: ``gaps`` are the days nobody looked (yyyy-mm-dd), ``volume`` -1 until it is reported."""

    folio: str
    process: str
    name: str
    period: str
    looked: int
    findings: int
    gaps: tuple[str, ...]
    volume: int
    expected: tuple[int, int] | None
    remark: str


@dataclass(frozen=True, slots=True)
class AreaLine:
    """How far an area of a campaign is; ``code`` is the opaque one of the entries."""

    code: str
    rows: int
    decided: int
    silent: int
    open: int


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """An open campaign against its deadline, with what missing it means. ``share`` is decided of all, 0 to 100."""

    folio: str
    title: str
    due: Due | None
    consequence: str
    rows: int
    decided: int
    open: int
    silent: int
    share: int
    areas: tuple[AreaLine, ...]


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """Cases of a process in a zone: opened and closed in the month, standing at its end."""

    process: str
    zone: str
    opened: int
    closed: int
    standing: int


def control_months(
    index: Rows, definitions: Sequence[Definition], first: date, last: date, lens: Lens
) -> tuple[ControlMonth, ...]:
    """Every month of every control that the days touch, in order."""
    found = []
    for definition in definitions:
        for series in definition.series:
            for period in _periods(first, last):
                for folio in index.by_reference(
                    CONTROL, control_key(definition.process, series.code, period)
                ):
                    row = index.get(folio)
                    control = row.document.get("control") if row is not None else None
                    if isinstance(control, dict):
                        found.append(_month(folio, definition.process, series, control, lens))
    return tuple(found)


def _periods(first: date, last: date) -> Iterator[str]:
    day = first.replace(day=1)
    while day <= last:
        yield f"{day:%Y-%m}"
        day = (day + timedelta(days=32)).replace(day=1)


def _month(folio: str, process: str, series: Series, control: Mapping[str, Json], lens: Lens) -> ControlMonth:
    days, gaps, counts = (control.get(name) for name in ("days", "gaps", "counts"))
    volume = counts.get("volume", -1) if isinstance(counts, dict) else -1
    volume = volume if isinstance(volume, int) else -1
    missed = tuple(str(day) for day in gaps) if isinstance(gaps, list) else ()
    return ControlMonth(
        folio=folio,
        process=process,
        name=lens.say(series.name),
        period=str(control.get("period", "")),
        looked=len(days) if isinstance(days, list) else 0,
        findings=_number(control.get("findings")),
        gaps=missed,
        volume=volume,
        expected=series.expected,
        remark=_remark(missed, volume, series.expected),
    )


def _remark(gaps: Sequence[str], volume: int, expected: tuple[int, int] | None) -> str:
    """What is to be looked at: days without a look, a volume other than expected (an observation, not an error)."""
    said = []
    if gaps:
        said.append(ngettext("%(num)d día sin control", "%(num)d días sin control", len(gaps)))
    if expected is not None and volume >= 0 and not expected[0] <= volume <= expected[1]:
        said.append(_("fuera de lo esperado (%(least)s a %(most)s)", least=expected[0], most=expected[1]))
    return "; ".join(said)


def campaigns(index: Rows, definitions: Sequence[Definition], lens: Lens) -> tuple[CampaignLine, ...]:
    """Open cases whose process has a roster, the nearest deadline first."""
    found = []
    for definition in definitions:
        if definition.roster is not None:
            for row in _rows(index, CaseQuery(process=definition.process, closed=False, order="due")):
                roster = row.document.get("roster")
                if isinstance(roster, dict):
                    found.append(_campaign(row, definition, roster, lens))
    return tuple(found)


def _campaign(row: CaseRow, definition: Definition, roster: Mapping[str, Json], lens: Lens) -> CampaignLine:
    rows, undecided = _number(roster.get("rows")), _number(roster.get("undecided"))
    due = _deadline(row, definition)
    areas = roster.get("areas")
    return CampaignLine(
        folio=row.folio,
        title=row.title,
        due=lens.due(due) if due else None,
        consequence=lens.say(definition.roster.consequence) if definition.roster else "",
        rows=rows,
        decided=rows - undecided,
        open=_number(roster.get("open")),
        silent=_number(roster.get("silent")),
        share=round(100 * (rows - undecided) / rows) if rows else 0,
        areas=tuple(_area(area) for area in areas if isinstance(area, dict))
        if isinstance(areas, list)
        else (),
    )


def _area(area: Mapping[str, Json]) -> AreaLine:
    rows, decided, silent, waiting = (
        _number(area.get(name)) for name in ("rows", "decided", "silent", "open")
    )
    return AreaLine(str(area.get("area", "")), rows, decided, silent, waiting)


def _deadline(row: CaseRow, definition: Definition) -> str:
    """When the date that the campaign is warned of ahead falls due, ``""`` before it is known."""
    watched = {timer.code for timer in definition.timers if timer.before}
    timers = row.document.get("timers")
    known = [item for item in timers if isinstance(item, dict)] if isinstance(timers, list) else []
    return max((str(item["due_at"]) for item in known if item.get("timer") in watched), default="")


def zone_lines(
    index: Rows, definitions: Sequence[Definition], span: Span, lens: Lens
) -> tuple[ZoneLine, ...]:
    """Cases by zone, of the processes that know zones: what their managers get."""
    found = []
    for definition in definitions:
        fields = (field for step in definition.steps for field in step.fields)
        field = next((field for field in fields if field.param and field.catalogue == ZONES), None)
        if field is None:
            continue
        names = {option.code: lens.say(option.name) for option in definition.options(field)}
        opened, closed, standing = (
            Counter(
                _param(row, field.name)
                for row in _rows(index, CaseQuery(process=definition.process, counted=CaseSet(which, span)))
            )
            for which in (Which.OPENED, Which.CLOSED, Which.STANDING)
        )
        for code in [*names, *sorted({*opened, *closed, *standing} - names.keys())]:
            name = names.get(code) or _("sin zona todavía")
            found.append(ZoneLine(definition.process, name, opened[code], closed[code], standing[code]))
    return tuple(found)


def _param(row: CaseRow, name: str) -> str:
    params = row.document.get("params")
    return str(params.get(name, "")) if isinstance(params, dict) else ""


def _rows(index: Rows, query: CaseQuery) -> Iterator[CaseRow]:
    after = ""
    while True:
        page = index.find(replace(query, limit=_PAGE, after=after))
        yield from page.rows
        after = page.next
        if not after:
            return


def _number(value: Json) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
