"""The contract of `evidence.ports.CheckpointGuard`, held against every implementation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evidence.ports import CheckpointGuard
from storage.database import connect
from storage.guard import SqlGuard, SqliteGuard
from tests.fakes.memory import MemoryGuard

ONE, TWO, THREE = (1, b"a" * 32), (2, b"b" * 32), (3, b"c" * 32)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def open_guard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], CheckpointGuard]]:
    """Opens the same guard again and again."""
    if request.param == "memory":
        guard = MemoryGuard()
        yield lambda: guard
    elif request.param == "sqlite":
        yield lambda: SqliteGuard(tmp_path / "guard.sqlite")
    else:
        engine = connect(request.getfixturevalue("postgresql_url"))
        yield lambda: SqlGuard(engine)
        engine.dispose()


OpenGuard = Callable[[], CheckpointGuard]


def test_a_new_guard_is_empty(open_guard: OpenGuard) -> None:
    """Nothing has been signed."""
    assert open_guard().last() is None


def test_it_advances_from_what_was_expected(open_guard: OpenGuard) -> None:
    """Each step is kept and seen by whoever opens it next."""
    assert open_guard().advance(None, ONE)
    assert open_guard().last() == ONE
    assert open_guard().advance(ONE, THREE)
    assert open_guard().last() == THREE


@pytest.mark.parametrize("expected", [None, ONE, (2, b"x" * 32)])
def test_it_refuses_what_was_not_expected(open_guard: OpenGuard, expected: tuple[int, bytes] | None) -> None:
    """Another size, another root or emptiness: nothing changes."""
    guard = open_guard()
    assert guard.advance(None, TWO)
    assert not guard.advance(expected, THREE)
    assert open_guard().last() == TWO


def test_one_of_many_signers_wins(open_guard: OpenGuard) -> None:
    """Compare-and-swap is one step, from the first head on."""
    for expected, new in ((None, ONE), (ONE, TWO)):
        outcomes: list[bool] = []
        gate = threading.Barrier(5)

        def work(
            expected: tuple[int, bytes] | None = expected,
            new: tuple[int, bytes] = new,
            outcomes: list[bool] = outcomes,
            gate: threading.Barrier = gate,
        ) -> None:
            guard = open_guard()
            gate.wait()
            outcomes.append(guard.advance(expected, new))

        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [False] * 4 + [True]


def test_a_kept_guard_never_goes_back(tmp_path: Path) -> None:
    """A smaller size, or the same size under another root, is a mistake of the caller and said so."""
    guard = SqliteGuard(tmp_path / "guard ?#%.sqlite")
    assert guard.advance(None, TWO)
    for new in (ONE, (2, b"x" * 32)):
        with pytest.raises(ValueError, match="does not go from"):
            guard.advance(TWO, new)
    assert guard.last() == TWO
    assert (tmp_path / "guard ?#%.sqlite").exists()
