"""Encrypted secrets in the database: the adapter of `signing.kinds.store.SecretStore`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, delete, insert, select

from storage.accounts import changing
from storage.database import reading
from storage.link_tables import link_secret

_ROW = link_secret.c


class SqlSecrets:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, request_id: str, sealed: bytes) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            connection.execute(insert(link_secret).values(request=request_id, content=sealed))

    def sealed(self, request_id: str) -> bytes:
        """See the port."""
        with reading(self._engine) as connection:
            found = connection.execute(select(_ROW.content).where(_ROW.request == request_id))
            return bytes(found.scalar_one_or_none() or b"")

    def destroyed(self) -> Sequence[str]:
        """See the port."""
        with reading(self._engine) as connection:
            return list(connection.execute(select(_ROW.request).where(_ROW.content == b"")).scalars())

    def forget(self, request_id: str) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            connection.execute(delete(link_secret).where(_ROW.request == request_id))
