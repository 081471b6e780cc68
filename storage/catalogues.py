"""Catalogues on the ledger's database: read again only when the chain has grown."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, select

from evidence.ports import LedgerStore
from storage.database import reading
from storage.ledger_tables import case_head
from workflows.catalogues import CATALOGUES_CASE
from workflows.definition import Catalogue
from workflows.published import LedgerCatalogues

_HEAD = select(case_head.c.leaf).where(case_head.c.case_id == CATALOGUES_CASE)


class SqlCatalogues(LedgerCatalogues):
    """`workflows.ports.Catalogues` by the entries themselves; one small look-up tells whether they changed."""

    def __init__(self, engine: Engine, ledger: LedgerStore, bundled: Mapping[str, Catalogue]) -> None:
        def head() -> str:
            with reading(engine) as connection:
                return connection.execute(_HEAD).scalar_one_or_none() or ""

        super().__init__(ledger, bundled, head)
