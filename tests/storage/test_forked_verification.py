"""A ledger in a database verified by several processes, each with connections of its own: the same report."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.ledger import SqlLedger
from tests.storage.support import MASTER, ORIGIN, TickingClock, fill, keys_of
from tests.storage.tamper import run

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
VERIFIED = f"""
import json, os, sys
from datetime import UTC, datetime
from evidence import verify
from storage.database import connect
from storage.ledger import SqlLedger
from tests.storage.support import keys_of
forks, verify._WORTH_SHARING, verify._BATCH, verify._SPAN = [], 1, 8, 7
os.register_at_fork(after_in_parent=lambda: forks.append(1))
engine = connect(sys.argv[1])
ledger = SqlLedger(engine, "{ORIGIN}", clock=lambda: datetime.now(UTC), keys=keys_of(engine, sys.argv[2]))
now = datetime(2026, 12, 1, tzinfo=UTC)
one, three = (verify.verify_ledger(ledger, keys=[], now=now, processes=n) for n in (1, 3))
again = list(ledger.stored_rows())
print(json.dumps([one == three, len(forks), len(again), one.entries_checked,
                  sorted({{str(found.code) for found in one.findings}} - {{"key.none", "checkpoint.none"}})]))
"""


def verified(engine: Engine) -> list[object]:
    """Whether one process and three say the same, in a process of its own; forks; rows; entries; codes of findings."""
    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", VERIFIED, url, MASTER], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("encrypted", [False, True])
def test_several_processes_say_what_one_says(engine: Engine, encrypted: bool) -> None:
    """In plain, and with payloads that each process decrypts; the ledger can be read on afterwards."""
    keys = keys_of(engine) if encrypted else None
    fill(SqlLedger(engine, ORIGIN, clock=TickingClock(), keys=keys), 50)
    assert verified(engine) == [True, 3, 50, 50, []]


def test_several_processes_find_what_one_finds(sql_ledger: SqlLedger, engine: Engine) -> None:
    """A column, bytes, a payload and a whole row changed behind the triggers, in different ranges."""
    fill(sql_ledger, 50)
    run(engine, "UPDATE log_entry SET actor = 'u-9' WHERE log_index = 3")
    run(engine, "UPDATE log_entry SET entry_bytes = :other WHERE log_index = 20", other=b"{}")
    at = "leaf = (SELECT leaf FROM log_entry WHERE log_index = 33)"
    run(engine, f"UPDATE payload SET bytes = :other WHERE {at}", other=b"{}")  # noqa: S608 - our own words
    run(engine, "DELETE FROM log_entry WHERE log_index = 41")
    same, forks, rows, checked, codes = verified(engine)
    assert (same, forks, rows, checked) == (True, 3, 49, 49)
    assert isinstance(codes, list)
    assert {"entry.column_differs", "entry.malformed", "payload.differs", "index.not_dense"} <= set(codes)


def test_a_text_that_is_none_is_still_read(sql_ledger: SqlLedger, engine: Engine) -> None:
    """SQLite takes bytes that are no UTF-8 for a text: that page is read again, and the column is a finding."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes no such text")
    fill(sql_ledger, 50)
    run(engine, "UPDATE log_entry SET actor = CAST(X'ff41' AS TEXT) WHERE log_index = 3")
    assert [row.actor for row in sql_ledger.stored_rows(3, 4)] == ["\udcffA"]
    assert verified(engine) == [True, 3, 50, 50, ["entry.column_differs"]]
