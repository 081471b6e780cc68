"""Doing without a step: which steps of each process, who may, what it leaves behind, and what it never gets past."""

from __future__ import annotations

import pytest

from tests.workflows import (
    test_ma002_replays,
    test_ma003_paths,
    test_ma005_paths,
    test_ma006_replays,
    test_ma007_paths,
    test_ma008_replays,
)
from tests.workflows.replays import Table, Walk, act, begin
from workflows.commands import Actor, WaiveStep
from workflows.definition import StepClass
from workflows.errors import GuardUnmet, NotWaivable, ReasonMissing, RoleNotAllowed
from workflows.registry import DefinitionRegistry
from workflows.state import StepStatus

REASON = "La asistente ya había escrito que no hacía falta"
SUPERVISOR = Actor("u-sonia", "supervisor")
TABLES: dict[str, Table] = {
    "MA-002": test_ma002_replays.TABLE,
    "MA-003": test_ma003_paths.TABLE,
    "MA-005": test_ma005_paths.TABLE,
    "MA-006": test_ma006_replays.TABLE,
    "MA-007": test_ma007_paths.TABLE,
    "MA-008": test_ma008_replays.TABLE,
}
WAIVABLE = {
    "MA-001": ("2", "3", "17"),
    "MA-002": ("5", "15", "16"),
    "MA-003": ("12", "16c"),
    "MA-005": ("10", "11", "12"),
    "MA-006": ("6", "9"),
    "MA-007": ("5",),
    "MA-008": ("11",),
}
"""The whole decision (docs/decisions/0105): what only tells somebody, or only repeats what other evidence shows."""


def _walk(process: str, *moves: str, **opening: str) -> Walk:
    walk = begin(TABLES[process].play)
    walk.open(opening)
    walk.go(*moves)
    return walk


def _waive(walk: Walk, step: str, actor: Actor = SUPERVISOR, reason: str = REASON) -> None:
    walk.desk.cases.waive(WaiveStep(walk.folio, step, actor, reason))


@pytest.mark.parametrize("process", WAIVABLE)
def test_what_may_be_waived(process: str) -> None:
    """These obligatory steps and no others; none moves a status, closes, waits for days or asks for cPanel's post."""
    definition = DefinitionRegistry.bundled().current(process)
    assert tuple(step.code for step in definition.steps if step.waivable) == WAIVABLE[process]
    for code in WAIVABLE[process]:
        step = definition.by_step[code]
        assert step.kind is StepClass.MANDATORY
        assert not any((step.closes, step.duty, step.post, step.by_system, step.standing))
        assert process == "MA-001" or not step.effects
        assert not any(trigger.step == code for timer in definition.timers for trigger in timer.meets)


@pytest.mark.parametrize(
    ("process", "before", "step", "then"),
    [
        ("MA-002", "2..4", "5", "6:adelante 7 8"),
        ("MA-002", "2..5 6:adelante 7..14", "15", "16 17 18 19"),
        ("MA-002", "2..5 6:adelante 7..15", "16", "17 18 19"),
        ("MA-003", "2 3 5..11", "12", "13 14"),
        ("MA-006", "4 5:consultas", "6", "7 8"),
        ("MA-006", "4 5:consultas 6 7 8", "9", "11 14"),
        ("MA-007", "2..4", "5", ""),
        ("MA-008", "3..10", "11", "12 13 15"),
    ],
)
def test_a_waived_step_is_an_exception_and_the_case_goes_on(
    process: str, before: str, step: str, then: str
) -> None:
    """With a reason, by supervision: the step says waived, nothing is missing for it, and its entry is in sight."""
    walk = _walk(process, before)
    assert walk.state.step(step).status is StepStatus.OPEN
    with pytest.raises(RoleNotAllowed):
        _waive(walk, step, Actor("u-ana", "especialista"))
    with pytest.raises(ReasonMissing):
        _waive(walk, step, reason="no")
    _waive(walk, step)
    assert walk.state.step(step).status is StepStatus.WAIVED
    assert ("waived", step) in {(str(item.code), item.step) for item in walk.state.exceptions}
    assert step not in walk.state.missing
    walk.go(then)
    with pytest.raises(NotWaivable) as again:
        _waive(walk, step)
    assert again.value.fields["why"] == ""
    assert walk.desk.cases.rebuild().differences == ()


def test_the_copy_of_an_update_may_be_waived() -> None:
    """An update changes the personal address; that Training's copy still arrives is our own addition."""
    walk = _walk("MA-003", "15 16 16a 16b", **test_ma003_paths.UPDATE, usuario="", clave="")
    _waive(walk, "16c")
    walk.go("17")
    assert (walk.state.status, walk.state.complete) == ("actualizado", True)


def test_what_the_areas_need_not_be_asked_may_be_waived() -> None:
    """A file without removals: the question is done without before anything is sent, and the campaign ends whole."""
    walk = _walk("MA-005", *test_ma005_paths.REVIEWED)
    assert walk.state.step("10").status is StepStatus.BLOCKED
    for step in ("10", "11", "12"):
        _waive(walk, step)
    assert [walk.state.step(step).status for step in ("10", "11", "12")] == [StepStatus.WAIVED] * 3
    walk.go("8", test_ma005_paths.SIGNED, "24 25 27")
    assert (walk.state.status, walk.state.complete) == ("certificada", True)


@pytest.mark.parametrize("process", TABLES)
def test_nothing_else_can_be_waived(process: str) -> None:
    """Guards, deadlines, closings and what the system does: refused, saying that the process never allows it."""
    walk = _walk(process)
    before = len(walk.desk.ledger.rows)
    for step in walk.definition.steps:
        if not step.waivable:
            with pytest.raises(NotWaivable) as refused:
                _waive(walk, step.code)
            assert refused.value.fields["why"] == "never"
    assert len(walk.desk.ledger.rows) == before


def test_a_waiver_is_no_way_past_a_test_that_failed() -> None:
    """Training said that the copy did not arrive: that is diagnosed, not waived."""
    walk = _walk("MA-003", "2 3 5..11")
    walk.go(act("12", choice="no_recibido", uploads=(), data={"falla": "No le llegó"}))
    with pytest.raises(NotWaivable) as refused:
        _waive(walk, "12")
    assert (refused.value.fields["why"], refused.value.fields["choice"]) == ("recorded", "no_recibido")
    with pytest.raises(GuardUnmet):
        walk.record("13")
    walk.go(
        act("18", data={"llega_tuagente": "si", "llega_personal": "si", "sin_contrasenas": "si"}), "18b 10 11"
    )
    _waive(walk, "12")  # a new round, of which nothing is on record yet
    walk.go("13 14")
    assert (walk.state.status, walk.state.complete) == ("activo", True)
