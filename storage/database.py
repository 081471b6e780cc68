"""Connections, transactions and migrations for the two databases.

SQLite: write-ahead log, ``synchronous=FULL`` (a commit survives power loss), foreign keys on, and transactions
begun by us (the driver begins none by itself). PostgreSQL: READ COMMITTED, ``synchronous_commit=on``, waits bounded.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError

from storage.border import answered

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_SECONDS = 10
RESTED = 1.0
"""Seconds a connection to PostgreSQL has rested before it is asked whether it lives."""
CONNECTIONS = 64
"""Connections to SQLite at most. Opening one reads the whole schema: one that was needed is kept.

Who comes next gets the one that was used last: its pages and statements are still in its cache, and whoever writes for
all (`storage.group_commit`) is nearly always on the same one.
"""
STATEMENTS = 512
"""Statements a connection to SQLite keeps prepared: those of a round differ by how many are in it."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_ALEMBIC = threading.Lock()
"""Alembic keeps the migration under way in module state: one thread at a time."""
_MIGRATION_LOCK = 0x636F_6E73_7401
_POSTGRES_OPTIONS = (
    "-c synchronous_commit=on -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
)
_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what is deleted or written over is zeros in the file
    "PRAGMA recursive_triggers=ON",  # else INSERT OR REPLACE would delete past the triggers
)


def connect(url: str | URL) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://…``; nothing is opened before first use.

    Raises:
        ValueError: another database, or SQLite in memory (which is not durable).
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("SQLite needs a file: sqlite:///path/to/file")
        return _sqlite(parsed)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    raise ValueError(f"unknown database {parsed.get_backend_name()!r}: use sqlite:/// or postgresql://")


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        pool_size=8,
        max_overflow=24,
        pool_timeout=BUSY_SECONDS,
        connect_args={"connect_timeout": 5, "options": _POSTGRES_OPTIONS},
    )
    event.listen(engine, "checkin", _rests)
    event.listen(engine, "checkout", partial(_lives, engine))
    return engine


def _rests(_connection: Any, record: Any) -> None:
    record.info["rests"] = time.monotonic()


def _lives(engine: Engine, connection: Any, record: Any, _borrowed: Any) -> None:
    """Ask a connection that has rested for a while whether it lives; asking each time would double an append's trips.

    The pool makes a new one in place of a dead one, and forgets all that are older.
    """
    since = record.info.get("rests")
    if since is None or (time.monotonic() - since < RESTED and not connection.closed):
        return
    if connection.closed or not engine.dialect._do_ping_w_event(connection):  # noqa: SLF001 - as `pool_pre_ping` does
        raise InvalidatePoolError


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=BUSY_SECONDS,
        connect_args={
            "timeout": BUSY_SECONDS,
            "check_same_thread": False,
            "cached_statements": STATEMENTS,
        },
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver shall never begin or commit by itself
    connection.text_factory = _text
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _text(stored: bytes) -> str:
    """Text as stored; what is not UTF-8 (nobody but a tamperer wrote it) stays readable instead of being an error."""
    return stored.decode(errors="surrogateescape")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("constancia_begin", "BEGIN")
    connection.exec_driver_sql(mode)


def is_sqlite(engine: Engine) -> bool:
    """Whether writers exclude one another (SQLite) or meet on row locks (PostgreSQL)."""
    return engine.dialect.name == "sqlite"


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection in a short reading transaction; errors come out as `StoreUnavailable`."""
    with answered(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def swiftly(engine: Engine) -> Iterator[Any]:
    """The driver's own connection for one statement that is a transaction by itself; errors are the driver's own.

    What SQLAlchemy does for a statement costs several times what these statements cost; see `storage.appending`.
    """
    pooled = engine.raw_connection()
    try:
        driver: Any = pooled.driver_connection
        if is_sqlite(engine):
            yield driver
            return
        driver.autocommit = True
        try:
            yield driver
        finally:
            if not driver.closed:
                driver.autocommit = False
    finally:
        pooled.close()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a writing transaction, committed at the end; errors are the driver's own.

    On SQLite the write lock is taken at the start (``BEGIN IMMEDIATE``), so that what is read inside cannot change.
    """
    with engine.connect() as connection:
        writer = connection.execution_options(constancia_begin="BEGIN IMMEDIATE")
        with writer.begin():
            yield writer


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to ``revision``; several processes may call it at once."""
    with answered(), writing(engine) as connection:
        upgrade_within(connection, revision)


def upgrade_within(connection: Connection, revision: str = "head") -> None:
    """The same inside a transaction that goes on: what follows in it stands or falls with the tables."""
    with _ALEMBIC:
        from alembic import command  # noqa: PLC0415 - see `_config`

        _one_at_a_time(connection)
        command.upgrade(_config(connection), revision)


def knows(revision: str) -> bool:
    """Whether this program has a migration of that number."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see `_config`

    return any(item.revision == revision for item in ScriptDirectory(str(_MIGRATIONS)).walk_revisions())


def downgrade(engine: Engine, revision: str) -> None:
    """Take the tables down to ``revision`` (``base`` removes them, with everything in them)."""
    with _ALEMBIC, answered(), writing(engine) as connection:
        from alembic import command  # noqa: PLC0415 - see `_config`

        _one_at_a_time(connection)
        command.downgrade(_config(connection), revision)


def _one_at_a_time(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})


def _config(connection: Connection) -> Config:
    """Alembic is imported where it is used: every command of the house would pay for it, and next to none needs it."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def all_rows(engine: Engine, driver: Any, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement gives on a connection that `swiftly` lends, as tuples: for many rows with many texts.

    SQLite's driver decodes them itself, which spares a call for each; only where one is no UTF-8 they are read again
    as everywhere else (`_text`).
    """
    if not is_sqlite(engine):
        found: list[tuple[Any, ...]] = driver.execute(statement, values).fetchall()
        return found
    driver.text_factory = str
    try:
        return driver.execute(statement, values).fetchall()  # type: ignore[no-any-return]
    except sqlite3.OperationalError:
        driver.text_factory = _text
        return driver.execute(statement, values).fetchall()  # type: ignore[no-any-return]
    finally:
        driver.text_factory = _text
