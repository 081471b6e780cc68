"""`SqlBoard`: what boards count, as aggregates over the narrow tallies; and the condition behind every number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Engine,
    Integer,
    Select,
    Subquery,
    case,
    distinct,
    func,
    literal,
    literal_column,
    select,
)

from evidence.entry import format_time, parse_time
from evidence.ports import Figure
from storage.database import reading
from storage.ledger_tables import figure, tally
from storage.projections import FIGURE
from workflows.board import ANY, BANDS, Band, CaseSet, Count, Occurrence, Span, Which
from workflows.tally import FigureKind

_KINDS = {
    Which.EXCEPTION: FigureKind.EXCEPTION,
    Which.ROUTE: FigureKind.ROUTE,
    Which.REFUSAL: FigureKind.REFUSAL,
    Which.MEASURE: FigureKind.MEASURE,
}
_KEY = "key"
"""Counts are grouped by this label: PostgreSQL takes the same expression with other parameters for another one."""
_DEADLINE: ColumnElement[bool] = figure.c.kind == literal_column(f"'{FigureKind.DEADLINE}'")
"""Spelled out: SQLite takes the index of deadlines alone only where the statement says that it asks for no others."""
_Terms = list[ColumnElement[bool]]


def members(wanted: CaseSet) -> Select[Any]:
    """The case ids of a set, for a condition on any table that names cases."""
    which, span, code = wanted.which, wanted.span, wanted.code
    band = _band_of(wanted)
    if which in BANDS and code != ANY and band is None:
        return select(tally.c.case_id).where(literal(value=False))
    if which is Which.OVERDUE:
        return _overdue(span, band)
    if which in _KINDS:
        terms = _dated(_KINDS[which], span)
        return select(figure.c.case_id).where(*terms, *([] if code == ANY else [figure.c.code == code]))
    terms = _where(which, span)
    if band is not None:
        terms.append(_in_band(which, span, band))
    elif code != ANY:
        terms.append(_code(which, span) == code)
    return select(tally.c.case_id).where(*terms)


class SqlBoard:
    """`workflows.board.Board` on the ledger's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def counts(self, which: Which, span: Span, process: str = "", *, each: bool = True) -> tuple[Count, ...]:
        """See the port."""
        if which is Which.OVERDUE:
            return self._overdue_counts(span, process, each=each)
        table = figure if which in _KINDS else tally
        terms = _dated(_KINDS[which], span) if which in _KINDS else _where(which, span)
        code = figure.c.code if which in _KINDS else _code(which, span)
        code = code if each else literal(ANY)
        days = _days(which)
        counted = (
            select(
                table.c.process,
                code.label(_KEY),
                func.count() if table is tally else func.count(distinct(table.c.case_id)),
                func.coalesce(func.sum(days), 0),
                func.coalesce(func.max(days), 0),
            )
            .where(*terms, *_of(table, process))
            .group_by(table.c.process, _KEY)
        )
        return self._read(counted)

    def flow(self, which: Which, edges: Sequence[str], process: str = "") -> tuple[Count, ...]:
        """See the port."""
        moment = tally.c.closed_at if which is Which.CLOSED else tally.c.opened_at
        last_first = list(reversed(edges[:-1]))
        edge = case(*((moment >= start, literal(start)) for start in last_first), else_=literal(""))
        counted = (
            select(tally.c.process, edge.label(_KEY), func.count(), literal(0), literal(0))
            .where(moment >= edges[0], moment < edges[-1], *_of(tally, process))
            .group_by(tally.c.process, _KEY)
        )
        return self._read(counted)

    def total(self, wanted: CaseSet, process: str = "") -> int:
        """See the port."""
        found = members(wanted).subquery()
        counted = select(func.count(distinct(found.c.case_id)))
        if process:
            counted = counted.join_from(found, tally, tally.c.case_id == found.c.case_id).where(
                tally.c.process == process
            )
        with reading(self._engine) as connection:
            return int(connection.execute(counted).scalar_one())

    def occurrences(self, kind: str, span: Span, process: str = "") -> tuple[Occurrence, ...]:
        """See the port."""
        found = (
            select(figure.c.case_id, figure.c.process, *FIGURE)
            .where(*_dated(kind, span), *_of(figure, process))
            .order_by(figure.c.process, figure.c.at, figure.c.case_id, figure.c.n)
        )
        with reading(self._engine) as connection:
            return tuple(Occurrence(row[0], row[1], Figure(*row[2:])) for row in connection.execute(found))

    def _overdue_counts(self, span: Span, process: str, *, each: bool) -> tuple[Count, ...]:
        missed = _missed(span, process)
        due = func.min(missed.c.due_at).label("due")
        each_case = select(missed.c.case_id, missed.c.process, due).group_by(
            missed.c.case_id, missed.c.process
        )
        late = each_case.subquery()
        bands = ((_due_in(late.c.due, span, band), literal(band.code)) for band in BANDS[Which.OVERDUE])
        code = case(*bands, else_=literal("")) if each else literal(ANY)
        counted = select(late.c.process, code.label(_KEY), func.count(), literal(0), literal(0))
        return self._read(counted.group_by(late.c.process, _KEY))

    def _read(self, counted: Select[Any]) -> tuple[Count, ...]:
        with reading(self._engine) as connection:
            rows = [
                Count(process, code, cases, int(days), int(most))
                for process, code, cases, days, most in connection.execute(counted)
            ]
        return tuple(sorted(rows, key=lambda row: (row.process, row.code)))


def _where(which: Which, span: Span) -> _Terms:
    """The condition of a set, before it is narrowed by a code."""
    closed = [tally.c.closed_at >= span.since, tally.c.closed_at < span.until]
    standing = [
        tally.c.opened_at <= span.at,
        (tally.c.closed_at == "") | (tally.c.closed_at > span.at),
    ]
    terms: dict[Which, _Terms] = {
        Which.OPENED: [tally.c.opened_at >= span.since, tally.c.opened_at < span.until],
        Which.CLOSED: closed,
        Which.OUTCOME: closed,
        Which.ON_TIME: [*closed, tally.c.days_late == 0],
        Which.LATE: [*closed, tally.c.days_late > 0],
        Which.NO_DEADLINE: [*closed, tally.c.days_late < 0],
        Which.STANDING: standing,
        Which.AGE: standing,
        Which.WAITING: [tally.c.closed_at == ""],
    }
    return list(terms[which])


def _code(which: Which, span: Span) -> ColumnElement[str]:
    """What the cases of a set are told apart by."""
    if which in BANDS:
        bands = ((_in_band(which, span, band), literal(band.code)) for band in BANDS[which])
        return case(*bands, else_=literal(""))
    if which is Which.OUTCOME:
        return tally.c.outcome
    return tally.c.waits_for if which is Which.WAITING else literal(ANY)


def _days(which: Which) -> ColumnElement[Any]:
    lengths: dict[Which, ColumnElement[Any]] = {
        Which.CLOSED: tally.c.days_open,
        Which.OUTCOME: tally.c.days_open,
        Which.LATE: tally.c.days_late,
        Which.MEASURE: figure.c.days,
    }
    return lengths.get(which, literal(0, Integer))


def _band_of(wanted: CaseSet) -> Band | None:
    return next((band for band in BANDS.get(wanted.which, ()) if band.code == wanted.code), None)


def _in_band(which: Which, span: Span, band: Band) -> ColumnElement[bool]:
    if which is Which.AGE:
        return _due_in(tally.c.opened_at, span, band)
    over = tally.c.days_late > band.over
    return over if band.upto is None else over & (tally.c.days_late <= band.upto)


def _due_in(moment: ColumnElement[str], span: Span, band: Band) -> ColumnElement[bool]:
    """Whether a moment lies by a band's days before ``span.at``; begun days count, as in `workflows.tally`."""
    newest = moment < _ago(span, band.over) if band.over >= 0 else moment <= span.at
    return newest if band.upto is None else newest & (moment >= _ago(span, band.upto))


def _ago(span: Span, days: int) -> str:
    return format_time(parse_time(span.at) - timedelta(days=days))


def _missed(span: Span, process: str = "") -> Subquery:
    """Deadlines that had passed at the moment, and that nobody had met by then: none yet, or somebody later.

    Two statements, since each is a range of the index of deadlines by their end; those met in time are not read.
    """
    passed = [_DEADLINE, figure.c.due_at < span.at, *_of(figure, process)]
    told = select(figure.c.case_id, figure.c.process, figure.c.due_at)
    unmet = told.where(*passed, figure.c.ended_at == "")
    return unmet.union_all(told.where(*passed, figure.c.ended_at > span.at)).subquery()


def _overdue(span: Span, band: Band | None) -> Select[Any]:
    missed = _missed(span)
    found = select(missed.c.case_id).group_by(missed.c.case_id)
    return found.having(_due_in(func.min(missed.c.due_at), span, band)) if band else found


def _dated(kind: str, span: Span) -> _Terms:
    return [figure.c.kind == kind, figure.c.at >= span.since, figure.c.at < span.until]


def _of(table: Any, process: str) -> _Terms:
    return [table.c.process == process] if process else []
