"""The ports of `identity` in memory; the contract suite runs against them beside the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from identity.accounts import Credentials, EmailTaken, Role, RoleGrant, UnknownUser, User
from identity.passwords import Passwords
from identity.sessions import SessionRow
from identity.throttle import Limit


def cheap_passwords() -> Passwords:
    """Argon2 with the least work it allows: tests do not pay for what attackers should."""
    return Passwords(time_cost=1, memory_kib=8, parallelism=1)


class MemoryAccounts:
    """`AccountStore` in two collections."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[User, str]] = {}
        self.given: list[RoleGrant] = []

    def add(self, user: User, password_hash: str, at: datetime) -> None:  # noqa: ARG002 - the port's signature
        """See the port."""
        if any(known.email == user.email for known, _ in self.rows.values()):
            raise EmailTaken(user.email)
        self.rows[user.id] = replace(user, roles=frozenset()), password_hash

    def get(self, user_id: str, at: datetime) -> User | None:
        """See the port."""
        found = self.rows.get(user_id)
        return self._with_roles(found[0], at) if found else None

    def by_email(self, email: str, at: datetime) -> Credentials | None:
        """See the port."""
        for user, password_hash in self.rows.values():
            if user.email == email:
                return Credentials(self._with_roles(user, at), password_hash)
        return None

    def everyone(self, at: datetime) -> Sequence[User]:
        """See the port."""
        users = [self._with_roles(user, at) for user, _ in self.rows.values()]
        return sorted(users, key=lambda user: user.email)

    def set_password(self, user_id: str, password_hash: str, *, given: bool = False) -> None:
        """See the port."""
        user, _ = self.rows[self._known(user_id)]
        self.rows[user_id] = replace(user, given=given), password_hash

    def set_active(self, user_id: str, active: bool) -> None:
        """See the port."""
        user, password_hash = self.rows[self._known(user_id)]
        self.rows[user_id] = replace(user, active=active), password_hash

    def set_locale(self, user_id: str, locale: str) -> None:
        """See the port."""
        user, password_hash = self.rows[self._known(user_id)]
        self.rows[user_id] = replace(user, locale=locale), password_hash

    def grant(self, grant: RoleGrant) -> None:
        """See the port."""
        self._known(grant.user_id)
        if not any(self._lasts(held, grant.user_id, grant.role, grant.since) for held in self.given):
            self.given.append(grant)

    def revoke(self, user_id: str, role: Role, until: datetime) -> bool:
        """See the port."""
        for place, held in enumerate(self.given):
            if self._lasts(held, user_id, role, until):
                self.given[place] = replace(held, until=max(held.since, until))
                return True
        return False

    def ended_between(self, after: datetime, until: datetime) -> bool:
        """See the port."""
        return any(held.until is not None and after < held.until <= until for held in self.given)

    def grants(self, user_id: str) -> Sequence[RoleGrant]:
        """See the port."""
        return [grant for grant in self.given if grant.user_id == user_id]

    def _known(self, user_id: str) -> str:
        if user_id not in self.rows:
            raise UnknownUser(user_id)
        return user_id

    @staticmethod
    def _lasts(held: RoleGrant, user_id: str, role: Role, at: datetime) -> bool:
        lasting = held.until is None or held.until > at
        return held.user_id == user_id and held.role is role and lasting

    def _with_roles(self, user: User, at: datetime) -> User:
        roles = {
            grant.role
            for grant in self.given
            if grant.user_id == user.id and grant.since <= at and (grant.until is None or grant.until > at)
        }
        return replace(user, roles=frozenset(roles))


class MemorySessions:
    """`SessionStore` in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, SessionRow] = {}

    def start(self, row: SessionRow) -> None:
        """See the port."""
        self.rows[row.token_hash] = row

    def find(self, token_hash: str) -> SessionRow | None:
        """See the port."""
        return self.rows.get(token_hash)

    def touch(self, token_hash: str, seen_at: datetime) -> None:
        """See the port."""
        row = self.rows.get(token_hash)
        if row is not None and row.seen_at < seen_at:
            self.rows[token_hash] = replace(row, seen_at=seen_at)

    def of(self, user_id: str) -> list[SessionRow]:
        """See the port."""
        theirs = [row for row in self.rows.values() if row.user_id == user_id]
        return sorted(theirs, key=lambda row: row.seen_at, reverse=True)

    def prove(self, token_hash: str, at: datetime) -> None:
        """See the port."""
        row = self.rows.get(token_hash)
        if row is not None:
            self.rows[token_hash] = replace(row, proven_at=at)

    def end(self, token_hash: str) -> None:
        """See the port."""
        self.rows.pop(token_hash, None)

    def end_all(self, user_id: str) -> int:
        """See the port."""
        theirs = [key for key, row in self.rows.items() if row.user_id == user_id]
        for key in theirs:
            del self.rows[key]
        return len(theirs)

    def end_sid(self, sid: str) -> int:
        """See the port."""
        theirs = [key for key, row in self.rows.items() if row.sid == sid]
        for key in theirs:
            del self.rows[key]
        return len(theirs)

    def purge(self, created_before: datetime, seen_before: datetime) -> int:
        """See the port."""
        old = [
            key
            for key, row in self.rows.items()
            if row.created_at < created_before or row.seen_at < seen_before
        ]
        for key in old:
            del self.rows[key]
        return len(old)


class MemoryThrottle:
    """`ThrottleStore` in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, datetime, datetime]] = {}

    def attempt(self, key: str, limit: Limit, now: datetime) -> datetime | None:
        """See the port."""
        count, last, shut = self.rows.get(key, (0, now, now - timedelta(seconds=1)))
        if shut > now:
            return shut
        count = 1 if last < now - limit.memory else count + 1
        self.rows[key] = count, now, now + limit.pause(count)
        return None

    def forget(self, key: str) -> None:
        """See the port."""
        self.rows.pop(key, None)

    def purge(self, before: datetime) -> int:
        """See the port."""
        old = [key for key, (_, last, _) in self.rows.items() if last < before]
        for key in old:
            del self.rows[key]
        return len(old)
