"""The sets that boards count, as conditions: the same behind a number, its list, and what is summed day by day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
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
from storage.ledger_tables import figure, tally
from workflows.board import AGE_BANDS, ANY, BANDS, Band, CaseSet, Span, Which
from workflows.tally import FigureKind

FIGURED = {
    Which.EXCEPTION: FigureKind.EXCEPTION,
    Which.ROUTE: FigureKind.ROUTE,
    Which.REFUSAL: FigureKind.REFUSAL,
    Which.MEASURE: FigureKind.MEASURE,
}
"""Sets of cases with a figure of a kind."""
KEY = "key"
"""Counts are grouped by this label: PostgreSQL takes the same expression with other parameters for another one."""
_DEADLINE: ColumnElement[bool] = figure.c.kind == literal_column(f"'{FigureKind.DEADLINE}'")
"""Spelled out: SQLite takes the index of deadlines alone only where the statement says that it asks for no others."""
_STANDING = frozenset({Which.STANDING, Which.AGE})
_Terms = list[ColumnElement[bool]]


def members(wanted: CaseSet) -> Select[Any]:
    """The case ids of a set, for a condition on any table that names cases."""
    which, span, code = wanted.which, wanted.span, wanted.code
    band = _band_of(wanted)
    if (which in BANDS or which in _STANDING) and code != ANY and band is None:
        return select(tally.c.case_id).where(literal(value=False))
    if which is Which.OVERDUE:
        return _overdue(span, band)
    if which in _STANDING:
        found = _standing(span, tally.c.case_id, tally.c.opened_at)
        return select(found.c.case_id).where(*([_due_in(found.c.opened_at, span, band)] if band else []))
    if which in FIGURED:
        terms = dated(FIGURED[which], span)
        return select(figure.c.case_id).where(*terms, *([] if code == ANY else [figure.c.code == code]))
    terms = _where(which, span)
    if band is not None:
        terms.append(_in_band(band))
    elif code != ANY:
        terms.append(_code(which) == code)
    return select(tally.c.case_id).where(*terms)


def counted(which: Which, span: Span, process: str = "", *, each: bool = True) -> Select[Any]:
    """Counts of a set: process, code, cases, the sum and the most of their days."""
    if which is Which.OVERDUE:
        return _overdue_counts(span, process, each=each)
    if which in _STANDING:
        return _standing_counts(which, span, process, each=each)
    table = figure if which in FIGURED else tally
    terms = dated(FIGURED[which], span) if which in FIGURED else _where(which, span)
    code = figure.c.code if which in FIGURED else _code(which)
    code = code if each else literal(ANY)
    days = _days(which)
    return (
        select(
            table.c.process,
            code.label(KEY),
            (func.count() if table is tally else func.count(distinct(table.c.case_id))).label("cases"),
            func.coalesce(func.sum(days), 0).label("days"),
            func.coalesce(func.max(days), 0).label("most"),
        )
        .where(*terms, *of(table, process))
        .group_by(table.c.process, KEY)
    )


def _standing_counts(which: Which, span: Span, process: str, *, each: bool) -> Select[Any]:
    found = _standing(span, tally.c.process, tally.c.opened_at, process=process)
    bands = ((_due_in(found.c.opened_at, span, band), literal(band.code)) for band in AGE_BANDS)
    code = case(*bands, else_=literal("")) if each and which is Which.AGE else literal(ANY)
    cases = select(found.c.process, code.label(KEY), func.count(), literal(0), literal(0))
    return cases.group_by(found.c.process, KEY)


def _overdue_counts(span: Span, process: str, *, each: bool) -> Select[Any]:
    missed = _missed(span, process)
    due = func.min(missed.c.due_at).label("due")
    each_case = select(missed.c.case_id, missed.c.process, due).group_by(missed.c.case_id, missed.c.process)
    late = each_case.subquery()
    bands = ((_due_in(late.c.due, span, band), literal(band.code)) for band in BANDS[Which.OVERDUE])
    code = case(*bands, else_=literal("")) if each else literal(ANY)
    found = select(late.c.process, code.label(KEY), func.count(), literal(0), literal(0))
    return found.group_by(late.c.process, KEY)


def _where(which: Which, span: Span) -> _Terms:
    """The condition of a set, before it is narrowed by a code."""
    closed = [tally.c.closed_at >= span.since, tally.c.closed_at < span.until]
    terms: dict[Which, _Terms] = {
        Which.OPENED: [tally.c.opened_at >= span.since, tally.c.opened_at < span.until],
        Which.CLOSED: closed,
        Which.OUTCOME: closed,
        Which.ON_TIME: [*closed, tally.c.days_late == 0],
        Which.LATE: [*closed, tally.c.days_late > 0],
        Which.NO_DEADLINE: [*closed, tally.c.days_late < 0],
        Which.WAITING: [tally.c.closed_at == ""],
    }
    return list(terms[which])


def _code(which: Which) -> ColumnElement[str]:
    """What the cases of a set are told apart by."""
    if which in BANDS:
        bands = ((_in_band(band), literal(band.code)) for band in BANDS[which])
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


def _in_band(band: Band) -> ColumnElement[bool]:
    over = tally.c.days_late > band.over
    return over if band.upto is None else over & (tally.c.days_late <= band.upto)


def _due_in(moment: ColumnElement[str], span: Span, band: Band) -> ColumnElement[bool]:
    """Whether a moment lies by a band's days before ``span.at``; begun days count, as in `workflows.tally`."""
    newest = moment < _ago(span, band.over) if band.over >= 0 else moment <= span.at
    return newest if band.upto is None else newest & (moment >= _ago(span, band.upto))


def _ago(span: Span, days: int) -> str:
    return format_time(parse_time(span.at) - timedelta(days=days))


def _standing(span: Span, *columns: ColumnElement[Any], process: str = "") -> Subquery:
    """Cases open at the moment: open still, or closed later.

    Two ranges of the index by closings, which are few however many had opened by then. SQLite would rather take the one
    by openings: a moment that is put together is in no index.
    """
    opened = tally.c.opened_at.concat("") <= span.at
    told = select(*columns).where(opened, *of(tally, process))
    still = told.where(tally.c.closed_at == "")
    return still.union_all(told.where(tally.c.closed_at > span.at)).subquery()


def _missed(span: Span, process: str = "") -> Subquery:
    """Deadlines that had passed at the moment, and that nobody had met by then: none yet, or somebody later.

    Two statements, since each is a range of the index of deadlines by their end; those met in time are not read.
    """
    passed = [_DEADLINE, figure.c.due_at < span.at, *of(figure, process)]
    told = select(figure.c.case_id, figure.c.process, figure.c.due_at)
    unmet = told.where(*passed, figure.c.ended_at == "")
    return unmet.union_all(told.where(*passed, figure.c.ended_at > span.at)).subquery()


def _overdue(span: Span, band: Band | None) -> Select[Any]:
    missed = _missed(span)
    found = select(missed.c.case_id).group_by(missed.c.case_id)
    return found.having(_due_in(func.min(missed.c.due_at), span, band)) if band else found


def dated(kind: str, span: Span) -> _Terms:
    """Figures of a kind that are dated in the span."""
    return [figure.c.kind == kind, figure.c.at >= span.since, figure.c.at < span.until]


def of(table: Any, process: str) -> _Terms:
    """Rows of a process, where one is named."""
    return [table.c.process == process] if process else []
