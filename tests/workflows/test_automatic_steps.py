"""What the system records by itself: in the same append as its occasion, computed, and never without one."""

from __future__ import annotations

import pytest

from tests.workflows.desk import local
from tests.workflows.small_process import Small, step, text, timer
from workflows.loader import load
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
