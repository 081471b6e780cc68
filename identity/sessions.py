"""Sessions live on the server: they can be ended, and the database never holds what the cookie holds."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from evidence.ports import Clock
from identity.accounts import AccountStore, User

TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as stored: ``token_hash`` is the hex SHA-256 of the token in the cookie."""

    token_hash: str
    user_id: str
    created_at: datetime
    seen_at: datetime


class SessionStore(Protocol):
    """Durable sessions, shared by every worker."""

    def start(self, row: SessionRow) -> None:
        """Keep a new session."""
        ...

    def find(self, token_hash: str) -> SessionRow | None:
        """The session of that hash."""
        ...

    def touch(self, token_hash: str, seen_at: datetime) -> None:
        """Move its last sign of life forward; an ended session stays ended."""
        ...

    def end(self, token_hash: str) -> None:
        """Forget it; forgetting twice is no error."""
        ...

    def end_all(self, user_id: str) -> int:
        """Forget every session of a user; returns how many."""
        ...

    def purge(self, created_before: datetime, seen_before: datetime) -> int:
        """Remove sessions past their absolute or idle end; returns how many."""
        ...


class Sessions:
    """Starts, recognises and ends sessions; ``idle`` and ``absolute`` are their longest lives."""

    def __init__(
        self,
        store: SessionStore,
        accounts: AccountStore,
        clock: Clock,
        *,
        idle: timedelta = timedelta(hours=2),
        absolute: timedelta = timedelta(hours=12),
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self.idle = idle
        self.absolute = absolute

    def start(self, user_id: str) -> str:
        """A fresh token of 256 random bits; only its digest is kept."""
        now = self._clock()
        token = secrets.token_urlsafe(32)
        self._store.start(SessionRow(digest(token), user_id, now, now))
        return token

    def user(self, token: str) -> User | None:
        """Whose session it is, if it lives and its account is open."""
        now = self._clock()
        row = self._store.find(digest(token))
        if row is None:
            return None
        if now - row.created_at >= self.absolute or now - row.seen_at >= self.idle:
            self._store.end(row.token_hash)
            return None
        user = self._accounts.get(row.user_id, now)
        if user is None or not user.active:
            return None
        if now - row.seen_at >= TOUCH_EVERY:
            self._store.touch(row.token_hash, now)
        return user

    def end(self, token: str) -> None:
        """Log out."""
        self._store.end(digest(token))

    def end_all(self, user_id: str) -> int:
        """Log out everywhere: after a new password or a closed account."""
        return self._store.end_all(user_id)

    def purge(self) -> int:
        """Drop what has expired."""
        now = self._clock()
        return self._store.purge(now - self.absolute, now - self.idle)


def digest(token: str) -> str:
    """What the database holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
