"""Sums of what boards count, day by day: a cache that follows the tallies, made when a board is asked for.

Triggers mark the days of whatever changes in `tally` and `figure` (migration 0029), in the change's own transaction;
here marked days are counted anew, by the very statements that count without sums, before anything is read. So sums are
never behind what is committed, and an append pays for a mark alone. Days are the house's: a span that begins and ends
with one of them is a range of sums; another zone makes them all anew.

On PostgreSQL marks are taken first and days counted afterwards, each statement seeing what is committed by then: a
change that commits too late to be counted left a mark that was not taken, and is counted the next time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    Engine,
    Insert,
    Select,
    Text,
    bindparam,
    case,
    delete,
    distinct,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
)

from evidence.entry import format_time, parse_time
from storage.board_tables import board_mark, board_sum
from storage.border import answered
from storage.casesets import FIGURED, KEY, counted, dated
from storage.database import reading, writing
from storage.ledger_tables import figure
from workflows.board import ANY, Count, Span, Which

SUMMED = (Which.OPENED, Which.CLOSED, Which.OUTCOME, Which.ON_TIME, Which.LATE, Which.NO_DEADLINE, *FIGURED)
"""Sets that a stretch of time decides; the others are counted as they stand."""
_SUM_LOCK = 0x636F_6E73_7402
_ALL = board_sum.c
_MARKS = select(board_mark.c.day)
_MARKED = _MARKS.limit(1)
_TAKE_MARKS = delete(board_mark).returning(board_mark.c.day)
_ZONE = select(_ALL.zone).limit(1)
_FORGET = delete(board_sum).where(_ALL.since == bindparam("day"))
_DAYS = f"""
SELECT substr(opened_at, 1, 10) FROM tally UNION SELECT substr(closed_at, 1, 10) FROM tally
UNION SELECT substr(at, 1, 10) FROM figure WHERE kind IN ({", ".join(f"'{kind}'" for kind in FIGURED.values())})
"""  # noqa: S608 - constants


class BoardSums:
    """The sums of a database, by days of the house's ``zone``."""

    def __init__(self, engine: Engine, zone: ZoneInfo) -> None:
        self._engine = engine
        self._zone = zone

    def begin_days(self, moments: Iterable[str]) -> bool:
        """Whether each of these ledger times begins a local day, so that sums lie on one side of it."""
        return all(self._begins(moment) for moment in moments)

    def counts(self, span: Span, process: str) -> dict[tuple[Which, str], list[Count]]:
        """Counts of every set in `SUMMED` in a span of whole days, by set and code.

        Sets of figures also have the code `ANY`: each case once, whatever its codes. Raises `StoreUnavailable`.
        """
        first = case((_ALL.before < span.since, _ALL.cases), else_=0)
        wanted: Select[Any] = (
            select(
                _ALL.which, _ALL.process, _ALL.code, func.sum(first), func.sum(_ALL.days), func.max(_ALL.most)
            )
            .where(_ALL.since >= span.since, _ALL.since < span.until, *_of(process))
            .group_by(_ALL.which, _ALL.process, _ALL.code)
        )
        found: dict[tuple[Which, str], list[Count]] = {}
        for which, one, code, cases, days, most in self._read(wanted):
            count = Count(one, code, int(cases), int(days), int(most))
            found.setdefault((Which(which), code), []).append(count)
        return found

    def flow(self, which: Which, edges: Sequence[str], process: str) -> list[Count]:
        """Cases opened or closed between edges that begin days; see `workflows.board.Board.flow`."""
        edge = case(
            *((_ALL.since >= start, literal(start)) for start in reversed(edges[:-1])), else_=literal("")
        )
        wanted: Select[Any] = (
            select(_ALL.process, edge.label(KEY), func.sum(_ALL.cases))
            .where(_ALL.which == str(which), _ALL.since >= edges[0], _ALL.since < edges[-1], *_of(process))
            .group_by(_ALL.process, KEY)
        )
        return [Count(one, code, int(cases)) for one, code, cases in self._read(wanted)]

    def count_anew(self) -> tuple[str, ...]:
        """Count every day again; gives the days (local, yyyy-mm-dd) whose sums were not what was counted."""
        with answered(), writing(self._engine) as connection:
            _alone(connection)
            self._follow_within(connection)
            held = _by_day(connection)
            moved = self._count_all(connection)
            made = _by_day(connection)
            moved += connection.execute(_MARKS).scalars().all()
        meanwhile = {self._start(day) for mark in set(moved) for day in self._local(mark)}
        differing = {day for day in held.keys() | made.keys() if held.get(day) != made.get(day)} - meanwhile
        return tuple(parse_time(day).astimezone(self._zone).date().isoformat() for day in sorted(differing))

    def _read(self, wanted: Select[Any]) -> Sequence[Any]:
        with reading(self._engine) as connection:
            if not self._behind(connection):
                return connection.execute(wanted).all()
        self.follow()
        with reading(self._engine) as connection:
            return connection.execute(wanted).all()

    def _behind(self, connection: Connection) -> bool:
        if connection.execute(_MARKED).first() is not None:
            return True
        return self._elsewhere(connection)

    def _elsewhere(self, connection: Connection) -> bool:
        """Whether the sums are of another zone: all of them, for they are only made together."""
        held = connection.execute(_ZONE).scalar_one_or_none()
        return held is not None and held != self._zone.key

    def follow(self) -> None:
        """Count the marked days anew, one process at a time. Raises `StoreUnavailable`."""
        with answered(), writing(self._engine) as connection:
            _alone(connection)
            self._follow_within(connection)

    def _follow_within(self, connection: Connection) -> None:
        if self._elsewhere(connection):
            self._count_all(connection)
        else:
            self._count_days(connection, connection.execute(_TAKE_MARKS).scalars().all())

    def _count_all(self, connection: Connection) -> list[str]:
        """Count every day; gives the marks that were taken."""
        taken = list(connection.execute(_TAKE_MARKS).scalars())
        connection.execute(delete(board_sum))
        self._count_days(connection, connection.execute(text(_DAYS)).scalars().all())
        return taken

    def _count_days(self, connection: Connection, marked: Sequence[str]) -> None:
        """Count the local days anew that share a moment with these days (UTC)."""
        days = sorted(set(chain.from_iterable(self._local(day) for day in set(marked))))
        if not days:
            return
        bounds = [(self._start(day), self._start(day + timedelta(days=1))) for day in days]
        connection.execute(_FORGET, [{"day": since} for since, _ in bounds])
        rows = [{"since": since, "until": until, "zone": self._zone.key} for since, until in bounds]
        connection.execute(_sum_a_day(), rows)

    def _local(self, marked: str) -> Iterator[date]:
        """The local days that a day (UTC) is part of; what is no day (a tamperer wrote it) is part of none."""
        try:
            midnight = datetime.combine(date.fromisoformat(marked), time(), UTC)
            first, last = (
                moment.astimezone(self._zone).date()
                for moment in (midnight, midnight + timedelta(days=1, microseconds=-1))
            )
        except (ValueError, OverflowError):
            return
        yield first
        if last != first:
            yield last

    def _start(self, day: date) -> str:
        return format_time(datetime.combine(day, time(), self._zone).astimezone(UTC))

    def _begins(self, moment: str) -> bool:
        try:
            return self._start(parse_time(moment).astimezone(self._zone).date()) == moment
        except (ValueError, OverflowError):
            return False


@cache
def _sum_a_day() -> Insert:
    """Puts what is counted from ``since`` to ``until`` into the sums; made once, executed for each day."""
    day: Any = bindparam("since", type_=Text())
    span = Span(day, bindparam("until", type_=Text()), day)  # type: ignore[arg-type]  # bound when it is executed
    parts = [
        _part(which, counted(which, span).add_columns(literal("").label("before"))) for which in SUMMED[:6]
    ]
    parts += [_part(which, _figures(which, span, each=each)) for which in FIGURED for each in (True, False)]
    columns = ("since", "zone", "which", "process", "code", "cases", "days", "most", "before")
    return insert(board_sum).from_select(columns, union_all(*parts))


def _part(which: Which, found: Select[Any]) -> Select[Any]:
    day, zone = bindparam("since", type_=Text()), bindparam("zone", type_=Text())
    row = found.subquery().c
    return select(
        day, zone, literal(str(which)), row.process, row[KEY], row.cases, row.days, row.most, row.before
    )


def _figures(which: Which, span: Span, *, each: bool) -> Select[Any]:
    """Cases with a figure on the day, told apart by when they last had one before, of the same code or of any."""
    kind, other = FIGURED[which], figure.alias("other")
    same = (other.c.kind == kind) & (other.c.at < span.since)
    if each:
        same &= other.c.code == figure.c.code
    # the rest of the condition is no part of WHERE: a case's few figures are found by their case
    last = select(func.coalesce(func.max(case((same, other.c.at), else_="")), "")).where(
        other.c.case_id == figure.c.case_id
    )
    code = figure.c.code if each else literal(ANY)
    return (
        select(
            figure.c.process,
            code.label(KEY),
            func.count(distinct(figure.c.case_id)).label("cases"),
            func.coalesce(func.sum(figure.c.days if which is Which.MEASURE else literal(0)), 0).label("days"),
            func.coalesce(func.max(figure.c.days if which is Which.MEASURE else literal(0)), 0).label("most"),
            last.scalar_subquery().label("before"),
        )
        .where(*dated(kind, span))
        .group_by(figure.c.process, KEY, "before")
    )


def _of(process: str) -> list[Any]:
    return [_ALL.process == process] if process else []


def _by_day(connection: Connection) -> dict[str, set[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = {}
    for row in connection.execute(select(board_sum)):
        found.setdefault(row.since, set()).add(tuple(row))
    return found


def _alone(connection: Connection) -> None:
    """On SQLite a writing transaction is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SUM_LOCK})
