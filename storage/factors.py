"""Second factors of people's own in the database: the adapter of `signing.factors.records.FactorStore`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, case, delete, insert, or_, select, update

from signing.factors.records import FactorState, OwnFactor
from storage.accounts import changing
from storage.border import LostRace, translated
from storage.database import reading, writing
from storage.link_tables import own_factor

_ROW = own_factor.c
_MEMBERS = tuple(column.name for column in _ROW if column.name not in ("slot", "state"))


class SqlFactors:
    """See the port."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, factor: OwnFactor) -> None:
        """See the port."""
        begun = (_ROW.owner == factor.owner, _ROW.kind == factor.kind, _ROW.state == str(FactorState.NEW))
        row = {name: getattr(factor, name) for name in _MEMBERS} | {"state": str(factor.state)}
        with changing(self._engine) as connection:
            connection.execute(delete(own_factor).where(*begun))
            connection.execute(insert(own_factor).values(row))

    def factor(self, factor_id: str) -> OwnFactor | None:
        """See the port."""
        return next(iter(self._found(_ROW.id == factor_id)), None)

    def of(self, owner: str) -> Sequence[OwnFactor]:
        """See the port."""
        return self._found(_ROW.owner == owner, _ROW.state == str(FactorState.ACTIVE))

    def everyone(self) -> Sequence[OwnFactor]:
        """See the port."""
        return self._found(_ROW.state != str(FactorState.NEW))

    def attempt(self, factor_id: str, now: str, until: str, most: int) -> int:
        """See the port. One statement: the row's own lock makes each attempt count."""
        over = _ROW.tries_until <= now
        change = (
            update(own_factor)
            .where(_ROW.id == factor_id, or_(over, _ROW.tries < most))
            .values(
                tries=case((over, 1), else_=_ROW.tries + 1),
                tries_until=case((over, until), else_=_ROW.tries_until),
            )
            .returning(_ROW.tries)
        )
        with changing(self._engine) as connection:
            return int(connection.execute(change).scalar_one_or_none() or 0)

    def activate(self, factor_id: str, counter: int) -> bool:
        """See the port. The slot's unique index lets one of a kind in."""
        wanted = (_ROW.id == factor_id, _ROW.state == str(FactorState.NEW))
        values = {
            "state": str(FactorState.ACTIVE),
            "counter": counter,
            "until": "",
            "tries": 0,
            "tries_until": "",
        }
        change = update(own_factor).where(*wanted).values(slot=_ROW.kind + "/" + _ROW.owner, **values)
        try:
            with translated(), writing(self._engine) as connection:
                return connection.execute(change).rowcount == 1
        except LostRace:
            return False

    def advance(self, factor_id: str, counter: int) -> bool:
        """See the port."""
        free = (_ROW.id == factor_id, _ROW.state == str(FactorState.ACTIVE), _ROW.counter < counter)
        return self._change(*free, counter=counter, tries=0, tries_until="")

    def revoke(self, factor_id: str) -> bool:
        """See the port."""
        active = (_ROW.id == factor_id, _ROW.state == str(FactorState.ACTIVE))
        return self._change(*active, state=str(FactorState.REVOKED), content=b"", slot=None)

    def _change(self, *wanted: ColumnElement[bool], **values: Any) -> bool:
        with changing(self._engine) as connection:
            return connection.execute(update(own_factor).where(*wanted).values(values)).rowcount == 1

    def _found(self, *wanted: ColumnElement[bool]) -> list[OwnFactor]:
        query = select(own_factor).where(*wanted).order_by(_ROW.created_at.desc(), _ROW.id)
        with reading(self._engine) as connection:
            return [_factor(row) for row in connection.execute(query)]


def _factor(row: Row[Any]) -> OwnFactor:
    return OwnFactor(state=FactorState(row.state), **{name: getattr(row, name) for name in _MEMBERS})
