"""`signing.factors.records` on SQLite and PostgreSQL: each change is one atomic step, and one caller's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from evidence.entry import format_time
from signing.factors.records import PASSKEY, TOTP, FactorState, OwnFactor
from storage.factors import SqlChallenges, SqlFactors

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
AT, UNTIL = format_time(NOW), format_time(NOW + timedelta(minutes=10))
FACTOR = OwnFactor("f-1", "c-1", TOTP, b"\x00sealed", AT, UNTIL)


@pytest.fixture
def store(engine: Engine) -> SqlFactors:
    """One enrolment that was begun."""
    made = SqlFactors(engine)
    made.add(FACTOR)
    return made


def together(work: Callable[[int], object], times: int = 12) -> list[object]:
    """Do the same from many threads at once."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(work, range(times)))


def test_beginning_anew_forgets_what_was_never_confirmed(store: SqlFactors) -> None:
    """One begun enrolment a person and kind; what is in force, and what others began, stays."""
    assert store.factor("f-1") == FACTOR
    store.add(replace(FACTOR, id="f-other", owner="c-2"))
    store.add(replace(FACTOR, id="f-2"))
    assert store.factor("f-1") is None
    assert store.factor("f-other") is not None
    assert store.activate("f-2", 7)
    store.add(replace(FACTOR, id="f-3"))
    assert [item.id for item in store.of("c-1")] == ["f-2"]
    assert [item.id for item in store.everyone()] == ["f-2"]


def test_one_of_a_kind_is_in_force(store: SqlFactors) -> None:
    """A second one is let in only after the first was revoked, which destroys its content."""
    assert together(lambda _n: store.activate("f-1", 7)).count(True) == 1
    store.add(replace(FACTOR, id="f-2"))
    assert not store.activate("f-2", 7)
    assert together(lambda _n: store.revoke("f-1")).count(True) == 1
    gone = store.factor("f-1")
    assert gone is not None
    assert (gone.state, gone.content) == (FactorState.REVOKED, b"")
    assert store.activate("f-2", 7)
    assert not store.advance("f-1", 99)


def test_a_step_is_used_up_by_one_alone(store: SqlFactors) -> None:
    """Of many at once one moves the counter; never back, and never before it is in force."""
    assert not store.advance("f-1", 8)
    store.activate("f-1", 7)
    assert together(lambda _n: store.advance("f-1", 8)).count(True) == 1
    assert not store.advance("f-1", 7)
    assert store.advance("f-1", 9)


def test_attempts_are_counted_one_by_one_and_begin_again_with_time(store: SqlFactors) -> None:
    """Twelve at once: five get a number each; after the window they are counted anew; a right code clears them."""
    numbers = together(lambda _n: store.attempt("f-1", AT, UNTIL, 5))
    assert sorted(numbers) == [0] * 7 + [1, 2, 3, 4, 5]  # type: ignore[type-var]  # they are numbers
    later = format_time(NOW + timedelta(minutes=20))
    assert [store.attempt("f-1", UNTIL, later, 5) for _n in range(2)] == [1, 2]
    store.activate("f-1", 7)
    assert store.attempt("f-1", UNTIL, later, 5) == 1


def test_a_passkey_has_a_place_of_its_own(store: SqlFactors) -> None:
    """Several of one person are in force; one credential is in force once, and is found by its place until revoked."""
    for number, slot in (("p-1", "passkey/a"), ("p-2", "passkey/b")):
        store.add(replace(FACTOR, id=number, kind=PASSKEY, label="Teléfono"))
        assert store.activate(number, 0, slot)
    store.add(replace(FACTOR, id="p-3", owner="c-2", kind=PASSKEY))
    assert not store.activate("p-3", 0, "passkey/a")
    assert sorted(item.id for item in store.of("c-1")) == ["p-1", "p-2"]
    found = store.in_slot("passkey/a")
    assert found is not None
    assert (found.id, found.label) == ("p-1", "Teléfono")
    assert store.revoke("p-1")
    assert store.in_slot("passkey/a") is None
    assert store.activate("p-3", 0, "passkey/a")


def test_a_passkeys_count_grows_or_is_none(store: SqlFactors) -> None:
    """Zero stays zero; once it grew it only grows, for one of many at once; its last use is kept."""
    store.add(replace(FACTOR, id="p-1", kind=PASSKEY))
    assert not store.count("p-1", 0, AT)
    store.activate("p-1", 0, "passkey/a")
    assert store.count("p-1", 0, AT)
    assert store.count("p-1", 0, AT)
    assert together(lambda _n: store.count("p-1", 5, UNTIL)).count(True) == 1
    for back in (0, 4, 5):
        assert not store.count("p-1", back, UNTIL)
    found = store.factor("p-1")
    assert found is not None
    assert (found.counter, found.used_at) == (5, UNTIL)


def test_a_challenge_is_given_out_once_where_it_belongs(engine: Engine) -> None:
    """To one of many; not of another purpose or scope, not late, not after a later one; purging forgets the rest."""
    asked = SqlChallenges(engine)
    asked.keep("c-1", "visit", "v-1", b"{}", UNTIL)
    assert asked.take("c-1", "sign", "v-1", AT) is None
    assert asked.take("c-1", "visit", "v-2", AT) is None
    assert asked.take("c-1", "visit", "v-1", UNTIL) is None
    assert together(lambda _n: asked.take("c-1", "visit", "v-1", AT)).count(b"{}") == 1
    together(lambda n: asked.keep(f"d-{n}", "visit", "v-1", b"{}", UNTIL))
    asked.keep("d-last", "visit", "v-1", b"last", UNTIL)
    assert [asked.take(f"d-{n}", "visit", "v-1", AT) for n in range(12)] == [None] * 12
    asked.keep("other", "sign", "v-1", b"other", UNTIL)
    assert asked.take("d-last", "visit", "v-1", AT) == b"last"
    assert (asked.purge(AT), asked.purge(UNTIL)) == (0, 1)
