"""The adapters of `auditing`: where the engagements' chains stand, and what auditors viewed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, Engine, func, insert, select

from auditing.model import CHAINS
from auditing.views import View, ViewPage
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

    def page(self, *, engagement: str = "", actor: str = "", before: int = 0, limit: int = 50) -> ViewPage:
        """See the port."""
        wanted = _wanted(engagement, actor)
        paged = [*wanted, audit_view.c.id < before] if before else wanted
        query = select(*_COLUMNS).where(*paged).order_by(audit_view.c.id.desc()).limit(limit + 1)
        with reading(self._engine) as connection:
            rows = [View(*row) for row in connection.execute(query)]
            total = connection.execute(
                select(func.count()).select_from(audit_view).where(*wanted)
            ).scalar_one()
        shown = rows[:limit]
        return ViewPage(tuple(shown), shown[-1].number if len(rows) > limit else 0, total)

    def all(self, *, engagement: str = "") -> Iterator[View]:
        """See the port."""
        after = 0
        while True:
            query = select(*_COLUMNS).where(*_wanted(engagement, ""), audit_view.c.id > after)
            with reading(self._engine) as connection:
                rows = [
                    View(*row) for row in connection.execute(query.order_by(audit_view.c.id).limit(_BATCH))
                ]
            yield from rows
            if len(rows) < _BATCH:
                return
            after = rows[-1].number


def _wanted(engagement: str, actor: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if engagement:
        found.append(audit_view.c.engagement == engagement)
    if actor:
        found.append(audit_view.c.actor == actor)
    return found
