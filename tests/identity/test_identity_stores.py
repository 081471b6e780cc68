"""The contracts of `identity`'s ports, in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from identity.accounts import EmailTaken, Role, RoleGrant, UnknownUser, User, new_user_id
from identity.sessions import SessionRow
from identity.throttle import Limit
from tests.identity.conftest import NOW, Stores

ANA = User("u-ana", "ana@desk.example", "Ana Ñuñez", frozenset())
HOUR = timedelta(hours=1)


def test_an_account_comes_back_as_it_was_added(stores: Stores) -> None:
    """Id, address, name with its accents, language and openness survive; roles start empty."""
    user = replace(ANA, locale="en", active=False)
    stores.accounts.add(replace(user, roles=frozenset({Role.DIRECTOR})), "hash", NOW)
    assert stores.accounts.get("u-ana", NOW) == user
    found = stores.accounts.by_email("ana@desk.example", NOW)
    assert found is not None
    assert (found.user, found.password_hash) == (user, "hash")
    assert stores.accounts.get("u-nobody", NOW) is None
    assert stores.accounts.by_email("nobody@desk.example", NOW) is None


def test_an_address_belongs_to_one_account(stores: Stores) -> None:
    """A second account with the same address is refused and nothing of it stays."""
    stores.accounts.add(ANA, "hash", NOW)
    with pytest.raises(EmailTaken):
        stores.accounts.add(replace(ANA, id="u-other"), "hash", NOW)
    assert [user.id for user in stores.accounts.everyone(NOW)] == ["u-ana"]


def test_roles_are_those_in_force_at_the_moment_asked(stores: Stores) -> None:
    """A grant begins at its moment and ends just before its end; the past keeps its answer."""
    stores.accounts.add(ANA, "hash", NOW)
    stores.accounts.grant(RoleGrant("u-ana", Role.ESPECIALISTA, NOW))
    assert stores.accounts.revoke("u-ana", Role.ESPECIALISTA, NOW + HOUR)
    stores.accounts.grant(RoleGrant("u-ana", Role.SUPERVISOR, NOW + HOUR))

    def roles(offset: timedelta) -> frozenset[Role]:
        user = stores.accounts.get("u-ana", NOW + offset)
        assert user is not None
        return user.roles

    assert roles(-HOUR) == frozenset()
    assert roles(timedelta()) == {Role.ESPECIALISTA}
    assert roles(HOUR) == {Role.SUPERVISOR}
    assert [grant.role for grant in stores.accounts.grants("u-ana")] == [Role.ESPECIALISTA, Role.SUPERVISOR]


def test_granting_twice_is_one_grant_and_revoking_twice_says_so(stores: Stores) -> None:
    """What is already so changes nothing; a role can be given again after it ended."""
    stores.accounts.add(ANA, "hash", NOW)
    for _ in range(2):
        stores.accounts.grant(RoleGrant("u-ana", Role.CPANEL, NOW))
    assert len(stores.accounts.grants("u-ana")) == 1
    assert stores.accounts.revoke("u-ana", Role.CPANEL, NOW + HOUR)
    assert not stores.accounts.revoke("u-ana", Role.CPANEL, NOW + HOUR)
    stores.accounts.grant(RoleGrant("u-ana", Role.CPANEL, NOW + 2 * HOUR))
    assert len(stores.accounts.grants("u-ana")) == 2


def test_changes_reach_only_existing_accounts(stores: Stores) -> None:
    """Password, openness, language and grants of nobody are refused."""
    for change in (
        lambda: stores.accounts.set_password("u-nobody", "x"),
        lambda: stores.accounts.set_active("u-nobody", active=True),
        lambda: stores.accounts.set_locale("u-nobody", "en"),
        lambda: stores.accounts.grant(RoleGrant("u-nobody", Role.CPANEL, NOW)),
    ):
        with pytest.raises(UnknownUser):
            change()


def test_password_openness_and_language_change(stores: Stores) -> None:
    """Each setter changes its own member and no other."""
    stores.accounts.add(ANA, "old", NOW)
    stores.accounts.set_password("u-ana", "new")
    stores.accounts.set_active("u-ana", active=False)
    stores.accounts.set_locale("u-ana", "en")
    found = stores.accounts.by_email("ana@desk.example", NOW)
    assert found is not None
    assert found.password_hash == "new"
    assert found.user == replace(ANA, active=False, locale="en")


def test_sessions_are_found_touched_and_ended(stores: Stores) -> None:
    """A session is found by its hash, moves forward only, and is gone once ended."""
    stores.accounts.add(ANA, "hash", NOW)
    row = SessionRow("h1", "u-ana", NOW, NOW)
    stores.sessions.start(row)
    stores.sessions.touch("h1", NOW + HOUR)
    stores.sessions.touch("h1", NOW - HOUR)
    assert stores.sessions.find("h1") == replace(row, seen_at=NOW + HOUR)
    stores.sessions.end("h1")
    stores.sessions.touch("h1", NOW + 2 * HOUR)
    assert stores.sessions.find("h1") is None
    stores.sessions.end("h1")


def test_all_sessions_of_a_user_end_at_once_and_old_ones_are_purged(stores: Stores) -> None:
    """Ending all touches nobody else's; purging takes the too old and the too idle."""
    for user in (ANA, replace(ANA, id="u-eva", email="eva@desk.example")):
        stores.accounts.add(user, "hash", NOW)
    for name, user, created, seen in (
        ("a1", "u-ana", NOW, NOW),
        ("a2", "u-ana", NOW, NOW),
        ("old", "u-eva", NOW - 13 * HOUR, NOW),
        ("idle", "u-eva", NOW - 3 * HOUR, NOW - 3 * HOUR),
        ("good", "u-eva", NOW - HOUR, NOW),
    ):
        stores.sessions.start(SessionRow(name, user, created, seen))
    assert stores.sessions.end_all("u-ana") == 2
    assert stores.sessions.purge(NOW - 12 * HOUR, NOW - 2 * HOUR) == 2
    assert stores.sessions.find("good") is not None


def test_attempts_beyond_the_free_ones_shut_the_door_longer_and_longer(stores: Stores) -> None:
    """The door shuts after the free attempts, doubles its pause, counts nothing while shut, and forgets in time."""
    limit = Limit(free=2, first=timedelta(seconds=30), longest=timedelta(seconds=100), memory=HOUR)
    now = NOW
    assert stores.throttle.attempt("k", limit, now) is None
    assert stores.throttle.attempt("k", limit, now) is None
    for pause in (30, 60, 100, 100):
        shut = stores.throttle.attempt("k", limit, now)
        assert shut == now + timedelta(seconds=pause)
        assert stores.throttle.attempt("k", limit, now) == shut
        assert stores.throttle.attempt("other", Limit(free=99), now) is None
        now += timedelta(seconds=pause)
        assert stores.throttle.attempt("k", limit, now) is None
    stores.throttle.forget("k")
    assert stores.throttle.attempt("k", limit, now) is None
    assert stores.throttle.attempt("k", limit, now) is None
    assert stores.throttle.attempt("k", limit, now + 2 * HOUR) is None
    assert stores.throttle.attempt("k", limit, now + 2 * HOUR) is None
    assert stores.throttle.purge(now + 3 * HOUR) == 2


def test_parallel_attempts_all_count(stores: Stores) -> None:
    """Twenty guesses at once get no more through than the limit allows."""
    limit, outcomes, start = Limit(free=5), list[object](), threading.Barrier(20)

    def guess() -> None:
        start.wait()
        outcomes.append(stores.throttle.attempt("k", limit, NOW))

    if type(stores.throttle).__name__ == "MemoryThrottle":
        pytest.skip("a dictionary is not shared between processes")
    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(None) == 5
    assert len(outcomes) == 20


def test_ids_are_opaque_and_never_repeat() -> None:
    """A thousand ids are a thousand, of one form, and say nothing."""
    ids = {new_user_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 28 and one.startswith("u-") and one[2:].isalnum() for one in ids)
