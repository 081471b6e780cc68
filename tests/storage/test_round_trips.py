"""What an append costs on the way to PostgreSQL and back, counted in statements that travel."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text

from evidence.ports import StoreUnavailable
from storage import database
from storage.database import connect, reading
from storage.ledger import SqlLedger, start_log
from tests.storage.support import ORIGIN, TickingClock, draft, notes, projection, projects

CASE = "MA-001-2026-000001"


@pytest.fixture
def engine(migrated_postgresql_url: str) -> Iterator[Engine]:
    """PostgreSQL with a log."""
    made = connect(migrated_postgresql_url)
    start_log(made, ORIGIN)
    yield made
    made.dispose()


@pytest.fixture
def travelled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is sent, in its order; beginnings and commits that travel alone too."""
    seen: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: psycopg.Cursor, query: str, *given: object, **also: object) -> psycopg.Cursor:
        seen.append(str(query))
        return execute(cursor, query, *given, **also)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return seen


def test_an_append_to_a_known_case_travels_once(engine: Engine, travelled: list[str]) -> None:
    """One statement looks at the head and writes everything; nobody asks first whether the line is alive."""
    ledger = SqlLedger(engine, ORIGIN, clock=TickingClock())
    ledger.append(CASE, projects(projection(CASE), draft("uno")))
    ledger.history(CASE)
    travelled.clear()
    compose = projects(projection(CASE, search_text="dos"), draft("dos"))
    ledger.append(CASE, compose, idempotency_key="k", request_digest="d")
    assert len(travelled) == 1
    assert notes(ledger.history(CASE)) == ["uno", "dos"]


def test_a_line_that_died_at_rest_is_not_used(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the server let go of a connection the next request gets another, as if nothing had been."""
    monkeypatch.setattr(database, "RESTED", 0.0)
    with reading(engine) as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with psycopg.connect(_plain(engine), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != pid


def test_a_line_that_died_in_use_costs_one_request(engine: Engine) -> None:
    """In its first second of rest nobody asks: who finds it dead is told to come again, and then served."""
    with reading(engine) as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with psycopg.connect(_plain(engine), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
    for _ in range(2):
        try:
            with reading(engine) as connection:
                found = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        except StoreUnavailable:
            continue
        assert found != pid
        return
    raise AssertionError("the dead connection was given out twice")


def _plain(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
