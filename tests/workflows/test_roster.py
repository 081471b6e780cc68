"""Rows of a campaign: ranges as one spelling, and the fold that derives every row from entries alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import Json
from evidence.entry import Entry, EntryKind
from tests.workflows.desk import local, registry
from workflows import timers
from workflows.calendar import BusinessCalendar, OutOfCalendar
from workflows.definition import Text, Timer, TimerEffect, Trigger
from workflows.ranges import MAX_ROWS, format_ranges, parse_ranges, spread_ranges
from workflows.roster import fold_roster

NUMBERS = st.sets(st.integers(1, 2_000), max_size=300)


@settings(deadline=None)
@given(NUMBERS)
def test_ranges_keep_every_number(numbers: set[int]) -> None:
    """Rows written as ranges come back as the same rows, ascending."""
    text = format_ranges(numbers)
    assert (parse_ranges(text) if numbers else ()) == tuple(sorted(numbers))


@settings(deadline=None)
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


RULES = registry().current("MA-005").roster
ROWS = range(7, 27)
STEPS = ("5", "14", "16", "13")
DECISIONS = ("certifica", "baja", "reactiva", "discrepancia", "no_existe")
ACTS = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.sets(st.integers(5, 30), min_size=1, max_size=12),
        st.sampled_from(DECISIONS),
    ),
    max_size=25,
)


def _entry(seq: int, step: str, rows: list[dict[str, Json]], kind: str = "evidence.recorded") -> Entry:
    facts: dict[str, Json] = {"rows": list(rows), "actor_class": "person", "via": "web"}
    if step == "1":
        facts["sheet"] = "ab" * 32
    at = f"2026-01-12T15:{seq:02d}:00.000000Z"
    text = f"{seq:064x}"
    return Entry(
        "log", "MA-005-2026-000001", seq, text, at, "u-ana", "especialista", EntryKind(kind), "MA-005@2025-12-15",
        step, (), (), facts, text,
    )  # fmt: skip


def _history(acts: list[tuple[str, set[int], str]]) -> list[Entry]:
    halves = (("a1", ROWS[:10]), ("a2", ROWS[10:]))
    sheet: list[dict[str, Json]] = [{"at": format_ranges(numbers), "area": area} for area, numbers in halves]
    entries = [_entry(1, "1", sheet, "case.opened")]
    for step, numbers, decision in acts:
        entries.append(_entry(len(entries) + 1, step, [{"at": format_ranges(numbers), "decision": decision}]))
    return entries


def _expected(acts: list[tuple[str, set[int], str]]) -> dict[int, str]:
    """What the rules say, row by row, in the plainest words."""
    found: dict[int, tuple[str, str]] = {}
    for step, numbers, decision in acts:
        for number in numbers & set(ROWS):
            before = found.get(number)
            held = before is not None and (step == "13" or (before[1] == "16" and step != "16"))
            if decision != "no_existe" and not held:
                found[number] = (decision, step)
    return {number: decision for number, (decision, _) in found.items()}


@settings(deadline=None)  # a busy machine is no failure
@given(ACTS)
def test_rows_in_are_rows_out_and_the_last_valid_decision_wins(acts: list[tuple[str, set[int], str]]) -> None:
    """Whatever entries say: the rows are those of the sheet, and each has the last decision that could be taken."""
    assert RULES is not None
    rows = {row.number: row.decision for row in fold_roster(RULES, _history(acts)).rows()}
    assert list(rows) == list(ROWS)
    assert {number: decision for number, decision in rows.items() if decision} == _expected(acts)


@settings(deadline=None)  # a busy machine is no failure
@given(ACTS)
def test_counts_agree_with_rows(acts: list[tuple[str, set[int], str]]) -> None:
    """By decision, by area, open and undecided: every count is that of the rows, and what settles is nothing else."""
    assert RULES is not None
    roster = fold_roster(RULES, _history(acts))
    rows, state = list(roster.rows()), roster.state()
    assert (
        sum(state.by_decision.values()) == sum(area.rows for area in state.areas) == len(rows) == state.rows
    )
    assert state.undecided == len(roster.undecided()) == sum(not row.decision for row in rows)
    assert state.open == len(roster.open()) == sum(row.decision == "discrepancia" for row in rows)
    assert (roster.unsettled() == ()) == (not state.undecided and not state.open)
    assert {area.area for area in state.areas if not area.complete} == roster.owing()


@settings(deadline=None)  # a busy machine is no failure
@given(ACTS)
def test_silence_completes_an_area_and_touches_no_decision(acts: list[tuple[str, set[int], str]]) -> None:
    """What silence adds are exactly the undecided rows of the area, and after it the area is complete."""
    assert RULES is not None
    entries = _history(acts)
    before = fold_roster(RULES, entries)
    facts: list[dict[str, Json]] = [dict(fact.as_json()) for fact in before.by_silence("a1")]
    after = fold_roster(RULES, [*entries, _entry(len(entries) + 1, "13", facts)])
    assert "a1" not in after.owing()
    old = {row.number: row.decision for row in before.rows()}
    assert all(row.decision == old[row.number] for row in after.rows() if old[row.number] or row.area == "a2")


def test_a_correction_takes_a_decision_back() -> None:
    """An annulled entry counts for nothing: the decision before it stands again."""
    assert RULES is not None
    entries = _history([("14", {7, 8}, "certifica"), ("14", {8}, "baja")])
    annulled = {"annul": True, "actor_class": "person", "via": "web"}
    leaf = f"{4:064x}"
    fourth = replace(
        _entry(4, "14", []), kind=EntryKind.EVIDENCE_SUPERSEDED, refs=(leaf,), facts=annulled, prev=leaf
    )
    rows = {row.number: row.decision for row in fold_roster(RULES, [*entries, fourth]).rows()}
    assert (rows[7], rows[8]) == ("certifica", "certifica")


def test_hostile_facts_raise_nothing() -> None:
    """A stranger's package may say anything of rows: what is no fact is noted, and the fold goes on."""
    assert RULES is not None
    entries = _history([])
    spoilt: list[dict[str, Json]] = [
        {"at": "1-9999999"},
        {"at": "7", "decision": "certifica", "x": "y"},
        {"at": ""},
    ]
    entries.append(_entry(2, "14", spoilt))
    roster = fold_roster(RULES, entries)
    assert roster.state().undecided == len(ROWS)
