"""The adapters of `auditing`: where the engagements' chains stand, and what auditors viewed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, Engine, asc, desc, func, insert, literal, select, tuple_

from auditing.model import CHAINS
from auditing.views import VIEW_ORDERS, View, ViewPage, ViewQuery
from storage.accounts import changing
from storage.audit_tables import audit_view
from storage.database import reading
from storage.ledger_tables import case_head

_AFTER = CHAINS[:-1] + chr(ord(CHAINS[-1]) + 1)
_BATCH = 500
_COLUMNS = (
    audit_view.c.at,
    audit_view.c.engagement,
    audit_view.c.actor,
    audit_view.c.role,
    audit_view.c.what,
    audit_view.c.subject,
    audit_view.c.id,
)


class SqlChainHeads:
    """`auditing.chain.ChainHeads` on the ledger's heads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def heads(self) -> Mapping[str, str]:
        """See the port."""
        within = select(case_head.c.case_id, case_head.c.leaf).where(
            case_head.c.case_id >= CHAINS, case_head.c.case_id < _AFTER, case_head.c.seq > 0
        )
        with reading(self._engine) as connection:
            return {row.case_id: row.leaf for row in connection.execute(within)}


class SqlViewLog:
    """`auditing.views.ViewLog` in the main database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, view: View) -> None:
        """See the port."""
        row = {
            "at": view.at,
            "engagement": view.engagement,
            "actor": view.actor,
            "role": view.role,
            "what": view.what,
            "subject": view.subject,
        }
        with changing(self._engine) as connection:
            connection.execute(insert(audit_view).values(row))

    def page(self, query: ViewQuery) -> ViewPage:
        """See the port."""
        if query.order not in VIEW_ORDERS:
            raise ValueError(f"unknown order {query.order!r}")
        # Rows are numbered as they come: their number is the order of time, and decides between equals.
        key = audit_view.c.id if query.order == "at" else audit_view.c[query.order]
        wanted = _wanted(query.engagement, query.actor, query.what)
        rows_query = select(*_COLUMNS).where(*wanted)
        if query.after:
            told, number = _position(query)
            place, here = tuple_(key, audit_view.c.id), tuple_(literal(told), literal(number))
            rows_query = rows_query.where(place < here if query.falls else place > here)
        turn = desc if query.falls else asc
        with reading(self._engine) as connection:
            found = connection.execute(
                rows_query.order_by(turn(key), turn(audit_view.c.id)).limit(query.limit + 1)
            )
            rows = [View(*row) for row in found]
            total = connection.execute(
                select(func.count()).select_from(audit_view).where(*wanted)
            ).scalar_one()
        shown = rows[: query.limit]
        return ViewPage(tuple(shown), _cursor(query, shown[-1]) if len(rows) > query.limit else "", total)

    def whats(self, engagement: str = "") -> tuple[str, ...]:
        """See the port."""
        query = select(audit_view.c.what).where(*_wanted(engagement)).distinct().order_by(audit_view.c.what)
        with reading(self._engine) as connection:
            return tuple(connection.execute(query).scalars())

    def all(self, *, engagement: str = "") -> Iterator[View]:
        """See the port."""
        after = 0
        while True:
            query = select(*_COLUMNS).where(*_wanted(engagement), audit_view.c.id > after)
            with reading(self._engine) as connection:
                rows = [
                    View(*row) for row in connection.execute(query.order_by(audit_view.c.id).limit(_BATCH))
                ]
            yield from rows
            if len(rows) < _BATCH:
                return
            after = rows[-1].number


def _cursor(query: ViewQuery, last: View) -> str:
    key = last.number if query.order == "at" else getattr(last, query.order)
    told = json.dumps([query.order, query.falls, key, last.number])
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _position(query: ViewQuery) -> tuple[str | int, int]:
    try:
        padded = query.after + "=" * (-len(query.after) % 4)
        order, falls, key, number = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise ValueError("not a cursor of this log") from error
    kind = int if query.order == "at" else str
    if (order, falls) != (query.order, query.falls) or type(key) is not kind or type(number) is not int:
        raise ValueError("a cursor of another order")
    return key, number


def _wanted(engagement: str, actor: str = "", what: str = "") -> list[ColumnElement[bool]]:
    asked = ((audit_view.c.engagement, engagement), (audit_view.c.actor, actor), (audit_view.c.what, what))
    return [column == value for column, value in asked if value]
