"""Who of the company's directory is which account: the adapter of `identity.oidc.identities.IdentityStore`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, insert, select, update

from identity.oidc.identities import BoundIdentity
from storage.account_tables import account_identity
from storage.accounts import changing
from storage.border import LostRace, translated
from storage.database import reading, writing

_ROW = account_identity.c


class SqlIdentities:
    """See the port. Two partial unique indexes decide between two who bind at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def bind(self, identity: BoundIdentity) -> bool:
        """See the port."""
        row = {column.name: getattr(identity, column.name) for column in account_identity.columns}
        try:
            with translated(), writing(self._engine) as connection:
                connection.execute(insert(account_identity).values(row))
        except LostRace:
            return False
        return True

    def find(self, issuer: str, subject: str) -> BoundIdentity | None:
        """See the port."""
        return next(iter(self._found(_ROW.issuer == issuer, _ROW.subject == subject)), None)

    def of(self, account: str) -> BoundIdentity | None:
        """See the port."""
        return next(iter(self._found(_ROW.account == account)), None)

    def everyone(self) -> Sequence[BoundIdentity]:
        """See the port."""
        return self._found()

    def release(self, identity_id: str, until: str) -> bool:
        """See the port."""
        change = update(account_identity).where(_ROW.id == identity_id, _ROW.until == "")
        with changing(self._engine) as connection:
            return connection.execute(change.values(until=until)).rowcount == 1

    def _found(self, *wanted: ColumnElement[bool]) -> list[BoundIdentity]:
        query = select(account_identity).where(_ROW.until == "", *wanted).order_by(_ROW.account)
        with reading(self._engine) as connection:
            return [_identity(row) for row in connection.execute(query)]


def _identity(row: Row[Any]) -> BoundIdentity:
    return BoundIdentity(row.id, row.account, row.issuer, row.subject, row.since, row.until)
