"""Laws that hold for any history of a case: found by walking at random, legally and not."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import Json, canonical_bytes
from evidence.entry import BlobRef, Entry, EntryDraft, EntryKind, SealedEntry, parse_time, seal
from tests.workflows.desk import ALTA, ANA, BETO, MARTHA, SUPERVISOR, Desk, registry, usual
from tests.workflows.quick import QuickReader
from workflows.calendar import BusinessCalendar
from workflows.commands import RefuseRequest, Supersede, WaiveStep
from workflows.derive import derive
from workflows.errors import REFUSAL_CODES, Refusal
from workflows.facts import FACT_NAMES, Facts, facts_of
from workflows.state import CaseState, StepStatus

MA001 = registry().current("MA-001")
CALENDAR = BusinessCalendar.bundled()
CODES = list(MA001.by_step)

MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            ["step", "step", "step", "step", "any", "choice", "annul", "replace", "waive", "wait", "fire"]
        ),
        st.integers(0, 30),
    ),
    min_size=5,
    max_size=60,
)


def _move(desk: Desk, folio: str, what: str, n: int) -> None:
    """One move of a random walk; raises a `Refusal` when it is not legal."""
    state = desk.cases.view(folio).state
    desk.clock.advance(minutes=7)
    if what in {"step", "choice"} and state.open_steps:
        code = state.next_step if n % 3 else state.open_steps[n % len(state.open_steps)]
        branches = MA001.by_step[code].branches
        wanted = branches[n % len(branches)].code if branches and (what == "choice" or code == "26a") else ""
        desk.record(folio, code, choice=wanted, actor=(ANA, BETO)[n % 2])
    elif what == "any":
        desk.record(folio, CODES[n % len(CODES)], actor=(ANA, MARTHA)[n % 2])
    elif what in {"annul", "replace"}:
        _correct(desk, folio, state, n, annul=what == "annul")
    elif what == "waive":
        rule = ("step", "duties")[n % 2]
        desk.cases.waive(WaiveStep(folio, CODES[n % len(CODES)], SUPERVISOR, "Motivo suficiente", rule))
    elif what == "wait":
        desk.clock.advance(hours=n * 5)
    elif what == "fire":
        desk.cases.fire_due_timers()
    elif n == 30:
        desk.cases.refuse(RefuseRequest(ANA, "duplicado", folio=folio))


def _try(desk: Desk, folio: str, what: str, n: int) -> Refusal | None:
    try:
        _move(desk, folio, what, n)
    except Refusal as refusal:
        return refusal
    return None


def _correct(desk: Desk, folio: str, state: CaseState, n: int, *, annul: bool) -> None:
    seq = 1 + n % state.length
    step = desk.ledger.history(folio)[seq - 1].entry.step
    evidence: dict[str, object] = {}
    if not annul and step and step != "1":
        evidence = usual(step)
    desk.cases.supersede(Supersede(folio, seq, ANA, "Motivo suficiente", annul=annul, **evidence))


def _plain(entries: Sequence[SealedEntry]) -> list[Entry]:
    return [sealed.entry for sealed in entries]


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_laws_of_any_history(moves: list[tuple[str, int]]) -> None:
    """After any walk: refusals wrote nothing and have reasons, replay equals projection, and the machines tell true."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    for what, n in moves:
        before = len(desk.ledger.rows)
        refusal = _try(desk, folio, what, n)
        if refusal is not None:
            assert refusal.code in REFUSAL_CODES
            canonical_bytes(dict(refusal.fields))
            assert len(desk.ledger.rows) == before
    entries = desk.ledger.history(folio)
    fresh = derive(MA001, _plain(entries), calendar=CALENDAR)
    assert desk.ledger.projections[folio].document == canonical_bytes(fresh.as_json())
    _check_state(fresh, entries)
    for sealed in entries:
        past = derive(MA001, _plain(entries), calendar=CALENDAR, as_of=parse_time(sealed.entry.at))
        cut = derive(MA001, _plain(entries[: sealed.entry.seq]), calendar=CALENDAR)
        assert past == cut


def _check_state(state: CaseState, entries: Sequence[SealedEntry]) -> None:
    steps = {step.step: step for step in state.steps}
    by_seq = {sealed.entry.seq: sealed.entry for sealed in entries}
    activated = next(m for m in state.machines if m.machine == "cam_pegasus")
    if activated.status == "Activo":
        cause = by_seq[activated.seq]
        assert cause.step == "19"
        assert cause.facts["actor_class"] == "person"
    for entry in by_seq.values():
        if entry.kind is EntryKind.CASE_CLOSED and entry.facts["actor_class"] == "system":
            assert CALENDAR.is_business_day(CALENDAR.local_day(parse_time(entry.at)))
    done = {code for code, step in steps.items() if step.status is StepStatus.DONE}
    for code in done:
        assert steps[code].entries
        assert all(by_seq[seq].step == code for seq in steps[code].entries)
        if not steps[code].unmet and code in {"10", "11", "12", "13"}:
            assert "9" in done
    assert set(state.missing) == {
        code for code, step in steps.items()
        if step.mandatory and step.status in {StepStatus.OPEN, StepStatus.BLOCKED}
    }  # fmt: skip
    assert not (state.complete and state.missing)
    assert all(steps[code].status is StepStatus.OPEN for code in state.open_steps)
    assert state.closed == (state.closing is not None)
    counted = [seq for step in state.steps for seq in step.entries]
    assert len(counted) == len(set(counted))
    gone = {seq for seq, _ in state.superseded}
    assert not gone & set(counted)


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_rebuild_finds_nothing(moves: list[tuple[str, int]]) -> None:
    """After any walk a rebuild finds every projection as it would make it; a column changed by hand is named."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    for what, n in moves[:20]:
        _try(desk, folio, what, n)
    assert desk.cases.rebuild().differences == ()
    stored = desk.ledger.projections[folio]
    desk.ledger.projections[folio] = replace(stored, status="perdido", references=())
    named = {item.member for item in desk.cases.rebuild().differences}
    assert "status" in named
    assert "reference rfc" in named
    assert desk.ledger.projections[folio] == stored


WORDS = [
    "",
    "9",
    "validacion",
    "alta",
    "autorizada",
    "0001-01-01T00:00:00.000000Z",
    "9999-12-31T23:59:59.999999Z",
]
FACT_KEYS = st.sampled_from(["slot", "type", "object", "from", "tipo"])
FACT_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FACT_KEYS, inner, max_size=3),
    max_leaves=6,
)
HOSTILE = st.lists(
    st.builds(
        EntryDraft,
        actor=st.sampled_from(["u-1", "system"]),
        role=st.sampled_from(["especialista", "system"]),
        kind=st.sampled_from(list(EntryKind)),
        process=st.just(MA001.label),
        step=st.sampled_from(["", "1", "9", "13", "19", "26", "27", "28", "99"]),
        objects=st.sampled_from([(), (BlobRef("0" * 64, 1, "x/y", "k"),)]),
        refs=st.lists(st.integers(0, 12).map(str), max_size=2).map(tuple),
        facts=st.dictionaries(
            st.sampled_from([*sorted(FACT_NAMES), "occurred_at", "otra"]), FACT_VALUES, max_size=6
        ),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_a_strangers_entries_never_break_the_derivation(drafts: list[EntryDraft]) -> None:
    """Whatever facts a package brings, derive gives a state: what cannot be read is named, nothing is raised."""
    first = EntryDraft(
        "u-1", "especialista", EntryKind.CASE_OPENED, MA001.label, "1",
        facts=Facts(definition=MA001.digest, params={"tipo": "alta"}).as_json(),
    )  # fmt: skip
    sealed: list[SealedEntry] = []
    moment = parse_time("2026-01-12T15:00:00.000000Z")
    for n, draft in enumerate([first, *drafts], 1):
        refs = tuple(sealed[int(ref) % len(sealed)].leaf for ref in draft.refs) if sealed else ()
        at = (moment + timedelta(minutes=n)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        prev = sealed[-1].leaf if sealed else "0" * 64
        chained = replace(draft, refs=refs)
        sealed.append(
            seal(chained, log="x", case="MA-001-2026-000001", seq=n, prev=prev, at=at, salt=b"s" * 32)
        )
    state = derive(MA001, _plain(sealed), calendar=CALENDAR)
    canonical_bytes(state.as_json())
    assert state.length == len(sealed)


@given(
    st.builds(
        Facts,
        occurred_at=st.sampled_from(["", "2026-01-12T15:00:00.000000Z"]),
        choice=st.text(max_size=5),
        params=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        annul=st.booleans(),
        run=st.integers(0, 5),
    )
)
def test_facts_read_back_as_written(facts: Facts) -> None:
    """Facts survive their JSON: writing and reading are one vocabulary."""
    entry = Entry(
        "l", "c", 1, "0" * 64, "", "a", "r", EntryKind.CASE_OPENED, "", "", (), (), facts.as_json(), "0" * 64
    )
    assert facts_of(entry) == facts


def _calls(entries: list[Entry]) -> int:
    """How many Python functions a derivation calls."""
    count = 0

    def counting(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counting)
    try:
        derive(MA001, entries, calendar=CALENDAR)
    finally:
        sys.setprofile(None)
    return count


def test_work_grows_with_the_entries_and_not_faster() -> None:
    """Four times as many entries, rounds and timers take about four times the work."""
    desk = Desk(reader=QuickReader())
    folio = desk.open()
    desk.walk(folio, *ALTA[: ALTA.index("24")])
    for _ in range(40):
        desk.record(folio, "24", choice="devuelta")
        desk.walk(folio, "23")
    entries = _plain(desk.ledger.history(folio))
    few, many = _calls(entries[:26]), _calls(entries[:104])
    assert many < 4.4 * few
    state = derive(MA001, entries, calendar=CALENDAR)
    assert (state.step("24").round, len(state.timers), len(state.step("24").past)) == (41, 43, 40)
