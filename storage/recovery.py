"""Recovery codes in the database: the adapter of `identity.recovery.RecoveryStore`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Engine, delete, insert, select, update

from identity.recovery import RecoveryRow
from storage.account_tables import recovery_code
from storage.accounts import changing
from storage.database import reading

_ROW = recovery_code.c


class SqlRecovery:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def replace(self, owner: str, rows: Sequence[RecoveryRow]) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            connection.execute(delete(recovery_code).where(_ROW.owner == owner))
            if rows:
                connection.execute(insert(recovery_code), [asdict(row) for row in rows])

    def of(self, owner: str) -> Sequence[RecoveryRow]:
        """See the port."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(recovery_code).where(_ROW.owner == owner)).all()
        return [RecoveryRow(row.mark, row.owner, row.batch, row.created_at, row.used_at) for row in rows]

    def use(self, owner: str, mark: str, at: str) -> bool:
        """See the port. One conditional statement: of two who come one uses it."""
        good = (_ROW.owner == owner, _ROW.mark == mark, _ROW.used_at == "")
        with changing(self._engine) as connection:
            return connection.execute(update(recovery_code).where(*good).values(used_at=at)).rowcount == 1
