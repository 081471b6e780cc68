"""People's stores on every kind of home: one line for each backend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from identity.accounts import AccountStore
from identity.sessions import SessionStore
from identity.throttle import ThrottleStore
from storage.accounts import SqlAccounts, SqlSessions, SqlThrottle
from storage.database import connect
from tests.fakes.people import MemoryAccounts, MemorySessions, MemoryThrottle

NOW = datetime(2026, 3, 4, 15, 0, 0, 123456, tzinfo=UTC)


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Move on by a timedelta's arguments."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Stores:
    """The three stores of one backend."""

    accounts: AccountStore
    sessions: SessionStore
    throttle: ThrottleStore


@pytest.fixture
def clock() -> Clock:
    """A clock at `NOW`."""
    return Clock()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Empty stores of each backend."""
    if request.param == "memory":
        yield Stores(MemoryAccounts(), MemorySessions(), MemoryThrottle())
        return
    engine = connect(request.getfixturevalue(f"migrated_{request.param}_url"))
    yield Stores(SqlAccounts(engine), SqlSessions(engine), SqlThrottle(engine))
    engine.dispose()
