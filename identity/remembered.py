"""What the API remembers between requests: answers by idempotency key, and how often a token asked in a minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Protocol


class Claim(Enum):
    """What became of claiming a key."""

    OURS = auto()
    """Nobody had it, or whoever had it fell silent: do the work."""
    BUSY = auto()
    """Somebody is working on the very same request."""
    OTHER = auto()
    """The key belongs to another request."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class AnswerStore(Protocol):
    """Durable and shared by every worker. Errors: `evidence.ports.StoreUnavailable`.

    It spares work and gives the same answer again; that nothing is sealed twice is the ledger's own doing.
    """

    def claim(
        self, service_id: str, key: str, digest: str, now: datetime, lease: timedelta
    ) -> Claim | Remembered:
        """Take a key of a service for a request (``digest``, hex SHA-256 of it), or say who has it.

        A claim that was neither kept nor forgotten within ``lease`` is free again, for the same request.
        """
        ...

    def keep(self, service_id: str, key: str, answer: Remembered) -> None:
        """The answer to a claimed key."""
        ...

    def forget(self, service_id: str, key: str) -> None:
        """Give a claimed key back: the request was refused and left nothing."""
        ...

    def purge(self, before: datetime) -> int:
        """Forget what was claimed before; returns how many."""
        ...


class RateStore(Protocol):
    """Shared counts. Errors: `evidence.ports.StoreUnavailable`."""

    def count(self, token_id: str, minute: int, times: int = 1) -> int:
        """Count so many requests of a token in a minute (its number since 1970); the count with them.

        A person's id stands for a token as well (`web.pacing`), and the first minute of an hour for the hour.
        """
        ...

    def purge(self, before_minute: int) -> int:
        """Forget tokens that have not asked since; returns how many."""
        ...
