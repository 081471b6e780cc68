"""Accounts, sessions and the login throttle in the database: the adapters of `identity`'s ports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from evidence.entry import format_time, parse_time
from identity.accounts import Credentials, EmailTaken, Role, RoleGrant, UnknownUser, User
from identity.sessions import SessionRow
from identity.throttle import Limit
from storage.account_tables import account, login_session, login_throttle, role_grant
from storage.border import LostRace, answered, translated
from storage.database import reading, writing

Database = Engine
"""What `storage.database.connect` gives, named for who may not know SQLAlchemy."""


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """A writing transaction whose errors come out as the ports' own."""
    with answered(), writing(engine) as connection:
        yield connection


class SqlAccounts:
    """`identity.accounts.AccountStore` on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, user: User, password_hash: str, at: datetime) -> None:
        """See the port."""
        row = {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "password_hash": password_hash,
            "locale": user.locale,
            "active": user.active,
            "given": user.given,
            "created_at": format_time(at),
        }
        try:
            with translated(), writing(self._engine) as connection:
                connection.execute(insert(account).values(row))
        except LostRace as error:
            raise EmailTaken(user.email) from error

    def get(self, user_id: str, at: datetime) -> User | None:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(select(account).where(account.c.id == user_id)).one_or_none()
            return _user(row, self._roles(connection, [user_id], at)) if row is not None else None

    def by_email(self, email: str, at: datetime) -> Credentials | None:
        """See the port."""
        with reading(self._engine) as connection:
            row = connection.execute(select(account).where(account.c.email == email)).one_or_none()
            if row is None:
                return None
            return Credentials(_user(row, self._roles(connection, [row.id], at)), row.password_hash)

    def everyone(self, at: datetime) -> Sequence[User]:
        """See the port."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(account).order_by(account.c.email)).all()
            roles = self._roles(connection, None, at)
            return [_user(row, roles) for row in rows]

    def set_password(self, user_id: str, password_hash: str, *, given: bool = False) -> None:
        """See the port."""
        self._set(user_id, password_hash=password_hash, given=given)

    def set_active(self, user_id: str, active: bool) -> None:
        """See the port."""
        self._set(user_id, active=active)

    def set_locale(self, user_id: str, locale: str) -> None:
        """See the port."""
        self._set(user_id, locale=locale)

    def grant(self, grant: RoleGrant) -> None:
        """See the port."""
        row = {
            "user_id": grant.user_id,
            "role": str(grant.role),
            "since": format_time(grant.since),
            "until": format_time(grant.until) if grant.until else "",
            "granted_by": grant.granted_by,
        }
        with changing(self._engine) as connection:
            self._must_exist(connection, grant.user_id)
            if not connection.execute(_lasting(grant.user_id, grant.role, grant.since)).first():
                connection.execute(insert(role_grant).values(row))

    def revoke(self, user_id: str, role: Role, until: datetime) -> bool:
        """See the port."""
        moment, table = format_time(until), role_grant.c
        lasting = (table.until == "") | (table.until > moment)
        change = (
            update(role_grant)
            .where(table.user_id == user_id, table.role == str(role), lasting)
            .values(until=case((table.since > moment, table.since), else_=moment))
        )
        with changing(self._engine) as connection:
            return connection.execute(change).rowcount > 0

    def ended_between(self, after: datetime, until: datetime) -> bool:
        """See the port."""
        table = role_grant.c
        query = select(table.id).where(
            table.until != "", table.until > format_time(after), table.until <= format_time(until)
        )
        with reading(self._engine) as connection:
            return connection.execute(query.limit(1)).first() is not None

    def grants(self, user_id: str) -> Sequence[RoleGrant]:
        """See the port."""
        query = select(role_grant).where(role_grant.c.user_id == user_id).order_by(role_grant.c.id)
        with reading(self._engine) as connection:
            return [
                RoleGrant(
                    row.user_id,
                    Role(row.role),
                    parse_time(row.since),
                    parse_time(row.until) if row.until else None,
                    row.granted_by,
                )
                for row in connection.execute(query)
            ]

    def _set(self, user_id: str, **values: object) -> None:
        with changing(self._engine) as connection:
            changed = connection.execute(update(account).where(account.c.id == user_id).values(**values))
            if changed.rowcount != 1:
                raise UnknownUser(user_id)

    def _must_exist(self, connection: Connection, user_id: str) -> None:
        if connection.execute(select(account.c.id).where(account.c.id == user_id)).first() is None:
            raise UnknownUser(user_id)

    def _roles(
        self, connection: Connection, users: Sequence[str] | None, at: datetime
    ) -> dict[str, frozenset[Role]]:
        moment = format_time(at)
        query = select(role_grant.c.user_id, role_grant.c.role).where(
            role_grant.c.since <= moment, (role_grant.c.until == "") | (role_grant.c.until > moment)
        )
        if users is not None:
            query = query.where(role_grant.c.user_id.in_(users))
        held: dict[str, set[Role]] = {}
        for row in connection.execute(query):
            held.setdefault(row.user_id, set()).add(Role(row.role))
        return {user: frozenset(roles) for user, roles in held.items()}


def _lasting(user_id: str, role: Role, since: datetime) -> Select[Any]:
    """A grant that is, or will be, in force at that moment or later."""
    table = role_grant.c
    lasting = (table.until == "") | (table.until > format_time(since))
    return select(table.id).where(table.user_id == user_id, table.role == str(role), lasting)


def _user(row: Row[Any], roles: dict[str, frozenset[Role]]) -> User:
    held = roles.get(row.id, frozenset())
    return User(row.id, row.email, row.name, held, row.locale, row.active, row.given)


class SqlSessions:
    """`identity.sessions.SessionStore` in the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, row: SessionRow) -> None:
        """See the port."""
        values = {
            "token_hash": row.token_hash,
            "user_id": row.user_id,
            "created_at": format_time(row.created_at),
            "seen_at": format_time(row.seen_at),
            "agent": row.agent,
            "proven_at": format_time(row.proven_at) if row.proven_at else "",
            "door": row.door,
            "sid": row.sid,
        }
        with changing(self._engine) as connection:
            connection.execute(insert(login_session).values(values))

    def find(self, token_hash: str) -> SessionRow | None:
        """See the port."""
        query = select(login_session).where(login_session.c.token_hash == token_hash)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return _session(row) if row is not None else None

    def of(self, user_id: str) -> Sequence[SessionRow]:
        """See the port."""
        table = login_session.c
        query = select(login_session).where(table.user_id == user_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(table.seen_at.desc(), table.token_hash)).all()
        return [_session(row) for row in rows]

    def prove(self, token_hash: str, at: datetime) -> None:
        """See the port."""
        change = update(login_session).where(login_session.c.token_hash == token_hash)
        with changing(self._engine) as connection:
            connection.execute(change.values(proven_at=format_time(at)))

    def touch(self, token_hash: str, seen_at: datetime) -> None:
        """See the port."""
        moment = format_time(seen_at)
        change = update(login_session).where(
            login_session.c.token_hash == token_hash, login_session.c.seen_at < moment
        )
        with changing(self._engine) as connection:
            connection.execute(change.values(seen_at=moment))

    def end(self, token_hash: str) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            connection.execute(delete(login_session).where(login_session.c.token_hash == token_hash))

    def end_all(self, user_id: str) -> int:
        """See the port."""
        with changing(self._engine) as connection:
            return connection.execute(
                delete(login_session).where(login_session.c.user_id == user_id)
            ).rowcount

    def end_sid(self, sid: str) -> int:
        """See the port."""
        with changing(self._engine) as connection:
            return connection.execute(delete(login_session).where(login_session.c.sid == sid)).rowcount

    def purge(self, created_before: datetime, seen_before: datetime) -> int:
        """See the port."""
        old = (login_session.c.created_at < format_time(created_before)) | (
            login_session.c.seen_at < format_time(seen_before)
        )
        with changing(self._engine) as connection:
            return connection.execute(delete(login_session).where(old)).rowcount


def _session(row: Row[Any]) -> SessionRow:
    return SessionRow(
        row.token_hash,
        row.user_id,
        parse_time(row.created_at),
        parse_time(row.seen_at),
        row.agent,
        parse_time(row.proven_at) if row.proven_at else None,
        row.door,
        row.sid,
    )


class SqlThrottle:
    """`identity.throttle.ThrottleStore` in the database: one statement counts, so that parallel guesses all count."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def attempt(self, key: str, limit: Limit, now: datetime) -> datetime | None:
        """See the port."""
        moment, forgotten = format_time(now), format_time(now - limit.memory)
        table = login_throttle.c
        fresh = self._insert(login_throttle).values(key=key, attempts=1, last_at=moment, shut_until="")
        counted = fresh.on_conflict_do_update(
            index_elements=[table.key],
            set_={
                "attempts": case((table.last_at < forgotten, 1), else_=table.attempts + 1),
                "last_at": moment,
                "shut_until": "",
            },
            where=(table.shut_until <= moment),
        ).returning(table.attempts)
        with changing(self._engine) as connection:
            attempts = connection.execute(counted).scalar_one_or_none()
            if attempts is None:
                shut = connection.execute(select(table.shut_until).where(table.key == key)).scalar_one()
                return parse_time(shut)
            if pause := limit.pause(attempts):
                shut_until = format_time(now + pause)
                connection.execute(
                    update(login_throttle).where(table.key == key).values(shut_until=shut_until)
                )
        return None

    def forget(self, key: str) -> None:
        """See the port."""
        with changing(self._engine) as connection:
            connection.execute(delete(login_throttle).where(login_throttle.c.key == key))

    def purge(self, before: datetime) -> int:
        """See the port."""
        with changing(self._engine) as connection:
            old = login_throttle.c.last_at < format_time(before)
            return connection.execute(delete(login_throttle).where(old)).rowcount
