"""What the store of invitations promises, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from identity.accounts import User
from identity.invitations import Invitation, InvitationState, awaited
from storage.accounts import SqlAccounts
from storage.invitations import SqlInvitations

NOW, LATER, PAST = "2026-01-02T00:00:00.000000Z", "2026-01-09T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z"


@pytest.fixture
def store(engine: Engine) -> SqlInvitations:
    """A store with two accounts."""
    accounts = SqlAccounts(engine)
    for name in ("u-one", "u-two"):
        accounts.add(
            User(name, f"{name}@x.example", name, frozenset()), "x", datetime(2026, 1, 1, tzinfo=UTC)
        )
    return SqlInvitations(engine)


def invitation(token: str, account: str = "u-one", expires: str = LATER) -> Invitation:
    """An open invitation."""
    return Invitation(token, f"i-{token}", account, "2026-000001", "u-boss", NOW, expires)


def test_a_newer_invitation_replaces_the_open_ones_of_its_account_alone(store: SqlInvitations) -> None:
    """Of one account one link is good at a time; another account's stays."""
    for one in (invitation("a"), invitation("b", "u-two"), invitation("c")):
        store.add(one)
    assert [(one.id, one.state) for one in store.of("u-one")] == [
        ("i-a", InvitationState.REPLACED), ("i-c", InvitationState.OPEN)]  # fmt: skip
    assert store.find("b") == invitation("b", "u-two")
    assert store.find("z") is None
    assert not store.take("a", NOW)


def test_a_link_is_taken_once_and_in_time(store: SqlInvitations) -> None:
    """Eight browsers at once: one has it. After its moment nobody has."""
    store.add(invitation("a"))
    store.add(invitation("b", "u-two", PAST))
    assert not store.take("b", NOW)
    had: list[bool] = []
    threads = [threading.Thread(target=lambda: had.append(store.take("a", NOW))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(had) == [False] * 7 + [True]
    assert awaited(store.of("u-one"))
    store.used("a")
    assert not awaited(store.of("u-one"))
    store.used("b")
    assert awaited(store.of("u-two"))


def test_what_is_awaited() -> None:
    """An account without invitations is nobody's guest; one that came by any of them is not awaited any more."""
    one = invitation("a")
    assert not awaited([])
    assert awaited([replace(one, state=InvitationState.TAKEN), one])
    assert not awaited([replace(one, state=InvitationState.USED), one])
