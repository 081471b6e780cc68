"""The log of what auditors viewed, on each database: it grows, pages by key, and refuses to be edited."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from auditing.views import View, seal_of
from storage.auditing import SqlViewLog


def _view(n: int, engagement: str = "2026-000001", actor: str = "u-out") -> View:
    return View(f"2026-01-01T00:00:{n:02}.000000Z", engagement, actor, "auditor_externo", "caso", f"c{n}")


def test_rows_come_back_newest_first_page_after_page(engine: Engine) -> None:
    """Rows added meanwhile neither repeat nor shift what follows; filters count what they let through."""
    log = SqlViewLog(engine)
    for n in range(7):
        log.add(_view(n))
    log.add(_view(8, engagement="2026-000002", actor="u-in"))
    first = log.page(engagement="2026-000001", limit=3)
    log.add(_view(9))
    second = log.page(engagement="2026-000001", before=first.next, limit=3)
    third = log.page(engagement="2026-000001", before=second.next, limit=3)
    assert [row.subject for page in (first, second, third) for row in page.rows] == [
        f"c{n}" for n in range(6, -1, -1)
    ]
    assert (first.total, second.total, third.next) == (7, 8, 0)
    assert [row.subject for row in log.page(actor="u-in").rows] == ["c8"]
    assert seal_of(log.all(engagement="2026-000001")).count == 8


@pytest.mark.parametrize("statement", ["UPDATE audit_view SET subject = 'x'", "DELETE FROM audit_view"])
def test_no_row_is_changed_or_removed(engine: Engine, statement: str) -> None:
    """Whoever comes with plain SQL is refused by the database itself."""
    log = SqlViewLog(engine)
    log.add(_view(1))
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    assert log.page().total == 1
