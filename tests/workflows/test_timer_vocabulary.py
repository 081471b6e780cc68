"""Timers that branches move: pauses, repeated reminders, cancellations, and what outlives the case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evidence.entry import format_time
from tests.workflows.desk import MEXICO, local
from tests.workflows.small_process import CLERK, Small, branch, step, text, timer
from workflows import timers
from workflows.calendar import BusinessCalendar
from workflows.commands import RecordStep
from workflows.definition import Timer, TimerEffect
from workflows.derive import derive
from workflows.errors import CaseNotClosed, WindowClosed
from workflows.loader import load
from workflows.state import StepStatus, TimerState, TimerStatus
from workflows.step import Text
from workflows.tables import DefinitionInvalid

PAUSED = timer(
    "plazo",
    'starts = ["2"]\nmeets = ["4"]\npauses = ["3:espera"]\nresumes = ["3:sigue"]\nlimit = 3\neffect = "alert"',
)
THREE = step(
    "3",
    "most = 0",
    parts=branch("espera", 'wait = { code = "tercero", name = "Espera", name_en = "Wait", who = "jefa" }')
    + branch("sigue"),
)


def _timer(case: Small, code: str = "plazo") -> TimerState:
    return next(
        item for item in reversed(case.desk.cases.view(case.folio).state.timers) if item.timer == code
    )


def _local_due(found: TimerState) -> str:
    moment = datetime.fromisoformat(found.due_at)
    return f"{moment.astimezone(MEXICO):%Y-%m-%d %H:%M}"


def test_days_of_a_pause_do_not_count() -> None:
    """Three days from Monday; held from Tuesday to Thursday, so that Friday is the first to count."""
    case = Small(PAUSED, step("2"), THREE, step("4")).at("2026-01-12 10:00")
    case.do("2")
    assert _local_due(_timer(case)) == "2026-01-15 18:00"
    state = case.at("2026-01-13 10:00").do("3", "espera").state
    held = _timer(case)
    assert (held.state, held.due_at, held.left) == (TimerStatus.PAUSED, "", 3)
    assert (state.status, state.waiting and state.waiting.who) == ("tercero", "jefa")
    case.desk.clock.set("2026-01-30 10:00")
    assert case.desk.cases.fire_due_timers() == []
    assert _timer(case).pending == ()
    case.desk.clock.set("2026-01-15 17:00")
    assert case.do("3", "sigue").state.waiting is None
    assert _local_due(_timer(case)) == "2026-01-20 18:00"
    assert case.desk.cases.rebuild().differences == ()


def test_a_pause_after_the_limit_heals_nothing() -> None:
    """Time that was up stays up: whoever pauses on the fourth day is late, and stays so."""
    case = Small(PAUSED, step("2"), THREE, step("4")).at("2026-01-12 10:00")
    case.do("2")
    case.at("2026-01-16 10:00").do("3", "espera")
    assert _timer(case).state is TimerStatus.OVERDUE
    case.do("3", "sigue")
    assert _timer(case).state is TimerStatus.OVERDUE


def test_a_pause_recorded_late_buys_no_time() -> None:
    """An alert is held from when the pause was recorded, not from when somebody says it began."""
    case = Small(PAUSED, step("2"), THREE, step("4")).at("2026-01-12 10:00")
    case.do("2")
    case.at("2026-01-15 10:00").do("3", "espera", occurred_at=local("2026-01-13 09:00"))
    assert _timer(case).left == 1


def test_what_is_met_while_paused_is_not_late() -> None:
    """A thing done during the pause is done in time, however long the pause."""
    case = Small(PAUSED, step("2"), THREE, step("4")).at("2026-01-12 10:00")
    case.do("2")
    case.at("2026-01-13 10:00").do("3", "espera")
    state = case.at("2026-03-02 10:00").do("4").state
    assert _timer(case).state is TimerStatus.MET
    assert state.exceptions == ()


@pytest.fixture(scope="module")
def calendar() -> BusinessCalendar:
    """The default table."""
    return BusinessCalendar.bundled()


def _moments(days: list[int], hours: list[int]) -> list[datetime]:
    start = datetime.combine(date(2026, 1, 5), time(9), MEXICO).astimezone(UTC)
    found, moment = [], start
    for day, hour in zip(days, hours, strict=True):
        moment += timedelta(days=day, hours=hour)
        found.append(moment)
    return found


@settings(max_examples=150)
@given(
    limit=st.integers(1, 25),
    unit=st.sampled_from(["habiles", "naturales"]),
    gaps=st.lists(st.integers(0, 9), min_size=2, max_size=10).filter(lambda gaps: len(gaps) % 2 == 0),
    hours=st.lists(st.integers(0, 10), min_size=10, max_size=10),
)
def test_paused_days_never_count(
    calendar: BusinessCalendar, limit: int, unit: str, gaps: list[int], hours: list[int]
) -> None:
    """Whatever the pauses, exactly ``limit`` days that count lie between start and due day, none of them paused."""
    plan = Timer("t", Text("t", "t"), "2", (), (), unit, limit, 0, TimerEffect.ALERT)
    moments = _moments(gaps, hours[: len(gaps)])
    begun = timers.Start(1, 1, moments[0] - timedelta(hours=1))
    run = timers.start(plan, begun, calendar)
    held: set[date] = set()
    for since, until in zip(moments[::2], moments[1::2], strict=True):
        before = len(run.pauses)
        timers.pause(run, since)
        assert run.paused is not None or len(run.pauses) == before
        if run.paused is None:
            continue
        timers.resume(run, until, calendar)
        first, last = calendar.local_day(since), calendar.local_day(until)
        held |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    first, due = calendar.local_day(run.started), calendar.local_day(run.due_at)
    days = [first + timedelta(days=n) for n in range(1, (due - first).days + 1)]
    counted = [day for day in days if unit == "naturales" or calendar.is_business_day(day)]
    assert sum(day not in held for day in counted) == limit
    assert due not in held


@given(order=st.permutations(["espera", "sigue", "espera", "sigue"]))
@settings(max_examples=6)
def test_pauses_and_resumptions_in_any_order(order: list[str]) -> None:
    """A second pause, or a resumption of what runs, changes nothing; a resumption always lets the days count again."""
    case = Small(PAUSED, step("2"), THREE, step("4")).at("2026-01-12 10:00")
    case.do("2")
    for n, choice in enumerate(order):
        case.at(f"2026-01-{13 + n // 2} {10 + n}:00").do("3", choice)
        assert (_timer(case).state is TimerStatus.PAUSED) is (choice == "espera")
    assume(order[-1] == "sigue")
    assert _local_due(_timer(case)) >= "2026-01-16 18:00"


def test_a_reminder_repeats_until_it_is_met() -> None:
    """First after two days, then each three; what nobody gave in time is given once, not in a row."""
    often = timer("aviso", 'starts = ["2"]\nmeets = ["4"]\nlimit = 2\nevery = 3\neffect = "remind"')
    case = Small(often, step("2"), step("4")).at("2026-01-12 10:00")
    case.do("2")
    marks = []
    for day in ("14", "15", "16", "19", "20"):
        case.at(f"2026-01-{day} 19:00")
        for receipt in case.desk.cases.fire_due_timers():
            entry = case.desk.ledger.history(case.folio)[receipt.seq - 1].entry
            marks.append((day, str(entry.facts["mark"])))
    assert marks == [("14", "remind-1"), ("19", "remind-2")]
    assert _local_due(_timer(case, "aviso")) == "2026-01-22 18:00"
    case.at("2026-02-20 10:00")
    assert len(case.desk.cases.fire_due_timers()) == 1
    assert case.desk.cases.fire_due_timers() == []
    assert _timer(case, "aviso").fired[-1] == "remind-9"
    case.do("4")
    assert _timer(case, "aviso").state is TimerStatus.MET_LATE
    assert case.desk.index.due_before(local("2026-12-01 10:00")) == ()


def test_a_branch_starts_meets_and_cancels() -> None:
    """A timer that names a branch hears of that branch alone."""
    named = timer(
        "ramal", 'starts = ["2:a"]\nmeets = ["3:a"]\ncancels = ["3:b"]\nlimit = 2\neffect = "alert"'
    )
    parts = (
        named,
        step("2", "most = 0", parts=branch("a") + branch("b")),
        step("3", "most = 0", parts=branch("a") + branch("b") + branch("c")),
    )
    case = Small(*parts)
    assert case.do("2", "b").state.timers == ()
    case.do("2", "a")
    case.do("3", "c")
    assert _timer(case, "ramal").state is TimerStatus.RUNNING
    case.do("3", "b")
    assert _timer(case, "ramal").state is TimerStatus.CANCELLED
    case.do("2", "a")
    case.do("3", "a")
    assert _timer(case, "ramal").state is TimerStatus.MET


def test_a_step_is_done_once_recorded_often_enough() -> None:
    """Two recordings are asked for: after the first the step is still open, and it takes any number more."""
    case = Small(step("2", "most = 0\nleast = 2", kind="obligatorio"))
    assert case.do("2").state.step("2").status is StepStatus.OPEN
    for _ in range(3):
        found = case.do("2").state.step("2")
        assert (found.status, found.repeatable) == (StepStatus.DONE, True)


WINDOW = timer("ventana", 'starts = ["2"]\nlimit = 5\neffect = "window"\nsurvives = true')
ARTICLE = timer(
    "articulo",
    'starts = ["2"]\nmeets = ["4"]\ncancels = ["3:reabre"]\nlimit = 5\neffect = "alert"\nsurvives = true',
)
CLOSING = step("2", 'closes = "devuelto"', kind="obligatorio")
LATE = step(
    "3",
    "after_closing = true\nonly_closed = true",
    kind="opcional",
    parts=branch("reabre", 'done = false\nreopens_case = true\nwithin = "ventana"\nreopens = ["2", "3"]')
    + '\n[[step.branch.effect]]\nmachine = "equipo"\nstatus = "Prestado"\n'
    + branch("nuevo"),
)
AFTER = step("4", "after_closing = true\nonly_closed = true", kind="obligatorio")


def _closed() -> Small:
    case = Small(WINDOW, ARTICLE, CLOSING, LATE, AFTER).at("2026-01-12 10:00")
    with pytest.raises(CaseNotClosed):
        case.do("3", "nuevo")
    state = case.do("2").state
    assert (state.closed, state.complete, state.missing) == (True, False, ("4",))
    return case


def test_what_survives_runs_past_the_closing() -> None:
    """The article is owed after the closing, alerts when late, and closing and completeness stay two things."""
    case = _closed()
    assert {item.timer: item.state for item in case.desk.cases.view(case.folio).state.timers} == {
        "ventana": TimerStatus.RUNNING,
        "articulo": TimerStatus.RUNNING,
    }
    case.at("2026-01-20 10:00")
    (receipt,) = case.desk.cases.fire_due_timers()
    assert [item.code for item in receipt.state.exceptions] == ["overdue"]
    assert _timer(case, "ventana").state is TimerStatus.LAPSED
    state = case.do("4").state
    assert (state.closed, state.complete) == (True, True)
    assert case.desk.cases.rebuild().differences == ()


def test_a_late_answer_within_the_window_reopens() -> None:
    """The last minute of the fifth business day reopens: the closing is undone, and stays in sight."""
    case = _closed().at("2026-01-19 17:59")
    state = case.do("3", "reabre").state
    assert (state.closed, state.status, state.closing) == (False, "Prestado", None)
    assert [(item.code, item.detail) for item in state.exceptions if item.code == "reopened"] == [
        ("reopened", "devuelto")
    ]
    assert _timer(case, "articulo").state is TimerStatus.CANCELLED
    assert state.step("2").status is StepStatus.OPEN
    again = case.at("2026-01-21 10:00").do("2").state
    assert (again.closed, _timer(case, "ventana").run) == (True, 2)
    assert case.desk.cases.rebuild().differences == ()


def test_after_the_window_nothing_reopens() -> None:
    """A minute after the window the answer is refused with what can be done; an answer that came in time is not."""
    case = _closed().at("2026-01-19 18:01")
    with pytest.raises(WindowClosed) as found:
        case.do("3", "reabre")
    assert found.value.fields["options"] == ["nuevo"]
    assert case.do("3", "reabre", occurred_at=local("2026-01-19 12:00")).state.closed is False


def test_an_entry_outside_the_window_changes_nothing() -> None:
    """Should such an entry exist all the same, derivation does not believe it."""
    case = _closed().at("2026-01-19 17:59")
    case.do("3", "reabre")
    entries = [sealed.entry for sealed in case.desk.ledger.history(case.folio)]
    definition, calendar = case.desk.definitions.current("XX-001"), case.desk.calendar
    assert not derive(definition, entries, calendar=calendar).closed
    late = [*entries[:-1], replace(entries[-1], at=format_time(local("2026-01-19 18:01")))]
    state = derive(definition, late, calendar=calendar)
    assert state.closed
    assert sorted(item.code for item in state.exceptions) == ["effect_ignored", "overdue"]


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        (
            (timer("t", 'starts = ["2:x"]\nmeets = ["2"]\nlimit = 2\neffect = "alert"'), step("2")),
            "no branch 'x'",
        ),
        ((timer("t", 'starts = ["2"]\nlimit = 2\neffect = "alert"'), step("2")), "steps that meet it"),
        (
            (
                timer("t", 'starts = ["2"]\nmeets = ["2"]\npauses = ["2"]\nlimit = 2\neffect = "alert"'),
                step("2"),
            ),
            "resumed",
        ),
        (
            (timer("t", 'starts = ["2"]\nmeets = ["2"]\nevery = 2\nlimit = 2\neffect = "alert"'), step("2")),
            "only a reminder",
        ),
        (
            (WINDOW, step("2"), step("3", parts=branch("a", 'reopens_case = true\nwithin = "ventana"'))),
            "after_closing",
        ),
        ((step("2", "only_closed = true"),), "only_closed"),
        ((step("2", "least = 2"),), "least"),
        ((step("2", 'opens = { process = "MA-006" }'),), "link_field"),
        (
            (step("2", 'link_field = "liga"\nopens = { process = "MA-006", fields = { a = "nada" } }'),),
            "no field 'nada'",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(parts: tuple[str, ...], problem: str) -> None:
    """Each contradiction is told when the definition is loaded."""
    with pytest.raises(DefinitionInvalid, match=problem):
        load(text(*parts))


def test_records_of_several_hands_are_possible() -> None:
    """The command of a repeated step keeps its key: the same click is one entry."""
    case = Small(step("2", "most = 0"))
    command = RecordStep(case.folio, "2", CLERK, data={"nota": "x"}, idempotency_key="k")
    assert case.desk.cases.record(command).seq == case.desk.cases.record(command).seq
