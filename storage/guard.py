"""The last signed tree head, kept where a restored backup of the ledger does not reach.

`SqliteGuard` keeps it in an SQLite file of its own: put it on another volume, and leave it out of the ledger's backups.
`SqlGuard` keeps it in any database; a guard inside the ledger's own database would travel back in time with it.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import (
    URL,
    CheckConstraint,
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    insert,
    select,
    text,
    update,
)

from storage.border import LostRace, answered, translated
from storage.database import connect, reading, writing
from storage.metadata import Bytes, Count

_LOCK = 0x636F_6E73_7403
_own = MetaData()
_guard = Table(
    "checkpoint_guard",
    _own,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Count, nullable=False),
    Column("root", Bytes, nullable=False),
    CheckConstraint("id = 1"),
)

Head = tuple[int, bytes]


class SqlGuard:
    """`evidence.ports.CheckpointGuard` in one row of a database; the table is made when it is missing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ready = False
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The database it is kept in."""
        return self._engine

    def last(self) -> Head | None:
        """``(size, root hash)`` last signed, or ``None`` before the first."""
        self._prepare()
        with reading(self._engine) as connection:
            row = connection.execute(select(_guard.c.size, _guard.c.root)).one_or_none()
        return None if row is None else (row.size, row.root)

    def advance(self, expected: Head | None, new: Head) -> bool:
        """Compare-and-swap; durable when it returns ``True``, ``False`` when another signer was quicker.

        Raises:
            ValueError: ``new`` is smaller than ``expected``, or of the same size under another root: a guard that
                gave way to that would be none.
            StoreUnavailable: the database does not answer; nothing is known to have changed.
        """
        if expected is not None and (new[0] < expected[0] or (new[0] == expected[0] and new != expected)):
            raise ValueError(f"the guard does not go from {expected[0]} to {new[0]}")
        self._prepare()
        try:
            with translated(), writing(self._engine) as connection:
                if expected is None:
                    connection.execute(insert(_guard), {"id": 1, "size": new[0], "root": new[1]})
                    return True
                swap = update(_guard).where(_guard.c.size == expected[0], _guard.c.root == expected[1])
                return connection.execute(swap.values(size=new[0], root=new[1])).rowcount == 1
        except LostRace:
            return False

    def _prepare(self) -> None:
        with self._lock:
            if not self._ready:
                with answered(), writing(self._engine) as connection:
                    if connection.dialect.name == "postgresql":
                        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                    _own.create_all(connection)
                self._ready = True


class SqliteGuard(SqlGuard):
    """A guard in an SQLite file of its own."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(connect(URL.create("sqlite", database=str(Path(path).absolute()))))
