"""Second factors of people's own in the database: the adapters of `signing.factors.records`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, and_, case, delete, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from signing.factors.records import FactorState, OwnFactor
from storage.accounts import changing
from storage.border import LostRace, translated
from storage.database import reading, writing
from storage.link_tables import factor_challenge, own_factor

_ROW = own_factor.c
_ASKED = factor_challenge.c
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

    def activate(self, factor_id: str, counter: int, slot: str = "") -> bool:
        """See the port. The slot's unique index lets one in."""
        wanted = (_ROW.id == factor_id, _ROW.state == str(FactorState.NEW))
        values = {
            "state": str(FactorState.ACTIVE),
            "counter": counter,
            "until": "",
            "tries": 0,
            "tries_until": "",
        }
        place = literal(slot) if slot else _ROW.kind + "/" + _ROW.owner
        change = update(own_factor).where(*wanted).values(slot=place, **values)
        try:
            with translated(), writing(self._engine) as connection:
                return connection.execute(change).rowcount == 1
        except LostRace:
            return False

    def advance(self, factor_id: str, counter: int) -> bool:
        """See the port."""
        free = (_ROW.id == factor_id, _ROW.state == str(FactorState.ACTIVE), _ROW.counter < counter)
        return self._change(*free, counter=counter, tries=0, tries_until="")

    def in_slot(self, slot: str) -> OwnFactor | None:
        """See the port."""
        return next(iter(self._found(_ROW.slot == slot)), None)

    def count(self, factor_id: str, counter: int, at: str) -> bool:
        """See the port."""
        grew = or_(_ROW.counter < counter, and_(_ROW.counter == 0, literal(counter) == 0))
        active = (_ROW.id == factor_id, _ROW.state == str(FactorState.ACTIVE))
        return self._change(*active, grew, counter=counter, used_at=at)

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


class SqlChallenges:
    """`signing.factors.records.ChallengeStore` in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def keep(self, challenge: str, purpose: str, scope: str, content: bytes, until: str) -> None:
        """See the port. Of two at once the later stands."""
        fresh = {"id": challenge, "content": content, "until": until}
        row = self._insert(factor_challenge).values(purpose=purpose, scope=scope, **fresh)
        change = row.on_conflict_do_update(index_elements=[_ASKED.purpose, _ASKED.scope], set_=fresh)
        with changing(self._engine) as connection:
            connection.execute(change)

    def find(self, challenge: str, purpose: str, scope: str, now: str) -> bytes | None:
        """See the port."""
        wanted = _wanted(challenge, purpose, scope, now)
        with reading(self._engine) as connection:
            found = connection.execute(select(_ASKED.content).where(*wanted)).scalar()
        return bytes(found) if found is not None else None

    def take(self, challenge: str, purpose: str, scope: str, now: str) -> bytes | None:
        """See the port: one conditional statement, so that of two who come only one is given it."""
        wanted = _wanted(challenge, purpose, scope, now)
        with changing(self._engine) as connection:
            taken = connection.execute(
                delete(factor_challenge).where(*wanted).returning(_ASKED.content)
            ).scalar()
        return bytes(taken) if taken is not None else None

    def purge(self, before: str) -> int:
        """See the port."""
        with changing(self._engine) as connection:
            return int(connection.execute(delete(factor_challenge).where(_ASKED.until <= before)).rowcount)


def _wanted(challenge: str, purpose: str, scope: str, now: str) -> tuple[ColumnElement[bool], ...]:
    return (_ASKED.id == challenge, _ASKED.purpose == purpose, _ASKED.scope == scope, _ASKED.until > now)


def _factor(row: Row[Any]) -> OwnFactor:
    return OwnFactor(state=FactorState(row.state), **{name: getattr(row, name) for name in _MEMBERS})
