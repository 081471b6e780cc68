"""A `workflows.ports.CaseIndex` over the projections of a `MemoryLedger`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from documents.identifiers import fold
from evidence.entry import format_time
from evidence.ports import Article, Projection, Reference, Tally
from tests.fakes.memory import MemoryLedger
from workflows.ports import CaseQuery, CaseRow, Page


class MemoryCaseIndex:
    """Reads what the ledger projected; nothing is kept here."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def find(self, query: CaseQuery) -> Page[CaseRow]:
        found = [p for p in self._ledger.projections.values() if _matches(query, p)]
        assert not query.turned, "turned round by a database"
        if query.order == "due":
            found.sort(key=lambda p: (not p.next_due, p.next_due, p.case))
        else:
            found.sort(key=lambda p: (p.opened_at, p.case), reverse=True)
        start = int(query.after or 0)
        rows = tuple(_row(p) for p in found[start : start + query.limit])
        last = start + len(rows)
        return Page(rows, str(last) if last < len(found) else "", len(found))

    def counts(self, query: CaseQuery) -> Mapping[str, int]:
        found = (p.process for p in self._ledger.projections.values() if _matches(query, p))
        return dict(sorted(Counter(found).items()))

    def get(self, folio: str) -> CaseRow | None:
        projection = self._ledger.projections.get(folio)
        return _row(projection) if projection else None

    def due_before(self, moment: datetime) -> tuple[str, ...]:
        limit = format_time(moment)
        due = [(p.next_mark, p.case) for p in self._ledger.projections.values() if p.next_mark]
        return tuple(case for at, case in sorted(due) if at <= limit)

    def by_reference(self, kind: str, value: str) -> tuple[str, ...]:
        return tuple(
            p.case
            for p in sorted(self._ledger.projections.values(), key=lambda p: p.opened_at)
            if any((r.kind, r.value) == (kind, value) for r in p.references)
        )

    def folios(self) -> Iterator[str]:
        return iter(sorted(self._ledger.projections))

    def references(self, folio: str) -> frozenset[Reference]:
        projection = self._ledger.projections.get(folio)
        return frozenset(projection.references) if projection else frozenset()

    def index_anew(self) -> bool:
        """Texts are read; nothing is kept beside them."""
        return False

    def search_text(self, folio: str) -> str:
        projection = self._ledger.projections.get(folio)
        return projection.search_text if projection else ""

    def article(self, folio: str) -> Article | None:
        projection = self._ledger.projections.get(folio)
        return projection.article if projection else None

    def tally(self, folio: str) -> Tally | None:
        projection = self._ledger.projections.get(folio)
        return projection.tally if projection else None


def _matches(query: CaseQuery, p: Projection) -> bool:
    assert query.counted is None, "boards are counted by a database"
    wanted = {
        "process": query.process,
        "status": query.status,
        "assignee": query.assignee,
    }
    return (
        all(not value or getattr(p, name) == value for name, value in wanted.items())
        and (query.closed is None or p.closed == query.closed)
        and (query.complete is None or p.complete == query.complete)
        and (not query.opened_from or p.opened_at >= query.opened_from)
        and (not query.opened_to or p.opened_at < query.opened_to)
        and (not query.due_until or (bool(p.next_due) and p.next_due <= query.due_until))
        and all(word in p.search_text for word in fold(query.text).split())
    )


def _row(p: Projection) -> CaseRow:
    return CaseRow(
        folio=p.case,
        process=p.process,
        version=p.version,
        opened_at=p.opened_at,
        updated_at=p.updated_at,
        status=p.status,
        closed=p.closed,
        complete=p.complete,
        next_due=p.next_due,
        next_mark=p.next_mark,
        assignee=p.assignee,
        title=p.title,
        document=json.loads(p.document),
    )
