"""What a witness remembers: for each log, the last size and root it cosigned. Losing it is starting to trust anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

Head = tuple[int, bytes]
"""Size and root hash."""


class Book(Protocol):
    """The memory of a witness; safe for threads and processes."""

    def last(self, origin: str) -> Head | None:
        """The head last cosigned for a log, ``None`` before the first."""
        ...

    def advance(self, origin: str, expected: Head | None, new: Head) -> bool:
        """Compare-and-swap; durable when it returns ``True``; ``False`` when another request was quicker."""
        ...


class SqliteBook:
    """A `Book` in one SQLite file, written through to the disk before anything is answered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS head (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL)"
            )

    def last(self, origin: str) -> Head | None:
        """See the port."""
        with self._open() as connection:
            return _last(connection, origin)

    def advance(self, origin: str, expected: Head | None, new: Head) -> bool:
        """See the port."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if _last(connection, origin) != expected:
                connection.execute("ROLLBACK")
                return False
            connection.execute("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", (origin, *new))
            connection.execute("COMMIT")
            return True

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=EXTRA")
            yield connection


def _last(connection: sqlite3.Connection, origin: str) -> Head | None:
    row = connection.execute("SELECT size, root FROM head WHERE origin = ?", (origin,)).fetchone()
    return None if row is None else (int(row[0]), bytes(row[1]))
