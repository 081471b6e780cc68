"""What the system records by itself: in the same append as its occasion, computed, and never without one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.entry import EntryDraft
from tests.workflows.desk import local
from tests.workflows.plays import PLAYS
from tests.workflows.replays import Play
from tests.workflows.small_process import Small, branch, step, text, timer
from tests.workflows.wandering import MOVES, Wanderer
from workflows import automatic
from workflows.claims import Situation
from workflows.definition import Step
from workflows.loader import load
from workflows.provisional import folded
from workflows.state import StepStatus
from workflows.tables import DefinitionInvalid

_SYS = '\n[[step.slot]]\ncode = "registro"\nname = "Registro"\nname_en = "Record"\ntypes = ["SYS"]\n'


def _own(code: str, more: str, parts: str = "") -> str:
    """A step of the system."""
    plain = step(code, f"by_system = true\n{more}", kind="obligatorio")
    plain = plain.replace('roles = ["mesa"]', "roles = []").replace('all = ["nota"]', 'all = ["registro"]')
    return plain[: plain.index("\n[[step.slot]]")] + _SYS + parts


ACK = _own(
    "2",
    'requires = ["1"]\nautomatic = "mensaje"\nmessage = "Quedó en {folio}."\nmessage_en = "It is {folio}."',
)
QUEUE = _own("3", 'requires = ["2"]\nautomatic = "nota"')


def test_the_receipt_and_the_queue_come_with_the_opening() -> None:
    """Opening writes three entries at once: the person's, then the system's two, with the message sent."""
    case = Small(ACK, QUEUE)
    entries = case.desk.ledger.history(case.folio)
    assert [(item.entry.step, item.entry.actor) for item in entries] == [
        ("1", "u-1"),
        ("2", "system"),
        ("3", "system"),
    ]
    assert entries[1].payload()["note"] == f"Quedó en {case.folio}."
    assert entries[1].entry.facts["actor_class"] == "system"
    assert case.desk.cases.view(case.folio).state.step("3").status is StepStatus.DONE
    assert case.desk.cases.rebuild().differences == ()


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: play.process)
@settings(max_examples=12, deadline=None)
@given(moves=MOVES, variant=st.integers(0, 63))
def test_what_is_not_looked_at_would_not_have_followed(
    play: Play, moves: list[tuple[str, int]], variant: int
) -> None:
    """In any history of any process: a step that drafts are said not to touch is not in turn once they are sealed."""
    near = automatic._near

    def watched(
        situation: Situation, waiting: Sequence[Step], drafts: Sequence[EntryDraft]
    ) -> Sequence[Step]:
        found = near(situation, waiting, drafts)
        left = [step for step in waiting if step not in found]
        later = folded(situation, drafts)
        assert not [step.code for step in left if automatic._in_turn(later, step)]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(automatic, "_near", watched)
        wanderer = Wanderer.of(play, variant)
        for way, n in moves:
            wanderer.move(way, n)


def test_a_branch_that_takes_it_back_is_an_occasion() -> None:
    """A step of the system that a branch takes back is recorded again at once where what it waits for still stands."""
    again = step(
        "4", 'requires = ["3"]', parts=branch("bien") + branch("otra", 'reopens = ["3"]\ndone = false\n')
    )
    case = Small(step("2"), _own("3", 'requires = ["2"]\nautomatic = "nota"'), again)
    case.do("2")
    case.do("4", "otra")
    steps = [item.entry.step for item in case.desk.ledger.history(case.folio)]
    assert steps == ["1", "2", "3", "4", "3"]


def test_a_condition_that_ends_is_an_occasion() -> None:
    """A step of the system is recorded when what it waited for is no longer of the case."""
    ways = {way: branch(way, f'sets = {{ camino = "{way}" }}\n') for way in ("corto", "largo")}
    case = Small(
        step("2", parts=ways["largo"]),
        step("3", 'when = { camino = ["largo"] }'),
        _own("4", 'requires = ["2", "3"]\nautomatic = "nota"'),
        step("5", parts=ways["corto"]),
    )
    case.do("2", "largo")
    case.do("5", "corto")
    steps = [item.entry.step for item in case.desk.ledger.history(case.folio)]
    assert steps == ["1", "2", "5", "4"]


def test_the_term_is_what_the_timer_then_says() -> None:
    """The step that sets a term names it and its due moment, and the timer it starts is due then."""
    parts = (
        timer("plazo", 'starts = ["3"]\nmeets = ["4"]\nlimit = 3\neffect = "alert"'),
        step("2"),
        _own("3", 'requires = ["2"]\nautomatic = "plazo"'),
        step("4"),
    )
    case = Small(*parts).at("2026-01-12 10:00")
    state = case.do("2").state
    facts = case.desk.ledger.history(case.folio)[-1].entry.facts
    assert (facts["timer"], facts["due_at"]) == ("plazo", state.timers[0].due_at)
    assert state.timers[0].due_at == local("2026-01-15 18:00").strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_measures_are_computed_after_the_closing() -> None:
    """The last step counts what became of the case, only once it is closed and its own guard is met."""
    field = (
        '\n[[step.field]]\nname = "reaperturas"\nlabel = "Reaperturas"\nlabel_en = "Reopenings"\nkind = "text"\n'
        '\n[[step.field]]\nname = "entradas"\nlabel = "Entradas"\nlabel_en = "Entries"\nkind = "text"\n'
    )
    case = Small(
        step("2"),
        step("3", 'closes = "devuelto"', kind="obligatorio"),
        _own("4", 'requires = ["2"]\nafter_closing = true\nonly_closed = true\nautomatic = "medidas"', field),
    )
    assert case.do("2").state.step("4").status is StepStatus.BLOCKED
    state = case.do("3").state
    assert (state.closed, state.complete) == (True, True)
    assert case.desk.ledger.history(case.folio)[-1].payload()["data"] == {"reaperturas": "0", "entradas": "3"}


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (step("2", 'automatic = "nota"'), "only a step of the system"),
        (_own("2", 'requires = ["1"]\nautomatic = "magia"'), "no way of recording"),
        (_own("2", 'automatic = "nota"'), "occasion"),
        (_own("2", 'requires = ["1"]\nautomatic = "mensaje"'), "says something"),
        (_own("2", 'requires = ["1"]\nautomatic = "plazo"'), "no timer starts"),
    ],
)
def test_what_cannot_be_recorded_by_itself_is_refused(part: str, problem: str) -> None:
    """Each contradiction is told when the definition is loaded."""
    with pytest.raises(DefinitionInvalid, match=problem):
        load(text(part))
