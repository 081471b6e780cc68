"""Sums of days follow whatever happens to tallies, and say exactly what counting every case says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select, text, update

from evidence.entry import format_time
from evidence.ports import Figure, Projection, Tally
from storage.board import SqlBoard
from storage.board_tables import board_mark, board_sum
from storage.database import reading, writing
from storage.ledger import SqlLedger
from storage.ledger_tables import figure, tally
from storage.projections import save_projection
from tests.storage.support import projection
from workflows.board import Count, Span, Which

HOUSE = ZoneInfo("America/Mexico_City")
FIRST = datetime(2026, 3, 1, tzinfo=HOUSE)
FIGURED = {Which.EXCEPTION, Which.ROUTE, Which.REFUSAL, Which.MEASURE}
FLOWS = (Which.OPENED, Which.CLOSED)


def day(number: int) -> str:
    """The ledger time at which a local day begins."""
    return format_time(FIRST + timedelta(days=number))


def moment(hours: int) -> str:
    """Some hours after the first local midnight."""
    return format_time(FIRST + timedelta(hours=hours))


HOURS = st.integers(0, 12 * 24)
FIGURES = st.builds(
    Figure,
    kind=st.sampled_from(["exception", "route", "refusal", "measure", "status", "deadline"]),
    code=st.sampled_from(["a", "b"]),
    at=HOURS.map(moment),
    due_at=HOURS.map(moment),
    days=st.integers(0, 40),
)


@st.composite
def stories(draw: st.DrawFn) -> Projection:
    """A case as it stands at some time: any of few folios, so that the same case comes again otherwise."""
    closed = draw(st.none() | HOURS.map(moment))
    return projection(
        f"MA-001-2026-{draw(st.integers(1, 4)):06d}",
        process=draw(st.sampled_from(["MA-001", "MA-002"])),
        opened_at=moment(draw(HOURS)),
        closed=closed is not None,
        tally=Tally(
            outcome=draw(st.sampled_from(["validado", "rechazado"])) if closed else "",
            closed_at=closed or "",
            days_open=draw(st.integers(0, 30)) if closed else -1,
            days_late=draw(st.sampled_from([-1, 0, 1, 7, 40])) if closed else -1,
            figures=tuple(draw(st.lists(FIGURES, max_size=6))),
        ),
    )


@pytest.fixture
def board(engine: Engine) -> SqlBoard:
    """A board of a house whose days begin six hours after those of the ledger."""
    return SqlBoard(engine, HOUSE)


def spans() -> Iterator[Span]:
    """Whole days, from one to all, with and without what lies before."""
    for since, until in ((0, 13), (3, 9), (5, 6)):
        yield Span(day(since), day(until), moment(7 * 24))


def agree(board: SqlBoard) -> None:
    """Every number from the sums is the number counted case by case."""
    for span in spans():
        for process in ("", "MA-002"):
            found = board.every_count(span, process)
            assert found.each == {which: board.counts(which, span, process) for which in Which}
            assert found.whole == {which: board.counts(which, span, process, each=False) for which in FIGURED}
    edges = [day(number) for number in (0, 1, 4, 11, 13)]
    for which in FLOWS:
        cut = [
            Count(count.process, since, count.cases)
            for since, until in pairwise(edges)
            for count in board.counts(which, Span(since, until, until))
        ]
        assert board.flow(which, edges) == tuple(sorted(cut, key=lambda one: (one.process, one.code)))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=st.lists(st.lists(stories(), min_size=1, max_size=4), min_size=1, max_size=3), gone=st.booleans())
def test_after_any_stories_sums_are_what_is_counted_from_scratch(
    sql_ledger: SqlLedger, board: SqlBoard, told: list[list[Projection]], gone: bool
) -> None:
    """Cases that open, close, open again, get late entries, change their process or go; looked at in between."""
    for some in told:
        for row in some:
            sql_ledger.replace_projection(row)
        agree(board)
    if gone:
        sql_ledger.remove_projection(told[-1][-1].case)
        agree(board)
    assert board.count_anew() == ()
    agree(board)


def case_of(number: int, closed: int = 30, *figures: Figure) -> Projection:
    """A closed case."""
    return projection(
        f"MA-001-2026-{number:06d}",
        opened_at=moment(1),
        closed=True,
        tally=Tally("validado", moment(closed), days_open=1, days_late=0, figures=figures),
    )


def cases_in(board: SqlBoard, which: Which, since: int, until: int) -> int:
    """How many the sums say, of all processes."""
    found = board.every_count(Span(day(since), day(until), day(until)))
    return sum(count.cases for count in (found.whole if which in FIGURED else found.each)[which])


def test_a_case_in_several_days_counts_once(sql_ledger: SqlLedger, board: SqlBoard) -> None:
    """Exceptions on three days are one case with exceptions, in every stretch that has one of them."""
    three = [Figure("exception", code, moment(hours)) for code, hours in (("a", 1), ("a", 50), ("b", 100))]
    sql_ledger.replace_projection(case_of(1, 30, *three))
    assert [cases_in(board, Which.EXCEPTION, *days) for days in ((0, 9), (2, 9), (4, 9), (5, 9), (1, 2))] == [
        1, 1, 1, 0, 0,
    ]  # fmt: skip
    found = board.every_count(Span(day(0), day(9), day(9))).each[Which.EXCEPTION]
    assert [(count.code, count.cases) for count in found] == [("a", 1), ("b", 1)]


def test_only_days_that_changed_are_counted_again(
    engine: Engine, sql_ledger: SqlLedger, board: SqlBoard
) -> None:
    """A board that is asked twice reads sums alone; a late entry has its days counted, and no others."""
    for number in range(1, 6):
        sql_ledger.replace_projection(case_of(number, 30 * number))
    board.every_count(Span(day(0), day(9), day(9)))
    asked: list[tuple[str, object]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, sql, given, *_r: asked.append((sql, given)))
    board.every_count(Span(day(0), day(9), day(9)))
    assert not [sql for sql, _ in asked if not sql.startswith(("SELECT", "BEGIN"))]
    dated = [sql for sql, _ in asked if "tally" in sql or "figure" in sql]
    assert len(dated) == 4, dated  # what stands: open, by age, overdue, waiting
    sql_ledger.replace_projection(case_of(3, 200))
    asked.clear()
    assert cases_in(board, Which.CLOSED, 0, 9) == 5
    forgotten = [str(given) for sql, given in asked if sql.startswith("DELETE FROM board_sum")]
    # of its opening and both closings: each day of the ledger shares moments with two of the house
    assert sum(days.count("T06:00:00") for days in forgotten) == 6, forgotten
    with reading(engine) as connection:
        assert connection.execute(select(board_mark)).all() == []


def test_a_figure_nobody_counts_marks_nothing(engine: Engine, sql_ledger: SqlLedger, board: SqlBoard) -> None:
    """Parameters and deadlines change with most entries, and no sum with them."""
    sql_ledger.replace_projection(case_of(1))
    board.every_count(Span(day(0), day(9), day(9)))
    sql_ledger.replace_projection(
        case_of(1, 30, Figure("deadline", "a", moment(3)), Figure("status", "b", moment(4)))
    )
    with reading(engine) as connection:
        assert connection.execute(select(board_mark)).all() == []


def test_another_zone_makes_them_anew(engine: Engine, sql_ledger: SqlLedger, board: SqlBoard) -> None:
    """A house that corrects its time zone has its days begin elsewhere."""
    sql_ledger.replace_projection(case_of(1, 30))
    agree(board)
    eastern = ZoneInfo("America/Cancun")
    moved = SqlBoard(engine, eastern)
    midnight = FIRST.replace(tzinfo=eastern)
    span = Span(format_time(midnight), format_time(midnight + timedelta(days=9)), moment(0))
    assert moved.every_count(span).each == {which: moved.counts(which, span) for which in Which}
    with reading(engine) as connection:
        assert set(connection.execute(select(board_sum.c.zone)).scalars()) == {eastern.key}


def test_a_span_of_no_whole_days_is_counted(engine: Engine, sql_ledger: SqlLedger, board: SqlBoard) -> None:
    """What begins at noon is no range of sums, and is right all the same."""
    sql_ledger.replace_projection(case_of(1, 30))
    span = Span(moment(12), moment(31), moment(31))
    assert [one.cases for one in board.every_count(span).each[Which.CLOSED]] == [1]
    assert board.every_count(span).each[Which.OPENED] == ()
    assert [one.code for one in board.flow(Which.CLOSED, [moment(12), moment(31)])] == [moment(12)]
    with reading(engine) as connection:
        assert connection.execute(select(board_sum)).all() == []


def test_wrong_sums_are_told_and_mended(engine: Engine, sql_ledger: SqlLedger, board: SqlBoard) -> None:
    """Somebody's hand in the sums shows when they are counted anew, by the day; a moment that is none harms nobody."""
    sql_ledger.replace_projection(case_of(1, 30))
    agree(board)
    with writing(engine) as connection:
        connection.execute(update(board_sum).where(board_sum.c.which == Which.CLOSED).values(cases=7))
        connection.execute(text("INSERT INTO board_mark VALUES ('nunca', 5)"))
    assert cases_in(board, Which.CLOSED, 0, 9) == 7
    assert board.count_anew() == ((FIRST + timedelta(hours=30)).date().isoformat(),)
    assert cases_in(board, Which.CLOSED, 0, 9) == 1
    assert board.count_anew() == ()


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_what_commits_while_days_are_summed_is_not_lost(
    engine: Engine, sql_ledger: SqlLedger, board: SqlBoard
) -> None:
    """On PostgreSQL a board that is asked while an append is under way waits for nobody and forgets nothing."""
    sql_ledger.replace_projection(case_of(1, 30))
    with writing(engine) as late:
        save_projection(late, case_of(2, 31))
        with writing(engine) as other:
            save_projection(other, case_of(3, 31))
        assert cases_in(board, Which.CLOSED, 0, 9) == 2
    assert cases_in(board, Which.CLOSED, 0, 9) == 3
    agree(board)


def test_whoever_writes_marks(engine: Engine, sql_ledger: SqlLedger, board: SqlBoard) -> None:
    """Rows that come, change and go by any statement have their days counted anew."""
    sql_ledger.replace_projection(case_of(1, 30, Figure("route", "a", moment(3))))
    agree(board)
    with writing(engine) as connection:
        connection.execute(update(tally).values(closed_at=moment(60)))
        connection.execute(update(figure).values(at=moment(90), code="b"))
    agree(board)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM figure"))
        connection.execute(text("DELETE FROM tally"))
    agree(board)
    assert cases_in(board, Which.OPENED, 0, 9) == 0


def test_a_board_is_told_where_nothing_can_be_written(
    engine: Engine, sql_ledger: SqlLedger, board: SqlBoard
) -> None:
    """A replica, or a database without room: counted case by case, and the marks are there still."""
    sql_ledger.replace_projection(case_of(1))
    only_read = "PRAGMA query_only = ON" if engine.dialect.name == "sqlite" else "SET TRANSACTION READ ONLY"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(only_read))
    assert cases_in(board, Which.CLOSED, 0, 9) == 1
    assert sum(count.cases for count in board.flow(Which.CLOSED, [day(0), day(9)])) == 1
    with reading(engine) as connection:
        assert connection.execute(select(board_mark.c.day)).first() is not None
        assert connection.execute(select(board_sum.c.since)).first() is None


def test_who_follows_leaves_no_marks(engine: Engine, sql_ledger: SqlLedger, board: SqlBoard) -> None:
    """The steward's part: what changed is counted though nobody looks at a board."""
    sql_ledger.replace_projection(case_of(1))
    board.follow()
    with reading(engine) as connection:
        assert connection.execute(select(board_mark.c.day)).first() is None
        assert connection.execute(select(board_sum.c.since)).first() is not None
