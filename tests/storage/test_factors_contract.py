"""`signing.factors.records.FactorStore` on SQLite and PostgreSQL: each change is one atomic step, and one caller's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from evidence.entry import format_time
from signing.factors.records import TOTP, FactorState, OwnFactor
from storage.factors import SqlFactors

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
