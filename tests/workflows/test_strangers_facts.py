"""A stranger's entries of every process: whatever their facts say, there is a state, soon, and nothing is raised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import TypeGuard

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.canonical import Json, canonical_bytes
from evidence.entry import Entry, EntryDraft, EntryKind, parse_entry, seal
from tests.workflows.desk import Desk, local, registry
from tests.workflows.plays import PLAYS, people
from tests.workflows.replays import Play
from tests.workflows.wandering import Wanderer
from workflows import timers
from workflows.calendar import BusinessCalendar
from workflows.catalogues import HOLIDAYS, timeline_of
from workflows.commands import Actor, RecordControl
from workflows.derive import derive
from workflows.facts import FACT_NAMES
from workflows.ranges import MAX_ROWS
from workflows.revisions import revised

CALENDAR = BusinessCalendar.bundled()

WORDS = (
    "", "9", "si", "2", "-1", "\u00b2", "9999-12", "0001-01", "9999-12-31", "0001-01-01", "2026-W03-1", "20260112",
    "9999-12-31T23:59", "0001-01-01T00:00", "2026-01-12T25:61", "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00.000000Z", "2026-01-12T15:00:00.000000Z", "1-999999999", "1-20000", "1048576", "9-1", "1,1",
    "remind-" + "9" * 30, "remind-" + "9" * 5000, "remind-3", "before-10", "limit", "close", "settle", "dentro",
    "fuera", "duties", "step", "a1", "baja", "MA-001-2026-000001", "diario", "2026-01", "\\g<9>", "../x",
)  # fmt: skip
KEYS = ("slot", "type", "object", "from", "at", "area", "status", "decision", "link", "own", "volume", "rows")
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from((-1, 0, 1, 2, 3, 2**31, 2**53 - 1, -(2**53) + 1)),
    st.sampled_from(WORDS),
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=5,
)
PLACES = st.tuples(st.integers(0, 99), st.integers(0, 99), st.integers(0, 3))
CHANGES = st.lists(st.tuples(PLACES, VALUES), min_size=1, max_size=6)


@cache
def histories(process: str) -> tuple[tuple[Entry, ...], ...]:
    """Real histories: two random walks through a process and, where it has one, a period of its control."""
    play = next(item for item in PLAYS if item.process == process)
    walked = (_walked(play, variant) for variant in (0, 3))
    return tuple(entries for entries in (*walked, *_controls(process)) if entries)


def _walked(play: Play, variant: int) -> tuple[Entry, ...]:
    wanderer = Wanderer.of(play, variant)
    for n in range(40):
        wanderer.move(("step", "step", "branch", "wait", "annul", "step")[n % 6], 1 + n % 23)
    return tuple(wanderer.walk.entries)


def _controls(process: str) -> Iterator[tuple[Entry, ...]]:
    if not registry().current(process).series:
        return
    desk = Desk()
    people(desk)
    series = registry().current(process).series[0]
    roles = registry().current(process).by_step[series.step].roles
    desk.cases.controls.run()
    actor = Actor(id="u-control", role=roles[0])
    folio = desk.cases.controls.record(RecordControl(process, series.code, actor, 0)).folio
    desk.clock.set("2026-02-03 19:00")
    desk.cases.controls.run()
    yield tuple(parse_entry(item.entry_bytes) for item in desk.ledger.history(folio))


def _mutated(entries: tuple[Entry, ...], changes: list[tuple[tuple[int, int, int], Json]]) -> list[Entry]:
    """Facts replaced (at the top or inside a list or table), and now and then an entry's kind or time."""
    found = list(entries)
    names = sorted(FACT_NAMES)
    for (where, which, how), value in changes:
        n = where % len(found)
        entry = found[n]
        own = sorted(entry.facts)
        name = own[which % len(own)] if how and own else names[which % len(names)]
        if n == 0 and name == "definition":
            continue
        if how == 3:
            kinds = list(EntryKind)
            kind = kinds[which % len(kinds)] if n else entry.kind
            found[n] = replace(entry, kind=kind, at=value if _is_moment(value) else entry.at)
            continue
        found[n] = replace(
            entry, facts={**entry.facts, name: _inside(entry.facts.get(name), which, value, how)}
        )
    return found


def _is_moment(value: Json) -> TypeGuard[str]:
    return isinstance(value, str) and value.endswith("Z")


def _inside(old: Json, which: int, value: Json, how: int) -> Json:
    if how == 2 and isinstance(old, dict) and old:
        key = sorted(old)[which % len(old)]
        return {**old, key: value}
    if how == 2 and isinstance(old, list) and old:
        place = which % len(old)
        return [*old[:place], _inside(old[place], which, value, 2), *old[place + 1 :]]
    return value


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.process)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(choice=st.integers(0, 2), changes=CHANGES)
def test_no_facts_break_the_derivation(
    play: Play, choice: int, changes: list[tuple[tuple[int, int, int], Json]]
) -> None:
    """Facts of real histories changed at random: a state that can be written, the same each time."""
    known = histories(play.process)
    entries = _mutated(known[choice % len(known)], changes)
    definition = registry().current(play.process)
    state = derive(definition, entries, calendar=CALENDAR)
    canonical_bytes(state.as_json())
    assert derive(definition, [replace(entry) for entry in entries], calendar=CALENDAR) == state


def _control() -> tuple[Entry, ...]:
    return histories("MA-002")[-1]


def _problems(process: str, entries: list[Entry]) -> list[str]:
    """What is unreadable in a state that can be written."""
    state = derive(registry().current(process), entries, calendar=CALENDAR)
    canonical_bytes(state.as_json())
    return [item.detail for item in state.exceptions if item.code == "unreadable"]


def _with(entries: tuple[Entry, ...], n: int, **facts: Json) -> list[Entry]:
    changed = replace(entries[n], facts={**entries[n].facts, **facts})
    return [*entries[:n], changed, *entries[n + 1 :]]


@pytest.mark.parametrize("period", ["9999-12", "0000-12", "0001-01"])
def test_a_control_at_an_end_of_time_is_a_state(period: str) -> None:
    """A period that no calendar reaches is no control, or one without days owed: never an error."""
    assert isinstance(_problems("MA-002", _with(_control(), 0, period=period, since=f"{period}-01")), list)


def test_numbers_that_no_entry_could_sum_are_unreadable() -> None:
    """Findings are added up: what could not be written any more is refused where it is read."""
    assert _problems("MA-002", _with(_control(), 1, count=2**53 - 1)) == ["day", "facts.count"]


@pytest.mark.parametrize(
    "mark", ["remind-" + "9" * 5000, "remind-99999", "remind-0", "remind-\u0663", "close", ""]
)
def test_a_mark_that_its_timer_has_not_is_unreadable(mark: str) -> None:
    """Neither a number beyond all reminders nor the mark of another effect counts as given."""
    entries = _started("MA-006", "recordatorio_validacion")
    facts: dict[str, Json] = {"timer": "recordatorio_validacion", "run": 1, "mark": mark}
    fired = replace(entries[-1], seq=len(entries) + 1, kind=EntryKind.TIMER_EXPIRED, step="", facts=facts)
    assert _problems("MA-006", [*entries, fired])[-1:] == ["timer"]


def _started(process: str, timer: str) -> tuple[Entry, ...]:
    entries = histories(process)[0]
    runs = derive(registry().current(process), entries, calendar=CALENDAR).timers
    return entries[: next(run.started_seq for run in runs if run.timer == timer)]


@pytest.mark.parametrize(
    "day", ["9999-12-31T23:59", "2026-W03-1", "20260112", "0001-01-01T00:00", "2026-01-12T9"]
)
def test_a_date_in_another_spelling_starts_no_timer(day: str) -> None:
    """One spelling, whatever a version of Python reads; and a moment at an end of time raises nothing."""
    timer = next(item for item in registry().current("MA-007").timers if item.due_field is not None)
    try:
        run = timers.start(timer, timers.Start(1, 1, local("2026-01-12 09:00"), day), CALENDAR)
    except ValueError:
        return
    assert day == "0001-01-01T00:00", run


def test_rows_named_without_end_take_no_time_without_end() -> None:
    """Ranges are read up to a bound, the rest is unreadable; a campaign has no more rows than a sheet."""
    campaign = histories("MA-005")[0]
    ranges = [f"{n * 20000 + 1}-{n * 20000 + 20000}" for n in range(50)] * 8
    flood: list[Json] = [{"at": at, "area": "a1"} for at in ranges]
    state = derive(registry().current("MA-005"), _with(campaign, 0, rows=flood)[:1], calendar=CALENDAR)
    assert state.roster is not None
    assert state.roster.rows == MAX_ROWS
    assert [item.detail for item in state.exceptions if item.code == "unreadable"] == ["rows"]


@pytest.mark.parametrize("facts", [{"version": "\\g<9>"}, {"version": "../2"}, {"since": "mañana"}])
def test_a_list_that_is_no_version_says_nothing(facts: dict[str, Json]) -> None:
    """A name that would end up in a pattern or a path is no version: the calendar stays as it was."""
    draft = EntryDraft("u-1", "administrador", EntryKind.CATALOGUE_PUBLISHED, facts={
        "catalogue": HOLIDAYS, "version": "2", "items": [{"code": "2026-03-03", "name": "Aniversario"}], **facts
    })  # fmt: skip
    where = {"log": "x", "case": "system:catalogues", "prev": "0" * 64, "salt": b"s" * 32}
    sealed = seal(draft, seq=1, at="2026-01-12T15:00:00.000000Z", **where)  # type: ignore[arg-type]
    assert revised(CALENDAR, timeline_of([sealed])) is CALENDAR
