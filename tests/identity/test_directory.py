"""Posts and their holders on SQLite and PostgreSQL: dated, and never rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from identity.accounts import User
from storage.accounts import SqlAccounts
from storage.database import connect
from storage.directory import RetroactiveChange, SqlDirectory
from tests.identity.conftest import NOW

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def directory(request: pytest.FixtureRequest) -> Iterator[SqlDirectory]:
    """An empty directory with one account."""
    engine = connect(request.getfixturevalue(f"migrated_{request.param}_url"))
    SqlAccounts(engine).add(User("u-ana", "ana@desk.example", "Ana", frozenset()), "x", NOW)
    yield SqlDirectory(engine)
    engine.dispose()


def test_holders_are_those_of_the_moment_the_principal_first(directory: SqlDirectory) -> None:
    """From its day until the day it ends, exclusive; the answer for the past stays."""
    directory.appoint("zona:CDMX", "u-1", since=NOW, now=NOW)
    directory.appoint("zona:CDMX", "u-2", since=NOW, now=NOW, rank=1)
    assert directory.relieve("zona:CDMX", "u-1", until=NOW + DAY, now=NOW)
    directory.appoint("zona:CDMX", "u-3", since=NOW + DAY, now=NOW + DAY)

    def holders(offset: timedelta) -> list[str]:
        return [holder.actor for holder in directory.holders("zona:CDMX", NOW + offset)]

    assert holders(-DAY) == []
    assert holders(timedelta()) == ["u-1", "u-2"]
    assert holders(DAY) == ["u-3", "u-2"]
    assert directory.holders("zona:NL", NOW) == ()
    assert not directory.relieve("zona:CDMX", "u-1", until=NOW + 2 * DAY, now=NOW)


def test_history_is_not_rewritten(directory: SqlDirectory) -> None:
    """A first holder may be entered with a past date; after that nothing begins or ends before now."""
    directory.appoint("dg", "u-1", since=NOW - 30 * DAY, now=NOW)
    with pytest.raises(RetroactiveChange):
        directory.appoint("dg", "u-2", since=NOW - DAY, now=NOW)
    with pytest.raises(RetroactiveChange):
        directory.relieve("dg", "u-1", until=NOW - DAY, now=NOW)
    assert [holder.actor for holder in directory.holders("dg", NOW - DAY)] == ["u-1"]


def test_backups_act_from_their_day_on(directory: SqlDirectory) -> None:
    """Only for whom they were named, and only from then."""
    for _ in range(2):
        directory.name_backup("u-2", "u-1", since=NOW)
    assert directory.may_act_for("u-2", "u-1", NOW + DAY)
    assert not directory.may_act_for("u-2", "u-1", NOW - DAY)
    assert not directory.may_act_for("u-1", "u-2", NOW + DAY)


def test_an_actor_is_found_by_address(directory: SqlDirectory) -> None:
    """In any case of letters; nobody for an unknown one."""
    assert directory.actor_of(" ANA@desk.example") == "u-ana"
    assert directory.actor_of("nobody@desk.example") == ""


def test_many_addresses_are_asked_at_once(directory: SqlDirectory) -> None:
    """More than one statement may hold, each answered under the address as asked, unknown ones absent."""
    many = [f"nobody{n}@desk.example" for n in range(1200)]
    assert directory.actors_of([*many, " ANA@desk.example", ""]) == {" ANA@desk.example": "u-ana"}
