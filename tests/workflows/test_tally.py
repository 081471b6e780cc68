"""What boards count of a case, on cases told through the service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.ports import Figure, Tally
from tests.workflows.desk import SUPERVISOR, Desk
from workflows.commands import WaiveStep
from workflows.errors import OutOfScope
from workflows.tally import days_between


def tally(desk: Desk, folio: str) -> Tally:
    """What the projection of a case holds."""
    return desk.ledger.projections[folio].tally


def figures(desk: Desk, folio: str, kind: str) -> list[Figure]:
    """A case's figures of a kind."""
    return [figure for figure in tally(desk, folio).figures if figure.kind == kind]


def test_an_open_case_has_no_ending_and_says_for_whom_it_waits() -> None:
    """Sent for signature: nothing closed, no length, waiting for the director since the letter was sent."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, "2", "3", "4", "5", "6", "7")
    assert tally(desk, folio).waits_for == ""
    desk.walk(folio, "8")
    found = tally(desk, folio)
    assert (found.outcome, found.closed_at, found.days_open, found.days_late) == ("", "", -1, -1)
    assert found.waits_for == "director"
    assert found.waits_since == desk.ledger.history(folio)[-1].entry.at


def test_a_deadline_is_counted_from_its_due_moment_to_what_met_it() -> None:
    """MetLife answers after the limit: the figure says when it was due, when it was met, and by how much it missed."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, *(str(step) for step in range(2, 18)))
    [running] = figures(desk, folio, "deadline")
    assert (running.ended_at, running.days) == ("", 0)
    assert tally(desk, folio).days_late == -1
    desk.clock.advance(days=25)
    receipt = desk.record(folio, "18")
    [ended] = figures(desk, folio, "deadline")
    assert ended.due_at == running.due_at
    assert ended.ended_at == receipt.recorded_at
    assert ended.days == days_between(ended.due_at, ended.ended_at) > 0
    assert tally(desk, folio).days_late == ended.days


def test_a_deadline_that_was_kept_is_no_lateness() -> None:
    """MetLife answers within the limit: the case was on time."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, *(str(step) for step in range(2, 19)))
    assert tally(desk, folio).days_late == 0


def test_exceptions_are_figures_dated_by_their_entry() -> None:
    """A waived step is there with its code, step and moment."""
    desk = Desk()
    folio = desk.open()
    desk.clock.advance(hours=1)
    desk.cases.waive(WaiveStep(folio, "2", SUPERVISOR, "La persona vio abrir su ticket en la mesa."))
    [found] = figures(desk, folio, "exception")
    assert (found.code, found.step) == ("waived", "2")
    assert found.at == desk.ledger.history(folio)[-1].entry.at


def test_a_refused_request_is_counted_by_ground_and_destination() -> None:
    """Refused at the door: closed at once, with the ground, and a route to where it should go."""
    desk = Desk()
    with pytest.raises(OutOfScope) as refused:
        desk.open(usuario="agente")
    folio = str(refused.value.fields["folio"])
    found = tally(desk, folio)
    assert found.closed_at
    assert (found.days_open, found.days_late) == (0, -1)
    [ground] = figures(desk, folio, "refusal")
    [route] = figures(desk, folio, "route")
    assert route.code == ground.detail == "MA-002"


def test_measures_stop_moving_once_they_are_known() -> None:
    """A span is dated by the entry that ended it, however long the case goes on."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, *(str(step) for step in range(2, 25)))
    before = figures(desk, folio, "measure")
    assert before
    desk.clock.advance(days=2)
    desk.walk(folio, "25")
    assert [figure for figure in figures(desk, folio, "measure") if figure.code == before[0].code] == before[
        :1
    ]


def test_params_and_statuses_are_figures() -> None:
    """The choices that decide the course, and where each machine stands."""
    desk = Desk()
    folio = desk.open()
    desk.walk(folio, "2", "3")
    params = {figure.code: figure.detail for figure in figures(desk, folio, "param")}
    assert params["tipo"] == "alta"
    statuses = {figure.code: figure.detail for figure in figures(desk, folio, "status")}
    assert statuses["ticket"] == "Pendiente de atención"


def test_days_are_begun_days() -> None:
    """An hour too late is one day late; not later is none."""
    noon, one, next_day = (
        f"2026-01-{day}T{hour}:00:00.000000Z" for day, hour in (("12", "12"), ("12", "13"), ("13", "13"))
    )
    assert [days_between(noon, other) for other in (noon, one, next_day)] == [0, 1, 2]
    assert days_between(one, noon) == 0


def test_the_rebuild_compares_the_tally() -> None:
    """A tally that was changed by hand is told and mended."""
    desk = Desk()
    folio = desk.open()
    held = desk.ledger.projections[folio]
    wrong = Tally(days_late=7, figures=held.tally.figures)
    desk.ledger.projections[folio] = replace(held, tally=wrong)
    differences = desk.cases.rebuild().differences
    assert [(one.member, one.expected, one.found) for one in differences] == [("tally days_late", "-1", "7")]
    assert desk.cases.rebuild().differences == ()
