"""Rows of a campaign: ranges as one spelling, and the fold that derives every row from entries alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.ranges import MAX_ROWS, format_ranges, parse_ranges, spread_ranges

NUMBERS = st.sets(st.integers(1, 2_000), max_size=300)


@given(NUMBERS)
def test_ranges_keep_every_number(numbers: set[int]) -> None:
    """Rows written as ranges come back as the same rows, ascending."""
    text = format_ranges(numbers)
    assert (parse_ranges(text) if numbers else ()) == tuple(sorted(numbers))


@given(NUMBERS, NUMBERS)
def test_ranges_are_one_spelling(left: set[int], right: set[int]) -> None:
    """Two texts are equal if and only if they name the same rows."""
    assert (format_ranges(left) == format_ranges(right)) == (left == right)


@pytest.mark.parametrize(
    "text", ["", "0", "2-1", "1,1", "1,2", "5,3", "1-3,2", "a", "1-", "01", " 1", "1-9999999"]
)
def test_other_spellings_are_no_facts(text: str) -> None:
    """What is not in the one spelling is refused, not guessed at: facts are compared as texts."""
    with pytest.raises(ValueError, match="not "):
        parse_ranges(text)


def test_people_may_type_ranges_freely() -> None:
    """Blanks, order and repetitions are forgiven where a person types; endless ranges are not."""
    assert spread_ranges("7, 1-3,2") == (1, 2, 3, 7)
    with pytest.raises(ValueError, match="range"):
        spread_ranges(f"1-{MAX_ROWS + 1}")
    with pytest.raises(ValueError, match="more than"):
        spread_ranges(f"1-{MAX_ROWS},{MAX_ROWS + 5}")
