"""Appends that wait together are written by common statements, and come out as if each had been alone."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import Connection, Engine, event

from evidence.entry import SealedEntry
from evidence.ports import Composition, IdempotencyMismatch, StoreError
from storage.database import connect
from storage.ledger import SqlLedger, start_log
from tests.storage.support import (
    ORIGIN,
    TickingClock,
    check_whole,
    draft,
    notes,
    projection,
    projects,
    writes,
)


@pytest.fixture
def engine(migrated_sqlite_url: str) -> Iterator[Engine]:
    """An SQLite database with a log."""
    made = connect(migrated_sqlite_url)
    start_log(made, ORIGIN)
    yield made
    made.dispose()


@pytest.fixture
def ledger(engine: Engine) -> SqlLedger:
    """Its ledger."""
    return SqlLedger(engine, ORIGIN, clock=TickingClock())


def _folio(n: int) -> str:
    return f"MA-006-2026-{n:06d}"


def _says(case: str, note: str) -> Callable[[Sequence[SealedEntry]], Composition]:
    """A compose that adds a note, by which the case is then found."""
    return projects(projection(case, search_text=note), draft(note))


class Round:
    """Appends that all wait while one transaction is held open, and are then written in the next."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger
        self._threads: list[threading.Thread] = []
        self.outcomes: dict[int, object] = {}
        self.statements: list[str] = []

    def add(self, n: int, case: str, note: str, key: str = "", digest: str = "") -> None:
        """An append from a thread of its own, under a number."""

        def run() -> None:
            try:
                compose = _says(case, note)
                self.outcomes[n] = self._ledger.append(
                    case, compose, idempotency_key=key, request_digest=digest
                )
            except (StoreError, ValueError) as error:
                self.outcomes[n] = error

        self._threads.append(threading.Thread(target=run, daemon=True))

    def run(self) -> None:
        """Hold the group's lead until all of them wait for it, then let go; statements of the writer are noted."""
        group = self._ledger._group
        assert group is not None
        held, gate = threading.Event(), threading.Event()

        def hold(_connection: Connection) -> None:
            held.set()
            assert gate.wait(30)

        holder = threading.Thread(target=lambda: group.run(hold), daemon=True)
        holder.start()
        assert held.wait(10)
        for thread in self._threads:
            thread.start()
        limit = time.monotonic() + 30
        while len(group._waiting) < len(self._threads) and time.monotonic() < limit:
            time.sleep(0.005)
        assert len(group._waiting) == len(self._threads)
        with _Noted(self._ledger._engine, self.statements):
            gate.set()
            for thread in (*self._threads, holder):
                thread.join(30)


class _Noted:
    """Every statement of the writing transactions, as SQLite runs it."""

    def __init__(self, engine: Engine, found: list[str]) -> None:
        self._engine, self._found = engine, found

    def _borrowed(self, driver: sqlite3.Connection, *_: object) -> None:
        driver.set_trace_callback(self._note)

    def _note(self, statement: str) -> None:
        """What triggers and the index of words do within a statement is not ours; each is told as ours once more."""
        if "'main'." not in statement and self._found[-1:] != [statement]:
            self._found.append(statement)

    def __enter__(self) -> None:
        event.listen(self._engine, "checkout", self._borrowed)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "checkout", self._borrowed)


def test_a_round_takes_no_more_statements_than_an_append(ledger: SqlLedger) -> None:
    """Forty appends that wait together are one commit and some ten statements, each entry in its case's chain."""
    for n in range(40):
        ledger.append(_folio(n), _says(_folio(n), "uno"))
    together = Round(ledger)
    for n in range(40):
        together.add(n, _folio(n), "dos", key=f"k{n}", digest="d")
    together.run()
    assert together.statements.count("COMMIT") == 1
    assert len(together.statements) <= 7
    for n in range(40):
        found = together.outcomes[n]
        assert isinstance(found, Sequence)
        assert [item.leaf for item in ledger.history(_folio(n))][1:] == [item.leaf for item in found]
        assert notes(ledger.history(_folio(n))) == ["uno", "dos"]
    assert len(check_whole(ledger)) == 80


def test_an_append_alone_is_one_short_transaction(ledger: SqlLedger, engine: Engine) -> None:
    """To a known case: the head, entry, payload, projection and request, between BEGIN and COMMIT and nothing else."""
    ledger.append(_folio(1), _says(_folio(1), "uno"))
    statements: list[str] = []
    with _Noted(engine, statements):
        ledger.append(_folio(1), _says(_folio(1), "dos"), idempotency_key="k", request_digest="d")
    assert (statements[0], statements[-1], len(statements)) == ("BEGIN IMMEDIATE", "COMMIT", 7)
    assert notes(ledger.history(_folio(1))) == ["uno", "dos"]


def test_an_append_that_fails_alone_leaves_no_transaction(ledger: SqlLedger, engine: Engine) -> None:
    """A case that moved, and a key used before: what was begun for them is taken back, and the next is written."""
    ledger.append(_folio(1), _says(_folio(1), "uno"))
    other = SqlLedger(engine, ORIGIN, clock=TickingClock())
    other.append(_folio(1), _says(_folio(1), "dos"), idempotency_key="k", request_digest="d")
    ledger.append(_folio(1), _says(_folio(1), "tres"))
    with pytest.raises(IdempotencyMismatch):
        ledger.append(_folio(1), _says(_folio(1), "nunca"), idempotency_key="k", request_digest="e")
    ledger.append(_folio(1), _says(_folio(1), "cuatro"))
    assert notes(ledger.history(_folio(1))) == ["uno", "dos", "tres", "cuatro"]
    check_whole(ledger)


def test_what_does_not_fit_is_written_alone(ledger: SqlLedger, engine: Engine) -> None:
    """A case that another process moved, two appends to one case, a key used twice: none of them harms the others."""
    for n in range(6):
        ledger.append(_folio(n), _says(_folio(n), "uno"))
    other = SqlLedger(engine, ORIGIN, clock=TickingClock())
    other.append(_folio(0), writes(draft("otro")))
    earlier = other.append(_folio(1), _says(_folio(1), "antes"), idempotency_key="k1", request_digest="d")
    together = Round(ledger)
    together.add(0, _folio(0), "dos")
    together.add(2, _folio(2), "dos")
    together.add(3, _folio(2), "tres")
    together.add(4, _folio(3), "dos", key="same", digest="d")
    together.add(5, _folio(4), "dos", key="same", digest="e")
    together.add(6, _folio(5), "dos")
    together.run()
    assert notes(ledger.history(_folio(0))) == ["uno", "otro", "dos"]
    assert notes(ledger.history(_folio(1))) == ["uno", "antes"]
    assert sorted(notes(ledger.history(_folio(2)))) == ["dos", "tres", "uno"]
    assert notes(ledger.history(_folio(5))) == ["uno", "dos"]
    sealed = [found for n, found in together.outcomes.items() if n in {4, 5} and isinstance(found, tuple)]
    refused = [found for found in together.outcomes.values() if isinstance(found, IdempotencyMismatch)]
    assert (len(sealed), len(refused)) == (1, 1)
    assert len(earlier) == 1
    check_whole(ledger)


def test_the_projection_of_each_is_its_own(ledger: SqlLedger, engine: Engine) -> None:
    """Columns that change are written to the case they are of."""
    for n in range(8):
        ledger.append(_folio(n), _says(_folio(n), "uno"))
    together = Round(ledger)
    for n in range(8):
        together.add(n, _folio(n), f"nota {n}")
    together.run()
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT case_id, search_text FROM projection ORDER BY 1").all()
    assert [(row[0], row[1]) for row in rows] == [(_folio(n), f"nota {n}") for n in range(8)]
