"""`identity.recovery` on SQLite and PostgreSQL, and what sessions remember of second factors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from evidence.entry import EntryKind
from identity.access import ACCESS_CASE, Granter
from identity.accounts import User
from identity.factors import FactorLog
from identity.recovery import HOW_MANY, RecoveryDesk, RecoveryWrong
from identity.sessions import SessionRow
from storage.accounts import SqlAccounts, SqlSessions
from storage.database import reading
from storage.ledger import SqlLedger
from storage.recovery import SqlRecovery
from tests.storage.support import ORIGIN, TickingClock

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
BY = Granter(via="console")


@pytest.fixture
def desk(engine: Engine) -> RecoveryDesk:
    """Two people with accounts."""
    for name in ("ana", "eva"):
        SqlAccounts(engine).add(User(f"u-{name}", f"{name}@desk.example", name, frozenset()), "x", NOW)
    log = FactorLog(SqlLedger(engine, ORIGIN, clock=TickingClock()))
    return RecoveryDesk(SqlRecovery(engine), log, b"s" * 32, lambda: NOW)


def _uses(desk: RecoveryDesk, owner: str, code: str) -> bool:
    try:
        desk.use(owner, code)
    except RecoveryWrong:
        return False
    return True


def test_each_code_is_good_once_and_for_its_owner(desk: RecoveryDesk, engine: Engine) -> None:
    """Of many at once one uses it, however it is typed; nobody else's; nothing of it is in the database."""
    codes = desk.issue("u-ana", BY)
    assert (len(set(codes)), desk.left("u-ana")) == (HOW_MANY, HOW_MANY)
    assert not _uses(desk, "u-eva", codes[0])
    with ThreadPoolExecutor(8) as pool:
        assert (
            sum(pool.map(lambda _n: _uses(desk, "u-ana", codes[0].upper().replace("-", " ")), range(8))) == 1
        )
    assert desk.left("u-ana") == HOW_MANY - 1
    for wrong in ("", "a", codes[0], "0" * 16):
        assert not _uses(desk, "u-ana", wrong)
    with reading(engine) as connection:
        kept = str(connection.execute(text("SELECT * FROM recovery_code")).all())
    assert all(code not in kept and code.replace("-", "") not in kept for code in codes)


def test_new_codes_end_the_old_and_each_batch_is_an_entry(desk: RecoveryDesk, engine: Engine) -> None:
    """Granted, revoked, granted; forgetting says why; no code stands in the log."""
    old = desk.issue("u-ana", BY)
    new = desk.issue("u-ana", BY)
    assert not _uses(desk, "u-ana", old[3])
    assert _uses(desk, "u-ana", new[3])
    desk.forget("u-ana", BY, "perdió el teléfono")
    assert desk.left("u-ana") == 0
    assert not _uses(desk, "u-ana", new[4])
    told = list(SqlLedger(engine, ORIGIN, clock=TickingClock()).history(ACCESS_CASE))
    granted, revoked = EntryKind.ACCESS_GRANTED, EntryKind.ACCESS_REVOKED
    assert [s.entry.kind for s in told] == [granted, revoked, granted, revoked]
    assert {s.entry.facts["factor"] for s in told} == {"recovery"}
    assert told[-1].payload()["note"] == "perdió el teléfono"
    assert all(code not in str(s.payload()) + s.entry_bytes.decode() for s in told for code in (*old, *new))


def test_sessions_are_listed_and_remember_a_proof(desk: RecoveryDesk, engine: Engine) -> None:
    """A user's own, the one seen last first, with browser and proof; their id is not their hash."""
    assert desk.left("u-ana") == 0
    sessions = SqlSessions(engine)
    first = SessionRow("h1", "u-ana", NOW, NOW, "Firefox")
    second = SessionRow("h2", "u-ana", NOW, NOW + timedelta(minutes=5), "Chrome", NOW)
    for row in (first, second, SessionRow("h3", "u-eva", NOW, NOW)):
        sessions.start(row)
    assert list(sessions.of("u-ana")) == [second, first]
    sessions.prove("h1", NOW + timedelta(minutes=1))
    found = sessions.find("h1")
    assert found is not None
    assert found.proven_at == NOW + timedelta(minutes=1)
    assert "h1" not in first.id
    assert first.id != second.id
