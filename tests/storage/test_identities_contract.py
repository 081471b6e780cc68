"""Bindings of accounts to the company's directory, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from identity.accounts import User
from identity.oidc.identities import BoundIdentity
from identity.sessions import SessionRow
from storage.accounts import SqlAccounts, SqlSessions
from storage.database import connect, upgrade
from storage.identities import SqlIdentities
from tests.storage.conftest import SQL

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ISSUER = "https://directorio.example"


@pytest.fixture(params=SQL)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated database with two accounts."""
    made = connect(request.getfixturevalue(f"{request.param}_url"))
    upgrade(made)
    for name in ("ana", "luis"):
        SqlAccounts(made).add(User(f"u-{name}", f"{name}@desk.example", name, frozenset()), "x", NOW)
    yield made
    made.dispose()


def _bound(number: int, account: str, subject: str) -> BoundIdentity:
    return BoundIdentity(f"oi-{number}", account, ISSUER, subject, "2026-11-30T00:00:00.000000Z")


def test_a_person_is_one_account_and_an_account_one_person(engine: Engine) -> None:
    """Either taken is refused; the same subject of another issuer is somebody else; what is released is free."""
    store = SqlIdentities(engine)
    first = _bound(1, "u-ana", "s1")
    assert store.bind(first)
    assert not store.bind(_bound(2, "u-luis", "s1"))
    assert not store.bind(_bound(3, "u-ana", "s2"))
    assert store.find(ISSUER, "s1") == first
    assert store.find("https://otro.example", "s1") is None
    assert store.of("u-ana") == first
    assert store.release("oi-1", "2026-12-01T00:00:00.000000Z")
    assert not store.release("oi-1", "2026-12-02T00:00:00.000000Z")
    assert store.of("u-ana") is None
    assert store.bind(_bound(4, "u-luis", "s1"))
    assert [one.id for one in store.everyone()] == ["oi-4"]


def test_of_many_who_bind_at_once_one_does(engine: Engine) -> None:
    """The database decides."""
    store, won = SqlIdentities(engine), []
    threads = [
        threading.Thread(
            target=lambda n=n: won.append(n) if store.bind(_bound(n, "u-ana", f"s{n}")) else None
        )
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_session_knows_its_door_and_ends_by_the_directorys_own_id(engine: Engine) -> None:
    """Those with another id, and those by password, stay."""
    sessions = SqlSessions(engine)
    for name, door, sid in (("h1", "directory", "a"), ("h2", "directory+", "b"), ("h3", "", "")):
        sessions.start(SessionRow(name, "u-ana", NOW, NOW, door=door, sid=sid))
    found = sessions.find("h2")
    assert found is not None
    assert (found.door, found.sid) == ("directory+", "b")
    assert sessions.end_sid("a") == 1
    assert {row.token_hash for row in sessions.of("u-ana")} == {"h2", "h3"}
