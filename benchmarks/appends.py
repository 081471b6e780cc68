"""Appending and sequencing entries beside the plainest durable program on the same database.

Ours seals the entry, keeps the case's chain and head, and answers once it is durable. The baseline inserts the same
number of bytes as one row and commits, with the same durability. Cases grow to thirty entries, as on a working desk.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from benchmarks.material import add, draft
from benchmarks.measure import Figure, SectionUnavailable, compare, per_second
from evidence.entry import genesis_hash, seal
from evidence.tree import Frontier, leaf_hash
from storage.database import connect, upgrade
from storage.ledger import SqlLedger, start_log
from tests.servers import postgresql

ORIGIN = "bench.example/log"
CASE_LENGTH = 30
THREADS = 16
ALONE, TOGETHER, BATCH = 300, 1600, 2048


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Appends a second on SQLite: one writer, then sixteen; and sequencing."""
    ledger = new_ledger(f"sqlite:///{scratch / 'ours.sqlite3'}")
    plain = PlainSqlite(scratch / "plain.sqlite3")
    numbers = itertools.count()
    yield compare(
        "append, SQLite, 1 writer",
        lambda: per_second(ALONE, lambda: _append_each(ledger, numbers, ALONE)),
        "one row, WAL FULL, a commit each",
        lambda: per_second(ALONE, lambda: plain.insert_each(ALONE)),
        unit="entries/s",
        rounds=rounds,
    )
    yield compare(
        "append, SQLite, 16 writers",
        lambda: per_second(TOGETHER, lambda: _together(lambda n: _append_each(ledger, numbers, n))),
        "16 threads, one row, a commit each, one connection under a lock",
        lambda: per_second(TOGETHER, lambda: _together(plain.insert_each)),
        unit="entries/s",
        rounds=rounds,
    )
    while ledger.sequence():
        pass
    yield compare(
        "sequence a batch: index, tree, tiles, re-hash",
        lambda: _sequence_rate(ledger, numbers),
        "read the rows, hash them into a root, number them, one commit",
        plain.sequence_rate,
        unit="entries/s",
        rounds=rounds,
    )


def run_postgresql(_scratch: Path, rounds: int) -> Iterator[Figure]:
    """Appends a second on PostgreSQL: one writer, then sixteen."""
    binaries = postgresql.binaries()
    if binaries is None:
        raise SectionUnavailable("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with (
        postgresql.postgresql_server(binaries) as server,
        server.database() as ours,
        server.database() as plain_url,
    ):
        ledger, plain = new_ledger(ours), _PlainPostgresql(plain_url)
        numbers = itertools.count()
        for name, count, drive in (("1 writer", ALONE, _alone), ("16 writers", TOGETHER, _together)):
            yield compare(
                f"append, PostgreSQL, {name}",
                lambda count=count, drive=drive: per_second(  # type: ignore[misc]  # bound now, called now
                    count, lambda: drive(lambda n: _append_each(ledger, numbers, n))
                ),
                f"{name}, one row, a commit each",
                lambda count=count, drive=drive: per_second(count, lambda: drive(plain.insert_each)),  # type: ignore[misc]
                unit="entries/s",
                rounds=rounds,
            )
        plain.close()


def new_ledger(url: str) -> SqlLedger:
    """An empty ledger on a fresh database."""
    engine = connect(url)
    upgrade(engine)
    start_log(engine, ORIGIN)
    return SqlLedger(engine, ORIGIN, clock=lambda: datetime.now(UTC))


def _append_each(ledger: SqlLedger, numbers: Iterator[int], count: int) -> None:
    """``count`` appends, thirty to a case; each thread has cases of its own."""
    for case in range(-(-count // CASE_LENGTH)):
        folio = f"BENCH-{next(numbers):08d}"
        for _ in range(min(CASE_LENGTH, count - case * CASE_LENGTH)):
            ledger.append(folio, add(next(numbers)))


def _alone(work: Callable[[int], None]) -> None:
    work(ALONE)


def _together(work: Callable[[int], None]) -> None:
    """The work shared between sixteen threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, [TOGETHER // THREADS] * THREADS))


def _sequence_rate(ledger: SqlLedger, numbers: Iterator[int]) -> float:
    """Sequenced entries a second; filling the queue is not measured."""
    _together(lambda n: _append_each(ledger, numbers, n))
    return per_second(TOGETHER, lambda: ledger.sequence(TOGETHER))


def sealed_row() -> tuple[bytes, bytes, bytes]:
    """Entry bytes, payload and salt as they are stored."""
    sealed = seal(
        draft(1),
        log=ORIGIN,
        case="BENCH-00000001",
        seq=1,
        prev=genesis_hash(ORIGIN, "BENCH-00000001"),
        at="2026-02-03T16:45:13.000000Z",
        salt=os.urandom(32),
    )
    return sealed.entry_bytes, sealed.payload_bytes or b"", sealed.salt or b""


class PlainSqlite:
    """A table with three blobs; a commit for each row; safe for threads by a lock."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE row (id INTEGER PRIMARY KEY, place INTEGER UNIQUE, entry BLOB, payload BLOB, salt BLOB)",
            "CREATE INDEX waiting ON row (id) WHERE place IS NULL",
        ):
            self._connection.execute(statement)
        self._lock = threading.Lock()
        self._row = sealed_row()

    def insert_each(self, count: int) -> None:
        """``count`` rows, each in a transaction of its own."""
        for _ in range(count):
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.execute("INSERT INTO row (entry, payload, salt) VALUES (?, ?, ?)", self._row)
                self._connection.execute("COMMIT")

    def sequence_rate(self) -> float:
        """Rows a second that are read, hashed into a Merkle root and numbered in one transaction."""
        self._connection.execute("UPDATE row SET place = -id WHERE place IS NULL")
        _together(self.insert_each)
        return per_second(TOGETHER, self._number)

    def _number(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        rows = self._connection.execute(
            "SELECT id, entry FROM row WHERE place IS NULL ORDER BY id"
        ).fetchall()
        tree = Frontier()
        tree.extend([leaf_hash(entry) for _, entry in rows])
        tree.root()
        self._connection.executemany("UPDATE row SET place = ? WHERE id = ?", [(id_, id_) for id_, _ in rows])
        self._connection.execute("COMMIT")


class _PlainPostgresql:
    """The same table on PostgreSQL; a connection for each thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._mine = threading.local()
        self._all: list[psycopg.Connection] = []
        self._row = sealed_row()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE plain (id BIGSERIAL PRIMARY KEY, entry BYTEA, payload BYTEA, salt BYTEA)"
            )

    def insert_each(self, count: int) -> None:
        """``count`` rows, each in a transaction of its own."""
        connection = self._connection()
        for _ in range(count):
            connection.execute("INSERT INTO plain (entry, payload, salt) VALUES (%s, %s, %s)", self._row)

    def close(self) -> None:
        """Let go of every connection."""
        for connection in self._all:
            connection.close()

    def _connection(self) -> psycopg.Connection:
        if not hasattr(self._mine, "connection"):
            self._mine.connection = psycopg.connect(self._url, autocommit=True)
            self._all.append(self._mine.connection)
        connection: psycopg.Connection = self._mine.connection
        return connection
