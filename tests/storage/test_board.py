"""`SqlBoard` on both databases: every number against a count by hand, and against the list its link leads to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.event import listen

from evidence.entry import format_time
from evidence.ports import Article, Figure, Projection, Tally
from storage.board import SqlBoard
from storage.cases import SqlCaseIndex
from storage.database import reading
from storage.ledger import SqlLedger
from storage.ledger_tables import article
from tests.storage.support import START, projection
from workflows.board import AGE_BANDS, ANY, LATE_BANDS, Band, CaseSet, Span, Which
from workflows.ports import CaseQuery
from workflows.tally import days_between

CASES = 60
OPENED = [START + timedelta(days=-number, minutes=number) for number in range(CASES)]
AT = format_time(START + timedelta(hours=5))
SPAN = Span(format_time(START - timedelta(days=40)), format_time(START - timedelta(days=3)), AT)


def made(number: int) -> Projection:
    """A case that differs from its neighbours in everything boards look at."""
    opened = OPENED[number]
    closed = opened + timedelta(days=number % 7, hours=3) if number % 3 else None
    late = (-1, 0, 1, 4, 9, 40)[number // 3 % 6]
    figures = [Figure("param", "tipo", format_time(opened), detail="alta")]
    if number % 4 == 1:
        figures += [
            Figure("exception", code, format_time(opened + timedelta(days=1)), "3", str(number))
            for code in ("waived", "out_of_order", "out_of_order")
        ]
    if number % 5 == 2:
        figures.append(Figure("route", ("MA-002", "comercial")[number % 2], format_time(opened), "1"))
    if number % 7 == 3:
        figures.append(Figure("refusal", "agente", format_time(opened), detail="MA-002"))
    if number % 2:
        figures.append(Figure("measure", "entrega", format_time(opened), "9", days=number % 11))
    for days in (number % 23, number % 5):
        due = START - timedelta(days=days, hours=1)
        ended = format_time(due + timedelta(days=8)) if number % 2 else ""
        started = format_time(due - timedelta(days=3))
        figures.append(Figure("deadline", "plazo", started, "2", "1", format_time(due), ended))
    return projection(
        f"MA-001-2026-{number:06d}",
        process=("MA-001", "MA-002", "MA-006")[number // 2 % 3],
        opened_at=format_time(opened),
        closed=closed is not None,
        tally=Tally(
            outcome=("validado", "rechazado")[number % 2] if closed else "",
            closed_at=format_time(closed) if closed else "",
            waits_for=("", "metlife", "usuario")[number // 3 % 3] if not closed else "",
            days_open=days_between(format_time(opened), format_time(closed)) if closed else -1,
            days_late=late if closed else -1,
            figures=tuple(figures),
        ),
    )


ROWS = [made(number) for number in range(CASES)]


@pytest.fixture
def index(engine: Engine, sql_ledger: SqlLedger) -> SqlCaseIndex:
    """An index over the cases."""
    for row in ROWS:
        sql_ledger.replace_projection(row)
    return SqlCaseIndex(engine)


@pytest.fixture
def board(engine: Engine, index: SqlCaseIndex) -> SqlBoard:
    """A board over the same cases."""
    assert index.get(ROWS[0].case) is not None
    return SqlBoard(engine, ZoneInfo("America/Mexico_City"))


def within(moment: str) -> bool:
    """Whether a moment lies in the span."""
    return SPAN.since <= moment < SPAN.until


def dated(kind: str) -> Callable[[Projection], Iterator[str]]:
    """The codes of a case's figures of a kind in the span."""
    return lambda row: (f.code for f in row.tally.figures if f.kind == kind and within(f.at))


def bands(bands: tuple[Band, ...], days: int) -> Iterator[str]:
    """The band some days fall into."""
    return (band.code for band in bands if days > band.over and (band.upto is None or days <= band.upto))


def standing(row: Projection) -> bool:
    """Open at the moment."""
    return row.opened_at <= AT and (not row.tally.closed_at or row.tally.closed_at > AT)


def overdue(row: Projection) -> Iterator[str]:
    """The band of the oldest deadline that was missed at the moment."""
    missed = [
        f.due_at
        for f in row.tally.figures
        if f.kind == "deadline" and f.due_at < AT and (not f.ended_at or f.ended_at > AT)
    ]
    return bands(LATE_BANDS, days_between(min(missed), AT)) if missed else iter(())


def closed_as(row: Projection, good: bool) -> Iterator[str]:
    """The one code of kinds that have none, where the condition holds and the case closed in the span."""
    return iter([ANY] if good and within(row.tally.closed_at) else [])


BY_HAND: dict[Which, Callable[[Projection], Iterator[str]]] = {
    Which.OPENED: lambda row: iter([ANY] if within(row.opened_at) else []),
    Which.CLOSED: lambda row: closed_as(row, True),
    Which.OUTCOME: lambda row: iter([row.tally.outcome] if within(row.tally.closed_at) else []),
    Which.ON_TIME: lambda row: closed_as(row, row.tally.days_late == 0),
    Which.NO_DEADLINE: lambda row: closed_as(row, row.tally.days_late < 0),
    Which.LATE: lambda row: (
        bands(LATE_BANDS, row.tally.days_late) if within(row.tally.closed_at) else iter(())
    ),
    Which.STANDING: lambda row: iter([ANY] if standing(row) else []),
    Which.AGE: lambda row: bands(AGE_BANDS, days_between(row.opened_at, AT)) if standing(row) else iter(()),
    Which.OVERDUE: overdue,
    Which.WAITING: lambda row: iter([] if row.tally.closed_at else [row.tally.waits_for]),
    Which.EXCEPTION: dated("exception"),
    Which.ROUTE: dated("route"),
    Which.REFUSAL: dated("refusal"),
    Which.MEASURE: dated("measure"),
}


def listed(index: SqlCaseIndex, wanted: CaseSet, process: str = "") -> list[str]:
    """The folios of the list behind a number, over its pages."""
    page = index.find(CaseQuery(process=process, counted=wanted, limit=500))
    assert page.total == len(page.rows)
    return sorted(row.folio for row in page.rows)


def test_every_number_is_the_length_of_its_list(board: SqlBoard, index: SqlCaseIndex) -> None:
    """For each kind, code and process: the count by hand, the aggregate, the total and the list agree."""
    seen: Counter[Which] = Counter()
    for which, by_hand in BY_HAND.items():
        expected: dict[tuple[str, str], list[str]] = {}
        for row in ROWS:
            for code in set(by_hand(row)):
                expected.setdefault((row.process, code), []).append(row.case)
        counted = {(count.process, count.code): count.cases for count in board.counts(which, SPAN)}
        assert counted == {key: len(cases) for key, cases in expected.items()}, which
        for (process, code), cases in expected.items():
            wanted = CaseSet(which, SPAN, code)
            assert listed(index, wanted, process) == sorted(cases), (which, code)
            assert board.total(wanted, process) == len(cases)
            seen[which] += 1
        whole = {count.process: count.cases for count in board.counts(which, SPAN, each=False)}
        assert whole == {
            one: len({case for (process, _), cases in expected.items() if process == one for case in cases})
            for one in {process for process, _ in expected}
        }, which
        everybody = {case for cases in expected.values() for case in cases}
        assert board.total(CaseSet(which, SPAN)) == len(everybody) == len(listed(index, CaseSet(which, SPAN)))
    assert all(seen[which] for which in Which), seen


def test_a_process_narrows(board: SqlBoard) -> None:
    """With a process the counts are those of that process among all of them."""
    for which in Which:
        every = [count for count in board.counts(which, SPAN) if count.process == "MA-002"]
        assert list(board.counts(which, SPAN, "MA-002")) == every


def test_flows_are_cut_at_the_edges(board: SqlBoard) -> None:
    """Opened and closed between each edge and the next; the earlier belongs, the later does not."""
    edges = [format_time(START - timedelta(days=days)) for days in (50, 30, 20, 10, 0)]
    for which, moment in ((Which.OPENED, lambda r: r.opened_at), (Which.CLOSED, lambda r: r.tally.closed_at)):
        expected = Counter(
            (row.process, start)
            for row in ROWS
            for start, end in pairwise(edges)
            if start <= moment(row) < end
        )
        assert {(c.process, c.code): c.cases for c in board.flow(which, edges)} == dict(expected)
        assert sum(c.cases for c in board.flow(which, edges)) > 10


def test_lengths_are_summed(board: SqlBoard) -> None:
    """The sum and the most of the days go with the count."""
    closed = [row for row in ROWS if row.process == "MA-002" and within(row.tally.closed_at)]
    [found] = board.counts(Which.CLOSED, SPAN, "MA-002")
    days = [row.tally.days_open for row in closed]
    assert (found.cases, found.days, found.most) == (len(closed), sum(days), max(days))


def test_unknown_codes_are_empty_sets(board: SqlBoard, index: SqlCaseIndex) -> None:
    """An address that somebody typed finds nothing instead of everything."""
    for which in Which:
        wanted = CaseSet(which, SPAN, "no-hay")
        assert board.total(wanted) == 0
        assert listed(index, wanted) == []


def test_occurrences_are_the_figures_themselves(board: SqlBoard) -> None:
    """Every figure of a kind in the span, with its case, in order."""
    found = board.occurrences("exception", SPAN)
    expected = sorted(
        (row.process, figure.at, row.case)
        for row in ROWS
        for figure in row.tally.figures
        if figure.kind == "exception" and within(figure.at)
    )
    assert [(one.process, one.figure.at, one.folio) for one in found] == expected
    assert len(found) > 10


def test_the_tally_is_stored_whole_and_leaves_with_its_case(
    engine: Engine, sql_ledger: SqlLedger, index: SqlCaseIndex
) -> None:
    """What was saved is what is read back, also after it changed; removing a projection removes it."""
    row = ROWS[9]
    assert index.tally(row.case) == row.tally
    changed = projection(row.case, tally=Tally(days_late=3, figures=row.tally.figures[:1]))
    sql_ledger.replace_projection(changed)
    assert index.tally(row.case) == changed.tally
    assert not index.untallied()
    sql_ledger.remove_projection(row.case)
    assert index.tally(row.case) is None
    with reading(engine) as connection:
        left = connection.execute(text("SELECT count(*) FROM figure WHERE case_id = :c"), {"c": row.case})
        assert left.scalar_one() == 0


@pytest.mark.parametrize("column", ["search_text", "process", "words"])
def test_an_article_that_would_be_found_by_other_words_is_told_and_mended(
    engine: Engine, sql_ledger: SqlLedger, index: SqlCaseIndex, column: str
) -> None:
    """The columns by which articles are looked up are compared like what is shown, and written anew."""
    wanted = Article(
        "MA-006-2026-000077", 3, "20", "Acceso", "No entra", "Se restablece", "vpn", format_time(START)
    )
    row = projection(wanted.case_id, process="MA-006", article=wanted)
    sql_ledger.replace_projection(row)
    assert index.article(wanted.case_id) == wanted
    with engine.begin() as connection:
        connection.execute(update(article).values({column: "otra"}))
    assert index.article(wanted.case_id) != wanted
    sql_ledger.replace_projection(row)
    assert index.article(wanted.case_id) == wanted


def test_figures_without_a_case_are_found_by_the_rebuild(engine: Engine, index: SqlCaseIndex) -> None:
    """A row somebody added by hand names a folio that the rebuild will look at."""
    with engine.connect() as connection, connection.begin():
        connection.execute(
            text(
                "INSERT INTO figure VALUES ('MA-009-2026-000001', 0, 'MA-009', 'x', 'x', '', '', '', '', '', 0)"
            )
        )
    assert "MA-009-2026-000001" in list(index.folios())


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_counts_search_indexes_and_never_read_documents(engine: Engine, board: SqlBoard) -> None:
    """On SQLite the plans of all counts name narrow tables only, and the dated ones search an index."""
    asked: list[tuple[str, object]] = []
    listen(engine, "before_cursor_execute", lambda _c, _k, sql, given, *_r: asked.append((sql, given)))
    for which in Which:
        board.counts(which, SPAN)
    board.flow(Which.CLOSED, [SPAN.since, SPAN.until])
    counts = [(sql, given) for sql, given in asked if sql.startswith("SELECT")]
    assert len(counts) == len(Which) + 1
    for sql, given in counts:
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)  # type: ignore[arg-type]
            lines = " / ".join(str(row[3]) for row in plan)
        assert "projection" not in lines
        if "opened_at || ?" in sql:  # what stands: ranges of closings, not all openings
            assert lines.count("SEARCH tally USING COVERING INDEX ix_tally_closed_at") == 2, lines
        if "WAITING" not in sql and ("figure" in sql or ">= ?" in sql):
            assert re.search("SEARCH (tally|figure) USING (COVERING )?INDEX|MULTI-INDEX OR", lines), (
                sql,
                lines,
            )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_deadlines_that_were_met_are_not_read(engine: Engine, board: SqlBoard) -> None:
    """On SQLite what is overdue is two ranges of the index of deadlines: without an end, and ended later."""
    asked: list[tuple[str, object]] = []
    listen(engine, "before_cursor_execute", lambda _c, _k, sql, given, *_r: asked.append((sql, given)))
    board.counts(Which.OVERDUE, SPAN)
    board.total(CaseSet(Which.OVERDUE, SPAN))
    for sql, given in [(sql, given) for sql, given in asked if sql.startswith("SELECT")]:
        with engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)  # type: ignore[arg-type]
            read = [str(row[3]) for row in plan if "figure" in str(row[3])]
        assert len(read) == 2
        assert all("ix_figure_deadline (kind=? AND ended_at" in line for line in read), read
