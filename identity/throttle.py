"""How fast somebody may guess: by account and by address, remembered across restarts and workers."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limit:
    """``free`` attempts in a row cost nothing; each one more doubles the pause from ``first`` up to ``longest``.

    The count is forgotten after ``memory`` without an attempt.
    """

    free: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)
    memory: timedelta = timedelta(hours=1)

    def pause(self, attempts: int) -> timedelta:
        """How long the door stays shut after that many attempts in a row."""
        beyond = attempts - self.free
        if beyond < 0:
            return timedelta()
        doubled: timedelta = self.first * (1 << min(beyond, 20))
        return min(doubled, self.longest)


ACCOUNT_LIMIT = Limit(free=8)
ADDRESS_LIMIT = Limit(free=40)


class ThrottleStore(Protocol):
    """Counts of attempts by key, shared by every worker and surviving restarts."""

    def attempt(self, key: str, limit: Limit, now: datetime) -> datetime | None:
        """Count an attempt, before its outcome is known, in one atomic step.

        Returns ``None`` when it may go on, else the moment until which the key is shut (and counts nothing).
        """
        ...

    def forget(self, key: str) -> None:
        """Drop the count: the attempt succeeded."""
        ...

    def purge(self, before: datetime) -> int:
        """Remove keys not tried since; returns how many."""
        ...


class LoginThrottle:
    """Asks both counters before a password is looked at.

    Keys are HMACs under the installation's secret: the table says neither who was tried nor from where.
    """

    def __init__(
        self,
        store: ThrottleStore,
        secret: bytes,
        *,
        account: Limit = ACCOUNT_LIMIT,
        address: Limit = ADDRESS_LIMIT,
    ) -> None:
        self._store = store
        self._secret = secret
        self._account = account
        self._address = address

    def attempt(self, email: str, address: str, now: datetime) -> datetime | None:
        """``None`` to go on, else until when the later of both doors is shut."""
        shut = [
            self._store.attempt(self._key("address", address), self._address, now),
            self._store.attempt(self._key("account", email), self._account, now),
        ]
        return max((moment for moment in shut if moment is not None), default=None)

    def succeeded(self, email: str, address: str) -> None:
        """The password was right: both counts start anew."""
        self._store.forget(self._key("account", email))
        self._store.forget(self._key("address", address))

    def _key(self, kind: str, value: str) -> str:
        digest = hmac.new(self._secret, f"throttle\n{kind}\n{value}".encode(), hashlib.sha256)
        return f"{kind}:{digest.hexdigest()}"
