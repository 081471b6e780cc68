"""The log of what auditors viewed, on each database: it grows, pages by key, and refuses to be edited."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from auditing.views import VIEW_ORDERS, View, ViewQuery, seal_of
from storage.auditing import SqlViewLog


def _view(n: int, engagement: str = "2026-000001", actor: str = "u-out") -> View:
    return View(f"2026-01-01T00:00:{n:02}.000000Z", engagement, actor, "auditor_externo", "caso", f"c{n}")


def test_rows_come_back_newest_first_page_after_page(engine: Engine) -> None:
    """Rows added meanwhile neither repeat nor shift what follows; filters count what they let through."""
    log = SqlViewLog(engine)
    for n in range(7):
        log.add(_view(n))
    log.add(_view(8, engagement="2026-000002", actor="u-in"))
    of_one = ViewQuery(engagement="2026-000001", limit=3)
    first = log.page(of_one)
    log.add(_view(9))
    second = log.page(replace(of_one, after=first.next))
    third = log.page(replace(of_one, after=second.next))
    assert [row.subject for page in (first, second, third) for row in page.rows] == [
        f"c{n}" for n in range(6, -1, -1)
    ]
    assert (first.total, second.total, third.next) == (7, 8, "")
    assert [row.subject for row in log.page(ViewQuery(actor="u-in")).rows] == ["c8"]
    assert [row.subject for row in log.page(ViewQuery(what="nada")).rows] == []
    assert log.whats() == ("caso",)
    assert seal_of(log.all(engagement="2026-000001")).count == 8


@pytest.mark.parametrize("order", VIEW_ORDERS)
@pytest.mark.parametrize("falls", [False, True])
def test_every_order_goes_both_ways_and_no_row_twice(engine: Engine, order: str, falls: bool) -> None:
    """Sorted by what was asked for, equal rows by when they were; a cursor of another order is refused."""
    log = SqlViewLog(engine)
    for n in range(8):
        log.add(replace(_view(n, actor=f"u-{n % 3}"), what="ab"[n % 2], engagement=f"2026-{n % 4}"))
    every = list(log.all())
    key = (lambda row: row.number) if order == "at" else (lambda row: (getattr(row, order), row.number))
    query, found = ViewQuery(order=order, falls=falls, limit=3), list[View]()
    while True:
        page = log.page(query)
        found += page.rows
        if not page.next:
            break
        query = replace(query, after=page.next)
    assert found == sorted(every, key=key, reverse=falls)  # type: ignore[arg-type, return-value]
    other = replace(query, order="what" if order != "what" else "actor")
    for bad in (
        other,
        replace(query, falls=not falls),
        replace(query, after="x"),
        replace(query, order="role"),
    ):
        with pytest.raises(ValueError, match=r"order|cursor"):
            log.page(bad)


@pytest.mark.parametrize("statement", ["UPDATE audit_view SET subject = 'x'", "DELETE FROM audit_view"])
def test_no_row_is_changed_or_removed(engine: Engine, statement: str) -> None:
    """Whoever comes with plain SQL is refused by the database itself."""
    log = SqlViewLog(engine)
    log.add(_view(1))
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    assert log.page(ViewQuery()).total == 1
