"""Letters that wait for the signature of an e.firma: the adapter of `signing.efirmaports.PreparationStore`."""

from __future__ import annotations

from sqlalchemy import Engine, delete, insert

from storage.accounts import changing
from storage.link_tables import link_preparation

_ROW = link_preparation.c


class SqlPreparations:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, preparation: str, visit: str, request: str, content: bytes, until: str) -> None:
        """See the port."""
        row = {"id": preparation, "visit": visit, "request": request, "content": content, "until": until}
        with changing(self._engine) as connection:
            connection.execute(delete(link_preparation).where(_ROW.visit == visit, _ROW.request == request))
            connection.execute(insert(link_preparation).values(row))

    def take(self, preparation: str, visit: str, request: str, now: str) -> bytes | None:
        """See the port: one conditional statement, so that of two who come only one is given it."""
        wanted = (_ROW.id == preparation, _ROW.visit == visit, _ROW.request == request, _ROW.until > now)
        with changing(self._engine) as connection:
            taken = connection.execute(
                delete(link_preparation).where(*wanted).returning(_ROW.content)
            ).scalar()
        return bytes(taken) if taken is not None else None

    def purge(self, before: str) -> int:
        """See the port."""
        with changing(self._engine) as connection:
            return int(connection.execute(delete(link_preparation).where(_ROW.until <= before)).rowcount)
