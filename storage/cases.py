"""`SqlCaseIndex`: lists and searches over the projections."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    case,
    func,
    literal,
    select,
    tuple_,
    union,
)

from documents.identifiers import fold
from evidence.canonical import Json
from evidence.entry import format_time
from evidence.ports import Article, BlobCorrupt, Figure, Reference, Tally
from storage.appending import driver_style
from storage.articles import SqlArticles
from storage.border import answered
from storage.casesets import members
from storage.database import reading, swiftly
from storage.ledger_tables import article, figure, projection, reference, tally
from storage.projections import FIGURE
from storage.searching import holds, index_anew, lead_of, led_by, tidy
from workflows.ports import CaseQuery, CaseRow, Page

MOST_ROWS = 500
_LATEST = "~"  # sorts after every ledger time
_LISTED = (
    projection.c.case_id,
    projection.c.process,
    projection.c.version,
    projection.c.opened_at,
    projection.c.updated_at,
    projection.c.status,
    projection.c.closed,
    projection.c.complete,
    projection.c.next_due,
    projection.c.next_mark,
    projection.c.assignee,
    projection.c.title,
    projection.c.document,
)
_TALLY = tuple(tally.c[name] for name in Tally.__dataclass_fields__ if name != "figures")
_DUE = case((projection.c.next_due == "", _LATEST), else_=projection.c.next_due)
_EXCEPTIONS = (
    select(func.count())
    .select_from(figure)
    .where(figure.c.case_id == projection.c.case_id, figure.c.kind == "exception")
    .scalar_subquery()
)
_ORDERS: Mapping[str, tuple[ColumnElement[Any], bool]] = {
    "opened": (projection.c.opened_at, True),
    "due": (_DUE, False),
    "folio": (projection.c.case_id, False),
    "status": (projection.c.status, False),
    "exceptions": (_EXCEPTIONS, False),
}
"""By what rows are ordered, and whether that falls."""

_HELD = "SELECT 1 FROM reference WHERE kind = :kind AND value = :value LIMIT 1"


class SqlCaseIndex:
    """`workflows.ports.CaseIndex` on the ledger's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, query: CaseQuery) -> Page[CaseRow]:
        """A page by keyset; see the port. ``limit`` is held between 1 and 500; ``opened_to`` is exclusive.

        Raises:
            ValueError: an order that does not exist, or a cursor this index did not give.
        """
        limit = _limit(query)
        with reading(self._engine) as connection:
            wanted, total, beyond = self._matching(connection, query)
            rows_query = _ordered(select(*_LISTED).where(*wanted), query).limit(limit + 1)
            rows = connection.execute(rows_query).all() if total else []
        shown = rows[:limit]
        following = _cursor(query, shown[-1]) if len(rows) > limit else ""
        return Page(tuple(_row(row) for row in shown), following, total, beyond)

    def _matching(
        self, connection: Connection, query: CaseQuery
    ) -> tuple[list[ColumnElement[bool]], int, bool]:
        """The conditions of a query, as they are quickest, how many cases meet them, and whether more do.

        What is searched for is looked for once: where few cases have it, those of the page are the condition. Where
        more have it than shall be counted, some are near in any order: texts are read until the page is full.
        """
        words = _words(query)
        lead = lead_of(connection, words)
        read = [word for word in words if lead is not None and lead.rare and word != lead.word]
        if query.text:
            most = query.count_to or MOST_ROWS
            if lead and lead.rare:  # few to read: they may as well be counted
                most = max(most, MOST_ROWS)
            texts = _filters(query, self._engine, read=words if lead else ())
            first = select(projection.c.case_id).where(*texts)
            if lead:
                others = [word for word in words if word != lead.word]
                first = led_by(lead, _filters(query, self._engine, words=others, read=others))
            found = connection.execute(first.limit(most + 1)).scalars().all()
            if len(found) <= most:
                return [_on_page(found, query)], len(found), False
            if query.count_to:
                return texts, most, True
        counted = (
            select(func.count()).select_from(projection).where(*_filters(query, self._engine, read=read))
        )
        total = connection.execute(counted).scalar_one()
        return _filters(query, self._engine, many=True, read=read), total, False

    def get(self, folio: str) -> CaseRow | None:
        """The row of one case."""
        with reading(self._engine) as connection:
            row = connection.execute(select(*_LISTED).where(projection.c.case_id == folio)).one_or_none()
        return None if row is None else _row(row)

    def due_before(self, moment: datetime) -> tuple[str, ...]:
        """Folios whose ``next_mark`` is not later than ``moment``, earliest first."""
        query = (
            select(projection.c.case_id)
            .where(projection.c.next_mark != "", projection.c.next_mark <= format_time(moment))
            .order_by(projection.c.next_mark, projection.c.case_id)
        )
        return self._folios(query)

    def by_reference(self, kind: str, value: str) -> tuple[str, ...]:
        """Folios that hold a reference, oldest first."""
        query = (
            select(reference.c.case_id)
            .join(projection, projection.c.case_id == reference.c.case_id)
            .where(reference.c.kind == kind, reference.c.value == value)
            .order_by(projection.c.opened_at, reference.c.case_id)
        )
        return self._folios(query)

    def has_reference(self, kind: str, value: str) -> bool:
        """Whether any case holds a reference: asked at each opening of a file, and so in the driver's own words."""
        with answered(), swiftly(self._engine) as driver:
            wanted = driver_style(_HELD, self._engine.dialect.name)
            return driver.execute(wanted, {"kind": kind, "value": value}).fetchone() is not None

    def folios(self) -> Iterator[str]:
        """Every folio the caches know, sorted, page after page."""
        known = union(
            *(select(table.c.case_id) for table in (projection, reference, tally, figure, article))
        ).subquery()
        after = ""
        while True:
            page = select(known.c.case_id).where(known.c.case_id > after).order_by(known.c.case_id)
            found = self._folios(page.limit(MOST_ROWS))
            yield from found
            if len(found) < MOST_ROWS:
                return
            after = found[-1]

    def references(self, folio: str) -> frozenset[Reference]:
        """The references a case holds."""
        held = select(reference.c.kind, reference.c.value, reference.c.is_unique)
        with reading(self._engine) as connection:
            rows = connection.execute(held.where(reference.c.case_id == folio))
            return frozenset(Reference(*row) for row in rows)

    def search_text(self, folio: str) -> str:
        """The words by which a case is found."""
        words = select(projection.c.search_text).where(projection.c.case_id == folio)
        with reading(self._engine) as connection:
            return connection.execute(words).scalar_one_or_none() or ""

    def tidy(self) -> None:
        """Nothing of words that are no case's any more stays in what searches go by."""
        tidy(self._engine)

    def tally(self, folio: str) -> Tally | None:
        """What boards count of a case; ``None`` where the cache does not know it."""
        with reading(self._engine) as connection:
            row = connection.execute(select(*_TALLY).where(tally.c.case_id == folio)).one_or_none()
            held = select(*FIGURE).where(figure.c.case_id == folio).order_by(figure.c.n)
            figures = tuple(Figure(*item) for item in connection.execute(held))
        return None if row is None else Tally(**row._asdict(), figures=figures)

    def article(self, folio: str) -> Article | None:
        """What a case teaches."""
        return SqlArticles(self._engine).findable(folio)

    def untallied(self) -> bool:
        """Whether a case lacks its tally: it was projected by a program that made none."""
        known = select(tally.c.case_id).where(tally.c.case_id == projection.c.case_id)
        lacking = select(projection.c.case_id).where(~known.exists()).limit(1)
        return bool(self._folios(lacking))

    def counts(self, query: CaseQuery) -> Mapping[str, int]:
        """See the port."""
        counted = (
            select(projection.c.process, func.count().label("total"))
            .where(*_filters(query, self._engine))
            .group_by(projection.c.process)
            .order_by(projection.c.process)
        )
        with reading(self._engine) as connection:
            return {row.process: row.total for row in connection.execute(counted)}

    def index_anew(self) -> bool:
        """Make what searches go by anew from the texts."""
        return index_anew(self._engine)

    def _folios(self, query: Select[Any]) -> tuple[str, ...]:
        with reading(self._engine) as connection:
            return tuple(connection.execute(query).scalars())


def _words(query: CaseQuery) -> list[str]:
    return fold(query.text).replace("\x00", " ").split()


def _filters(
    query: CaseQuery,
    engine: Engine,
    *,
    words: Sequence[str] | None = None,
    many: bool = False,
    read: Collection[str] = (),
) -> list[ColumnElement[bool]]:
    table = projection.c
    optional: list[tuple[bool, ColumnElement[bool]]] = [
        (query.process != "", table.process == query.process),
        (bool(query.processes), table.process.in_(query.processes)),
        (query.status != "", table.status == query.status),
        (query.closed is not None, table.closed.is_(query.closed)),
        (query.complete is not None, table.complete.is_(query.complete)),
        (query.assignee != "", table.assignee == query.assignee),
        (query.opened_from != "", table.opened_at >= query.opened_from),
        (query.opened_to != "", table.opened_at < query.opened_to),
        (query.due_until != "", (table.next_due != "") & (table.next_due <= query.due_until)),
    ]
    chosen = [condition for wanted, condition in optional if wanted]
    if query.counted is not None:
        chosen.append(table.case_id.in_(members(query.counted)))
    held = _words(query) if words is None else words
    return chosen + [holds(engine, word, many=many, read=word in read) for word in held]


def _limit(query: CaseQuery) -> int:
    return max(1, min(query.limit, MOST_ROWS))


def _on_page(found: Sequence[str], query: CaseQuery) -> ColumnElement[bool]:
    """Of the cases found those that the page shows, by their keys alone: the documents of the others are not read."""
    keys = _ordered(select(projection.c.case_id).where(projection.c.case_id.in_(found)), query)
    return projection.c.case_id.in_(select(keys.limit(_limit(query) + 1).subquery().c.case_id))


def _ordered(rows: Select[Any], query: CaseQuery) -> Select[Any]:
    if query.order not in _ORDERS:
        raise ValueError(f"unknown order {query.order!r}")
    key, falls = _ORDERS[query.order]
    falling, folio = falls != query.turned, projection.c.case_id
    if query.after:
        told, last = _position(query.after, query)
        place, here = tuple_(key, folio), tuple_(literal(told), literal(last))
        rows = rows.where(place < here if falling else place > here)
    rows = rows.add_columns(key.label("place"))
    return rows.order_by(key.desc(), folio.desc()) if falling else rows.order_by(key, folio)


def _cursor(query: CaseQuery, last: Row[*tuple[Any, ...]]) -> str:
    told = json.dumps([query.order, query.turned, last.place, last.case_id])
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _position(cursor: str, query: CaseQuery) -> tuple[str | int, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        order, turned, key, folio = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise ValueError("not a cursor of this index") from error
    kind = int if query.order == "exceptions" else str
    if (order, turned) != (query.order, query.turned) or type(key) is not kind or not isinstance(folio, str):
        raise ValueError("a cursor of another order")
    return key, folio


def _row(row: Row[*tuple[Any, ...]]) -> CaseRow:
    return CaseRow(
        folio=row.case_id,
        process=row.process,
        version=row.version,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        status=row.status,
        closed=row.closed,
        complete=row.complete,
        next_due=row.next_due,
        next_mark=row.next_mark,
        assignee=row.assignee,
        title=row.title,
        document=_document(row.case_id, row.document),
    )


def _document(folio: str, stored: bytes) -> Mapping[str, Json]:
    """The state as the cache holds it; somebody may have written there what is none."""
    try:
        document = json.loads(stored)
    except ValueError as error:
        raise BlobCorrupt(f"projection of {folio}", "JSON", str(error)) from error
    if not isinstance(document, dict):
        raise BlobCorrupt(f"projection of {folio}", "a JSON object", type(document).__name__)
    return document
