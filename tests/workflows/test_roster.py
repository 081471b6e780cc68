"""Rows of a campaign: ranges as one spelling, and the fold that derives every row from entries alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.desk import local
from workflows import timers
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import Text, Timer, TimerEffect, Trigger
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


CALENDAR = BusinessCalendar.bundled()
DEADLINE = Timer(
    code="fecha_limite",
    name=Text("Fecha límite", "Deadline"),
    step="24",
    starts=(Trigger("3"),),
    meets=(Trigger("24"),),
    unit="habiles",
    limit=0,
    warn=0,
    effect=TimerEffect.ALERT,
    due_field=("3", "fecha_limite"),
    before=(10, 5, 3, 2, 1),
)


def _run(begun: str, day: str = "2026-11-20", ahead: int = 0) -> timers.Run:
    timer = Timer(**{**{n: getattr(DEADLINE, n) for n in DEADLINE.__slots__}, "ahead": ahead})
    return timers.start(timer, timers.Start(1, 3, local(begun), day), CALENDAR)


def test_days_are_counted_back_over_holidays() -> None:
    """Monday 16 November 2026 is a holiday: two business days before Wednesday 18 is Friday 13."""
    assert CALENDAR.back(date(2026, 11, 18), 2) == date(2026, 11, 13)
    assert CALENDAR.back(date(2026, 11, 15), 1) == date(2026, 11, 13)
    assert CALENDAR.back(date(2026, 11, 15), 0) == date(2026, 11, 15)
    with pytest.raises(OutOfCalendar):
        CALENDAR.back(CALENDAR.first, 1)


def test_alerts_come_on_business_days_before_a_date() -> None:
    """A deadline alerts 10, 5, 3, 2 and 1 business days before its date; not where that lies before its start."""
    run = _run("2026-11-09 12:00")
    assert [(mark, CALENDAR.local_day(at).isoformat()) for mark, at in run.before] == [
        ("before-5", "2026-11-12"),
        ("before-3", "2026-11-17"),
        ("before-2", "2026-11-18"),
        ("before-1", "2026-11-19"),
    ]
    assert run.due_at == CALENDAR.closing_of(date(2026, 11, 20))
    assert _run("2026-11-09 12:00", ahead=1).due_at == CALENDAR.closing_of(date(2026, 11, 19))


def test_of_alerts_missed_only_the_last_is_owed() -> None:
    """When nobody looked for a week, the alert of today is given; those before it would be news of yesterday."""
    run = _run("2026-11-02 12:00")
    moment = local("2026-11-17 12:00")
    state = timers.state_of(run, moment, (), CALENDAR)
    assert state.pending == ("before-3",)
    assert timers.next_mark([state]) == state.before[0][1]
    run.fired.append("before-3")
    later = timers.state_of(run, moment, (), CALENDAR)
    assert later.pending == ()
    assert timers.next_mark([later]) == dict(later.before)["before-2"]


def test_a_date_that_passed_is_overdue() -> None:
    """After service closes on the date itself the limit is owed, once, whatever alerts were missed."""
    run = _run("2026-11-09 12:00")
    state = timers.state_of(run, local("2026-11-21 12:00"), (), CALENDAR)
    assert (state.state, state.pending) == ("overdue", ("limit",))
