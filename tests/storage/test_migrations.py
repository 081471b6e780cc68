"""Migrations up and down on both databases, against the tables the code declares, and the triggers they leave."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from evidence.ports import StoreUnavailable
from storage.border import WrongLog
from storage.database import connect, downgrade, reading, upgrade, writing
from storage.ledger import SqlLedger, start_log
from storage.schema import metadata
from storage.searching import OWN
from tests.storage.conftest import SQL
from tests.storage.support import ORIGIN, TickingClock, check_whole, fill, writes


@pytest.fixture(params=SQL)
def empty(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a database without a single table."""
    made = connect(request.getfixturevalue(f"{request.param}_url"))
    yield made
    made.dispose()


def _declared(_item: object, name: str | None, _kind: str, _reflected: bool, _beside: object) -> bool:
    """Whether it is one of the models: the index of searches is each database's own, see `storage.searching`."""
    return not (name or "").startswith(OWN)


def differences(engine: Engine) -> list[object]:
    """What Alembic would still change to reach the declared tables."""
    with reading(engine) as connection:
        options = {"compare_type": True, "include_object": _declared}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))


def test_migrations_make_exactly_the_declared_tables(empty: Engine) -> None:
    """After an upgrade nothing differs from the models: tables, columns, types, indexes, constraints."""
    upgrade(empty)
    assert differences(empty) == []


def test_the_comparison_sees_a_difference(empty: Engine) -> None:
    """The test above can fail: a column too many is found."""
    upgrade(empty)
    with writing(empty) as connection:
        connection.execute(text("ALTER TABLE projection ADD COLUMN extra TEXT"))
    assert differences(empty) != []


def test_down_and_up_again(empty: Engine) -> None:
    """Downgrading removes everything, functions and triggers too, and upgrading then works anew."""
    upgrade(empty)
    downgrade(empty, "base")
    assert inspect(empty).get_table_names() == ["alembic_version"]
    upgrade(empty)
    upgrade(empty)
    assert differences(empty) == []


def test_each_migration_can_be_taken_back_alone(empty: Engine) -> None:
    """Down by one and up by one, from the newest to the first."""
    upgrade(empty)
    for _ in range(len(_revisions(empty))):
        downgrade(empty, "-1")
    upgrade(empty)
    assert differences(empty) == []


def _revisions(engine: Engine) -> list[str]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    from storage.database import _config  # noqa: PLC0415

    with reading(engine) as connection:
        return [
            script.revision for script in ScriptDirectory.from_config(_config(connection)).walk_revisions()
        ]


MIGRATE = "import sys; from storage.database import connect, upgrade; upgrade(connect(sys.argv[1]))"


def test_processes_that_start_together_may_all_upgrade(empty: Engine) -> None:
    """One migrates, the others wait and find it done; within a process threads do the same."""
    url = empty.url.render_as_string(hide_password=False)
    processes = [subprocess.Popen([sys.executable, "-c", MIGRATE, url]) for _ in range(2)]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            upgrade(empty)
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in processes] == [0, 0]
    assert failures == []
    assert differences(empty) == []


def test_a_database_without_tables_is_unavailable(empty: Engine) -> None:
    """Before the upgrade the ledger says so in its own words."""
    ledger = SqlLedger(empty, ORIGIN, clock=TickingClock())
    with pytest.raises(StoreUnavailable):
        ledger.append("MA-001-2026-000001", writes())
    with pytest.raises(StoreUnavailable):
        ledger.tree_size()


def test_a_log_is_begun_explicitly_and_once(empty: Engine) -> None:
    """An empty database is no log; a begun one keeps its origin, and another origin is refused (R9)."""
    upgrade(empty)
    ledger = SqlLedger(empty, ORIGIN, clock=TickingClock())
    with pytest.raises(WrongLog, match="no log yet"):
        ledger.append("MA-001-2026-000001", writes())
    with pytest.raises(WrongLog, match="no log yet"):
        ledger.tree_size()
    start_log(empty, ORIGIN)
    start_log(empty, ORIGIN)
    ledger.append("MA-001-2026-000001", writes())
    with pytest.raises(WrongLog, match=re.escape(ORIGIN)):
        start_log(empty, "constancia.example/otra")
    with pytest.raises(WrongLog):
        SqlLedger(empty, "constancia.example/otra", clock=TickingClock()).append(
            "MA-001-2026-000001", writes()
        )


FORBIDDEN = [
    "UPDATE log_entry SET entry_bytes = entry_bytes",
    "UPDATE log_entry SET actor = 'otro'",
    "UPDATE log_entry SET log_index = log_index + 100",
    "UPDATE log_entry SET log_index = NULL",
    "DELETE FROM log_entry WHERE case_seq > 1",
    "UPDATE payload SET bytes = salt",
    "DELETE FROM payload",
    "UPDATE tile SET width = width",
    "DELETE FROM tile",
    "UPDATE checkpoint SET published_at = ''",
    "DELETE FROM checkpoint",
    "DELETE FROM log_state",
    "UPDATE log_state SET size = size - 1",
    "UPDATE log_state SET origin = 'otro'",
    "INSERT INTO log_state (id, origin, size, frontier) VALUES (2, 'otro', 0, frontier)",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_itself_refuses_rewriting(sql_ledger: SqlLedger, engine: Engine, statement: str) -> None:
    """UPDATE and DELETE on the ledger's tables fail in the database, and everything is as before."""
    _tree_with_checkpoint(sql_ledger)
    with pytest.raises(DBAPIError), writing(engine) as connection:
        connection.execute(text(statement.replace("0, frontier)", "0, '')")))
    check_whole(sql_ledger)


@pytest.mark.parametrize("table", ["log_entry", "payload", "tile", "checkpoint", "log_state"])
def test_truncate_and_replace_are_refused_too(sql_ledger: SqlLedger, engine: Engine, table: str) -> None:
    """The ways around a row trigger: TRUNCATE on PostgreSQL, INSERT OR REPLACE on SQLite."""
    _tree_with_checkpoint(sql_ledger)
    sqlite = engine.dialect.name == "sqlite"
    statement = (
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608 - our own table names
        if sqlite
        else f"TRUNCATE {table} CASCADE"
    )
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text(statement))
    check_whole(sql_ledger)


def test_an_unsequenced_entry_can_only_receive_its_index(sql_ledger: SqlLedger, engine: Engine) -> None:
    """NULL to a number is the one update there is; nothing else may ride on it."""
    sql_ledger.append("MA-001-2026-000001", writes())
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text("UPDATE log_entry SET log_index = 0, actor = 'otro'"))
    with writing(engine) as connection:
        connection.execute(text("UPDATE log_entry SET log_index = 0"))


def _tree_with_checkpoint(ledger: SqlLedger) -> None:
    fill(ledger, 257)
    ledger.save_checkpoint(257, b"nota", "2026-11-20T15:00:00.000000Z")


def test_unknown_databases_are_refused() -> None:
    """Only the two databases that are tested, and never one that forgets at exit."""
    with pytest.raises(ValueError, match="mysql"):
        connect("mysql://localhost/x")
    for url in ("sqlite://", "sqlite:///:memory:"):
        with pytest.raises(ValueError, match="file"):
            connect(url)


def test_durability_settings(engine: Engine) -> None:
    """Commits are synchronous on both databases, whatever the server's default is."""
    with reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            found = [
                connection.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
            ]
            assert found == ["wal", 2, 1, 1]
        else:
            found = [
                connection.execute(text(f"SHOW {name}")).scalar_one()
                for name in ("synchronous_commit", "transaction_isolation")
            ]
            assert found == ["on", "read committed"]
