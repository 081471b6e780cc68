"""What the clock does: warnings, expiries and automatic closings, each once, and only from evidence."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.entry import EntryDraft, EntryKind, parse_time
from tests.fakes.index import MemoryCaseIndex
from tests.workflows.desk import ALTA, SUPERVISOR, Desk, local, registry
from tests.workflows.quick import QuickReader
from workflows.claims import Situation
from workflows.closing import TimersIncomplete
from workflows.commands import SYSTEM_ACTOR, WaiveStep
from workflows.corrections import bare
from workflows.facts import Facts
from workflows.loader import load
from workflows.registry import DefinitionRegistry
from workflows.state import TimerState, TimerStatus
from workflows.timers import next_due, next_mark


def _walked(start: str, last: str) -> tuple[Desk, str]:
    desk = Desk(reader=QuickReader())
    desk.clock.set(start)
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index(last) + 1])
    return desk, folio


def _timer(desk: Desk, folio: str, code: str) -> TimerState:
    return next(timer for timer in reversed(desk.cases.view(folio).state.timers) if timer.timer == code)


def _fired(desk: Desk, folio: str) -> list[tuple[str, str]]:
    entries = [sealed.entry for sealed in desk.ledger.history(folio)]
    return [
        (str(entry.facts["timer"]), str(entry.facts["mark"]))
        for entry in entries
        if entry.kind is EntryKind.TIMER_EXPIRED
    ]


def test_metlife_warns_at_15_and_expires_at_20_days() -> None:
    """The alert goes from running to warned to overdue; each mark is recorded once, with its due moment."""
    desk, folio = _walked("2026-11-13 09:00", "17")
    timer = _timer(desk, folio, "metlife")
    assert (timer.state, timer.unit) == (TimerStatus.RUNNING, "naturales")
    assert timer.due_at == "2026-12-04T00:00:00.000000Z"
    desk.clock.set("2026-11-29 10:00")
    assert _timer(desk, folio, "metlife").state is TimerStatus.WARNED
    desk.cases.fire_due_timers()
    desk.cases.fire_due_timers()
    assert _fired(desk, folio) == [("metlife", "warn")]
    desk.clock.set("2026-12-03 18:01")
    assert _timer(desk, folio, "metlife").state is TimerStatus.OVERDUE
    desk.cases.fire_due_timers()
    desk.cases.fire_due_timers()
    assert _fired(desk, folio) == [("metlife", "warn"), ("metlife", "limit")]
    assert _timer(desk, folio, "metlife").pending == ()
    state = desk.cases.view(folio).state
    assert [item.code for item in state.exceptions] == ["overdue"]
    last = desk.ledger.history(folio)[-1].entry
    assert (last.facts["due_at"], last.actor, last.step) == (timer.due_at, "system", "18")


def test_a_missed_warning_is_not_given_after_the_limit() -> None:
    """When nobody looked for weeks, the expiry alone is recorded: a warning would be news of yesterday."""
    desk, folio = _walked("2026-11-13 09:00", "17")
    desk.clock.set("2026-12-20 10:00")
    desk.cases.fire_due_timers()
    assert _fired(desk, folio) == [("metlife", "limit")]
    assert desk.index.due_before(desk.clock.now) == ()


def test_late_confirmation_is_an_exception() -> None:
    """MetLife's confirmation after 20 days is met late, and stays an exception of the case."""
    desk, folio = _walked("2026-11-13 09:00", "17")
    desk.clock.set("2026-12-04 10:00")
    state = desk.record(folio, "18").state
    assert [(t.timer, t.state) for t in state.timers if t.timer == "metlife"] == [
        ("metlife", TimerStatus.MET_LATE)
    ]
    assert [(item.code, item.step) for item in state.exceptions] == [("overdue", "18")]


def test_alerts_count_from_what_occurred() -> None:
    """A request recorded a week late buys no time: MetLife's days run from when it was made."""
    desk, folio = _walked("2026-11-13 09:00", "10")
    desk.record(folio, "11", occurred_at=local("2026-11-06 12:00"))
    assert _timer(desk, folio, "metlife").due_at == "2026-11-27T00:00:00.000000Z"
    codes = [item.code for item in desk.cases.view(folio).state.exceptions]
    assert codes == ["recorded_late"]


def test_closing_counts_from_the_later_of_both_dates() -> None:
    """A validation request recorded late gives the user all three days after the record."""
    desk, folio = _walked("2026-11-12 09:00", "25")
    desk.record(folio, "26", occurred_at=local("2026-11-06 12:00"))
    assert _timer(desk, folio, "validacion").due_at == "2026-11-19T00:00:00.000000Z"


def test_reminders_fire_once() -> None:
    """The director is reminded after two business days, the custody letter's signer after five."""
    desk, folio = _walked("2026-11-12 09:00", "8")
    desk.clock.set("2026-11-17 18:30")
    desk.cases.fire_due_timers()
    desk.cases.fire_due_timers()
    assert _fired(desk, folio) == [("firma_dg", "limit")]
    assert _timer(desk, folio, "firma_dg").state is TimerStatus.FIRED
    assert desk.cases.view(folio).state.exceptions == ()
    desk.walk(folio, *ALTA[ALTA.index("9") : ALTA.index("24")])
    desk.clock.set("2026-11-25 10:00")
    desk.cases.fire_due_timers()
    assert ("custodia", "limit") in _fired(desk, folio)


def test_no_closing_on_a_day_off() -> None:
    """A run on a Saturday records that time is up, and leaves the closing to Monday."""
    desk, folio = _walked("2026-11-11 09:00", "26")
    desk.clock.set("2026-11-21 12:00")
    desk.cases.fire_due_timers()
    assert _fired(desk, folio) == [("validacion", "limit")]
    assert not desk.cases.view(folio).state.closed
    assert desk.cases.fire_due_timers() == []
    desk.clock.set("2026-11-23 08:00")
    (receipt,) = desk.cases.fire_due_timers()
    assert receipt.state.closed
    assert _fired(desk, folio) == [("validacion", "limit")]


def test_closing_is_held_back_while_the_custody_letter_is_missing() -> None:
    """Without 24 and 25 the ticket does not close; once they are there the next run closes it."""
    desk, folio = _walked("2026-11-11 09:00", "23")
    desk.record(folio, "26")
    desk.clock.set("2026-11-18 10:00")
    desk.cases.fire_due_timers()
    assert ("validacion", "limit") in _fired(desk, folio)
    timer = _timer(desk, folio, "validacion")
    assert (timer.state, timer.blocked_by) == (TimerStatus.OVERDUE, ("24", "25"))
    timers = desk.cases.view(folio).state.timers
    assert next_due(timers) == timer.due_at  # late, and lists say so
    assert next_mark(timers) > timer.due_at  # only the letter's reminder is left to record
    desk.walk(folio, "24", "25")
    row = desk.index.get(folio)
    assert row is not None
    assert row.next_mark == timer.due_at
    (receipt,) = desk.cases.fire_due_timers()
    assert receipt.state.status == "sin_respuesta"
    assert receipt.state.complete


def test_an_answer_stops_the_closing() -> None:
    """A user who answered on the third day, even if it is recorded later, is never closed automatically."""
    desk, folio = _walked("2026-11-11 09:00", "26")
    desk.clock.set("2026-11-17 17:00")
    desk.record(folio, "26a", choice="no_funciona")
    desk.clock.set("2026-11-25 10:00")
    assert desk.cases.fire_due_timers() == []
    desk.record(folio, "26")
    assert _timer(desk, folio, "validacion").run == 2
    assert _timer(desk, folio, "validacion").due_at == "2026-12-01T00:00:00.000000Z"


def test_a_finished_case_has_no_timers_left() -> None:
    """Whatever still ran when a case ended is cancelled, and nothing is due."""
    desk, folio = _walked("2026-11-11 09:00", "23")
    desk.record(folio, "26")
    state = desk.record(folio, "26a", choice="funciona").state
    assert {t.timer: t.state for t in state.timers}["custodia"] is TimerStatus.CANCELLED
    row = desk.index.get(folio)
    assert row is not None
    assert (row.next_due, row.next_mark) == ("", "")


def test_several_stewards_record_each_mark_once() -> None:
    """Four processes that look at the same moment record one entry between them."""
    desk, folio = _walked("2026-11-11 09:00", "26")
    desk.clock.set("2026-11-18 10:00")
    gate = threading.Barrier(4)
    receipts: list[int] = []

    def steward() -> None:
        gate.wait(timeout=10)
        receipts.extend(receipt.seq for receipt in desk.cases.fire_due_timers())

    threads = [threading.Thread(target=steward) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    kinds = [sealed.entry.kind for sealed in desk.ledger.history(folio)]
    assert kinds.count(EntryKind.TIMER_EXPIRED) == kinds.count(EntryKind.CASE_CLOSED) == 1
    assert len(receipts) == 1


def test_a_mark_recorded_by_another_process_gives_no_receipt() -> None:
    """Who comes second with the same key learns that nothing was left to record."""
    desk, folio = _walked("2026-11-12 09:00", "8")
    writer, now = desk.cases._writer, desk.clock.now

    def drafts(situation: Situation, _blobs: object) -> tuple[EntryDraft, ...]:
        return (bare(situation, SYSTEM_ACTOR, EntryKind.TIMER_EXPIRED, "9", Facts(timer="firma_dg", run=1)),)

    assert writer.append_by_system(folio, drafts, now, "timer/k") is not None
    assert writer.append_by_system(folio, drafts, now, "timer/k") is None


def test_a_refusal_by_metlife_cancels_its_time() -> None:
    """When MetLife refuses the request its days end there; they begin anew with the next capture."""
    desk, folio = _walked("2026-11-12 09:00", "12")
    desk.record(folio, "13", choice="rechazado")
    assert _timer(desk, folio, "metlife").state is TimerStatus.CANCELLED
    desk.record(folio, "12")
    timer = _timer(desk, folio, "metlife")
    assert (timer.run, timer.state) == (2, TimerStatus.RUNNING)


def test_late_recording_begins_after_one_business_day() -> None:
    """Recorded on the next business day is in time; on the one after, it is an exception with the days."""
    desk, folio = _walked("2026-11-13 09:00", "2")
    friday = desk.clock.now
    desk.clock.set("2026-11-17 17:00")
    assert desk.record(folio, "3", occurred_at=friday).state.exceptions == ()
    desk.clock.set("2026-11-18 09:00")
    found = desk.record(folio, "4", occurred_at=friday).state.exceptions
    assert [(item.code, item.detail) for item in found] == [("recorded_late", "2")]


def test_one_broken_case_does_not_stop_the_others() -> None:
    """A case whose definition is not here is reported, after all other timers have fired."""
    desk, broken = _walked("2026-11-13 09:00", "17")
    newer = desk.definitions.current("MA-001").source.replace(
        b'version = "2025-12-15"', b'version = "2026-12-01"', 1
    )
    other = Desk(reader=QuickReader(), definitions=DefinitionRegistry([load(newer)]))
    other.clock.set("2026-11-13 09:00")
    other.ledger.rows, other.ledger.projections = desk.ledger.rows, desk.ledger.projections
    other.ledger._series = desk.ledger._series
    folio = other.open(rfc="PEGL850101AB2")
    other.reader.others = {"rfc": "PEGL850101AB2"}
    other.walk(folio, *ALTA[: ALTA.index("9")])
    other.clock.set("2026-12-20 10:00")
    with pytest.raises(TimersIncomplete) as report:
        other.cases.fire_due_timers()
    assert [item[0] for item in report.value.failures] == [broken]
    assert [receipt.folio for receipt in report.value.receipts] == [folio]


def test_a_waived_wait_is_cancelled() -> None:
    """What is waived is no longer waited for."""
    source = registry().current("MA-001").source
    step = source.index(b'code = "9"\n')
    loose = source[:step] + source[step:].replace(
        b'duty = "autorizador"', b'duty = "autorizador"\nwaivable = true', 1
    )
    other = Desk(reader=QuickReader(), definitions=DefinitionRegistry([load(loose)]))
    folio = other.open()
    other.walk(folio, *ALTA[: ALTA.index("9")])
    state = other.cases.waive(WaiveStep(folio, "9", SUPERVISOR, "Autorizó por otra vía")).state
    assert [timer.state for timer in state.timers] == [TimerStatus.CANCELLED]
    assert "10" in state.open_steps


@settings(max_examples=25, deadline=None)
@given(
    start=st.datetimes(
        local("2026-01-05 08:00").replace(tzinfo=None), local("2027-12-01 20:00").replace(tzinfo=None)
    ),
    looks=st.lists(st.integers(1, 60), min_size=1, max_size=25),
)
def test_never_closed_early_nor_on_a_day_off(start: datetime, looks: list[int]) -> None:
    """However rarely anybody looks, a case closes only after three business days, on a business day, within hours."""
    desk = Desk(reader=QuickReader())
    desk.clock.now = start.replace(tzinfo=desk.clock.now.tzinfo)
    folio = desk.open()
    desk.walk(folio, *ALTA)
    asked = parse_time(desk.ledger.history(folio)[25].entry.at)
    for hours in looks:
        desk.clock.advance(hours=hours)
        desk.cases.fire_due_timers()
        if desk.cases.view(folio).state.closed:
            break
    closing = [
        sealed.entry for sealed in desk.ledger.history(folio) if sealed.entry.kind is EntryKind.CASE_CLOSED
    ]
    calendar = desk.calendar
    for entry in closing:
        day = calendar.local_day(parse_time(entry.at))
        assert calendar.is_business_day(day)
        assert calendar.between(calendar.local_day(asked), day, "habiles") >= 3
        assert parse_time(entry.at) > calendar.due(asked, 3, "habiles")
    if not closing:
        now = desk.clock.now
        due = calendar.due(asked, 3, "habiles")
        assert now <= due + timedelta(microseconds=1) or not calendar.is_business_day(calendar.local_day(now))


def test_the_service_and_its_fake_index_agree() -> None:
    """The fake index these tests use lists a case as due exactly when its projection says so."""
    desk, folio = _walked("2026-11-13 09:00", "17")
    row = desk.index.get(folio)
    assert row is not None
    due = parse_time(row.next_mark)
    assert MemoryCaseIndex(desk.ledger).due_before(due) == (folio,)
    assert MemoryCaseIndex(desk.ledger).due_before(due - timedelta(microseconds=1)) == ()
