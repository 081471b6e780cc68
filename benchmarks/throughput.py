"""Durable appends a second through the case service, many writers at once, beside the plainest durable program.

One append is a note written into a ticket (`benchmarks.tickets`): everything a recording does below HTTP. The baselines
insert the same number of bytes as one row and commit, with the same durability; and one aggregate of the PyPI library
`eventsourcing` that is saved after each event, on the same settings of SQLite.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.appends import PlainSqlite, sealed_row
from benchmarks.measure import Figure, SectionUnavailable, compare, per_second
from benchmarks.tickets import TicketDesk
from evidence.processes import loaded_for_good
from tests.servers import postgresql

THREADS, NOTES = 64, 8
PROCESSES, PG_NOTES = 16, 16
ROWS = 1000
CROWDS = (4, 16, 64)


def run(scratch: Path, rounds: int) -> Iterator[Figure]:
    """On SQLite: 64 threads of one process."""
    desk = TicketDesk(f"sqlite:///{scratch / 'desk.sqlite3'}", scratch)
    plain = PlainSqlite(scratch / "plain.sqlite3")
    loaded_for_good()  # as each worker of the server does
    with ThreadPoolExecutor(THREADS) as pool:

        def ours() -> float:
            """Notes in tickets of their own, one for each thread; opening them is not measured."""
            folios = [desk.ticket() for _ in range(THREADS)]
            return per_second(
                THREADS * NOTES, lambda: list(pool.map(lambda folio: desk.note(folio, NOTES), folios))
            )

        yield compare(
            "append_embedded_64",
            ours,
            "one connection, one row, WAL FULL, a commit each",
            lambda: per_second(ROWS, lambda: plain.insert_each(ROWS)),
            unit="appends/s",
            rounds=rounds,
        )
        aggregate = _Aggregate(scratch / "events.sqlite3")
        yield compare(
            "append_vs_eventsourcing",
            ours,
            "eventsourcing: one aggregate, saved after each event",
            lambda: per_second(ROWS, lambda: aggregate.save_each(ROWS)),
            unit="appends/s",
            rounds=rounds,
        )
    desk.close()


def run_crowds(scratch: Path, rounds: int) -> Iterator[Figure]:
    """Processor time of an append by several threads of one process, beside the same by one: 1 if a crowd is free."""
    desk = TicketDesk(f"sqlite:///{scratch / 'desk.sqlite3'}", scratch)
    loaded_for_good()
    with ThreadPoolExecutor(max(CROWDS)) as pool:

        def write(share: list[str]) -> None:
            for folio in share:
                desk.note(folio, NOTES)

        def cost(threads: int) -> float:
            """Milliseconds of processor an append; as many appends whatever the number of threads."""
            folios = [desk.ticket() for _ in range(max(CROWDS))]
            shares = [folios[first::threads] for first in range(threads)]
            begun = time.process_time()
            list(pool.map(write, shares))
            return (time.process_time() - begun) * 1000 / (len(folios) * NOTES)

        for threads in CROWDS:
            yield compare(
                f"append_cost_{threads}",
                lambda threads=threads: cost(threads),  # type: ignore[misc]
                "one thread",
                lambda: cost(1),
                unit="ms of processor",
                better="lower",
                rounds=rounds,
            )
    desk.close()


class _Aggregate:
    """One aggregate in the library's own SQLite store (WAL, which is FULL by default), saved after each event."""

    def __init__(self, path: Path) -> None:
        from eventsourcing.application import Application  # noqa: PLC0415 - of this one figure only
        from eventsourcing.domain import Aggregate, event  # noqa: PLC0415

        class Ticket(Aggregate):
            @event("Noted")
            def note(self, text: str) -> None:
                self.text = text

        env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
        self._application = Application[Any](env=env)
        self._ticket = Ticket()
        self._application.save(self._ticket)
        self._text = "x" * (len(sealed_row()[0]) + len(sealed_row()[1]))

    def save_each(self, count: int) -> None:
        """``count`` events, a save and a commit each."""
        for _ in range(count):
            self._ticket.note(self._text)
            self._application.save(self._ticket)


def run_postgresql(scratch: Path, rounds: int) -> Iterator[Figure]:
    """On PostgreSQL: 16 processes."""
    binaries = postgresql.binaries()
    if binaries is None:
        raise SectionUnavailable("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with postgresql.postgresql_server(binaries) as server, server.database() as url:
        TicketDesk(url, scratch).close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE plain (id BIGSERIAL PRIMARY KEY, entry BYTEA, payload BYTEA, salt BYTEA)"
            )
        with _crowd(url, scratch) as crowd:
            yield compare(
                "append_pg_16",
                lambda: crowd.rate("note", PG_NOTES),
                "16 processes, one connection each, one row, a commit each",
                lambda: crowd.rate("row", PG_NOTES * 10),
                unit="appends/s",
                rounds=rounds,
            )


class _Crowd:
    """Processes that wait for the word to write, all at once."""

    def __init__(self, ends: list[Connection]) -> None:
        self._ends = ends

    def rate(self, what: str, count: int) -> float:
        """How many a second all of them write, ``count`` each; what they need beforehand is not measured."""
        self._all("ready", what, 0)
        return per_second(count * len(self._ends), lambda: self._all("go", what, count))

    def _all(self, *word: object) -> None:
        for end in self._ends:
            end.send(word)
        for end in self._ends:
            answer = end.recv()
            if answer != "done":
                raise AssertionError(answer)


@contextmanager
def _crowd(url: str, folder: Path) -> Iterator[_Crowd]:
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        ends = []
        for number in range(PROCESSES):
            here, there = context.Pipe()
            process = context.Process(target=_member, args=(there, url, folder, number), daemon=True)
            process.start()
            stack.callback(process.join, 30)
            stack.callback(here.close)
            ends.append(here)
        yield _Crowd(ends)


def _member(end: Connection, url: str, folder: Path, number: int) -> None:
    """One process: a desk of its own on the common database, and a plain connection."""
    desk = TicketDesk(url, folder, name=str(number), begin=False)
    row = sealed_row()
    loaded_for_good()
    with psycopg.connect(url, autocommit=True) as plain:
        folio = ""
        while True:
            try:
                step, what, count = end.recv()
            except EOFError:
                break
            if what == "note" and step == "ready":
                folio = desk.ticket()
            elif what == "note":
                desk.note(folio, count)
            for _ in range(count if what == "row" else 0):
                plain.execute("INSERT INTO plain (entry, payload, salt) VALUES (%s, %s, %s)", row)
            end.send("done")
    desk.close()
