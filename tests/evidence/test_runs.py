"""Rows said together mean what they mean one by one: to chains, clock, heads, and whoever asks for a head later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import completeness
from evidence.entry import format_time, genesis_hash
from evidence.outside import Trust
from evidence.runs import Member, RunMaker
from evidence.verify import _Verification
from tests.fakes.memory import MemoryLedger
from tests.storage.support import ORIGIN

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "é"]),
        st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2]),  # the steps that its case's numbers make
        st.sampled_from([True] * 9 + [False]),  # whether it names the leaf before
        st.sampled_from([0, 1, 30, 3600, -1, -50, -70, -4000]),  # seconds since the entry before
        st.sampled_from([False] * 5 + [True]),  # whether a process ends its range here
        st.sampled_from([1] * 12 + [2]),  # the steps that the indices make
    ),
    max_size=40,
)
Entry = tuple[int, str, Member, bool]


def entries_of(given_ones: list[tuple[str, int, bool, int, bool, int]]) -> list[Entry]:
    """Index, leaf, member, and whether the range ends before it."""
    heads: dict[str, tuple[int, str]] = {}
    at, index, found = BEGIN, -1, []
    for number, (case, step, linked, seconds, cut, places) in enumerate(given_ones):
        seq, prev = heads.get(case, (0, genesis_hash(ORIGIN, case)))
        leaf, at, index = f"{number:064x}", at + timedelta(seconds=seconds), index + places
        member = case, max(1, seq + step), prev if linked else "e" * 64, format_time(at)
        heads[case] = member[1], leaf
        found.append((index, leaf, member, cut))
    return found


def verification() -> _Verification:
    """One that has seen nothing yet."""
    return _Verification(MemoryLedger(), None, [], Trust(), full=False, processes=1)


def one_by_one(entries: list[Entry]) -> _Verification:
    """As rows were taken before there were runs."""
    run = verification()
    for index, leaf, (case, seq, prev, at), _ in entries:
        run._place(index, leaf, index + 1)
        run._heads.note(index, case)
        run._findings += run._chain.follow(case, seq, prev, leaf)
        run._findings += run._clock.tick(at, case, seq)
    return run


def together(entries: list[Entry]) -> tuple[_Verification, int]:
    """As they are taken; and how many runs they made."""
    taking, making, runs = verification(), RunMaker(), []
    for index, leaf, member, cut in entries:
        if cut or not making.take(index, leaf, member):
            runs.append(making.made())
            making = RunMaker()
            assert making.take(index, leaf, member)
    made = [run for run in (*runs, making.made()) if run is not None]
    leaves = [leaf for run in made for leaf in taking._take_run(run, {})]
    assert leaves == [bytes.fromhex(leaf) for _, leaf, _, _ in entries]
    return taking, len(made)


def heads_known(run: _Verification, index: int) -> list[object]:
    """The oldest size that heads are known of, and the heads of each size from there on."""
    heads = run._heads
    reach = heads._reach() if heads._journal else index
    return [reach, *(heads._at(size).heads for size in range(reach, index + 1))]


@pytest.mark.parametrize("journal", [4, 1000])
@given(ENTRIES)
def test_runs_are_what_their_rows_are(
    journal: int, given_ones: list[tuple[str, int, bool, int, bool, int]]
) -> None:
    """Findings, ends of chains and heads of every size are the same; a journal that is full forgets the same."""
    entries = entries_of(given_ones)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(completeness, "JOURNAL", journal)
        one, (many, _) = one_by_one(entries), together(entries)
        assert sorted(map(str, many._findings)) == sorted(map(str, one._findings))
        assert many._chain.heads == one._chain.heads
        end = entries[-1][0] + 1 if entries else 0
        assert (many._expected, many._checked) == (one._expected, len(entries))
        assert heads_known(many, end) == heads_known(one, end)


def test_what_is_in_order_is_one_run() -> None:
    """Several cases between one another, and a clock a little back."""
    entries = entries_of(
        [("A", 1, True, 1, False, 1), ("B", 1, True, -50, False, 1), ("A", 1, True, 3, False, 1)]
    )
    taking, runs = together(entries)
    assert (runs, taking._findings) == (1, [])


@pytest.mark.parametrize(
    "damage", [("A", 2, True, 1, False, 1), ("A", 1, False, 1, False, 1), ("B", 1, True, -61, True, 1)]
)
def test_what_does_not_fit_is_named(damage: tuple[str, int, bool, int, bool, int]) -> None:
    """A number left out, another leaf named, a clock set back between two ranges: one finding, of that entry."""
    taking, _ = together(entries_of([("A", 1, True, 1, False, 1), ("A", 1, True, 1, True, 1), damage]))
    (found,) = taking._findings
    assert found.subject == ("B/1" if damage[0] == "B" else f"A/{2 + damage[1]}")
