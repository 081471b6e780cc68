"""Sessions live on the server: they can be ended, and the database never holds what the cookie holds."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from evidence.ports import Clock
from identity.accounts import AccountStore, User

TOUCH_EVERY = timedelta(minutes=1)
MOST_AGENT = 200
DIRECTORY_DOOR = "directory"
"""How a session says that the company's directory opened it."""
STRONG_DOOR = "directory+"
"""The same, and the directory said that a second factor was used."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as stored: ``token_hash`` is the hex SHA-256 of the token in the cookie.

    ``agent`` is what the browser said of itself when it began, ``proven_at`` when its person last proved a second
    factor. ``door`` is by which way they came in (`DIRECTORY_DOOR`, or ``""``), ``sid`` the directory's own session.
    """

    token_hash: str
    user_id: str
    created_at: datetime
    seen_at: datetime
    agent: str = ""
    proven_at: datetime | None = None
    door: str = ""
    sid: str = ""

    @property
    def id(self) -> str:
        """What pages call it; it opens nothing and does not tell the hash."""
        return f"s-{hashlib.sha256(b'session' + self.token_hash.encode()).hexdigest()[:24]}"


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

    def of(self, user_id: str) -> Sequence[SessionRow]:
        """A user's sessions, the one seen last first."""
        ...

    def prove(self, token_hash: str, at: datetime) -> None:
        """Note that its person proved a second factor."""
        ...

    def end(self, token_hash: str) -> None:
        """Forget it; forgetting twice is no error."""
        ...

    def end_all(self, user_id: str) -> int:
        """Forget every session of a user; returns how many."""
        ...

    def end_sid(self, sid: str) -> int:
        """Forget every session that came from that session of the directory; returns how many."""
        ...

    def purge(self, created_before: datetime, seen_before: datetime) -> int:
        """Remove sessions past their absolute or idle end; returns how many."""
        ...


class Sessions:
    """Starts, recognises and ends sessions; ``idle`` and ``absolute`` are their longest lives.

    Nobody has more than ``most`` at once: the one that began first ends for one that begins.
    """

    def __init__(
        self,
        store: SessionStore,
        accounts: AccountStore,
        clock: Clock,
        *,
        idle: timedelta = timedelta(hours=2),
        absolute: timedelta = timedelta(hours=12),
        most: int = 32,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self.idle = idle
        self.absolute = absolute
        self._most = most

    def start(
        self, user_id: str, agent: str = "", *, proven: bool = False, door: str = "", sid: str = ""
    ) -> str:
        """A fresh token of 256 random bits; only its digest is kept. ``proven``: by a second factor, now.

        ``door`` and ``sid`` as in `SessionRow`.
        """
        now = self._clock()
        token = secrets.token_urlsafe(32)
        row = SessionRow(
            digest(token), user_id, now, now, agent[:MOST_AGENT], now if proven else None, door, sid
        )
        self._store.start(row)
        return token

    def end_beyond(self, user_id: str, token: str) -> int:
        """End those of a user that began first, beyond as many as they may have; never this one. Returns how many."""
        found = [row for row in self.of(user_id) if row.token_hash != digest(token)]
        old = sorted(found, key=lambda row: (row.created_at, row.token_hash))[
            : max(0, len(found) + 1 - self._most)
        ]
        for row in old:
            self._store.end(row.token_hash)
        return len(old)

    def row(self, token: str) -> SessionRow | None:
        """The session itself, whatever its state."""
        return self._store.find(digest(token))

    def end_at_directory(self, user_id: str, sid: str) -> int:
        """Log out what the directory opened: its one session ``sid``, or all of a user's where that is empty."""
        if sid:
            return self._store.end_sid(sid)
        found = [row for row in self._store.of(user_id) if row.door]
        for row in found:
            self._store.end(row.token_hash)
        return len(found)

    def of(self, user_id: str) -> Sequence[SessionRow]:
        """A user's sessions that still live, the one seen last first."""
        now = self._clock()
        return [row for row in self._store.of(user_id) if not self._over(row, now)]

    def proven_since(self, token: str, window: timedelta) -> bool:
        """Whether its person proved a second factor within so long."""
        row = self._store.find(digest(token))
        return row is not None and row.proven_at is not None and self._clock() - row.proven_at < window

    def prove(self, token: str) -> None:
        """Its person proved a second factor just now."""
        self._store.prove(digest(token), self._clock())

    def end_of(self, user_id: str, session_id: str) -> bool:
        """Log out one of a user's sessions, by what pages call it; whether there was one."""
        found = next((row for row in self._store.of(user_id) if row.id == session_id), None)
        if found is not None:
            self._store.end(found.token_hash)
        return found is not None

    def end_others(self, user_id: str, token: str) -> int:
        """Log out everywhere else; returns how many."""
        others = [row for row in self._store.of(user_id) if row.token_hash != digest(token)]
        for row in others:
            self._store.end(row.token_hash)
        return len(others)

    def user(self, token: str) -> User | None:
        """Whose session it is, if it lives and its account is open."""
        now = self._clock()
        row = self._store.find(digest(token))
        if row is None:
            return None
        if self._over(row, now):
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

    def _over(self, row: SessionRow, now: datetime) -> bool:
        return now - row.created_at >= self.absolute or now - row.seen_at >= self.idle

    def purge(self) -> int:
        """Drop what has expired."""
        now = self._clock()
        return self._store.purge(now - self.absolute, now - self.idle)


def digest(token: str) -> str:
    """What the database holds of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
