"""A ledger on every kind of home: one line for each backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from evidence.ports import LedgerStore
from storage.database import connect
from storage.ledger import SqlLedger, start_log
from tests.fakes.memory import MemoryLedger
from tests.storage.support import ORIGIN, TickingClock, keys_of

SQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
ENCRYPTED = ["sqlite-encrypted", pytest.param("postgresql-encrypted", marks=pytest.mark.postgresql)]
"""The same with payloads under keys of their cases."""


@pytest.fixture(params=SQL)
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of each kind, holding no log yet."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a database where a log has begun."""
    made = connect(database_url)
    start_log(made, ORIGIN)
    yield made
    made.dispose()


@pytest.fixture
def sql_ledger(engine: Engine) -> SqlLedger:
    """A ledger on each database."""
    return SqlLedger(engine, ORIGIN, clock=TickingClock())


@pytest.fixture(params=["memory", *SQL, *ENCRYPTED])
def open_ledger(request: pytest.FixtureRequest) -> Iterator[Callable[[], LedgerStore]]:
    """Opens the same ledger again and again, as several processes would; in memory there is only one to open."""
    if request.param == "memory":
        memory = MemoryLedger(ORIGIN, clock=TickingClock())
        yield lambda: memory
        return
    kind, _, encrypted = request.param.partition("-")
    made = connect(request.getfixturevalue(f"migrated_{kind}_url"))
    start_log(made, ORIGIN)
    clock = TickingClock()
    yield lambda: SqlLedger(made, ORIGIN, clock=clock, keys=keys_of(made) if encrypted else None)
    made.dispose()


@pytest.fixture
def ledger(open_ledger: Callable[[], LedgerStore]) -> LedgerStore:
    """An empty ledger on each backend."""
    return open_ledger()
