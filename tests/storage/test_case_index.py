"""`SqlCaseIndex` on both databases: filters, words, keyset pages, references, counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from documents.identifiers import fold
from evidence.entry import format_time
from evidence.ports import BlobCorrupt, Composition, Figure, Projection, Reference, Tally
from storage import cases
from storage.cases import SqlCaseIndex
from storage.ledger import SqlLedger
from storage.ledger_tables import projection as projections
from tests.storage.support import START, draft, projection
from workflows.ports import CaseQuery

STATUSES = ["Pendiente de atención", "En proceso", "Cerrado"]


def folio(number: int) -> str:
    """The folio of the test's case ``number``."""
    return f"MA-001-2026-{number:06d}"


def made(number: int) -> Projection:
    """A case that differs from its neighbours in everything lists look at."""
    opened = format_time(START + timedelta(hours=number // 2))
    title = f"Alta de Núñez {number}"
    return projection(
        folio(number),
        Reference("ticket", f"T-{number % 4}"),
        opened_at=opened,
        updated_at=opened,
        process="MA-001" if number % 5 else "MA-005",
        status=STATUSES[number % 3],
        closed=number % 3 == 2,
        complete=number % 6 == 2,
        next_due=format_time(START + timedelta(days=30 - number)) if number % 2 else "",
        next_mark=format_time(START + timedelta(days=40 - number)) if number % 2 else "",
        assignee=f"u-{number % 2}",
        title=title,
        document=b'{"n":%d}' % number,
        search_text=fold(title),
        tally=Tally(figures=tuple(Figure("exception", f"e{n}", opened) for n in range(number % 3))),
    )


@pytest.fixture
def index(engine: Engine, sql_ledger: SqlLedger) -> SqlCaseIndex:
    """An index over thirty cases."""
    for number in range(30):
        sql_ledger.replace_projection(made(number))
    return SqlCaseIndex(engine)


def found(index: SqlCaseIndex, query: CaseQuery) -> list[str]:
    """Folios over all pages of three."""
    folios: list[str] = []
    after = ""
    while True:
        page = index.find(replace(query, limit=3, after=after))
        folios += [row.folio for row in page.rows]
        if not page.next:
            return folios
        after = page.next


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (CaseQuery(), lambda _row: True),
        (CaseQuery(process="MA-005"), lambda row: row.process == "MA-005"),
        (CaseQuery(status="En proceso"), lambda row: row.status == "En proceso"),
        (CaseQuery(closed=True), lambda row: row.closed),
        (CaseQuery(closed=False), lambda row: not row.closed),
        (CaseQuery(complete=True), lambda row: row.complete),
        (CaseQuery(assignee="u-1"), lambda row: row.assignee == "u-1"),
        (CaseQuery(text="NUÑEZ alta 1"), lambda row: "1" in row.title),
        (CaseQuery(text="nunez 7"), lambda row: "7" in row.title),
        (CaseQuery(text="100%"), lambda _row: False),
        (CaseQuery(text="_"), lambda _row: False),
        (CaseQuery(text="\x00"), lambda _row: True),
        (
            CaseQuery(opened_from=format_time(START + timedelta(hours=3))),
            lambda row: row.opened_at >= format_time(START + timedelta(hours=3)),
        ),
        (
            CaseQuery(opened_to=format_time(START + timedelta(hours=3))),
            lambda row: row.opened_at < format_time(START + timedelta(hours=3)),
        ),
        (
            CaseQuery(due_until=format_time(START + timedelta(days=15))),
            lambda row: "" < row.next_due <= format_time(START + timedelta(days=15)),
        ),
        (
            CaseQuery(process="MA-001", closed=False, assignee="u-0"),
            lambda row: row.process == "MA-001" and not row.closed and row.assignee == "u-0",
        ),
    ],
)
def test_filters(index: SqlCaseIndex, query: CaseQuery, wanted: object) -> None:
    """Each filter finds what it says, newest first, every row once over the pages, and the total is right."""
    rows = [made(number) for number in range(30)]
    expected = sorted((row.opened_at, row.case) for row in rows if wanted(row))  # type: ignore[operator]
    assert found(index, query) == [case for _, case in reversed(expected)]
    assert index.find(query).total == len(expected)


@pytest.mark.parametrize(
    ("count_to", "told"),
    [(0, (30, False)), (10, (10, True)), (29, (29, True)), (30, (30, False)), (40, (30, False))],
)
def test_a_search_is_counted_as_far_as_asked(
    index: SqlCaseIndex, monkeypatch: pytest.MonkeyPatch, count_to: int, told: tuple[int, bool]
) -> None:
    """Where more are found than shall be counted the page says so; its rows and pages are the same as ever."""
    monkeypatch.setattr(cases, "MOST_ROWS", 5)
    query = CaseQuery(text="nunez", count_to=count_to)
    page = index.find(query)
    assert (page.total, page.beyond) == told
    assert found(index, query) == found(index, CaseQuery())
    assert index.find(replace(query, text="nunez 17")).total == 1


def test_by_due_moment(index: SqlCaseIndex) -> None:
    """Earliest due first; cases without a due moment come last, each once."""
    rows = [made(number) for number in range(30)]
    expected = sorted((row.next_due == "", row.next_due, row.case) for row in rows)
    assert found(index, CaseQuery(order="due")) == [case for _, _, case in expected]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("opened", lambda row: row.opened_at),
        ("due", lambda row: row.next_due or "~"),
        ("folio", lambda row: row.case),
        ("status", lambda row: row.status.encode()),
        ("exceptions", lambda row: len(row.tally.figures)),
    ],
)
def test_every_order_goes_both_ways(index: SqlCaseIndex, order: str, key: object, turned: bool) -> None:
    """Over pages of three, by each order and turned round, every row comes once and in its place."""
    rows = sorted((key(made(n)), made(n).case) for n in range(30))  # type: ignore[operator]
    falling = (order == "opened") != turned
    expected = [case for _key, case in (reversed(rows) if falling else rows)]
    assert found(index, CaseQuery(order=order, turned=turned)) == expected


def test_a_cursor_belongs_to_one_order(index: SqlCaseIndex) -> None:
    """Given to another order, or to the same turned round, it is refused and nothing is listed."""
    page = index.find(CaseQuery(order="exceptions", limit=3))
    for query in (CaseQuery(order="exceptions", turned=True), CaseQuery(order="status"), CaseQuery()):
        with pytest.raises(ValueError, match="order"):
            index.find(replace(query, after=page.next))
    assert index.find(CaseQuery(order="exceptions", limit=3, after=page.next)).rows


def test_rows_that_appear_meanwhile_shift_nothing(index: SqlCaseIndex, sql_ledger: SqlLedger) -> None:
    """A case opened between two pages neither repeats nor hides another."""
    first = index.find(CaseQuery(limit=10))
    newest = replace(made(30), opened_at=format_time(START + timedelta(days=9)))
    sql_ledger.replace_projection(newest)
    second = index.find(CaseQuery(limit=10, after=first.next))
    folios = [row.folio for row in (*first.rows, *second.rows)]
    assert folios == [folio(number) for number in range(29, 9, -1)]


def test_a_row_is_the_projection(index: SqlCaseIndex) -> None:
    """Every member comes back, the document parsed."""
    row = index.get(folio(7))
    assert row is not None
    wanted = made(7)
    assert row.document == {"n": 7}
    names = ["process", "version", "opened_at", "updated_at", "status", "closed", "complete"]
    for name in [*names, "next_due", "next_mark", "assignee", "title"]:
        assert getattr(row, name) == getattr(wanted, name)
    assert index.get("MA-001-2026-999999") is None


def test_what_is_due(index: SqlCaseIndex) -> None:
    """Folios with something to record at a moment, that moment included, earliest first; deadlines play no part."""
    moment = START + timedelta(days=15)
    assert index.due_before(moment) == (folio(29), folio(27), folio(25))
    assert index.due_before(moment - timedelta(microseconds=1)) == (folio(29), folio(27))
    assert index.due_before(datetime(2020, 1, 1, tzinfo=UTC)) == ()


def test_by_reference(index: SqlCaseIndex) -> None:
    """Cases that hold a reference, oldest first."""
    assert index.by_reference("ticket", "T-3") == tuple(folio(number) for number in range(3, 30, 4))
    assert index.by_reference("ticket", "T-9") == ()
    assert index.by_reference("dsn", "T-3") == ()


def test_counts_by_process(index: SqlCaseIndex) -> None:
    """How many of each process, under the same filters; a process without one is not told."""
    assert index.counts(CaseQuery()) == {"MA-001": 24, "MA-005": 6}
    assert index.counts(CaseQuery(closed=True, limit=1)) == {"MA-001": 8, "MA-005": 2}
    assert index.counts(CaseQuery(process="MA-005", due_until=format_time(START))) == {}
    assert index.counts(CaseQuery(text="nadie")) == {}


@pytest.mark.parametrize("cursor", ["x", "%%%", "bnVsbA", "WyJvcGVuZWQiLCAxLCAyXQ", "W10"])
def test_a_cursor_somebody_made_up_is_refused(index: SqlCaseIndex, cursor: str) -> None:
    """Nothing but our own cursors leads to a page."""
    with pytest.raises(ValueError, match="cursor"):
        index.find(CaseQuery(after=cursor))


def test_a_cursor_belongs_to_its_order(index: SqlCaseIndex) -> None:
    """The cursor of one order does not lead into another; unknown orders are refused."""
    page = index.find(CaseQuery(limit=3))
    with pytest.raises(ValueError, match="order"):
        index.find(CaseQuery(order="due", after=page.next))
    with pytest.raises(ValueError, match="order"):
        index.find(CaseQuery(order="alfabeto"))


@pytest.mark.parametrize(("asked", "given"), [(-1, 1), (0, 1), (5, 5), (10_000, 30)])
def test_pages_are_bounded(index: SqlCaseIndex, asked: int, given: int) -> None:
    """However many rows are asked for, a page stays a page."""
    assert len(index.find(CaseQuery(limit=asked)).rows) == given


def test_the_caches_are_readable_whole_for_the_rebuild(sql_ledger: SqlLedger, engine: Engine) -> None:
    """Folios by row or reference, a case's references and words; a document that is none is told, not a fault."""
    index = SqlCaseIndex(engine)
    sql_ledger.replace_projection(made(1))
    assert list(index.folios()) == [folio(1)]
    assert index.references(folio(1)) == frozenset(made(1).references)
    assert index.search_text(folio(1)) == made(1).search_text
    assert (index.references("none"), index.search_text("none")) == (frozenset(), "")
    with engine.begin() as connection:
        connection.execute(projections.update().values(document=b"{"))
    with pytest.raises(BlobCorrupt, match="projection of"):
        index.get(folio(1))


def test_only_a_case_without_entries_is_removed_from_the_caches(
    sql_ledger: SqlLedger, engine: Engine
) -> None:
    """Row and references go; a case that has entries keeps them."""
    index = SqlCaseIndex(engine)
    sql_ledger.replace_projection(made(1))
    sql_ledger.remove_projection(folio(1))
    assert (list(index.folios()), index.references(folio(1))) == ([], frozenset())
    sql_ledger.append(folio(2), lambda _: Composition((draft(),), lambda _: made(2)))
    with pytest.raises(ValueError, match="has entries"):
        sql_ledger.remove_projection(folio(2))
    assert list(index.folios()) == [folio(2)]
