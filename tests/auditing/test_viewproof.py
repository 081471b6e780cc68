"""What auditors viewed is committed to by the log: what is lost, changed or slipped in afterwards shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auditing.viewproof import FACT, SETTLED, VIEWS_CASE, check_views, commit_views, commitment_of, newest
from auditing.views import View, ViewPage, ViewQuery
from evidence.entry import SYSTEM, EntryDraft, EntryKind, format_time
from evidence.findings import Code, Verdict
from evidence.ports import Composition
from tests.fakes.house import House, empty_house

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Rows:
    """A log of views that anybody may rewrite."""

    def __init__(self) -> None:
        self.rows: list[View] = []

    def add(self, view: View) -> None:
        self.rows.append(replace(view, number=len(self.rows) + 1))

    def page(self, query: ViewQuery) -> ViewPage:
        raise AssertionError(query)

    def whats(self, engagement: str = "") -> tuple[str, ...]:
        raise AssertionError(engagement)

    def all(self, *, engagement: str = "") -> Iterator[View]:
        return iter([row for row in self.rows if engagement in {"", row.engagement}])


def view(n: int) -> View:
    """The view of minute ``n``."""
    return View(
        format_time(NOON + timedelta(minutes=n)), "2026-000001", "u-out", "auditor_externo", "caso", f"c{n}"
    )


@pytest.fixture
def told() -> tuple[House, Rows]:
    """A log with commitments after three and after seven views."""
    house, rows = empty_house(), Rows()
    for n in range(3):
        rows.add(view(n))
    assert commit_views(house.ledger, rows, NOON + timedelta(hours=1)) is not None
    for n in range(3, 7):
        rows.add(view(n))
    made = commit_views(house.ledger, rows, NOON + timedelta(hours=1))
    assert (made and made.count) == 7
    return house, rows


def test_untouched_rows_agree_with_every_commitment(told: tuple[House, Rows]) -> None:
    """Nothing is found, whatever was added since; a verification of the log says so too."""
    house, rows = told
    rows.add(view(8))
    assert list(check_views(house.ledger, rows)) == []
    assert house.ledger.history(VIEWS_CASE)[0].entry.kind is EntryKind.VIEWS_COMMITTED


def swap(rows: list[View]) -> list[View]:
    """The first two rows in each other's place."""
    return [rows[1], rows[0], *rows[2:]]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda rows: rows[1:], 2),
        (lambda rows: [*rows[:4], *rows[5:]], 1),
        (lambda rows: rows[:5], 1),
        (lambda rows: rows[:0], 2),
        (lambda rows: [replace(rows[0], subject="otro"), *rows[1:]], 2),
        (lambda rows: [*rows[:5], replace(rows[5], actor="u-x"), *rows[6:]], 1),
        (lambda rows: [rows[0], replace(rows[0], subject="c99"), *rows[1:]], 2),
        (swap, 2),
        (lambda rows: [replace(row, number=row.number + 1) for row in rows], 2),
    ],
)
def test_what_was_done_to_the_rows_shows(
    told: tuple[House, Rows], change: Callable[[list[View]], list[View]], found: int
) -> None:
    """Lost at either end or in between, changed, inserted, moved, renumbered: each commitment after it fails."""
    house, rows = told
    rows.rows = change(rows.rows)
    findings = list(check_views(house.ledger, rows))
    assert [item.code for item in findings] == [Code.VIEWS_DIFFER] * found
    assert findings[-1].subject == f"{VIEWS_CASE}/2"
    house.settle()
    assert house.verify().verdict is Verdict.VALID
    assert house.verify().beside(check_views(house.ledger, rows)).verdict is Verdict.INVALID


def test_young_rows_wait_and_the_same_rows_are_committed_to_once() -> None:
    """A row that may still be overtaken is not committed to; without more of them nothing is appended."""
    house, rows = empty_house(), Rows()
    rows.add(view(0))
    assert commit_views(house.ledger, rows, NOON + SETTLED / 2) is None
    assert newest(house.ledger) is None
    assert commit_views(house.ledger, rows, NOON + SETTLED) is not None
    assert commit_views(house.ledger, rows, NOON + SETTLED) is None
    assert len(house.ledger.history(VIEWS_CASE)) == 1


@pytest.mark.parametrize(
    "fact", [None, {"count": 1}, {"count": "1", "root": "00"}, {"count": True, "root": "00"}]
)
def test_a_commitment_that_cannot_be_read_is_found(fact: object) -> None:
    """What should commit to views and says nothing readable makes the verdict invalid."""
    house = empty_house()
    draft = EntryDraft(SYSTEM, SYSTEM, EntryKind.VIEWS_COMMITTED, facts={FACT: fact})  # type: ignore[dict-item]
    house.ledger.append(VIEWS_CASE, lambda _history: Composition((draft,)))
    assert commitment_of(draft.facts) is None
    assert [item.code for item in check_views(house.ledger, Rows())] == [Code.VIEWS_DIFFER]
