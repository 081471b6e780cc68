"""`SqlBoard`: what boards count, as aggregates over the narrow tallies or over sums of their days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Select, case, distinct, func, literal, select

from evidence.ports import Figure, StoreUnavailable
from storage.casesets import FIGURED, KEY, counted, dated, members, of
from storage.database import reading
from storage.ledger_tables import figure, tally
from storage.projections import FIGURE
from storage.sums import SUMMED, BoardSums
from workflows.board import ANY, CaseSet, Count, Counts, Occurrence, Span, Which


class SqlBoard:
    """`workflows.board.Board` on the ledger's database; ``zone`` is where the house's days begin."""

    def __init__(self, engine: Engine, zone: ZoneInfo) -> None:
        self._engine = engine
        self._sums = BoardSums(engine, zone)

    def counts(self, which: Which, span: Span, process: str = "", *, each: bool = True) -> tuple[Count, ...]:
        """See the port; counted case by case."""
        return self._read(counted(which, span, process, each=each))

    def every_count(self, span: Span, process: str = "") -> Counts:
        """See the port; from the sums where the span is one of whole days."""
        summed = self._summed(span, process)
        if summed is None:
            return Counts(
                {which: self.counts(which, span, process) for which in Which},
                {which: self.counts(which, span, process, each=False) for which in FIGURED},
            )
        each = {which: self.counts(which, span, process) for which in Which if which not in SUMMED}
        for which in SUMMED:
            apart = [
                found
                for (one, code), found in summed.items()
                if one is which and (code != ANY or one not in FIGURED)
            ]
            each[which] = _sorted(count for found in apart for count in found)
        return Counts(each, {which: _sorted(summed.get((which, ANY), ())) for which in FIGURED})

    def flow(self, which: Which, edges: Sequence[str], process: str = "") -> tuple[Count, ...]:
        """See the port; from the sums where all edges begin days."""
        if self._sums.begin_days(edges):
            with suppress(StoreUnavailable):  # as in `_summed`
                return _sorted(self._sums.flow(which, edges, process))
        moment = tally.c.closed_at if which is Which.CLOSED else tally.c.opened_at
        last_first = list(reversed(edges[:-1]))
        edge = case(*((moment >= start, literal(start)) for start in last_first), else_=literal(""))
        cut = (
            select(tally.c.process, edge.label(KEY), func.count(), literal(0), literal(0))
            .where(moment >= edges[0], moment < edges[-1], *of(tally, process))
            .group_by(tally.c.process, KEY)
        )
        return self._read(cut)

    def total(self, wanted: CaseSet, process: str = "") -> int:
        """See the port."""
        found = members(wanted).subquery()
        cases = select(func.count(distinct(found.c.case_id)))
        if process:
            cases = cases.join_from(found, tally, tally.c.case_id == found.c.case_id).where(
                tally.c.process == process
            )
        with reading(self._engine) as connection:
            return int(connection.execute(cases).scalar_one())

    def occurrences(self, kind: str, span: Span, process: str = "") -> tuple[Occurrence, ...]:
        """See the port."""
        found = (
            select(figure.c.case_id, figure.c.process, *FIGURE)
            .where(*dated(kind, span), *of(figure, process))
            .order_by(figure.c.process, figure.c.at, figure.c.case_id, figure.c.n)
        )
        with reading(self._engine) as connection:
            return tuple(Occurrence(row[0], row[1], Figure(*row[2:])) for row in connection.execute(found))

    def follow(self) -> None:
        """See the port."""
        self._sums.follow()

    def count_anew(self) -> tuple[str, ...]:
        """See the port."""
        return self._sums.count_anew()

    def _summed(self, span: Span, process: str) -> dict[tuple[Which, str], list[Count]] | None:
        """What the sums say; ``None`` where they do not know the span, or cannot be brought up to date.

        A database that takes no writes (a full disk, a replica) can still be counted case by case; one that does not
        answer at all says so then.
        """
        if not self._sums.begin_days((span.since, span.until)):
            return None
        try:
            return self._sums.counts(span, process)
        except StoreUnavailable:
            return None

    def _read(self, wanted: Select[Any]) -> tuple[Count, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(wanted).all()
        return _sorted(
            Count(process, code, cases, int(days), int(most)) for process, code, cases, days, most in rows
        )


def _sorted(counts: Iterable[Count]) -> tuple[Count, ...]:
    return tuple(sorted(counts, key=lambda row: (row.process, row.code)))
