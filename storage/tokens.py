"""Services, tokens, remembered answers and rates in the database: the adapters of the API's ports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from evidence.entry import format_time, parse_time
from identity.accounts import Role
from identity.remembered import Claim, Remembered
from identity.tokens import Caller, Scope, Service, Token
from storage.accounts import changing
from storage.api_tables import api_answer, api_rate, api_token, service
from storage.database import reading
from storage.hooks import SqlHooks


class SqlTokens:
    """`identity.tokens.TokenStore` on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upsert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def add_service(self, made: Service) -> None:
        """See the port."""
        row = {
            "id": made.id,
            "name": made.name,
            "role": str(made.role),
            "created_at": format_time(made.created_at),
            "closed_at": _text(made.closed_at),
        }
        fresh = self._upsert(service).values(row).on_conflict_do_nothing()
        with changing(self._engine) as connection:
            connection.execute(fresh)

    def close_service(self, service_id: str, at: datetime) -> bool:
        """See the port."""
        change = update(service).where(service.c.id == service_id, service.c.closed_at == "")
        with changing(self._engine) as connection:
            return connection.execute(change.values(closed_at=format_time(at))).rowcount == 1

    def service(self, service_id: str) -> Service | None:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(select(service).where(service.c.id == service_id)).one_or_none()
        return None if row is None else _service(row)

    def services(self) -> Sequence[Service]:
        """See the port."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(service).order_by(service.c.name, service.c.id))
            return [_service(row) for row in rows]

    def add_token(self, token: Token, token_hash: str) -> None:
        """See the port."""
        row = {
            "id": token.id,
            "token_hash": token_hash,
            "service": token.service,
            "scopes": " ".join(sorted(str(scope) for scope in token.scopes)),
            "processes": " ".join(sorted(token.processes)),
            "created_at": format_time(token.created_at),
            "expires_at": format_time(token.expires_at),
            "revoked_at": "",
            "used_at": "",
        }
        with changing(self._engine) as connection:
            connection.execute(insert(api_token).values(row))

    def find(self, token_hash: str) -> Caller | None:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(api_token).where(api_token.c.token_hash == token_hash)
            ).one_or_none()
            if row is None:
                return None
            owner = connection.execute(select(service).where(service.c.id == row.service)).one_or_none()
        return None if owner is None else Caller(_service(owner), _token(row))

    def revoke(self, token_id: str, at: datetime) -> bool:
        """See the port."""
        change = update(api_token).where(api_token.c.id == token_id, api_token.c.revoked_at == "")
        with changing(self._engine) as connection:
            return connection.execute(change.values(revoked_at=format_time(at))).rowcount == 1

    def token(self, token_id: str) -> Token | None:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(select(api_token).where(api_token.c.id == token_id)).one_or_none()
        return None if row is None else _token(row)

    def tokens(self) -> Sequence[Token]:
        """See the port."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(api_token).order_by(api_token.c.created_at.desc(), api_token.c.id)
            )
            return [_token(row) for row in rows]

    def used(self, token_id: str, at: datetime) -> None:
        """See the port."""
        moment = format_time(at)
        change = update(api_token).where(api_token.c.id == token_id, api_token.c.used_at < moment)
        with changing(self._engine) as connection:
            connection.execute(change.values(used_at=moment))


class SqlRemembered:
    """`identity.remembered.AnswerStore` in the database: one row decides who works on a key."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upsert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def claim(
        self, service_id: str, key: str, digest: str, now: datetime, lease: timedelta
    ) -> Claim | Remembered:
        """See the port."""
        table, moment = api_answer.c, format_time(now)
        fresh = self._upsert(api_answer).values(
            service=service_id, request_key=key, digest=digest, status=0, headers=b"", body=b"",
            created_at=moment, leased_until=format_time(now + lease),
        )  # fmt: skip
        taken = fresh.on_conflict_do_update(
            index_elements=[table.service, table.request_key],
            set_={"leased_until": format_time(now + lease)},
            where=(table.status == 0) & (table.leased_until <= moment) & (table.digest == digest),
        ).returning(table.status)
        mine = (table.service == service_id) & (table.request_key == key)
        with changing(self._engine) as connection:
            if connection.execute(taken).one_or_none() is not None:
                return Claim.OURS
            row = connection.execute(select(api_answer).where(mine)).one()
        if row.digest != digest:
            return Claim.OTHER
        if row.status == 0:
            return Claim.BUSY
        return Remembered(row.status, json.loads(row.headers), row.body)

    def keep(self, service_id: str, key: str, answer: Remembered) -> None:
        """See the port."""
        table = api_answer.c
        change = update(api_answer).where(table.service == service_id, table.request_key == key)
        values = {
            "status": answer.status,
            "headers": json.dumps(dict(answer.headers)).encode(),
            "body": answer.body,
            "leased_until": "",
        }
        with changing(self._engine) as connection:
            connection.execute(change.values(values))

    def forget(self, service_id: str, key: str) -> None:
        """See the port."""
        table = api_answer.c
        with changing(self._engine) as connection:
            connection.execute(
                delete(api_answer).where(
                    table.service == service_id, table.request_key == key, table.status == 0
                )
            )

    def purge(self, before: datetime) -> int:
        """See the port."""
        with changing(self._engine) as connection:
            old = api_answer.c.created_at < format_time(before)
            return connection.execute(delete(api_answer).where(old)).rowcount


class SqlRates:
    """`identity.remembered.RateStore` in the database: one statement counts, so that parallel requests all count."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._upsert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def count(self, token_id: str, minute: int, times: int = 1) -> int:
        """See the port."""
        fresh = self._upsert(api_rate).values(token=token_id, minute=minute, used=times)
        held = api_rate.c
        again: Mapping[str, Any] = {
            "used": case((held.minute == minute, held.used + times), else_=times),
            "minute": minute,
        }
        counted = fresh.on_conflict_do_update(index_elements=[held.token], set_=again).returning(held.used)
        with changing(self._engine) as connection:
            return int(connection.execute(counted).scalar_one())

    def purge(self, before_minute: int) -> int:
        """See the port."""
        with changing(self._engine) as connection:
            old = api_rate.c.minute < before_minute
            return connection.execute(delete(api_rate).where(old)).rowcount


class SqlSystems:
    """Everything that is kept of other systems, on one database."""

    def __init__(self, engine: Engine) -> None:
        self.tokens = SqlTokens(engine)
        self.answers = SqlRemembered(engine)
        self.rates = SqlRates(engine)
        self.hooks = SqlHooks(engine)


def _text(moment: datetime | None) -> str:
    return format_time(moment) if moment is not None else ""


def _moment(text: str) -> datetime | None:
    return parse_time(text) if text else None


def _service(row: Row[Any]) -> Service:
    return Service(row.id, row.name, Role(row.role), parse_time(row.created_at), _moment(row.closed_at))


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        service=row.service,
        scopes=frozenset(Scope(word) for word in row.scopes.split()),
        processes=frozenset(row.processes.split()),
        created_at=parse_time(row.created_at),
        expires_at=parse_time(row.expires_at),
        revoked_at=_moment(row.revoked_at),
        used_at=_moment(row.used_at),
    )
