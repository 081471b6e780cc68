"""Company days off: a revision for days to come moves what still runs, and nothing that is past."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.entry import SealedEntry
from tests.workflows.desk import ALTA, Desk, HandClock, local
from tests.workflows.test_catalogues import BUNDLED, Room, item
from tests.workflows.test_sets import CALL
from web.quicklog import PENDING, opening_of, parts_of
from workflows import timers
from workflows.calendar import BusinessCalendar
from workflows.commands import Actor, OpenCase
from workflows.definition import Timer
from workflows.derive import derive
from workflows.errors import FieldInvalid
from workflows.facts import facts_of
from workflows.published import LedgerCatalogues
from workflows.registry import DefinitionRegistry
from workflows.state import CaseState, TimerState

BASE = BusinessCalendar.bundled()


class Company(Desk):
    """A desk whose calendar the company revises."""

    def __post_init__(self) -> None:
        """Wire the parts with catalogues."""
        super().__post_init__()
        catalogues = LedgerCatalogues(self.ledger, BUNDLED)
        self.room = Room(self.ledger, catalogues, self.clock)
        self.use(catalogues, lambda: catalogues.calendar(BASE))

    def off(self, *days: str) -> SealedEntry:
        """Publish the whole list of days off."""
        return self.room.publish(*(item(day, "Día de la empresa") for day in days), code="dias_inhabiles")

    def due(self, folio: str, timer: str) -> str:
        """When the last run of a timer is due, local day."""
        return self.run(folio, timer).due_at[:10]

    def run(self, folio: str, timer: str) -> TimerState:
        """The last run of a timer."""
        return [one for one in self.cases.view(folio).state.timers if one.timer == timer][-1]

    def waiting(self) -> str:
        """A case that waits for its user's validation, asked for on Monday 12 January."""
        folio = self.open()
        self.walk(folio, *ALTA)
        return folio


def test_a_day_off_extends_what_runs_and_names_the_revision() -> None:
    """A closing that would fall on the new day off waits for the next one; its entries name the revision."""
    desk = Company()
    folio = desk.waiting()
    assert desk.due(folio, "validacion") == "2026-01-16"  # 18:00 in Mexico is the next day in UTC
    desk.clock.set("2026-01-13 10:00")
    desk.off("2026-01-15")
    assert desk.due(folio, "validacion") == "2026-01-16"  # Friday closes at 15:00
    desk.off("2026-01-15", "2026-01-16")
    assert desk.due(folio, "validacion") == "2026-01-20"
    assert desk.cases.recount() == 1
    assert desk.cases.rebuild().differences == ()
    desk.clock.set("2026-01-16 16:00")
    assert desk.cases.fire_due_timers() == []
    desk.clock.set("2026-01-20 09:00")
    desk.cases.fire_due_timers()
    fired = [facts_of(s.entry) for s in desk.ledger.history(folio) if facts_of(s.entry).timer == "validacion"]
    assert {facts.calendar for facts in fired} == {"mx-2026-1-r3"}
    assert desk.cases.view(folio).state.closed
    assert desk.cases.rebuild().differences == ()


def test_a_day_off_that_is_taken_back_brings_the_limit_nearer() -> None:
    """Only as long as the day has not begun."""
    desk = Company()
    desk.off("2026-01-15")
    folio = desk.waiting()
    assert desk.due(folio, "validacion") == "2026-01-16"
    desk.off()
    assert desk.cases.recount() == 1
    assert desk.cases.view(folio).state.timers[-1].due_at.startswith("2026-01-16T00:00")


def test_the_past_is_read_by_the_table_of_its_time() -> None:
    """As of a moment before the publication the case stands as it stood then."""
    desk = Company()
    folio = desk.waiting()
    desk.clock.advance(hours=1)
    moment = desk.clock.now
    before = desk.cases.view(folio, as_of=moment).state
    desk.clock.advance(hours=1)
    desk.off("2026-01-14", "2026-01-15", "2026-01-16")
    assert desk.cases.view(folio, as_of=moment).state == before
    assert desk.due(folio, "validacion") == "2026-01-21"


def test_what_ended_before_a_revision_keeps_its_dates() -> None:
    """A timer met early was due when it was due, and a case closed since is derived as it was."""
    desk = Company()
    folio = desk.waiting()
    desk.clock.advance(hours=1)
    desk.record(folio, "26a", choice="funciona")
    before = desk.cases.view(folio).state
    desk.clock.advance(hours=1)
    desk.off("2026-01-13", "2026-01-14", "2026-01-15")
    after = desk.cases.view(folio).state
    assert replace(after, moment=before.moment) == before
    assert desk.cases.recount() == 0
    assert desk.cases.rebuild().differences == ()


def test_days_outside_the_table_are_refused() -> None:
    """No day by silence: the table must cover it."""
    with pytest.raises(FieldInvalid, match="outside_table"):
        Company().off("2040-01-02")


def test_a_revision_is_a_table_of_its_own() -> None:
    """Its file loads, has its own id, and holds the statutory days and the company's."""
    desk = Company()
    desk.off("2026-01-15")
    found = desk.cases.calendar
    loaded = BusinessCalendar.load(found.source)
    assert replace(found, revisions=()) == loaded
    assert found.ids == {"mx-2026-1", "mx-2026-1-r2"}
    assert set(loaded.holidays) - set(BASE.holidays) == {local("2026-01-15 12:00").date()}


DAYS = st.dates(local("2026-01-10 00:00").date(), local("2026-02-10 00:00").date())


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 80), st.sets(DAYS, max_size=4)), min_size=1, max_size=5), st.booleans()
)
def test_no_revision_changes_what_was_known(publications: list[tuple[int, set[object]]], met: bool) -> None:
    """For every moment before a publication, whatever is published afterwards, the case is derived the same."""
    desk = Company(clock=HandClock(local("2026-01-12 09:00")))
    folio = desk.waiting()
    if met:
        desk.clock.advance(hours=2)
        desk.record(folio, "26a", choice="funciona")
    known: list[tuple[object, CaseState]] = []
    for hours, days in publications:
        desk.clock.advance(hours=hours)
        moment = desk.clock.now
        known.append((moment, _derived(desk, folio, moment)))
        desk.clock.advance(seconds=1)
        newest = desk.room.catalogues.versions("dias_inhabiles")[-1]
        today = BASE.local_day(desk.clock.now).isoformat()
        kept = {one.code for one in newest.items if one.code <= today}
        wanted = sorted(kept | {str(day) for day in days if str(day) > today})
        desk.off(*wanted)
        for earlier, state in known:
            assert _derived(desk, folio, earlier) == state


def _derived(desk: Company, folio: str, moment: object) -> CaseState:
    entries = [sealed.entry for sealed in desk.ledger.history(folio)]
    definition = desk.definitions.current("MA-001")
    return derive(definition, entries, calendar=desk.cases.calendar, as_of=moment)  # type: ignore[arg-type]


def test_counting_up_to_now_is_the_same_by_every_later_revision() -> None:
    """What a day was is settled once it has begun: measures and late recordings never move."""
    desk = Company()
    desk.off("2026-01-14")
    desk.clock.set("2026-01-16 10:00")
    today = BASE.local_day(desk.clock.now)
    start = today - timedelta(days=7)
    before = desk.cases.calendar.between(start, today, "habiles")
    desk.off("2026-01-14", "2026-01-19", "2026-01-20")
    assert desk.cases.calendar.between(start, today, "habiles") == before == 4


TIMERS = {
    f"{definition.process} {timer.code}": timer
    for definition in DefinitionRegistry.bundled().all()
    for timer in definition.timers
}


@pytest.mark.parametrize("timer", TIMERS.values(), ids=TIMERS.keys())
@pytest.mark.parametrize("day", ["2026-01-15", "2026-01-15T12:00"])
def test_every_timer_can_be_counted_anew(timer: Timer, day: str) -> None:
    """By a calendar that takes nothing away each is due when it was: days, dates, and moments that were promised."""
    begun = timers.Start(1, 2, local("2026-01-08 10:00"), day if timer.due_field else "")
    run = timers.start(timer, begun, BASE)
    before = (run.warn_at, run.due_at, run.before)
    timers.recount(run, BASE)
    assert (run.warn_at, run.due_at, run.before) == before


def test_a_day_off_leaves_a_promised_hour_where_it_was() -> None:
    """A contact with a promise is read as before after the company takes a day off, and so is every list of cases."""
    desk = Company()
    flat = {**CALL, "pendiente": "Falta", "promesa": "2026-01-14T12:00"}
    definition = desk.cases.definitions.current("MA-007")
    command = OpenCase("MA-007", Actor("u-ana", "especialista"), opening_of(definition, flat))
    folio = desk.cases.open_with(command, parts_of(definition, flat, PENDING, None)).folio
    due = desk.run(folio, "promesa").due_at
    desk.off("2026-01-20")
    assert desk.cases.recount() == 0
    assert desk.run(folio, "promesa").due_at == due
    assert desk.cases.rebuild().differences == ()
